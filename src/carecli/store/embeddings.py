"""Embeddings by text hash: a cache that can be emptied at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from carecli.store.connect import Store

_AT_ONCE = 500  # SQLite's oldest limit is 999 values in one statement


def known(store: Store, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    """Those of the embeddings that are kept."""
    found: dict[bytes, bytes] = {}
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(part))
        rows = store.rows(f"SELECT text_hash, vector FROM embeddings WHERE text_hash IN ({marks})", part)
        found |= {row["text_hash"]: row["vector"] for row in rows}
    return found


def keep(store: Store, vectors: Mapping[bytes, bytes]) -> None:
    """Keep these embeddings."""
    with store.write() as connection:
        connection.executemany("INSERT OR REPLACE INTO embeddings (text_hash, vector) VALUES (?, ?)", vectors.items())
