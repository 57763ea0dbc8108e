"""Joint states against brute force over random scope DAGs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polystate
from polystate.errors import IllegalState, OverlappingConditions, ScopeCycle, StateNotFound, TooEntangled
from polystate.states.joint import States
from polystate.states.scope_dag import INACTIVE
from tests.reference.small import conditions, deposition, sites


@st.composite
def random_dag(draw):
    """Variables of one descriptor whose rows are conditional on earlier sites."""
    n = draw(st.integers(1, 5))
    sizes = [draw(st.integers(1, 3)) for _ in range(n)]
    variables, rows, number = [], [], 0
    for v in range(n):
        states = []
        for s in range(sizes[v]):
            condition = -1
            if v and draw(st.booleans()):
                for parent in draw(st.sets(st.integers(0, v - 1), min_size=1, max_size=2)):
                    values = draw(st.sets(st.integers(0, sizes[parent] - 1), min_size=1))
                    rows += [(number, "d", parent, value) for value in values]
                condition, number = number, number + 1
            states.append((s, f"s{s}", condition, 1 / sizes[v]))
        variables.append({"site": v, "states": states})
    body = sites(variables)
    if rows:
        body["tables"]["conditions"] = conditions(rows)
    return n, body


def brute_force(states: States) -> list[tuple[int, ...]]:
    """Every legal joint state by the definition, in lexicographic order with inactive last."""
    dag = states.dag
    ranges = [[*range(int(k)), INACTIVE] for k in dag.n_states]
    legal = []
    for joint in itertools.product(*ranges):
        good = True
        for v in range(len(dag)):
            rows = dag.rows(v)
            possible = {
                int(s)
                for s, c in zip(rows.state, rows.condition, strict=True)
                if c is None or all(joint[x.variable] in x.states for x in c)
            }
            good &= joint[v] in possible if possible else joint[v] == INACTIVE
        if good:
            legal.append(joint)
    return legal


@settings(max_examples=150, deadline=None)
@given(random_dag())
def test_legal_joint_states_are_those_of_the_definition(case):
    n, body = case
    states = polystate.Deposition(polystate.build(deposition(n, {"d": body}))).states
    expected = brute_force(states)
    assert [tuple(j.tolist()) for j in states.joints()] == expected
    assert states.count() == len(expected)
    assert tuple(states.default().tolist()) in expected
    for index in range(5):
        assert tuple(states.draw(polystate.Draw(3, index)).tolist()) in expected


def nested(loops: int = 40) -> dict:
    """A ligand over a loop over `loops` binary residues under each loop state."""
    three = [(c, "loop", 1, c) for c in range(3)]
    ligand = sites([{"site": 0, "states": [(0, "bound", -1, 0.7), (1, "absent", -1, 0.3)]}], 4_100_000_000)
    loop = sites([{"site": 1, "states": [(0, "A", 0, 0.6), (1, "B", 0, 0.4), (2, "C", 1, 1.0)]}], 4_200_000_000)
    loop["tables"]["conditions"] = conditions([(0, "ligand", 0, 0), (1, "ligand", 0, 1)])
    states = [(s, "ab"[s], c, 0.5) for s in range(2) for c in range(3)]
    rotamer = sites([{"site": 2 + k, "states": states} for k in range(loops)])
    rotamer["tables"]["conditions"] = conditions(three)
    for body in (loop, rotamer):
        body["algebra"] = "nested_under"
    return deposition(loops + 2, {"ligand": ligand, "loop": loop, "rotamer": rotamer})


def test_nested_states_are_counted_without_listing_them():
    states = polystate.Deposition(polystate.build(nested())).states
    assert states.count() == 3 * 2**40
    first = list(itertools.islice(states.legal(), 10))
    assert [s["loop/1"] for s in first] == ["A"] * 10
    assert [s["rotamer/41"] for s in first[:4]] == ["a", "b", "a", "b"]
    assert [s["rotamer/40"] for s in first[:4]] == ["a", "a", "b", "b"]


def test_joint_states_of_a_few_variables_are_as_many_numbers_as_these():
    states = polystate.Deposition(polystate.build(nested())).states
    found = [(dict(joint), weight, joint[7]) for joint, weight in states.combinations([0, 1])]
    assert found == [
        ({0: 0, 1: 0}, 0.7 * 0.6, INACTIVE), ({0: 0, 1: 1}, 0.7 * 0.4, INACTIVE), ({0: 1, 1: 2}, 0.3, INACTIVE),
    ]  # fmt: skip


def test_a_state_that_the_parent_forbids_is_refused_by_name():
    states = polystate.Deposition(polystate.build(nested(2))).states
    with pytest.raises(IllegalState, match="loop/1: found A, expected one of C under ligand/0=absent"):
        states.choose({"ligand": "absent", "loop": "A"})
    with pytest.raises(StateNotFound):
        states.choose({"ligand": "open"})
    with pytest.raises(StateNotFound):
        states.choose({"gate": "open"})


def test_a_cycle_is_refused():
    a = sites([{"site": 0, "states": [(0, "x", -1, 0.5), (1, "y", 0, 0.5)]}])
    b = sites([{"site": 1, "states": [(0, "x", -1, 0.5), (1, "y", 0, 0.5)]}], 4_100_000_000)
    a["tables"]["conditions"] = conditions([(0, "b", 1, 1)])
    b["tables"]["conditions"] = conditions([(0, "a", 0, 1)])
    with pytest.raises(ScopeCycle):
        _ = polystate.Deposition(polystate.build(deposition(2, {"a": a, "b": b}))).states


def test_a_variable_under_itself_is_refused():
    body = sites([{"site": 0, "states": [(0, "x", -1, 0.5), (1, "y", 0, 0.5)]}])
    body["tables"]["conditions"] = conditions([(0, "a", 0, 0)])
    with pytest.raises(ScopeCycle, match="a/0 -> a/0"):
        _ = polystate.Deposition(polystate.build(deposition(1, {"a": body}))).states


def test_an_entangled_dag_is_refused_by_name():
    n = 26  # the last variable depends on all others at once
    free = [{"site": k, "states": [(0, "x", -1, 0.5), (1, "y", -1, 0.5)]} for k in range(n - 1)]
    last = {"site": n - 1, "states": [(0, "x", -1, 0.5), (1, "y", 0, 0.5)]}
    body = sites([*free, last])
    body["tables"]["conditions"] = conditions([(0, "d", k, 1) for k in range(n - 1)])
    states = polystate.Deposition(polystate.build(deposition(n, {"d": body}))).states
    with pytest.raises(TooEntangled, match="25"):
        states.count()


def test_rows_of_one_state_that_can_hold_together_are_refused():
    body = sites(
        [
            {"site": 0, "states": [(0, "x", -1, 0.5), (1, "y", -1, 0.5)]},
            {"site": 1, "states": [(0, "p", -1, 0.2), (0, "p", 0, 0.2)]},
        ]
    )
    body["tables"]["conditions"] = conditions([(0, "d", 0, 1)])
    errors = list(polystate.Deposition(polystate.build(deposition(2, {"d": body}))).states.check())
    assert [type(e) for e in errors] == [OverlappingConditions]


def test_drawn_states_have_their_populations():
    body = sites([{"site": 0, "states": [(0, "x", -1, 0.5), (1, "y", -1, 0.3), (2, "z", -1, 0.2)]}])
    states = polystate.Deposition(polystate.build(deposition(1, {"d": body}))).states
    drawn = np.array([states.draw(polystate.Draw(11, k))[0] for k in range(4000)])
    share = np.bincount(drawn, minlength=3) / len(drawn)
    assert np.abs(share - [0.5, 0.3, 0.2]).max() < 0.04  # five standard deviations
