"""What the benchmarks share: clocks, medians, memory, and tables that can go into a document."""

from __future__ import annotations

import gc
import platform
import resource
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any


def median_ms(work: Callable[[], Any], *, times: int = 7) -> float:
    """Milliseconds of `work()`, the median of `times` runs after one that warms up."""
    work()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def seconds(work: Callable[[], Any]) -> float:
    """Seconds of one `work()`, garbage collected before."""
    gc.collect()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def processes(commands: Mapping[str, Sequence[str]], env: Mapping[str, str], *, times: int) -> dict[str, float]:
    """Milliseconds of each whole process, medians; the commands take turns, so that all share a noisy machine."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(times + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            done = subprocess.run(command, env=dict(env), capture_output=True, check=False)
            if done.returncode:
                raise SystemExit(f"{name} failed: {done.stderr.decode(errors='replace')}")
            if turn:  # the first round fills the caches
                taken[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(values) for name, values in taken.items()}


def peak_mb() -> float:
    """The most memory that this process ever held, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts there what the process that started this one held
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / (1 << 10)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A Markdown table on stdout."""
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(_cell(value) for value in row)} |")
    print(flush=True)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def versions() -> str:
    """What the numbers depend on."""
    return f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
