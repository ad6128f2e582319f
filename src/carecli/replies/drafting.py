"""Drafts from phrasings: they name the customer's problem, in the customer's language and the brand's voice.

Pure: the same case, voice and seed give the same drafts. What the customer wrote enters only as a cleaned
quotation (`carecli.replies.quote`), and slots are filled in one pass, so nothing in it is ever read as a slot.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from carecli.config import Voice
from carecli.model import Draft, Intent, Sentiment, Urgency
from carecli.replies.languages import script
from carecli.replies.lexicon import data, known
from carecli.replies.quote import telling_clause
from carecli.replies.similar import most_similar

FALLBACK = "en"
_TOO_ALIKE = 0.6  # drafts that are this much like a recent reply come last
_SLOT = re.compile(r"\{(\w{1,30})\}")
_NAME = re.compile(r"[^\W\d_][^\W\d_'’-]{0,19}(?: [^\W\d_][^\W\d_'’.-]{0,19}){0,2}")
_PHRASED: dict[str, str] = {"lead": "other", "spam": "other", "chatter": "other"}


@dataclass(frozen=True)
class CaseBrief:
    """What a draft may know of a case: the customer's newest message with its verdict, and who they are."""

    text: str
    language: str | None = None
    intent: Intent | None = None
    sentiment: Sentiment | None = None
    topics: Sequence[str] = ()
    urgency: Urgency | None = None
    customer_name: str | None = None
    handle: str | None = None
    directed: bool | None = None
    brand: str | None = None


@dataclass(frozen=True)
class Fit:
    """What the platform takes: `limit` in the unit of `measure`, None for no limit."""

    limit: int | None = None
    measure: Callable[[str], int] = len

    def takes(self, text: str) -> bool:
        return self.limit is None or self.measure(text) <= self.limit


@dataclass(frozen=True)
class _Phrasing:
    """One way to say it, still with its slots, and where it comes from."""

    text: str
    source: str
    greeted: bool = False


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
) -> list[Draft]:
    """Up to `count` different drafts for `case`, those least like `recent` replies first; findings are left empty.

    The voice's own templates come before the built-in ones, which fill up. In a language without phrasings the
    drafts are English and say so in `sources`. `rng_seed` decides between equally good phrasings.
    """
    code = known(case.language) or FALLBACK
    filled = slots(case, voice, code, agent)
    ranked = _spread(_ranked(_phrasings(case, voice, code), filled, recent, rng_seed))
    drafts: dict[str, Draft] = {}
    for phrasing in ranked:
        if len(drafts) >= count:
            break
        text = composed(phrasing.text, filled, voice, code, greeted=phrasing.greeted, fit=fit or Fit())
        sources = (phrasing.source, *language_note(case, code))
        drafts.setdefault(text, Draft(text, code, voice_name, "template", sources))
    return list(drafts.values())


def language_note(case: CaseBrief, code: str) -> tuple[str, ...]:
    """A source line for a draft that is not in the customer's language."""
    if known(case.language) == code or case.language is None:
        return ()
    return (f"language: no phrasings in {case.language}, so {code}",)


def _phrasings(case: CaseBrief, voice: Voice, code: str) -> tuple[list[_Phrasing], list[_Phrasing]]:
    """The voice's own phrasings for the case, and the built-in ones."""
    intent = (
        "emergency" if case.urgency == "emergency" else _PHRASED.get(case.intent or "other", case.intent or "other")
    )
    own_texts = voice.templates.get(code, {}).get(intent, []) or voice.templates.get(code, {}).get(
        case.intent or "", []
    )
    own = [
        _Phrasing(text, f"voice:{intent}/{code}/{number}", greeted=_greets(text))
        for number, text in enumerate(own_texts, 1)
    ]
    return own, list(_built_in(case, code, intent))


def _built_in(case: CaseBrief, code: str, intent: str) -> Iterator[_Phrasing]:
    parts: Mapping[str, list[str]] = data(code)["phrasings"][intent]
    join: str = data(code)["draft"]["join"]
    undirected: list[str] = (
        data(code)["draft"]["undirected"] if case.directed is False and intent != "emergency" else []
    )
    for first, opening in enumerate(parts["open"], 1):
        for second, following in enumerate(parts["next"], 1):
            sentences = [opening, following]
            if undirected:
                sentences.insert(0, undirected[(first + second) % len(undirected)])
            yield _Phrasing(join.join(sentences), f"template:{intent}/{code}/{first}.{second}")


def _greets(text: str) -> bool:
    """Whether a user's template brings its own greeting: it names the customer."""
    return "{name}" in text or "{greeting}" in text


def _ranked(
    phrasings: tuple[list[_Phrasing], list[_Phrasing]], known_slots: Mapping[str, str], recent: Sequence[str], seed: str
) -> list[_Phrasing]:
    """Own phrasings first, but those that can't be filled or are too much like a recent reply last."""

    def rank(item: tuple[int, _Phrasing]) -> tuple[bool, float, int, str]:
        origin, phrasing = item
        body = _SLOT.sub(lambda slot: known_slots.get(slot[1], slot[0]), phrasing.text)
        found = most_similar(body, recent)
        alike = found[1] if found and found[1] >= _TOO_ALIKE else 0.0
        unfilled = any(name not in known_slots for name in _SLOT.findall(phrasing.text))
        digest = hashlib.sha256(f"{seed}\x00{phrasing.source}".encode()).hexdigest()
        return unfilled, alike, origin, digest

    items = [(origin, phrasing) for origin, group in enumerate(phrasings) for phrasing in group]
    return [phrasing for _, phrasing in sorted(items, key=rank)]


def _spread(ranked: list[_Phrasing]) -> list[_Phrasing]:
    """The same phrasings, so that neighbours share neither opening nor ending where that can be helped."""
    rest, spread = list(ranked), []
    used: set[str] = set()
    while rest:
        index = next((i for i, each in enumerate(rest) if not used & _parts(each)), 0)
        if used & _parts(rest[index]):
            used = set()
        used |= _parts(rest[index])
        spread.append(rest.pop(index))
    return spread


def _parts(phrasing: _Phrasing) -> set[str]:
    kind, _, name = phrasing.source.partition(":")
    first, dot, second = name.rpartition("/")[2].partition(".")
    return {f"open {first}", f"next {second}"} if kind == "template" and dot else {phrasing.source}


def slots(case: CaseBrief, voice: Voice, code: str, agent: str | None) -> dict[str, str]:
    """What the slots of a phrasing in the language `code` stand for here; a slot that is not known is missing."""
    quote = (
        None
        if case.urgency == "emergency" or case.intent == "emergency"
        else telling_clause(case.text, code, case.intent)
    )
    if quote is not None and known(case.language) != code and case.language is not None:
        quote = None
    topic = next((name for each in case.topics if (name := topic_name(each, code))), None)
    found = {
        "quote": quote,
        "topic": topic,
        "name": shown_name(case.customer_name, code),
        "handle": case.handle,
        "brand": case.brand,
        "agent": agent,
    }
    known_slots = {key: _flat(value) for key, value in found.items() if value}
    known_slots["problem"] = _problem(quote, topic, code)
    known_slots["greeting"] = greeting(voice, code, known_slots.get("name"))
    return known_slots


def _flat(value: str) -> str:
    """A value without what would be read as a slot in the finished draft."""
    return " ".join(re.sub(r"[{}\[\]<>]", " ", value).split())


def _problem(quote: str | None, topic: str | None, code: str) -> str:
    forms: Mapping[str, str] = data(code)["draft"]["problem"]
    form = forms["both" if quote and topic else "quote" if quote else "topic" if topic else "none"]
    return fill(form, {"quote": quote or "", "topic": topic or ""})


def topic_name(topic: str, code: str) -> str | None:
    """How sentences of `code` name a topic: as the language's data says, or a user's own word in the same script."""
    names: Mapping[str, str] = data(code)["topics"]
    if topic in names:
        return names[topic]
    word = topic.replace("_", " ").strip()
    scripts = {"he": "hebrew", "zh": "han", "en": "latin"}
    fits = scripts.get(code) == (script(f"{word} {word} {word} {word}") or "")
    return _flat(word) if fits and len(word) <= 30 else None


def shown_name(name: str | None, code: str) -> str | None:
    """The part of a display name that a greeting may use, None where it does not look like a person's name."""
    way: str = data(code)["draft"]["name"]
    if not name or way == "none":
        return None
    cleaned = " ".join(name.split())
    if not _NAME.fullmatch(cleaned) or (cleaned.isupper() and len(cleaned) > 3):
        return None
    return cleaned if way == "full" else cleaned.split(" ")[0]


def greeting(voice: Voice, code: str, name: str | None) -> str:
    """The first words: the voice's greeting in that language, or the built-in one of its formality."""
    built_in: Mapping[str, str] = data(code)["draft"]["greeting"]
    words = voice.greeting.get(code) or built_in["formal" if voice.formality == "formal" else "informal"]
    if "{name}" in words:
        return fill(words, {"name": name}) if name else re.sub(r"\W{0,2}\{name\}", "", words)
    if words.rstrip().endswith((",", "!", ".", "，", "！", "。", ":")):
        return words.strip()
    forms: Mapping[str, str] = data(code)["draft"]["greeting_form"]
    return fill(forms["named" if name else "plain"], {"greeting": words.strip(), "name": name or ""})


def fill(form: str, slots: Mapping[str, str]) -> str:
    """`form` with its {slots} filled in one pass; a slot without a value stays as it is, for the guardrail to name."""
    return _SLOT.sub(lambda slot: slots.get(slot[1], slot[0]), form)


def composed(
    body: str, known_slots: Mapping[str, str], voice: Voice, code: str, *, greeted: bool = False, fit: Fit | None = None
) -> str:
    """The whole draft: greeting, filled body, signature; without the quotation where it would not fit otherwise."""
    wanted = fit or Fit()
    text = _assembled(body, known_slots, voice, code, greeted=greeted)
    if wanted.takes(text) or "quote" not in known_slots:
        return text
    shorter = {key: value for key, value in known_slots.items() if key != "quote"}
    shorter["problem"] = _problem(None, known_slots.get("topic"), code)
    return _assembled(body, shorter, voice, code, greeted=greeted)


def _assembled(body: str, known_slots: Mapping[str, str], voice: Voice, code: str, *, greeted: bool) -> str:
    join: str = data(code)["draft"]["join"]
    pieces = [] if greeted else [known_slots["greeting"]]
    text = join.join([*pieces, _capital(fill(body, known_slots))])
    signature = fill(voice.signature, known_slots)
    return f"{text} {signature}" if signature and not _SLOT.search(signature) else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
