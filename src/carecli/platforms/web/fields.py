"""The door through which a platform's JSON comes in: every look-up checks what it gives. No pydantic, no network."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from hashlib import blake2b
from html import unescape
from typing import Any

from carecli.model import parse_iso
from carecli.platforms.web.markup import sound

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_ID = 500
LARGEST_COUNT = 2**53
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*")
MARKUP = re.compile(r"<[^<>]{0,300}>")


class Fields:
    """An untrusted JSON object. A path has dots: `snippet.topLevelComment.id`. ValueError: it cannot be read."""

    __slots__ = ("data",)

    def __init__(self, data: object) -> None:
        if not isinstance(data, dict):
            raise ValueError("is no object")
        self.data: dict[str, Any] = data

    def get(self, path: str) -> Any:
        """Whatever stands at `path`, None where nothing does."""
        value: Any = self.data
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def text(self, path: str) -> str:
        """The text at `path`, a number as text, else ""."""
        value = self.get(path)
        if isinstance(value, str):
            return sound(value)
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""

    def note(self, path: str) -> str | None:
        """The text at `path`, None where it is empty."""
        return self.text(path) or None

    def id(self, path: str) -> str:
        """The id at `path`. Raises ValueError for what can be none."""
        value = self.text(path)
        if not value or len(value) > LONGEST_ID or "\ufffd" in value:
            raise ValueError(f"{path} is no id")
        return value

    def time(self, path: str) -> datetime:
        """The moment at `path`: ISO 8601 or epoch seconds; never in the future. Raises ValueError."""
        found = moment(self.get(path))
        if found is None:
            raise ValueError(f"{path} is no time")
        return found

    def edited(self, path: str, written: datetime) -> datetime | None:
        """The moment at `path` where it is later than `written`."""
        found = moment(self.get(path))
        return found if found is not None and found > written else None

    def count(self, path: str) -> int | None:
        """The number at `path`; None where the platform does not say."""
        value = self.get(path)
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value):
            value = int(value)
        known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST_COUNT
        return value if known else None

    def items(self, path: str) -> list[Any]:
        """The list at `path`; one object counts as a list of it, nothing as none."""
        value = self.get(path)
        if isinstance(value, list):
            return value
        return [value] if isinstance(value, dict) else []

    def raw(self) -> str:
        """The untouched source as JSON text."""
        return sound(json.dumps(self.data, ensure_ascii=False, separators=(",", ":")))


def seconds(value: object) -> float | None:
    """`value` (ISO 8601, or epoch seconds) in epoch seconds, None where it is no time."""
    try:
        if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", value):
            return parse_iso(value).timestamp()
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return float(value) if math.isfinite(float(value)) else None
    except (ValueError, OverflowError):
        pass
    return None


def moment(value: object) -> datetime | None:
    """`value` (ISO 8601, or epoch seconds) as a moment in UTC, neither before 1970 nor in the future; None: none."""
    found = seconds(value)
    if found is None:
        return None
    now = datetime.now(UTC)
    return now if found >= now.timestamp() else datetime.fromtimestamp(max(found, 0), UTC)


def milliseconds(at: datetime) -> int:
    """`at` as epoch milliseconds."""
    return int(at.timestamp() * 1000)


def digest(text: str) -> str:
    """A short name for `text` that changes when it does."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()


def language(tag: str) -> str | None:
    """`tag` where it looks like a language, with hyphens."""
    return tag.replace("_", "-") if LANGUAGE.fullmatch(tag) else None


def comparable(text: str) -> str:
    """The letters of a text, without what servers change on the way: markup, quotes, white space, entities."""
    plain = MARKUP.sub(" ", unescape(text)).casefold()
    return re.sub(r"\W+", "", plain) or " ".join(unescape(text).split())
