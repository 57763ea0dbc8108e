"""Atoms go through the kernel of U eight at a time: which of them are indefinite, and arrays as callers hold them."""

from __future__ import annotations

import numpy as np
import pytest

import polystate
from polystate.kernels.lanes import WIDTH
from polystate.numbers.constants import EIGHT_PI_SQUARED
from tests.reference.small import build

pytest.importorskip("numba")
N = 2 * WIDTH + 3
GAUSSIAN = {
    "regime": "continuous", "mode": "C", "scope": {"level": "deposition"}, "signal_type": "gaussian_disorder",
    "algebra": "additive_covariance", "provenance": "p",
}  # fmt: skip
ROWS = {"atom_id": list(range(1, N + 1)), "condition": [-1] * N}


def level(operator: str, **arrays: object) -> dict[str, object]:
    named = {"id": f"parametric_gaussian/{operator}", "venue": "registry"}
    return {**GAUSSIAN, "operator": named, "arrays": arrays}


def plan(**others: object) -> polystate.kernels.plan.Plan:
    """N atoms under one TLS with T = 1/4 Å² in each direction, and B-factors of one Å²."""
    tls = {**level("tls_v1", tls=[[0.25, 0.25, 0.25, *[0.0] * 17, 1.0, 0.0, 0.0, 0.0]]), "normalised": False}
    b = level("iadp_v1", b=[EIGHT_PI_SQUARED] * N, **ROWS)
    return polystate.Deposition(
        build(N, {"tls": tls, "b": b, **others}, provenance={"p": {"kind": "assertion"}})
    ).plan()


@pytest.mark.parametrize("anisotropic", [False, True])
def test_an_indefinite_atom_is_found_in_each_place_of_a_vector(anisotropic):
    rows = {"u": [[0.5, 0.5, 0.5, 0.0, 0.0, 0.0]] * N, **ROWS}
    made = plan(**({"aniso": level("aadp_v1", **rows)} if anisotropic else {}))
    base = 1.75 if anisotropic else 1.25
    for k in range(N):
        made.parameters["b"][:] = EIGHT_PI_SQUARED
        made.parameters["b"][k] = -2 * EIGHT_PI_SQUARED
        u = made.covariance()
        assert made.indefinite().tolist() == [k]
        expected = np.where(np.arange(N) == k, base - 3, base)[:, None, None] * np.eye(3)
        assert np.abs(u - expected).max() < 1e-14


def test_parameters_and_outputs_are_read_and_written_as_they_lie():
    made = plan()
    made.parameters["tls"][0, 6:12] = [0.01, 0.02, 0.03, 0.001, 0.002, 0.003]
    expected = made.covariance()
    made.parameters["tls"] = np.asfortranarray(np.repeat(made.parameters["tls"], 2, axis=0))[::2]
    assert np.array_equal(made.covariance(), expected)
    wide = np.zeros((N, 3, 6))
    assert np.array_equal(made.covariance(wide[:, :, ::2]), expected) and not wide[:, :, 1::2].any()
    assert np.array_equal(made.covariance(np.zeros((N, 3, 3), np.float32)), expected.astype(np.float32))
