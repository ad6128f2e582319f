"""What the learning part sees of a text: hashed words and pairs of words, and hashed runs of characters.

What stands between two spaces is a token, and all features but the pairs of words over a space are those of one token:
so what they amount to is worked out once a token and kept (`linear.py`). The tokens of a whole batch are one array of
code points, and every feature a few array operations over it; the hash is our own, as a model that was trained on one
machine must read another's features.
Runs of two to five characters (one to three Chinese ones), the spaces around a token among them, see stems, endings,
prefixes and typos. Marks and emoji are words of their own, digits are all the same, a letter that is repeated counts
at most twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# With an eighth of the buckets words that have nothing in common share their weights: that costs a point of accuracy.
BITS = 20
BUCKETS = 1 << BITS

_LETTER, _HAN, _SYMBOL, _GAP, _NOTHING = 0, 1, 2, 3, 4
_LAST = 0x1FFFF
_SYMBOLS = "!?%€$£₪"
_RUN_START, _RUN_STEP = np.uint32(7), np.uint32(0x9E3779B1)
# Odd, so that it has an inverse modulo 2**64 and the hash of any word is a difference of two sums.
_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)
_LONGEST_RUN = 5
_LONGEST_HAN_RUN = 3

UInts = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int64]


class Features(NamedTuple):
    """The features of a batch: those of text i are `buckets[starts[i]:starts[i + 1]]`, one for each occurrence."""

    buckets: UInts
    starts: Ints

    def __len__(self) -> int:
        return len(self.starts) - 1


class Tokens(NamedTuple):
    """The features of single tokens, and the hashes of the first and last word of each; 0 without a word."""

    features: Features
    first: UInts
    last: UInts


def hashed(texts: Sequence[Sequence[str]]) -> Features:
    """The features of texts, each given as its tokens: folded, Chinese in simplified characters."""
    tokens = of_tokens([token for text in texts for token in text])
    places = np.concatenate([[0], np.cumsum([len(text) for text in texts], dtype=np.int64)])
    owners = np.repeat(np.arange(len(texts)), np.diff(tokens.features.starts[places]))
    pairs, whose = paired(tokens.first, tokens.last, places)
    rows = np.concatenate([owners, whose])
    order = np.argsort(rows, kind="stable")
    starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=len(texts)), out=starts[1:])
    return Features(np.concatenate([tokens.features.buckets, pairs])[order], starts)


def paired(first: UInts, last: UInts, places: Ints) -> tuple[UInts, Ints]:
    """The buckets of pairs of words over a space, with their texts; tokens of text i stand at `places[i:i + 2]`."""
    there = np.flatnonzero(first)
    owners = np.searchsorted(places, there, side="right") - 1
    beside = owners[:-1] == owners[1:]
    pairs = last[there[:-1][beside]] * _RUN_STEP + first[there[1:][beside]] + np.uint32(1)
    return _mixed(pairs), owners[:-1][beside]


def of_tokens(tokens: Sequence[str]) -> Tokens:
    """The features of tokens that are folded like the texts of `hashed`."""
    found, first, last = parts(tokens)
    starts = np.zeros(len(tokens) + 1, np.int64)
    if not found:
        return Tokens(Features(np.zeros(0, np.uint32), starts), first, last)
    rows = np.concatenate([owners for _, owners in found])
    order = np.argsort(rows, kind="stable")
    np.cumsum(np.bincount(rows, minlength=len(tokens)), out=starts[1:])
    return Tokens(Features(np.concatenate([buckets for buckets, _ in found])[order], starts), first, last)


def parts(tokens: Sequence[str]) -> tuple[list[tuple[UInts, npt.NDArray[np.int32]]], UInts, UInts]:
    """The buckets of tokens' features with the tokens that they are of, in several parts, each in order of the tokens.

    Then the hashes of the first and of the last word of each token; 0 without a word.
    """
    first, last = np.zeros(len(tokens), np.uint32), np.zeros(len(tokens), np.uint32)
    codes, kinds, owners = _characters(tokens)
    if not len(codes):
        return [], first, last
    words = _words(codes, kinds, owners)
    for hashes, whose in words[:1]:
        last[whose] = np.maximum(hashes, 1)
        first[whose[::-1]] = np.maximum(hashes, 1)[::-1]
    return [(_mixed(hashes), whose) for hashes, whose in (*_runs(codes, kinds, owners), *words)], first, last


def buckets_of(words: Sequence[str]) -> UInts:
    """The bucket of each folded word, or of each pair of Chinese characters: where its own weight stands."""
    if not words:
        return np.zeros(0, np.uint32)
    codes, kinds, owners = _characters(words)
    found = np.zeros(len(words), np.uint32)
    for hashes, whose in _words(codes, kinds, owners)[:1]:
        found[whose] = hashes
    pairs = np.flatnonzero((kinds[:-1] == _HAN) & (kinds[1:] == _HAN))
    found[owners[pairs]] = (codes[pairs] + _RUN_START) * _RUN_STEP + codes[pairs + 1] + np.uint32(2)
    return _mixed(found)


def buckets_by(words: UInts) -> UInts:
    """The buckets of words by the hashes that `parts` has; 0 for none."""
    return _mixed(words)


def _characters(texts: Sequence[str]) -> tuple[UInts, npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """Code points, their kinds and their texts; every text begins and ends with a gap, and gaps are single."""
    joined = "".join([f" {text} " for text in texts])
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + 2
    owners = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    kinds_of, plain = _tables()
    capped = np.minimum(codes, _LAST)
    kinds = kinds_of[capped]
    same = np.zeros(len(codes), bool)
    same[1:] = owners[1:] == owners[:-1]
    keep = kinds != _NOTHING
    keep[1:] &= ~((kinds[1:] == _GAP) & (kinds[:-1] == _GAP) & same[1:])
    keep[2:] &= ~((codes[2:] == codes[1:-1]) & (codes[2:] == codes[:-2]) & same[2:] & same[1:-1])
    return plain[capped][keep], kinds[keep], owners[keep]


def _runs(
    codes: UInts, kinds: npt.NDArray[np.uint8], owners: npt.NDArray[np.int32]
) -> list[tuple[UInts, npt.NDArray[np.int32]]]:
    """The hashes of all runs of characters inside one text, with their texts."""
    found = []
    han = kinds == _HAN
    alone = han | (kinds == _SYMBOL)
    hashes = codes + _RUN_START
    found.append((hashes[alone] * _RUN_STEP, owners[alone]))
    for length in range(2, _LONGEST_RUN + 1):
        end = len(codes) - length + 1
        if end <= 0:
            break
        hashes = hashes[:end] * _RUN_STEP + codes[length - 1 :]
        inside = owners[:end] == owners[length - 1 :]
        if length > _LONGEST_HAN_RUN:
            inside &= ~han[:end]
        found.append((hashes[inside] + np.uint32(length), owners[:end][inside]))
    return found


def _words(
    codes: UInts, kinds: npt.NDArray[np.uint8], owners: npt.NDArray[np.int32]
) -> list[tuple[UInts, npt.NDArray[np.int32]]]:
    """The hashes of words and of pairs of neighbours, with their texts."""
    letter = kinds == _LETTER
    change = np.flatnonzero(letter[1:] != letter[:-1]) + 1
    starts, ends = change[0::2], change[1::2]  # a gap is at either end, so they alternate
    if not len(starts):
        return []
    powers, inverses = _powers(_size(len(codes)))
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * powers[: len(codes)], out=sums[1:])
    wide = (sums[ends] - sums[starts]) * inverses[starts]
    whose = owners[starts]
    words = _narrow(wide)
    pairs = words[:-1] * _RUN_STEP + words[1:]
    beside = whose[:-1] == whose[1:]
    return [(words, whose), (pairs[beside] + np.uint32(1), whose[:-1][beside])]


def _narrow(wide: npt.NDArray[np.uint64]) -> UInts:
    return ((wide ^ (wide >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9) >> np.uint64(32)).astype(np.uint32)


def _mixed(hashes: UInts) -> UInts:
    hashes = hashes ^ (hashes >> np.uint32(15))
    mixed: UInts = (hashes * np.uint32(0x85EBCA6B)) >> np.uint32(32 - BITS)
    return mixed


def _size(length: int) -> int:
    """The next power of two: few sizes of tables, however long the batch."""
    return 1 << max(10, (length - 1).bit_length())


@cache
def _powers(size: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """The powers of the base and of its inverse, modulo 2**64."""
    tables = []
    for base in (_BASE, _BASE_INVERSE):
        steps = np.full(size, base, np.uint64)
        steps[0] = 1
        tables.append(np.multiply.accumulate(steps))
    return tables[0], tables[1]


@cache
def _tables() -> tuple[npt.NDArray[np.uint8], UInts]:
    """What every code point is, and what stands for it: digits are 0, gaps are a space."""
    kinds = np.full(_LAST + 1, _GAP, np.uint8)
    # One string method over each character is the quickest way to Python's own table of letters.
    kinds[:0x10000] = np.fromiter((_LETTER if chr(code).isalnum() else _GAP for code in range(0x10000)), np.uint8)
    for start, end in ((0x3400, 0x9FFF), (0xF900, 0xFAFF), (_LAST, _LAST)):
        kinds[start : end + 1] = _HAN
    for start, end in ((0x2190, 0x2BFF), (0x1F000, 0x1FAFF)):
        kinds[start : end + 1] = _SYMBOL
    for mark in _SYMBOLS:
        kinds[ord(mark)] = _SYMBOL
    kinds[ord("'")] = kinds[ord('"')] = kinds[0xFE0F] = kinds[0x200D] = _NOTHING
    plain = np.arange(_LAST + 1, dtype=np.uint32)
    plain[kinds == _GAP] = ord(" ")
    plain[ord("0") : ord("9") + 1] = ord("0")
    return kinds, plain
