"""From a feed's entry to a mention: its identity, its text, its time, and what shows that it changed."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b

from carecli.model import Author, Mention
from carecli.platforms.feed.xml import Entry
from carecli.platforms.files.dates import parse_moment
from carecli.platforms.files.fields import LONGEST_NAME, address, language
from carecli.platforms.web.markup import sound, to_text

# RSS does not say whether a title is HTML: it is where it closes a tag or names a character.
_HTML = re.compile(r"</[A-Za-z]|&(?:#\w{1,8}|[A-Za-z]{2,31});")


def digest(entry: Entry) -> str:
    """What changes when the entry does; the number of its comments is not part of it."""
    parts = (
        entry.id,
        entry.title,
        entry.content,
        entry.url,
        entry.author,
        entry.published,
        entry.updated,
        entry.in_reply_to,
    )
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()


def mention_of(entry: Entry, *, feed: str, host: str, now: datetime) -> Mention:
    """The mention that `entry` of the feed at the address `feed` is.

    One without a readable date was written `now`, and so was one from the future. An id that is no address
    and no URN is unique within its feed only, so the feed's address goes before it. ValueError for one
    without text.
    """
    text = _text(entry)
    if not text:
        raise ValueError(f"the entry {entry.id[:100]!r} has no text")
    published = moment(entry.published) or moment(entry.updated)
    edited = moment(entry.updated)
    link = address(entry.url)
    who = _line(entry.author) or host
    return Mention(
        platform="feed",
        host=host,
        external_id=_identity(entry, feed),
        text=text,
        created_at=min(published or now, now),
        edited_at=min(edited, now) if edited and published and edited > published else None,
        author=Author(who, who, url=address(entry.author_url)),
        url=link,
        in_reply_to=sound(entry.in_reply_to.strip())[:LONGEST_NAME] or None,
        language=language(entry.language),
        directed=False,
        replies=int(entry.replies) if re.fullmatch("[0-9]{1,15}", entry.replies) else None,
        raw=json.dumps(entry.raw, ensure_ascii=True),
    )


def _text(entry: Entry) -> str:
    title = _line(to_text(entry.title) if entry.title_html or _HTML.search(entry.title) else entry.title)
    content = to_text(entry.content) if entry.content_html else sound(entry.content).strip()
    if not title or content.startswith(title):
        return content
    return f"{title}\n{content}" if content else title


def _line(text: str) -> str:
    return sound(" ".join(text.split()))


def _identity(entry: Entry, feed: str) -> str:
    given = sound(entry.id.strip())
    if not given or len(given) > LONGEST_NAME:
        content = "\0".join((given, entry.title, entry.published or entry.content))
        given = blake2b(content.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return given if ":" in given else f"{feed}#{given}"


def moment(text: str) -> datetime | None:
    """The time that a feed gives: ISO 8601, RFC 2822, or in any other clear way. None for none of these."""
    text = text.strip()
    if not text:
        return None
    try:
        if not text[:4].isdigit():
            text = _rfc2822(text)
        return parse_moment(text, UTC)
    except ValueError:
        return None


def _rfc2822(text: str) -> str:
    """RFC 2822 gives a meaning even to EST and to years of two digits."""
    try:
        return parsedate_to_datetime(text[:100]).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return text
