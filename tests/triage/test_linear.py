"""What a model learns from texts of which little is known: what they are not."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from carecli.triage import linear
from carecli.triage.linear import Head

HEADS = (Head("colour", ("red", "green", "blue")), Head("size", ("small", "large")))
FLAGS = st.lists(st.booleans(), min_size=5, max_size=5)


@given(st.lists(FLAGS, min_size=1, max_size=4), st.integers(0, 99))
def test_the_gradient_is_that_of_the_loss(rows: list[list[bool]], seed: int) -> None:
    may_be = np.array(rows)
    may_be[:, 0] = may_be[:, 3] = True  # something is always possible
    logits = np.random.default_rng(seed).normal(size=may_be.shape)
    _, gradient = linear.cross_entropy(logits, may_be, HEADS)
    for place in np.ndindex(*logits.shape):
        step = np.zeros(logits.shape)
        step[place] = 1e-6
        up, down = (linear.cross_entropy(logits + sign * step, may_be, HEADS)[0] for sign in (1, -1))
        assert abs((up - down) / 2e-6 - gradient[place]) < 1e-5


def test_a_label_is_the_only_one_that_may_be_and_none_leaves_all() -> None:
    labels = np.array([[2, -1], [-1, 0]])
    assert linear.possible(labels, HEADS).tolist() == [
        [False, False, True, True, True],
        [True, True, True, True, False],
    ]


def test_what_a_text_is_not_is_learnt_and_nothing_is_preferred_among_the_rest() -> None:
    kernel = np.eye(6, dtype=np.float32)
    may_be = np.ones((6, 5), bool)
    may_be[:3, 0] = False
    dual = linear.train(kernel, may_be, HEADS, penalty=1e-3)
    shares = linear.softmax((kernel @ dual.coefficients + dual.bias)[:, :3])
    assert (shares[:3, 0] < 0.05).all()
    assert np.allclose(shares[:, 1], shares[:, 2], atol=1e-6)
