"""Stage 4: period → rows → figures → parts. Nothing is kept: a figure is always what the store says now."""

from __future__ import annotations

from datetime import datetime

from carecli.casework import brands
from carecli.config import Config
from carecli.errors import UsageError
from carecli.reporting import parts
from carecli.reporting.figuring import Figures
from carecli.reporting.material import Material
from carecli.reports.compare import compared
from carecli.reports.model import Report
from carecli.reports.period import before
from carecli.reports.tables import Part
from carecli.store.connect import Store


def summary(
    store: Store,
    config: Config,
    *,
    since: datetime | None,
    until: datetime,
    now: datetime,
    compare: bool = False,
    brand: str | None = None,
) -> Report:
    """The figures of [since, until), judged at `until` or `now`, whichever is earlier; `since` None: from the first.

    `compare`: with the period before, where there is a beginning. `brand`: of this one alone, see `casework.brands`.
    """
    with brands.only(store, config, brand):
        found = Figures(store, config, since, until, now)
        earlier = _before(found) if compare else None
        return found.report if earlier is None else compared(found.report, earlier.headlines)


def part(
    store: Store,
    config: Config,
    name: str,
    *,
    since: datetime | None,
    until: datetime,
    now: datetime,
    anonymous: bool = False,
    explain: str | None = None,
    brand: str | None = None,
) -> Part:
    """One part of the report of [since, until), ready for every format; `anonymous`: no handles, no quotes.
    `explain`: instead, how one figure came about. `brand`: of this one alone, see `casework.brands`.

    Raises UsageError for a part or a brand that there is not, CareError where a part cannot be told honestly.
    """
    if name not in parts.PARTS:
        raise UsageError(f"no report is called '{name}'", hint=f"there is: {', '.join(parts.PARTS)}")
    called = brands.known(store, config, brand)
    with brands.only(store, config, brand):
        found = Figures(store, config, since, until, now, anonymous)
        material = Material(found, _before(found), called)
        built = parts.build(name, material) if explain is None else parts.explain(explain, material)
    return brands.labelled(built, called)


def _before(found: Figures) -> Figures | None:
    """The figures of the period before, None without a beginning."""
    if found.since is None:
        return None
    since, until = before(found.since, found.until, found.config.brand.timezone)
    return Figures(found.store, found.config, since, until, found.now, found.anonymous)
