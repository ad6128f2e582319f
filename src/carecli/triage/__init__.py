"""Triage: what a text is about, how its writer feels, what they want, and how soon.

Pure functions on text: no store, no network, no clock. `classify` is the door, `prioritise` orders the queue. The
engine is imported when it is first asked for: who only reads what was judged before does not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carecli.triage.priority import prioritise

if TYPE_CHECKING:
    from carecli.triage.engine import classify
    from carecli.triage.prepare import Rules

__all__ = ["Rules", "classify", "prioritise"]


def __getattr__(name: str) -> Any:
    if name == "classify":
        from carecli.triage.engine import classify

        return classify
    if name == "Rules":
        from carecli.triage.prepare import Rules

        return Rules
    raise AttributeError(name)
