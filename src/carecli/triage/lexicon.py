"""Sentiment lexicons: tab-separated files, read once, matched longest first in linear time.

A line is `entry TAB value [TAB note]`; `#` begins a comment line. An entry is a word, a phrase, or a stem that ends
in `*`; Chinese entries are matched character by character. The value is a valence −3…3, or what the entry does to
its neighbours: `not` negates, `x1.5` strengthens, `but` makes what comes after it weigh more, `again` marks one
more mishap, so that praise before it is not meant. Valence 0 keeps shorter entries inside it from counting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

from carecli.text import fold
from carecli.triage.memo import Memo

Kind = Literal["valence", "not", "times", "but", "again"]
_HEBREW_PREFIXES = frozenset("והבלמשכ")
_BEFORE_SHORT_WORDS = frozenset("וש")
_MOST_PREFIXES = 3
_SHORTEST_STEM = 2
_MOST_TOKENS = 6_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a lexicon: its text as written, what it does, and how much."""

    text: str
    kind: Kind
    value: float


@dataclass(slots=True)
class Node:
    """A step of the trie; `entry` is set where one ends."""

    entry: Entry | None = None
    after: dict[str, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """`entry` found at token `start`, up to but without `end`."""

    start: int
    end: int
    entry: Entry


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """The entries of one language as a trie over words (over characters in Chinese).

    `keys` says what a token may be in the trie, None where it is only itself; `opens` whether an entry may begin so.
    """

    root: Node
    keys: Callable[[str], tuple[str, ...]] | None
    entries: tuple[Entry, ...]
    opens: Mapping[str, bool]

    def matches(self, tokens: Sequence[str]) -> list[Match]:
        """The longest entries in `tokens`, from left to right, none overlapping."""
        if self.keys is None:
            return self._as_they_are(tokens)
        found: list[Match] = []
        start, opens = 0, self.opens
        for index in [index for index, token in enumerate(tokens) if opens[token]]:
            if index >= start and (match := self._deeper(tokens, index, index, self.root)):
                found.append(match)
                start = match.end
        return found

    def _as_they_are(self, tokens: Sequence[str]) -> list[Match]:
        found: list[Match] = []
        start, first, padded = 0, self.root.after, (*tokens, "")
        for index in [index for index, token in enumerate(tokens) if token in first]:
            node: Node | None = first[tokens[index]]
            if node is None or index < start or (node.entry is None and padded[index + 1] not in node.after):
                continue
            best, end = node.entry, index + 1
            reached = end
            while (node := node.after.get(padded[reached])) is not None:
                reached += 1
                if node.entry:
                    best, end = node.entry, reached
            if best:
                found.append(Match(index, end, best))
                start = end
        return found

    def _deeper(self, tokens: Sequence[str], start: int, index: int, node: Node) -> Match | None:
        best = _match(start, index, node)
        if index >= len(tokens) or not node.after or self.keys is None:
            return best
        for key in self.keys(tokens[index]):
            if (after := node.after.get(key)) is None:
                continue
            # Most entries are one word.
            longer = self._deeper(tokens, start, index + 1, after) if after.after else _match(start, index + 1, after)
            if longer and (best is None or longer.end > best.end):
                best = longer
        return best


def _match(start: int, end: int, node: Node) -> Match | None:
    return Match(start, end, node.entry) if node.entry else None


@cache
def lexicon(language: str) -> Lexicon | None:
    """The lexicon of an ISO 639-1 language, None where there is no file for it."""
    resource = files("carecli.triage").joinpath("data", f"sentiment_{language}.tsv")
    if not language.isascii() or not language.isalpha() or not resource.is_file():
        return None
    return build(read(resource.read_text(encoding="utf-8")), language)


def read(text: str) -> list[Entry]:
    """The entries of a lexicon file. Raises ValueError that names the line that is wrong."""
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        try:
            entries.append(_entry(fields[0].strip(), fields[1].strip()))
        except (IndexError, ValueError) as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return entries


def _entry(text: str, value: str) -> Entry:
    match value:
        case "not" | "but" | "again":
            return Entry(text, value, 0.0)
        case _ if value.startswith("x"):
            return Entry(text, "times", float(value[1:]))
        case _:
            return Entry(text, "valence", float(value))


def build(entries: Sequence[Entry], language: str) -> Lexicon:
    """The trie of `entries`; a later line wins over an earlier one with the same text."""
    root = Node()
    vocabulary: set[str] = set()
    for entry in entries:
        node = root
        for token in split(entry.text, language):
            vocabulary.add(token)
            node = node.after.setdefault(token, Node())
        node.entry = entry
    keys = _keys(frozenset(vocabulary), language)
    opens = Memo(lambda token: keys is None or not root.after.keys().isdisjoint(keys(token)), _MOST_TOKENS)
    return Lexicon(root, keys, tuple(entries), opens)


def split(entry: str, language: str) -> list[str]:
    """The tokens of an entry, folded like the text that it is matched with."""
    folded = fold(entry)
    return list(folded.replace(" ", "")) if language == "zh" else folded.split()


def _keys(vocabulary: frozenset[str], language: str) -> Callable[[str], tuple[str, ...]] | None:
    """What one token may be in the trie: itself, its stems, and in Hebrew what is left without prefixes."""
    if language != "he" and not any(word.endswith("*") for word in vocabulary):
        return None
    stems = frozenset(word[:-1] for word in vocabulary if word.endswith("*"))
    longest = max(map(len, stems), default=0)

    def of_form(form: str) -> list[str]:
        found = [form] if form in vocabulary else []
        ends = range(min(longest, len(form)), _SHORTEST_STEM - 1, -1)
        return found + [f"{form[:end]}*" for end in ends if form[:end] in stems]

    @lru_cache(maxsize=4096)
    def keys(token: str) -> tuple[str, ...]:
        if len(token) > 64:
            return ()
        found = of_form(token)
        for form in _without_prefixes(token) if language == "he" else ():
            found += of_form(form)
        return tuple(dict.fromkeys(found))

    return keys


def _without_prefixes(word: str) -> list[str]:
    """`word` without one, two, three of the letters that Hebrew writes before a word; "ולא" and "שאין" too."""
    if len(word) == 3:
        return [word[1:]] if word[0] in _BEFORE_SHORT_WORDS else []
    forms = []
    for count in range(1, _MOST_PREFIXES + 1):
        if len(word) - count < 3 or word[count - 1] not in _HEBREW_PREFIXES:
            break
        forms.append(word[count:])
    return forms
