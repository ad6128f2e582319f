"""Moments as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from carecli.model import iso, parse_iso

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=OFFSETS).filter(lambda moment: 1 < moment.year < 9999))
def test_a_moment_is_written_in_utc_wherever_it_was(moment: datetime) -> None:
    written = iso(moment)
    assert written == f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0")
    assert timedelta(0) <= moment - parse_iso(written) < timedelta(seconds=1)
