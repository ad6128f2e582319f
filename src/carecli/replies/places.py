"""Where somebody lives, and what they are called, as texts in four languages write it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from carecli.replies.seen import Span

_UP = r"[A-ZĄĆĘŁŃÓŚŹŻ]"
_WORD = rf"{_UP}[\w'’-]{{1,20}}"
_NUMBER = r"\d{1,5}[A-Za-z]?(?:\s?/\s?\d{1,4})?"
_STREETS = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Close|Court|Ct|Place|Square|Sq|Way|Boulevard|Blvd|Terrace|Crescent"
    "|Gardens|Grove|Mews|Walk|Row"
)
_ADDRESSES = (
    rf"(?:(?:Flat|Apartment|Apt|Unit|Suite)\.? \d{{1,5}}\w?,? )?\d{{1,5}}[A-Za-z]? (?:{_WORD} ){{1,3}}(?:{_STREETS})\b",
    rf"(?<!\w)(?i:ul|al|os|pl)\. ?(?:\w{{1,20}}\.? ?){{1,3}}? ?{_NUMBER}(?: ?m\.? ?\d{{1,4}})?(?!\d)",
    rf"(?<!\w)(?i:ulic|alej|osiedl|plac)[a-ząęóu]{{1,3}} (?:{_WORD} ){{1,3}}{_NUMBER}(?!\d)",
    r"(?<![א-ת])[בלמ]?(?:רחוב|רח['׳]|שדרות|שד['׳]|סמטת|דרך) (?:[א-ת\"'״׳-]{1,15} ){1,3}\d{1,4}(?!\d)",
    r"(?:[\u4e00-\u9fff]{2,4}(?:省|市|区|區|县|縣|镇|鎮)){0,3}[\u4e00-\u9fff]{1,6}(?:大道|路|街|巷|弄)\d{1,5}[号號弄]",
)
_ADDRESS = re.compile("|".join(f"(?:{each})" for each in _ADDRESSES))
_POST_CODE = re.compile(  # a British one; a Polish one with its town
    r"(?<![A-Za-z0-9])[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?![A-Za-z0-9])"
    rf"|(?<![\w-])\d{{2}}-\d{{3}}(?![\w-])(?: {_WORD}(?:[ -]{_WORD})?)?"
)

_HEBREW = r"[א-ת]{2,15}(?: [א-ת]{2,15})?"
_INTRODUCTIONS = (
    rf"(?:(?i:my name is|my name's|this is|i am called)|I am|I'm) ({_WORD}(?: {_WORD}){{0,2}})",
    rf"(?i:nazywam się|mam na imię|z tej strony) ({_WORD}(?: {_WORD}){{0,2}})",
    rf"(?<![א-ת])(?:שמי|קוראים לי|השם שלי(?: הוא)?) ({_HEBREW})",
    r"(?:我叫|我的名字叫|我的名字是|本人姓名|我姓名是)([\u4e00-\u9fff]{2,4})(?![\u4e00-\u9fff])",
)
_TITLES = (
    rf"(?<!\w)(?:Mr|Mrs|Ms|Miss|Mx|Dr)\.? ({_WORD}(?: {_WORD})?)",
    rf"(?<!\w)[Pp](?:ani|anią|an|ana|anu|anie|aństwo) ({_WORD}(?: {_WORD})?)",
    r"(?<![א-ת])(?:מר|גברת|גב['׳]|אדון) ([א-ת]{2,15})",
    r"(?<![\u4e00-\u9fff])([\u4e00-\u9fff]{1,4})(?=先生|女士|小姐|太太)",
)
_INTRODUCED = re.compile("|".join(_INTRODUCTIONS))
_TITLED = re.compile("|".join(_TITLES))
_NOBODY = ("这位", "那位", "各位", "这", "那", "位", "這位", "那些", "您好")


def addresses(text: str) -> Iterator[Span]:
    """Streets with a number."""
    return (match.span() for match in _ADDRESS.finditer(text))


def post_codes(text: str) -> Iterator[Span]:
    """British post codes, and Polish ones with the town behind them."""
    return (match.span() for match in _POST_CODE.finditer(text))


def introduced(text: str) -> list[str]:
    """The names with which the writer of a text introduces themselves: "my name is …"."""
    return [str(match[match.lastindex or 0]) for match in _INTRODUCED.finditer(text)]


def titled(text: str) -> Iterator[Span]:
    """Names behind or before a form of address: "Mrs Oak", "Pani Olu", "王女士"."""
    for match in _TITLED.finditer(text):
        if match[match.lastindex or 0] not in _NOBODY:
            yield match.span(match.lastindex or 0)
