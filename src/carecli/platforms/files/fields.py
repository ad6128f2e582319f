"""From a row of a file to a mention: which column is which field, and what a field may hold.

Hot: 100,000 rows pass here, so the checks are plain Python; a value that is wrong is a ValueError with a
reason for a person. The database holds UTF-8 text without NUL: half a surrogate pair and NUL become U+FFFD in
a mention's fields, and stay as they came, escaped, in its `raw`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple, cast, get_args

from carecli.errors import UsageError
from carecli.model import Author, Mention, Visibility
from carecli.platforms.files.dates import parse_moment
from carecli.platforms.files.rows import Raw

LONGEST_NAME = 1_000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_WEB = re.compile("https?://", re.IGNORECASE)
_NOT_IN_ADDRESSES = re.compile('[\x00-\x20\x7f-\x9f<>"\\\\^`{|}\ud800-\udfff]')
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)")
# What spreadsheets make of long ids: 1.05E+18, with most digits gone.
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[Ee]\+\d{2}")
_GROUPED = re.compile(r"-?\d{1,3}(?:[., \u00a0\u202f]\d{3})+")
_LARGEST_COUNT = 2**63 - 1
_EXACT_FLOAT = 10**15
_UNKNOWN_COUNTS = frozenset({"-", "—", "n/a", "na", "nan", "null", "none"})
_YES_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_VISIBILITIES: frozenset[str] = frozenset(get_args(Visibility))
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


# The fields of a row; the aliases are what `care search --json` calls them.
FIELDS = (
    "id", "text", "created_at", "author", "author_name", "author_followers", "url", "in_reply_to",
    "thread_root", "language", "platform", "visibility", "likes", "reposts", "replies", "inbound", "directed", "brand",
)  # fmt: skip
ALIASES = {"author_handle": "author", "external_id": "id"}


class _Plan(NamedTuple):
    """How rows with the same columns are read: the fields that need care, and all others at once."""

    id: str | None
    text: str | None
    created_at: str | None
    author: tuple[str | None, str | None, str | None]
    inbound: str | None
    others: tuple[tuple[str, str, Callable[[Any], Any]], ...]


class Converter:
    """Makes mentions of rows; `columns` maps fields to columns, and wins over columns with a field's name.

    `undated` is the moment of rows without `created_at`; without it they are refused. `brand` is whose rows are that
    name none.
    """

    def __init__(
        self,
        columns: Mapping[str, str],
        *,
        platform: str,
        zone: tzinfo,
        undated: datetime | None = None,
        brand: str | None = None,
    ) -> None:
        self._columns = {ALIASES.get(field, field): column for field, column in columns.items()}
        unknown = self._columns.keys() - set(FIELDS)
        if unknown:
            raise UsageError(f"there is no field {min(unknown)!r} to map", hint=f"the fields are {', '.join(FIELDS)}")
        self._paths = [column for column in self._columns.values() if "." in column]
        self._platform = platform
        self._zone = zone
        self._undated = undated
        self._brand = brand
        self._plans: dict[tuple[str, ...], _Plan] = {}

    def layout(self, names: tuple[str, ...]) -> dict[str, str]:
        """The column of each field, by the mapping, else by name in any case; a mapped one may be missing."""
        plain = {name.strip().casefold().replace(" ", "_"): name for name in reversed(names)}
        plain.update((name, name) for name in names)
        found = {field: plain[alias] for alias, field in ALIASES.items() if alias in plain}
        found.update((field, plain[field]) for field in FIELDS if field in plain)
        return {**found, **self._columns}

    def mention(self, row: Raw) -> tuple[Mention, bool | None]:
        """The mention that `row` is, and whether it says itself that it is inbound. ValueError: why not."""
        values = self._deep(row.values) if self._paths else row.values
        names = tuple(values)
        plan = self._plans.get(names) or self._planned(names)
        get = cast("dict[str | None, Any]", values).get
        others: dict[str, Any] = {} if self._brand is None else {"brand": self._brand}
        for field, column, convert in plan.others:
            value = values[column]
            if value is not None and value != "":
                others[field] = convert(value)
        inbound = None if plan.inbound is None else _flag(values[plan.inbound], "inbound")
        handle, name, followers = plan.author
        return Mention(
            others.pop("platform", None) or self._platform,
            _id(get(plan.id)),
            _text(get(plan.text)),
            self._moment(get(plan.created_at)),
            _author(get(handle), get(name), get(followers)),
            inbound=inbound is not False,
            raw=_encode(row.values) if row.source is None else row.source,
            **others,
        ), inbound

    def _planned(self, names: tuple[str, ...]) -> _Plan:
        at = {field: column for field, column in self.layout(names).items() if column in names}
        plan = _Plan(
            at.get("id"),
            at.get("text"),
            at.get("created_at"),
            (at.get("author"), at.get("author_name"), at.get("author_followers")),
            at.get("inbound"),
            tuple((field, at[field], convert) for field, convert in _OTHERS.items() if field in at),
        )
        if len(self._plans) < 100:
            self._plans[names] = plan
        return plan

    def _deep(self, values: dict[str, Any]) -> dict[str, Any]:
        """`values` with what the mapped paths like `user.name` lead to."""
        found = dict(values)
        for path in self._paths:
            value: Any = values
            for step in path.split("."):
                value = value.get(step) if isinstance(value, dict) else None
            found.setdefault(path, value)
        return found

    def _moment(self, value: Any) -> datetime:
        if isinstance(value, str) and value:
            return parse_moment(value, self._zone)
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=self._zone)).astimezone(UTC)
        if isinstance(value, date):
            return datetime.combine(value, time.min, self._zone).astimezone(UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return parse_moment(f"{value:.6f}".rstrip("0").rstrip("."), self._zone)
        if value is not None and value != "":
            raise ValueError("created_at is not a date")
        if self._undated is None:
            raise ValueError("created_at is missing")
        return self._undated


def clean(text: str) -> str:
    """`text` as the database can hold it."""
    return text if text.isascii() and "\0" not in text else _UNSTORABLE.sub("\ufffd", text)


def _text(value: Any) -> str:
    if isinstance(value, str):
        if not value or value.isspace():
            raise ValueError("text is empty")
        return clean(value)
    if value is None:
        raise ValueError("text is missing")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise ValueError("text is not text")


def _name(value: Any, what: str) -> str | None:
    """A short text or a number as text, without the space around it; None for nothing."""
    if value is None:
        return None
    if not isinstance(value, str):
        value = _number_as_text(value, what)
    value = clean(value.strip())
    if len(value) > LONGEST_NAME:
        raise ValueError(f"{what} is longer than {LONGEST_NAME:,} characters")
    return value or None


def _number_as_text(value: Any, what: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{what} is not text")
    if isinstance(value, int):
        return str(value)
    if not abs(value) < _EXACT_FLOAT:
        raise ValueError(f"{what} {value:g} was rounded by a spreadsheet; make the column text there")
    return str(int(value)) if value.is_integer() else str(value)


def _reference(value: Any, what: str) -> str | None:
    name = _name(value, what)
    if name is not None and "+" in name and _ROUNDED.fullmatch(name):
        raise ValueError(f"{what} {name} was rounded by a spreadsheet; make the column text there")
    return name


def _id(value: Any) -> str:
    name = _reference(value, "id")
    if name is None:
        raise ValueError("id is missing")
    return name


def _author(value: Any, name: Any, followers: Any) -> Author:
    """The handle with or without what else is known; an object is what our own `--json` writes."""
    if isinstance(value, dict):
        return Author(
            handle=_name(value.get("handle"), "author") or "",
            name=_name(value.get("name") if name is None else name, "author_name"),
            id=_name(value.get("id"), "author"),
            followers=_count(value.get("followers") if followers is None else followers, "author_followers"),
            url=address(value.get("url")),
        )
    handle = _name(value, "author") or ""
    return Author(handle, _name(name, "author_name"), None, _count(followers, "author_followers"))


def _count(value: Any, what: str, *, least: int = 0) -> int | None:
    if value is None or value == "":
        return None
    if type(value) is int and 0 <= value <= _LARGEST_COUNT:
        return value
    number = _count_of(value.strip(), what) if isinstance(value, str) else value
    if number is None or number != number:  # noqa: PLR0124 - NaN: unknown
        return None
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ValueError(f"{what} is not a whole number")
    if not least <= number <= _LARGEST_COUNT:
        raise ValueError(f"{what} is out of range")
    if number != int(number):
        raise ValueError(f"{what} is not a whole number")
    return int(number)


def _count_of(text: str, what: str) -> float | None:
    if text.casefold() in _UNKNOWN_COUNTS or not text:
        return None
    if _GROUPED.fullmatch(text):
        return int(re.sub(r"[^\d-]", "", text))
    try:
        return int(text) if text.isdecimal() and len(text) < 20 else float(text)
    except ValueError:
        raise ValueError(f"{what} {text[:40]!r} is not a whole number") from None


def _flag(value: Any, what: str) -> bool | None:
    if value is None or value == "" or isinstance(value, bool):
        return None if value == "" else value
    answer = _YES_NO.get(str(value).strip().casefold())
    if answer is None:
        raise ValueError(f"{what} is neither true nor false")
    return answer


def _visibility(value: Any) -> Visibility:
    """A word that we don't know is read as `internal`: what is not surely public stays on this machine."""
    word = str(value).strip().casefold()
    return cast("Visibility", word) if word in _VISIBILITIES else "internal"


def address(value: Any) -> str | None:
    """An http(s) address, or None: nothing else may become a link."""
    if not isinstance(value, str):
        return None
    value = value.strip()
    if not value.startswith(("https://", "http://")) and not _WEB.match(value):
        return None
    return value if len(value) <= 4_000 and not _NOT_IN_ADDRESSES.search(value) else None


def language(value: Any) -> str | None:
    """A language tag like `he` or `zh-TW`; None for anything else, and for `und`."""
    return _tag(value) if isinstance(value, str) else None


@lru_cache(maxsize=1_000)
def _tag(value: str) -> str | None:
    found = _LANGUAGE.fullmatch(value.strip())
    if found is None or found[1].casefold() in {"und", "mul", "zxx"}:
        return None
    return found[1].casefold() + found[2].replace("_", "-")


_OTHERS: dict[str, Callable[[Any], Any]] = {
    "platform": lambda value: _name(value, "platform"),
    "url": address,
    "in_reply_to": lambda value: _reference(value, "in_reply_to"),
    "thread_root": lambda value: _reference(value, "thread_root"),
    "language": language,
    "visibility": _visibility,
    "likes": lambda value: _count(value, "likes", least=-_LARGEST_COUNT),
    "reposts": lambda value: _count(value, "reposts"),
    "replies": lambda value: _count(value, "replies"),
    "directed": lambda value: _flag(value, "directed"),
    "brand": lambda value: _name(value, "brand"),
}
