"""Where in a text a query's terms stand, in all their forms."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from carecli.matching.terms import TOKEN, UNSPACED, Any, Node, Span, Term
from carecli.text import fold
from carecli.text.plain import compiled

_LONGEST_WORD = 60
_HEBREW = re.compile("[\u05d0-\u05ea]+")
_HEBREW_PREFIXES = frozenset("והבלמשכ")
_ENDINGS = frozenset((
    "a", "u", "y", "i", "e", "o", "em", "om", "ow", "ami", "ach", "owi", "ie", "iem", "ego", "emu", "ej", "ym", "im",
    "ych", "ich", "ymi", "ze", "cie",
))  # fmt: skip
_POLISH_LETTERS = re.compile("[ąćęłńśźżĄĆĘŁŃŚŹŻ]")
_POLISH_WORDS = frozenset((
    "nie", "sie", "jest", "czy", "dla", "przez", "w", "z", "mnie", "juz", "tylko", "moj", "moja", "moje", "ale", "jak",
    "co", "ze",
))  # fmt: skip


class _Word(NamedTuple):
    word: str
    start: int
    end: int
    mark: str
    name: str


class Text:
    """A text, prepared once for all terms as far as they need it."""

    def __init__(self, text: str, language: str | None) -> None:
        self.text = text
        self.folded = fold(text)
        self._language = (language or "").partition("-")[0].casefold()

    @cached_property
    def words(self) -> list[_Word]:
        found = []
        for token in compiled(TOKEN).finditer(self.folded):
            if token["link"] is None:
                name = (token["name"] or "").rstrip(".-")
                word = token["word"] or name.partition(".")[0]
                found.append(_Word(word[:_LONGEST_WORD], *token.span(), token["mark"] or "", name))
        return found

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Each word and where it stands."""
        found: dict[str, list[int]] = {}
        for place, word in enumerate(self.words):
            for name in {word.word, word.name} - {""}:  # @acme.example is @acme, too
                found.setdefault(name, []).append(place)
        return found

    @cached_property
    def polish(self) -> bool:
        """Whether Polish endings are endings here."""
        if self._language:
            return self._language == "pl"
        return _POLISH_LETTERS.search(self.text) is not None or not _POLISH_WORDS.isdisjoint(self.places)


def find(node: Node, text: Text) -> list[Span]:
    """Where what `node` asks for stands; nothing when the text does not fit."""
    if isinstance(node, Term):
        return list(_spans(node, text))
    if isinstance(node, Any):
        return [span for part in node.parts for span in find(part, text)]
    barred = [span for part in node.without for span in find(part, text)]
    closed = _areas(barred)
    found: list[Span] = []
    friends: list[Span] = []
    for part in node.parts:
        spans = find(part, text)
        free = [span for span in spans if not _touches(span, closed)]
        if not free:
            return []
        found += free
        friends += (span for span in spans if _touches(span, closed))
    # what is excluded and has nothing to do with any finding excludes the text
    opened = _areas(friends)
    return found if all(_touches(bar, opened) for bar in barred) else []


_Area = tuple[int, int]


def _areas(spans: Sequence[Span]) -> list[_Area]:
    """The stretches that `spans` cover, in order and apart."""
    found: list[_Area] = []
    for start, end, _ in sorted(spans, key=lambda span: span.start):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _touches(span: Span, areas: Sequence[_Area]) -> bool:
    at = bisect_left(areas, (span.end, 0))
    return at > 0 and areas[at - 1][1] > span.start


def _spans(term: Term, text: Text) -> Iterator[Span]:
    if term.kind == "link":
        yield from _links(term, text.folded)
    elif term.kind == "exact":
        yield from _exactly(term, text)
    elif compiled(f"[{UNSPACED}]").search(term.words[0]):
        yield from (Span(at, at + len(term.words[0]), term) for at in _all_of(text.folded, term.words[0]))
    elif term.kind in ("tag", "handle"):
        mark = "#" if term.kind == "tag" else "@"
        places = text.places.get(term.words[0], ())
        yield from (_span(text.words[at], term) for at in places if text.words[at].mark == mark)
    else:
        yield from _phrases(term, text)


def _span(word: _Word, term: Term) -> Span:
    return Span(word.start, word.end, term)


def _phrases(term: Term, text: Text) -> Iterator[Span]:
    """A word, or words side by side; a phrase of some length also written as one word."""
    first, *others = term.words
    for place in _places(first, text, misspelt=term.misspelt):
        following = text.words[place + 1 : place + 1 + len(others)]
        if len(following) == len(others) and all(
            _is(seen.word, word, text, misspelt=term.misspelt) for seen, word in zip(following, others, strict=True)
        ):
            yield Span(text.words[place].start, (following or [text.words[place]])[-1].end, term)
    joined = "".join(term.words)
    if others and len(joined) >= 6:
        yield from (_span(text.words[at], term) for at in _places(joined, text, misspelt=False))


def _places(word: str, text: Text, *, misspelt: bool) -> list[int]:
    found = [at for seen, places in text.places.items() if _is(seen, word, text, misspelt=misspelt) for at in places]
    return sorted(found)


def _is(seen: str, word: str, text: Text, *, misspelt: bool) -> bool:
    """Whether `seen` is `word`, one of its forms, or near enough."""
    if seen == word:
        return True
    if seen[0] != word[0] and not misspelt and not _HEBREW.match(word):
        return False
    if _is_form(seen, word) or (
        len(word) >= 3 and seen.startswith(word[:-2]) and text.polish and _declined(seen, word)
    ):
        return True
    allowed = (1 if len(word) >= 5 else 0) + (1 if len(word) >= 9 else 0)
    return misspelt and allowed > 0 and abs(len(seen) - len(word)) <= allowed and distance(seen, word) <= allowed


def _is_form(seen: str, word: str) -> bool:
    """English's 's and Hebrew's prefixes."""
    base, apostrophe, ending = seen.partition("'")
    if apostrophe and base == word and ending in ("s", "", *_ENDINGS):
        return True
    if len(word) < 3 or not _HEBREW.match(word) or not seen.endswith(word):
        return False
    prefix = seen[: -len(word)]
    return len(prefix) <= 3 and _HEBREW_PREFIXES.issuperset(prefix)


def _declined(seen: str, word: str) -> bool:
    """Polish cases: Zefirowi of Zefir, Biedronce of Biedronka."""
    if seen.startswith(word) and seen[len(word) :] in _ENDINGS:
        return True
    if word[-1] not in "aeoy":
        return False
    stem = word[:-1]
    softened = {"k": stem[:-1] + "ce", "g": stem[:-1] + "dze", "r": stem + "ze"}.get(stem[-1:])
    return seen == softened or (seen.startswith(stem) and seen[len(stem) :] in _ENDINGS)


@lru_cache(maxsize=20_000)
def distance(one: str, other: str) -> int:
    """Letters to add, take away, change or swap with their neighbour (optimal string alignment).

    Words are at most 60 letters long, so that the square of it is bounded.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        before, row, last = row, [i], before
        for j, right in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _links(term: Term, folded: str) -> Iterator[Span]:
    address = term.words[0]
    for at in _all_of(folded, address):
        before, after = folded[at - 1 : at], folded[at + len(address) : at + len(address) + 2]
        ends = (
            not after[:1].isalnum() and after[:1] not in ("-", "_") and not (after[:1] == "." and after[1:].isalnum())
        )
        if ends and not before.isalnum() and before not in ("-", "_"):
            yield Span(at, at + len(address), term)


def _exactly(term: Term, text: Text) -> Iterator[Span]:
    given, wanted = unicodedata.normalize("NFC", text.text), term.words[0]
    for at in _all_of(given, wanted):
        before, after = given[at - 1 : at] if at else "", given[at + len(wanted) : at + len(wanted) + 1]
        if not before.isalnum() and not after.isalnum():
            start = len(fold(given[:at]))
            yield Span(start, start + len(fold(wanted)), term)
            return  # where it stands costs a look at all before it: once is enough


def _all_of(text: str, wanted: str) -> Iterator[int]:
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + len(wanted))


def around(folded: str, span: Span) -> str:
    """The words around a finding, at most some 30 characters on each side, on one line."""
    start, end = max(0, span.start - 30), min(len(folded), span.end + 30)
    if start:
        start = folded.find(" ", start, span.start) + 1 or start
    if end < len(folded):
        cut = folded.rfind(" ", span.end, end)
        end = cut if cut > 0 else end
    inside = " ".join(folded[start:end].split())
    return f"{'…' if start else ''}{inside}{'…' if end < len(folded) else ''}"
