"""The law of joint states: forests at once and other shapes by elimination give the same probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from polystate.states.expectations import Law
from polystate.states.joint import States
from polystate.states.scope_dag import ScopeDag, StateTable


def forest(n: int, seed: int, chain: bool) -> ScopeDag:
    """n variables of one to three states; most hang on an earlier one, some rows under one of its states only."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, int, int, float]] = []  # site, state, condition, population
    terms: list[tuple[int, int, int]] = []  # condition, parent, state
    size: list[int] = []
    for v in range(n):
        size.append(int(rng.integers(1, 4)))
        parent = v - 1 if chain and v else int(rng.integers(-1, v)) if v else -1
        for s in range(size[v]):
            if parent < 0:
                rows.append((v, s, -1, float(rng.random())))
                continue
            chosen = np.flatnonzero(rng.random(size[parent]) < 0.7).tolist() or [0]
            number = len(rows)
            terms += [(number, parent, k) for k in chosen]
            rows.append((v, s, number, float(rng.random())))
    site, state, condition, population = (np.array(c) for c in zip(*rows, strict=True))
    number, parent_site, parent_state = (np.array([t[i] for t in terms], np.int64) for i in range(3))
    conditions = {"condition": number, "parent": ["v"] * len(terms), "site": parent_site, "state": parent_state}
    labels = [str(s) for s in state.tolist()]
    return ScopeDag(
        [StateTable("v", site, state, condition, population, labels, [str(k) for k in range(n)], conditions)]
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("chain", [False, True])
def test_a_forest_at_once_is_the_elimination_one_by_one(seed: int, chain: bool) -> None:
    dag = forest(40, seed, chain)
    fixed = {int(np.flatnonzero(~dag.is_conditional)[0]): 0}
    law = Law(States(dag), fixed)
    table, known = law._forest
    assert known.all()
    for v in range(len(dag)):
        slow = law._eliminated((v,), ())
        np.testing.assert_allclose(law.singly(np.array([v]))[:, 0], slow, atol=1e-14, err_msg=dag.variable_name(v))
        assert table[v, law.size(v) :].sum() == 0
        assert slow.sum() == pytest.approx(1, abs=1e-12)


def test_variables_of_different_trees_are_apart() -> None:
    dag = forest(30, 1, False)
    law = Law(States(dag), {})
    for u, v in ((0, 3), (2, 9), (11, 20)):
        both = law.probability((u, v))
        if law.apart([u], [v]):
            np.testing.assert_allclose(both, np.outer(law.probability((u,)), law.probability((v,))), atol=1e-14)
