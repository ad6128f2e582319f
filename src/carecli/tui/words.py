"""Times, states and signals in few cells; every state has a sign of its own besides its colour."""

from __future__ import annotations

from datetime import datetime

from carecli.hours import show_duration, show_moment
from carecli.model import JSON, parse_iso
from carecli.tui.paint import Piece

SENTIMENT = {"negative": ("-", "bad"), "neutral": ("·", "dim"), "positive": ("+", "good")}
_STATES = {"pending": "pending", "resolved": "done", "snoozed": "zzz"}


def clock(case: JSON, now: datetime) -> Piece:
    """What is left of the target: `3h 05m`, `!12m` when it is due soon, `!!14m` when it is over by that much."""
    sla = case["sla"]
    if case["status"] != "open":
        return _STATES[case["status"]], "dim"
    if sla["due_at"] is None or sla["state"] in ("met", "none"):
        return ("met", "good") if sla["state"] == "met" else ("", "")
    left = (parse_iso(sla["due_at"]) - now).total_seconds()
    shown = show_duration(abs(left)).replace(" ", "")
    return {"breached": (f"!!{shown}", "bad"), "due": (f"!{shown}", "warn")}.get(sla["state"], (shown, "good"))


def ago(moment: str, now: datetime) -> str:
    """How long ago: `2h 14m ago`."""
    seconds = (now - parse_iso(moment)).total_seconds()
    return f"in {show_duration(-seconds)}" if seconds < 0 else f"{show_duration(seconds)} ago"


def at(moment: str, timezone: str) -> str:
    """The wall clock of the team's time zone: `Fri 20 Nov 13:05`."""
    return show_moment(parse_iso(moment), timezone)
