"""Rules about the voice: forms of address, wording, humour, emoji and signature, as care.toml sets them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from carecli.replies.languages import language
from carecli.replies.lexicon import known, literal, primary
from carecli.replies.rules import Context, Hit, phrases, phrases_in, quoted
from carecli.replies.seen import Seen, see
from carecli.text import fold

_TU = "you speak to a stranger as to a friend"
_ADDRESS = {  # (language, formality) → the data that must not occur, and what to write instead
    ("pl", "formal"): ("informal", f"{_TU}: write Pan, Pani or Państwo"),
    ("pl", "informal"): ("formal", "this voice says ty, not Pan or Pani"),
    ("zh", "formal"): ("informal", f"{_TU}: write 您"),
    ("zh", "informal"): ("formal", "this voice says 你, not 您"),
    ("he", "formal"): ("gendered", "it is meant for one gender: write the plural, or without a person"),
    ("he", "informal"): ("gendered", "it is meant for one gender: write the plural, or without a person"),
}


def formality(seen: Seen, context: Context) -> Iterator[Hit]:
    """A form of address, or slang, that the voice does not use."""
    # two languages share their letters, and one's courtesy is the other's slang
    code = known(context.language) if context.language else language(seen.text)
    if code in seen.languages:
        wrong = _ADDRESS.get((code, context.voice.formality))
        if wrong is not None:
            key, advice = wrong
            for span in phrases_in(code, seen, "voice", key):
                yield Hit(f"“{quoted(seen, span)}”: {advice}.", seen.original(*span))
        if context.voice.formality == "formal":
            for span in phrases_in(code, seen, "voice", "slang"):
                yield Hit(f"“{quoted(seen, span)}” is too casual for this voice.", seen.original(*span))


def voice_use(seen: Seen, context: Context) -> Iterator[Hit]:
    """A word for which the voice has another one."""
    for word, better in context.voice.use.items():
        if source := literal(word):
            for match in re.finditer(source, seen.folded):
                yield Hit(
                    f"This voice says “{better}”, not “{quoted(seen, match.span())}”.", seen.original(*match.span())
                )


def humour(seen: Seen, context: Context) -> Iterator[Hit]:
    """A joke where the voice does not joke; complaints and emergencies are the rule `tone`'s."""
    if context.upset or context.emergency or _may_joke(context):
        return
    for span in phrases(seen, "voice", "joking"):
        yield Hit(f"“{quoted(seen, span)}”: this voice does not joke about this.", seen.original(*span))


def _may_joke(context: Context) -> bool:
    voice = context.voice
    if voice.humour and not voice.humour_topics:
        return True
    return bool(context.topics) and set(context.topics) <= set(voice.humour_topics)


def signature(seen: Seen, context: Context) -> Iterator[Hit]:
    """The reply lacks the signature of the agent who answers."""
    wanted = context.voice.signature
    if not wanted or context.agent is None:
        return
    signed = wanted.replace("{agent}", context.agent).replace("{brand}", context.brand or "").strip()
    if "{" not in signed and not fold(seen.text).rstrip().endswith(fold(signed)):
        yield Hit(f"This voice signs: end with “{signed}”.")


def pretending(seen: Seen, _context: Context) -> Iterator[Hit]:
    """The reply speaks as if a customer wrote it."""
    for span in phrases(seen, "voice", "pretending"):
        message = f"“{quoted(seen, span)}” pretends that a customer speaks: say who you are."
        yield Hit(message, seen.original(*span))


def mourning(seen: Seen, context: Context) -> Iterator[Hit]:
    """Cheerfulness where somebody has died."""
    if not context.heard or not any(phrases(see(context.heard), "voice", "mourning")):
        return
    for span in phrases(seen, "voice", "cheerful"):
        yield Hit(f"Somebody has died: “{quoted(seen, span)}” does not fit.", seen.original(*span))
    if "!" in seen.text or "！" in seen.text:
        yield Hit("Somebody has died: end with a full stop.", (place := max(map(seen.text.rfind, "!！")), place + 1))


def voice_language(_seen: Seen, context: Context) -> Iterator[Hit]:
    """The voice does not speak the customer's language."""
    wanted = primary(context.language)
    if context.voice.languages and wanted and wanted not in context.voice.languages:
        spoken = ", ".join(context.voice.languages)
        yield Hit(f"This voice speaks {spoken}, the customer writes {wanted}: choose another voice.")
