"""Mentions in: one page, one short transaction, together with its source's cursor; verdicts and corrections on them.

A row is found by (platform, host, external id); one whose content hash is unchanged is not written again.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, TypeVar

from carecli.errors import NotFound
from carecli.model import JSON, Author, Mention, Verdict, iso, parse_iso
from carecli.store import events, looks, search, sources, withdrawals, witnesses
from carecli.store.connect import Row, Store
from carecli.store.customers import hash_of
from carecli.store.raw import pack, unpack

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


_SHOWN = """
    SELECT m.*, a.handle AS author_handle, a.name AS author_name, a.followers AS author_followers,
           (SELECT json_group_object(signal, value) FROM corrections WHERE mention_id = m.mention_id) AS corrections
    FROM mentions m JOIN authors a USING (author_id)
"""


def get(store: Store, mention: int) -> Row:
    """One mention with its author and corrections. Raises NotFound."""
    row = store.row(f"{_SHOWN} WHERE m.mention_id = ?", [mention])
    if row is None:
        raise NotFound(f"there is no mention {mention}", hint="`care search WORD --json` shows the numbers of mentions")
    return row


def of_case(store: Store, case: int) -> list[Row]:
    """A case's mentions, ours included, oldest first."""
    return store.rows(f"{_SHOWN} WHERE m.case_id = ? ORDER BY m.created_at, m.mention_id", [case])


def by_ids(store: Store, ids: Sequence[int]) -> list[Row]:
    """Mentions in the order of `ids`."""
    rows = store.rows(f"{_SHOWN} WHERE m.mention_id IN (SELECT value FROM json_each(?))", [json.dumps(list(ids))])
    place = {number: index for index, number in enumerate(ids)}
    return sorted(rows, key=lambda row: place[row["mention_id"]])


def everything(store: Store, *, batch: int = 1000) -> Iterator[tuple[Row, str | None]]:
    """All mentions with their raw JSON, oldest first by arrival, a page at a time."""
    last = 0
    while rows := store.rows(f"{_SHOWN} WHERE m.mention_id > ? ORDER BY m.mention_id LIMIT ?", [last, batch]):
        last = rows[-1]["mention_id"]
        raws = {
            row["mention_id"]: row["json_zstd"]
            for row in store.rows(
                "SELECT * FROM raw_mentions WHERE mention_id BETWEEN ? AND ?", [rows[0]["mention_id"], last]
            )
        }
        for row in rows:
            blob = raws.get(row["mention_id"])
            yield row, None if blob is None else unpack(blob)


def raw(store: Store, mention: int) -> str | None:
    """The untouched source of a mention, as JSON text."""
    row = store.row("SELECT json_zstd FROM raw_mentions WHERE mention_id = ?", [mention])
    return None if row is None else unpack(row["json_zstd"])


def untriaged(store: Store, limit: int) -> list[Row]:
    """Mentions that no verdict was written for yet, oldest first."""
    return store.rows(
        "SELECT * FROM mentions WHERE triaged_at IS NULL ORDER BY created_at, mention_id LIMIT ?", [limit]
    )


def still_untriaged(connection: sqlite3.Connection, batch: Sequence[Row]) -> list[Row]:
    """Those rows of `batch` that nobody triaged or changed since it was read, as they are now, without their texts."""
    read = {row["mention_id"]: row["content_hash"] for row in batch}
    rows = connection.execute(
        """
        SELECT mention_id, platform, host, external_id, author_id, case_id, inbound, in_reply_to, thread_root,
               created_at, content_hash FROM mentions
        WHERE mention_id IN (SELECT value FROM json_each(?)) AND triaged_at IS NULL ORDER BY created_at, mention_id
        """,
        [json.dumps(list(read))],
    )
    return [row for row in rows if row["content_hash"] == read[row["mention_id"]]]


def save_verdicts(
    connection: sqlite3.Connection, verdicts: Sequence[tuple[int, Verdict | None]], *, now: datetime
) -> None:
    """Write verdicts by mention; None for the brand's own posts, which have none."""
    at = iso(now)
    connection.executemany(
        """
        UPDATE mentions SET triaged_at = ?, language = ?, sentiment = ?, sentiment_score = ?, intent = ?, topics = ?,
            urgency = ?, needs_reply = ?, confidence = ?, why = ? WHERE mention_id = ?
        """,
        [
            (
                at,
                v.language,
                v.sentiment,
                v.sentiment_score,
                v.intent,
                json.dumps(v.topics, ensure_ascii=False),
                v.urgency,
                v.needs_reply,
                v.confidence,
                json.dumps(v.why, ensure_ascii=False),
                number,
            )
            for number, v in verdicts
            if v is not None
        ],
    )
    connection.executemany(
        "UPDATE mentions SET triaged_at = ? WHERE mention_id = ?",
        [(at, number) for number, verdict in verdicts if verdict is None],
    )


def save_signals(connection: sqlite3.Connection, signals: Sequence[tuple[int, Sequence[Any], int | None]]) -> None:
    """Write (mention, risks found, gist) of mentions; most have no risk."""
    connection.executemany(
        "UPDATE mentions SET risks = ?, gist = ? WHERE mention_id = ?",
        [
            (json.dumps([found._asdict() for found in risks], ensure_ascii=False), gist, number)
            for number, risks, gist in signals
        ],
    )


def copies(store: Store, mention: int) -> int:
    """How many others wrote the words of a mention, each counted once."""
    row = store.row(
        """
        SELECT count(DISTINCT other.author_id) FROM mentions m
        JOIN mentions other ON other.gist = m.gist AND other.author_id <> m.author_id AND other.inbound = 1
        WHERE m.mention_id = ?
        """,
        [mention],
    )
    return int(row[0]) if row else 0


def texts(store: Store, since: str, until: str, *, limit: int, negative: bool = False) -> list[tuple[str, str | None]]:
    """Text and language of customers' mentions in [since, until), the newest ones; `negative`: only those."""
    rows = store.rows(
        f"""
        SELECT text, language FROM mentions
        WHERE created_at >= ? AND created_at < ? AND inbound = 1 {"AND sentiment = 'negative'" if negative else ""}
        ORDER BY created_at DESC, mention_id DESC LIMIT ?
        """,
        [since, until, limit],
    )
    return [(row["text"], row["language"]) for row in rows]


def posts_of(store: Store, author: int, limit: int = 50) -> list[Row]:
    """When a customer wrote and the gist of what, newest first, as far as it is in cases of theirs."""
    return store.rows(
        """
        SELECT m.created_at, m.gist FROM cases c JOIN mentions m ON m.case_id = c.case_id
        WHERE c.customer_id = ?1 AND m.author_id = ?1 AND m.inbound = 1 ORDER BY m.created_at DESC LIMIT ?2
        """,
        [author, limit],
    )


def corrections(store: Store, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What people said of these mentions: mention → signal → value."""
    found: dict[int, dict[str, Any]] = {}
    for row in store.rows(
        "SELECT mention_id, signal, value FROM corrections WHERE mention_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(ids))],
    ):
        found.setdefault(row["mention_id"], {})[row["signal"]] = json.loads(row["value"])
    return found


def corrected_count(store: Store) -> int:
    """How many mentions somebody corrected."""
    row = store.row("SELECT COUNT(DISTINCT mention_id) FROM corrections")
    return int(row[0]) if row else 0


def all_corrections(store: Store, *, since: str | None, newest: int | None = None) -> list[Row]:
    """Every corrected mention, or the newest so many: `text`, `language`, `declared_language`, `signals`.

    `signals` is signal → value. `since` (ISO 8601) leaves out what was corrected at or before it.
    """
    return store.rows(
        """
        WITH newest AS (
          SELECT mention_id, json_group_object(signal, json(value)) AS signals
          FROM corrections WHERE ?1 IS NULL OR corrected_at > ?1
          GROUP BY mention_id ORDER BY max(corrected_at) DESC, mention_id DESC LIMIT ?2
        )
        SELECT m.text, m.language, m.declared_language, newest.signals
        FROM newest JOIN mentions m USING (mention_id) ORDER BY mention_id
        """,
        [since, -1 if newest is None else newest],
    )


def correct(
    connection: sqlite3.Connection, mention: int, signals: dict[str, Any], *, agent: str | None, now: datetime
) -> None:
    """Keep a person's word on some signals of a mention, and have it triaged again."""
    connection.executemany(
        "INSERT OR REPLACE INTO corrections (mention_id, signal, value, corrected_at, agent) VALUES (?, ?, ?, ?, ?)",
        [
            (mention, signal, json.dumps(value, ensure_ascii=False), iso(now), agent)
            for signal, value in signals.items()
        ],
    )
    connection.execute("UPDATE mentions SET triaged_at = NULL WHERE mention_id = ?", [mention])


def uncorrect(connection: sqlite3.Connection, mention: int, signals: Sequence[str]) -> None:
    """Take a person's word on these signals back, and have the mention triaged again."""
    connection.executemany(
        "DELETE FROM corrections WHERE mention_id = ? AND signal = ?", [(mention, signal) for signal in signals]
    )
    connection.execute("UPDATE mentions SET triaged_at = NULL WHERE mention_id = ?", [mention])


def forget_verdicts(connection: sqlite3.Connection) -> int:
    """Have every mention triaged again that still says something; corrections stay. Returns how many."""
    return connection.execute(
        "UPDATE mentions SET triaged_at = NULL WHERE triaged_at IS NOT NULL AND deleted_at IS NULL AND text <> ''"
    ).rowcount


def questions(store: Store, *, since: str, limit: int) -> list[Row]:
    """The newest questions and requests since then: mention_id, case_id, text, language, topics."""
    return store.rows(
        """
        SELECT mention_id, case_id, text, language, topics FROM mentions
        WHERE created_at >= ? AND inbound = 1 AND intent IN ('question', 'request') AND case_id IS NOT NULL
        ORDER BY created_at DESC, mention_id DESC LIMIT ?
        """,
        [since, limit],
    )


def answers_since(store: Store, case: int, moment: str) -> int:
    """How many of our own posts, automatic ones left out, came in a case after a message of that time."""
    row = store.row(
        "SELECT count(*) AS n FROM mentions WHERE case_id = ? AND inbound = 0 AND automatic = 0 AND created_at >= ?",
        [case, moment],
    )
    return int(row["n"]) if row else 0
