"""One text, made ready once for every signal: truncated, masked, folded, its language known."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from carecli.text import fold
from carecli.triage.language import decide
from carecli.triage.phrases import characters
from carecli.triage.variants import comparable
from carecli.triage.votes import is_common

if TYPE_CHECKING:
    from carecli.triage.columns import Ints
    from carecli.triage.vocabulary import Tokens

# What says how someone feels stands in the first lines; the rest would only cost time.
MAX_CHARACTERS = 4000
# So many texts, and characters in them, are looked at together: enough for array operations to pay (half as many cost a
# tenth more), little enough for memory.
_MOST_TEXTS, _MOST_TOGETHER = 2048, 262_144

_LINK = re.compile(r"https?://\S*|\bwww\.\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![A-Za-z0-9_@.])@\w[\w.-]*(?:@\w[\w.-]*)?|\b[\w.+-]{1,64}@\w[\w-]*\.\w[\w.-]*")
_TOO_SHORT = 2  # for a name
# Prefixes that Hebrew writes together with the next word: and, the, in, to, from, that, like.
_HEBREW_PREFIX = "[והבלמשכ]{0,2}"
_HEBREW = re.compile("[\u05d0-\u05ea]")
_SPACELESS = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_ALONE = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True)
class Rules:
    """What the user configured: languages (ISO 639-1, first is the default), own names, topic keywords.

    `brand_names` and `handles` are masked before scoring: the name of an airline is not joy. `topics` maps a
    topic to the words or phrases that mean it.
    """

    languages: tuple[str, ...] = ("en",)
    brand_names: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    topics: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Prepared(NamedTuple):
    """A text and what every signal needs of it.

    `text` is the original, at most `MAX_CHARACTERS`. `masked` is the same in NFC with links, addresses, @handles and
    the brand's names as spaces, case kept; `tokens` is what stands between its spaces, line breaks as "¶". `language`
    is ISO 639-1 or None; `marks` are bits (`symbols.py`). `plain` is `masked` made `comparable` where words stand
    without spaces, else "". `links` and `handles` count what was masked.
    """

    text: str
    masked: str
    tokens: Sequence[str]
    language: str | None
    marks: int
    plain: str = ""
    links: int = 0
    handles: int = 0

    @property
    def pieces(self) -> Sequence[str]:
        """What phrases are looked for in: the tokens, or the characters of a Chinese text."""
        return characters(self.plain) if self.language == "zh" else self.tokens

    @property
    def units(self) -> Sequence[str]:
        """The tokens that the learning part looks at: a Chinese text is one."""
        return [self.plain] if self.plain else self.tokens

    def without_end(self, end: int) -> Prepared:
        """The same up to character `end` of `masked`; marks and language stay."""
        masked = self.masked[:end]
        return self._replace(masked=masked, tokens=tokens_of(masked), plain=comparable(masked) if self.plain else "")

    @property
    def folded(self) -> str:
        """`carecli.text.fold` of the masked text."""
        return fold(self.masked)


class Batch(NamedTuple):
    """Prepared texts, and as columns what is asked of all of them at once.

    `tokens` are the pieces of each by number, which hold until others are numbered; `lengths` are those of `text`.
    """

    prepared: Sequence[Prepared]
    tokens: Tokens
    languages: Sequence[str | None]
    lengths: Ints
    marks: Ints
    links: Ints
    handles: Ints


def runs(texts: Sequence[str]) -> Iterator[slice]:
    """The texts in runs to be looked at together."""
    start = 0
    ends = list(accumulate((min(len(text), MAX_CHARACTERS) for text in texts), initial=0))
    while start < len(texts):
        end = min(bisect_right(ends, ends[start] + _MOST_TOGETHER) - 1, start + _MOST_TEXTS)
        yield slice(start, end)
        start = end


def prepare(text: str, rules: Rules, declared: str | None = None) -> Prepared:
    """One text ready for the signals."""
    return prepared([text], rules, [declared])[0]


def prepared(texts: Sequence[str], rules: Rules, declared: Sequence[str | None]) -> list[Prepared]:
    """Texts ready for the signals, each as if it were alone; `declared` are the platforms' words on their languages.

    Never raises, whatever the texts; linear in at most 4,000 characters of each.
    """
    from carecli.triage.vocabulary import ONE_AT_A_TIME

    with ONE_AT_A_TIME:
        return list(batch(texts, rules, declared).prepared)


def batch(texts: Sequence[str], rules: Rules, declared: Sequence[str | None]) -> Batch:
    """The same, with what is asked of all at once."""
    import numpy as np

    from carecli.triage.tokens import said
    from carecli.triage.vocabulary import numbered

    cut = [text[:MAX_CHARACTERS] for text in texts]
    names = _names(rules.brand_names, rules.handles)
    masked, links, handles = zip(*(_masked(text, names) for text in cut), strict=True) if cut else ((), (), ())
    tokens = [tokens_of(text) for text in masked]
    spaceless = [not text.isascii() and _SPACELESS.search(text) is not None for text in masked]
    plain = [comparable(text) if alone else "" for text, alone in zip(masked, spaceless, strict=True)]
    whole = {place: (masked[place], plain[place]) for place, alone in enumerate(spaceless) if alone}
    pieces = numbered([characters(plain[place]) if place in whole else each for place, each in enumerate(tokens)])
    votes, signs = said(pieces, whole)
    languages = decide(masked, votes, declared, rules.languages)
    ready = list(map(Prepared, cut, masked, tokens, languages, signs.tolist(), plain, links, handles))
    pieces = pieces.with_others({place: tokens[place] for place in whole if languages[place] != "zh"})
    lengths, *masks = (np.array(column, np.int64) for column in (list(map(len, cut)), links, handles))
    return Batch(ready, pieces, languages, lengths, signs, *masks)


def _masked(text: str, names: _Names | None) -> tuple[str, int, int]:
    """`text` with links, addresses, @handles and names as spaces, and how many links and handles there were."""
    links = handles = 0
    if not text.isascii():  # names, lists of words and phrases are composed
        text = normalize("NFC", text)
    if "://" in text or "www." in text or "WWW." in text:
        text, links = _LINK.subn(" ", text)
    if "@" in text:
        text, handles = _ADDRESS.subn(" ", text)
    return names.mask(text) if names else text, links, handles


def tokens_of(masked: str) -> list[str]:
    """What stands between the spaces of a text; "¶" for a line break."""
    return (masked.replace("\n", " ¶ ") if "\n" in masked else masked).split()


@dataclass(frozen=True, slots=True)
class _Names:
    """The brand's names and handles as one alternation; `heads` are their first words, looked for before it."""

    heads: tuple[str, ...]
    pattern: re.Pattern[str]

    def mask(self, text: str) -> str:
        lowered = text.lower()
        return self.pattern.sub(" ", text) if any(head in lowered for head in self.heads) else text


@lru_cache(maxsize=64)
def _names(brand_names: tuple[str, ...], handles: tuple[str, ...]) -> _Names | None:
    """What to mask, longest first; None when there is nothing."""
    names = {normalize("NFC", name).strip() for name in (*brand_names, *map(_account, handles)) if name.strip()}
    if not names:
        return None
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    heads = tuple(dict.fromkeys(name.split()[0].lower() for name in longest_first))
    return _Names(heads, re.compile("|".join(map(_name, longest_first)), re.IGNORECASE))


def _account(handle: str) -> str:
    """What is a name in a handle: "acme" in "@acme@social.example" and in "acme.social", nothing in "my.acme"."""
    account, dot, _ = handle.lstrip("@").split("@")[0].partition(".")
    return "" if dot and (len(account) <= _TOO_SHORT or is_common(account)) else account


def _name(name: str) -> str:
    """The pattern of one name: whole words, but for scripts without spaces."""
    body = r"\s+".join(map(re.escape, name.split()))
    if _ALONE.search(name):
        return f"#?{body}"
    prefix = _HEBREW_PREFIX if _HEBREW.match(name) else ""
    return rf"(?<!\w)#?{prefix}{body}(?:['’]s)?(?!\w)"
