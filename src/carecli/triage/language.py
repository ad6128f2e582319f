"""Which language a text is in: the script decides where it can, a statistical model where it cannot.

Hebrew, Chinese, Thai, Greek … are settled by their letters. For Latin the commonest English and Polish words are
counted first, then longer lists of words that other languages do not have; for what is left, and for Cyrillic, Arabic
and Devanagari, py3langid is asked, imported only then. What is none of the configured languages keeps its own code:
Russian is not English because four others are configured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from carecli.text.plain import compiled
from carecli.triage.scripts import CODES, HAN, HEBREW, KANA, LATIN, NAMES, OWNERS, SCRIPTS, SHARED
from carecli.triage.votes import ENGLISH, POLISH, by_words

if TYPE_CHECKING:
    from carecli.triage.columns import Flags, Ints
    from carecli.triage.identifier import Floats

_MODELLED = frozenset().union(*SHARED.values())
# A Chinese character is about a word, and Hebrew leaves its vowels out.
_WEIGHTS = {HAN: 3.0, KANA: 2.0, "HANGUL": 2.0, HEBREW: 1.5, "THAI": 1.5}
_HEAVIEST_BESIDE_HAN = max(weight for script, weight in _WEIGHTS.items() if script != HAN)
_WORDS = r"[^\W\d_]+(?:'[^\W\d_]+)?"
# So many characters from the first letter on are enough for the model, and its cost grows with the length.
_SAMPLE = 240
# How much likelier a configured language, and the declared one, is than any other before a word is read.
_CONFIGURED, _DECLARED = 8.0, 4.0
# Fewer letters than this, without an accent, are no evidence for a model.
_FEW_LETTERS = 6


def detect(text: str, *, declared: str | None = None, languages: tuple[str, ...] = ("en",)) -> str | None:
    """The ISO 639-1 code of `text`, None when it has no letters.

    `declared` is what the platform says and `languages` what the user configured, the most usual first: hints
    that count where the text itself says little.
    """
    from carecli.triage.tokens import said
    from carecli.triage.vocabulary import ONE_AT_A_TIME, numbered

    with ONE_AT_A_TIME:
        votes, _ = said(numbered([text.split()]), {})
    return decide([text], votes, [declared], languages)[0]


def decide(
    texts: Sequence[str], counted: Ints, declared: Sequence[str | None], languages: tuple[str, ...] = ("en",)
) -> list[str | None]:
    """The language of each text, of whose tokens `counted` has the sums of the votes (`tokens.said`), one row each."""
    import numpy as np

    configured = _bases(languages)
    *_, latin, hebrew, foreign, han, kana = counted.T
    words_say = by_words(counted)
    looked_at, is_latin = foreign > 0, latin >= hebrew * _WEIGHTS[HEBREW]
    easy = words_say * (is_latin & ~looked_at) + 3 * (~is_latin & ~looked_at) + 4 * ((latin + hebrew + foreign) == 0)
    hints = [base(tag) if tag else None for tag in declared]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    easy[_mostly_han(han, kana, lengths) & np.array([hint != "ja" for hint in hints], bool)] = 5
    found: list[str | None] = [_EASY[code] for code in easy.tolist()]
    doubts: dict[_Doubt, list[tuple[int, str]]] = {}
    for place in np.flatnonzero(easy == 0).tolist():
        by_words_alone, is_latin = _EASY[words_say[place]], not looked_at[place]
        says = _alone(texts[place], by_words_alone, hints[place], configured, is_latin=is_latin)
        if isinstance(says, tuple):
            doubt, sample = says
            doubts.setdefault(doubt, []).append((place, sample))
        else:
            found[place] = says
    for doubt, samples in doubts.items():
        likely = _by_model([sample for _, sample in samples], doubt, configured)
        for (place, _), code in zip(samples, likely, strict=True):
            found[place] = code
    return found


# What is decided for all texts at once, by number; 0 is undecided.
_EASY = (None, "en", "pl", "he", None, "zh")


class _Doubt(NamedTuple):
    """What the model has to settle: the language of a text in this script; `hint` is the declared one."""

    script: str
    hint: str | None


def _alone(
    text: str, by_words: str | None, hint: str | None, configured: tuple[str, ...], *, is_latin: bool
) -> str | tuple[_Doubt, str] | None:
    """The language of a text that needs a closer look, or what the model has to settle, and by which words.

    Its Latin words may have settled it.
    """
    script = LATIN if is_latin else _script(text)
    if script == LATIN and by_words:
        return by_words
    if script in SHARED:
        return _of_shared_script(text, script, hint, configured)
    if script == HAN and hint == "ja" and len(text) < 12:
        return "ja"
    return None if script is None else OWNERS.get(script)


def base(code: str) -> str:
    """The language of a tag: `zh-TW` and `ZH_Hant` are `zh`; the old code of Hebrew becomes `he`."""
    code = code.replace("_", "-").split("-", 1)[0].strip().lower()
    return {"iw": "he", "cmn": "zh", "yue": "zh"}.get(code, code)


@lru_cache(maxsize=64)
def _bases(codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(base, codes))


def _script(text: str) -> str | None:
    """The script that weighs most among the letters of `text`."""
    counts = Counter(text.translate(SCRIPTS))
    weighed = {
        name: count * _WEIGHTS.get(name, 1.0) for code, count in counts.items() if (name := NAMES.get(code)) is not None
    }
    if not weighed:
        return None
    # Japanese mixes kana into Chinese characters; a lone の is fashion in Chinese shop names.
    kana = counts.get(CODES[KANA], 0) - text.count("の")
    if kana > 0 and kana * 12 >= counts.get(CODES[HAN], 0):
        weighed[KANA] += weighed.pop(HAN, 0.0)
    else:
        weighed.pop(KANA, None) if HAN in weighed else None
    return max(weighed, key=lambda name: (weighed[name], name))


def _mostly_han(han: Ints, kana: Ints, lengths: Ints) -> Flags:
    """Which texts are in Chinese characters, whatever their other letters are."""
    found: Flags = (han * _WEIGHTS[HAN] > (lengths - han) * _HEAVIEST_BESIDE_HAN) & (kana == 0)
    return found


def _of_shared_script(
    text: str, script: str, hint: str | None, configured: tuple[str, ...]
) -> str | tuple[_Doubt, str] | None:
    first = compiled(_WORDS).search(text)
    if first is None:
        return None
    words = compiled(_WORDS).findall(text[first.start() : first.start() + _SAMPLE].lower().replace("’", "'"))
    few = script == LATIN and sum(map(len, words)) < _FEW_LETTERS
    if few and "".join(words).isascii():
        return _of_few_letters(words, hint, configured)
    return _Doubt(script, hint), " ".join(words)


def _of_few_letters(words: list[str], hint: str | None, configured: tuple[str, ...]) -> str:
    """For "ok", "nie" or "thx": the declared or the first configured language that is written so, else English."""
    if "pl" in configured and not POLISH.isdisjoint(words) and ENGLISH.isdisjoint(words):
        return "pl"
    return next((code for code in (hint, *configured) if code in SHARED[LATIN]), "en")


def _by_model(samples: Sequence[str], doubt: _Doubt, configured: tuple[str, ...]) -> list[str]:
    """The likeliest language of each text, what is configured and what is declared counting for more."""
    from carecli.triage.identifier import identifier

    return identifier(_MODELLED).likeliest(samples, *_chances(doubt.script, doubt.hint, configured))


@lru_cache(maxsize=64)
def _chances(script: str, hint: str | None, configured: tuple[str, ...]) -> tuple[tuple[str, ...], Floats]:
    """The languages of a script, and how likely each is before a word is read, the unlikeliest 1."""
    import numpy as np

    codes = tuple(sorted(SHARED[script]))
    chances = np.ones(len(codes))
    for place, code in enumerate(dict.fromkeys(configured)):
        if code in codes:
            chances[codes.index(code)] = _CONFIGURED * (1 + 0.1 / (1 + place))
    if hint in codes:
        chances[codes.index(hint)] *= _DECLARED
    return codes, chances
