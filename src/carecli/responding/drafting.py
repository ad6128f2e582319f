"""Drafts at work: what a maker is told of a case, which maker it is, and the language model behind one of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from carecli import platforms
from carecli.config import Config
from carecli.errors import CareError, ConfigError, UsageError
from carecli.model import Draft
from carecli.platforms.base import Platform
from carecli.replies import makers, prompting
from carecli.replies.drafting import CaseBrief, Fit
from carecli.replies.knowledge import Article
from carecli.replies.makers import Maker, Request, Said
from carecli.replies.places import introduced
from carecli.replies.prompting import Prompt
from carecli.responding.sending import source_of
from carecli.store import knowledge, mentions
from carecli.store.connect import Row, Store

MAKERS = ("template", "knowledge", "llm")
CANDIDATES = 30


def maker(name: str, config: Config, *, model: str | None = None) -> Maker:
    """The maker called `name`. Raises UsageError for an unknown one."""
    known: dict[str, Maker] = {
        "template": makers.template,
        "knowledge": makers.knowledge,
        "llm": partial(_from_model, config=config, model=model),
    }
    if name not in known:
        raise UsageError(f"--with {name}: there is {', '.join(MAKERS)}")
    return known[name]


@dataclass(frozen=True)
class Desk:
    """The things around a case that drafting and checking both ask for."""

    case: Row
    target: Row
    platform: Platform | None


def desk(store: Store, config: Config, case: Row) -> Desk:
    """The newest message of `case`, and the platform through which it is answered, None where it cannot be."""
    target = mentions.get(store, case["latest_mention_id"])
    source = source_of(config, target)
    return Desk(case, target, None if source is None else platforms.load(source.platform))


def request(
    store: Store,
    config: Config,
    at: Desk,
    *,
    voice: str | None,
    agent: str | None,
    count: int,
    recent: list[str],
) -> Request:
    """What a maker may know of a case."""
    name, manner = config.voice(voice)
    row, platform = at.case, at.platform
    turns = mentions.of_case(store, row["case_id"])
    names = {turn[key].lstrip("@") for turn in turns for key in ("author_name", "author_handle") if turn[key]}
    names |= {name for turn in turns if turn["inbound"] for name in introduced(turn["text"])}
    return Request(
        case=brief(row, config, known=platform is not None),
        voice=manner,
        voice_name=name,
        count=count,
        agent=agent,
        seed=f"{row['case_id']}/{row['latest_mention_id']}",
        fit=None if platform is None else Fit(platform.limit, platform.measure),
        recent=recent,
        articles=articles_about(store, row["text"]),
        conversation=[Said(not turn["inbound"], turn["text"]) for turn in turns],
        names=sorted(names),
    )


def articles_about(store: Store, text: str) -> list[Article]:
    """The articles that share words with `text`, best first."""
    rows = knowledge.about(store, text, limit=CANDIDATES)
    return [Article(row["article_id"], row["title"], row["text"], row["language"], row["url"]) for row in rows]


def brief(row: Row, config: Config, *, known: bool) -> CaseBrief:
    """A case as drafts see it; `known`: its platform tells who was addressed."""
    directed = bool(row["directed"])
    return CaseBrief(
        text=row["text"],
        language=row["language"],
        intent=row["intent"],
        sentiment=row["sentiment"],
        topics=tuple(json.loads(row["topics"])),
        urgency=row["urgency"],
        customer_name=row["customer_name"],
        handle=row["customer_handle"],
        directed=directed if known else True if directed else None,  # a file may not tell who was addressed
        brand=config.brand.name,
    )


# The language model


def prompt(asked: Request, config: Config) -> Prompt:
    """Exactly what would leave the machine."""
    return prompting.prompt(asked, instructions=config.llm.instructions)


def model_name(config: Config, model: str | None) -> str:
    """Which model would be asked: the one given, care.toml's, or the default of the `llm` library."""
    name = model or config.llm.model
    return name or str(_library().get_default_model())


def _from_model(asked: Request, /, *, config: Config, model: str | None) -> list[Draft]:
    name = model_name(config, model)
    complete = _completer(name)
    told = prompt(asked, config)
    drafts: dict[str, Draft] = {}
    for _ in range(asked.count):
        one = prompting.draft(complete(told.system, told.user), told, asked, model=name)
        if one is not None:
            drafts.setdefault(one.text, one)
    return list(drafts.values())


def _completer(name: str) -> Callable[[str, str], str]:
    """A function from system and user prompt to the model's words. Raises ConfigError, CareError."""
    library = _library()
    try:
        model = library.get_model(name)
    except library.UnknownModelError:
        hint = "`llm models` lists them; docs/drafts.md says how to add one"
        raise ConfigError(f"no model is called '{name}'", hint=hint) from None

    def complete(system: str, user: str) -> str:
        try:
            return str(model.prompt(user, system=system, stream=False).text())
        except Exception as error:
            words = " ".join(str(error).split())[:300]
            raise CareError(f"the model {name} failed: {words}", hint="`care draft CASE` works without it") from error

    return complete


def _library() -> Any:  # an optional extra: its types may not be here
    try:
        import llm
    except ImportError:
        raise UsageError("drafts by a model need the llm library", hint="pip install 'carecli[llm]'") from None
    return llm
