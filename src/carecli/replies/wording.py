"""Rules about words: promises, money, law and medicine, stock phrases, and the tone that the moment asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from carecli.replies.lexicon import literal
from carecli.replies.promises import names_time
from carecli.replies.rules import Context, Find, Hit, phrases, quoted
from carecli.replies.seen import Seen

_EMOJI = re.compile(
    "(?:[\u2600-\u27bf\u2b50\u2b55\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff]"
    "[\ufe0e\ufe0f\u20e3\u200d\U0001f3fb-\U0001f3ff]{0,3}){1,12}"
)
_SMILEY = re.compile(r"(?<![\w:;=])[:;=8]-?[)DPp](?!\w)|(?<!\w)[xX]D+(?!\w)|\^_\^")
_GENTLE = frozenset("🙏💙💛🧡💚💜🤍❤😔😟😞🕯✅☎📩📨➡⬇")
_MODIFIERS = re.compile("[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]")
_EXCLAMATION = re.compile(r"[!！]+")


def _wording(key: str, message: str) -> Find:
    """The rule that finds the phrases `rules`.`key` of the data files; "…" in `message` becomes what was written."""

    def find(seen: Seen, _context: Context) -> Iterator[Hit]:
        for span in phrases(seen, "rules", key):
            yield Hit(message.replace("…", quoted(seen, span), 1), seen.original(*span))

    find.__doc__ = message
    return find


_outcome = _wording("promise", "“…” is a promise: can it be kept? Then it needs a due time; otherwise soften it.")
follow_up = _wording("follow_up", "“…” says that more will come: the case has to come back until it is done.")
compensation = _wording("compensation", "“…” is about money or goods: is this agreed?")
legal = _wording("legal", "“…” can bind or accuse somebody in law: let a person who may decide that read it.")
medical = _wording("medical", "“…” sounds like medical advice: leave it to a professional, or say where to ask one.")
canned = _wording("canned", "“…” is a stock phrase: name what happened to this customer.")


def promise(seen: Seen, context: Context) -> Iterator[Hit]:
    """An outcome that is promised, or a time by which we will do something."""
    yield from _outcome(seen, context)
    later = sorted(phrases(seen, "rules", "follow_up"))
    for clause in seen.clauses if later else ():
        span = next((span for span in later if clause[0] <= span[0] < clause[1]), None)
        if span is not None and names_time(seen, clause):
            yield Hit(f"“{quoted(seen, span)}” promises a time: can it be kept?", seen.original(*span))


def tone(seen: Seen, context: Context) -> Iterator[Hit]:
    """Emoji, exclamation marks and jokes where somebody is upset or in danger."""
    if not context.upset and not context.emergency:
        return
    moment = "an emergency" if context.emergency else "a complaint"
    for match in _cheerful(seen.text, context):
        yield Hit(f"“{match[0]}” does not fit {moment}: take it out.", match.span())
    marks = list(_EXCLAMATION.finditer(seen.text))
    if len(marks) > 1 or any(len(match[0]) > 1 for match in marks) or (marks and context.emergency):
        yield Hit(f"Exclamation marks do not fit {moment}: end with a full stop.", marks[-1].span())
    for span in phrases(seen, "rules", "joking"):
        yield Hit(f"“{quoted(seen, span)}” makes light of {moment}: say it plainly.", seen.original(*span))


def _cheerful(text: str, context: Context) -> Iterator[re.Match[str]]:
    for match in _EMOJI.finditer(text):
        gentle = context.voice.emoji and not context.emergency and set(_MODIFIERS.sub("", match[0])) <= _GENTLE
        if not gentle:
            yield match
    yield from _SMILEY.finditer(text)


def emoji(seen: Seen, context: Context) -> Iterator[Hit]:
    """Emoji in a voice that has none."""
    if context.upset or context.emergency:
        return
    only = {_MODIFIERS.sub("", each) for each in context.voice.emoji_only}
    for match in _EMOJI.finditer(seen.text):
        if not context.voice.emoji:
            yield Hit("This voice uses no emoji (voices.*.emoji in care.toml).", match.span())
        elif only and not set(_MODIFIERS.sub("", match[0])) <= only:
            yield Hit(f"This voice uses only {' '.join(context.voice.emoji_only)}.", match.span())


def voice_avoid(seen: Seen, context: Context) -> Iterator[Hit]:
    """Words that the voice avoids."""
    for words in context.voice.avoid:
        if source := literal(words):
            for match in re.finditer(source, seen.folded):
                yield Hit(f"The voice avoids “{quoted(seen, match.span())}”.", seen.original(*match.span()))
