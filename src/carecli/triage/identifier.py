"""py3langid's statistical model of languages, with little memory; imported only for texts that nothing else settles."""

from __future__ import annotations

import lzma
import math
import os
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from io import BytesIO
from shutil import copyfileobj
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any
from unicodedata import normalize

import numpy as np
import numpy.typing as npt
from py3langid.langid import MODEL_DIR, MODEL_FILE

_MOST_ROWS = 4_000
_MOST_STEPS = 4_000

Floats = npt.NDArray[np.floating[Any]]
Places = npt.NDArray[np.intp]


class _Moves:
    """The table of moves, 256 numbers a row, of which only the rows that came up are in memory."""

    def __init__(self, file: IO[bytes], kind: str, size: int) -> None:
        self._file = file
        self._kind = kind
        self._size = 256 * size
        self._lock = Lock()
        self._rows: dict[int, Sequence[int]] = {}

    def row(self, number: int) -> Sequence[int]:
        """The moves of a row, one for each byte."""
        return self._rows.get(number) or self._read(number)

    def _read(self, number: int) -> Sequence[int]:
        place = number * self._size
        if sys.platform == "win32" or isinstance(self._file, BytesIO):
            with self._lock:
                self._file.seek(place)
                content = self._file.read(self._size)
        else:  # a process that was forked shares the file's position
            content = os.pread(self._file.fileno(), self._size, place)
        if len(self._rows) >= _MOST_ROWS:
            self._rows.clear()
        row = self._rows[number] = array(self._kind, content)
        return row


class Identifier:
    """The model: an automaton over bytes that names features, and what each feature says of each language.

    `weights` has a row a feature and a column a language (`codes`, of which one may stand twice), `start` is what
    every text begins with; `rows` and `features` are the row of moves and the feature (or −1) of each state.
    """

    def __init__(
        self,
        codes: Sequence[str],
        weights: Floats,
        start: Floats,
        moves: _Moves,
        rows: Sequence[int],
        features: Sequence[int],
    ) -> None:
        self._codes = codes
        self._weights = weights
        self._start = start
        self._moves = moves
        self._rows = rows
        self._features = features
        self._step = lru_cache(maxsize=_MOST_STEPS)(self._walk)
        self._columns = lru_cache(maxsize=64)(self._columns_of)

    def likeliest(self, text: str, codes: tuple[str, ...], chances: Floats) -> str:
        """The likeliest language of a lower-case `text`; `chances` are those of each before a word is read."""
        return codes[int((self.shares(text, codes) * chances).argmax())]

    def shares(self, text: str, codes: tuple[str, ...]) -> Floats:
        """How likely each of some languages is, the likeliest being about 1."""
        content = normalize("NFC", text).encode("utf-8", "surrogatepass")
        columns, places = self._columns(codes)
        scores = self._scores(content)[columns]
        # Longer texts make the model too sure of itself.
        scores *= 1.0 / math.sqrt(len(content) or 1)
        return np.asarray(np.bincount(places, np.exp(scores - scores.max()), len(codes)), np.float64)

    def _columns_of(self, codes: tuple[str, ...]) -> tuple[Places, Places]:
        """The model's columns of some languages, and which of the languages each is."""
        columns = [column for column, code in enumerate(self._codes) if code in codes]
        return np.array(columns, np.intp), np.array([codes.index(self._codes[column]) for column in columns], np.intp)

    def _scores(self, content: bytes) -> Floats:
        """What the features of a text say, one number a column; the same sums without the threads of a BLAS."""
        found: list[int] = []
        state = 0
        for word in content.replace(b" ", b" \n").split(b"\n"):
            state, features = self._step(state, word)
            found += features
        if not found:
            return np.zeros(len(self._codes), np.float32)
        counted = Counter(found)
        rows = self._weights[np.fromiter(counted.keys(), np.intp, len(counted))]
        counts = np.log1p(np.fromiter(counted.values(), np.float32, len(counted)))
        scores: Floats = np.einsum("i,ij->j", counts, rows) + self._start
        return scores

    def _walk(self, state: int, word: bytes) -> tuple[int, list[int]]:
        """The state after a word (with the space behind it), and the features on the way."""
        row, rows, features = self._moves.row, self._rows, self._features
        found = []
        for letter in word:
            state = row(rows[state])[letter]
            feature = features[state]
            if feature >= 0:
                found.append(feature)
        return state, found


@cache
def identifier(wanted: frozenset[str]) -> Identifier:
    """The model for some languages (ISO 639-1).

    Its own loader takes a hundred megabytes. Here its table of moves, most of it never used, stays in a temporary file,
    and in memory where there is no place for one.
    """
    try:
        return _loaded(wanted, TemporaryFile)
    except OSError:
        return _loaded(wanted, BytesIO)


def _loaded(wanted: frozenset[str], new_file: Callable[[], IO[bytes]]) -> Identifier:
    with new_file() as plain:
        with lzma.open(MODEL_DIR / MODEL_FILE) as packed:
            copyfileobj(packed, plain)
        plain.seek(0)
        with np.load(plain, allow_pickle=False) as model:
            moves = new_file()  # it is read as long as the model is used
            table = model["nextmove"]
            moves.write(table.data.cast("B"))
            moves.flush()
            kind = table.dtype
            del table
            classes = model["classes"].tolist()
            kept = [index for index, code in enumerate(classes) if code in wanted]
            return Identifier(
                [classes[index] for index in kept],
                np.ascontiguousarray(model["ptc"][:, kept]),
                model["pc"][kept],
                _Moves(moves, kind.char, kind.itemsize),
                memoryview(model["nextmove_row"]),
                memoryview(model["out_feat"]),
            )
