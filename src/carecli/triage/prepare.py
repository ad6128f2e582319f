"""One text, made ready once for every signal: truncated, masked, folded, its language known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from carecli.text import fold
from carecli.triage.language import detect
from carecli.triage.variants import variants

# What says how someone feels stands in the first lines; the rest would only cost time.
MAX_CHARACTERS = 4000

_LINK = re.compile(r"https?://\S*|\bwww\.\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![A-Za-z0-9_@.])@\w[\w.-]*(?:@\w[\w.-]*)?|\b[\w.+-]{1,64}@\w[\w-]*\.\w[\w.-]*")
# Prefixes that Hebrew writes together with the next word: and, the, in, to, from, that, like.
_HEBREW_PREFIX = "[והבלמשכ]{0,2}"
_HEBREW = re.compile("[\u05d0-\u05ea]")
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


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text and what every signal needs of it.

    `text` is the original, at most `MAX_CHARACTERS`. `masked` is the same with links, addresses, @handles and
    the brand's names as spaces, case kept; `folded` is `carecli.text.fold` of that. `language` is ISO 639-1 or
    None; `declared` is what the platform said it was. `links` and `handles` count what was masked.
    """

    text: str
    masked: str
    folded: str
    language: str | None
    links: int = 0
    handles: int = 0
    declared: str | None = None

    @property
    def comparable(self) -> str:
        """`folded` with traditional Chinese characters as simplified ones."""
        return self.folded if self.folded.isascii() else self.folded.translate(variants())


def prepare(text: str, rules: Rules, declared: str | None = None) -> Prepared:
    """`text` ready for the signals. Never raises, whatever the text; linear in at most 4,000 characters."""
    text = text[:MAX_CHARACTERS]
    masked, links, handles = text, 0, 0
    if "://" in masked or "www." in masked or "WWW." in masked:
        masked, links = _LINK.subn(" ", masked)
    if "@" in masked:
        masked, handles = _ADDRESS.subn(" ", masked)
    if names := _names(rules.brand_names, rules.handles):
        masked = names.mask(masked)
    return Prepared(
        text=text,
        masked=masked,
        folded=fold(masked),
        language=detect(masked, declared=declared, languages=rules.languages),
        links=links,
        handles=handles,
        declared=declared,
    )


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
    accounts = (handle.lstrip("@").split("@")[0].split(".")[0] for handle in handles)
    names = {name.strip() for name in (*brand_names, *accounts) if name.strip()}
    if not names:
        return None
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    heads = tuple(dict.fromkeys(name.split()[0].lower() for name in longest_first))
    return _Names(heads, re.compile("|".join(map(_name, longest_first)), re.IGNORECASE))


def _name(name: str) -> str:
    """The pattern of one name: whole words, but for scripts without spaces."""
    body = r"\s+".join(map(re.escape, name.split()))
    if _ALONE.search(name):
        return f"#?{body}"
    prefix = _HEBREW_PREFIX if _HEBREW.match(name) else ""
    return rf"(?<!\w)#?{prefix}{body}(?:['’]s)?(?!\w)"
