"""Which language a text is in: the script decides where it can, a statistical model where it cannot.

Hebrew, Chinese, Thai, Greek … are settled by their letters. For Latin the commonest English and Polish words are
counted first, then longer lists of words that other languages do not have; for what is left, and for Cyrillic, Arabic
and Devanagari, py3langid is asked, imported only then. What is none of the configured languages keeps its own code:
Russian is not English because four others are configured.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from carecli.text.plain import Table, compiled

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from carecli.triage.columns import Flags, Ints
    from carecli.triage.identifier import Floats

_LATIN, _CYRILLIC, _ARABIC, _DEVANAGARI, _HAN, _KANA, _HEBREW = (
    "LATIN",
    "CYRILLIC",
    "ARABIC",
    "DEVANAGARI",
    "CJK",
    "KANA",
    "HEBREW",
)
# Scripts that one language nearly owns.
_OWNERS = {
    _HEBREW: "he", _HAN: "zh", _KANA: "ja", "HANGUL": "ko", "THAI": "th", "GREEK": "el", "ARMENIAN": "hy",
    "GEORGIAN": "ka", "TAMIL": "ta", "TELUGU": "te", "BENGALI": "bn", "GUJARATI": "gu", "GURMUKHI": "pa",
    "KANNADA": "kn", "MALAYALAM": "ml", "SINHALA": "si", "KHMER": "km", "LAO": "lo", "MYANMAR": "my",
    "ETHIOPIC": "am", "ORIYA": "or", "TIBETAN": "bo", "THAANA": "dv",
}  # fmt: skip
# The languages that the model may answer with; it knows many more that it would guess for short texts.
_LATIN_CODES = (
    "en pl de fr es it pt nl cs sk sl hr hu ro sv da no fi et lv lt tr vi id ca eu gl ga cy is sq tl sw af az uz "
    "mt so zu ha yo"
)
LATIN_CODES = tuple(_LATIN_CODES.split())
# Scripts that many languages share, and which.
_SHARED = {
    _LATIN: frozenset(LATIN_CODES),
    _CYRILLIC: frozenset({"ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "tt"}),
    _ARABIC: frozenset({"ar", "fa", "ur", "ps", "ug", "ku", "sd"}),
    _DEVANAGARI: frozenset({"hi", "mr", "ne"}),
}
_MODELLED = frozenset().union(*_SHARED.values())
# A Chinese character is about a word, and Hebrew leaves its vowels out.
_WEIGHTS = {_HAN: 3.0, _KANA: 2.0, "HANGUL": 2.0, _HEBREW: 1.5, "THAI": 1.5}
_HEAVIEST_BESIDE_HAN = max(weight for script, weight in _WEIGHTS.items() if script != _HAN)
_ALIASES = {"HIRAGANA": _KANA, "KATAKANA": _KANA, "FULLWIDTH": _LATIN, "IDEOGRAPHIC": _HAN}
_CODES = {name: chr(0x41 + index) for index, name in enumerate([*_SHARED, *_OWNERS])}
_NAMES = {code: name for name, code in _CODES.items()}
_OTHER = "."

_ENGLISH_WORDS = (
    "the and you your is are was were this that these those with have has had my our not what when why how who "
    "it's i'm i've don't can't won't didn't isn't doesn't been from they them will would could should but just "
    "there here please because which where about any some its than then of for it get got we "
    "out his her she if back still never all after into too very im dont cant ive need know think being did does "
    "more other only really their said who's that's you're we're he's she's i'll i'd "
    "wasn't weren't haven't hasn't couldn't wouldn't shouldn't isnt didnt doesnt wont thats youre theyre they're "
    "people things thing something anything nothing someone everyone anyone everything yourself myself "
    "going went gone want wants wanted make makes made give given take takes took say says year years day days "
    "week weeks month months money many much such own same every each few both between through during without "
    "while until since yet always often maybe probably actually thanks thank happy great best better well good "
    "love hope guess wish read reading look looks looking tell talk way using used use having getting sure"
)
_POLISH_WORDS = (
    "nie się sie jest że ze jak czy dla ale mam już juz tylko co od po przez przy bardzo mnie moje moja mój moj "
    "gdzie kiedy dlaczego proszę prosze dziękuję dziekuje za pan pani jestem są może moze było bylo mogę moge "
    "dzieki czesc witam wasza wasze wasz waszej państwo państwa dzień dobry która które który oraz żeby zeby "
    "w był byla była były byly został została zostało można mozna też tez więc wiec gdy również rowniez niestety "
    "polecam dlatego jeszcze bym mnie mną nam nas was wam tego tym tych której którego które ktore ktory ktora "
    "jako bez nawet kiedyś pan pani dziś dzisiaj wczoraj ktoś coś cos ktos wszystko wszystkie zawsze nigdy"
)
_ENGLISH, _POLISH = frozenset(_ENGLISH_WORDS.split()), frozenset(_POLISH_WORDS.split())
# Short words that other languages of this script have too.
_SHARED_WORDS = "is was has had my our not do did so for be an in of all as after her he me into"
_ONLY_ENGLISH = _ENGLISH - frozenset(_SHARED_WORDS.split())
# Other words that an English text may have, and any other language too.
_SMALL_WORDS = "a i to on no at by or up can am go see yes if may new one two us oh ok ask let old top act add man men"
_SMALL_ENGLISH = frozenset(_SMALL_WORDS.split()) - _ENGLISH
_POLISH_LETTERS = frozenset("ąęłżźćśń")
# Letters that no other big language of this script has, and those that settle it beside one of them.
_ONLY_POLISH, _POLISH_PAIR = frozenset("łśź"), frozenset("ąężćń")
# Latin letters that neither English nor Polish writes its words with.
_STRANGE = re.compile("[^\\W\\d_a-ząęłżźćśńó]")
_HAN_LETTER, _KANA_LETTER = re.compile("[\u3400-\u9fff]"), re.compile("[\u3040-\u30ff]")
_AROUND_WORDS = " .,;:!?…()[]{}\"'“”„*_~#-/"
_WORDS = r"[^\W\d_]+(?:'[^\W\d_]+)?"
# So many characters from the first letter on are enough for the model, and its cost grows with the length.
_SAMPLE = 240
# How much likelier a configured language, and the declared one, is than any other before a word is read.
_CONFIGURED, _DECLARED = 8.0, 4.0
# Fewer letters than this, without an accent, are no evidence for a model.
_FEW_LETTERS = 6


class Votes(NamedTuple):
    """What one token says of the language of its text; those of a text are the sums.

    0 or 1: it is a word at all, one of the commonest words of English, one of those that only English has, one of the
    commonest of Polish; one that tells English, or Polish, from other languages; one that goes well with English.
    0 or 1: it has a letter that Polish has, that only Polish has, that settles it beside one of them, a Latin letter
    that neither of the two has. Then how many letters: Latin, Hebrew, others; Chinese and kana among these.
    """

    word: int = 0
    english: int = 0
    only_english: int = 0
    polish: int = 0
    tells_english: int = 0
    tells_polish: int = 0
    small_english: int = 0
    accent: int = 0
    only_polish: int = 0
    pair: int = 0
    strange: int = 0
    latin: int = 0
    hebrew: int = 0
    foreign: int = 0
    han: int = 0
    kana: int = 0


_LETTERS, _LATIN_LETTERS = Votes._fields.index("accent"), Votes._fields.index("latin")
# From here on votes say which script a text is in whose words come without spaces.
OF_SCRIPT = Votes._fields.index("han")
# Of a text whose script has to be looked at.
FOREIGN = Votes(foreign=1)


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


def votes(tokens: Sequence[str]) -> npt.NDArray[np.int32]:
    """What each token says, one row of `Votes` each."""
    import numpy as np

    words = [plain_word(token) for token in tokens]
    rows = np.zeros((len(tokens), len(Votes._fields)), np.int32)
    rows[:, 0] = [word != "" and not word.isdigit() for word in words]
    known = (_ENGLISH, _ONLY_ENGLISH, _POLISH, _telling("en"), _telling("pl"), _SMALL_ENGLISH)
    for column, listed in enumerate(known, 1):
        rows[:, column] = np.fromiter(map(listed.__contains__, words), np.bool_, len(words))
    rows[:, _LATIN_LETTERS] = list(map(len, tokens))
    others = [place for place, token in enumerate(tokens) if token and not (token.isascii() and token.isalpha())]
    if others:
        rows[others, _LETTERS:] = _letters([tokens[place] for place in others])
    return rows


def _letters(tokens: Sequence[str]) -> Ints:
    """The entries of `Votes` from `accent` on, one row a token; none is empty."""
    import numpy as np

    joined, sizes = "".join(tokens), np.fromiter(map(len, tokens), np.int64, len(tokens))
    starts = np.cumsum(sizes) - sizes
    scripts, looks = (
        np.frombuffer(joined.translate(table).encode("latin-1"), np.uint8) for table in (_SCRIPTS, _LOOKS)
    )

    def count(which: Flags) -> Ints:
        found: Ints = np.add.reduceat(which, starts, dtype=np.int64)
        return found

    latin, hebrew, none = (count(scripts == ord(code)) for code in (_CODES[_LATIN], _CODES[_HEBREW], _OTHER))
    polish, only_polish, pair, strange = (np.bitwise_or.reduceat(looks, starts) >> bit & 1 for bit in range(4))
    han, kana = (count(looks >> bit & 1 == 1) for bit in (4, 5))
    foreign = sizes - latin - hebrew - none
    columns = polish, only_polish, pair, strange * (latin > 0), latin, hebrew, foreign, han, kana
    return np.stack(columns, axis=1).astype(np.int64)


def _look(code: int) -> int:
    """What a letter says beside its script, as bits."""
    lower = chr(code).lower()
    kinds = _POLISH_LETTERS, _ONLY_POLISH, _POLISH_PAIR
    found = [not letters.isdisjoint(lower) for letters in kinds] + [
        pattern.search(lower) is not None for pattern in (_STRANGE, _HAN_LETTER, _KANA_LETTER)
    ]
    return sum(is_so << bit for bit, is_so in enumerate(found))


_LOOKS = Table(_look)


def is_common(word: str) -> bool:
    """Whether this is one of the commonest words of English or Polish, in whatever case."""
    return word.lower() in _ENGLISH or word.lower() in _POLISH


def plain_word(token: str) -> str:
    """A token as the lists of words have it."""
    return token.lower().replace("’", "'").strip(_AROUND_WORDS)


@cache
def _telling(language: str) -> frozenset[str]:
    """Words that tell a language from others: common ones, and a longer list (`scripts/common_words.py`)."""
    lines = files("carecli.triage").joinpath("data", f"words_{language}.txt").read_text(encoding="utf-8").splitlines()
    common = _ONLY_ENGLISH if language == "en" else _POLISH - _ENGLISH
    return common.union(line for line in lines if not line.startswith("#"))


def decide(
    texts: Sequence[str], counted: Ints, declared: Sequence[str | None], languages: tuple[str, ...] = ("en",)
) -> list[str | None]:
    """The language of each text, of whose tokens `counted` has the sums of the votes (`tokens.said`), one row each."""
    import numpy as np

    configured = _bases(languages)
    *_, latin, hebrew, foreign, han, kana = counted.T
    by_words = _by_words(counted)
    looked_at, is_latin = foreign > 0, latin >= hebrew * _WEIGHTS[_HEBREW]
    easy = by_words * (is_latin & ~looked_at) + 3 * (~is_latin & ~looked_at) + 4 * ((latin + hebrew + foreign) == 0)
    hints = [base(tag) if tag else None for tag in declared]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    easy[_mostly_han(han, kana, lengths) & np.array([hint != "ja" for hint in hints], bool)] = 5
    found: list[str | None] = []
    doubts: dict[_Doubt, list[tuple[int, str]]] = {}
    columns = texts, easy.tolist(), by_words.tolist(), looked_at.tolist(), hints
    for place, (text, code, words, strange, hint) in enumerate(zip(*columns, strict=True)):
        says = _EASY[code] if code else _alone(text, _EASY[words], hint, configured, is_latin=not strange)
        if isinstance(says, tuple):
            doubt, sample = says
            doubts.setdefault(doubt, []).append((place, sample))
        found.append(None if isinstance(says, tuple) else says)
    for doubt, samples in doubts.items():
        likely = _by_model([sample for _, sample in samples], doubt, configured)
        for (place, _), code in zip(samples, likely, strict=True):
            found[place] = code
    return found


# What is decided for all texts at once, by number; 0 is undecided.
_EASY = (None, "en", "pl", "he", None, "zh")


def _by_words(counted: Ints) -> Ints:
    """1 for English, 2 for Polish where words leave no doubt, else 0."""
    (
        word, english, only_english, polish, tells_english, tells_polish, small_english,
        accent, only_polish, pair, strange, *_,
    ) = counted.T  # fmt: skip
    by_small_words = (english >= 3) & (english * 6 >= word) & (polish * 4 <= english)
    by_small_words |= (only_english >= 2) & (english * 4 >= word) & (polish == 0) & (accent == 0)
    maybe_english = english + tells_english - only_english + small_english
    told = (tells_english >= 2) & (maybe_english * 2 >= word)
    told |= (tells_english >= 1) & (maybe_english * 4 >= word * 3) & (word >= 3)
    is_english = by_small_words | (told & (tells_polish + accent + strange == 0))
    by_letters = (english < 2) & (only_polish > 0) & ((polish > 0) | (only_polish > 1) | (pair > 0))
    by_small_words = (polish >= 2) & (polish * 6 >= word) & (english == 0) & ((accent > 0) | (polish > 2))
    told = (tells_polish >= 2) & (tells_polish > polish) & (tells_polish * 4 >= word)
    told |= (tells_polish >= 1) & (only_polish > 0)
    is_polish = by_letters | by_small_words | (told & (tells_polish > 2 * tells_english) & (strange == 0))
    found: Ints = is_english + 2 * (is_polish & ~is_english)
    return found


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
    script = _LATIN if is_latin else _script(text)
    if script == _LATIN and by_words:
        return by_words
    if script in _SHARED:
        return _of_shared_script(text, script, hint, configured)
    if script == _HAN and hint == "ja" and len(text) < 12:
        return "ja"
    return None if script is None else _OWNERS.get(script)


def base(code: str) -> str:
    """The language of a tag: `zh-TW` and `ZH_Hant` are `zh`; the old code of Hebrew becomes `he`."""
    code = code.replace("_", "-").split("-", 1)[0].strip().lower()
    return {"iw": "he", "cmn": "zh", "yue": "zh"}.get(code, code)


@lru_cache(maxsize=64)
def _bases(codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(base, codes))


def _script(text: str) -> str | None:
    """The script that weighs most among the letters of `text`."""
    counts = Counter(text.translate(_SCRIPTS))
    weighed = {
        name: count * _WEIGHTS.get(name, 1.0)
        for code, count in counts.items()
        if (name := _NAMES.get(code)) is not None
    }
    if not weighed:
        return None
    # Japanese mixes kana into Chinese characters; a lone の is fashion in Chinese shop names.
    kana = counts.get(_CODES[_KANA], 0) - text.count("の")
    if kana > 0 and kana * 12 >= counts.get(_CODES[_HAN], 0):
        weighed[_KANA] += weighed.pop(_HAN, 0.0)
    else:
        weighed.pop(_KANA, None) if _HAN in weighed else None
    return max(weighed, key=lambda name: (weighed[name], name))


def _mostly_han(han: Ints, kana: Ints, lengths: Ints) -> Flags:
    """Which texts are in Chinese characters, whatever their other letters are."""
    found: Flags = (han * _WEIGHTS[_HAN] > (lengths - han) * _HEAVIEST_BESIDE_HAN) & (kana == 0)
    return found


def _script_code(code: int) -> str:
    character = chr(code)
    if not character.isalpha():
        return _OTHER
    name = unicodedata.name(character, "").replace("-", " ").split(" ", 1)[0]
    return _CODES.get(_ALIASES.get(name, name), _OTHER)


_SCRIPTS = Table(_script_code)


def _of_shared_script(
    text: str, script: str, hint: str | None, configured: tuple[str, ...]
) -> str | tuple[_Doubt, str] | None:
    first = compiled(_WORDS).search(text)
    if first is None:
        return None
    words = compiled(_WORDS).findall(text[first.start() : first.start() + _SAMPLE].lower().replace("’", "'"))
    few = script == _LATIN and sum(map(len, words)) < _FEW_LETTERS
    if few and "".join(words).isascii():
        return _of_few_letters(words, hint, configured)
    return _Doubt(script, hint), " ".join(words)


def _of_few_letters(words: list[str], hint: str | None, configured: tuple[str, ...]) -> str:
    """For "ok", "nie" or "thx": the declared or the first configured language that is written so, else English."""
    if "pl" in configured and not _POLISH.isdisjoint(words) and _ENGLISH.isdisjoint(words):
        return "pl"
    return next((code for code in (hint, *configured) if code in _SHARED[_LATIN]), "en")


def _by_model(samples: Sequence[str], doubt: _Doubt, configured: tuple[str, ...]) -> list[str]:
    """The likeliest language of each text, what is configured and what is declared counting for more."""
    from carecli.triage.identifier import identifier

    return identifier(_MODELLED).likeliest(samples, *_chances(doubt.script, doubt.hint, configured))


@lru_cache(maxsize=64)
def _chances(script: str, hint: str | None, configured: tuple[str, ...]) -> tuple[tuple[str, ...], Floats]:
    """The languages of a script, and how likely each is before a word is read, the unlikeliest 1."""
    import numpy as np

    codes = tuple(sorted(_SHARED[script]))
    chances = np.ones(len(codes))
    for place, code in enumerate(dict.fromkeys(configured)):
        if code in codes:
            chances[codes.index(code)] = _CONFIGURED * (1 + 0.1 / (1 + place))
    if hint in codes:
        chances[codes.index(hint)] *= _DECLARED
    return codes, chances
