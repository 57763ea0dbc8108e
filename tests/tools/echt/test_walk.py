"""The forest in pieces: nothing is lost, nothing comes twice, and a branch needs no other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polystate_tools.echt.solver.linalg6 import jit
from polystate_tools.echt.solver.threads import Threads, take
from polystate_tools.echt.solver.walk import walks


@given(sizes=st.lists(st.integers(0, 300), min_size=1, max_size=4), nodes=st.integers(1, 200), seed=st.integers(0, 99))
def test_branches_need_only_the_trunk(sizes, nodes, seed):
    """Random forests; the last sizes are those nearest to the roots."""
    rng = np.random.default_rng(seed)
    ends = np.cumsum([0, *sizes])
    stages = [np.arange(a, b, dtype=np.int32) for a, b in zip(ends, ends[1:], strict=False)]
    parent = np.full(ends[-1], -1)
    for k, stage in enumerate(stages):
        higher = np.arange(ends[k + 1], ends[-1])
        if len(higher):
            parent[stage] = np.where(rng.random(len(stage)) < 0.9, rng.choice(higher, len(stage)), -1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("polystate_tools.echt.solver.walk.NODES", nodes)
        branches, trunk = walks(stages, parent, rng.integers(0, 100, ends[-1]))
    assert sorted([*branches.nodes, *trunk.nodes]) == list(range(ends[-1]))
    assert len(trunk.pieces) <= 2
    piece = {int(n): -1 for n in trunk.nodes}
    for walk, begin in ((branches, 0), (trunk, -1)):
        assert walk.pieces[-1] == len(walk.eights) - 1 and walk.eights[-1] == len(walk.nodes)
        for k in range(len(walk.pieces) - 1):
            mine = walk.nodes[walk.eights[walk.pieces[k]] : walk.eights[walk.pieces[k + 1]]]
            piece.update(dict.fromkeys(map(int, mine), k + begin))
            place = {int(n): i for i, n in enumerate(mine)}
            assert all(place[int(n)] < place.get(int(parent[n]), len(mine)) for n in mine)
    assert all(piece[int(parent[n])] in (-1, piece[n]) for n in piece if parent[n] >= 0)


@jit
def _count(turn, work, out):
    found, k = 0, take(turn)
    while k < len(out):
        out[k] += 1
        found += 1
        k = take(turn)
    return found


def test_no_two_threads_take_the_same_piece():
    threads, out = Threads(10, 4), np.zeros(200_000, np.int64)
    assert sum(threads.run(_count, len(out), out)) == len(out)
    np.testing.assert_array_equal(out, 1)
