"""Personal data out of a text and back again: what leaves the machine, or stays for others to read, names nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from carecli.replies.basics import HANDLE
from carecli.replies.places import addresses, post_codes, titled
from carecli.replies.privacy import personal
from carecli.replies.seen import Span, see

# Chinese puts no space between a word and a number, so borders are those of ASCII
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.,])[#№]?(?=[A-Za-z0-9_-]*\d{3})[A-Za-z]{0,4}-?\d[A-Za-z0-9_-]{4,30}(?![A-Za-z0-9_])"
)
_CODE = re.compile(r"(?<![A-Za-z0-9])(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{5,8}(?![A-Za-z0-9])")  # a booking
_QUANTITY = re.compile(r"\d{1,5}[A-Za-z]{1,4}")  # 100Wh, 20kg: says nothing of anybody
_NAMED_CODE = re.compile(
    r"(?:booking|reservation|reference|PNR|rezerwacj\w{1,3}|הזמנה|预订|預訂|订单|訂單|编号|編號)[^\w.!?]{0,3}"
    r"(?:(?:is|code|number|no|nr|numer|kod|号|號|码|碼|מספר|קוד)[^\w!?]{0,3}){0,2}([A-Z0-9]{5,10})(?![A-Za-z0-9])"
)
_NAME_PARTS = re.compile(r"[\s_.@-]+")
_LEAST = 3  # characters of a name that are looked for in a text: "Li" would be found in "like"
_LEAST_CJK = 2
_STEM = 5  # a name of so many letters is also found with another ending: Kowalska, Kowalskiej
_CJK = re.compile(r"[\u3400-\u9fff]")
_HEBREW = re.compile(r"[א-ת]")
_TOKEN = re.compile(r"\[[A-Z]+-\d+\]")


@dataclass
class Mask:
    """Placeholders for what was taken out, the same one for the same words; `names` are people to hide."""

    names: Sequence[str] = ()
    held: dict[str, str] = field(default_factory=dict)  # placeholder → what it stands for

    def hide(self, text: str) -> str:
        """`text` with a placeholder such as `[PHONE-1]` for each piece of personal data."""
        # nothing that is written like a placeholder may be taken for one on the way back
        text = text.replace("[", "(").replace("]", ")")
        for (start, end), kind in sorted(_pieces(text, self.names), reverse=True):
            text = text[:start] + self._token(kind, text[start:end]) + text[end:]
        return text

    def show(self, text: str) -> str:
        """`text` with every placeholder of ours turned back; one that we never gave stays, for the guardrails."""
        return _TOKEN.sub(lambda token: self.held.get(token[0], token[0]), text)

    def _token(self, kind: str, words: str) -> str:
        for token, held in self.held.items():
            if held == words and token.startswith(f"[{kind}-"):
                return token
        number = 1 + sum(token.startswith(f"[{kind}-") for token in self.held)
        self.held[f"[{kind}-{number}]"] = words
        return f"[{kind}-{number}]"


def _pieces(text: str, names: Sequence[str]) -> list[tuple[Span, str]]:
    """What to hide: spans without overlaps, with the kind that their placeholder names."""
    seen = see(text)
    found = [(seen.original(*each.span), _word(each.kind)) for each in personal(text)]
    found += [(match.span(), "HANDLE") for match in HANDLE.finditer(text)]
    found += [(span, "ADDRESS") for span in (*addresses(text), *post_codes(text))]
    found += [(span, "NAME") for span in titled(text)]
    parts = {part for each in names for part in (each, *_NAME_PARTS.split(each)) if _long_enough(part)}
    for name in sorted(parts, key=len):
        found += [(match.span(), "NAME") for match in re.finditer(_name(name), text, re.IGNORECASE)]
    found += [(match.span(1), "NUMBER") for match in _NAMED_CODE.finditer(text)]
    codes = [*_CODE.finditer(text), *_NUMBER.finditer(text)]
    found += [(match.span(), "NUMBER") for match in codes if not _QUANTITY.fullmatch(match[0])]
    return _apart(found)


def _long_enough(name: str) -> bool:
    return len(name) >= (_LEAST_CJK if _CJK.search(name) else _LEAST)


def _name(name: str) -> str:
    """How a name stands in a text, as a regular expression: with the endings and prefixes that languages give it."""
    if _CJK.search(name):
        return re.escape(name)
    if _HEBREW.search(name):
        return rf"(?<![א-ת])[ולבמשהכ]{{0,2}}{re.escape(name)}(?![א-ת])"
    letter = r"[A-Za-z0-9_]" if name.isascii() else r"\w"
    if len(name) < _STEM or not name.isalpha():
        return rf"(?<!{letter}){re.escape(name)}(?!{letter})"
    return rf"(?<!{letter}){re.escape(name[:-1])}(?:{re.escape(name[-1])}|[aąeęiouy]\w{{0,3}})(?!{letter})"


def _apart(found: Sequence[tuple[Span, str]]) -> list[tuple[Span, str]]:
    """Longer pieces win over shorter ones that they touch."""
    kept: list[tuple[Span, str]] = []
    for span, kind in sorted(found, key=lambda each: each[0][0] - each[0][1]):
        if all(span[1] <= other[0] or span[0] >= other[1] for other, _ in kept):
            kept.append((span, kind))
    return kept


def _word(kind: str) -> str:
    return re.sub(r"[^A-Z]", "", kind.upper()) or "NUMBER"


def without(text: str, names: Sequence[str] = ()) -> tuple[str, Mapping[str, str]]:
    """`text` with nothing but "…" where personal data stood, and what was taken out, by placeholder."""
    mask = Mask(names)
    hidden = mask.hide(text)
    bare = re.sub(r"[ \t]{2,}", " ", _TOKEN.sub("…", hidden))
    return re.sub(r"\A[\s…,，:]+", "", bare).strip(), mask.held
