"""Traditional Chinese characters and the simplified ones that our files are written in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from carecli.text.plain import Table

_BETWEEN = "\0"


def simplified(folded: Sequence[str]) -> list[str]:
    """Folded texts with simplified characters in place of traditional ones."""
    joined = _BETWEEN.join(folded)
    if joined.isascii():
        return list(folded)
    found = joined.translate(variants()).split(_BETWEEN)
    return found if len(found) == len(folded) else [text.translate(variants()) for text in folded]


@cache
def variants() -> Table:
    """A table for `str.translate`: traditional characters to the simplified ones of the Chinese lexicon."""
    text = files("carecli.triage").joinpath("data", "zh_variants.tsv").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    simplified = {ord(traditional): simplified for traditional, simplified in pairs}
    # A table that knows every character it meets: `str.translate` is slow where one is missing.
    return Table(lambda code: simplified.get(code, code))
