"""Rules about the reply as a whole: is it finished, does it fit, may it go there at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from carecli.replies.lexicon import LANGUAGES, pattern
from carecli.replies.rules import Context, Hit, excerpt
from carecli.replies.seen import Seen
from carecli.text import fold

HANDLE = re.compile(r"(?<![\w@])@[\w.-]{1,64}(?:@[\w.-]{1,253})?")
_BRACES = re.compile(r"\{{1,3}[^{}\n]{0,60}\}{1,3}|\$\{|%\([\w ]{1,30}\)s|%[A-Z_]{3,30}%|<<[^<>\n]{1,40}>>")
_BRACKETS = re.compile(r"\[([^\[\]\n]{1,40})\]|【([^【】\n]{1,20})】|<([^<>\n:/@]{1,40})>")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9_ '-]{2,39}")
_FILLERS = re.compile(r"(?<![\w-])X{3,}(?![\w-])(?! ?-?\d{2})|_{3,}|(?<!\w)(?:TODO|FIXME|TKTK)(?!\w)|(?i:lorem ipsum)")
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0\u2028\u2029")
_MARKS = frozenset("\u200e\u200f\u061c")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff]")
_JOINED = re.compile("[\U0001f000-\U0001faff\u2190-\u2bff\ufe0f\u20e3]\u200d(?=[\U0001f000-\U0001faff\u2190-\u2bff])")
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,12}\U000e007f")
_SUSPECT = re.compile(r"[^\n\t\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u03ff\u05d0-\u05ea\u3040-\u30ff\u3400-\u9fff]")


def empty(seen: Seen, _context: Context) -> Iterator[Hit]:
    """Nothing is left once the handles at its beginning are gone."""
    rest = HANDLE.sub("", seen.text)
    if not any(character.isalnum() or unicodedata.category(character) == "So" for character in rest):
        yield Hit("The reply says nothing: write what the customer should read.")


def length(seen: Seen, context: Context) -> Iterator[Hit]:
    """Longer than the platform takes, counted in its own unit."""
    if context.limit is None:
        return
    size = context.measure(seen.text)
    if size > context.limit:
        fits = _fitting(seen.text, context)
        message = f"{size} characters of {context.limit}: shorten it by {size - context.limit}."
        yield Hit(message, (fits, len(seen.text)))


def _fitting(text: str, context: Context) -> int:
    """The length of the longest beginning of `text` that the platform takes."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if context.measure(text[:middle]) <= (context.limit or 0):
            low = middle
        else:
            high = middle - 1
    return low


def placeholder(seen: Seen, _context: Context) -> Iterator[Hit]:
    """A template's slot that nobody filled."""
    for match in (*_BRACES.finditer(seen.text), *_FILLERS.finditer(seen.text)):
        yield _unfilled(match)
    for match in _BRACKETS.finditer(seen.text):
        if match[3] is not None or _is_slot(match[1] or match[2]):
            yield _unfilled(match)


def _unfilled(match: re.Match[str]) -> Hit:
    return Hit(f"“{excerpt(match[0], 60)}” looks like an unfilled slot: fill it or take it out.", match.span())


def _is_slot(inside: str) -> bool:
    """Whether the words between brackets are a slot's name, not a remark or one of Weibo's [emoji]."""
    if _CAPITALS.fullmatch(inside.strip()):
        return True
    folded = fold(inside).replace("_", " ").strip()
    slots = (pattern(language, "rules", "placeholder") for language in LANGUAGES)
    return any(slot is not None and slot.fullmatch(folded) for slot in slots)


def hidden_text(seen: Seen, _context: Context) -> Iterator[Hit]:
    """Characters that a reader does not see but that change what is shown: controls, overrides, blanks."""
    if seen.text.isascii() and seen.text.isprintable():
        return
    allowed = {match.end() - 1 for match in _JOINED.finditer(seen.text)}
    allowed.update(place for match in _FLAG.finditer(seen.text) for place in range(*match.span()))
    right_to_left = _RIGHT_TO_LEFT.search(seen.text) is not None
    hidden = [p for m in _SUSPECT.finditer(seen.text) if (p := m.start()) not in allowed and _is_hidden(seen.text, p)]
    for start, end in _runs(hidden):
        characters = set(seen.text[start:end])
        if right_to_left and characters <= _MARKS:
            yield Hit("An invisible direction mark: harmless here, but not needed.", (start, end), "note")
        else:
            names = ", ".join(f"U+{ord(character):04X}" for character in sorted(characters)[:3])
            yield Hit(f"Invisible characters ({names}): delete them.", (start, end))


def _runs(places: list[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring places as spans."""
    start = 0
    for index, place in enumerate(places, 1):
        if index == len(places) or places[index] != place + 1:
            yield places[start], place + 1
            start = index


def _is_hidden(text: str, place: int) -> bool:
    character = text[place]
    if character == "\r":
        return text[place + 1 : place + 2] != "\n"
    return character in _BLANKS or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn")


def answered(_seen: Seen, context: Context) -> Iterator[Hit]:
    """Somebody has answered already, or nothing was asked."""
    if context.answered and not context.answers:
        yield Hit("Nobody is waiting for an answer here: read the conversation again before you add to it.")


def own_post(_seen: Seen, context: Context) -> Iterator[Hit]:
    """The reply would go under our own post."""
    if context.to_own:
        yield Hit("This is our own post: choose the customer's message that you want to answer.")


def deleted(_seen: Seen, context: Context) -> Iterator[Hit]:
    """The post that is answered is gone."""
    if context.deleted:
        yield Hit("The post was deleted by its author: there is nothing left to answer in public.")


def emergency(_seen: Seen, context: Context) -> Iterator[Hit]:
    """A public reply to an emergency."""
    if context.emergency and not context.private:
        yield Hit("This is an emergency: a person reads the reply before it goes out in public.")
