"""English: VADER with the words and phrases of customer care laid over its lexicon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain

from carecli.triage.lexicon import Lexicon, Match, Node, lexicon
from carecli.triage.memo import Memo
from carecli.triage.reading import Hit, one_more_mishap, unmeant
from carecli.triage.symbols import one_of_each, symbols
from carecli.triage.vader import Term, Vader

# A negation that has nothing to negate; English has more of them that mean little.
_NOTHING = -0.5
_NEGATION_WORDS = "not never cannot cant dont doesnt didnt wont isnt wasnt havent hasnt couldnt"
_NEGATIONS = frozenset(_NEGATION_WORDS.split())
_REACH = 4
_MOST_TOKENS = 6_000


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
def _vader() -> Vader:
    """VADER with the care words and our emoji over its own."""
    valences = {entry.text: entry.value for entry in _care_lexicon().entries if entry.kind == "valence"}
    known = symbols()
    return Vader(valences | known, {key: f"{key} " for key in known if len(key) == 1})


def _terms_of(token: str) -> tuple[Term, ...]:
    plain = token if token.isascii() else one_of_each(token.replace("’", "'").replace("¶", " "))
    return tuple(_vader().terms(plain))


_TERMS = Memo(_terms_of, _MOST_TOKENS)


def hits_of(tokens: Sequence[str]) -> list[Hit]:
    """The words and phrases of an English text that count, neighbours taken into account."""
    terms = list(chain.from_iterable(map(_TERMS.__getitem__, tokens)))
    matches = _matches(terms)
    if matches:
        terms = _merged(terms, matches)
    valences = _vader().valences(terms)
    _add_idle_negations(terms, valences)
    hits = [Hit(terms[index].lower, valence) for index, valence in sorted(valences.items()) if valence]
    return unmeant(hits) if one_more_mishap(matches) else hits


def score(hits: Sequence[Hit], text: str) -> float:
    """VADER's compound score, −1…1, of the hits of `text`."""
    return _vader().compound([hit.valence for hit in hits], text)


def _matches(terms: Sequence[Term]) -> list[Match]:
    """What the care lexicon finds, where it finds more than single words with a valence."""
    phrases = _phrases()
    for index in [index for index, term in enumerate(terms) if term[1] in phrases]:
        node = phrases[terms[index].lower]
        following = terms[index + 1].lower if index + 1 < len(terms) else ""
        if following in node.after or (node.entry and node.entry.kind != "valence"):
            return _care_lexicon().matches([term.lower for term in terms])
    return []


def _add_idle_negations(terms: Sequence[Term], valences: dict[int, float]) -> None:
    """A small valence for each negation that none of the next three words takes up."""
    for index in [index for index, term in enumerate(terms) if term[4]]:
        idle = "n't" in terms[index].lower or terms[index].lower in _NEGATIONS
        if idle and not any(map(valences.get, range(index, index + _REACH))):
            valences[index] = _NOTHING


def _merged(terms: Sequence[Term], matches: Sequence[Match]) -> list[Term]:
    """Each match as one word under the name that VADER's lexicon knows it by."""
    merged: list[Term] = []
    end = 0
    for match in matches:
        if match.entry.kind != "valence":
            continue
        merged += terms[end : match.start]
        shout = all(term.upper for term in terms[match.start : match.end])
        merged.append(_vader().term(match.entry.text.upper() if shout else match.entry.text))
        end = match.end
    return [*merged, *terms[end:]]
