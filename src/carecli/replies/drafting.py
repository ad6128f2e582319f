"""Drafts from phrasings: they name the customer's problem, in the customer's language and the brand's voice.

Pure: the same case, voice, recent replies and seed give the same drafts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from carecli.config import Voice
from carecli.model import Draft
from carecli.replies.composing import SLOT, CaseBrief, Fit, Frame, fill, frame
from carecli.replies.lexicon import data, known, primary
from carecli.replies.similar import alike, shingles

__all__ = ["CaseBrief", "Fit", "templates"]

_CALLED = re.compile(r"\s*[,，、]\s*\{name\}(?=\s*(?:[,.!?…，。！？]|$))")
_TOO_ALIKE = 0.6  # phrasings that are this much like a recent reply come last


@dataclass(frozen=True)
class _Phrasing:
    """One way to say it, still with its slots, where it comes from, and the parts that it shares with others.

    `greeted`: it brings its own greeting.
    """

    text: str
    source: str
    parts: frozenset[str]
    greeted: bool
    own: bool = False


def templates(
    case: CaseBrief,
    voice: Voice,
    *,
    voice_name: str,
    recent: Sequence[str] = (),
    count: int = 1,
    agent: str | None = None,
    rng_seed: str = "",
    fit: Fit | None = None,
    own: bool = False,
) -> list[Draft]:
    """Up to `count` different drafts for `case`, those least like `recent` replies first; findings are left empty.

    The voice's own templates come before the built-in ones, which fill up, unless only its `own` are wanted. In a
    language that has neither the drafts are English and `sources` says so. `rng_seed` decides between equally good
    phrasings. With `fit` the customer's words are left out where they would make a draft too long.
    """
    around = frame(case, voice, agent=agent, fit=fit)
    choice = list(_own(case, voice, around))
    choice += [] if own else _built_in(case, around.language)
    drafts: dict[str, Draft] = {}
    for phrasing in _spread(_ranked(choice, around, recent, rng_seed)):
        if len(drafts) >= count:
            break
        text = around.compose(phrasing.text, greeted=phrasing.greeted)
        sources = (phrasing.source, *_language_note(case, around.language))
        drafts.setdefault(text, Draft(text, around.language, voice_name, "template", sources))
    return list(drafts.values())


def _language_note(case: CaseBrief, language: str) -> tuple[str, ...]:
    if primary(case.language) in (language, ""):
        return ()
    return (f"language: no phrasings in {primary(case.language)}, so {language}",)


def _own(case: CaseBrief, voice: Voice, around: Frame) -> Iterator[_Phrasing]:
    """The voice's own templates for the case; who has no name is not called by it."""
    for number, written in enumerate(voice.templates.get(around.language, {}).get(case.phrased_as, []), 1):
        source = f"voice:{case.phrased_as}/{around.language}/{number}"
        text = written if "name" in around.slots else _CALLED.sub("", written)
        yield _Phrasing(text, source, frozenset({source}), _greets(written), own=True)


def _built_in(case: CaseBrief, language: str) -> Iterator[_Phrasing]:
    """Every opening with every ending that the language's data has for the case."""
    if known(language) is None:
        return
    parts: Mapping[str, list[str]] = data(language)["phrasings"][case.phrased_as]
    words = data(language)["draft"]
    lead: list[str] = words["undirected"] if case.directed is False and case.phrased_as != "emergency" else []
    for first, opening in enumerate(parts["open"], 1):
        for second, ending in enumerate(parts["next"], 1):
            sentences = [*lead[(first + second) % len(lead) :][:1], opening, ending] if lead else [opening, ending]
            text = words["join"].join(sentences)
            source = f"template:{case.phrased_as}/{language}/{first}.{second}"
            yield _Phrasing(text, source, frozenset({f"open {first}", f"next {second}"}), _greets(text))


def _greets(text: str) -> bool:
    return "{name}" in text or "{greeting}" in text


def _ranked(choice: Sequence[_Phrasing], around: Frame, recent: Sequence[str], seed: str) -> list[_Phrasing]:
    """Own phrasings first; those too much like a recent reply, and those that can't be filled, last."""

    said = [shingles(text) for text in recent]

    def rank(phrasing: _Phrasing) -> tuple[bool, float, bool, str]:
        unfilled = any(name not in around.slots for name in SLOT.findall(phrasing.text))
        own = shingles(fill(phrasing.text, around.slots))
        most = max((alike(own, earlier) for earlier in said), default=0.0)
        digest = hashlib.sha256(f"{seed}\x00{phrasing.source}".encode()).hexdigest()
        return unfilled, most if most >= _TOO_ALIKE else 0.0, not phrasing.own, digest

    return sorted(choice, key=rank)


def _spread(ranked: Sequence[_Phrasing]) -> Iterator[_Phrasing]:
    """The same phrasings, so that neighbours share neither opening nor ending where that can be helped."""
    rest = list(ranked)
    used: frozenset[str] = frozenset()
    while rest:
        index = next((i for i, each in enumerate(rest) if not used & each.parts), None)
        if index is None:
            index, used = 0, frozenset()
        chosen = rest.pop(index)
        used |= chosen.parts
        yield chosen
