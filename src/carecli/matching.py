"""What concerns us though nobody tags us: the query language, and why a text fits.

    acme air                both words, in any order and in their forms (acme's, באקמה, Zefirowi)
    acme OR "acme air"      either; `OR` binds weaker than a space, parentheses group
    "acme air"              side by side; also written together, or with a hyphen
    acme -jobs              not with this word
    orange -"orange juice"  false friends: what stands inside an excluded phrase does not count, the rest does
    aeroluna~               with misspellings: one letter wrong from 5 letters on, two from 9
    =Apple                  exactly so, capitals and all
    #acme  @acme            only as a hashtag, only as a handle (a plain word finds both, too)
    link:acme.example/shop  a link to there, or to a sub-domain of it

Case and diacritics never matter but after `=`. Scripts without spaces are searched as they stand. A text is read
once per term; nothing here takes longer than its length, times that of the query.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from carecli.text import fold
from carecli.text.plain import compiled

LONGEST_QUERY = 2_000
_DEEPEST = 20
_LONGEST_WORD = 60
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
_TOKEN = (
    rf"(?P<link>(?:https?://|www\.)[^\s<>\"]+)|(?P<mark>[#@])(?P<name>\w[\w.-]*)"
    rf"|(?P<word>[^\W_{_UNSPACED}]+(?:'[^\W_{_UNSPACED}]+)*)"
)
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


@dataclass(frozen=True)
class Query:
    """A parsed query; `text` is what the user wrote."""

    text: str
    root: Node

    def match(self, text: str, language: str | None = None) -> Match | None:
        """Why `text` fits, None when it does not. `language` is what its author declared, where that is known."""
        found = _find(self.root, _Text(text, language))
        if not found:
            return None
        seen = _Text(text, language).folded
        firsts: dict[str, Span] = {}
        for span in found:
            firsts.setdefault(span.term.written, span)
        shown = [f"'{name}' in “{_around(seen, span)}”" for name, span in firsts.items()]
        return Match("; ".join(shown[:3]), tuple(firsts))


# Parsing


_PIECE = re.compile(
    r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<minus>-)(?=[^\s)])|"(?P<phrase>[^"]*)"(?P<near>~?)|(?P<word>[^\s()"]+))'
)


def parse(text: str) -> Query:
    """The query that `text` is. Raises ValueError, with words for its author."""
    if len(text) > LONGEST_QUERY:
        raise ValueError(f"the query is longer than {LONGEST_QUERY:,} characters")
    parser = _Parser(text)
    root = parser.either(0)
    if parser.next is not None:
        raise ValueError("a ) closes nothing")
    return Query(text, root)


def any_of(words: Iterable[str]) -> Query | None:
    """The query that one of `words` is enough for, None without any. Raises ValueError.

    Each is a word or a phrase as somebody lists keywords, without quotation marks; one that is marked (#, @, =, ~,
    link:, quotation marks) means what it means in a query.
    """
    roots = list[Node]()
    for word in dict.fromkeys(filter(None, map(str.strip, words))):
        plain = len(word.split()) > 1 and '"' not in word
        roots.append(_words("word", word, word, misspelt=False) if plain else parse(word).root)
    if not roots:
        return None
    return Query(", ".join(words), roots[0] if len(roots) == 1 else Any(tuple(roots)))


class _Parser:
    """A query from left to right; `next` is the piece that comes now."""

    def __init__(self, text: str) -> None:
        if text.count('"') % 2:
            raise ValueError('a " is opened and never closed')
        self._pieces = _PIECE.finditer(text.strip())
        self.next: re.Match[str] | None = None
        self.advance()

    def advance(self) -> None:
        self.next = next(self._pieces, None)

    def either(self, depth: int) -> Node:
        """Groups with OR between them."""
        if depth > _DEEPEST:
            raise ValueError("the parentheses are nested too deep")
        parts = [self.group(depth)]
        while self.next is not None and self.next["word"] == "OR":
            self.advance()
            parts.append(self.group(depth))
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def group(self, depth: int) -> Node:
        """What has to be there together."""
        parts, without = list[Node](), list[Node]()
        while (piece := self.next) is not None and piece["close"] is None and piece["word"] != "OR":
            into = parts
            if piece["minus"] is not None:
                into = without
                self.advance()
            into.append(self.one(depth))
        if not parts:
            raise ValueError("there is nothing to look for" + (" beside what is excluded" if without else ""))
        return parts[0] if len(parts) == 1 and not without else All(tuple(parts), tuple(without))

    def one(self, depth: int) -> Node:
        piece = self.next
        if piece is None or piece["close"] is not None or piece["minus"] is not None:
            raise ValueError("a - stands before nothing")
        self.advance()
        if piece["open"] is None:
            return _term(piece)
        inside = self.either(depth + 1)
        if self.next is None or self.next["close"] is None:
            raise ValueError("a ( is never closed")
        self.advance()
        return inside


def _term(piece: re.Match[str]) -> Term:
    if piece["phrase"] is not None:
        return _words("word", piece["phrase"], piece["phrase"], misspelt=bool(piece["near"]))
    written: str = piece["word"]
    if written.startswith("link:"):
        address = fold(written[5:]).split("://")[-1].removeprefix("www.").rstrip("/")
        if "." not in address:
            raise ValueError(f"{written} names no site")
        return Term("link", (address,), written)
    if written.startswith("=") and len(written) > 1:
        return Term("exact", (unicodedata.normalize("NFC", written[1:]),), written)
    if written[0] in "#@" and len(written) > 1:
        return Term("tag" if written[0] == "#" else "handle", (fold(written[1:]),), written)
    return _words("word", written.removesuffix("~"), written, misspelt=written.endswith("~"))


def _words(kind: Kind, text: str, written: str, *, misspelt: bool) -> Term:
    folded = fold(text)
    if compiled(f"[{_UNSPACED}]").search(folded):
        return Term(kind, ("".join(folded.split()),), written, misspelt=False)
    words = tuple(found["word"] for found in compiled(_TOKEN).finditer(folded) if found["word"])
    if not words:
        raise ValueError(f"'{written}' has no word in it")
    return Term(kind, words, written, misspelt)


# Finding


class _Word(NamedTuple):
    word: str
    start: int
    end: int
    mark: str
    name: str


class _Text:
    """A text, prepared once for all terms as far as they need it."""

    def __init__(self, text: str, language: str | None) -> None:
        self.text = text
        self.folded = fold(text)
        self._language = (language or "").partition("-")[0].casefold()

    @cached_property
    def words(self) -> list[_Word]:
        found = []
        for token in compiled(_TOKEN).finditer(self.folded):
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


def _find(node: Node, text: _Text) -> list[Span]:
    """Where what `node` asks for stands; nothing when the text does not fit."""
    if isinstance(node, Term):
        return list(_spans(node, text))
    if isinstance(node, Any):
        return [span for part in node.parts for span in _find(part, text)]
    barred = [span for part in node.without for span in _find(part, text)]
    closed = _areas(barred)
    found: list[Span] = []
    friends: list[Span] = []
    for part in node.parts:
        spans = _find(part, text)
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


def _spans(term: Term, text: _Text) -> Iterator[Span]:
    if term.kind == "link":
        yield from _links(term, text.folded)
    elif term.kind == "exact":
        yield from _exactly(term, text)
    elif compiled(f"[{_UNSPACED}]").search(term.words[0]):
        yield from (Span(at, at + len(term.words[0]), term) for at in _all_of(text.folded, term.words[0]))
    elif term.kind in ("tag", "handle"):
        mark = "#" if term.kind == "tag" else "@"
        places = text.places.get(term.words[0], ())
        yield from (_span(text.words[at], term) for at in places if text.words[at].mark == mark)
    else:
        yield from _phrases(term, text)


def _span(word: _Word, term: Term) -> Span:
    return Span(word.start, word.end, term)


def _phrases(term: Term, text: _Text) -> Iterator[Span]:
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


def _places(word: str, text: _Text, *, misspelt: bool) -> list[int]:
    found = [at for seen, places in text.places.items() if _is(seen, word, text, misspelt=misspelt) for at in places]
    return sorted(found)


def _is(seen: str, word: str, text: _Text, *, misspelt: bool) -> bool:
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


def _exactly(term: Term, text: _Text) -> Iterator[Span]:
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


def _around(folded: str, span: Span) -> str:
    """The words around a finding, at most some 30 characters on each side, on one line."""
    start, end = max(0, span.start - 30), min(len(folded), span.end + 30)
    if start:
        start = folded.find(" ", start, span.start) + 1 or start
    if end < len(folded):
        cut = folded.rfind(" ", span.end, end)
        end = cut if cut > 0 else end
    inside = " ".join(folded[start:end].split())
    return f"{'…' if start else ''}{inside}{'…' if end < len(folded) else ''}"


# The same for platforms that search


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a platform's own search understands; `either` and `without` are its words for OR and not, None: none."""

    either: str | None = None
    without: str | None = None
    tags: bool = True
    longest: int = 500
    most: int = 10


DIALECTS: Mapping[str, Dialect] = {
    "words": Dialect(tags=False),
    "mastodon": Dialect(without="-"),
    "bluesky": Dialect(),
    "x": Dialect("OR", "-", longest=512),
    "reddit": Dialect("OR", "-", tags=False, longest=512),
    "github": Dialect("OR", "-", tags=False, longest=256),
    "lucene": Dialect("OR", "-", tags=False, longest=1_000),
}


def to_search(query: Query, dialect: str) -> tuple[str, ...]:
    """Searches in a platform's `dialect` that together find all that `query` fits, as far as the platform can.

    They may find more, never on purpose less: what they find is matched against the query again. Misspellings and
    endings are left to the platform. Raises ValueError for more alternatives than one should ask for.
    """
    spoken = DIALECTS[dialect]
    groups = [_clause(parts, without, spoken) for parts, without in _alternatives(query.root)]
    groups = list(dict.fromkeys(groups))
    if spoken.either and len(whole := f" {spoken.either} ".join(groups)) <= spoken.longest:
        return (whole,)
    if len(groups) > spoken.most:
        raise ValueError(f"the query has {len(groups)} alternatives, {spoken.most} can be searched for")
    for group in groups:
        if len(group) > spoken.longest:
            raise ValueError(f"a search is longer than {spoken.longest} characters: {group[:60]}…")
    return tuple(groups)


_Alternative = tuple[tuple[Term, ...], tuple[Node, ...]]
_MOST_ALTERNATIVES = 100


def _alternatives(node: Node) -> list[_Alternative]:
    """The query as groups of terms, one of which has to be there as a whole."""
    if isinstance(node, Term):
        return [((node,), ())]
    if isinstance(node, Any):
        return [found for part in node.parts for found in _alternatives(part)]
    product: list[_Alternative] = [((), node.without)]
    for part in node.parts:
        found = _alternatives(part)
        if len(product) * len(found) > _MOST_ALTERNATIVES:
            raise ValueError(f"the query has more than {_MOST_ALTERNATIVES} alternatives")
        product = [(have + more, bars + other) for have, bars in product for more, other in found]
    return product


def _clause(parts: Sequence[Term], without: Sequence[Node], spoken: Dialect) -> str:
    said = [_said(term, spoken) for term in dict.fromkeys(parts)]
    if spoken.without:
        # a phrase that holds a word we look for is a false friend: only we can tell its occurrences apart
        wanted = {word for term in parts for word in term.words}
        plain = [node for node in without if isinstance(node, Term) and wanted.isdisjoint(node.words)]
        said += [spoken.without + _said(term, spoken) for term in plain]
    return " ".join(said)


def _said(term: Term, spoken: Dialect) -> str:
    if term.kind in ("tag", "handle"):
        mark = {"tag": "#", "handle": "@"}[term.kind] if spoken.tags else ""
        return mark + term.words[0]
    text = " ".join(term.words)
    return f'"{text}"' if " " in text or term.kind == "link" else text
