"""Which language a reply is in, where that is beyond doubt, and the rule that it is the customer's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from carecli.replies.basics import HANDLE
from carecli.replies.lexicon import data, primary
from carecli.replies.links import links
from carecli.replies.rules import Context, Hit
from carecli.replies.seen import Seen
from carecli.text import fold

_SCRIPTS = {
    "latin": re.compile("[a-z\u00df-\u024f]+"),
    "hebrew": re.compile("[\u05d0-\u05ea]+"),
    "han": re.compile("[\u3400-\u9fff]"),
    "kana": re.compile("[\u3041-\u30ff]+"),
    "hangul": re.compile("[\uac00-\ud7a3]+"),
    "cyrillic": re.compile("[\u0400-\u04ff]+"),
    "arabic": re.compile("[\u0620-\u06ff]+"),
    "greek": re.compile("[\u0370-\u03ff]+"),
    "thai": re.compile("[\u0e01-\u0e5b]+"),
    "devanagari": re.compile("[\u0900-\u097f]+"),
}
# Scripts of languages that are not written in Latin letters.
_WRITTEN_IN = {
    **dict.fromkeys(("he", "iw", "yi"), "hebrew"),
    **dict.fromkeys(("ru", "uk", "bg", "be", "mk"), "cyrillic"),
    **dict.fromkeys(("ar", "fa", "ur"), "arabic"),
    **dict.fromkeys(("hi", "mr", "ne"), "devanagari"),
    "zh": "han",
    "ja": "kana",
    "ko": "hangul",
    "el": "greek",
    "th": "thai",
}
_TELLS = {"hebrew": "he", "han": "zh", "kana": "ja", "hangul": "ko", "greek": "el", "thai": "th"}
_POLISH = re.compile("[ąćęłńśźż]")
_HAN_PER_WORD = 1.6  # Chinese characters that make a word, on average


def script(text: str) -> str | None:
    """The script of most words of `text`, links and handles left out; None when it is mixed or there are too few."""
    plain = _plain(text)
    counts: Counter[str] = Counter({name: len(letters.findall(plain)) for name, letters in _SCRIPTS.items()})
    counts["han"] = round(counts["han"] / _HAN_PER_WORD)
    if counts["kana"] and counts["han"]:
        counts["kana"] += counts.pop("han")
    total = counts.total()
    name, most = counts.most_common(1)[0]
    return name if total >= 2 and most >= 0.6 * total else None


def language(text: str) -> str | None:
    """The language of `text` where its script or its small words leave no doubt, else None."""
    written = script(text)
    if written != "latin":
        return _TELLS.get(written or "")
    plain = _plain(text)
    found = Counter(fold(word) for word in _SCRIPTS["latin"].findall(plain))
    english, polish = (sum(found[word] for word in _stopwords(code)) for code in ("en", "pl"))
    polish += min(3, len(_POLISH.findall(plain)))
    if max(english, polish) < 2 or min(english, polish) * 2 >= max(english, polish):
        return None
    return "en" if english > polish else "pl"


@cache
def _stopwords(code: str) -> frozenset[str]:
    """The small words of `code` that no other language here has."""
    own = {fold(word) for word in data(code)["stopwords"]}
    others = {fold(word) for other in ("en", "pl") if other != code for word in data(other)["stopwords"]}
    return frozenset(own - others)


def _plain(text: str) -> str:
    for link in reversed(list(links(text))):
        text = text[: link.span[0]] + " " + text[link.span[1] :]
    return HANDLE.sub(" ", text).lower()


def same_language(seen: Seen, context: Context) -> Iterator[Hit]:
    """The reply is in another language than the customer's."""
    if not context.language:
        return
    wanted = primary(context.language)
    expected = _WRITTEN_IN.get(wanted, "latin")
    written = script(seen.text)
    if written is None or (written == "han" and expected == "kana"):
        return
    found = language(seen.text)
    if written != expected or (found is not None and found != wanted):
        yield Hit(
            f"The customer writes in {wanted}, the reply is in {found or f'{written} script'}: answer in {wanted}."
        )
