"""English: VADER with the words and phrases of customer care laid over its lexicon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import numpy as np

from carecli.triage.columns import Flags, Floats
from carecli.triage.lexicon import Lexicon, Match, Node, lexicon
from carecli.triage.reading import Hits, one_more_mishap
from carecli.triage.symbols import one_of_each, symbols
from carecli.triage.vader import Vader, Words
from carecli.triage.vocabulary import Tokens

# A negation that has nothing to negate; English has more of them that mean little.
_NOTHING = -0.5
_NEGATION_WORDS = "not never cannot cant dont doesnt didnt wont isnt wasnt havent hasnt couldnt"
_NEGATIONS = frozenset(_NEGATION_WORDS.split())
_REACH = 4


@cache
def _care_lexicon() -> Lexicon:
    found = lexicon("en")
    if found is None:
        raise FileNotFoundError("sentiment_en.tsv is missing from the package")
    return found


@cache
def _phrases() -> Mapping[str, Node]:
    """The first words of what VADER's lexicon, which has single words, cannot say."""
    nodes = _care_lexicon().root.after
    return {word: node for word, node in nodes.items() if node.after or (node.entry and node.entry.kind != "valence")}


@cache
def _first() -> Mapping[str, int]:
    """A number for each first word of a phrase."""
    return {word: number for number, word in enumerate(_phrases(), 1)}


@cache
def _second() -> Mapping[str, int]:
    """A number for each second word of a phrase."""
    words = sorted({word for node in _phrases().values() for word in node.after})
    return {word: number for number, word in enumerate(words, 1)}


@cache
def _begin() -> Flags:
    """Whether a phrase may begin with a first word before a second one, by their numbers; 0 is any other word."""
    begin = np.zeros((len(_first()) + 1, len(_second()) + 1), bool)
    for number, node in enumerate(_phrases().values(), 1):
        begin[number, [_second()[word] for word in node.after]] = True
        begin[number] |= node.entry is not None and node.entry.kind != "valence"
    return begin


@cache
def _vader() -> Vader:
    """VADER with the care words and our emoji over its own."""
    valences = {entry.text: entry.value for entry in _care_lexicon().entries if entry.kind == "valence"}
    known = symbols()
    names = {key: f"{key} " for key in known if len(key) == 1}
    first, second = _first(), _second()
    return Vader(valences | known, names, cleaned=_cleaned, noticed={"first": first, "second": second})


def _cleaned(token: str) -> str:
    return token if token.isascii() else one_of_each(token.replace("’", "'").replace("¶", " "))


def hits_of(tokens: Tokens) -> Hits:
    """The words and phrases of English texts that count, neighbours taken into account.

    A text is given as what stands between its spaces.
    """
    vader = _vader()
    words = vader.read(tokens)
    matches = list(_phrases_in(words))
    mishaps = _mishaps(words, matches)
    words = _merged(words, [match for match in matches if match.entry.kind == "valence"])
    valences = vader.valences(words)
    _add_idle_negations(words, valences)
    there = np.flatnonzero(valences)
    return Hits(words.whose[there], valences[there], vader.words_at(words.places[there])).unmeant(mishaps)


def scores(totals: Floats, texts: Sequence[str]) -> list[float]:
    """VADER's compound score, −1…1, of texts whose hits add up to `totals`."""
    return _vader().compounds(totals, texts)


def _phrases_in(words: Words) -> Iterator[Match]:
    """The longest entries of the care lexicon that are more than a single word with a valence, none overlapping."""
    vader, phrases, places, free = _vader(), _phrases(), words.places.tolist(), 0
    known, after = vader.known, np.roll(vader.numbers("second", words), -1)
    for first in np.flatnonzero(_begin()[vader.numbers("first", words), after]).tolist():
        if first < free:
            continue
        node: Node | None = phrases[known[places[first]]]
        entry, end, reached = None, first, first
        while node is not None:
            reached += 1
            if node.entry:
                entry, end = node.entry, reached
            node = node.after.get(known[places[reached]])
        if entry and (end > first + 1 or entry.kind != "valence"):
            yield Match(first, end, entry)
            free = end


def _mishaps(words: Words, matches: Sequence[Match]) -> list[int]:
    """The texts that tell of one more mishap."""
    texts = sorted({int(words.whose[match.start]) for match in matches if match.entry.kind == "again"})
    lower = (_vader().words_at(words.of(text)) for text in texts)
    return [text for text, each in zip(texts, lower, strict=True) if one_more_mishap(_care_lexicon().matches(each))]


def _merged(words: Words, matches: Sequence[Match]) -> Words:
    """The words with each match as one word, under the name that VADER's lexicon knows it by."""
    vader, places, kept = _vader(), words.places.copy(), np.ones(len(words.places), bool)
    upper = vader.are("upper", words)
    for start, end, entry in ((match.start, match.end, match.entry) for match in matches):
        places[start] = vader.place(entry.text.upper() if upper[start:end].all() else entry.text)
        kept[start + 1 : end] = False
    return Words(places[kept], words.sizes - np.bincount(words.whose[~kept], minlength=len(words.sizes)))


def _add_idle_negations(words: Words, valences: Floats) -> None:
    """A small valence for each negation that none of the next three words takes up."""
    counts = valences != 0
    negations = np.flatnonzero(_vader().are("negates", words))
    lower = _vader().words_at(words.places[negations])
    for place, word in zip(negations.tolist(), lower, strict=True):
        if ("n't" in word or word in _NEGATIONS) and not counts[place : place + _REACH].any():
            valences[place] = _NOTHING
