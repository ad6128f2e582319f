"""Who works on what: claims, the last act of an agent, silence, and whose customer somebody is."""

from __future__ import annotations

import json

from carecli.store.connect import Row, Store


def last_agent(store: Store, author: int) -> str | None:
    """The agent of the newest reply to this author, or to an account that was linked with theirs by hand."""
    row = store.row(
        """
        SELECT r.agent FROM replies r JOIN cases c USING (case_id)
        WHERE r.status = 'sent' AND r.agent IS NOT NULL AND c.customer_id IN (
            SELECT ?1 UNION SELECT other.author_id FROM people one JOIN people other USING (person_id)
            WHERE one.author_id = ?1
        ) ORDER BY r.sent_at DESC, r.reply_id DESC LIMIT 1
        """,
        [author],
    )
    return None if row is None else str(row["agent"])


def last_act(store: Store, case: int, agent: str) -> str | None:
    """When this agent last did something on a case."""
    row = store.row("SELECT max(at) AS at FROM events WHERE case_id = ? AND agent = ?", [case, agent])
    return None if row is None else row["at"]


def silent_claims(store: Store, before: str) -> list[Row]:
    """Cases that wait for an answer, whose agent claimed them and did nothing on them since `before`."""
    return store.rows(
        """
        SELECT c.case_id, c.assignee, max(e.at) AS last_act FROM cases c
        JOIN events e ON e.case_id = c.case_id AND e.agent = c.assignee
        WHERE c.assignee IS NOT NULL AND c.status = 'open' AND c.merged_into IS NULL
          AND (SELECT kind FROM events k WHERE k.case_id = c.case_id AND k.kind IN ('claimed', 'assigned')
               ORDER BY k.event_id DESC LIMIT 1) = 'claimed'
        GROUP BY c.case_id HAVING last_act < ?
        """,
        [before],
    )


def silent_customers(store: Store, before: str) -> list[Row]:
    """Pending cases in which nobody wrote since `before`; one that was set pending by hand counts from then."""
    return store.rows(
        """
        SELECT * FROM (
            SELECT c.case_id, max(
                coalesce((SELECT max(created_at) FROM mentions m WHERE m.case_id = c.case_id), ''),
                coalesce((SELECT max(at) FROM events e WHERE e.case_id = c.case_id
                          AND e.kind IN ('pending', 'reopened')), '')
            ) AS last_at FROM cases c WHERE c.status = 'pending' AND c.merged_into IS NULL
        ) WHERE last_at < ? ORDER BY case_id
        """,
        [before],
    )


def held(store: Store) -> dict[str, list[int]]:
    """The cases that are not resolved, by who has them."""
    rows = store.rows(
        """
        SELECT assignee, json_group_array(case_id) AS cases FROM (
            SELECT assignee, case_id FROM cases
            WHERE assignee IS NOT NULL AND status <> 'resolved' AND merged_into IS NULL ORDER BY case_id
        ) GROUP BY assignee ORDER BY assignee
        """
    )
    return {row["assignee"]: json.loads(row["cases"]) for row in rows}
