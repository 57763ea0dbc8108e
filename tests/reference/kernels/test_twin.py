"""The torch twin: the numbers of the reference for covariances, means and draws, and gradients that finite differences
confirm."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

import polystate
from polystate.errors import BadRequest, NotPositiveSemidefinite, PolystateError, UnsupportedCombination
from polystate_conformance import paths
from polystate_conformance.suite import collection
from polystate_conformance.suite.materialise import Materials

torch = pytest.importorskip("torch", reason="SKIPPED: torch is not installed (extra `torch`)")

CORPUS = paths.CONFORMANCE / "corpus"
PROFILES = {
    "covariance": ("gaussian",),
    "mean": ("displacement", "axes", "external", "discrete", "decoder", "gaussian"),
}
OPTIONS = ("at", "atoms", "components", "allow_code")
FAR = 1e5  # ångström, at which differences of 1e-6 have lost their digits


@cache
def cases() -> list[Any]:
    return [c for c in collection.load_all() if c.kind == "evaluate" and not c.negative]


def asked(output: str) -> Iterator[tuple[str, polystate.Deposition, list[str] | None, dict[str, Any]]]:
    """What the suite asks of one output: case, deposition, levels, and the request."""
    with Materials() as materials:
        for case in cases():
            request = case.request
            if output not in request.get("outputs", ()) or case.profile not in PROFILES[output]:
                continue
            chosen = {key: request[key] for key in OPTIONS if key in request}
            if "state" in request:
                chosen["state"] = {(k.split("/")[0], int(k.split("/")[1])): v for k, v in request["state"].items()}
            yield case.id, polystate.open(materials.store(case)), request.get("descriptors"), chosen


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
    for name, dep, levels, chosen in asked("covariance"):
        expected = dep.covariance(levels=levels, backend="numpy", **chosen)
        found = dep.plan(levels=levels, backend="torch", **chosen).covariance().numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14, err_msg=name)
        compared += 1
    assert compared >= 40


def test_means_of_the_cases_are_those_of_the_reference() -> None:
    """Sites, deltas, frames, bases, rigid bodies, decoders and transforms: whatever the suite asks a mean of."""
    compared = 0
    for name, dep, _, chosen in asked("mean"):
        try:
            plan = dep.plan(levels=[], backend="torch", **chosen)
            found = plan.mean().numpy()
        except UnsupportedCombination as refused:
            assert "onnx" in str(refused), name
            continue
        snap = dep.render(backend="numpy", **chosen)
        # a program computes in float32
        atol = 1e-5 if chosen.get("allow_code") else 1e-11
        np.testing.assert_allclose(found, snap.mean, rtol=1e-12, atol=atol, err_msg=name)
        assert (plan.present.numpy() == snap.present).all(), name
        assert plan.state == snap.state, name
        compared += 1
    assert compared >= 100


def test_draws_of_the_cases_are_those_of_the_reference() -> None:
    """In the state that each draw has; what the reference draws, the twin draws."""
    compared = 0
    for name, dep, _, chosen in asked("mean"):
        given = {key: value for key, value in chosen.items() if key != "state"}
        for index in (3, 4):
            draw = polystate.Draw(7, index)
            try:
                snap = dep.render(state=chosen.get("state"), draw=draw, backend="numpy", **given)
            except PolystateError:  # in the state drawn, or of levels whose axis has no index
                continue
            try:
                found = dep.plan(state=snap.state, backend="torch", **given).draws(1, seed=7, first=index)[0]
            except UnsupportedCombination as refused:
                assert "onnx" in str(refused), name
                continue
            atol = 1e-5 if chosen.get("allow_code") else 1e-10  # a program computes in float32
            np.testing.assert_allclose(found.numpy(), snap.xyz, rtol=1e-12, atol=atol, err_msg=name)
            compared += 1
    assert compared >= 200


def test_gradients_of_covariances_are_those_of_finite_differences() -> None:
    dep = polystate.open(CORPUS / "mixed.zarr.zip")
    plan = dep.plan(at={axis: 0 for axis in dep.axes}, backend="torch")
    ids = sorted(plan.parameters)

    def u(xyz: Any, *values: Any) -> Any:
        plan.xyz = xyz
        plan.parameters.update(zip(ids, values, strict=True))
        return plan.covariance()

    tensors = [plan.xyz.requires_grad_(), *(plan.parameters[id].requires_grad_() for id in ids)]
    assert torch.autograd.gradcheck(u, tensors, atol=1e-6)


def test_gradients_of_means_and_draws_are_those_of_finite_differences() -> None:
    """Through x_ref, amplitudes, weights, quaternions and standard deviations, in each case of few atoms."""
    checked: set[str] = set()
    for name, dep, _, chosen in asked("mean"):
        plan = dep.plan(levels=[], backend="torch", **chosen)
        if plan.n > 12 or chosen.get("allow_code") or plan.mean().abs().max() > FAR:
            continue
        if any("w10" in inputs for inputs in plan.inputs.values()):  # layers that overflow, or stand at a kink
            continue
        places = [
            (id, array) for id, inputs in plan.inputs.items() for array in inputs
            if inputs[array].numel() and (array == "value" or "centre" not in inputs)  # half way between cells it jumps
        ]  # fmt: skip

        def made(xyz: Any, *values: Any, plan: Any = plan, places: Any = places) -> Any:
            plan.xyz = xyz
            for (id, array), value in zip(places, values, strict=True):
                plan.inputs[id][array] = value
            return plan.mean(), plan.draws(2, seed=1)

        tensors = [plan.xyz.clone(), *(plan.inputs[id][array].clone() for id, array in places)]
        tensors = [t.requires_grad_() for t in tensors]
        assert torch.autograd.gradcheck(made, tensors, eps=1e-6, atol=1e-5, rtol=1e-4, fast_mode=True), name
        checked |= {array for _, array in places}
    assert checked >= {
        "xyz", "displacement", "basis", "coefficients", "variance", "latent", "w0", "b1", "quaternion", "value",
        "factor",
    }  # fmt: skip


def test_draws_have_gradients_through_the_factor_of_u() -> None:
    dep = polystate.open(CORPUS / "mixed.zarr.zip")
    plan = dep.plan(at={axis: 0 for axis in dep.axes}, atoms=dep.hierarchy.atom_id[:4].tolist(), backend="torch")
    ids = [id for id, values in plan.parameters.items() if values.numel() < 200]

    def made(*values: Any) -> Any:
        plan.parameters.update(zip(ids, values, strict=True))
        return plan.draws(2, seed=1)

    tensors = [plan.parameters[id].clone().requires_grad_() for id in ids]
    assert torch.autograd.gradcheck(made, tensors, eps=1e-6, atol=1e-5, fast_mode=True)


def test_what_no_motion_has_is_refused_by_draws_or_clipped() -> None:
    dep = polystate.open(CORPUS / "1ejg.zarr.zip")
    plan = dep.plan(backend="torch")
    with pytest.raises(NotPositiveSemidefinite):
        plan.draws(1, seed=7)
    snap = dep.render(state=plan.state, draw=polystate.Draw(7, 0), psd="clip", backend="numpy")
    np.testing.assert_allclose(plan.draws(1, seed=7, psd="clip")[0].numpy(), snap.xyz, atol=1e-10)


def test_a_device_is_for_torch() -> None:
    dep = polystate.open(CORPUS / "1ejg.zarr.zip")
    with pytest.raises(BadRequest, match="torch"):
        dep.plan(device="cuda")
    assert dep.plan(backend="torch", device="meta").covariance().device.type == "meta"
