"""Cues: the phrases that give an intent or an urgency away, one readable data file for each language.

A file `data/cues_<language>.toml` has one list of phrases for each kind of cue; `phrases.py` says how they are
written, and `^` before a phrase ties it to the start of a sentence. Where words have no spaces between them
(Chinese) a phrase may stand anywhere, and traditional characters are read as simplified ones; elsewhere it begins
and ends with a word, and the one-letter words in `prefixes` may hang before it. The list `<kind>_not` holds what
only looks like the kind: a cue that overlaps one of these does not count.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.triage.automaton import GOES_ON, NOTHING, Automaton, Clue
from carecli.triage.columns import Ints, spread
from carecli.triage.phrases import Graph, units
from carecli.triage.wording import LETTERS, SPACE, Wording

LANGUAGES = ("en", "he", "pl", "zh")
# What is looked for in texts of other languages too.
_ANYWHERE = frozenset({"emergency", "spam", "spam_weak"})

# The other words of danger have their figures of speech in common with `emergency`.
DANGERS = ("symptom", "hazard", "helpless", "trapped", "despair", "attack", "rescue")
_NOT = dict.fromkeys(("emergency_maybe", "harm", *DANGERS), "emergency_not")
_MOST_LETTERS = 65_536
# A masked name leaves spaces where Chinese has none.
_BETWEEN_HAN = re.compile(r"(?<=[\u3000-\u9fff,!?])[ \t@]{1,40}(?=[\u3000-\u9fff])")
_MOST_QUOTED = 3


class Hit(NamedTuple):
    """A cue of `kind`; `text` is what stands there. `start` and `end` only tell which cue is before which."""

    kind: str
    start: int
    end: int
    text: str


Hits = Mapping[str, tuple[Hit, ...]]


class Book:
    """All cues of one file, and what is remembered of words that were read."""

    def __init__(self, automaton: Automaton, *, spaced: bool, prefixes: str = "") -> None:
        self.spaced = spaced
        self.kinds = frozenset(clue.kind for clue in automaton.clues)
        self._automaton = automaton
        self._wording = Wording(automaton, spaced=spaced, prefixes=prefixes)

    def find_all(self, texts: Iterable[Sequence[str]], also: Mapping[str, str] | None = None) -> list[Hits]:
        """The cues in each text by kind, in text order, but for those that overlap what only looks like them.

        That is `<kind>_not`, or the kind that `also` names. A text is what stands between spaces, "¶" for a line
        break; where words stand without spaces, `characters` of the text.
        """
        others = {kind: f"{kind}_not" for kind in self.kinds} | dict(also or {})
        doubtful = self.kinds.intersection(others.values())
        return [
            {kind: tuple(found[kind]) for kind in found} if doubtful.isdisjoint(found) else _meant(found, others)
            for part in _parts(texts)
            for found in self._hits(part)
        ]

    def _hits(self, texts: Sequence[Sequence[str]]) -> list[dict[str, list[Hit]]]:
        """The cues in each text by kind, in text order; of those that begin inside another of their kind none."""
        rows, ends = self._wording.read(texts)
        roles, places = self._wording.role.all[rows], _before_each(self._wording.length.all[rows])
        beginnings = self._beginnings(rows, ends, roles, places)
        all_rows, all_roles, all_places = rows.tolist(), roles.tolist(), places.tolist()
        shown, automaton, clues = self._wording.shown, self._automaton, self._automaton.clues
        found: list[dict[str, list[Hit]]] = [{} for _ in texts]
        for word, start, offset, more, opens, text, origin, place in beginnings:
            for clue, count in automaton.follow(start, all_roles, word) if more else automaton.alone[start]:
                kind, anchored = clues[clue]
                if anchored and not opens:
                    continue
                hits = found[text].get(kind)
                if hits is None:
                    hits = found[text][kind] = []
                elif hits[-1].end > place:
                    continue
                end, quoted = word + count, shown[all_rows[word]]
                if count > 1:
                    quoted = "".join([shown[row] for row in all_rows[word:end]])
                hits.append(Hit(kind, place, all_places[end] - origin, quoted.lstrip()[offset:]))
        return found

    def _beginnings(self, rows: Ints, ends: Ints, roles: Ints, places: Ints) -> Iterable[tuple[Any, ...]]:
        """Where phrases begin: word, start, letters before it, whether more than one word may come of it, whether a
        sentence begins there, its text, where that one begins, the place in it.
        """
        words, starts, offsets, more = self._worth_following(rows, roles)
        opens = (offsets == 0) & self._opens(rows, words)
        text_of = np.searchsorted(ends, words, side="right")
        origins = places[np.concatenate(([0], ends))[text_of]]
        columns = (words, starts, offsets, more, opens, text_of, origins, places[words] + offsets - origins)
        return zip(*map(np.ndarray.tolist, columns), strict=True)

    def _worth_following(self, rows: Ints, roles: Ints) -> tuple[Ints, Ints, Ints, npt.NDArray[np.bool_]]:
        """Where phrases begin: the word, the start, the letters before, whether there may be more than one word."""
        counts = self._wording.begins.all[rows]
        words = np.flatnonzero(counts)
        counts = counts[words]
        runs = spread(self._wording.first_start.all[rows[words]], counts)
        words, starts = np.repeat(words, counts), self._wording.starts.all[runs]
        prospects = self._automaton.prospects(starts, roles[words + 1])
        kept = np.flatnonzero(prospects != NOTHING)
        return words[kept], starts[kept], self._wording.offsets.all[runs[kept]], prospects[kept] == GOES_ON

    def _opens(self, rows: Ints, words: Ints) -> npt.NDArray[np.bool_]:
        """Whether a sentence or a clause may begin here: no word stands before without a mark between.

        In Chinese a space is a character like another. Before the first word comes the mark after the last one.
        """
        looks = self._wording.look.all[rows]
        before = words - 1
        found: npt.NDArray[np.bool_] = looks[before - (looks[before] == SPACE)] != LETTERS
        return found


def find_all(tokens: Sequence[Sequence[str]], plains: Sequence[str], languages: Sequence[str | None]) -> list[Hits]:
    """Every cue in each text by kind, in text order, by `Prepared.tokens` or, in Chinese, `Prepared.plain`.

    A language without a data file has no cues of its own: there the four files' cues for danger and spam count,
    as a cry for help must not get lost over a wrong guess at the language.
    """
    found: list[Hits] = [{}] * len(tokens)
    by_language: dict[str | None, list[int]] = {}
    for at, language in enumerate(languages):
        by_language.setdefault(language if language in LANGUAGES else None, []).append(at)
    foreign = by_language.get(None, [])
    for language in LANGUAGES if foreign else by_language.keys():
        book, own = load(language), by_language.get(language, [])
        texts = (tokens[at] if book.spaced else characters(plains[at]) for at in (*own, *foreign))
        hits = book.find_all(texts, _NOT)
        for at, its in zip(own, hits, strict=False):
            found[at] = its
        for at, its in zip(foreign, hits[len(own) :], strict=True):
            found[at] = {**found[at], **_anywhere(its, found[at])}
    return found


def _anywhere(hits: Hits, before: Hits) -> Hits:
    """What counts in texts of other languages, after what another book found there."""
    return {kind: (*before.get(kind, ()), *hits[kind]) for kind in _ANYWHERE.intersection(hits)}


def characters(plain: str) -> list[str]:
    """The characters of a folded text in a script without spaces; no space where a name was masked."""
    text = plain.replace("。", ".")
    return units(_BETWEEN_HAN.sub("", text) if " " in text or "\t" in text else text)


def because(name: str, hits: Sequence[Hit]) -> str:
    """A reason for people: its name and the first of the words that it rests on."""
    if len(hits) == 1:
        return f"{name}: '{hits[0].text.strip(' ,.')}'"
    quoted = list(dict.fromkeys(hit.text.strip(" ,.") for hit in hits))[:_MOST_QUOTED]
    return f"{name}: " + ", ".join(f"'{text}'" for text in quoted)


def _parts(texts: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """The texts in runs that have a place in memory, whatever they are."""
    part: list[Sequence[str]] = []
    letters = 0
    for text in texts:
        part.append(text)
        letters += len("".join(text)) + 1
        if letters > _MOST_LETTERS:
            yield part
            part, letters = [], 0
    if part:
        yield part


def _before_each(lengths: Ints) -> Ints:
    """What comes before each, and before the end."""
    sums = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=sums[1:])
    return sums


def _meant(found: Mapping[str, Sequence[Hit]], others: Mapping[str, str]) -> Hits:
    """The hits that overlap none of the kind that only looks like theirs."""
    return {kind: kept for kind, hits in found.items() if (kept := _apart(hits, found.get(others[kind], ())))}


def _apart(hits: Sequence[Hit], others: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits that overlap none of the others, which are in text order and apart themselves."""
    ends = [other.end for other in others]
    following = (bisect_right(ends, hit.start) for hit in hits)
    return tuple(
        hit for hit, at in zip(hits, following, strict=True) if at == len(others) or others[at].start >= hit.end
    )


@cache
def load(language: str) -> Book:
    """The cues of `language`, one of LANGUAGES. Raises ValueError that names a phrase that cannot be read."""
    text = files("carecli.triage").joinpath("data", f"cues_{language}.toml").read_text(encoding="utf-8")
    return build(tomllib.loads(text))


def build(data: Mapping[str, object]) -> Book:
    """The book of one data file's content. Raises ValueError that names a phrase that cannot be read."""
    graph, clues = Graph(spaced=bool(data.get("spaced", True))), dict[Clue, int]()
    for kind, sources in data.items():
        if kind not in {"spaced", "prefixes"}:
            for source in _strings(sources):
                clue = Clue(kind, source.startswith("^"))
                graph.add(source.lstrip("^"), clues.setdefault(clue, len(clues)))
    return Book(Automaton(graph, list(clues)), spaced=graph.spaced, prefixes=str(data.get("prefixes", "")))


def _strings(values: object) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"a list of texts is needed, not {values!r}")
    return values
