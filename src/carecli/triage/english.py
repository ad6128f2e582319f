"""English: VADER with the words and phrases of customer care laid over its lexicon."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from carecli.triage.lexicon import Lexicon, Match, lexicon
from carecli.triage.prepare import Prepared
from carecli.triage.reading import Hit, one_more_mishap, unmeant
from carecli.triage.symbols import one_of_each, symbols
from carecli.triage.vader import Vader

# A negation that has nothing to negate; English has more of them that mean little.
_NOTHING = -0.5
_NEGATION_WORDS = "not never cannot cant dont doesnt didnt wont isnt wasnt havent hasnt couldnt"
_NEGATIONS = frozenset(_NEGATION_WORDS.split())


@cache
def _care_lexicon() -> Lexicon:
    found = lexicon("en")
    if found is None:
        raise FileNotFoundError("sentiment_en.tsv is missing from the package")
    return found


@cache
def _vader() -> Vader:
    """VADER with the care words and our emoji over its own."""
    valences = {entry.text: entry.value for entry in _care_lexicon().entries if entry.kind == "valence"}
    known = symbols()
    return Vader(valences | known, {key: f"{key} " for key in known if len(key) == 1})


def hits_of(p: Prepared) -> list[Hit]:
    """The words and phrases of an English text that count, neighbours taken into account."""
    vader, care = _vader(), _care_lexicon()
    text = p.masked.replace("’", "'")
    words = vader.words(text if text.isascii() else one_of_each(text))
    lower = [word.lower() for word in words]
    matches = care.matches(lower)
    if matches:
        words, lower = _merged(words, lower, matches)
    valences = vader.valences(words, lower)
    valences = _with_idle_negations(lower, valences, text)
    hits = [Hit(word, valence) for word, valence in zip(lower, valences, strict=True) if valence]
    return unmeant(hits) if one_more_mishap(matches) else hits


def score(hits: Sequence[Hit], text: str) -> float:
    """VADER's compound score, −1…1, of the hits of `text`."""
    return _vader().compound([hit.valence for hit in hits], text)


def _with_idle_negations(lower: Sequence[str], valences: list[float], text: str) -> list[float]:
    """The valences, and a small one for each negation that none of the next three words takes up."""
    if "n't" not in text and _NEGATIONS.isdisjoint(lower):
        return valences
    for index, word in enumerate(lower):
        if ("n't" in word or word in _NEGATIONS) and not any(valences[index : index + 4]):
            valences[index] = _NOTHING
    return valences


def _merged(words: list[str], lower: list[str], matches: Sequence[Match]) -> tuple[list[str], list[str]]:
    """Each match as one word under the name that VADER's lexicon knows it by."""
    new_words: list[str] = []
    new_lower: list[str] = []
    end = 0
    for match in matches:
        if match.entry.kind != "valence":
            continue
        new_words += words[end : match.start]
        new_lower += lower[end : match.start]
        shout = all(map(str.isupper, words[match.start : match.end]))
        new_words.append(match.entry.text.upper() if shout else match.entry.text)
        new_lower.append(match.entry.text)
        end = match.end
    return new_words + words[end:], new_lower + lower[end:]
