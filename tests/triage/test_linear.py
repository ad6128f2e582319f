"""What a model learns from texts of which little is known, and that what it says of any text adds up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carecli.triage import fitting, linear, prior
from carecli.triage.features import BUCKETS, hashed
from carecli.triage.linear import Floats, Head, Linear
from carecli.triage.variants import comparable

HEADS = (Head("colour", ("red", "green", "blue")), Head("size", ("small", "large")))
FLAGS = st.lists(st.booleans(), min_size=5, max_size=5)


@given(st.lists(FLAGS, min_size=1, max_size=4), st.integers(0, 99))
def test_the_gradient_is_that_of_the_loss(rows: list[list[bool]], seed: int) -> None:
    may_be = np.array(rows)
    may_be[:, 0] = may_be[:, 3] = True  # something is always possible
    logits = np.random.default_rng(seed).normal(size=may_be.shape)
    _, gradient = fitting.cross_entropy(logits, may_be, HEADS)
    for place in np.ndindex(*logits.shape):
        step = np.zeros(logits.shape)
        step[place] = 1e-6
        up, down = (fitting.cross_entropy(logits + sign * step, may_be, HEADS)[0] for sign in (1, -1))
        assert abs((up - down) / 2e-6 - gradient[place]) < 1e-5


def test_a_label_is_the_only_one_that_may_be_and_none_leaves_all() -> None:
    labels = np.array([[2, -1], [-1, 0]])
    assert fitting.possible(labels, HEADS).tolist() == [
        [False, False, True, True, True],
        [True, True, True, True, False],
    ]


def test_what_a_text_is_not_is_learnt_and_nothing_is_preferred_among_the_rest() -> None:
    kernel = np.eye(6, dtype=np.float32)
    may_be = np.ones((6, 5), bool)
    may_be[:3, 0] = False
    dual = fitting.train(kernel, may_be, HEADS, penalty=1e-3)
    shares = linear.softmax((kernel @ dual.coefficients + dual.bias)[:, :3])
    assert (shares[:3, 0] < 0.05).all()
    assert np.allclose(shares[:, 1], shares[:, 2], atol=1e-6)


def added_up(model: Linear, tokens: list[str]) -> Floats:
    """The logits of a text, feature by feature."""
    buckets = hashed([tokens]).buckets
    sums = model.weights[model.rows[buckets]].sum(axis=0, dtype=np.int64)
    length = np.sqrt((model.rarity[buckets].astype(np.int64) ** 2).sum())
    logits: Floats = sums * (model.unit * linear.RARITY_STEPS) / length + model.bias
    return logits


PIECES = ["dziękuję ", "complaint", "ha", "?!", "!?%", "\U0001f621\U0001f62d", "\u5783\u573e", "lost again, "]


@pytest.mark.parametrize("piece", PIECES, ids=range(len(PIECES)))
@pytest.mark.parametrize("size", [40, 4000, 9000])
def test_one_piece_again_and_again_adds_up(piece: str, size: int) -> None:
    model, tokens = prior.shipped().linear, comparable((piece * size)[:size]).split()
    assert (model.logits([["warm", "up"], tokens, tokens[:1]])[1] == added_up(model, tokens)).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_the_heaviest_weights_add_up(sign: int) -> None:
    weights = np.full((BUCKETS, 4), float(sign))
    weights[:, 1] *= -1
    model = linear.quantised(weights, np.arange(BUCKETS), np.zeros(4), np.ones(BUCKETS, np.uint8))
    for tokens in (["ab"] * 2500, ["?!" * 2000], ["?!" * 800] * 2, ["lost"]):
        assert (model.logits([["a"], tokens])[1] == added_up(model, tokens)).all()


@given(st.lists(st.floats(-10_000, 10_000, width=32), min_size=1, max_size=30))
def test_no_weight_is_cut_off(weights: list[float]) -> None:
    buckets = np.arange(len(weights)) * 7
    model = linear.quantised(np.array(weights)[:, None], buckets, np.zeros(1), np.ones(BUCKETS, np.uint8))
    kept = model.weights[model.rows[buckets], 0] * model.unit
    assert np.abs(kept - weights).max() <= 2 * model.unit
    assert model.unit <= max(map(abs, weights)) / 127 or not any(weights)


def test_the_heaviest_of_many_weights_is_not_cut_off() -> None:
    weights = np.linspace(-1, 1, 40_000)[:, None]
    weights[7] = 5.0
    model = linear.quantised(weights, np.arange(len(weights)), np.zeros(1), np.ones(BUCKETS, np.uint8))
    assert model.weights[model.rows[7], 0] * model.unit == pytest.approx(5.0)


def test_no_texts_have_no_logits() -> None:
    assert prior.shipped().linear.logits([]).shape == (0, prior.WIDTH)


@given(st.integers(0, 300), st.integers(0, 2**32 - 1))
def test_products_are_exact_however_many_rows(count: int, seed: int) -> None:
    dice = np.random.default_rng(seed)
    rows, weights = dice.integers(-640, 640, (count, 9)), dice.integers(-4096, 4096, (9, 4))
    assert (linear.times(rows / 64, weights / 1024) == rows @ weights / (64 * 1024)).all()
