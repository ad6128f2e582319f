"""Make cues_*.npz and risk_*.npz, the phrases beside them drawn as graphs: `python scripts/draw_cues.py`.

Without them, or when a .toml changed since, the engine draws for itself, which takes 0.1 to 0.2 seconds a language at
every start. A test refuses drawings that are not those of the phrases.
"""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path

from carecli.triage import cues

DATA = Path(__file__).parent.parent / "src" / "carecli" / "triage" / "data"


def main() -> None:
    """Read, draw, write."""
    for subject, language in product(cues.SUBJECTS, cues.LANGUAGES):
        file = DATA / f"{subject}_{language}.toml"
        source = file.read_bytes()
        plan = cues.planned(tomllib.loads(source.decode()))
        file.with_suffix(".npz").write_bytes(cues.dumped(plan, source))


if __name__ == "__main__":
    main()
