"""What was said in a case, as its clocks and its state see it."""

from __future__ import annotations

from collections.abc import Sequence

from carecli.replies.closing import is_thanks
from carecli.store import cases
from carecli.store.connect import Columns, Store


def of(store: Store, numbers: Sequence[int]) -> dict[int, list[Columns]]:
    """Each case's mentions, oldest first, as `carecli.store.cases.turns`; who thanks for an answer waits for none."""
    found: dict[int, list[Columns]] = {}
    for case, rows in cases.turns(store, numbers).items():
        answered, heard = False, list[Columns](rows)
        for place, row in enumerate(rows):
            if not row["inbound"]:
                answered |= not row["automatic"]
            elif answered and row["praise"] and is_thanks(row["praise"]):
                heard[place] = {**row, "needs_reply": 0}
        found[case] = heard
    return found
