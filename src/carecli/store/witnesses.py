"""One post, two witnesses: imported from a file, and fetched from its platform. It is one mention.

A file names a post by the id on its platform, without the server, or only by its address; and it may be old or cut
short. So the platform's word counts: it takes an imported row over, and a file changes nothing of what was fetched.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from carecli.model import Mention, iso, parse_iso
from carecli.store.connect import Row

Key = tuple[str, str, str]
SAME_ID_WITHIN = timedelta(days=1)  # files without time zones
SAME_ADDRESS_WITHIN = timedelta(minutes=2)  # files without seconds
COLUMNS = """
    mention_id, case_id, platform, host, external_id, source, inbound, directed, text, url, in_reply_to, edited_at,
    likes, reposts, replies, content_hash, deleted_at, created_at
"""


def files(connection: sqlite3.Connection, names: Iterable[str]) -> set[str]:
    """Which of these sources are files."""
    known = connection.execute("SELECT name FROM sources WHERE platform = 'file'")
    platform_file = {row["name"] for row in known}
    return {name for name in names if name == "import" or name.startswith("import:") or name in platform_file}


def note_file(connection: sqlite3.Connection, mentions: Iterable[Mention]) -> None:
    """Remember of which platforms files brought mentions: only these are looked through for a second witness."""
    connection.executemany(
        "INSERT OR IGNORE INTO notes (key, value) VALUES (?, '')",
        {(_note(mention.platform),) for mention in mentions},
    )


def _note(platform: str) -> str:
    return f"imported {platform}"


def elsewhere(connection: sqlite3.Connection, new: Mapping[Key, Mention], *, from_file: bool) -> dict[Key, Row]:
    """The rows that are stored under another key and are these mentions; one of the two witnesses is a file."""
    if not from_file:
        noted = {mention.platform for mention in new.values()}
        noted = {name for name in noted if _has_note(connection, name)}
        new = {key: mention for key, mention in new.items() if mention.platform in noted}
    found: dict[Key, Row] = {}
    taken: set[int] = set()
    for key, mention in new.items():
        same_id = _same_id(connection, mention, from_file=from_file)
        rows = same_id or _same_address(connection, mention)
        witnesses = files(connection, [row["source"] for row in rows])
        rows = [row for row in rows if (row["source"] in witnesses) is not from_file]
        # of two nobody can tell which it is; a file may name one post twice
        if len(rows) == 1 and (from_file or rows[0]["mention_id"] not in taken):
            found[key] = rows[0]
            taken.add(rows[0]["mention_id"])
    return found


def _has_note(connection: sqlite3.Connection, platform: str) -> bool:
    row = connection.execute("SELECT 1 FROM notes WHERE key = ?", [_note(platform)]).fetchone()
    return row is not None


def _same_id(connection: sqlite3.Connection, mention: Mention, *, from_file: bool) -> list[Row]:
    """Rows with the same id, one of the two without its server."""
    hosts: Sequence[str] = ("",)
    if from_file and not mention.host:
        known = connection.execute("SELECT DISTINCT host FROM authors WHERE platform = ?", [mention.platform])
        hosts = [row["host"] for row in known]
    elif not mention.host:
        return []
    rows = connection.execute(
        f"""
        SELECT {COLUMNS} FROM mentions
        WHERE platform = ? AND host IN (SELECT value FROM json_each(?)) AND host <> ? AND external_id = ?
        """,
        [mention.platform, json.dumps(list(hosts)), mention.host, mention.external_id],
    ).fetchall()
    return [row for row in rows if abs(parse_iso(row["created_at"]) - mention.created_at) <= SAME_ID_WITHIN]


def _same_address(connection: sqlite3.Connection, mention: Mention) -> list[Row]:
    if not mention.url:
        return []
    earliest, latest = mention.created_at - SAME_ADDRESS_WITHIN, mention.created_at + SAME_ADDRESS_WITHIN
    return connection.execute(
        f"""
        SELECT {COLUMNS} FROM mentions
        WHERE created_at BETWEEN ? AND ? AND platform = ? AND url = ? AND external_id <> ?
        """,
        [iso(earliest), iso(latest), mention.platform, mention.url, mention.external_id],
    ).fetchall()


def take_over(connection: sqlite3.Connection, row: Row, mention: Mention, source: str) -> None:
    """What a file brought is from now on the platform's: its server, its id, the source that reads and answers it."""
    connection.execute(
        "UPDATE mentions SET host = ?, external_id = ?, source = ? WHERE mention_id = ?",
        [mention.host, mention.external_id, source, row["mention_id"]],
    )
    connection.execute(
        "UPDATE cases SET host = ? WHERE case_id = ? AND host = ?", [mention.host, row["case_id"], row["host"]]
    )
