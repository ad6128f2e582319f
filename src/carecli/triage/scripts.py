"""Which script a letter is in, and which languages are written in it."""

from __future__ import annotations

import unicodedata

from carecli.text.plain import Table

LATIN, CYRILLIC, ARABIC, DEVANAGARI, HAN, KANA, HEBREW = (
    "LATIN",
    "CYRILLIC",
    "ARABIC",
    "DEVANAGARI",
    "CJK",
    "KANA",
    "HEBREW",
)
# Scripts that one language nearly owns.
OWNERS = {
    HEBREW: "he", HAN: "zh", KANA: "ja", "HANGUL": "ko", "THAI": "th", "GREEK": "el", "ARMENIAN": "hy",
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
SHARED = {
    LATIN: frozenset(LATIN_CODES),
    CYRILLIC: frozenset({"ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "tt"}),
    ARABIC: frozenset({"ar", "fa", "ur", "ps", "ug", "ku", "sd"}),
    DEVANAGARI: frozenset({"hi", "mr", "ne"}),
}
_ALIASES = {"HIRAGANA": KANA, "KATAKANA": KANA, "FULLWIDTH": LATIN, "IDEOGRAPHIC": HAN}
# One letter stands for each script, OTHER for what is no letter.
CODES = {name: chr(0x41 + index) for index, name in enumerate([*SHARED, *OWNERS])}
NAMES = {code: name for name, code in CODES.items()}
OTHER = "."


def _script_code(code: int) -> str:
    character = chr(code)
    if not character.isalpha():
        return OTHER
    name = unicodedata.name(character, "").replace("-", " ").split(" ", 1)[0]
    return CODES.get(_ALIASES.get(name, name), OTHER)


# For `str.translate`.
SCRIPTS = Table(_script_code)
