"""What counts as the same text when people search and when near-duplicates are looked for."""

from __future__ import annotations

import unicodedata

from carecli.text.plain import Table, compiled

_LETTERS = {
    **dict(zip("łøđðħŧıŋƀɨʉǥ", "loddhtinbiug", strict=True)),
    **dict(zip("ŁØĐÐĦŦŊƗ", "loddhtni", strict=True)),
    **dict(zip("æÆœŒþÞ", ("ae", "ae", "oe", "oe", "th", "th"), strict=True)),
    **dict.fromkeys("‘’‚‛′´ʼʹ׳", "'"),
    **dict.fromkeys("“”„‟″«»״", '"'),
    **dict.fromkeys("‐‑‒–—―−־", "-"),
}
_LETTERS_BY_CODE = str.maketrans(_LETTERS)
# A table that knows every character it meets: `str.translate` is slow where one is missing.
_MAPPED = Table(lambda code: _LETTERS_BY_CODE.get(code, code))
# Combining classes of marks that make another letter rather than an accent: vowel signs (0), nukta (7),
# kana voicing (8), virama (9).
_LETTER_MAKING = frozenset({0, 7, 8, 9})
_IGNORABLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f")

_ASCII_WORD = "[a-z0-9]+(?:'[a-z0-9]+)*"
_WORD = "[^\\s'\"]+(?:(?:'|(?<=[\u05d0-\u05ea])\"(?=[\u05d0-\u05ea]))[^\\s'\"]+)*"


def fold(text: str) -> str:
    """`text` for comparing and searching: no case, accents, niqqud, curly quotes or invisible characters.

    "Łódź" and "lodz", "Straße" and "STRASSE", "ＩＢＡＮ" and "iban", "צה״ל" and 'צה"ל' become equal.
    Compatibility decomposition (NFKD) and full case folding; then marks with a combining class go, but for
    those that make another letter; then NFC. Whitespace is not collapsed. Idempotent.
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.translate(_MAPPED)).casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", text).translate(_FOLDED))


def words(text: str) -> list[str]:
    """The folded words of `text`, in order: letters and digits with their marks, no punctuation, no emoji.

    An apostrophe inside a word stays ("don't"), and so does a quotation mark inside a Hebrew acronym. Every
    Chinese character is a word of its own, as Chinese has no spaces; kana and Hangul stay runs.
    """
    folded = fold(text)
    if folded.isascii():
        return compiled(_ASCII_WORD).findall(folded)
    return compiled(_WORD).findall(folded.translate(_WORDY))


def _folded(code: int) -> int | str | None:
    character = chr(code)
    if character in _IGNORABLE or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return None
    if unicodedata.combining(character) not in _LETTER_MAKING or unicodedata.category(character) == "Cf":
        return None
    return _LETTERS.get(character, code)


def _wordy(code: int) -> int | str:
    character = chr(code)
    if _is_han(code):
        return f" {character} "
    kept = character.isalnum() or character in "'\"" or unicodedata.category(character).startswith("M")
    return code if kept else " "


def _is_han(code: int) -> bool:
    unified = 0x3400 <= code <= 0x4DBF or 0x4E00 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFD
    return unified or 0xF900 <= code <= 0xFAFF or code in {0x3005, 0x3007}


_FOLDED = Table(_folded)
_WORDY = Table(_wordy)
