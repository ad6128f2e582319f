"""The edges of a graph of phrases by word: where each word leads, whatever stands before it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from carecli.triage.phrases import Graph

_START = 0
_MOST_KNOWN = 2_000
_DIGITS = re.compile(r"\d+")
_NUMERALS = frozenset("0123456789一二两三四五六七八九十百几半")

# In order, each once. Plain tuples of numbers, as the garbage collector need not look into them.
Nodes = tuple[int, ...]
# Where a word leads that begins a phrase; and from which node to which it leads else, one pair after another.
Leads = tuple[Nodes, tuple[int, ...]]
# By beginning of a word: its edges, and those with more letters after it. Every beginning of a beginning is there, too,
# though most have nothing of their own.
_Stems = dict[str, tuple[Sequence[Leads], Sequence[Leads]]]
_NOWHERE: Leads = ((), ())


class Edges:
    """The edges of a graph; `any` are those of any word, from which node to which."""

    def __init__(self, graph: Graph) -> None:
        self.any: dict[int, Nodes] = {}
        # Whole words, beginnings (`*`), and beginnings with more after them (`~`).
        tables: dict[str, dict[str, list[int]]] = {"": {}, "*": {}, "~": {}}
        waiting, seen = [_START], {_START}
        while waiting:
            node = waiting.pop()
            for text, ending, targets in graph.steps(node):
                new = [target for target in targets if target >= 0 and target not in seen]
                seen.update(new)
                waiting += new
                if ending == "~" and not text:
                    self.any[node] = tuple(sorted({*self.any.get(node, ()), *targets}))
                    continue
                pairs = [number for target in targets for number in (node, target)]
                for each in _NUMERALS if text == "#" and not graph.spaced else (text,):
                    tables[ending].setdefault(each, []).extend(pairs)
        words, stems, longer = ({text: _parted(pairs) for text, pairs in table.items()} for table in tables.values())
        self._words, self._stems = words, _beginnings(stems, longer)
        # By what they are made of, which stays as long as the graph.
        self._known: dict[tuple[int, ...], Leads] = {}

    def leads(self, form: str) -> Leads:
        """Where the word leads; most lead nowhere."""
        found = self._matching(form)
        if not form.isalpha() and (shape := _DIGITS.sub("#", form)) != form:
            found += self._matching(shape)
        if len(found) > 1:
            return self._together(found)
        return found[0] if found else _NOWHERE

    def _together(self, several: Sequence[Leads]) -> Leads:
        """All of these; the same stems keep coming together."""
        key = tuple(map(id, several))
        if key not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = _merged(several)
        return self._known[key]

    def _matching(self, form: str) -> list[Leads]:
        """The edges of the whole word, and of its beginnings up to the first that no stem begins with."""
        found = [edges] if (edges := self._words.get(form)) else []
        for end in range(1, len(form) + 1):
            stems = self._stems.get(form[:end])
            if stems is None:
                break
            found += stems[0]
            if end < len(form):
                found += stems[1]
        return found


def _parted(pairs: Sequence[int]) -> Leads:
    ordered = sorted(set(zip(pairs[::2], pairs[1::2], strict=True)))
    starts = tuple(target for node, target in ordered if node == _START)
    return starts, _flat(ordered[len(starts) :])


def _beginnings(stems: Mapping[str, Leads], longer: Mapping[str, Leads]) -> _Stems:
    texts = {*stems, *longer}
    found: _Stems = dict.fromkeys((text[:end] for text in texts for end in range(1, len(text) + 1)), ((), ()))
    for text in texts:
        found[text] = (stems[text],) if text in stems else (), (longer[text],) if text in longer else ()
    return found


def _merged(several: Iterable[Leads]) -> Leads:
    starts, pairs = set[int](), set[tuple[int, int]]()
    for start, leads in several:
        starts.update(start)
        pairs.update(zip(leads[::2], leads[1::2], strict=True))
    return tuple(sorted(starts)), _flat(sorted(pairs))


def _flat(pairs: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    return tuple(chain.from_iterable(pairs))
