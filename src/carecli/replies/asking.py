"""Rules about asking the customer for personal data: never in the open, little in private, secrets never."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from carecli.replies.lexicon import data, pattern, phrase
from carecli.replies.rules import Context, Hit, quoted
from carecli.replies.seen import Seen, Span

# What nobody who serves customers needs to see, whatever the channel.
SECRETS = frozenset({"password", "pin", "cvv", "code", "card"})
FIELDS = {
    "digits": "digits of the card number",
    "card": "the card number",
    "cvv": "the card's security code",
    "pin": "the PIN",
    "password": "the password",
    "code": "a one-time code",
    "id": "an identity number or document",
    "birth": "the date of birth",
    "phone": "the phone number",
    "email": "the e-mail address",
    "address": "the address",
    "account": "an account or customer number",
    "booking": "the booking reference",
    "order": "the order number",
    "name": "the name",
    "postcode": "the post code",
}
_WORDS_BETWEEN = 7
_SIGNS_BETWEEN = 14
_WORD = re.compile(r"\w+")
_LIST = re.compile(
    r"\A\W{0,4}(?:(?:and|or|your|the|i|oraz|lub|swoj\w{0,3}|את|ו|או|和|及|以及|与|还有|您的)\W{0,3}){0,3}\Z"
)


@dataclass(frozen=True)
class Request:
    """A field of FIELDS that the text asks for; `private` when the same sentence sends it by private message."""

    field: str
    span: Span
    private: bool


def requests(seen: Seen) -> tuple[Request, ...]:
    """What `seen` asks the customer for, with folded offsets."""
    return _requests(seen.folded)


@lru_cache(maxsize=8)
def _requests(folded: str) -> tuple[Request, ...]:
    """Kept for the next rule, which asks the same of the same text."""
    return tuple(_all_requests(Seen(folded, folded, range(len(folded)))))


def _all_requests(seen: Seen) -> Iterator[Request]:
    for start, end in seen.clauses:
        clause = seen.folded[start:end]
        question = seen.folded[end : end + 1] in ("?", "？")
        for language in sorted(seen.languages):
            for request in _in_clause(clause, language, question=question):
                yield Request(request.field, (start + request.span[0], start + request.span[1]), request.private)


def _in_clause(clause: str, language: str, *, question: bool) -> Iterator[Request]:
    fields = list(_fields(clause, language))
    if not fields:
        return
    words = ("before", "question") if question else ("before",)
    asking = sorted(match.span() for name in words for match in _pattern(language, name).finditer(clause))
    private = _pattern(language, "private").search(clause) is not None
    asked_until = -1
    for name, span in fields:
        listed = asked_until >= 0 and _LIST.match(clause[asked_until : span[0]]) is not None
        if listed or _asked(clause, span, asking, language, question=question):
            asked_until = span[1]
            yield Request(name, span, private)


def _fields(clause: str, language: str) -> Iterator[tuple[str, Span]]:
    last = 0
    for match in _field_pattern(language).finditer(clause):
        if match.lastgroup and match.start() >= last:
            last = match.end()
            if not _ours(clause, match.span(), language):
                yield match.lastgroup, match.span()


def _asked(clause: str, span: Span, asking: list[Span], language: str, *, question: bool) -> bool:
    before = [each for each in asking if each[0] < span[0]]
    if before and _connected(clause, before[-1], span, language):
        return True
    if _followed(clause, span, language):
        return not _denied(clause, span[0], span[0], language)
    return question and _bare(clause, span, language)


def _connected(clause: str, verb: Span, field: Span, language: str) -> bool:
    """Whether the asking words reach the field: few words between, none that turns the sense, and no denial."""
    between = clause[verb[1] : max(verb[1], field[0])]
    far = (
        len(between) > _SIGNS_BETWEEN if not data(language)["spaced"] else len(_WORD.findall(between)) > _WORDS_BETWEEN
    )
    if far or _pattern(language, "stop").search(between):
        return False
    return not _denied(clause, verb[0], field[0], language)


def _denied(clause: str, place: int, end: int, language: str) -> bool:
    """Whether the words just before `place`, or those from there to `end`, deny it: "never", "please do not"."""
    start = max(0, place - 8)
    if data(language)["spaced"]:
        start = max(0, place - 60)
        words = [match.start() for match in _WORD.finditer(clause, start, place)][-4:]
        start = words[0] if words else place
    return _pattern(language, "not").search(clause, start, max(end, place)) is not None


def _ours(clause: str, span: Span, language: str) -> bool:
    """Whether the field is the team's own: "our e-mail address"."""
    near = clause[max(0, span[0] - 10) : span[0]].rstrip()
    behind = clause[span[1] : span[1] + 8].lstrip()
    ours = _pattern(language, "ours")
    return any(match.end() == len(near) for match in ours.finditer(near)) or ours.match(behind) is not None


def _followed(clause: str, span: Span, language: str) -> bool:
    return _after(language).match(clause[span[1] :]) is not None


def _bare(clause: str, span: Span, language: str) -> bool:
    """Whether the field is nearly the whole question: "And your phone number?"."""
    before, behind = clause[: span[0]].strip(" ,，"), clause[span[1] :].strip(" ,，")
    if behind:
        return False
    return not before or _pattern(language, "bare").fullmatch(before) is not None


@cache
def _pattern(language: str, name: str) -> re.Pattern[str]:
    found = pattern(language, "asking", name)
    if found is None:
        msg = f"data/{language}.toml has no asking.{name}"
        raise LookupError(msg)
    return found


@cache
def _after(language: str) -> re.Pattern[str]:
    """What asks when it follows the field at once."""
    spaced: bool = data(language)["spaced"]
    border = r"(?!\w)" if spaced else ""
    sources = [
        phrase(each.removesuffix("$"), spaced=spaced) + (r"\W*\Z" if each.endswith("$") else border)
        for each in data(language)["asking"]["after"]
    ]
    return re.compile(rf"\W{{0,3}}(?:{'|'.join(sources)})")


@cache
def _field_pattern(language: str) -> re.Pattern[str]:
    """All fields as one expression of named groups, longer names tried first."""
    spaced: bool = data(language)["spaced"]
    prefixes: str = data(language).get("prefixes", "")
    fields: dict[str, list[str]] = data(language)["fields"]
    named = "|".join(f"(?P<{name}>{'|'.join(phrase(each, spaced=spaced) for each in fields[name])})" for name in FIELDS)
    if not spaced:
        return re.compile(named)
    hanging = f"[{prefixes}]{{0,2}}" if prefixes else ""
    return re.compile(rf"(?<!\w){hanging}(?:{named})(?!\w)")


def asks_personal_data(seen: Seen, context: Context) -> Iterator[Hit]:
    """The reply asks in public for something that the whole world would read."""
    if context.private:
        return
    for request in requests(seen):
        if not request.private:
            asked = f"“{quoted(seen, request.span)}” asks in public for {FIELDS[request.field]}"
            message = f"{asked}: ask for a private message instead."
            yield Hit(message, seen.original(*request.span))


def asks_secret(seen: Seen, context: Context) -> Iterator[Hit]:
    """The reply asks, by private message, for a secret."""
    for request in _private_requests(seen, context):
        if request.field in SECRETS:
            message = f"Nobody needs {FIELDS[request.field]} to help: never ask for it, not in private either."
            yield Hit(message, seen.original(*request.span))


def asks_too_much(seen: Seen, context: Context) -> Iterator[Hit]:
    """The reply asks, by private message, for more than `guardrails.private_fields`."""
    for request in _private_requests(seen, context):
        if request.field not in SECRETS:
            allowed = ", ".join(context.rules.private_fields) or "nothing"
            message = f"This asks for {FIELDS[request.field]}; private messages may ask for: {allowed}."
            yield Hit(message, seen.original(*request.span))


def _private_requests(seen: Seen, context: Context) -> Iterator[Request]:
    fine = {name.strip().lower().replace("_", "-") for name in context.rules.private_fields}
    for request in requests(seen):
        if (context.private or request.private) and request.field not in fine:
            yield request
