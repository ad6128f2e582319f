"""What a test cannot do without: where it is missing, the test says so, and fails where CI has installed it all."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacks(reason: str) -> NoReturn:
    """Skip the test; fail it with `CARE_REQUIRE_SERVERS=1`, which `.ci/run` sets."""
    if os.environ.get("CARE_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
