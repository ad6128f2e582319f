"""The little language in which the cues are written, as a graph of words.

A phrase is plain words with few signs: a space is any short gap between words, `*` the rest of a word, `~` any word,
`#` a number, `…` up to four words (twelve Chinese characters) of the same sentence, `(a|b)` alternatives, `(a )?`
something that may be missing, `(a |b )*` up to three of them and `(a |b )+` at least one. An apostrophe may be left out
by the writer; a hyphen is a gap; case and accents don't matter. A phrase begins with a word or with alternatives.

Every repetition is bounded, so that no text can make a search slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from carecli.text import fold

_SIGN = re.compile(r"\)[*+]|[ *~#()|?…']|[^ *~#()|?…']+")
_UNIT = re.compile(r"[a-z]+|[^a-z]", re.DOTALL)
_MARK = re.compile('([^\\w"])')
_LATIN = re.compile("[a-z]")
# A masked name leaves spaces where Chinese has none.
_BETWEEN_HAN = re.compile(r"(?<=[\u3000-\u9fff,!?])[ \t@]{1,40}(?=[\u3000-\u9fff])")
_MOST_REPEATED = 3
_WORDS_BETWEEN, _CHARACTERS_BETWEEN, _DIGITS = 4, 12, 4

_Edges = list[tuple[str, int]]
# A phrase that was read: a sign or letters, or (alternatives, fewest, most).
_Part = str | tuple[list[list["_Part"]], int, int]


class Graph:
    """Phrases as a graph whose edges are pieces of words, gaps between them ("␣"), and nothing ("").

    Node 0 is where every phrase begins. Without spaces between words (`spaced` False) a character is a word,
    and so is a run of Latin letters.
    """

    def __init__(self, *, spaced: bool) -> None:
        self.spaced = spaced
        self._nodes: list[_Edges] = [[]]
        self._leads: dict[int, frozenset[int]] = {}

    def add(self, source: str, ending: int) -> None:
        """A phrase that ends in clue number `ending`. Raises ValueError that names what cannot be read."""
        parts = _parsed(source, spaced=self.spaced)
        start = self._sequence(parts, self._node([("", -1 - ending)]))
        if any(not text for text, _, _ in self.steps(start)):
            raise ValueError(f"a phrase begins with a word: {source!r}")
        self._nodes[0].append(("", start))

    def steps(self, node: int) -> Iterator[tuple[str, str, frozenset[int]]]:
        """The words that may stand after `node`: their text, `*` or `~` when more letters follow, where they lead.

        A target below zero is a clue that ends there: number −1 − target.
        """
        if not self.spaced:
            for label, target in self._reachable(node):
                text, ending = ("", "~") if label == "~" else (label, "")
                yield text, ending, self._after_character(target)
            return
        waiting = [(node, "")]
        while waiting:
            at, text = waiting.pop()
            bound = False
            for label, target in self._nodes[at]:
                bound |= label == "␣" or target < 0
                if label in {"*", "~"}:
                    yield text, label, self._after_word(target)
                elif label == "'":
                    waiting += [(target, text + label), (target, text)]
                elif label != "␣" and target >= 0:
                    waiting.append((target, text + label))
            if bound and text:
                yield text, "", self._after_word(at)

    def _after_word(self, node: int) -> frozenset[int]:
        """Where a word leads that ends at `node`: beyond the gaps, or to the end of the phrase."""
        if node in self._leads:
            return self._leads[node]
        found, waiting = set(), [node]
        while waiting:
            for label, target in self._nodes[waiting.pop()]:
                if target < 0 or label == "␣":
                    found.add(target)
                elif not label:
                    waiting.append(target)
        leads = self._leads[node] = frozenset(found)
        return leads

    def _after_character(self, node: int) -> frozenset[int]:
        """Where a character leads: on from `node` where anything may follow, or to the end of the phrase."""
        if node not in self._leads:
            targets = [target for _, target in self._reachable(node)]
            ends = {target for target in targets if target < 0}
            self._leads[node] = frozenset(ends | {node} if len(ends) < len(targets) else ends)
        return self._leads[node]

    def _reachable(self, node: int) -> Iterator[tuple[str, int]]:
        """The edges with letters, and the ends, that nothing stands before."""
        waiting = [node]
        while waiting:
            for label, target in self._nodes[waiting.pop()]:
                if label or target < 0:
                    yield label, target
                else:
                    waiting.append(target)

    def _node(self, edges: _Edges) -> int:
        self._nodes.append(edges)
        return len(self._nodes) - 1

    def _sequence(self, parts: list[_Part], after: int) -> int:
        for part in reversed(parts):
            after = self._part(part, after)
        return after

    def _part(self, part: _Part, after: int) -> int:
        if isinstance(part, tuple):
            return self._group(*part, after)
        if part == "…":
            return self._between(after)
        if part == "#" and not self.spaced:
            for _ in range(_DIGITS - 1):
                after = self._node([("#", after), ("", after)])
            return self._node([("#", after)])
        if part == "'" and not self.spaced:
            return self._node([("'", after), ("", after)])
        if part in {"*", "~", "#", "'", "␣"}:
            return self._node([(part, after)])
        for unit in [part] if self.spaced else reversed(_UNIT.findall(part)):
            after = self._node([(unit, after)])
        return after

    def _group(self, options: list[list[_Part]], fewest: int, most: int, after: int) -> int:
        at = after
        for left in range(most, 0, -1):
            edges = [("", self._sequence(option, at)) for option in options]
            at = self._node(edges if left <= fewest else [*edges, ("", after)])
        return at

    def _between(self, after: int) -> int:
        """Up to so many words, or characters, of the same sentence."""
        if self.spaced:
            at = self._node([("␣", after)])
            for _ in range(_WORDS_BETWEEN):
                at = self._node([("␣", after), ("␣", self._node([("~", at)]))])
            return at
        at = after
        for _ in range(_CHARACTERS_BETWEEN):
            at = self._node([("", after), ("", self._node([("~", at)]))])
        return at


def _parsed(source: str, *, spaced: bool) -> list[_Part]:
    # The gap is inside the sign for "up to four words": the spaces around it are only for the reader.
    written = re.sub(r" ?… ?", "…", source)
    signs = _SIGN.findall(written if spaced else re.sub(r"(?<!\))\*| ", "", written))
    try:
        options, end = _options(signs, 0, spaced=spaced)
    except IndexError:
        raise ValueError(f"a bracket is not closed: {source!r}") from None
    if end < len(signs) or len(options) > 1:
        raise ValueError(f"a bracket is not opened: {source!r}")
    return options[0]


def _options(signs: list[str], at: int, *, spaced: bool) -> tuple[list[list[_Part]], int]:
    """The alternatives from sign `at` to the closing bracket or the end, and where that is."""
    options: list[list[_Part]] = [[]]
    while at < len(signs) and not signs[at].startswith(")"):
        sign, parts = signs[at], options[-1]
        at += 1
        if sign == "(":
            inner, at = _options(signs, at, spaced=spaced)
            closing = signs[at] + "?" * (signs[at + 1 : at + 2] == ["?"])
            at += len(closing) if closing == ")?" else 1
            parts.append((inner, *_TIMES[closing]))
        elif sign == "|":
            options.append([])
        elif sign == "?":
            parts += _optional(parts.pop())
        elif sign in _MARKS:
            parts.append(_MARKS[sign])
        else:
            parts += _letters(sign, spaced=spaced)
    return options, at


_TIMES = {")": (1, 1), ")?": (0, 1), ")*": (0, _MOST_REPEATED), ")+": (1, _MOST_REPEATED)}
_MARKS = {" ": "␣", "*": "*", "~": "~", "#": "#", "…": "…", "'": "'"}


def _optional(part: _Part) -> list[_Part]:
    """A part whose last letter may be missing."""
    if isinstance(part, tuple) or len(part) == 1:
        return [([[part]], 0, 1)]
    return [part[:-1], ([[part[-1]]], 0, 1)]


def _letters(written: str, *, spaced: bool) -> list[_Part]:
    """Letters as they stand in folded text; marks between them are gaps."""
    if not spaced:
        return [fold(written).replace("。", ".")]
    folded = fold(written)
    if folded.isalnum():
        return [folded]
    return ["␣" if _MARK.match(part) else part for part in _MARK.split(folded) if part]


def characters(plain: str) -> list[str]:
    """The words of a folded text in a script without spaces: single characters, and runs of Latin letters.

    No space where a name was masked.
    """
    text = plain.replace("。", ".")
    if " " in text or "\t" in text:
        text = _BETWEEN_HAN.sub("", text)
    return _UNIT.findall(text) if _LATIN.search(text) else list(text)
