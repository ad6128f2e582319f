"""What a platform sent, kept small: zstd with a dictionary of the shapes that recur in every payload."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zstandard

# The first byte of a blob names its dictionary; a new dictionary gets a new number, old blobs stay readable.
_CURRENT = 1


@functools.cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    from importlib.resources import files

    import zstandard

    shapes = json.loads(files("carecli.store").joinpath(f"raw_shapes_{number}.json").read_text(encoding="utf-8"))
    sample = "\n".join(json.dumps(shape, ensure_ascii=False) for shape in shapes)
    return zstandard.ZstdCompressionDict(sample.encode(), dict_type=zstandard.DICT_TYPE_RAWCONTENT)


@functools.cache
def _compressor() -> zstandard.ZstdCompressor:
    import zstandard

    return zstandard.ZstdCompressor(level=3, dict_data=_dictionary(_CURRENT), write_checksum=False)


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
