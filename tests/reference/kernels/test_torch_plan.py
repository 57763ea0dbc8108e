"""The torch twin of the Gaussian stack: the same numbers, and gradients that finite differences confirm."""

from __future__ import annotations

import numpy as np
import pytest

import polystate
from polystate_conformance import paths
from polystate_conformance.suite import collection
from polystate_conformance.suite.materialise import Materials

torch = pytest.importorskip("torch", reason="SKIPPED: torch is not installed (extra `torch`)")

CORPUS = paths.CONFORMANCE / "corpus"


@pytest.mark.parametrize("name", ["6vxx-echt", "7k3t-echt", "mixed"])
def test_covariances_are_those_of_the_reference(name: str) -> None:
    dep = polystate.open(CORPUS / f"{name}.zarr.zip")
    at = {axis: 0 for axis in dep.axes}
    found = dep.plan(at=at, backend="torch").covariance().numpy()
    expected = dep.covariance(at=at, backend="numpy")
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


def test_covariances_of_the_cases_are_those_of_the_reference() -> None:
    """Offsets, transforms, conditions, axes, normal modes: whatever the suite asks of `gaussian`."""
    compared = 0
    with Materials() as materials:
        for case in collection.load_all():
            request = case.request
            if case.negative or case.profile != "gaussian" or "covariance" not in request.get("outputs", ()):
                continue
            dep = polystate.open(materials.store(case))
            chosen = {key: request[key] for key in ("at", "atoms") if key in request}
            if "state" in request:
                chosen["state"] = {(k.split("/")[0], int(k.split("/")[1])): v for k, v in request["state"].items()}
            levels = request.get("descriptors")
            expected = dep.covariance(levels=levels, backend="numpy", **chosen)
            found = dep.plan(levels=levels, backend="torch", **chosen).covariance().numpy()
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14, err_msg=case.id)
            compared += 1
    assert compared >= 40


def test_gradients_are_those_of_finite_differences() -> None:
    dep = polystate.open(CORPUS / "mixed.zarr.zip")
    plan = dep.plan(at={axis: 0 for axis in dep.axes}, backend="torch")
    plan.xyz.requires_grad_()
    ids = sorted(plan.parameters)

    def u(xyz: object, *values: object) -> object:
        plan.xyz = xyz
        plan.parameters.update(zip(ids, values, strict=True))
        return plan.covariance()

    tensors = [plan.xyz, *(plan.parameters[id].requires_grad_() for id in ids)]
    assert torch.autograd.gradcheck(u, tensors, atol=1e-6)
