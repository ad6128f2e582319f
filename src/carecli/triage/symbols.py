"""Emoji and emoticons: what they say of the writer in every language."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from carecli.triage.lexicon import read
from carecli.triage.prepare import Prepared
from carecli.triage.reading import Hit


@cache
def symbols() -> dict[str, float]:
    """Every emoji and emoticon that we know, with its valence."""
    text = files("carecli.triage").joinpath("data", "emoji.tsv").read_text(encoding="utf-8")
    return {entry.text.lower(): entry.value for entry in read(text)}


@cache
def _emoticons() -> re.Pattern[str]:
    keys = sorted((key for key in symbols() if len(key) > 1), key=len, reverse=True)
    return re.compile(r"(?<![\w:/])(?:" + "|".join(map(re.escape, keys)) + r")(?![\w/])")


def emoji(p: Prepared) -> list[Hit]:
    """The emoji and emoticons of a text with their valences; a run of one counts once."""
    known = symbols()
    found = _emoticons().findall(p.folded)
    if not p.masked.isascii() and not known.keys().isdisjoint(p.masked):
        found += [character for character in one_of_each(p.masked) if character in known]
    return [Hit(key, known[key]) for key in found]


def one_of_each(text: str) -> str:
    """`text` with runs of one emoji as one emoji, variation selectors gone: forty hearts are one love."""
    known = symbols()
    kept: list[str] = []
    for character in text.replace("\ufe0f", ""):
        if kept and kept[-1] == character and character in known:
            continue
        kept.append(character)
    return "".join(kept)
