"""Personal data out of a text and back again: what leaves the machine, or stays for others to read, names nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from carecli.replies.basics import HANDLE
from carecli.replies.privacy import personal
from carecli.replies.seen import Span, see

_NUMBER = re.compile(r"(?<![\w.,])[#№]?(?=[\w-]*\d{3})[A-Za-z]{0,4}-?\d[\w-]{4,30}(?![\w])")
_NAME_PARTS = re.compile(r"[\s_.@-]+")
_LEAST = 3  # characters of a name that are looked for in a text: "Li" would be found in "like"
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
    parts = {part for each in names for part in (each, *_NAME_PARTS.split(each)) if len(part) >= _LEAST}
    for name in sorted(parts, key=len):
        pattern = rf"(?<!\w){re.escape(name)}(?!\w)" if name.isascii() else re.escape(name)
        found += [(match.span(), "NAME") for match in re.finditer(pattern, text, re.IGNORECASE)]
    found += [(match.span(), "NUMBER") for match in _NUMBER.finditer(text)]
    return _apart(found)


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
