"""How much memory a process holds that does nothing but classify: `python benchmarks/engine_memory.py [FOLDER]`.

The texts are those of our own test sets and of the public sets in FOLDER (default: ../shared/data beside the project),
in four languages mixed, 1,000 at a time, each once.
"""

from __future__ import annotations

import csv
import random
import sys
from itertools import islice
from pathlib import Path

import measure

from carecli.triage import Rules, classify

HERE = Path(__file__).parent
RULES = Rules(languages=("en", "he", "pl", "zh"))
_OF_EACH, _AT_ONCE = 2_000, 1_000


def texts(folder: Path) -> list[str]:
    """The texts, in an order that is always the same."""
    found = []
    for path in [*sorted((HERE / "care").glob("*.tsv")), *sorted(folder.glob("*.csv"))]:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ",")
            found += [row["text"] for row in islice(rows, _OF_EACH)]
    random.Random(1).shuffle(found)
    return found


def main() -> None:
    """Print the peak after each ten batches and after the last."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent.parent / "shared" / "data"
    some, lines = texts(folder), []
    for start in range(0, len(some), _AT_ONCE):
        classify(some[start : start + _AT_ONCE], RULES)
        if start in (0, _AT_ONCE) or start // _AT_ONCE % 4 == 3:
            lines.append((min(start + _AT_ONCE, len(some)), measure.peak_mb()))
    lines.append((len(some), measure.peak_mb()))
    measure.table(("mentions classified", "peak memory, MB"), lines)


if __name__ == "__main__":
    main()
