"""Depositions at the edges of what validation has to judge: empty, odd or broken, it answers and never breaks."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import polystate
from polystate.editing.modes import convert
from polystate.editing.text_form import build
from polystate.errors import BadRequest, NonFinite, OutOfRange, PolystateError
from polystate.rules import guard
from polystate.rules.payloads import value_errors
from polystate.store.tree import Group

BASE: dict[str, Any] = {
    "format_version": "0.1.0",
    "hierarchy": {
        "atoms": {"residue": [0, 0], "name": ["N", "CA"], "element": ["N", "C"]},
        "residues": {"chain": [0], "comp": ["GLY"], "label_seq": [1], "auth_seq": [1]},
        "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
        "entities": {"type": ["polymer"], "description": [""], "sequence": ["G"]},
    },
    "reference": {"x_ref": [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]},
    "descriptors": {},
}


def gaussian(atom_id: list[int], **keys: Any) -> dict[str, Any]:
    return {
        "regime": "continuous", "mode": "C", "scope": {"level": "chain"}, "signal_type": "gaussian_disorder",
        "algebra": "additive_covariance", "operator": {"id": "parametric_gaussian/iadp_v1", "venue": "registry"},
        "arrays": {"atom_id": atom_id, "condition": [-1] * len(atom_id), "b": [10.0] * len(atom_id)}, **keys,
    }  # fmt: skip


def tree(**descriptors: Any) -> dict[str, Group]:
    return dict(build({**copy.deepcopy(BASE), "descriptors": descriptors}))


def codes(made: dict[str, Group]) -> list[str]:
    return [error.code for error in polystate.Deposition(made).validate().errors]


def test_a_broken_payload_is_reported_where_a_warning_would_read_it() -> None:
    assert codes(tree(a=gaussian([99], adp_content="unknown"), b=gaussian([1]))) == ["unknown-atom"]


@pytest.mark.parametrize("column", ["atoms/atom_id", "atoms/residue", "chains/entity"])
def test_a_column_that_is_one_number_is_reported(column: str) -> None:
    table, name = column.split("/")
    path = f"hierarchy/{table}"
    made = tree(a=gaussian([1], adp_content="unknown"))
    made["groupings/g/v1"] = Group(
        {"kind": "partition", "child_level": "atom", "labels": ["x"]},
        {"child": np.zeros(1, "i4"), "parent": np.zeros(1, "i4")},
    )
    made[path] = Group(made[path].attributes, {**made[path].arrays, name: made[path].arrays[name][0]})
    assert codes(made)[0] == "wrong-shape"


def test_a_deposition_without_atoms_drops_what_a_superset_names() -> None:
    made = tree(a=gaussian([5], atom_identity={"kind": "superset"}))
    for table in ("atoms", "residues", "chains", "entities"):
        group = made[f"hierarchy/{table}"]
        words: dict[str, list[str]] = {name: [] for name in group.attributes.get("vocabularies", {})}
        made[f"hierarchy/{table}"] = Group({"vocabularies": words}, {n: a[:0] for n, a in group.arrays.items()})
    made["reference"] = Group({}, {"x_ref": np.zeros((0, 3))})
    dep = polystate.Deposition(made)
    assert dep.validate().valid
    for backend in ("numpy", "numba", "auto"):
        assert dep.covariance(backend=backend).shape == (0, 3, 3)


def test_modes_of_a_descriptor_without_states_are_one() -> None:
    empty: dict[str, list[Any]] = {
        "site": [],
        "state": [],
        "label": [],
        "condition": [],
        "population": [],
        "deposited": [],
        "source": [],
    }
    tables = {"states": empty, "variables": {"site": [], "draw_key": []}}
    made = tree(a={"regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "tables": tables,
                   "signal_type": "categorical_state", "algebra": "independent"})  # fmt: skip
    listed = convert(made, "A")
    assert listed["descriptors/a"].arrays["xyz"].shape == (0, 0, 3)
    assert codes(listed) == codes(convert(listed, "B")) == []


def test_landmarks_without_a_point_are_refused_before_a_label_is_computed() -> None:
    modes = {
        "regime": "continuous", "mode": "C", "scope": {"level": "chain"}, "signal_type": "deterministic_displacement",
        "algebra": "additive_displacement", "operator": {"id": "basis/nm_v1", "venue": "registry"}, "sample_axis": "f",
        "arrays": {"atom_id": [1], "basis": [[[1.0, 0.0, 0.0]]], "coefficients": [[0.0], [1.0]]},
    }  # fmt: skip
    assignment = {"id": "assignment/nearest_landmark_v1", "venue": "registry"}
    cluster = {
        "regime": "discrete", "mode": "B", "scope": {"level": "deposition"}, "signal_type": "categorical_state",
        "algebra": "independent", "sample_axis": "f",
        "derived_from": {"operator": assignment, "inputs": [{"path": "descriptors/modes"}]},
    }  # fmt: skip
    marks = {"descriptor": "modes", "variable": "coefficients", "labels": ["a"], "assignment": assignment,
             "arrays": {"point": [[0.0]]}}  # fmt: skip
    layers = {"axes": {"f": {"length": 2}}, "landmarks": {"modes": marks}}
    made = dict(build({**copy.deepcopy(BASE), **layers, "descriptors": {"modes": modes, "cluster": cluster}}))
    assert codes(made) == []
    for labels, point in (([], np.zeros((0, 1))), (["a"], np.zeros((1, 2)))):
        group = made["landmarks/modes"]
        broken = {**made, "landmarks/modes": Group({**group.attributes, "labels": labels}, {"point": point})}
        assert set(codes(broken)) == {"wrong-shape"}
        with pytest.raises(PolystateError, match="wrong-shape"):
            polystate.Deposition(broken).render(at={"f": 1})


def test_half_of_a_surrogate_pair_is_no_text() -> None:
    made = tree()
    made["hierarchy/atoms"].attributes["vocabularies"]["name"] = ["CA", "\ud800"]
    assert "schema-violation" in codes(made)


@pytest.mark.parametrize("text", ["atom_id=²", "atom_id=1-²", "( " * 3000 + "all" + " )" * 3000])
def test_selections_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        polystate.Deposition(tree()).select(text)


def test_many_negations_are_one_or_none() -> None:
    dep = polystate.Deposition(tree())
    assert len(dep.select("not " * 2000 + "all")) == 2 and len(dep.select("not " * 2001 + "all")) == 0


@pytest.mark.parametrize(("child", "parent"), [([0, 1], [0]), ([0], [0, 0]), ([0, 99], [0])])
def test_a_scope_of_unequal_lengths_has_one_code_whoever_meets_it(child: list[int], parent: list[int]) -> None:
    group = {"kind": "partition", "child_level": "atom", "labels": ["all"], "child": child, "parent": parent}
    scoped = gaussian([1], scope={"grouping": "my.own/v1"})
    made = dict(build({**copy.deepcopy(BASE), "groupings": {"my.own/v1": group}, "descriptors": {"b": scoped}}))
    assert codes(made) == ["wrong-shape"]
    with pytest.raises(PolystateError, match="groupings/my.own/v1/parent.*wrong-shape"):
        polystate.Deposition(made).render()


def test_what_validation_found_good_is_not_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    good = polystate.Deposition(tree(b=gaussian([1])))
    wrong = polystate.Deposition(tree(b=gaussian([1]), c=gaussian([3])))
    assert good.validate().valid and not wrong.validate().valid

    def again(*_: Any) -> Any:
        raise RuntimeError("judged again")

    monkeypatch.setattr(guard, "document_errors", again)
    monkeypatch.setattr(guard, "payload_errors", again)
    for dep in (good, wrong):
        dep.check_documents()
        dep.check_payload(dep.descriptors["b"])
    with pytest.raises(RuntimeError, match="again"):
        wrong.check_payload(wrong.descriptors["c"])


@pytest.mark.parametrize(
    ("values", "bounds", "error"),
    [
        ([], {"minimum": 0}, None),
        ([-1e9, 1e9], {}, None),
        ([0.0, 1.1e9], {}, OutOfRange),
        ([0.0, -np.inf], {}, NonFinite),
        ([np.nan, 0.0], {}, NonFinite),
        ([np.nan, 0.5], {"nan": True, "minimum": 0, "maximum": 1}, None),
        ([np.nan, 1.5], {"nan": True, "minimum": 0, "maximum": 1}, OutOfRange),
        ([np.nan, -0.5], {"nan": True, "minimum": 0}, OutOfRange),
        ([3, 0], {"minimum": 0, "maximum": 3}, None),
        ([3, -1], {"minimum": 0}, OutOfRange),
        ([3, 4], {"maximum": 3}, OutOfRange),
    ],
)
def test_values_are_judged_by_the_least_and_the_largest(values: list[float], bounds: Any, error: Any) -> None:
    assert [type(e) for e in value_errors("x", np.array(values), bounds)] == ([error] if error else [])
