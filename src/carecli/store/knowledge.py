"""The knowledge base: articles with an owner and a date of review, every version of them, and their full-text index."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from carecli.errors import Conflict, NotFound
from carecli.model import iso
from carecli.store import search
from carecli.store.connect import Row, Store

FIELDS = ("title", "text", "language", "url", "owner", "review_by", "topics")


def add(
    store: Store, article: Mapping[str, Any], *, now: datetime, agent: str | None = None, origin: str | None = None
) -> int:
    """Store a new article, its first version and its words; returns its number. `article` has the keys of FIELDS."""
    values = _values(article)
    with store.write() as connection:
        try:
            cursor = connection.execute(
                f"""
                INSERT INTO articles ({", ".join(FIELDS)}, origin, version, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
                """,
                [*values, origin, iso(now), iso(now)],
            )
        except sqlite3.IntegrityError:
            raise Conflict(f"there is an article from {origin} already", hint="`care kb list` shows it") from None
        number = int(cursor.lastrowid or 0)
        _keep_version(connection, number, 1, values, now, agent)
        _index(connection, number, values)
    return number


def change(
    store: Store, number: int, changes: Mapping[str, Any], *, now: datetime, agent: str | None = None
) -> tuple[Row, bool]:
    """Write what differs as a new version; returns the article and whether anything did. Raises NotFound."""
    with store.write() as connection:
        before = get(store, number)
        old = [before[field] for field in FIELDS]
        values = _values({**described(before), **changes})
        if values == old:
            return before, False
        connection.execute(
            "INSERT INTO article_words (article_words, rowid, words) VALUES ('delete', ?, ?)", [number, _words(old)]
        )
        version = before["version"] + 1
        settings = ", ".join(f"{field} = ?" for field in FIELDS)
        connection.execute(
            f"UPDATE articles SET {settings}, version = ?, updated_at = ? WHERE article_id = ?",
            [*values, version, iso(now), number],
        )
        _keep_version(connection, number, version, values, now, agent)
        _index(connection, number, values)
        return get(store, number), True


def _values(article: Mapping[str, Any]) -> list[Any]:
    topics = json.dumps(list(article.get("topics") or ()), ensure_ascii=False)
    return [topics if field == "topics" else article.get(field) for field in FIELDS]


def _keep_version(
    connection: sqlite3.Connection, number: int, version: int, values: Sequence[Any], now: datetime, agent: str | None
) -> None:
    connection.execute(
        f"""
        INSERT INTO article_versions (article_id, version, {", ".join(FIELDS)}, changed_at, agent)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [number, version, *values, iso(now), agent],
    )


def _index(connection: sqlite3.Connection, number: int, values: Sequence[Any]) -> None:
    connection.execute("INSERT INTO article_words (rowid, words) VALUES (?, ?)", [number, _words(values)])


def _words(values: Sequence[Any]) -> str:
    return search.indexed(f"{values[0]}\n{values[1]}")


def described(row: Row) -> dict[str, Any]:
    """An article's FIELDS as plain values."""
    return {field: json.loads(row[field]) if field == "topics" else row[field] for field in FIELDS}


def get(store: Store, number: int) -> Row:
    """One article. Raises NotFound."""
    row = store.row("SELECT * FROM articles WHERE article_id = ?", [number])
    if row is None:
        raise NotFound(f"there is no article {number}", hint="`care kb list` shows all")
    return row


def by_origin(store: Store, origin: str) -> Row | None:
    """The article that was made from `origin`, None where there is none."""
    return store.row("SELECT * FROM articles WHERE origin = ?", [origin])


def versions(store: Store, number: int) -> list[Row]:
    """Every version of an article, oldest first."""
    return store.rows("SELECT * FROM article_versions WHERE article_id = ? ORDER BY version", [number])


def listed(store: Store, *, language: str | None = None, stale_on: str | None = None) -> list[Row]:
    """Articles by number; `stale_on`: only those whose review was due before that date."""
    return store.rows(
        """
        SELECT * FROM articles WHERE (?1 IS NULL OR language = ?1) AND (?2 IS NULL OR review_by < ?2)
        ORDER BY CASE WHEN ?2 IS NULL THEN article_id ELSE review_by END, article_id
        """,
        [language, stale_on],
    )


def find(store: Store, query: str, *, limit: int) -> list[Row]:
    """Articles that hold every word of `query` in any of its forms, best first."""
    return _matching(store, search.expression(query), limit)


def about(store: Store, text: str, *, limit: int = 50) -> list[Row]:
    """Articles that share words with `text`, the best by BM25 first: candidates for an answer."""
    if store.row("SELECT 1 FROM articles LIMIT 1") is None:
        return []  # and no stemmer is loaded for nothing
    return _matching(store, search.any_word(text), limit)


def _matching(store: Store, match: str, limit: int) -> list[Row]:
    if not match:
        return []
    return store.rows(
        """
        SELECT a.* FROM article_words w JOIN articles a ON a.article_id = w.rowid
        WHERE article_words MATCH ? ORDER BY bm25(article_words), a.article_id LIMIT ?
        """,
        [match, limit],
    )
