"""Triage: what a text is about, how its writer feels, what they want, and how soon.

Pure functions on text: no store, no network, no clock. `classify` is the door, `prioritise` orders the queue.
"""

from __future__ import annotations

from carecli.triage.engine import classify
from carecli.triage.prepare import Rules
from carecli.triage.priority import prioritise

__all__ = ["Rules", "classify", "prioritise"]
