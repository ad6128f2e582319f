"""English: VADER with the words and phrases of customer care laid over its lexicon."""

from __future__ import annotations

from functools import cache

import numpy as np

from carecli.triage.columns import Floats, are
from carecli.triage.lexicon import KINDS, Keys, Lexicon, Matches, lexicon
from carecli.triage.reading import Hits
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
def _keys() -> Keys:
    return Keys(_care_lexicon())


@cache
def _vader() -> Vader:
    """VADER with the care words and our emoji over its own."""
    valences = {entry.text: entry.value for entry in _care_lexicon().entries if entry.kind == "valence"}
    known = symbols()
    names = {key: f"{key} " for key in known if len(key) == 1}
    return Vader(valences | known, names, cleaned=_cleaned, noticed=_keys())


def _cleaned(token: str) -> str:
    return one_of_each(token.replace("’", "'").replace("¶", " "))


def hits_of(tokens: Tokens) -> Hits:
    """The words and phrases of English texts that count, neighbours taken into account.

    A text is given as what stands between its spaces.
    """
    vader = _vader()
    words = vader.read(tokens)
    matches = _care_lexicon().matches(words.places, _keys())
    mishaps = matches.mishaps(words.whose)
    words = _merged(words, matches.those(are(matches.kind, KINDS, "valence") & (matches.end > matches.start + 1)))
    valences = vader.valences(words)
    _add_idle_negations(words, valences)
    there = np.flatnonzero(valences)
    text = np.array(vader.words_at(words.places[there]), object)
    return Hits(words.whose[there], valences[there], text).unmeant(mishaps)


def emphasis(text: str) -> float:
    """What the exclamation and question marks of a text add to its tone."""
    return _vader().emphasis(text)


def scores(totals: Floats) -> Floats:
    """VADER's compound score, −1…1, of texts whose hits add up to `totals`, emphasis and all."""
    return _vader().compounds(totals)


def _merged(words: Words, phrases: Matches) -> Words:
    """The words with each phrase as one word, under the name that VADER's lexicon knows it by."""
    vader, places, kept = _vader(), words.places.copy(), np.ones(len(words.places), bool)
    upper, entries = vader.are("upper", words), _care_lexicon().entries
    names = [entries[entry].text for entry in phrases.entry.tolist()]
    for place, (start, end) in enumerate(zip(phrases.start.tolist(), phrases.end.tolist(), strict=True)):
        kept[start + 1 : end] = False
        if upper[start] and upper[start:end].all():
            names[place] = names[place].upper()
    places[phrases.start] = vader.places_of(names)
    return Words(places[kept], words.sizes - np.bincount(words.whose[~kept], minlength=len(words.sizes)))


def _add_idle_negations(words: Words, valences: Floats) -> None:
    """A small valence for each negation that none of the next three words takes up."""
    counts = valences != 0
    negations = np.flatnonzero(_vader().are("negates", words))
    lower = _vader().words_at(words.places[negations])
    for place, word in zip(negations.tolist(), lower, strict=True):
        if ("n't" in word or word in _NEGATIONS) and not counts[place : place + _REACH].any():
            valences[place] = _NOTHING
