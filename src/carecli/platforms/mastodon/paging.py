"""Where a newest-first list has been read to: pure steps over a cursor, for servers that honour little.

A pass goes from the newest item down to what earlier passes have seen. While it runs, the cursor keeps both:
the old mark (`top`, `at`, `seen`) and the way down (`pass`), so a stop between two pages loses nothing. Ids
are only compared for equality, because some servers' ids don't sort; times tell how old a page is.

Other platforms are read by `web.newest_first`, which goes by times alone. Here a time is what another server claims
for a post that may have arrived hours late, while an id that was seen before is certain: a pass ends with it, so that
a list without news costs one short page. The first pass is bounded by pages: a hashtag may go back years.

    {"top": "9", "at": "2026-11-20T08:00:00Z", "seen": ["9", "8"],
     "pass": {"position": "12", "top": "15", "at": "2026-11-20T09:00:00Z", "seen": ["15", "12"], "pages": 2}}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from carecli.errors import BadAnswer
from carecli.model import JSON, iso, parse_iso

# Ids that are remembered: more than the longest page has, so that the next pass knows where to stop.
SEEN = 200
# How far below its mark a pass may still meet what is new: items that arrived late.
OVERLAP = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_PAGES = 2000


@dataclass(frozen=True, slots=True)
class Item:
    """What paging needs to know of one item."""

    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Bounds:
    """How deep a pass goes: not below `since`; the first of all, without `since`, `first_pages` pages."""

    since: datetime | None
    first_pages: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What a page brought: the state to store, the ids that are new, and whether the pass is at its end."""

    state: JSON
    fresh: frozenset[str]
    done: bool


def position(state: JSON) -> str | None:
    """Where the running pass goes on; None: at the top."""
    going = state.get("pass")
    return going["position"] if going else None


def advance(state: JSON, page: Sequence[Item], following: str | None, bounds: Bounds) -> Step:
    """The step that `page` is, newest first; `following` is the position after it, None where the list ends.

    Raises BadAnswer when the server gives the same position again, or never comes to an end.
    """
    going = state.get("pass") or {"position": None, "top": None, "at": iso(EPOCH), "seen": [], "pages": 0}
    pages = going["pages"] + 1
    ids = list(dict.fromkeys(item.id for item in page))
    fresh = frozenset(ids) - {*state.get("seen", ()), *going["seen"]}
    top = going["top"] or (ids[0] if ids else None)
    at = max([parse_iso(going["at"]), *(item.at for item in page)])
    seen = list(dict.fromkeys([*going["seen"], *ids]))[:SEEN]
    if following is None or _reached(state, page, pages, bounds):
        mark: JSON = {
            "top": top or state.get("top"),
            "at": iso(min(at, bounds.now)) if top else state.get("at", iso(EPOCH)),
        }
        remembered = list(dict.fromkeys([*seen, *state.get("seen", ())]))[:SEEN]
        return Step({**mark, "seen": remembered}, fresh, done=True)
    if following == going["position"] or pages >= MOST_PAGES:
        raise BadAnswer("the server gives the same page again and again")
    old: JSON = {key: state[key] for key in ("top", "at", "seen") if key in state}
    way = {"position": following, "top": top, "at": iso(at), "seen": seen, "pages": pages}
    return Step({**old, "pass": way}, fresh, done=False)


def _reached(state: JSON, page: Sequence[Item], pages: int, bounds: Bounds) -> bool:
    """Whether everything below `page` was read before, or is not wanted."""
    first = "at" not in state
    if first and bounds.since is None:
        return pages >= bounds.first_pages
    if not page:
        return False
    if page[-1].id in state.get("seen", ()):
        return True
    floors = [bounds.since] if first else [bounds.since, parse_iso(state["at"]) - OVERLAP]
    floor = max(moment for moment in floors if moment is not None)
    return all(item.at < floor for item in page)
