"""The edges of a graph as one table: from many nodes at once, each with a label, to the nodes after them."""

from __future__ import annotations

import numpy as np

from carecli.triage.columns import Ints

# No edge leads to where everything begins.
NOWHERE = ROOT = 0
_MULTIPLIER, _DROPPED = 0x9E3779B1, 20
_ROOM = 4  # places for each edge in the table that most asked-for pairs are not in
_LAST = np.iinfo(np.int64).max


class Steps:
    """The edges of a graph: three rows of numbers from 0, from which nodes with which labels to which nodes."""

    def __init__(self, edges: Ints) -> None:
        froms, labels, targets = edges
        self._beyond = int(labels.max(initial=0)) + 1  # in place of all labels that no edge has
        pairs, targets = self._paired(froms, labels), targets.astype(np.int32)
        order = np.argsort(pairs)
        self._pairs, self._targets = np.append(pairs[order], _LAST), np.append(targets[order], NOWHERE)
        self._mask = (1 << (_ROOM * len(pairs)).bit_length()) - 1
        self._there = np.zeros(self._mask + 1, bool)
        self._there[self._places(pairs)] = True

    def after(self, nodes: Ints, labels: Ints) -> Ints:
        """Where each label leads from the node beside it; NOWHERE for most."""
        wanted, found = self._paired(nodes, labels), np.zeros(len(nodes), np.int64)
        likely = np.flatnonzero(self._there[self._places(wanted)])
        places = np.searchsorted(self._pairs, wanted[likely])
        found[likely] = np.where(self._pairs[places] == wanted[likely], self._targets[places], NOWHERE)
        return found

    def _paired(self, nodes: Ints, labels: Ints) -> Ints:
        """A node and a label as one number, which no other edge has."""
        pairs: Ints = nodes * (self._beyond + 1) + np.minimum(labels, self._beyond)
        return pairs

    def _places(self, pairs: Ints) -> Ints:
        """Where pairs would be in the table."""
        places: Ints = (pairs * _MULTIPLIER >> _DROPPED) & self._mask
        return places
