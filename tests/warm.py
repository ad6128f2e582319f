"""What the program builds when it is first asked is built here once, before it is forked for a command.

Word lists, patterns and the model are the same for every command; building them takes longer than most commands do.
What is remembered of a text stays out of the way: nobody else writes of bag 7391. `World.start` begins with nothing.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from carecli import config, config_check
from carecli.cli.rooms import COMMANDS
from carecli.replies import guardrails, quote, rules
from carecli.triage import Rules, classify, risk

# German is told from other languages by a model.
TEXTS = {
    "de": "wo ist Koffer 7391, und warum antwortet niemand?",
    "en": "where is bag 7391, and why does nobody answer?",
    "pl": "gdzie jest walizka 7391 i dlaczego nikt nie odpowiada?",
    "he": "איפה מזוודה 7391 ולמה אף אחד לא עונה?",
    "zh": "行李7391在哪里，为什么没有人回答？",
}

for room, _ in COMMANDS.values():
    import_module(f"carecli.cli.{room}")
for name in ("bluesky", "feed", "files", "mastodon", "memory"):
    import_module(f"carecli.platforms.{name}")
for name in ("filelock", "httpcore"):
    import_module(name)
config_check.check({}, "", Path("care.toml"))
config.build({})
classify(list(TEXTS.values()), Rules(tuple(TEXTS)))
for language, text in TEXTS.items():
    risk.find([text], [language])
    quote.telling_clause(text, language)
    guardrails.check(text, rules.Context(language=language, heard=text))
