"""Public holidays by country, from the optional package `holidays`, imported only when a country is configured."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache

from carecli.errors import ConfigError


def check(codes: Iterable[str]) -> None:
    """Raise ValueError for the first of `codes` that is neither a country (`PL`) nor a part of one (`US-NY`)."""
    for code in codes:
        try:
            national_days(code, 2026)
        except ValueError:
            raise ValueError(f"{code!r} is no country whose holidays are known: write one like PL or US-NY") from None


@cache
def national_days(code: str, year: int) -> frozenset[date]:
    """The public holidays of a country or a part of it in one year.

    Raises ValueError when there is no such calendar, ConfigError when the package is not installed.
    """
    try:
        import holidays
    except ImportError:
        raise ConfigError(
            f"the public holidays of {code} need the package 'holidays'",
            hint="pip install 'carecli[holidays]', or write the dates down: holidays = [2026-12-25]",
        ) from None
    country, _, part = code.partition("-")
    try:
        return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))
    except NotImplementedError as error:
        raise ValueError(code) from error
