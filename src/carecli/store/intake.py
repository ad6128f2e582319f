"""Mentions in: one page, one short transaction, together with its source's cursor.

A row is found by (platform, host, external id); one whose content hash is unchanged is not written again.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, TypeVar

from carecli.model import JSON, Author, Mention, iso, parse_iso
from carecli.store import events, looks, search, sources, withdrawals, witnesses
from carecli.store.connect import Row, Store
from carecli.store.customers import hash_of
from carecli.store.raw import pack

_Key = tuple[str, str, str]
_Noun = TypeVar("_Noun", Mention, Author)
_HALF = re.compile("[\ud800-\udfff]")
_HALF_OR_NUL = re.compile("[\0\ud800-\udfff]")  # SQLite's JSON, by which ids are looked up, ends at a NUL


@dataclass(frozen=True, slots=True)
class Saved:
    """What a page changed; `deleted` of ours are gone at the source."""

    new: int = 0
    updated: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class Beside:
    """What is written together with a page.

    `filled`: the page belongs to a walk back, which stands there now. `deleted`: the external ids of what is gone at
    `place`, a platform and a host. `looked`: the numbers of those mentions that were looked at again.
    """

    filled: sources.Backfill | None = None
    deleted: Sequence[str] = ()
    place: tuple[str, str] = ("", "")
    looked: Sequence[int] = ()


def save_page(
    store: Store,
    source: str,
    mentions: Sequence[Mention],
    *,
    now: datetime,
    cursor: JSON | None = None,
    beside: Beside | None = None,
) -> Saved:
    """Store one page and the cursor after it in one transaction. The same page again changes nothing."""
    beside = beside or Beside()
    oldest_first = sorted(map(_storable, mentions), key=lambda m: m.created_at)
    unique = {(m.platform, m.host, m.external_id): m for m in oldest_first}
    with store.write() as connection:
        known, taken = _witnessed(connection, source, unique)
        forgotten = _forgotten(connection, unique.values())
        new = [m for key, m in unique.items() if key not in known and _account(m) not in forgotten]
        kept = {key: row for key, row in known.items() if row is not None and _account(unique[key]) not in forgotten}
        seen = [(row, _reconciled(row, unique[key], source)) for key, row in kept.items()]
        changed = [(row, m) for row, m in seen if row["mention_id"] in taken or row["content_hash"] != content_hash(m)]
        authors = _save_authors(connection, [*new, *(m for _, m in changed)])
        _insert(connection, source, new, authors, now)
        for row, mention in changed:
            _update(connection, row, mention, authors, now, completed=row["mention_id"] in taken)
        gone = withdrawals.withdraw(connection, beside.place, beside.deleted, now=now) if beside.deleted else 0
        if cursor is not None:
            sources.move(connection, source, cursor)
        if beside.looked:
            looks.looked(connection, beside.looked, now)
        if beside.filled is not None:
            sources.fill(connection, source, beside.filled)
    return Saved(len(new), len(changed), gone)


def content_hash(mention: Mention) -> bytes:
    """Eight bytes that change when anything that we show or count of a mention changes."""
    m = mention
    seen = (m.url, m.edited_at, m.in_reply_to, m.visibility, m.inbound, m.directed, m.likes, m.reposts, m.replies)
    brand = () if m.brand is None else (m.brand,)  # the hashes of what came before there were brands stay
    # repr writes NUL as an escape, so the last one parts the text from the rest
    content = f"{m.text}\0{(*seen, *brand, m.author.handle, m.author.name)!r}"
    return blake2b(content.encode("utf-8", "replace"), digest_size=8).digest()


def _known(connection: sqlite3.Connection, unique: Iterable[_Key]) -> dict[_Key, Row]:
    places: dict[tuple[str, str], list[str]] = {}
    for platform, host, external_id in unique:
        places.setdefault((platform, host), []).append(external_id)
    found: dict[_Key, Row] = {}
    for (platform, host), ids in places.items():
        for row in connection.execute(
            f"""
            SELECT {witnesses.COLUMNS} FROM mentions
            WHERE platform = ? AND host = ? AND external_id IN (SELECT value FROM json_each(?))
            """,
            [platform, host, json.dumps(ids)],
        ):
            found[platform, host, row["external_id"]] = row
    return found


def _witnessed(
    connection: sqlite3.Connection, source: str, unique: dict[_Key, Mention]
) -> tuple[dict[_Key, Row | None], set[int]]:
    """The rows that these mentions have already, and which of them a file brought and a platform takes over now.

    None: what is there is left as it is, as a platform brought it and a file comes after it.
    """
    found = _known(connection, unique)
    from_file = bool(witnesses.files(connection, [source]))
    if from_file:
        witnesses.note_file(connection, unique.values())
    others = {key: mention for key, mention in unique.items() if key not in found}
    moved = witnesses.elsewhere(connection, others, from_file=from_file)
    if from_file:
        files = witnesses.files(connection, [row["source"] for row in found.values()])
        fetched = {key for key, row in found.items() if row["source"] not in files}
        kept = {key: None if key in fetched else row for key, row in found.items()}
        return {**kept, **dict.fromkeys(moved)}, set()
    files = witnesses.files(connection, {row["source"] for row in found.values()})
    taken = {**{key: row for key, row in found.items() if row["source"] in files}, **moved}
    for key, row in taken.items():
        witnesses.take_over(connection, row, unique[key], source)
    return {**found, **moved}, {row["mention_id"] for row in taken.values()}


def _reconciled(row: Row, mention: Mention, source: str) -> Mention:
    """`mention` as we know it when another source brought it first: neither source's knowledge is lost.

    What one of them knows to be ours stays ours, what addressed us did, and what a source does not tell is kept.
    """
    if row["source"] == source:
        return mention
    m = mention
    inbound = m.inbound and bool(row["inbound"])
    return replace(
        m,
        inbound=inbound,
        directed=inbound and (bool(m.directed) or bool(row["directed"])),
        url=m.url or row["url"],
        in_reply_to=m.in_reply_to or row["in_reply_to"],
        edited_at=m.edited_at or (row["edited_at"] and parse_iso(row["edited_at"])),
        likes=row["likes"] if m.likes is None else m.likes,
        reposts=row["reposts"] if m.reposts is None else m.reposts,
        replies=row["replies"] if m.replies is None else m.replies,
    )


def _account(mention: Mention) -> _Key:
    # nobody's mentions are not all one customer's
    return mention.platform, mention.host, mention.author.id or mention.author.handle or f"?{mention.external_id}"


def _forgotten(connection: sqlite3.Connection, mentions: Iterable[Mention]) -> set[_Key]:
    """The accounts among the authors whose words are not to be stored again."""
    if not connection.execute("SELECT 1 FROM forgotten LIMIT 1").fetchone():
        return set()
    accounts = {_account(m) for m in mentions if m.inbound}
    hashes = {row[0] for row in connection.execute("SELECT account_hash FROM forgotten")}
    return {key for key in accounts if hash_of(*key) in hashes}


def _known_of(author: Author, before: Author | None) -> Author:
    """The newest word on somebody, with what only an earlier one said."""
    if before is None or before == author:
        return author
    return replace(
        author,
        name=author.name or before.name,
        followers=before.followers if author.followers is None else author.followers,
        url=author.url or before.url,
    )


def _save_authors(connection: sqlite3.Connection, mentions: Sequence[Mention]) -> dict[_Key, int]:
    authors: dict[_Key, Author] = {}
    for m in mentions:
        authors[_account(m)] = _known_of(m.author, authors.get(_account(m)))
    connection.executemany(
        """
        INSERT INTO authors (platform, host, account, handle, name, followers, url) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (platform, host, account) DO UPDATE SET
            handle = excluded.handle, name = coalesce(excluded.name, name),
            followers = coalesce(excluded.followers, followers), url = coalesce(excluded.url, url)
        WHERE (handle, name, followers, url) IS NOT (excluded.handle, excluded.name, excluded.followers, excluded.url)
        """,
        [(*key, a.handle, a.name, a.followers, a.url) for key, a in authors.items()],
    )
    found: dict[_Key, int] = {}
    for platform, host in {key[:2] for key in authors}:
        accounts = [key[2] for key in authors if key[:2] == (platform, host)]
        for row in connection.execute(
            """
            SELECT author_id, account FROM authors
            WHERE platform = ? AND host = ? AND account IN (SELECT value FROM json_each(?))
            """,
            [platform, host, json.dumps(accounts)],
        ):
            found[platform, host, row["account"]] = row["author_id"]
    return found


_COLUMNS = (
    "mention_id, platform, host, external_id, source, author_id, inbound, directed, automatic, visibility, text, url,"
    " in_reply_to, thread_root, declared_language, created_at, edited_at, fetched_at, likes, reposts, replies,"
    " content_hash, matched, brand"
)
_INSERT = f"INSERT INTO mentions ({_COLUMNS}) VALUES ({', '.join('?' * (_COLUMNS.count(',') + 1))})"


def _values(number: int, m: Mention, source: str, author: int, fetched_at: str) -> tuple[Any, ...]:
    """The row of a new mention, in the order of `_COLUMNS`."""
    return (
        number,
        m.platform,
        m.host,
        m.external_id,
        source,
        author,
        m.inbound,
        bool(m.directed),
        m.automatic,
        m.visibility,
        m.text,
        m.url,
        m.in_reply_to,
        m.thread_root,
        m.language,
        iso(m.created_at),
        m.edited_at and iso(m.edited_at),
        fetched_at,
        m.likes,
        m.reposts,
        m.replies,
        content_hash(m),
        m.matched,
        m.brand,
    )


def _insert(
    connection: sqlite3.Connection,
    source: str,
    new: Sequence[Mention],
    authors: dict[_Key, int],
    now: datetime,
) -> None:
    first = connection.execute("SELECT coalesce(max(mention_id), 0) + 1 FROM mentions").fetchone()[0]
    fetched_at = iso(now)
    numbered = list(enumerate(new, first))
    connection.executemany(
        _INSERT, [_values(number, m, source, authors[_account(m)], fetched_at) for number, m in numbered]
    )
    search.add(connection, [(number, m.text) for number, m in numbered])
    connection.executemany(
        "INSERT INTO raw_mentions (mention_id, json_zstd) VALUES (?, ?)",
        [(number, pack(m.raw)) for number, m in numbered if m.raw is not None],
    )


def _update(
    connection: sqlite3.Connection,
    row: Row,
    mention: Mention,
    authors: dict[_Key, int],
    now: datetime,
    *,
    completed: bool,
) -> None:
    """Write `mention` over its row. `completed`: its platform knows more than the file that brought it: no edit."""
    m, number = mention, row["mention_id"]
    _overwrite(connection, number, m, authors[_account(m)], completed=completed)
    if m.raw is not None:
        connection.execute(
            "INSERT OR REPLACE INTO raw_mentions (mention_id, json_zstd) VALUES (?, ?)", [number, pack(m.raw)]
        )
    if row["text"] != m.text:
        search.remove(connection, number, row["text"])
        search.add(connection, [(number, m.text)])
        if row["case_id"] is not None and row["deleted_at"] is not None:
            events.append(connection, row["case_id"], "restored", now, data={"mention": number})
        elif row["case_id"] is not None and m.inbound and not completed:
            events.append(connection, row["case_id"], "edited", now, data={"mention": number, "before": row["text"]})
    if row["deleted_at"] is not None:
        withdrawals.forget(connection, number)


def _overwrite(connection: sqlite3.Connection, number: int, m: Mention, author: int, *, completed: bool) -> None:
    """The row of `m` as it is now; other words, or other people's, are triaged again."""
    connection.execute(
        """
        UPDATE mentions SET author_id = ?, inbound = ?, directed = ?, visibility = ?, text = ?, url = ?,
            in_reply_to = ?, edited_at = ?, likes = ?, reposts = ?, replies = ?, content_hash = ?,
            triaged_at = CASE WHEN text = ? AND inbound = ? AND directed = ? AND NOT ? AND coalesce(?, brand) IS brand
                THEN triaged_at END,
            deleted_at = NULL, matched = coalesce(?, matched), brand = coalesce(?, brand)
        WHERE mention_id = ?
        """,
        [
            author,
            m.inbound,
            bool(m.directed),
            m.visibility,
            m.text,
            m.url,
            m.in_reply_to,
            m.edited_at and iso(m.edited_at),
            m.likes,
            m.reposts,
            m.replies,
            content_hash(m),
            m.text,
            m.inbound,
            bool(m.directed),
            completed,
            m.brand,
            m.matched,
            m.brand,
            number,
        ],
    )


def _storable(mention: Mention) -> Mention:
    """`mention` as SQLite can hold it: half characters, and NUL in ids, become U+FFFD (the raw JSON keeps them)."""
    m, a = mention, mention.author
    ids = "".join(filter(None, (m.platform, m.host, m.external_id, m.in_reply_to, m.thread_root, a.id, a.handle)))
    try:
        "".join(filter(None, (ids, m.text, m.url, m.language, m.brand, a.name, a.url))).encode()
    except UnicodeEncodeError:
        return _whole(replace(m, author=_whole(a)))
    return _whole(replace(m, author=_whole(a))) if "\0" in ids else mention


def _whole(value: _Noun) -> _Noun:
    changes: dict[str, Any] = {}
    for one in fields(value):
        text = getattr(value, one.name)
        if one.name != "raw" and isinstance(text, str):
            unfit = _HALF if one.name in ("text", "name") else _HALF_OR_NUL
            changes[one.name] = unfit.sub("\N{REPLACEMENT CHARACTER}", text)
    return replace(value, **changes)
