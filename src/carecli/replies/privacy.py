"""Personal data inside a reply: payment cards, accounts, identity numbers, phone numbers, e-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

from carecli.replies import numbers
from carecli.replies.lexicon import everywhere
from carecli.replies.links import links
from carecli.replies.places import addresses
from carecli.replies.rules import Context, Hit
from carecli.replies.seen import Seen, Span, see

_GROUP = re.compile(r"[0-9]+")
_BETWEEN = re.compile(r"[ \-./()]{1,3}")
_EMAIL = re.compile(r"(?<![\w.+@-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w@])")
_IBAN = re.compile(r"(?<![0-9a-z])[a-z]{2}[0-9]{2}(?: ?[0-9a-z]){11,30}")
_CN_ID = re.compile(r"(?<![0-9])[0-9]{17}[0-9x](?![0-9a-z])")
_DIGITS = 26  # the longest number looked for, a Polish account without its country
_SHORTEST = 7
_GROUPS = 7  # and into how many groups that is written
_CUE = 32  # characters before a number that can say what it is

_NEAR = re.compile(r"[^.!?;。！？\n0-9]{0,16}")
_MONEY = re.compile(r"\s?(?:zl|pln|usd|eur|ils|nis|rmb|cny|[$€£₪¥元]|שח|שקל|%)")
_SAY = {
    "card": "a payment card number",
    "account": "a bank account number",
    "israeli-id": "an Israeli identity number",
    "pesel": "a PESEL number",
    "chinese-id": "a Chinese identity number",
    "ssn": "a social security number",
    "phone": "a phone number",
    "email": "an e-mail address",
}
_PHONE_SHAPES = {
    "il": re.compile(r"0(?:5\d|7\d)\d{7}|0[23489]\d{7}|1[78]00\d{6}"),
    "cn": re.compile(r"1[3-9]\d{9}|0(?:10|2\d)\d{8}|0[3-9]\d{2}\d{7,8}|[48]00\d{7}"),
}


@dataclass(frozen=True)
class Personal:
    """A piece of personal data: what it is and where, in offsets of the folded text."""

    kind: str
    span: Span


@dataclass(frozen=True)
class _Number:
    """Neighbouring groups of digits that could be one number; `plus` when "+" or "00" opens it."""

    span: Span
    groups: tuple[str, ...]
    plus: bool

    @property
    def digits(self) -> str:
        return "".join(self.groups)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(map(len, self.groups))


def personal(text: str) -> list[Personal]:
    """The personal data in `text`, in order and without overlaps; offsets count in `see(text).folded`."""
    return _find(see(text))


def _find(seen: Seen) -> list[Personal]:
    folded = seen.folded
    found = [Personal("email", match.span()) for match in _EMAIL.finditer(folded)]
    found += _ibans(folded)
    found += [Personal("chinese-id", m.span()) for m in _CN_ID.finditer(folded) if numbers.is_chinese_id(m[0])]
    found += _numbers(folded)
    kept: list[Personal] = []
    for each in sorted(found, key=lambda p: (p.span[0], -p.span[1])):
        if not kept or each.span[0] >= kept[-1].span[1]:
            kept.append(each)
    return kept


def _ibans(folded: str) -> Iterator[Personal]:
    for match in _IBAN.finditer(folded):
        length = numbers.IBAN_LENGTHS.get(match[0][:2].upper(), 0)
        end, characters = match.start(), ""
        while len(characters) < length and end < match.end():
            characters += folded[end].strip()
            end += 1
        if numbers.is_iban(characters):
            yield Personal("account", (match.start(), end))


def _numbers(folded: str) -> Iterator[Personal]:
    """Every run of groups is read from its left: the longest number there wins, and reading goes on behind it."""
    for run in _runs(folded):
        index = 0
        while index < len(run):
            kind, size = _longest(folded, run[index : index + _GROUPS])
            if kind:
                yield Personal(kind, (_opening(folded, run[index].start()), run[index + size - 1].end()))
            index += max(1, size)


def _runs(folded: str) -> Iterator[list[re.Match[str]]]:
    run: list[re.Match[str]] = []
    for match in _GROUP.finditer(folded):
        if run and not _BETWEEN.fullmatch(folded, run[-1].end(), match.start()):
            yield run
            run = []
        run.append(match)
    if run:
        yield run


def _longest(folded: str, run: Sequence[re.Match[str]]) -> tuple[str, int]:
    """The kind and the number of groups of the longest number that `run` begins with."""
    lengths = list(accumulate(len(group[0]) for group in run))
    for size in range(len(run), 0, -1):
        if _SHORTEST <= lengths[size - 1] <= _DIGITS and (kind := _kind(folded, run[:size])):
            return kind, size
    return "", 0


def _opening(folded: str, start: int) -> int:
    """Where the number begins with its "+" or bracket."""
    before = folded[max(0, start - 2) : start]
    return start - (len(before) - len(before.rstrip("+(")))


def _kind(folded: str, run: Sequence[re.Match[str]]) -> str:
    start, end = run[0].start(), run[-1].end()
    if folded[start - 1 : start].isalnum() and folded[start - 1 : start].isascii():
        return ""
    number = _Number((start, end), tuple(m[0] for m in run), "+" in folded[max(0, start - 2) : start])
    tight = all(folded[a.end() : b.start()] in (" ", "-") for a, b in pairwise(run))
    if tight and (kind := _checked(number)):
        return "" if kind == "israeli-id" and _cue(folded[max(0, start - _CUE) : start]) == "thing" else kind
    return "phone" if _is_phone(folded, number) else ""


def _checked(number: _Number) -> str:
    """What the check digits say of a number."""
    digits, shape = number.digits, number.shape
    if number.plus:
        return ""
    if numbers.is_card(digits) and all(size >= 2 for size in shape):
        return "card"
    if len(digits) == _DIGITS and numbers.is_iban("PL" + digits):
        return "account"
    if shape == (11,) and numbers.is_pesel(digits):
        return "pesel"
    if shape in ((9,), (8, 1), (1, 7, 1), (3, 3, 3)) and numbers.is_israeli_id(digits) and shape != (3, 3, 3):
        return "israeli-id"
    return "ssn" if numbers.is_us_ssn(number.groups) else ""


def _is_phone(folded: str, number: _Number) -> bool:
    digits, (start, end) = number.digits, number.span
    if not 7 <= len(digits) <= 15 or len(number.groups) > 6 or _MONEY.match(folded, end) or _is_date(number, folded):
        return False
    if number.plus or digits.startswith("00"):
        return len(digits) >= 8
    shaped = _shaped(digits, number.shape)
    if not shaped and len(digits) == 7:
        return False
    cue = _cue(folded[max(0, start - _CUE) : start])
    return cue != "thing" and (shaped or cue == "phone")


@lru_cache(maxsize=256)
def _cue(before: str) -> str:
    """What the words before a number say it is: a "thing" (an order, a model), a "phone", or nothing."""
    things = everywhere("numbers", "thing").finditer(before)
    if before.rstrip().endswith(("#", "№")) or any(_NEAR.fullmatch(before, thing.end()) for thing in things):
        return "thing"
    return "phone" if everywhere("numbers", "phone").search(before) else ""


def _shaped(digits: str, shape: tuple[int, ...]) -> bool:
    """Whether digits and grouping are those of a phone number in Israel, China, North America, Poland or Britain."""
    if _PHONE_SHAPES["il"].fullmatch(digits) and shape in (
        (10,),
        (9,),
        (3, 7),
        (2, 7),
        (3, 3, 4),
        (2, 3, 4),
        (1, 3, 3, 3),
        (1, 3, 6),
    ):
        return True
    if _PHONE_SHAPES["cn"].fullmatch(digits) and shape in ((11,), (3, 4, 4), (3, 8), (4, 7), (4, 8), (3, 3, 4), (10,)):
        return True
    if shape in ((3, 3, 4), (1, 3, 3, 4)):
        return digits[-10] in "23456789"
    if shape in ((3, 3, 3), (2, 3, 2, 2)):
        return digits[0] in "123456789"
    return digits[0] == "0" and len(digits) in (10, 11)


def _is_date(number: _Number, folded: str) -> bool:
    if number.shape not in ((4, 2, 2), (2, 2, 4), (1, 2, 4), (2, 1, 4), (1, 1, 4), (4, 1, 1), (4, 4)):
        return False
    start, end = number.span
    return number.shape == (4, 4) or not folded[start:end].replace(".", "").isdigit() or "." in folded[start:end]


def personal_data(seen: Seen, context: Context) -> Iterator[Hit]:
    """Personal data in the reply: never in public, and looked at twice in private.

    The team's own contacts pass: addresses under a vetted host, and what `allowed_links` names as `tel:` or `mailto:`.
    """
    taken = [link.span for link in links(seen.text)]
    for each in _find(seen):
        span = seen.original(*each.span)
        if _is_ours(seen, each, context) or any(start <= span[0] and span[1] <= end for start, end in taken):
            continue
        if context.private:
            yield Hit(f"This shows {_SAY[each.kind]}: is it needed in the message?", span, "confirm")
        elif each.kind in ("phone", "email") and _introduced_as_ours(seen.folded, each.span[0]):
            message = f"This shows {_SAY[each.kind]}: send it only if it is the team's own, never a customer's."
            yield Hit(message, span, "confirm")
        else:
            yield Hit(f"This shows {_SAY[each.kind]} in public: take it out.", span)
    if not context.private:
        for place in addresses(seen.text):
            yield Hit("This shows a street and a number: is the address ours, and no customer's?", place, "confirm")


def _introduced_as_ours(folded: str, start: int) -> bool:
    """Whether the words before a contact say that it is the team's: "call us on", "our e-mail address"."""
    return everywhere("numbers", "ours").search(folded[max(0, start - _CUE) : start]) is not None


def _is_ours(seen: Seen, each: Personal, context: Context) -> bool:
    written = seen.folded[slice(*each.span)]
    entries = [entry.strip().lower() for entry in context.rules.allowed_links]
    if each.kind == "email":
        host = written.rpartition("@")[2]
        hosts = [entry.split("//")[-1].removeprefix("*.").removeprefix("www.") for entry in entries]
        return f"mailto:{written}" in entries or any(host == h or host.endswith("." + h) for h in hosts if h)
    if each.kind == "phone":
        digits = _only_digits(written)
        return any(entry.startswith("tel:") and _only_digits(entry) == digits for entry in entries)
    return False


def _only_digits(text: str) -> str:
    return "".join(character for character in text if character.isascii() and character.isdigit())
