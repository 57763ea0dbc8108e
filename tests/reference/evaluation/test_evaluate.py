"""The evaluation model on small depositions, against other programs and closed forms."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polystate
from polystate.errors import AbsoluteConflict, AxisNotGiven
from polystate.numbers.tensors import symmetric
from polystate.operators import call
from tests.reference.small import conditions, deposition, iadp, sites

finite = st.floats(-5, 5, allow_subnormal=False)


@given(st.lists(finite, min_size=23, max_size=23), st.floats(0.1, 3))
def test_tls_is_that_of_gemmi(numbers, amplitude):
    row = np.array([*numbers[:20], amplitude, *numbers[20:]])
    x = np.array([[1.0, 2.0, 3.0]])
    u = call("parametric_gaussian/tls_v1", {"tls": row[None], "group": np.zeros(1, int), "xyz": x})["u"][0]
    tls = gemmi.TlsGroup()
    degrees = 180 / np.pi
    t, lib = symmetric(row[:6]), symmetric(row[6:12])
    s = np.array([[row[12], row[13], row[14]], [row[15], row[16], row[17]], [row[18], row[19], -row[12] - row[16]]])
    tls.T = gemmi.SMat33d(*row[:6])
    tls.L = gemmi.SMat33d(*(row[6:12] * degrees**2))
    tls.S = gemmi.Mat33((s * degrees).tolist())
    tls.origin = gemmi.Position(*row[21:24])
    expected = np.array(gemmi.calculate_u_from_tls(tls, gemmi.Position(*x[0])).as_mat33().tolist()) * amplitude
    assert t.shape == lib.shape == (3, 3)
    assert np.allclose(u, expected, rtol=1e-9, atol=1e-6)


def one_site() -> dict:
    body = sites([{"site": 1, "states": [(0, "A", -1, 0.6), (1, "B", -1, 0.4)]}])
    deltas = {"site": [1], "state": [1], "atom_id": [2], "dx": [0.0], "dy": [1.5], "dz": [0.0]}
    absent = {"site": [1], "state": [0], "atom_id": [2]}
    body["tables"] |= {"deltas": deltas, "absent": absent}
    return body


def test_an_alternate_moves_its_atom_and_keeps_its_own_b():
    b = iadp([10.0, 20.0, 30.0])
    b["arrays"] = {"atom_id": [1, 2, 2, 3], "condition": [-1, 0, 1, -1], "b": [10.0, 20.0, 25.0, 30.0]}
    b["tables"] = {"conditions": conditions([(0, "alt", 1, 0), (1, "alt", 1, 1)])}
    dep = polystate.Deposition(polystate.build(deposition(3, {"alt": one_site(), "b": b})))
    assert dep.validate().valid
    for label, y, expected, there in (("A", 4.0, 20.0, False), ("B", 5.5, 25.0, True)):
        snap = dep.render(state={"alt": label})
        assert snap.xyz[1].tolist() == [3.0, y, 5.0] and bool(snap.present[1]) is there
        assert snap.covariance[1, 0, 0] == pytest.approx(expected / (8 * np.pi**2), rel=1e-15)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_one_atom_alone_is_that_atom_of_the_whole(seed, index):
    doc = deposition(3, {"alt": one_site(), "b": iadp([10.0, 20.0, 30.0])})
    dep = polystate.Deposition(polystate.build(doc))
    draw = polystate.Draw(seed, index)
    whole = dep.render(draw=draw)
    for row, atom in enumerate(dep.hierarchy.atom_id.tolist()):
        assert np.array_equal(dep.render(draw=draw, atoms=[atom]).xyz[0], whole.xyz[row])


def rigid(**extra) -> dict:
    half = np.sqrt(0.5)
    return {
        "regime": "continuous", "mode": "C", "scope": {"level": "chain"},
        "signal_type": "deterministic_displacement",
        "algebra": "additive_displacement", "operator": {"id": "rigid_body/quat_v1", "venue": "registry"},
        "arrays": {
            "quaternion": [[half, 0, 0, half]], "translation": [[0.0, 0.0, 2.0]], "origin": [[1.0, 0.0, 0.0]],
        }, **extra,
    }  # fmt: skip


def test_a_quarter_turn_about_z():
    dep = polystate.Deposition(polystate.build(deposition(1, {"r": rigid()}, [[2.0, 0.0, 0.0]])))
    assert np.allclose(dep.render().xyz, [[1.0, 1.0, 2.0]], atol=1e-12)


def test_a_transform_turns_mean_and_covariance():
    gaussian = iadp([1.0])
    gaussian["operator"]["id"] = "parametric_gaussian/aadp_v1"
    gaussian["arrays"] = {"atom_id": [1], "condition": [-1], "u": [[4.0, 1.0, 2.0, 0.0, 0.0, 0.0]]}
    doc = deposition(1, {"r": rigid(acts_as="transform"), "u": gaussian}, [[2.0, 0.0, 0.0]])
    dep = polystate.Deposition(polystate.build(doc))
    snap = dep.render()
    assert np.allclose(snap.xyz, [[1.0, 1.0, 2.0]], atol=1e-12)
    assert np.allclose(snap.covariance[0], np.diag([1.0, 4.0, 2.0]), atol=1e-12)


def test_an_offset_carries_displacements_into_the_frame_of_the_deposition():
    quarter = [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    basis = {
        "regime": "continuous", "mode": "C", "scope": {"level": "atom"},
        "signal_type": "deterministic_displacement",
        "algebra": "additive_displacement", "operator": {"id": "basis/nm_v1", "venue": "registry"},
        "arrays": {"atom_id": [1], "basis": [[[1.0, 0.0, 0.0]]], "coefficients": [3.0]},
        "reference": {
            "hash": "sha256:" + "0" * 64, "frame": "fitted",
            "offset": {"kind": "rigid", "rotation": quarter, "translation": [7.0, 8.0, 9.0]},
        },
    }  # fmt: skip
    dep = polystate.Deposition(polystate.build(deposition(1, {"m": basis}, [[0.0, 0.0, 0.0]])))
    assert np.allclose(dep.render().xyz, [[0.0, 3.0, 0.0]], atol=1e-12)


def trajectory() -> dict:
    return {
        "regime": "trajectory", "mode": "A", "scope": {"level": "deposition"}, "signal_type": "coordinates",
        "algebra": "independent", "sample_axis": "frame",
        "arrays": {"atom_id": [1], "xyz": [[[1.0, 0.0, 0.0]], [[2.0, 0.0, 0.0]]]},
    }  # fmt: skip


def test_a_trajectory_needs_its_frame():
    axes = {"frame": {"length": 2}}
    dep = polystate.Deposition(polystate.build(deposition(1, {"md": trajectory()}, axes=axes)))
    assert dep.render(at={"frame": 1}).xyz.tolist() == [[2.0, 0.0, 0.0]]
    assert [s.xyz[0, 0] for s in dep.iterate("frame")] == [1.0, 2.0]
    with pytest.raises(AxisNotGiven):
        dep.render()


def test_two_absolute_sources_for_one_atom_are_refused():
    doc = deposition(1, {"a": trajectory(), "b": trajectory()}, axes={"frame": {"length": 2}})
    dep = polystate.Deposition(polystate.build(doc))
    assert [e.code for e in dep.validate().errors] == ["absolute-conflict"]
    with pytest.raises(AbsoluteConflict):
        dep.render(at={"frame": 0})


def test_iterated_draws_use_their_own_numbers_and_the_policy():
    doc = deposition(1, {"md": trajectory(), "b": iadp([80.0])}, axes={"frame": {"length": 2}})
    dep = polystate.Deposition(polystate.build(doc))
    steps = list(dep.iterate("frame", draw=polystate.Draw(5, 3)))
    for k, snap in enumerate(steps):
        alone = dep.render(at={"frame": k}, draw=polystate.Draw(5, 3 * 2 + k))
        assert np.array_equal(snap.xyz, alone.xyz)
    still = list(dep.iterate("frame", draw=polystate.Draw(5, 3), policies={"b": "mean"}))
    assert [s.xyz[0, 0] for s in still] == [1.0, 2.0]
