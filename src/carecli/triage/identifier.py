"""py3langid's statistical model of languages, with little memory; imported only for texts that nothing else settles."""

from __future__ import annotations

import lzma
import os
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from io import BytesIO
from itertools import chain
from shutil import copyfileobj
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any
from unicodedata import normalize
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt
from py3langid.langid import MODEL_DIR, MODEL_FILE

_MOST_MOVES = 6_000
_MOST_WEIGHTS = 8_000
_MOST_STEPS = 4_000
_AT_ONCE = 128
_ROWS_AT_ONCE = 4_096
_BYTES = 256

Floats = npt.NDArray[np.floating[Any]]
Places = npt.NDArray[np.intp]


class _Table:
    """A table of numbers in a temporary file."""

    def __init__(self, file: IO[bytes], kind: np.dtype[Any], width: int) -> None:
        self.kind, self.width = kind, width
        self._file = file
        self._size = width * kind.itemsize
        self._lock = Lock()

    def row(self, number: int) -> bytes:
        """One row of it."""
        place = number * self._size
        if sys.platform == "win32" or isinstance(self._file, BytesIO):
            with self._lock:
                self._file.seek(place)
                return self._file.read(self._size)
        # A process that was forked shares the file's position.
        return os.pread(self._file.fileno(), self._size, place)


class _Moves(dict[int, Sequence[int]]):
    """The rows of the table of moves, one number for each byte; only those that came up are in memory."""

    def __init__(self, table: _Table) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, number: int) -> Sequence[int]:
        if len(self) >= _MOST_MOVES:
            self.clear()
        row = self[number] = array(self._table.kind.char, self._table.row(number))
        return row


class _Weights:
    """What each feature says of each language, a row a feature, of which only the rows that came up are in memory."""

    def __init__(self, table: _Table, count: int) -> None:
        self.count = count
        self._table = table
        self._place = np.full(count, -1, np.int32)
        self._there: Floats = np.zeros((0, table.width), table.kind)
        self._lock = Lock()

    def of(self, features: Places) -> Floats:
        """The rows of some features."""
        with self._lock:
            if len(self._there) > _MOST_WEIGHTS:
                self._place.fill(-1)
                self._there = self._there[:0]
            new = np.unique(features[self._place[features] < 0])
            if len(new):
                read = np.frombuffer(b"".join(map(self._table.row, new.tolist())), self._table.kind)
                self._there = np.concatenate([self._there, read.reshape(-1, self._table.width)])
                self._place[new] = np.arange(len(self._there) - len(new), len(self._there))
            rows: Floats = self._there[self._place[features]]
            return rows


class Identifier:
    """The model: an automaton over bytes that names features, and what each feature says of each language.

    `weights` has a column for each language (`codes`, of which one may stand twice), `start` is what every text begins
    with; `rows` and `features` are the row of moves and the feature (or −1) of each state.
    """

    def __init__(
        self,
        codes: Sequence[str],
        weights: _Weights,
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

    def likeliest(self, texts: Sequence[str], codes: tuple[str, ...], chances: Floats) -> list[str]:
        """The likeliest language of each lower-case text; `chances` are those of each before a word is read."""
        return [codes[place] for place in (self.shares(texts, codes) * chances).argmax(axis=1).tolist()]

    def shares(self, texts: Sequence[str], codes: tuple[str, ...]) -> Floats:
        """How likely each of some languages is, the likeliest being about 1; one row a text."""
        contents = [normalize("NFC", text).encode("utf-8", "surrogatepass") for text in texts]
        columns, places = self._columns(codes)
        scores = np.concatenate([self._scores(part, columns) for part in _parts(contents)])
        # Longer texts make the model too sure of itself.
        scores *= 1.0 / np.sqrt([[len(content) or 1] for content in contents])
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        found: Floats = np.zeros((len(texts), len(codes)))
        for column, place in enumerate(places.tolist()):
            found[:, place] += likely[:, column]
        return found

    def _columns_of(self, codes: tuple[str, ...]) -> tuple[Places, Places]:
        """The model's columns of some languages, and which of the languages each is."""
        columns = [column for column, code in enumerate(self._codes) if code in codes]
        return np.array(columns, np.intp), np.array([codes.index(self._codes[column]) for column in columns], np.intp)

    def _scores(self, contents: Sequence[bytes], columns: Places) -> Floats:
        """What the features of each text say, one number for each of some columns; the same whatever is beside it."""
        found = [self._features_in(content) for content in contents]
        whose = np.repeat(np.arange(len(found)), list(map(len, found)))
        cells = whose * self._weights.count + np.fromiter(chain.from_iterable(found), np.int64, len(whose))
        cells, counts = np.unique(cells, return_counts=True)
        whose, rows = np.divmod(cells, self._weights.count)
        weighed = np.log1p(counts)[:, None] * self._weights.of(rows)[:, columns]
        scores = np.tile(self._start[columns].astype(np.float64), (len(found), 1))
        starts = np.flatnonzero(np.diff(whose, prepend=-1))
        if len(starts):
            scores[whose[starts]] += np.add.reduceat(weighed, starts, axis=0)
        return scores

    def _features_in(self, content: bytes) -> list[int]:
        """The features of a text, as often as they occur."""
        found: list[int] = []
        state = 0
        for word in content.replace(b" ", b" \n").split(b"\n"):
            state, features = self._step(state, word)
            found += features
        return found

    def _walk(self, state: int, word: bytes) -> tuple[int, list[int]]:
        """The state after a word (with the space behind it), and the features on the way."""
        moves, rows, features = self._moves, self._rows, self._features
        found = []
        for letter in word:
            state = moves[rows[state]][letter]
            feature = features[state]
            if feature >= 0:
                found.append(feature)
        return state, found


def _parts(contents: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """The texts in runs whose features have a place in memory."""
    for start in range(0, len(contents), _AT_ONCE):
        yield contents[start : start + _AT_ONCE]


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
        with ZipFile(plain) as model:
            classes = _array(model, "classes").tolist()
            kept = [index for index, code in enumerate(classes) if code in wanted]
            features = _array(model, "out_feat")
            return Identifier(
                [classes[index] for index in kept],
                _Weights(_table(model, "ptc", new_file(), kept), int(features.max()) + 1),
                _array(model, "pc")[kept],
                _Moves(_table(model, "nextmove", new_file())),
                _array(model, "nextmove_row").data,
                features.data,
            )


def _array(model: ZipFile, name: str) -> npt.NDArray[Any]:
    """One of the arrays of the model."""
    with model.open(f"{name}.npy") as source:
        found: npt.NDArray[Any] = np.lib.format.read_array(source, allow_pickle=False)
        return found


def _table(model: ZipFile, name: str, target: IO[bytes], kept: Sequence[int] | None = None) -> _Table:
    """Some columns of an array of the model, or one in rows of 256, in a file that stays as long as the model does."""
    with model.open(f"{name}.npy") as source:
        size, kind = _header(source)
        if kept is None:
            copyfileobj(source, target)
        else:
            while rows := source.read(_ROWS_AT_ONCE * size[1] * kind.itemsize):
                target.write(np.frombuffer(rows, kind).reshape(-1, size[1])[:, kept].tobytes())
    target.flush()
    return _Table(target, kind, _BYTES if kept is None else len(kept))


def _header(source: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The size of a file of one array and its kind of number; the numbers, row by row, are what is left to read."""
    version = np.lib.format.read_magic(source)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    size, by_columns, kind = read(source)
    if by_columns and len(size) > 1:
        raise ValueError("py3langid's model stands in columns")
    return size, kind
