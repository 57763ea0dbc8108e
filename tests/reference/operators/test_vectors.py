"""The evaluator meets every vector, and the vectors see believable mistakes."""

import numpy as np
import pytest

from polystate_schemas.registry import entries

operators = pytest.importorskip("polystate.operators")
errors = pytest.importorskip("polystate.errors")

VECTORS = [(name, vector) for name, entry in entries().items() for vector in entry.vectors]


def arrays(name, vector):
    dtypes = {item["name"]: item["dtype"] for item in entries()[name].document["signature"]["inputs"]}
    return {key: np.array(value, dtypes.get(key, "float64")) for key, value in vector["inputs"].items()}


def agrees(found, vector):
    for key, value in vector["expected"].items():
        expected = np.array(value, np.float64)
        if np.shape(found[key]) != expected.shape:
            return False
        if not (np.abs(found[key] - expected) <= vector["abs"] + vector["rel"] * np.abs(expected)).all():
            return False
    return True


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # exp(800) is infinite on the way to silu(-800) = 0
@pytest.mark.parametrize("name, vector", VECTORS, ids=[f"{name}-{vector['name']}" for name, vector in VECTORS])
def test_the_evaluator_meets_the_vector(name, vector):
    try:
        found = operators.call(name, arrays(name, vector), vector["parameters"])
    except errors.UnknownOperator:
        pytest.skip(f"{name} is not evaluated as a function")
    assert agrees(found, vector)


def _with(key, change):
    return lambda inputs: inputs | {key: change(inputs[key])}


def _transpose_s(tls):
    tls = tls.copy()
    s = tls[:, 12:20]
    tls[:, 12:20] = np.stack([s[:, 0], s[:, 3], s[:, 6], s[:, 1], s[:, 4], s[:, 7], s[:, 2], s[:, 5]], axis=1)
    return tls


MISTAKES = {
    ("parametric_gaussian/tls_v1", "S transposed"): _with("tls", _transpose_s),
    ("parametric_gaussian/tls_v1", "S with the other sign"): _with(
        "tls", lambda t: t * np.r_[[1] * 12, [-1] * 8, [1] * 4]
    ),
    ("parametric_gaussian/tls_v1", "origin ignored"): _with("tls", lambda t: t * np.r_[[1] * 21, [0] * 3]),
    ("parametric_gaussian/tls_v1", "amplitude ignored"): _with(
        "tls", lambda t: np.c_[t[:, :20], t[:, :1] ** 0, t[:, 21:]]
    ),
    ("parametric_gaussian/tls_v1", "13 and 23 of L exchanged"): _with(
        "tls", lambda t: t[:, [*range(10), 11, 10, *range(12, 24)]]
    ),
    ("parametric_gaussian/tls_v1", "first group for all"): _with("group", lambda g: g * 0),
    ("parametric_gaussian/tls_v1", "float32"): _with("xyz", lambda x: x.astype(np.float32) * np.float32(1 + 1e-7)),
    ("parametric_gaussian/iadp_v1", "8π² forgotten"): _with("b", lambda b: b * 8 * np.pi**2),
    ("parametric_gaussian/aadp_v1", "order of PDB files mixed up"): _with("u", lambda u: u[:, [0, 1, 2, 3, 5, 4]]),
    ("parametric_gaussian/nm_covariance_v1", "variance squared"): _with("variance", lambda v: v**2),
    ("basis/nm_v1", "modes normalised"): _with("basis", lambda b: b / np.linalg.norm(b, axis=(1, 2), keepdims=True)),
    ("rigid_body/quat_v1", "w last"): _with("quaternion", lambda q: q[:, [3, 0, 1, 2]]),
    ("rigid_body/quat_v1", "inverse rotation"): _with("quaternion", lambda q: q * [1, -1, -1, -1]),
    ("rigid_body/quat_v1", "origin ignored"): _with("origin", lambda o: o * 0),
    ("coarse_grain/weighted_sum_v1", "weights normalised"): _with("weight", lambda w: w / w.sum()),
    ("ensemble/occupancy_weighted_mean_v1", "absence ignored"): lambda i: {
        k: v for k, v in i.items() if k != "present"
    },
    ("assignment/nearest_landmark_v1", "float32"): _with("value", lambda v: v.astype(np.float32)),
}


@pytest.mark.parametrize("name, mistake", MISTAKES)
def test_a_mistake_fails_some_vector(name, mistake):
    change = MISTAKES[name, mistake]

    def survives(vector):
        try:
            return agrees(operators.call(name, change(arrays(name, vector)), vector["parameters"]), vector)
        except errors.PolystateError:
            return False

    assert not all(survives(vector) for vector in entries()[name].vectors)
