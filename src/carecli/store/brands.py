"""Several brands in one database: reading as if there were only one of them.

A case is the brand's that its first message names, else that of the source that brought it; messages and log follow
their case. While one brand is looked at, temporary views with the names of the tables stand before them, so that no
query of a report has to know of brands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from carecli.store.connect import Row, Store


@dataclass(frozen=True, slots=True)
class Brand:
    """What tells a brand's rows: the names that rows give it, and its sources, or all `besides` those of others."""

    names: Sequence[str]
    sources: Sequence[str] = ()
    besides: Sequence[str] | None = None


def named(store: Store) -> list[str]:
    """The brands that rows name."""
    rows = store.rows("SELECT DISTINCT brand FROM main.cases WHERE brand IS NOT NULL ORDER BY 1")
    return [row["brand"] for row in rows]


@contextmanager
def only(store: Store, brand: Brand) -> Iterator[None]:
    """Every query inside sees this brand alone. Nothing can be written to its tables meanwhile."""
    with store.explained():
        try:
            for statement in _views(store, brand):
                store.connection.execute(statement)
            yield
        finally:
            for name in ("mentions", "segments", "cases", "events", "sources"):
                store.connection.execute(f"DROP VIEW IF EXISTS temp.{name}")
            store.connection.execute("DROP TABLE IF EXISTS temp.of_brand")


def _views(store: Store, brand: Brand) -> Iterator[str]:
    names, heard = _list(store, brand.names), _list(store, brand.sources)
    theirs = f"IN {heard}" if brand.besides is None else f"NOT IN {_list(store, brand.besides)}"
    fits = f"(brand IN {names} OR brand IS NULL AND source {theirs})"
    yield f"CREATE TEMP TABLE of_brand AS SELECT case_id FROM main.cases WHERE {fits}"
    yield "CREATE UNIQUE INDEX temp.of_brand_case ON of_brand (case_id)"
    mine = "case_id IN (SELECT case_id FROM temp.of_brand)"
    for table in ("segments", "cases", "events"):
        yield f"CREATE TEMP VIEW {table} AS SELECT * FROM main.{table} WHERE {mine}"
    yield f"CREATE TEMP VIEW mentions AS SELECT * FROM main.mentions WHERE {mine} OR case_id IS NULL AND {fits}"
    yield f"CREATE TEMP VIEW sources AS SELECT * FROM main.sources WHERE name {theirs}"


def condition(brand: Brand) -> tuple[str, dict[str, str]]:
    """SQL that is true of a brand's rows in the table `c`, cases, and its parameters."""
    theirs = "IN" if brand.besides is None else "NOT IN"
    sources = brand.sources if brand.besides is None else brand.besides
    sql = f"""(c.brand IN (SELECT value FROM json_each(:brand_names)) OR c.brand IS NULL
        AND c.source {theirs} (SELECT value FROM json_each(:brand_sources)))"""
    return sql, {"brand_names": json.dumps(list(brand.names)), "brand_sources": json.dumps(list(sources))}


def _list(store: Store, values: Sequence[str]) -> str:
    """Values as SQL: a view takes no parameters."""
    rows = store.rows("SELECT quote(value) AS quoted FROM json_each(?)", [json.dumps(list(values))])
    return f"({', '.join(row['quoted'] for row in rows)})"


def heard(store: Store, since: str, until: str) -> list[Row]:
    """Inbound mentions by source and brand, where rows name one: (source, brand, mentions)."""
    return store.rows(
        """
        SELECT m.source, coalesce(m.brand, c.brand) AS brand, count(*) AS mentions
        FROM main.mentions m LEFT JOIN main.cases c USING (case_id)
        WHERE m.created_at >= ? AND m.created_at < ? AND m.inbound = 1 AND coalesce(m.brand, c.brand) IS NOT NULL
        GROUP BY 1, 2 ORDER BY 1, 2
        """,
        [since, until],
    )
