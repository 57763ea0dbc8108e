"""Moments against enumeration of all joint states and against draws, on real and made depositions."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import pytest

import polystate
from polystate.errors import AxisLength, BadRequest, NoClosedForm
from polystate.evaluation import evaluate
from polystate.evaluation.evaluate import Request
from polystate.evaluation.rendering import broadcast_policy
from polystate.evaluation.request import axis_states
from polystate.kernels.ensemble import Ensemble
from polystate_conformance import paths
from polystate_conformance.paths import CORPUS
from polystate_conformance.suite import case as cases
from polystate_conformance.suite.materialise import Materials

MOST = 3000  # joint states and steps that are enumerated
ENTRIES = sorted(path.name.removesuffix(".zarr.zip") for path in CORPUS.glob("*.zarr.zip"))
DECODERS = {"mixed", "scenario-classes"}


def golden(name: str) -> polystate.Deposition:
    return polystate.open(CORPUS / f"{name}.zarr.zip")


def probability(dep: polystate.Deposition, joint: np.ndarray, fixed: Collection[int]) -> float:
    """The product of the populations over what is available, variable by variable; what is fixed is not drawn."""
    found = 1.0
    for v in set(np.flatnonzero(joint >= 0).tolist()) - set(fixed):
        weights = dep.states.populations(v, joint)
        found *= weights[int(joint[v])] / sum(weights.values())
    return found


def outcomes(dep: polystate.Deposition, axes: list[str]) -> Iterator[tuple[float, tuple[int, ...], Request]]:
    """Every joint state at every step, with its probability."""
    weights = [np.asarray(dep.axis(a).coordinates.get("population", np.ones(dep.axis(a).length))) for a in axes]
    for place in itertools.product(*(range(len(w)) for w in weights)):
        share = float(np.prod([w[k] / w.sum() for w, k in zip(weights, place, strict=True)]))
        steps = dict(zip(axes, place, strict=True))
        fixed = dep.states.find(axis_states(dep, steps, {}))
        for joint in dep.states.joints():
            if all(joint[v] == s for v, s in fixed.items()):
                yield share * probability(dep, joint, fixed), place, dep.request(dep.states.labels(joint), steps)


def enumerated(dep: polystate.Deposition, axes: list[str]) -> dict[str, np.ndarray]:
    """Presence, mean and covariance (N, 3, 3) by sums over all outcomes."""
    found = list(outcomes(dep, axes))
    weight = np.array([o[0] for o in found])
    there = np.stack([evaluate.present(o[2]) for o in found])
    x = np.stack([evaluate.mean(o[2]) for o in found])
    chosen = [d for d in evaluate.gaussian_levels(dep) if not axes or broadcast_policy(d) == "sample_per_step"]
    share = weight @ there
    q = np.where(share > 0, weight[:, None] * there, weight[:, None])
    q = q / q.sum(axis=0)
    mean = np.einsum("kn,kni->ni", q, x)
    away = x - mean
    u = np.einsum("kn,kni,knj->nij", q, away, away)
    for k, (_, _, request) in enumerate(found):
        u += q[k, :, None, None] * evaluate.covariance(request, chosen)
    return {"presence": share, "mean": mean, "covariance": u}


@pytest.mark.parametrize("name", [name for name in ENTRIES if name not in DECODERS])
def test_moments_are_those_of_all_joint_states_together(name: str) -> None:
    dep = golden(name)
    found = dep.moments()
    axes = [part.removeprefix("axes/") for part in found.parts if part.startswith("axes/")]
    if dep.states.count() * dep.n_atoms > 3_000_000 or dep.states.count() > MOST:
        pytest.skip("more joint states than are enumerated here")
    expected = enumerated(dep, axes)
    for key, value in expected.items():
        np.testing.assert_allclose(getattr(found, key), value, atol=1e-12, rtol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", ["scenario-multiconformer", "nested-loop", "altloc-partial-water", "scenario-bundle"])
def test_moments_are_those_of_a_hundred_thousand_draws(name: str) -> None:
    """Each number within six standard errors of what the draws say."""
    dep, n = golden(name), 100_000
    found, ensemble = dep.moments(), Ensemble(dep)
    xyz, there = np.empty((n, dep.n_atoms, 3)), np.empty((n, dep.n_atoms), np.uint8)
    ensemble.draws(11, 0, xyz, present=there)
    count = there.sum(axis=0)
    share = count / n
    error = 6 * np.sqrt(found.presence * (1 - found.presence) / n) + 1e-12
    assert (np.abs(share - found.presence) <= error).all()
    away = (xyz - found.mean) * there[..., None]
    spread = np.diagonal(found.covariance, axis1=1, axis2=2)
    assert (np.abs(away.sum(axis=0)) <= 6 * np.sqrt(spread * count[:, None]) + 1e-8).all()
    u = np.einsum("kni,knj->nij", away, away) / count[:, None, None]
    fourth = np.einsum("kni,knj->nij", away**2, away**2) / count[:, None, None]
    error = 6 * np.sqrt(np.maximum(fourth - u**2, 0) / count[:, None, None]) + 1e-12
    assert (np.abs(u - found.covariance) <= error).all()


def test_parts_sum_to_the_covariance_and_are_symmetric() -> None:
    for name in ("scenario-dynamics", "7k3t-echt", "scenario-crystal"):
        found = golden(name).moments()
        np.testing.assert_allclose(found.by_part.sum(axis=0), found.covariance, atol=1e-14)
        assert (found.covariance == np.swapaxes(found.covariance, 1, 2)).all()


def test_atoms_asked_for_alone_have_the_numbers_they_have_among_all() -> None:
    dep = golden("nested-loop")
    ids = dep.hierarchy.atom_id[[0, 5, 17]].tolist()
    alone, together = dep.moments(atoms=ids), dep.moments()
    np.testing.assert_allclose(alone.covariance, together.covariance[[0, 5, 17]], atol=1e-14)


def test_a_decoder_is_refused_by_name_and_averaged_on_request() -> None:
    dep = golden("scenario-classes")
    with pytest.raises(NoClosedForm, match="descriptors/motion"):
        dep.moments()
    exact = dep.moments(decoders="quadrature:40")
    drawn = dep.moments(decoders="draws:4000:3")
    (name,) = exact.errors
    assert exact.errors[name].mean < 1e-2 * drawn.errors[name].mean
    off = np.abs(exact.mean - drawn.mean).max()
    assert 0 < off < 6 * drawn.errors[name].mean
    assert np.abs(exact.covariance - drawn.covariance).max() < 6 * drawn.errors[name].covariance


@pytest.mark.parametrize("text", ["", "quadrature:1", "draws:x", "draws:10:1:2", "median", "quadrature:1000000"])
def test_an_unknown_rule_for_decoders_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="decoders"):
        golden("scenario-classes").moments(decoders=text)


def test_moments_of_residues_by_stack() -> None:
    """Two sites: one of two states and one nested under it; the entropy of each is that of its own states."""
    dep = binary(2, 3, True)
    found, atoms = dep.residue_moments(), dep.moments()
    spread = np.trace(atoms.covariance, axis1=1, axis2=2).mean()
    assert found.rmsf[0] == pytest.approx(np.sqrt(spread), rel=1e-14)
    assert (
        found.rmsf_states[0] == pytest.approx(found.rmsf[0], rel=1e-14) and found.rmsf_u[0] == found.rmsf_axes[0] == 0
    )
    p = np.array([0.75 * 0.9, 0.75 * 0.1, 0.25 * 0.2, 0.25 * 0.8])
    assert found.conformers.tolist() == [4] and found.entropy[0] == pytest.approx(-(p * np.log(p)).sum(), rel=1e-14)
    stacks = golden("scenario-dynamics").residue_moments()
    squares = sum(getattr(stacks, f"rmsf_{name}") ** 2 for name in ("axes", "states", "components", "u"))
    np.testing.assert_allclose(squares, stacks.rmsf**2, rtol=1e-12)
    assert (stacks.rmsf_axes > 0).any() and (stacks.rmsf_u > 0).any()


def binary(n: int, atoms: int, nested: bool) -> polystate.Deposition:
    """n variables of two states, all of which move all atoms; nested: each under the one before."""
    descriptors: dict[str, Any] = {}
    rows = range(1, atoms + 1)
    for k in range(n):
        under = nested and k > 0
        states = {"site": [0, 0] * (1 + under), "state": [0, 1] * (1 + under), "label": ["A", "B"] * (1 + under),
                  "condition": [-1, -1], "population": [0.75, 0.25]}  # fmt: skip
        if under:
            states |= {"state": [0, 0, 1, 1], "label": ["A", "A", "B", "B"], "condition": [0, 1, 0, 1],
                       "population": [0.9, 0.2, 0.1, 0.8]}  # fmt: skip
        size = len(states["site"])
        tables: dict[str, Any] = {
            "states": {**states, "deposited": ["NaN"] * size, "source": ["fit"] * size},
            "variables": {"site": [0], "draw_key": [k + 1]},
            "deltas": {"site": [0] * atoms, "state": [1] * atoms, "atom_id": list(rows), "dx": [1.0] * atoms,
                       "dy": [0.1 * k] * atoms, "dz": [0.0] * atoms},
        }  # fmt: skip
        if under:
            parent = [f"v{k - 1:02d}"] * 2
            tables["conditions"] = {"condition": [0, 1], "parent": parent, "site": [0, 0], "state": [0, 1]}
        descriptors[f"v{k:02d}"] = {
            "regime": "discrete", "mode": "B", "scope": {"level": "deposition"}, "signal_type": "categorical_state",
            "algebra": "nested_under" if under else "independent", "tables": tables,
        }  # fmt: skip
    names = [f"C{k}" for k in range(atoms)]
    hierarchy = {
        "atoms": {"residue": [0] * atoms, "name": names, "element": ["C"] * atoms},
        "residues": {"chain": [0], "comp": ["LIG"], "label_seq": [1], "auth_seq": [1]},
        "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
        "entities": {"type": ["non-polymer"], "description": [""], "sequence": [""]},
    }
    x_ref = [[float(k), 0.0, 0.0] for k in range(atoms)]
    tree = polystate.build({"hierarchy": hierarchy, "reference": {"x_ref": x_ref}, "descriptors": descriptors})
    return polystate.Deposition(tree)


@pytest.mark.parametrize("nested", [False, True])
def test_a_million_joint_states_that_all_move_one_atom(nested: bool) -> None:
    """The chain by its transfer matrix: two states, P(B) and the correlations link by link."""
    n, dep = 20, binary(20, 3, nested)
    assert dep.states.count() == 2**n
    p, cross = np.zeros(n), np.zeros((n, n))
    move = np.array([[0.9, 0.1], [0.2, 0.8]]) if nested else np.array([[0.75, 0.25], [0.75, 0.25]])
    law = np.array([0.75, 0.25])
    for k in range(n):
        p[k] = law[1]
        later = np.array([0.0, law[1]])
        for m in range(k, n):
            cross[k, m] = cross[m, k] = later[1]
            later = later @ move
        law = law @ move
    d = np.stack([np.ones(n), 0.1 * np.arange(n), np.zeros(n)], axis=1)
    found = dep.moments()
    np.testing.assert_allclose(found.mean[1], [1.0, 0.0, 0.0] + p @ d, atol=1e-12)
    np.testing.assert_allclose(found.covariance[2], d.T @ (cross - np.outer(p, p)) @ d, atol=1e-11)


def test_an_axis_of_a_length_that_no_file_has_takes_no_memory(tmp_path):
    (case,) = (paths.CASES / "seconds").glob("0072-*/case.yaml")
    with Materials(tmp_path) as materials:
        dep = polystate.open(materials.store(cases.load(case)))
        assert dep.validate().valid and dep.axes["frame"].length == 10**9
        tracemalloc.start()
        with pytest.raises(AxisLength, match="3 steps"):
            dep.moments()
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
        tracemalloc.stop()
