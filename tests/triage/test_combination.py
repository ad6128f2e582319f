"""What a combination makes of findings: one may change what another means, and no text looks at its neighbours."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from carecli.triage import combination, prior
from carecli.triage.combination import Combination, Layer

SIXTEENTHS = st.integers(-64, 64).map(lambda whole: whole / 16)
SMOKE, YESTERDAY = [1.0, 0.0], [0.0, 1.0]


def alarm() -> Combination:
    """Smoke rings, and yesterday says nothing; smoke of yesterday rings less than nothing at all."""
    straight = Layer(np.array([[2.0], [0.0]]), np.array([-1.0]))
    both = Layer(np.array([[1.0], [1.0]]), np.array([-1.0]))
    return Combination(straight, both, np.array([[-3.0]]))


def test_a_finding_may_change_what_another_means() -> None:
    rows = np.array([[0.0, 0.0], SMOKE, YESTERDAY, np.add(SMOKE, YESTERDAY)])
    assert alarm()(rows).ravel().tolist() == [-1.0, 1.0, -1.0, -2.0]


def test_more_for_each_output_is_added_at_the_end() -> None:
    rows = np.array([SMOKE, np.add(SMOKE, YESTERDAY)])
    assert alarm().shifted(np.array([0.5]))(rows).ravel().tolist() == [1.5, -1.5]


@given(st.integers(1, 150), st.integers(0, 99), st.data())
def test_the_logits_of_a_text_are_the_same_in_any_batch(count: int, seed: int, data: st.DataObject) -> None:
    shipped = prior.shipped().mix
    rows = np.random.default_rng(seed).integers(-200, 200, (count, len(shipped.inner.weights))) / 16
    together = shipped(rows)
    at = data.draw(st.integers(0, count - 1))
    assert (shipped(rows[at : at + 1]) == together[at]).all()
    assert (shipped(rows[::-1]) == together[::-1]).all()


@given(st.lists(SIXTEENTHS, min_size=12, max_size=12))
def test_what_is_kept_comes_back(numbers: list[float]) -> None:
    weights = np.array(numbers).reshape(4, 3)
    made = Combination(Layer(weights[:, :2], weights[0, :2]), Layer(weights, weights[1]), weights[:3, :2])
    file = BytesIO()
    np.savez(file, **combination.packed(made))
    with np.load(BytesIO(file.getvalue())) as arrays:
        again = combination.unpacked(arrays)
    rows = weights[:, :1] + weights.T[:1]  # four texts of four numbers
    assert (again(rows) == made(rows)).all()
