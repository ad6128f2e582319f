"""A second look at open mentions: edits and deletions that a platform does not tell of by itself.

At the end of a fetch a few requests go to the mentions of cases that are not done, those first that were not looked
at for longest. What the platform says is gone is withdrawn; a failure says nothing about any mention.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from carecli.errors import PlatformError, RateLimited, Unreachable
from carecli.model import Mention
from carecli.platforms.base import Fetcher, Look, Rereader
from carecli.store import looks
from carecli.store.connect import Store
from carecli.text import single_line

REQUESTS = 10  # for each source in one fetch
AGAIN_AFTER = timedelta(hours=1)
AS_OLD_AS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Found:
    """What one look brought, to be stored at once: `looked` are the numbers of the mentions that it was at."""

    looked: tuple[int, ...]
    mentions: tuple[Mention, ...] = ()
    deleted: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


async def look_again(
    store: Store, client: Fetcher, source: str, *, now: datetime, requests: int
) -> AsyncIterator[Found]:
    """Look at the open mentions of a source, at most `requests` times.

    Raises RateLimited and Unreachable; after any other failure those mentions wait for their next turn.
    """
    if not isinstance(client, Rereader) or client.at_once < 1 or requests < 1:
        return
    limit = requests * client.at_once
    rows = looks.due(store, source, written_since=now - AS_OLD_AS, seen_before=now - AGAIN_AFTER, limit=limit)
    for start in range(0, len(rows), client.at_once):
        batch = rows[start : start + client.at_once]
        looked = tuple(row["mention_id"] for row in batch)
        known = [looks.mention(row) for row in batch]
        try:
            look = await client.look_again(known)
        except (RateLimited, Unreachable):
            raise
        except (PlatformError, ValueError) as error:  # ValueError: an answer that cannot be read
            yield Found(looked, skipped=(single_line(f"a look at known mentions: {error}"[:300]),))
            return
        yield _found(looked, known, look)


def _found(looked: tuple[int, ...], known: Sequence[Mention], look: Look) -> Found:
    """Only what was asked for; of each mention what is known from elsewhere stays."""
    before = {mention.external_id: mention for mention in known}
    now = {mention.external_id: mention for mention in look.mentions if mention.external_id in before}
    gone = tuple(name for name in dict.fromkeys(look.deleted) if name in before and name not in now)
    return Found(looked, tuple(_as_known(before[name], mention) for name, mention in now.items()), gone)


def _as_known(before: Mention, now: Mention) -> Mention:
    """`now` as far as a look shows it: whom a mention addressed, and in which thread it stands, is known from before.

    A look at one post tells less than the list that it came in: what it leaves out is not gone.
    """
    return replace(
        now,
        platform=before.platform,
        host=before.host,
        created_at=before.created_at,
        author=before.author,
        inbound=before.inbound,
        directed=before.directed or (before.inbound and bool(now.directed)),
        in_reply_to=before.in_reply_to or now.in_reply_to,
        thread_root=before.thread_root or now.thread_root,
        visibility=before.visibility if now.visibility == "public" else now.visibility,
        url=before.url or now.url,
        edited_at=now.edited_at or before.edited_at,
        likes=before.likes if now.likes is None else now.likes,
        reposts=before.reposts if now.reposts is None else now.reposts,
        replies=before.replies if now.replies is None else now.replies,
        matched=None,
    )
