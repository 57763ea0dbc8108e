"""Counts and choices of large scope DAGs: what is done for all variables at once against what is done one by one."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polystate.states import counting
from polystate.states.joint import States
from polystate.states.scope_dag import ALWAYS, INACTIVE, ScopeDag, StateTable, holds


@st.composite
def dags(draw, most_parents: int = 3, most: int = 12):
    """Two descriptors, the second perhaps there only in some states of the first."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=most))
    split = draw(st.integers(1, len(sizes) - 1))
    gate = draw(st.booleans())
    gated = (0, draw(st.integers(0, sizes[0] - 1))) if gate else None
    rows, conditions = {"a": [], "b": []}, {"a": [], "b": []}
    if gated:
        conditions["b"].append((99, "a", *gated))
    for v, size in enumerate(sizes):
        name = "a" if v < split else "b"
        n_parents = draw(st.integers(0, min(v, most_parents)))
        if most_parents == 1 and name == "b" and gated:
            n_parents = 0
        parents = sorted(draw(st.permutations(range(v)))[:n_parents])
        for s in range(size):
            condition = ALWAYS
            if parents and draw(st.booleans()):
                condition = 100 * v + s + 100
                for p in draw(st.sets(st.sampled_from(parents), min_size=1)):
                    for value in draw(st.sets(st.integers(0, sizes[p] - 1), min_size=1)):
                        conditions[name].append((condition, "a" if p < split else "b", p, value))
            rows[name].append((v, s, condition, draw(st.sampled_from([0.0, 0.25, 0.5]))))
    return ScopeDag([table(n, rows[n], conditions[n], 99 if gated and n == "b" else ALWAYS) for n in "ab"])


def table(name: str, rows: list[tuple], conditions: list[tuple], active: int = ALWAYS) -> StateTable:
    """A descriptor from rows (site, state, condition, population) and (condition, parent, site, state)."""
    site, state, condition, population = (np.array(x) for x in zip(*rows, strict=True))
    columns = [list(x) for x in zip(*conditions, strict=True)] or [[], [], [], []]
    about = dict(zip(("condition", "parent", "site", "state"), columns, strict=True))
    labels = [f"s{x}" for x in state.tolist()]
    return StateTable(name, site, state, condition, population.astype(float), labels, [], about, active)


def nested(parent: np.ndarray) -> ScopeDag:
    """Two states a variable; the second needs the first of the parent (-1: none)."""
    n = len(parent)
    site, state = np.repeat(np.arange(n), 2), np.tile([0, 1], n)
    condition = np.where((state == 1) & (parent[site] >= 0), site, ALWAYS)
    has = np.flatnonzero(parent >= 0)
    about = {"condition": has, "parent": ["d"] * len(has), "site": parent[has], "state": np.zeros(len(has), int)}
    return ScopeDag([StateTable("d", site, state, condition, np.tile([0.6, 0.4], n), ["a", "b"] * n, [], about)])


def one_by_one(dag: ScopeDag, prefer: bool) -> list[int]:
    """The first legal state, or the most populated, variable by variable from objects."""
    states, joint = States(dag), [INACTIVE] * len(dag)
    for v in range(len(dag)):
        options = counting.options(dag, v, joint)
        joint[v] = options[0]
        if prefer and options != [INACTIVE]:
            weights = states.populations(v, joint)
            joint[v] = max(options, key=lambda s: (weights[s], -s))
    return joint


@pytest.mark.parametrize("most_parents", [1, 3])
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_all_ways_of_counting_agree(most_parents, data):
    dag = data.draw(dags(most_parents))
    expected = counting.eliminate(dag, set(range(len(dag))), {})
    assert States(dag).count() == expected
    if expected < 3000:
        listed = [tuple(j.tolist()) for j in States(dag).joints()]
        assert len(listed) == len(set(listed)) == expected
    assert next(iter(States(dag).joints())).tolist() == one_by_one(dag, False)
    assert States(dag).default().tolist() == one_by_one(dag, True)


@settings(max_examples=60, deadline=None)
@given(dags(most=5))
def test_counts_are_those_of_the_definition(dag):
    legal = 0
    for joint in itertools.product(*([*range(int(n)), INACTIVE] for n in dag.n_states)):
        good = True
        for v in range(len(dag)):
            rows = dag.rows(v)
            there = holds(dag.activation.get(v), joint)
            options = {int(s) for s, c in zip(rows.state, rows.condition, strict=True) if there and holds(c, joint)}
            good &= joint[v] in options if options else joint[v] == INACTIVE
        legal += good
    assert States(dag).count() == legal


@settings(max_examples=40, deadline=None)
@given(dags(most=6), st.integers(2, 5))
def test_components_that_are_alike_are_counted_once(dag, copies):
    """The same variables again and again, in other descriptors: the power of the count of one."""
    again = []
    for k in range(copies):
        for t in dag.tables:
            parents = [f"{p}{k}" for p in t.conditions["parent"]]
            about = {**t.conditions, "parent": parents}
            parts = (t.site, t.state, t.condition, t.population, t.label, t.site_labels)
            again.append(StateTable(f"{t.id}{k}", *parts, about, t.active_when))
    assert States(ScopeDag(again)).count() == States(dag).count() ** copies


def fibonacci(n: int) -> int:
    """F(n), F(1) = F(2) = 1."""
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        (np.where(np.arange(40_000) % 4, np.arange(40_000) - 1, -1), fibonacci(6) ** 10_000),
        (np.arange(20_000) - 1, fibonacci(20_002)),
        (np.where(np.arange(20_000), 0, -1), 2**19_999 + 1),
    ],
    ids=["runs of four", "chain", "star"],
)
def test_large_trees(parent, expected):
    start = time.process_time()
    dag = nested(parent)
    states = States(dag)
    assert states.count() == expected
    first = list(itertools.islice(states.legal(), 3))
    assert time.process_time() - start < 5  # a tenth of a second where nothing else runs
    assert set(first[0].values()) == {"a"}
    assert sum(x == "b" for x in first[1].values()) == 1
    assert len({tuple(x.values()) for x in first}) == 3


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.randoms(use_true_random=False))
def test_random_forests(n, random):
    parent = np.array([random.choice([-1, *range(v)]) if v else -1 for v in range(n)])
    shuffled = np.array(random.sample(range(n), n))
    moved = np.full(n, -1)
    moved[shuffled] = np.where(parent >= 0, shuffled[parent], -1)
    legal = {}
    for v in range(n - 1, -1, -1):  # joint states below v with v in its first state, and in its second
        below = [legal[c] for c in np.flatnonzero(parent == v).tolist()]
        first, second = 1, 1
        for a, b in below:
            first, second = first * (a + b), second * a
        legal[v] = (first, second)
    expected = 1
    for v in np.flatnonzero(parent < 0).tolist():
        expected *= sum(legal[v])
    dag = nested(moved)
    assert States(dag).count() == expected
    assert next(iter(States(dag).joints())).tolist() == one_by_one(dag, False)
