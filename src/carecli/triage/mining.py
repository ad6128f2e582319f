"""Topics that nobody has configured yet: words that many write now and few wrote before, language by language.

Words are counted by the texts that have them, once each, and copies of a text count as one. A run of up to three words
(in Chinese up to four characters) is proposed when more texts have it than before by more than chance: Dunning's
log-likelihood ratio (1993), which also serves for rare words, orders them.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from math import log
from typing import NamedTuple

from carecli.cases.reposts import gist
from carecli.text import fold
from carecli.triage.variants import variants

MAX_CHARACTERS = 1000

_MASKED = re.compile(r"https?://\S*|\bwww\.\S*|@[\w.-]+|&\w+;")
_RUN = re.compile(r"[^.,;:!?…。！？，；：\n\"()\[\]]+")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_HAN = re.compile("[\u3400-\u9fff]{2,}")
_SHORTEST = 3  # letters of a word that says something
_LONGEST_RUN, _LONGEST_HAN = 3, 4
_SIGNIFICANT = 6.63  # of the likelihood ratio: one in a hundred by chance
_TIMES = 2.0
_EVERYWHERE = 0.25  # of all texts before: that is how the language is, not what people talk about
_FEWEST_BEFORE = 10
_ALL = 0.8  # of the texts with a run: then the longer one that they share says more


class Proposal(NamedTuple):
    """Words that came up: in `now` texts of `texts`, before in `before` of `texts_before`; `ratio` of the shares.

    `ratio` is None where nobody wrote them before; `example` is a text that has them.
    """

    words: str
    language: str | None
    now: int
    texts: int
    before: int
    texts_before: int
    ratio: float | None
    example: str


_Scored = tuple[float, Proposal, set[int]]  # how telling, what, and which texts of its language have it


def propose(
    now: Iterable[tuple[str, str | None]],
    before: Iterable[tuple[str, str | None]],
    *,
    limit: int,
    least: int = 3,
    known: Sequence[str] = (),
) -> list[Proposal]:
    """What many write now and few wrote before, most telling first; `now` and `before` are (text, language).

    `least`: in how many texts of now at least. `known`: words that are a topic or a name already.
    """
    earlier, old, found = _by_language(before), dict[str | None, list[set[str]]](), list[_Scored]()
    small = _small_words()
    covered = [fold(word) for word in known if word]
    for language, said in _by_language(now).items():
        texts = _distinct(said) if len(said) >= least else []
        if len(texts) < least:
            continue
        spoken = list(map(_spoken, texts))
        frequent = _frequent(spoken, least)
        new = [_runs(each, frequent) for each in spoken]
        old[language] = [_runs(_spoken(text), frequent) for text in _distinct(earlier.get(language, ()))]
        found += _of_language(language, texts, new, old[language], least)
    found = [
        scored
        for scored in found
        if not any(word in scored[1].words or scored[1].words in word for word in covered)
        and not small.get(scored[1].language, frozenset()).issuperset(scored[1].words.split())
    ]
    proposed = {word for scored in found for word in scored[1].words.split()}
    common = {language: Counter(word for runs in texts for word in runs & proposed) for language, texts in old.items()}
    found.sort(key=lambda scored: (-scored[0], *_plainness(scored[1], common.get(scored[1].language, Counter()))))
    return _apart(found, limit)


@cache
def _small_words() -> dict[str | None, frozenset[str]]:
    """The words that say nothing by themselves: where few wrote in a language before, they are as new as any other."""
    text = files("carecli.triage").joinpath("data", "small_words.toml").read_text(encoding="utf-8")
    return {code: frozenset(fold(words).translate(variants()).split()) for code, words in tomllib.loads(text).items()}


def _plainness(proposal: Proposal, common: Mapping[str, int]) -> tuple[float, int, str, str]:
    """Of two that came up alike, the one whose words are rarer says more, then the longer one."""
    words = proposal.words.split()
    often = sum(common.get(word, 0) for word in words) / len(words)
    return often, -len(proposal.words), proposal.words, proposal.language or ""


def _apart(found: Sequence[_Scored], limit: int) -> list[Proposal]:
    """The best ones, without those that nearly only texts of a better one have: the rest of the same sentence."""
    chosen: list[_Scored] = []
    for scored in found:
        if len(chosen) == limit:
            break
        _, proposal, texts = scored
        same = (other for _, better, other in chosen if better.language == proposal.language)
        if not any(len(texts & other) >= _ALL * len(texts) for other in same):
            chosen.append(scored)
    return [proposal for _, proposal, _ in chosen]


def _by_language(texts: Iterable[tuple[str, str | None]]) -> dict[str | None, list[str]]:
    found: dict[str | None, list[str]] = {}
    for text, language in texts:
        found.setdefault(language, []).append(text)
    return found


def _distinct(texts: Iterable[str]) -> list[str]:
    """The first of those that say the same."""
    found: dict[int | str, str] = {}
    for text in texts:
        same = gist(text)
        found.setdefault(text if same is None else same, text)
    return list(found.values())


def _of_language(
    language: str | None, now: Sequence[str], runs_now: Sequence[set[str]], before: Sequence[set[str]], least: int
) -> Iterator[_Scored]:
    having: dict[str, set[int]] = {}
    for number, found in enumerate(runs_now):
        for words in found:
            having.setdefault(words, set()).add(number)
    often = {words: len(texts) for words, texts in having.items() if len(texts) >= least}
    earlier = Counter(words for runs in before for words in runs & often.keys())
    for words, count in _telling(often).items():
        past = earlier[words]
        score = _likelihood(count, len(now), past, len(before))
        share, usual = count / len(now), past / len(before) if before else 0.0
        if score >= _SIGNIFICANT and share >= _TIMES * usual and usual <= _EVERYWHERE:
            ratio = share / usual if usual else None
            example = now[min(having[words])]
            yield score, Proposal(words, language, count, len(now), past, len(before), ratio, example), having[words]


def _spoken(text: str) -> list[tuple[list[str], list[str]]]:
    """What a text says between its marks, each as its stretches of Chinese and its other words."""
    folded = fold(_MASKED.sub(" ", text[:MAX_CHARACTERS])).replace("#", " ")
    if not folded.isascii():
        folded = folded.translate(variants())
    return [(_HAN.findall(run), _WORD.findall(_HAN.sub(" ", run))) for run in _RUN.findall(folded)]


def _frequent(texts: Iterable[list[tuple[list[str], list[str]]]], least: int) -> set[str]:
    """The words and pairs of characters that as many texts have: no run of others can be in as many."""
    counted: Counter[str] = Counter()
    for spoken in texts:
        counted.update(
            {word for _, words in spoken for word in words}
            | {pair for han, _ in spoken for letters in han for pair in _parts(letters, 2, 2)}
        )
    return {word for word, count in counted.items() if count >= least}


def _runs(spoken: Iterable[tuple[list[str], list[str]]], frequent: set[str]) -> set[str]:
    """The words, and the runs of words, of a text, as far as they are made of frequent ones."""
    found: set[str] = set()
    for han, words in spoken:
        for letters in han:
            if any(pair in frequent for pair in _parts(letters, 2, 2)):
                found |= {part for part in _parts(letters, 2, _LONGEST_HAN) if frequent.issuperset(_parts(part, 2, 2))}
        for at, word in enumerate(words):
            if len(word) < _SHORTEST or word not in frequent or word.isdigit():
                continue
            for end in range(at + 1, min(at + _LONGEST_RUN, len(words)) + 1):
                if words[end - 1] not in frequent:
                    break
                if len(words[end - 1]) >= _SHORTEST:
                    found.add(" ".join(words[at:end]))
    return found


def _parts(letters: str, shortest: int, longest: int) -> Iterator[str]:
    for size in range(shortest, longest + 1):
        for at in range(len(letters) - size + 1):
            yield letters[at : at + size]


def _telling(often: Mapping[str, int]) -> dict[str, int]:
    """Without the parts of longer runs that nearly as many texts have."""
    kept = dict(often)
    for words, count in often.items():
        for part in _inner(words):
            if part in kept and count >= _ALL * often[part]:
                del kept[part]
    return kept


def _inner(words: str) -> Iterator[str]:
    parts = words.split(" ")
    if len(parts) > 1:
        for size in range(1, len(parts)):
            yield from (" ".join(parts[at : at + size]) for at in range(len(parts) - size + 1))
    elif _HAN.fullmatch(words):
        yield from _parts(words, 2, len(words) - 1)


def _likelihood(now: int, texts: int, before: int, texts_before: int) -> float:
    """Twice the log-likelihood ratio of two shares; earlier texts that are missing count as without the words."""
    texts_before = max(texts_before, _FEWEST_BEFORE)
    common = (now + before) / (texts + texts_before)
    if common >= 1:
        return 0.0
    return 2 * (
        _log_likelihood(now, texts, now / texts)
        + _log_likelihood(before, texts_before, before / texts_before)
        - _log_likelihood(now, texts, common)
        - _log_likelihood(before, texts_before, common)
    )


def _log_likelihood(hits: int, texts: int, share: float) -> float:
    hit = hits * log(share) if hits else 0.0
    miss = (texts - hits) * log(1 - share) if hits < texts else 0.0
    return hit + miss
