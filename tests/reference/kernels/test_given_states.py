"""Given states and states at a rounding boundary: the same in a stream of any backend as in one draw."""

from __future__ import annotations

import numpy as np
import pytest

import polystate
from polystate import Draw
from polystate.editing import text_form as text
from polystate.errors import IllegalState
from polystate.kernels.ensemble import Ensemble
from polystate.numbers import philox as sampling

BACKENDS = ("numpy", "numba")


def deposition(populations: tuple[float, float] = (0.6, 0.4)) -> polystate.Deposition:
    """Two residues; `p` at the first with these populations, `c` at the second, active under the first state of p."""

    def variable(site: int, labels: list[str], key: int, weights: list[float], **more) -> dict:
        n = len(labels)
        return {
            "regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "signal_type": "categorical_state",
            "algebra": "nested_under" if more else "independent", **{k: v for k, v in more.items() if k != "tables"},
            "tables": {
                "states": {
                    "site": [site] * n, "state": list(range(n)), "label": labels, "condition": [-1] * n,
                    "population": weights, "deposited": ["NaN"] * n, "source": ["fit"] * n,
                },
                "variables": {"site": [site], "draw_key": [key]}, **more.get("tables", {}),
            },
        }  # fmt: skip

    tables = {"conditions": {"condition": [0], "parent": ["p"], "site": [0], "state": [0]}}
    document = {
        "format_version": "0.1.0",
        "hierarchy": {
            "atoms": {"residue": [0, 1], "name": ["CA", "CA"], "element": ["C", "C"]},
            "residues": {"chain": [0, 0], "comp": ["GLY", "GLY"], "label_seq": [1, 2], "auth_seq": [1, 2]},
            "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
            "entities": {"type": ["polymer"], "description": [""], "sequence": ["GG"]},
        },
        "reference": {"x_ref": [[0.0, 0.0, 0.0], [3.75, 0.0, 0.0]]},
        "descriptors": {
            "p": variable(0, ["on", "off"], 9, list(populations)),
            "c": variable(1, ["A", "B"], 3000, [0.6, 0.4], active_when=0, tables=tables),
        },
    }  # fmt: skip
    return polystate.Deposition(text.build(document))


def stream(dep: polystate.Deposition, seed: int, index: int, n: int, backend: str, **given) -> np.ndarray:
    ensemble = Ensemble(dep, backend=backend, **given)
    states = np.empty((n, 2), np.int32)
    ensemble.draws(seed, index, np.empty((n, 2, 3)), states=states)
    return states


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_stream_refuses_a_given_state_where_its_variable_is_inactive(backend):
    dep = deposition()
    on = [bool(dep.render(draw=Draw(3, k)).state["p/0"] == "on") for k in range(12)]
    assert True in on and False in on
    for k, active in enumerate(on):
        if active:
            assert stream(dep, 3, k, 1, backend, state={("c", 1): "B"}).tolist() == [[0, 1]]
        else:
            with pytest.raises(IllegalState):
                stream(dep, 3, k, 1, backend, state={("c", 1): "B"})


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_state_that_the_default_forbids_is_drawn_where_a_draw_permits_it(backend):
    dep = deposition((0.4, 0.6))
    assert "c/1" not in dep.states.labels(dep.states.default())
    k = next(k for k in range(12) if dep.render(draw=Draw(3, k)).state["p/0"] == "on")
    assert stream(dep, 3, k, 1, backend, state={("c", 1): "B"}).tolist() == [[0, 1]]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("index", "populations"),
    [(0, (0.12914458715175073, 0.133984868784739)), (2, (0.4232900831297102, 0.3226592255542246))],
)
def test_the_quotient_decides_at_a_rounding_boundary(index, populations, backend):
    a, b = populations
    u = float(sampling.uniform(Draw(7, index), np.array([9], np.uint32))[0])
    assert (u < a / (a + b)) != (u * (a + b) < a)
    expected = 0 if u < a / (a + b) else 1
    assert stream(deposition(populations), 7, index, 1, backend)[0, 0] == expected
    assert deposition(populations).render(draw=Draw(7, index)).request.joint[0] == expected


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("populations", [(5e-324, 0.0), (0.0, 5e-324), (0.0, 1.0)])
def test_a_state_without_population_is_never_drawn(populations, backend):
    states = stream(deposition(populations), 7, 0, 50, backend)
    assert set(states[:, 0].tolist()) == {int(np.argmax(populations))}
