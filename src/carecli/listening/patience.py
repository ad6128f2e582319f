"""When to ask a source again, and when its silence is worth a word: pure, time and chance come in as arguments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from carecli.errors import RateLimited

FREE_FAILURES = 2  # so many in a row cost nothing: most failures are over at the next try
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
LONGEST_WAIT = timedelta(days=1)  # no server is believed that asks for more
UNNAMED_WAIT = timedelta(minutes=5)  # for one that asks to wait and does not say how long

_ENOUGH = 20  # gaps that make a habit
_LONGER = 1.5
_SHORTEST_SILENCE = timedelta(hours=1)


def pause(error: BaseException, failures: int, chance: float) -> timedelta:
    """How long to leave a source alone after the `failures`th failure in a row.

    As long as the platform asks for; else doubling from a minute to six hours, of which `chance` (0…1) takes off
    up to half, so that sources which failed together do not come back together.
    """
    if isinstance(error, RateLimited):
        asked = UNNAMED_WAIT.total_seconds() if error.retry_after is None else error.retry_after
        return timedelta(seconds=min(max(asked, 1.0), LONGEST_WAIT.total_seconds()))
    if failures <= FREE_FAILURES:
        return timedelta()
    doubled = FIRST_PAUSE * (1 << min(failures - FREE_FAILURES - 1, 20))
    return min(doubled, LONGEST_PAUSE) * (1 - chance / 2)


def usual_gap(times: Sequence[datetime]) -> timedelta | None:
    """The longest pause between two mentions that is nothing unusual: the second longest of those there were.

    `times` in order. None where there are too few to tell.
    """
    gaps = sorted(later - earlier for earlier, later in pairwise(times))
    return gaps[-2] if len(gaps) >= _ENOUGH else None


def too_silent(times: Sequence[datetime], asked: datetime) -> timedelta | None:
    """How long a source has been silent when it was last `asked` with success, where that is longer than usual."""
    usual = usual_gap(times)
    if usual is None:
        return None
    silence = asked - times[-1]
    return silence if silence > max(usual * _LONGER, _SHORTEST_SILENCE) else None
