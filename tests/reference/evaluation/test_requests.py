"""Requests that cannot be meant are refused by name, never rounded, truncated or half obeyed."""

from __future__ import annotations

import numpy as np
import pytest

import polystate
from polystate import Draw
from polystate.editing import text_form as text
from polystate.errors import AxisIndex, BadRequest, DrawRange
from polystate.evaluation.request import axis_steps
from polystate.kernels.ensemble import Ensemble
from polystate_conformance.paths import CORPUS


def deposition(**axes: int) -> polystate.Deposition:
    """One atom: a pose of two states whose second has no covariance that a motion has, and ADPs beside it."""
    states = {
        "site": [0, 0], "state": [0, 1], "label": ["a", "b"], "condition": [-1, -1], "population": [0.5, 0.5],
        "deposited": ["NaN"] * 2, "source": ["fit"] * 2,
    }  # fmt: skip
    gaussian = {
        "regime": "continuous", "mode": "C", "scope": {"level": "atom"}, "signal_type": "gaussian_disorder",
        "algebra": "additive_covariance", "provenance": "p",
    }  # fmt: skip
    conditions = {"condition": [0], "parent": ["pose"], "site": [0], "state": [1]}
    document = {
        "format_version": "0.1.0",
        "hierarchy": {
            "atoms": {"residue": [0], "name": ["CA"], "element": ["C"]},
            "residues": {"chain": [0], "comp": ["GLY"], "label_seq": [1], "auth_seq": [1]},
            "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
            "entities": {"type": ["polymer"], "description": [""], "sequence": ["G"]},
        },
        "reference": {"x_ref": [[1.0, 2.0, 3.0]]},
        "axes": {name: {"length": n} for name, n in axes.items()},
        "provenance": {"p": {"kind": "assertion"}},
        "descriptors": {
            "pose": {
                "regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "signal_type": "categorical_state",
                "algebra": "independent",
                "tables": {"states": states, "variables": {"site": [0], "draw_key": [9]}},
            },
            "iso": {
                **gaussian, "operator": {"id": "parametric_gaussian/iadp_v1", "venue": "registry"},
                "arrays": {"atom_id": [1], "condition": [-1], "b": [20.0]},
            },
            "aniso": {
                **gaussian, "operator": {"id": "parametric_gaussian/aadp_v1", "venue": "registry"},
                "tables": {"conditions": conditions},
                "arrays": {"atom_id": [1], "condition": [0], "u": [[-1.0, 1.0, 1.0, 0.0, 0.0, 0.0]]},
            },
        },
    }  # fmt: skip
    return polystate.Deposition(text.build(document))


@pytest.mark.parametrize("index", [0.9, 1.0, True, -1, 3, "1", np.float64(1)])
def test_a_step_is_a_whole_number_of_the_axis(index):
    with pytest.raises(AxisIndex):
        deposition(frame=3).render(at={"frame": index})


@pytest.mark.parametrize("where", ["at", "iterate"])
def test_a_step_beyond_the_axis_is_refused_where_it_stands(where):
    with pytest.raises(AxisIndex) as refused:
        axis_steps(deposition(frame=3), {"frame": 3}, where)
    assert refused.value.where == where


def test_a_step_may_be_of_any_integer_type():
    assert deposition(frame=3).render(at={"frame": np.int32(2)}).at == {"frame": 2}


@pytest.mark.parametrize(
    ("seed", "index"), [(1.5, 0), (0, 0.5), (-1, 0), (1 << 64, 0), (0, 1 << 64), (True, 0), ("7", 0)]
)
def test_a_seed_and_an_index_are_whole_numbers_below_2_64(seed, index):
    with pytest.raises(DrawRange):
        Draw(seed, index)
    with pytest.raises(DrawRange):
        Ensemble(deposition(), backend="numba").draws(seed, index, np.empty((1, 1, 3)))


def test_the_ends_of_the_range_are_drawn():
    ensemble, last = Ensemble(deposition(), backend="numba", psd="clip"), (1 << 64) - 1
    for seed, index in ((0, 0), (last, last), (np.uint64(last), 0)):
        ensemble.draws(seed, index, np.empty((1, 1, 3)))
    with pytest.raises(DrawRange):
        ensemble.draws(0, last, np.empty((2, 1, 3)))


@pytest.mark.parametrize(
    "written", ["7:x", " 7", "7_0", "+7", "-1", "7.0", "", ":", "7:", "٣", "9" * 5000, str(1 << 64)]
)
def test_a_draw_is_written_in_digits(written):
    with pytest.raises(DrawRange):
        Draw.parse(written)


def test_a_draw_may_be_written_with_leading_zeros():
    assert Draw.parse("007:010") == Draw(7, 10) and Draw.parse("0") == Draw(0, 0)


@pytest.mark.parametrize("n", [-1, 1.5, "3", True])
def test_a_number_of_draws_is_a_whole_number(n, tmp_path):
    with pytest.raises(DrawRange):
        deposition().sample(n, 1, tmp_path / "draws.zarr")


def test_a_word_that_is_no_choice_is_refused(tmp_path):
    dep = deposition(frame=3)
    with pytest.raises(BadRequest):
        dep.render(draw=Draw(1), psd="clpi")
    with pytest.raises(BadRequest):
        next(dep.iterate("frame", draw=Draw(1), psd="clpi"))
    with pytest.raises(BadRequest):
        Ensemble(dep, psd="clpi")
    with pytest.raises(BadRequest):
        dep.sample(1, 1, tmp_path / "draws.zarr", psd="clpi")
    with pytest.raises(BadRequest):
        next(dep.iterate("frame", draw=Draw(1), policies={"iso": "smaple"}))


def test_two_names_of_one_variable_must_agree():
    dep = deposition()
    assert dep.render(state={"pose": "b", ("pose", 0): "b"}).state == {"pose/0": "b"}
    with pytest.raises(BadRequest):
        dep.render(state={"pose": "b", ("pose", 0): "a"})


def test_a_snapshot_says_whether_it_was_clipped():
    dep = deposition(frame=3)
    assert not dep.render(draw=Draw(1), psd="clip", state={"pose": "a"}).clipped
    assert dep.render(draw=Draw(1), psd="clip", state={"pose": "b"}).clipped
    assert not next(
        dep.iterate("frame", draw=Draw(1), psd="clip", state={"pose": "b"})
    ).clipped  # the step is drawn from iso
    sampled = {"aniso": "sample_per_step"}
    assert next(dep.iterate("frame", draw=Draw(1), psd="clip", state={"pose": "b"}, policies=sampled)).clipped


def test_axes_of_more_steps_than_a_machine_word_are_iterated():
    dep = deposition(f=1 << 40, g=1 << 40)
    assert next(dep.iterate("f", "g")).at == {"f": 0, "g": 0}
    place = 5 * (1 << 40) + 7
    one = next(dep.iterate("g", "f", steps=slice(place, place + 1), draw=Draw(3), state={"pose": "a"}))
    assert one.at == {"f": 5, "g": 7}
    assert np.array_equal(one.xyz, dep.render(at=one.at, draw=Draw(3, place), state={"pose": "a"}).xyz)
    with pytest.raises(DrawRange):
        next(dep.iterate("g", "f", draw=Draw(3, 1)))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_components_that_are_no_finite_numbers_are_refused(wrong: float) -> None:
    dep = polystate.open(CORPUS / "mixed.zarr.zip")
    with pytest.raises(BadRequest, match="finite numbers"):
        dep.render(at={"frame": 0}, components={"hinge": [wrong]})
