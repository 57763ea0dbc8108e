"""Inputs of an operator that is asked for by itself: taken as the signature says, or refused by name."""

import numpy as np
import pytest

from polystate.errors import BadRequest
from polystate.operators import call
from polystate.operators.inputs import checked
from polystate_schemas import registry

BODY = {"quaternion": [[1, 0, 0, 0]], "translation": [[0, 0, 0]], "origin": [[0, 0, 0]], "group": [0],
        "xyz": [[1, 2, 3]]}  # fmt: skip
LAYER = {"latent": [2.0], "w0": [[1.0], [2.0], [3.0]], "b0": [0.0, 0.0, 0.0]}
CELLS = {"latent": [2.0], "centre": [[0.0]], "value": [[[1.0, 2.0, 3.0]]]}
BEADS = {"xyz": [[1, 2, 3]], "child": [0], "parent": [0], "weight": [1]}


def _checked(id, inputs, parameters=None):
    return checked(registry.entries()[id].document["signature"], inputs, parameters or {})


@pytest.mark.parametrize("id", sorted(registry.entries()))
def test_inputs_of_test_vectors_are_taken_as_they_are(id):
    entry = registry.entries()[id]
    dtypes = {item["name"]: item["dtype"] for item in entry.document["signature"]["inputs"]}
    for vector in entry.vectors:
        parameters = {**entry.document["defaults"].get("parameters", {}), **vector.get("parameters", {})}
        for name, value in _checked(id, vector["inputs"], parameters).items():
            assert value.dtype == dtypes.get(name, "float64")
            assert np.array_equal(value, np.asarray(vector["inputs"][name], value.dtype), equal_nan=True)


@pytest.mark.parametrize(
    ("id", "inputs", "found"),
    [
        ("rigid_body/quat_v1", {**BODY, "group": [1]}, "group from 1 to 1"),
        ("rigid_body/quat_v1", {**BODY, "group": [-1]}, "group from -1 to -1"),
        ("rigid_body/quat_v1", {**BODY, "group": [0.5]}, "not whole"),
        ("rigid_body/quat_v1", {**BODY, "xyz": [[1, 2], [3]]}, "xyz"),
        ("rigid_body/quat_v1", {**BODY, "xyz": [[1, 2, 3, 4]]}, "shape"),
        ("rigid_body/quat_v1", {**BODY, "xyz": "far away"}, "xyz"),
        ("rigid_body/quat_v1", {**BODY, "mass": [1]}, "mass"),
        ("rigid_body/quat_v1", {name: BODY[name] for name in BODY if name != "xyz"}, "no xyz"),
        ("neural_decoder/mlp_v1", {**LAYER, "latent": [1.0, 2.0]}, "shape"),
        ("neural_decoder/mlp_v1", {**LAYER, "w1": [[1.0, 2.0]]}, "shape"),
        ("neural_decoder/mlp_v1", {"latent": [1.0]}, "no w0"),
        ("coarse_grain/weighted_sum_v1", {**BEADS, "child": [1]}, "child from 1 to 1"),
        ("lookup_table/nearest_v1", {**CELLS, "latent": [1.0, 2.0]}, "shape"),
        ("lookup_table/nearest_v1", {**CELLS, "centre": [[0.0], [1.0]]}, "shape"),
        ("lookup_table/nearest_v1", {**CELLS, "value": "far"}, "value"),
    ],
)
def test_what_is_wrong_is_named(id, inputs, found):
    with pytest.raises(BadRequest) as caught:
        _checked(id, inputs, {"labels": 1, "activation": "tanh"})
    assert caught.value.where == "inputs"
    assert found in str(caught.value)


@pytest.mark.parametrize("wrong", [{"latent": [np.nan]}, {"latent": [np.inf]}, {"centre": np.zeros((0, 1))}])
def test_a_place_that_has_no_nearest_cell_is_refused(wrong):
    with pytest.raises(BadRequest, match="finite numbers, and a cell"):
        call("lookup_table/nearest_v1", {**CELLS, **wrong})


@pytest.mark.parametrize("half", [{"uniform": [0.5]}, {"normal": [0.0]}])
def test_half_of_a_draw_of_a_mixture_is_refused(half):
    numbers = {"basis": [[[1.0, 0.0, 0.0]]], "population": [1.0], "mean": [[0.0]], "factor": [[[1.0]]], **half}
    with pytest.raises(BadRequest, match="both, or neither"):
        call("basis/gaussian_mixture_v1", {name: np.array(values) for name, values in numbers.items()})


def test_a_parameter_without_a_default_is_due():
    with pytest.raises(BadRequest, match="no labels"):
        _checked("coarse_grain/weighted_sum_v1", BEADS)
