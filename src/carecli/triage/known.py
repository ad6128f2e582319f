"""What the features of one token amount to in a linear model, worked out once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from carecli.triage.features import buckets_of, of_tokens
from carecli.triage.prepare import comparable

if TYPE_CHECKING:
    from carecli.triage.linear import Linear

# So many tokens are kept, but for long ones; from this letter on, for those of more than two characters.
_MOST_TOKENS, _LONGEST, _CHINESE, _PAIR = 20_000, 40, "\u2e80", 2
# Of so many characters the features are worked out at once.
_AT_ONCE = 20_000


class Known:
    """What the features of each token amount to for one model, kept for the next time that it comes up.

    Entry i of each array is that of token number i: sums of lanes, what no sum of weights exceeds, the sum of the
    squares of rarities, the hashes of the first and last word, the row of the word itself.
    """

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self.lanes = np.zeros((0, 0), np.int64)
        self.bounds = self.squares = np.zeros(0, np.int64)
        self.first = self.last = np.zeros(0, np.uint32)
        self.own = np.zeros(0, np.int32)

    @contextmanager
    def all_of(self, model: Linear, texts: Sequence[Sequence[str]]) -> Iterator[npt.NDArray[np.int64]]:
        """The numbers of all tokens of the texts, one after another; they hold inside the context."""
        flat = list(chain.from_iterable(texts))
        new: list[str] = []
        try:  # in most batches no token is new
            numbers = self._numbers(flat)
        except KeyError:
            new = self._learn(model, flat)
            numbers = self._numbers(flat)
        yield numbers
        for token in reversed(new):
            if not _passing(token):
                break
            del self._ids[token]

    def _numbers(self, tokens: Sequence[str]) -> npt.NDArray[np.int64]:
        return np.fromiter(map(self._ids.__getitem__, tokens), np.int64, len(tokens))

    def _learn(self, model: Linear, tokens: Sequence[str]) -> list[str]:
        """Entries for what is new among the tokens, those that will not be kept last."""
        if len(self._ids) > _MOST_TOKENS:
            self._ids.clear()
        new = sorted(set(tokens).difference(self._ids), key=_passing)
        for part in _parts(new):
            self._add(model, part, len(self._ids))
            self._ids.update(zip(part, range(len(self._ids), len(self._ids) + len(part)), strict=True))
        return new

    def _add(self, model: Linear, new: Sequence[str], kept: int) -> None:
        end = kept + len(new)
        if end >= len(self.own):
            self._grow(2 * end + 1, model.lanes.shape[1])
        if not new:
            return
        folded = [comparable(token) for token in new]
        features, first, last = of_tokens(folded)
        rows = model.rows[features.buckets]
        owners = np.repeat(np.arange(len(new)), np.diff(features.starts))
        bounds = np.bincount(owners, model.heaviest[rows], len(new)).astype(np.int64)
        squares = np.bincount(owners, model.rarity[features.buckets].astype(np.int64) ** 2, len(new)).astype(np.int64)
        inside = np.flatnonzero(rows)
        self.lanes[kept:end] = added(model.lanes[rows[inside]], owners[inside], len(new))
        self.bounds[kept:end] = bounds
        self.squares[kept:end] = squares
        self.first[kept:end], self.last[kept:end] = first, last
        self.own[kept:end] = model.rows[buckets_of(folded)]

    def _grow(self, size: int, width: int) -> None:
        """Room for `size` tokens at least, also where an error left some of the arrays with room already."""
        lanes = np.zeros((max(size, len(self.lanes)), width), np.int64)
        lanes[: len(self.lanes)] = self.lanes.reshape(-1, width)
        self.lanes = lanes
        for name in ("bounds", "squares", "first", "last", "own"):
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, np.zeros(len(lanes) - len(old), old.dtype)]))


def _parts(tokens: Sequence[str]) -> Iterator[Sequence[str]]:
    """The tokens in runs whose features have a place in memory."""
    ends = np.cumsum([len(token) for token in tokens]) // _AT_ONCE
    for part in np.split(np.arange(len(tokens)), np.flatnonzero(np.diff(ends)) + 1):
        yield [tokens[place] for place in part.tolist()]


def _passing(token: str) -> bool:
    """Whether a token is not kept: a long one, or Chinese, which has no spaces, will hardly come again."""
    return len(token) > (_PAIR if token >= _CHINESE and token[0].isalpha() else _LONGEST)


def added(lanes: npt.NDArray[np.int64], owners: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """The sums of rows by owner; owners are in order."""
    totals = np.zeros((count, lanes.shape[1]), np.int64)
    if len(owners):
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        totals[owners[starts]] = np.add.reduceat(lanes, starts, axis=0)
    return totals
