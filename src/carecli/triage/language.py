"""Which language a text is in: the script decides where it can, a statistical model where it cannot.

Hebrew, Chinese, Thai, Greek … are settled by their letters. For Latin, Cyrillic, Arabic and Devanagari the
commonest English and Polish words are counted first, then py3langid is asked; it is imported only then. What is
none of the configured languages keeps its own code: Russian is not English because four others are configured.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from carecli.text.plain import Table, compiled

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
# Scripts that many languages share, and which.
_SHARED = {
    _LATIN: frozenset(_LATIN_CODES.split()),
    _CYRILLIC: frozenset({"ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "tt"}),
    _ARABIC: frozenset({"ar", "fa", "ur", "ps", "ug", "ku", "sd"}),
    _DEVANAGARI: frozenset({"hi", "mr", "ne"}),
}
_MODELLED = frozenset().union(*_SHARED.values())
# A Chinese character is about a word, and Hebrew leaves its vowels out.
_WEIGHTS = {_HAN: 3.0, _KANA: 2.0, "HANGUL": 2.0, _HEBREW: 1.5, "THAI": 1.5}
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
_POLISH_LETTERS = frozenset("ąęłżźćśń")
# Letters that no other big language of this script has, and those that settle it beside one of them.
_ONLY_POLISH, _POLISH_PAIR = frozenset("łśź"), frozenset("ąężćń")
# What a token says of its language, counts of twelve bits each.
_COUNT = 0xFFF
(
    _WORD, _ENGLISH_WORD, _ONLY_ENGLISH_WORD, _POLISH_WORD, _POLISH_LETTER, _ONLY_POLISH_LETTER, _POLISH_PAIR_LETTER,
    _LATIN_LETTER, _HEBREW_LETTER, FOREIGN,
) = (1 << 12 * place for place in range(10))  # fmt: skip
_HAN_LETTER, _KANA_LETTER = re.compile("[\u3400-\u9fff]"), re.compile("[\u3040-\u30ff]")
_AROUND_WORDS = " .,;:!?…()[]{}\"'“”„*_~#-/"
_WORDS = r"[^\W\d_]+(?:'[^\W\d_]+)?"
# The first characters are enough for the model, and its cost grows with the length.
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
    return decide(text, sum(map(votes, text.split())), declared=declared, languages=languages)


def votes(token: str) -> int:
    """What one token says of the language of its text: counts of twelve bits each, to be added up."""
    lower = token.lower().replace("’", "'")
    word = lower.strip(_AROUND_WORDS)
    found = _WORD if word and not word.isdigit() else 0
    if word in _ENGLISH:
        found += _ENGLISH_WORD + (_ONLY_ENGLISH_WORD if word in _ONLY_ENGLISH else 0)
    if word in _POLISH:
        found += _POLISH_WORD
    if token.isascii():
        return found + _LATIN_LETTER * (len(token) if token.isalpha() else sum(map(str.isalpha, token)))
    found += _POLISH_LETTER * (not _POLISH_LETTERS.isdisjoint(lower))
    found += _ONLY_POLISH_LETTER * (not _ONLY_POLISH.isdisjoint(lower))
    found += _POLISH_PAIR_LETTER * (not _POLISH_PAIR.isdisjoint(lower))
    for code, count in Counter(token.translate(_SCRIPTS)).items():
        if code != _OTHER:
            name = _NAMES[code]
            found += count * (_LATIN_LETTER if name == _LATIN else _HEBREW_LETTER if name == _HEBREW else FOREIGN)
    return found


def decide(text: str, counted: int, *, declared: str | None = None, languages: tuple[str, ...] = ("en",)) -> str | None:
    """The same where the sum of the `votes` of all tokens is known."""
    configured = _bases(languages)
    hint = base(declared) if declared else None
    latin, hebrew = counted // _LATIN_LETTER & _COUNT, counted // _HEBREW_LETTER & _COUNT
    if counted // FOREIGN & _COUNT:
        return _by_script(text, counted, hint, configured)
    if latin >= hebrew * _WEIGHTS[_HEBREW]:
        return _of_shared_script(text, counted, _LATIN, hint, configured) if latin else None
    return "he"


def _by_script(text: str, counted: int, hint: str | None, configured: tuple[str, ...]) -> str | None:
    script = _script(text)
    if script in _SHARED:
        return _of_shared_script(text, counted, script, hint, configured)
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
    han = len(_HAN_LETTER.findall(text))
    if han * _WEIGHTS[_HAN] >= len(text) and not _KANA_LETTER.search(text):
        return _HAN
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


def _script_code(code: int) -> str:
    character = chr(code)
    if not character.isalpha():
        return _OTHER
    name = unicodedata.name(character, "").replace("-", " ").split(" ", 1)[0]
    return _CODES.get(_ALIASES.get(name, name), _OTHER)


_SCRIPTS = Table(_script_code)


def _of_shared_script(
    text: str, counted: int, script: str, hint: str | None, configured: tuple[str, ...]
) -> str | None:
    if script == _LATIN and (common := _by_common_words(counted)):
        return common
    words = compiled(_WORDS).findall(text[:_SAMPLE].lower().replace("’", "'"))
    if not words:
        return None
    few = script == _LATIN and sum(map(len, words)) < _FEW_LETTERS
    if few and (likely := _of_few_letters(words, hint, configured)):
        return likely
    return _by_model(" ".join(words), script, hint, configured)


def _of_few_letters(words: list[str], hint: str | None, configured: tuple[str, ...]) -> str | None:
    """For "ok", "nie" or "thx": the declared or the first configured language that is written so."""
    if not "".join(words).isascii():
        return None
    if "pl" in configured and not _POLISH.isdisjoint(words) and _ENGLISH.isdisjoint(words):
        return "pl"
    return next((code for code in (hint, *configured) if code in _SHARED[_LATIN]), None)


def _by_common_words(counted: int) -> str | None:
    """English or Polish where the small words leave no doubt."""
    words = counted & _COUNT
    english, polish = counted // _ENGLISH_WORD & _COUNT, counted // _POLISH_WORD & _COUNT
    accents, only_polish = counted // _POLISH_LETTER & _COUNT, counted // _ONLY_POLISH_LETTER & _COUNT
    if english >= 3 and english * 6 >= words and polish * 4 <= english:
        return "en"
    if counted // _ONLY_ENGLISH_WORD & _COUNT >= 2 and english * 4 >= words and not polish and not accents:
        return "en"
    if english < 2 and only_polish and (polish or only_polish > 1 or counted // _POLISH_PAIR_LETTER & _COUNT):
        return "pl"
    if polish >= 2 and polish * 6 >= words and english == 0 and (accents or polish > 2):
        return "pl"
    return None


def _by_model(sample: str, script: str, hint: str | None, configured: tuple[str, ...]) -> str | None:
    """The likeliest language of `script`, what is configured and what is declared counting for more."""
    from carecli.triage.identifier import identifier

    best, likeliest = None, -1.0
    for code, share in identifier(_MODELLED).rank(sample):
        weighed = float(share)
        if code not in _SHARED[script]:
            continue
        if code in configured:
            weighed *= _CONFIGURED * (1 + 0.1 / (1 + configured.index(code)))
        if code == hint:
            weighed *= _DECLARED
        if weighed > likeliest:
            best, likeliest = code, weighed
    return best
