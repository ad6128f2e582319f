"""Fixtures of the whole-program tests: the real servers of the platform tests."""

from __future__ import annotations

from tests.platforms.atproto import atproto as atproto  # noqa: PLC0414 - pytest finds the fixture here
from tests.platforms.conftest import fediverse as fediverse  # noqa: PLC0414
from tests.platforms.conftest import running_fediverse as running_fediverse  # noqa: PLC0414
