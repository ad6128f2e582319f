"""A draft put together: greeting, filled phrasing, signature, in one language and one voice.

What the customer wrote enters only as a cleaned quotation (`carecli.replies.quote`), and slots are filled in one
pass, so nothing in it is ever read as a slot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from carecli.config import Voice
from carecli.model import Intent, Sentiment, Urgency
from carecli.replies.languages import script
from carecli.replies.lexicon import data, known, primary
from carecli.replies.quote import harmless, telling_clause
from carecli.replies.rules import excerpt

FALLBACK = "en"
SLOT = re.compile(r"\{(\w{1,30})\}")

_NAME = re.compile(r"[^\W\d_][^\W\d_'’-]{0,19}(?: [^\W\d_][^\W\d_'’.-]{0,19}){0,2}")
_TOPIC = re.compile(r"[^\W_](?:[^\W_]|[ &'’/-](?=[^\W_])){0,29}")


@dataclass(frozen=True)
class CaseBrief:
    """What a draft may know of a case: the customer's newest message with its verdict, and who they are.

    `language` is a BCP 47 code; `directed` is False where the customer did not address the brand.
    """

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

    @property
    def phrased_as(self) -> str:
        """The key of its phrasings: the intent, `emergency` above all, `other` for what has none of its own."""
        if self.urgency == "emergency":
            return "emergency"
        return "other" if self.intent in (None, "lead", "spam", "chatter") else str(self.intent)


@dataclass(frozen=True)
class Fit:
    """What the platform takes: `limit` in the unit of `measure`, None for no limit."""

    limit: int | None = None
    measure: Callable[[str], int] = len

    def takes(self, text: str) -> bool:
        """Whether `text` is short enough."""
        return self.limit is None or self.measure(text) <= self.limit


@dataclass(frozen=True)
class Frame:
    """All that a phrasing is put into; `brief` are the slots without the customer's words, for where space is short."""

    language: str
    joint: str
    signature: str
    slots: Mapping[str, str]
    brief: Mapping[str, str]
    fit: Fit = field(default_factory=Fit)

    def compose(self, body: str, *, greeted: bool = False, **more: str) -> str:
        """The whole draft around `body`; `greeted` when the body brings its own greeting, `more` are its own slots."""
        text = self._assembled(body, {**self.slots, **more}, greeted=greeted)
        return text if self.fit.takes(text) else self._assembled(body, {**self.brief, **more}, greeted=greeted)

    def _assembled(self, body: str, slots: Mapping[str, str], *, greeted: bool) -> str:
        opening = "" if greeted else slots.get("greeting", "")
        text = self.joint.join(part for part in (opening, fill(body, slots)) if part)
        signature = fill(self.signature, slots)
        return f"{text} {signature}" if signature and not SLOT.search(signature) else text


def frame(case: CaseBrief, voice: Voice, *, agent: str | None = None, fit: Fit | None = None) -> Frame:
    """The frame for `case`: in the customer's language where there are phrasings or own templates, else in English."""
    own = primary(case.language)
    code = known(own)
    if code is None and own not in voice.templates:
        own, code = FALLBACK, FALLBACK
    slots = _people(case, code or own, agent)
    quote = None
    if case.phrased_as != "emergency" and primary(case.language) in (own, ""):
        quote = telling_clause(case.text, own, case.intent)
    if quote:
        slots["quote"] = quote
    brief = {key: value for key, value in slots.items() if key != "quote"}
    shown = Frame(own, " ", voice.signature, slots, brief, fit or Fit())
    return shown if code is None else _worded(shown, case, voice, code)


def _people(case: CaseBrief, code: str, agent: str | None) -> dict[str, str]:
    """The slots that name somebody; what is not known is missing."""
    found = {
        "name": shown_name(case.customer_name, code),
        "handle": case.handle,
        "brand": case.brand,
        "agent": agent,
    }
    return {key: _flat(value) for key, value in found.items() if value}


def _worded(shown: Frame, case: CaseBrief, voice: Voice, code: str) -> Frame:
    """The frame with the words that a language's data has: the topic, the problem, the greeting."""
    topic = next((name for each in case.topics if (name := topic_name(each, code))), None)
    words = {"greeting": greeting(voice, code, shown.slots.get("name"))} | ({"topic": topic} if topic else {})
    problem = {"problem": _problem(case, shown.slots.get("quote"), topic, code)}
    shorter = {"problem": _problem(case, None, topic, code)}
    return replace(
        shown,
        joint=data(code)["draft"]["join"],
        slots={**shown.slots, **words, **problem},
        brief={**shown.brief, **words, **shorter},
    )


def _problem(case: CaseBrief, quote: str | None, topic: str | None, code: str) -> str:
    """The noun phrase for what the customer writes about; an intent may have forms of its own."""
    own: Mapping[str, str] = data(code)["phrasings"][case.phrased_as].get("problem", {})
    forms: Mapping[str, str] = {**data(code)["draft"]["problem"], **own}
    form = forms["both" if quote and topic else "quote" if quote else "topic" if topic else "none"]
    return fill(form, {"quote": quote or "", "topic": topic or ""})


def _flat(value: str) -> str:
    """A value on one line, without what would be read as a slot or as markup in the finished draft."""
    return excerpt(re.sub(r"[{}\[\]<>]", " ", value), 80)


def topic_name(topic: str, code: str) -> str | None:
    """How sentences of `code` name a topic: as the language's data says, or a user's own word in its script.

    None in Polish for a user's own word: it would stand in the wrong case.
    """
    names: Mapping[str, str] = data(code)["topics"]
    if topic in names:
        return names[topic]
    word = topic.replace("_", " ").strip()
    scripts = {"he": "hebrew", "zh": "han", "en": "latin"}
    fits = _TOPIC.fullmatch(word) and harmless(word, code) and script(f"{word} " * 4) == scripts.get(code, "")
    return word if fits else None


def shown_name(name: str | None, code: str) -> str | None:
    """The part of a display name that a greeting may use, None where it does not look like a person's name."""
    way: str = data(code)["draft"]["name"] if known(code) else "first"
    cleaned = " ".join((name or "").split())
    if way == "none" or not _NAME.fullmatch(cleaned) or (cleaned.isupper() and len(cleaned) > 3):
        return None
    return (cleaned if way == "full" else cleaned.split(" ")[0]) if harmless(cleaned, code) else None


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
    return SLOT.sub(lambda slot: slots.get(slot[1], slot[0]), form)
