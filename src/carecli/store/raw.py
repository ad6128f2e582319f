"""What a platform sent, kept small: zstd with a dictionary of what recurs in every payload.

The dictionary is made by scripts/train_raw_dictionary.py. Being trained, it brings the tables that every blob would
carry otherwise: a Mastodon status of 1.5 KB takes 410 bytes, not 570, in half the time (docs/performance.md).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zstandard

# The first byte of a blob names its dictionary; a new dictionary gets a new number, old blobs stay readable.
_CURRENT = 1


@functools.cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    from importlib.resources import files

    import zstandard

    content = files("carecli.store").joinpath(f"raw_{number}.zdict").read_bytes()
    return zstandard.ZstdCompressionDict(content)


@functools.cache
def _compressor() -> zstandard.ZstdCompressor:
    import zstandard

    return zstandard.ZstdCompressor(level=3, dict_data=_dictionary(_CURRENT), write_checksum=False, write_dict_id=False)


@functools.cache
def _decompressor(number: int) -> zstandard.ZstdDecompressor:
    import zstandard

    return zstandard.ZstdDecompressor(dict_data=_dictionary(number))


def pack(text: str) -> bytes:
    """`text` as a blob for `raw_mentions.json_zstd`."""
    return bytes([_CURRENT]) + _compressor().compress(text.encode("utf-8", "replace"))


def unpack(blob: bytes) -> str:
    """The text that `pack` was given."""
    return _decompressor(blob[0]).decompress(blob[1:]).decode()
