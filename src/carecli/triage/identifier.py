"""py3langid's statistical model of languages, with little memory; imported only for texts that nothing else settles."""

from __future__ import annotations

import lzma
import os
import sys
from array import array
from collections.abc import Sequence
from functools import cache
from shutil import copyfileobj
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any

import numpy as np
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

_MOST_ROWS = 4_000


class Unthreaded(LanguageIdentifier):  # type: ignore[misc]
    """The same sums without the threads of a BLAS, which cost more than they bring to a short text."""

    def _sparse_score(self, visits: dict[int, int], table: Any) -> Any:
        rows = table[np.fromiter(visits.keys(), np.intp, len(visits))]
        counts = np.log1p(np.fromiter(visits.values(), np.float32, len(visits)))
        return np.einsum("i,ij->j", counts, rows) + self.nb_pc


class _Moves:
    """The table of moves, 256 numbers a row, of which only the rows that came up are in memory."""

    def __init__(self, file: IO[bytes], kind: str, size: int) -> None:
        self._file = file
        self._kind = kind
        self._size = 256 * size
        self._lock = Lock()
        self._rows: dict[int, Sequence[int]] = {}

    def __getitem__(self, index: int) -> int:
        row = self._rows.get(index >> 8)
        if row is None:
            row = self._read(index >> 8)
        return row[index & 255]

    def _read(self, number: int) -> Sequence[int]:
        place = number * self._size
        if sys.platform == "win32":
            with self._lock:
                self._file.seek(place)
                content = self._file.read(self._size)
        else:  # a process that was forked shares the file's position
            content = os.pread(self._file.fileno(), self._size, place)
        if len(self._rows) >= _MOST_ROWS:
            self._rows.clear()
        row = self._rows[number] = array(self._kind, content)
        return row


@cache
def identifier(wanted: frozenset[str]) -> Any:
    """py3langid with probabilities, for some languages (ISO 639-1).

    Its own loader takes a hundred megabytes. Here its table of moves, most of it never used, stays in a temporary file.
    """
    with TemporaryFile() as plain:
        with lzma.open(MODEL_DIR / MODEL_FILE) as packed:
            copyfileobj(packed, plain)
        plain.seek(0)
        with np.load(plain, allow_pickle=False) as model:
            moves = TemporaryFile()  # noqa: SIM115 - it is read as long as the model is used
            table = model["nextmove"]
            table.tofile(moves)
            moves.flush()
            kind = table.dtype
            del table
            classes = model["classes"].tolist()
            kept = [index for index, code in enumerate(classes) if code in wanted]
            return Unthreaded(
                model["ptc"][:, kept],
                model["pc"][kept],
                [classes[index] for index in kept],
                _Moves(moves, kind.char, kind.itemsize),
                memoryview(model["out_feat"]),
                norm_probs=True,
                tk_row=model["nextmove_row"].tolist(),
            )
