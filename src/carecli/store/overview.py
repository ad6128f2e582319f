"""The counts behind the overview screen; times are ISO text in UTC."""

from __future__ import annotations

from carecli.store.connect import Row, Store


def hours(store: Store, since: str, until: str) -> list[Row]:
    """Inbound mentions by hour (`2026-11-20T13`): all, negative, positive."""
    return store.rows(
        """
        SELECT substr(created_at, 1, 13) AS hour, count(*) AS inbound, sum(sentiment IS 'negative') AS negative,
               sum(sentiment IS 'positive') AS positive
        FROM mentions WHERE created_at >= ? AND created_at < ? AND inbound = 1 GROUP BY 1 ORDER BY 1
        """,
        [since, until],
    )


def agents(store: Store, since: str) -> list[Row]:
    """Each agent who has cases or did something since then: open cases, resolved and answered since then."""
    return store.rows(
        """
        SELECT agent, sum(has) AS has, sum(resolved) AS resolved, sum(replied) AS replied FROM (
            SELECT assignee AS agent, count(*) AS has, 0 AS resolved, 0 AS replied FROM cases
            WHERE needs_attention = 1 AND merged_into IS NULL AND assignee IS NOT NULL GROUP BY 1
            UNION ALL
            SELECT agent, 0, sum(kind = 'resolved'), sum(kind = 'replied') FROM events
            WHERE event_id > (SELECT coalesce(max(event_id), 0) - 20000 FROM events) AND at >= ? AND agent IS NOT NULL
            GROUP BY 1
        ) GROUP BY 1 HAVING sum(has + resolved + replied) > 0 ORDER BY replied DESC, resolved DESC, agent
        """,
        [since],
    )
