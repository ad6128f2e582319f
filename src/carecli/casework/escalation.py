"""Handing a case on: to whom the desk sends it, by name, and why."""

from __future__ import annotations

import difflib
import json

from carecli.casework import desk
from carecli.config import Config
from carecli.errors import UsageError
from carecli.store.connect import Row


def experts(config: Config, case: Row, *, besides: str | None = None) -> list[tuple[str, str]]:
    """Who may take this case, each with the reason: who alone answers such cases, then whom of the roster it suits."""
    found: dict[str, str] = {}
    if "emergency" in (case["urgency"], case["intent"]):
        found |= dict.fromkeys(config.desk.emergency, "answers emergencies")
    for topic in json.loads(case["topics"]):
        for name in config.desk.named.get(topic, ()):
            found.setdefault(name, f"answers {topic}")
    for name in config.agents:
        if desk.suits(config, name, case):
            found.setdefault(name, "suits it")
    return [(name, why) for name, why in found.items() if name != besides]


def known(config: Config, name: str) -> str:
    """`name` as the team writes it: an agent, a team, somebody named for a topic; anybody where nobody is listed.

    Raises UsageError.
    """
    listed = {
        *config.agents,
        *config.teams,
        *config.desk.emergency,
        *(n for of in config.desk.named.values() for n in of),
    }
    name = name.strip()
    if not name:
        raise UsageError("nobody was named", hint="write an agent's or a team's name")
    by_folded = {one.casefold(): one for one in sorted(listed)}
    if not listed or name.casefold() in by_folded:
        return by_folded.get(name.casefold(), name)
    near = difflib.get_close_matches(name, listed, n=1, cutoff=0.5)
    raise UsageError(
        f"nobody is called '{name}'", hint=f"is {near[0]} meant?" if near else f"there are {', '.join(sorted(listed))}"
    )
