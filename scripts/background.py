"""Public texts of other kinds, beside our own sentences: what a stranger's post is like when nobody is in danger.

Our seeds are messages to a care team, and their stories told at length are often cries for help; comments, reviews and
requests to a machine are neither, and we know of them only that. They lie in ../shared/data beside the project, are not
part of it, and their licences allow this (NOTICE). Every second text, by its hash, is left for benchmarks/engine.py.
"""

from __future__ import annotations

import csv
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent.parent.parent / "shared" / "data"
MOST = 1000
NEVER = frozenset({"emergency", "spam"})
# Each file's language, and the intents that none of its texts has. What their makers say of sentiment is of another
# kind than a customer's: with it the engine finds fewer complaints.
KINDS = {
    "goemotions.csv": ("en", NEVER),
    "banking77.csv": ("en", NEVER | {"praise", "chatter", "suggestion"}),
    "clinc150.csv": ("en", NEVER),
    "hebrew_onlplab_dedup.csv": ("he", NEVER),
    "hebrew_hebert_news.csv": ("he", NEVER),
    "zh_hant_openrice.csv": ("zh", NEVER),
}


class Text(NamedTuple):
    """A public text, and the intents that it has not."""

    text: str
    language: str
    never: frozenset[str]


def taught(text: str) -> bool:
    """Whether the engine may learn from this public text; the others measure it."""
    return zlib.crc32(text.encode()) % 2 == 0


def texts() -> Iterator[Text]:
    """The texts to learn from. Raises FileNotFoundError."""
    for name, (language, never) in KINDS.items():
        with (FOLDER / name).open(encoding="utf-8", newline="") as file:
            found = [row["text"] for row in csv.DictReader(file) if taught(row["text"])]
        for text in found[:MOST]:
            yield Text(text, language, never)


def sources() -> dict[str, str]:
    """The fingerprint of each file."""
    return {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:16] for name in KINDS}
