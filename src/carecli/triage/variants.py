"""Traditional Chinese characters and the simplified ones that our files are written in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from carecli.text import fold
from carecli.text.plain import Table
from carecli.triage.many import each_other


def simplified(folded: Sequence[str]) -> list[str]:
    """Folded texts with simplified characters in place of traditional ones."""
    return each_other(lambda text: text.translate(variants()), folded)


@cache
def variants() -> Table:
    """A table for `str.translate`: traditional characters to the simplified ones of the Chinese lexicon."""
    text = files("carecli.triage").joinpath("data", "zh_variants.tsv").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    simplified = {ord(traditional): simplified for traditional, simplified in pairs}
    # A table that knows every character it meets: `str.translate` is slow where one is missing.
    return Table(lambda code: simplified.get(code, code))


def comparable(text: str) -> str:
    """`text` folded (`carecli.text.fold`), with traditional Chinese characters as simplified ones."""
    if text.isascii():
        return text.lower()
    if _ONE_BY_ONE.fullmatch(text):
        return text.translate(_COMPARABLE)
    return fold(text).translate(variants())


# Characters that fold alone as they do among others: letters without marks, Chinese, and what stands between.
_ONE_BY_ONE = re.compile("[\x00-\u02ff\u2010-\u2027\u3000-\u3029\u3400-\u9fff\uff01-\uff60]*")
_COMPARABLE = Table(lambda code: fold(chr(code)).translate(variants()))
