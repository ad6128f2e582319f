"""The statistics of a report: quantiles and 95% intervals, each with the source of its formula."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z95 = 1.959963984540054  # the normal distribution's 97.5% point: two-sided 95%


def percentile(values: Sequence[float], q: float) -> float | None:
    """The `q`-th quantile (0…1) of unsorted `values` by linear interpolation; None without values.

    Hyndman and Fan's type 7, which spreadsheets call PERCENTILE.INC: rank q·(n−1) between the sorted values.
    """
    if not values:
        return None
    ordered = sorted(values)
    rank = q * (len(ordered) - 1)
    below = math.floor(rank)
    above = math.ceil(rank)
    return ordered[below] + (ordered[above] - ordered[below]) * (rank - below)


def wilson(successes: int, n: int) -> tuple[float, float]:
    """The 95% score interval of a share (Wilson 1927); without observations it is everything: (0, 1)."""
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    scale = 1 + Z95**2 / n
    centre = (share + Z95**2 / (2 * n)) / scale
    half = Z95 / scale * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n))
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return low, high


def net_interval(positive: int, negative: int, n: int) -> tuple[float, float]:
    """The 95% interval of (positive − negative) ÷ n, from the Wilson intervals of both shares.

    Newcombe's square-and-add (1998), with the correlation that two shares of one sample have; (−1, 1)
    without any.
    """
    if n == 0:
        return -1.0, 1.0
    plus, minus = positive / n, negative / n
    plus_low, plus_high = wilson(positive, n)
    minus_low, minus_high = wilson(negative, n)
    spread = plus * (1 - plus) * minus * (1 - minus)
    tie = -plus * minus / math.sqrt(spread) if spread else 0.0

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(0.0, one * one + other * other - 2 * tie * one * other))

    low = plus - minus - reach(plus - plus_low, minus_high - minus)
    high = plus - minus + reach(plus_high - plus, minus - minus_low)
    return max(-1.0, low), min(1.0, high)


def holm(p_values: Sequence[float]) -> list[float]:
    """`p_values` corrected for their number, in their order (Holm 1979): the smallest times n, the next times n − 1 …

    A corrected value is never below that of a smaller one, and never above 1.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for done, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - done) * p_values[place]))
        corrected[place] = highest
    return corrected


def difference_p(a: int, n: int, b: int, m: int) -> float:
    """Two-sided p-value that the shares a ÷ n and b ÷ m are of one kind; 1 where one side is empty.

    Fisher's exact test where any expected count is below 5, else the pooled z-test.
    """
    if not n or not m:
        return 1.0
    total, hits = n + m, a + b
    expected = min(n, m) * min(hits, total - hits) / total
    if expected < 5:
        return _fisher(a, n, b, m)
    share = hits / total
    z = (a / n - b / m) / math.sqrt(share * (1 - share) * (1 / n + 1 / m))
    return math.erfc(abs(z) / math.sqrt(2))


def _fisher(a: int, n: int, b: int, m: int) -> float:
    """The sum of the hypergeometric probabilities that are not above that of the table at hand."""
    hits = a + b

    def log_choose(whole: int, part: int) -> float:
        return math.lgamma(whole + 1) - math.lgamma(part + 1) - math.lgamma(whole - part + 1)

    def log_p(x: int) -> float:
        return log_choose(n, x) + log_choose(m, hits - x) - log_choose(n + m, hits)

    observed = log_p(a) + 1e-7
    lowest, highest = max(0, hits - m), min(n, hits)
    return min(1.0, math.fsum(math.exp(p) for x in range(lowest, highest + 1) if (p := log_p(x)) <= observed))
