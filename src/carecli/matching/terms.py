"""What a query is made of, and what a word is: shared by its parser, its search in texts and its dialects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
TOKEN = (
    rf"(?P<link>(?:https?://|www\.)[^\s<>\"]+)|(?P<mark>[#@])(?P<name>\w[\w.-]*)"
    rf"|(?P<word>[^\W_{UNSPACED}]+(?:'[^\W_{UNSPACED}]+)*)"
)

Kind = Literal["word", "exact", "tag", "handle", "link"]


class Span(NamedTuple):
    """Where a term was found, as offsets into the folded text."""

    start: int
    end: int
    term: Term


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for: `words` are folded, several of them a phrase; `written` as the user wrote it."""

    kind: Kind
    words: tuple[str, ...]
    written: str
    misspelt: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Every part has to be there, and nothing of `without`."""

    parts: tuple[Node, ...]
    without: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    """One part is enough."""

    parts: tuple[Node, ...]


Node = Term | All | Any


@dataclass(frozen=True, slots=True)
class Match:
    """That a text fits, and why: each term that was found, with the words around it."""

    reason: str
    terms: tuple[str, ...]
