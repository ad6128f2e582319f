"""Embeddings for the semantic engine: each text once, kept in the database by a hash of the text."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from carecli.config import Config
from carecli.store import embeddings
from carecli.store.connect import Store

if TYPE_CHECKING:
    from carecli.triage.engine import Meaning
    from carecli.triage.semantic import Vectors

_log = logging.getLogger(__name__)


def meaning(store: Store | None, config: Config) -> Meaning | None:
    """What gives texts their embeddings, None for the default engine; without a store nothing is kept."""
    if config.engine.use != "semantic":
        return None
    from carecli.triage import semantic

    if not semantic.available():
        _missing()
        return None

    def embedded(texts: Sequence[str]) -> Vectors:
        import numpy as np

        keys = [semantic.key(text) for text in texts]
        known = embeddings.known(store, keys) if store is not None else {}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        new = {
            key: vector.tobytes()
            for key, vector in zip(missing, semantic.embedded(list(missing.values())), strict=True)
        }
        if store is not None and new:
            embeddings.keep(store, new)
        known |= new
        return np.frombuffer(b"".join(known[key] for key in keys), np.int8).reshape(len(keys), semantic.SIZE)

    return embedded


@cache
def _missing() -> None:
    """Said once."""
    _log.warning(
        "care: the semantic engine is not installed, the default engine is used → pip install 'carecli[semantic]'"
    )
