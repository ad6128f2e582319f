"""Cues: the phrases that give an intent or an urgency away, one readable data file for each language.

A file `data/cues_<language>.toml` has one list of phrases for each kind of cue; `phrases.py` says how they are
written, and `^` before a phrase ties it to the start of a sentence. Where words have no spaces between them
(Chinese) a phrase may stand anywhere, and traditional characters are read as simplified ones; elsewhere it begins
and ends with a word, and the one-letter words in `prefixes` may hang before it. The list `<kind>_not` holds what
only looks like the kind: a cue that overlaps one of these does not count.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.triage.automaton import Automaton, Clue, Drawing, Phrases, draw
from carecli.triage.columns import Flags, Ints
from carecli.triage.hits import END, KIND, OFFSET, PAGE, START, TEXT, Hits, Page
from carecli.triage.labels import Tree
from carecli.triage.phrases import Graph, characters
from carecli.triage.vocabulary import Tokens
from carecli.triage.wording import LETTERS, SPACE, Wording

LANGUAGES = ("en", "he", "pl", "zh")
SUBJECTS = ("cues", "risk")
_FOREIGN = len(LANGUAGES)
DANGERS = ("symptom", "hazard", "helpless", "trapped", "despair", "attack", "rescue")
_KINDS = """
emergency emergency_maybe harm person spam spam_weak spam_report lead question why request suggestion complaint problem
again sarcasm thanks praise rival but service today soon stuck fraud outage locked deadline week money emergency_not
bygone unreal mundane
"""
# What texts are asked for.
KINDS = (*_KINDS.split(), *DANGERS)
_NUMBER, _UNASKED = {kind: number for number, kind in enumerate(KINDS)}, len(KINDS)
# What is looked for in texts of other languages too.
_ANYWHERE = np.array([kind in ("emergency", "spam", "spam_weak") for kind in (*KINDS, "")])

# The other words of danger have their figures of speech in common with `emergency`.
_NOT = dict.fromkeys(("emergency_maybe", "harm", *DANGERS), "emergency_not")
_NONE: Ints = np.zeros((OFFSET + 1, 0), np.int64)
# The names of a drawing's arrays in a file.
_KEPT = (*Tree._fields, *Drawing._fields[1:])


class Plan(NamedTuple):
    """What one data file says, its phrases drawn as a graph whose endings are `clues`."""

    drawing: Drawing
    clues: Sequence[Clue]
    spaced: bool
    prefixes: str


class Book:
    """All cues of one file, and what is remembered of words that were read."""

    def __init__(self, plan: Plan) -> None:
        self.spaced = plan.spaced
        self._automaton = automaton = Automaton(plan.drawing, plan.clues)
        self.kinds = tuple(sorted({clue.kind for clue in automaton.clues}))
        self._wording = Wording(automaton, spaced=plan.spaced, prefixes=plan.prefixes)
        self._kind_of = np.array([self.kinds.index(clue.kind) for clue in automaton.clues], np.int64)
        self._anchored = np.array([clue.anchored for clue in automaton.clues], bool)
        self._mistaken = _mistaken(self.kinds)

    def find_all(self, texts: Tokens) -> Hits:
        """The cues in each text, but for those that overlap what only looks like them (`<kind>_not`).

        A text is what stands between spaces, "¶" for a line break; where words stand without spaces, `characters` of
        the text.
        """
        page, cues = self._cues(texts)
        return Hits(len(texts.sizes), self.kinds, _meant(_apart(cues), self._mistaken), [page])

    def _cues(self, texts: Tokens) -> tuple[Page, Ints]:
        """The cues by text and kind, in text order."""
        rows, ends = self._wording.read(texts)
        page = Page(rows.data, self._wording.shown)
        starts, words = self._wording.starts.of(rows)
        if not len(words):
            return page, _NONE
        offsets, places = starts["offset"].astype(np.int64), _before_each(self._wording.length.all[rows])
        nodes, kinds, sets = (
            starts["node"].astype(np.int64),
            self._wording.kind.all[rows],
            self._wording.labels.all[rows],
        )
        phrases = self._automaton.follow(nodes, words, kinds, sets)
        phrases = phrases._replace(beginning=_first_of_same(words, offsets)[phrases.beginning])
        opens = (offsets == 0) & self._opens(rows, words)
        begun, kinds, last = self._of_kinds(phrases.those(~self._anchored[phrases.clue] | opens[phrases.beginning]))
        words, offsets = words[begun], offsets[begun]
        text_of = np.searchsorted(ends, words, side="right")
        origins = places[np.concatenate(([0], ends))[text_of]]
        starts, stops = places[words] + offsets - origins, places[last + 1] - origins
        cues = np.stack([text_of, kinds, starts, stops, np.zeros_like(kinds), words, last + 1 - words, offsets])
        return page, cues[:, np.lexsort((begun, kinds, text_of))]

    def _of_kinds(self, phrases: Phrases) -> tuple[Ints, Ints, Ints]:
        """The beginning, the kind and the last word of each cue.

        Of phrases of one kind that begin at the same place the clue counts that is there first, as far as it goes.
        """
        order = np.lexsort((phrases.last, phrases.clue, phrases.beginning))
        begun, clues, last = phrases.those(order)
        new = _changes(begun, clues)
        first, last = last[new], last[_ends(new, len(order))]
        begun, clues = begun[new], clues[new]
        kinds = self._kind_of[clues]
        order = np.lexsort((-clues, first, kinds, begun))
        kept = order[_changes(begun[order], kinds[order])]
        return begun[kept], kinds[kept], last[kept]

    def _opens(self, rows: Ints, words: Ints) -> npt.NDArray[np.bool_]:
        """Whether a sentence or a clause may begin here: no word stands before without a mark between.

        In Chinese a space is a character like another. Before the first word comes the mark after the last one.
        """
        looks = self._wording.look.all[rows]
        before = words - 1
        found: npt.NDArray[np.bool_] = looks[before - (looks[before] == SPACE)] != LETTERS
        return found


def find_all(tokens: Tokens, plains: Sequence[str], languages: Sequence[str | None]) -> Hits:
    """Every cue of KINDS in each text, in text order, by `Prepared.pieces`; `plains` are `Prepared.plain`.

    A language without a data file has no cues of its own: there the four files' cues for danger and spam count,
    as a cry for help must not get lost over a wrong guess at the language.
    """
    found, pages = [_NONE], list[Page]()
    said = np.array([LANGUAGES.index(code) if code in LANGUAGES else _FOREIGN for code in languages], np.int64)
    for number, language in enumerate(LANGUAGES):
        asked = (said == number) | (said == _FOREIGN)
        if asked.any():
            book, places = load(language), np.flatnonzero(asked)
            units = tokens if book.spaced else tokens.with_others(_characters(plains, said == _FOREIGN))
            hits = book.find_all(units.of(asked))
            found.append(_asked(hits, places, said[places] == number, len(pages)))
            pages += hits.pages
    return Hits(len(languages), KINDS, np.concatenate(found, axis=1), pages)


def _characters(plains: Sequence[str], asked: Flags) -> dict[int, list[str]]:
    return {at: characters(plains[at]) for at in np.flatnonzero(asked).tolist()}


def _asked(hits: Hits, places: Ints, own: Flags, page: int) -> Ints:
    """The cues of KINDS, as those of texts at `places`; in those that are not the book's `own` few kinds count."""
    cues = hits.cues.copy()
    cues[KIND] = np.array([_NUMBER.get(kind, _UNASKED) for kind in hits.kinds], np.int64)[cues[KIND]]
    cues = cues[:, np.where(own[cues[TEXT]], cues[KIND] != _UNASKED, _ANYWHERE[cues[KIND]])]
    cues[TEXT] = places[cues[TEXT]]
    cues[PAGE] += page
    return cues


def _changes(*columns: Ints) -> Ints:
    """Where one of these is another than before."""
    new = np.ones(len(columns[0]), bool)
    new[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return np.flatnonzero(new)


def _first_of_same(*columns: Ints) -> Ints:
    """For each the place of the first of those that follow each other and are the same."""
    starts = _changes(*columns)
    return np.repeat(starts, np.diff(starts, append=len(columns[0])))


def _ends(starts: Ints, count: int) -> Ints:
    """The last place of each run."""
    ends: Ints = np.append(starts[1:], count)[: len(starts)] - 1
    return ends


def _before_each(lengths: Ints) -> Ints:
    """What comes before each, and before the end."""
    sums = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=sums[1:])
    return sums


def _apart(cues: Ints) -> Ints:
    """Without those that begin inside another one of their kind."""
    same = (cues[TEXT, 1:] == cues[TEXT, :-1]) & (cues[KIND, 1:] == cues[KIND, :-1])
    inside = same & (cues[START, 1:] < cues[END, :-1])
    if not inside.any():
        return cues
    groups = _before_each(~same)
    kept, group, end = np.ones(len(groups), bool), -1, 0
    overlapping = np.zeros(len(groups), bool)
    overlapping[groups[1:][inside]] = True
    for at in np.flatnonzero(overlapping[groups]).tolist():
        end = end if groups[at] == group else 0
        group = groups[at]
        if cues[START, at] < end:
            kept[at] = False
        else:
            end = cues[END, at]
    return cues[:, kept]


def _mistaken(kinds: Sequence[str]) -> list[list[int]]:
    """For each kind those that it only looks like."""
    return [[at for at, meant in enumerate(kinds) if _NOT.get(meant, f"{meant}_not") == kind] for kind in kinds]


def _meant(cues: Ints, mistaken: Sequence[Sequence[int]]) -> Ints:
    """Without those that overlap what only looks like them; `mistaken` says of each kind, for which it may stand."""
    looks = np.flatnonzero(np.array([len(kinds) > 0 for kinds in mistaken], bool)[cues[KIND]])
    if not len(looks):
        return cues
    others: dict[tuple[int, int], tuple[list[int], list[int]]] = {}
    for text, kind, start, end in cues[: END + 1, looks].T.tolist():
        for meant in mistaken[kind]:
            starts, ends = others.setdefault((text, meant), ([], []))
            starts.append(start)
            ends.append(end)
    there = np.zeros(int(cues[TEXT].max()) + 1, bool)
    there[cues[TEXT, looks]] = True
    doubtful, kept = np.flatnonzero(there[cues[TEXT]]), np.ones(cues.shape[1], bool)
    for at, (text, kind, start, end) in zip(doubtful.tolist(), cues[: END + 1, doubtful].T.tolist(), strict=True):
        if (text, kind) in others:
            starts, ends = others[text, kind]
            following = bisect_right(ends, start)
            kept[at] = following == len(ends) or starts[following] >= end
    return cues[:, kept]


@cache
def load(language: str, subject: str = "cues") -> Book:
    """The cues of `language`, one of LANGUAGES, or its file for another of SUBJECTS.

    Raises ValueError that names a phrase that cannot be read.
    """
    folder = files("carecli.triage").joinpath("data")
    source = folder.joinpath(f"{subject}_{language}.toml").read_bytes()
    kept = folder.joinpath(f"{subject}_{language}.npz")
    plan = loaded(kept.read_bytes(), source) if kept.is_file() else None
    return Book(plan or planned(tomllib.loads(source.decode())))


def build(data: Mapping[str, object]) -> Book:
    """The book of one data file's content. Raises ValueError that names a phrase that cannot be read."""
    return Book(planned(data))


def planned(data: Mapping[str, object]) -> Plan:
    """The plan of one data file's content. Raises ValueError that names a phrase that cannot be read."""
    graph, clues = Graph(spaced=bool(data.get("spaced", True))), dict[Clue, int]()
    for kind, sources in data.items():
        if kind not in {"spaced", "prefixes"}:
            for source in _strings(sources):
                clue = Clue(kind, source.startswith("^"))
                graph.add(source.lstrip("^"), clues.setdefault(clue, len(clues)))
    return Plan(draw(graph), list(clues), graph.spaced, str(data.get("prefixes", "")))


def dumped(plan: Plan, source: bytes) -> bytes:
    """The content of a file that keeps the plan of a data file, `source` (`scripts/draw_cues.py`)."""
    tree, *drawing = plan.drawing
    meta = {"source": _fingerprint(source), "clues": plan.clues, "spaced": plan.spaced, "prefixes": plan.prefixes}
    numbers: dict[str, Any] = {  # what numbers differ by needs half their room
        name: np.diff(part, prepend=0).astype(np.int32) for name, part in zip(_KEPT, (*tree, *drawing), strict=True)
    }
    file = BytesIO()
    np.savez_compressed(file, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8), **numbers)
    return file.getvalue()


def loaded(content: bytes, source: bytes) -> Plan | None:
    """The plan that `dumped` wrote, None where it was made of another `source`."""
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        meta = json.loads(arrays["meta"].tobytes())
        if meta["source"] != _fingerprint(source):
            return None
        numbers = [np.cumsum(arrays[name], axis=-1, dtype=np.int64) for name in _KEPT]
    drawing = Drawing(Tree(*numbers[: len(Tree._fields)]), *numbers[len(Tree._fields) :])
    return Plan(drawing, [Clue(*clue) for clue in meta["clues"]], meta["spaced"], meta["prefixes"])


def _fingerprint(source: bytes) -> str:
    return hashlib.blake2b(source, digest_size=16).hexdigest()


def _strings(values: object) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"a list of texts is needed, not {values!r}")
    return values
