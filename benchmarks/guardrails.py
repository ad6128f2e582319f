"""Precision and recall of every guardrail over the table of texts in tests/replies: python -m benchmarks.guardrails

`-v` also shows each text in which something was missed or found for nothing.
"""

from __future__ import annotations

import sys

from tests.replies.table import LANGUAGES, Score, rows, scores


def main() -> None:
    """Print one line a rule, then one a language."""
    table = list(rows())
    print(f"{len(table)} texts in {len(LANGUAGES)} languages")
    print(f"{'rule':20} {'expected':>8} {'found':>6} {'false':>6} {'precision':>9} {'recall':>7}")
    for name, score in scores(table).items():
        print(_line(name, score))
    for language in LANGUAGES:
        print(_line(language, scores([row for row in table if row.language == language])["all"]))
    if "-v" in sys.argv:
        for row in table:
            missed, extra = row.expected - row.found, row.found - row.expected
            if missed or extra:
                print(
                    f"table_{row.language}.tsv:{row.number} missed {sorted(missed)}, extra {sorted(extra)}: {row.text}"
                )


def _line(name: str, score: Score) -> str:
    shares = [f"{share:.2f}" if share is not None else "" for share in (score.precision, score.recall)]
    return f"{name:20} {score.expected:8} {score.hits:6} {score.false:6} {shares[0]:>9} {shares[1]:>7}"


if __name__ == "__main__":
    main()
