"""What a word may be in the phrases of a file: the labels of edges, which are words, beginnings of words, digits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_DIGITS = re.compile(r"\d+")
_NUMERALS = frozenset("0123456789一二两三四五六七八九十百几半")

# Letters, and what comes after them: "" nothing, `*` anything, `~` more letters.
Label = tuple[str, str]
Numbers = tuple[int, ...]


class Labels:
    """A number for each label, from 0; `spaced` as in `phrases.Graph`."""

    def __init__(self, labels: Iterable[Label], *, spaced: bool) -> None:
        self.number: dict[Label, int] = {label: number for number, label in enumerate(sorted(set(labels)))}
        whole = {text: (number,) for (text, ending), number in self.number.items() if not ending}
        if not spaced and "#" in whole:
            whole |= {numeral: (*whole.get(numeral, ()), *whole["#"]) for numeral in _NUMERALS}
        self._whole: Mapping[str, Numbers] = whole
        self._beginnings = _beginnings(self.number)

    def of(self, form: str) -> Numbers:
        """The labels that a word may have; most have none."""
        found = self._matching(form)
        if not form.isalpha() and (shape := _DIGITS.sub("#", form)) != form:
            found = tuple(dict.fromkeys(found + self._matching(shape)))
        return found

    def _matching(self, form: str) -> Numbers:
        """That of the whole word, and those of its beginnings."""
        found, beginnings, before = self._whole.get(form, ()), self._beginnings, _NONE
        for end in range(1, len(form) + 1):
            here = beginnings.get(form[:end])
            if here is None:
                return found + before[1]
            before = here
        return found + before[0]


# By beginning of a label: which ones a word has that ends here, and one that goes on to no other beginning.
_Beginnings = dict[str, tuple[Numbers, Numbers]]
_NONE: tuple[Numbers, Numbers] = ((), ())


def _beginnings(number: Mapping[Label, int]) -> _Beginnings:
    found: _Beginnings = {}
    texts = {text[:end] for text, ending in number if ending for end in range(1, len(text) + 1)}
    for text in sorted(texts, key=len):
        _, longer = found.get(text[:-1], _NONE)
        ends = longer + _numbers(number, (text, "*"))
        found[text] = ends, ends + _numbers(number, (text, "~"))
    return found


def _numbers(number: Mapping[Label, int], label: Label) -> Numbers:
    return (number[label],) if label in number else ()
