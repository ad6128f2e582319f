"""Published figures that stand beside ours, each with who published it and when.

The percentages of complaints come from one survey of 1,300 people who had complained to a company on Twitter
(Maritz Research and evolve24, September 2011), which eMarketer retold in October 2011.
"""

from __future__ import annotations

from carecli.reports.model import Benchmark

MARITZ = "Maritz/evolve24, 2011"
EMARKETER = "eMarketer, 2011"
ATT = "AT&T (no year given)"


def benchmarks(
    *, complaints: int, unanswered_complaints: int, median_first_response: float | None
) -> tuple[Benchmark, ...]:
    """The benchmarks with our figures; ours is None where there is nothing to compare.

    `complaints` are those that need a reply. How many of our unanswered customers would have liked an
    answer is unknown to us, and stays None.
    """
    unanswered = unanswered_complaints / complaints if complaints else None
    answered = 1 - unanswered if unanswered is not None else None
    return (
        Benchmark("complaints on Twitter left unanswered", 0.70, unanswered, MARITZ, "share"),
        Benchmark("complaints answered", 1 / 3, answered, EMARKETER, "share"),
        Benchmark("unanswered who wanted an answer", 0.86, None, EMARKETER, "share"),
        Benchmark("promise of a first answer within", 900.0, median_first_response, ATT, "seconds"),
    )
