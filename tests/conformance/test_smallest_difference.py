"""Random depositions and requests put to two implementations: what is valid, and the smallest difference found."""

from __future__ import annotations

import copy
import random
import sys

import hypothesis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polystate_conformance.scoring.session import Session
from polystate_conformance.selftest import damages, differences
from polystate_conformance.selftest.depositions import asked

ATOMS = {
    "format_version": "0.1.0",
    "hierarchy": {
        "atoms": {"residue": [0, 0], "name": ["N", "CA"], "element": ["N", "C"]},
        "residues": {"chain": [0], "comp": ["ALA"], "label_seq": [1], "auth_seq": [1]},
        "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
        "entities": {"type": ["polymer"], "description": ["peptide"], "sequence": ["A"]},
    },
    "reference": {"x_ref": [[0.0, 0.0, 0.0], [1.5, 0.0, 0.0]]},
}  # fmt: skip
VARIABLE = {
    "regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "signal_type": "categorical_state",
    "algebra": "independent",
    "tables": {
        "states": {"site": [0, 0], "state": [0, 1], "label": ["A", "B"], "condition": [-1, -1],
                   "population": [0.5, 0.5], "deposited": ["NaN", "NaN"], "source": ["fit", "fit"]},
        "variables": {"site": [0], "draw_key": [9]},
        "deltas": {"site": [0], "state": [1], "atom_id": [2], "dx": [1.0], "dy": [0.0], "dz": [0.0]},
    },
}  # fmt: skip
TWO_STATES = {**ATOMS, "descriptors": {"alt": VARIABLE}}


def _asked_in(*labels):
    """The mean of the two atoms in one of some states."""
    request = st.sampled_from(labels).map(lambda label: {"outputs": ["mean"], "state": {"alt/0": label}})
    return st.tuples(st.just(TWO_STATES), request.map(
        lambda asked: {"kind": "evaluate", "profile": "discrete", "seed": None, "request": asked}))  # fmt: skip


@settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(asked())
def test_what_is_drawn_is_answered_or_refused_and_never_breaks(example):
    document, message = example
    assert differences.difference(differences.right, differences.right, document, message) is None


def test_the_smallest_request_that_tells_a_fault_is_found():
    other = differences.faulty("delta-ignored")
    document, message, how = differences.smallest(differences.right, other, 9, 1, _asked_in("A", "B"))
    assert (document, message["request"]["state"]) == (TWO_STATES, {"alt/0": "B"})
    assert how == "mean: [[0.0, 0.0, 0.0], [2.5, 0.0, 0.0]] against [[0.0, 0.0, 0.0], [1.5, 0.0, 0.0]]"
    assert differences.smallest(differences.right, other, 9, 1, _asked_in("A")) is None


def test_what_is_not_claimed_is_no_difference():
    def other(message):
        return {"unsupported": {"profile": message["profile"]}}

    assert differences.smallest(differences.right, other, 3, 1, _asked_in("A")) is None


def test_a_program_that_breaks_differs():
    side = differences.program(Session([sys.executable, "-c", "raise SystemExit(3)"]))
    _, _, how = differences.smallest(differences.right, side, 1, 1, _asked_in("A"))
    assert "no hello" in how


def test_the_report_is_the_beginning_of_a_case(capsys, monkeypatch):
    monkeypatch.setattr(differences, "asked", lambda: _asked_in("B"))
    assert differences.main(["--fault", "delta-ignored", "--examples", "5", "--seed", "1"]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("seed 1, 5 examples: mean: ")
    assert "deposition:" in printed and "request:" in printed
    assert differences.main(["--fault", "delta-sign", "--examples", "5", "--seed", "1"]) == 1
    assert differences.main(["--fault", "philox-nine-rounds", "--examples", "5", "--seed", "1"]) == 0


VALIDATED = {"kind": "validate", "profile": "validate", "seed": None, "request": {"outputs": ["valid", "warnings"]}}
TWICE = copy.deepcopy(TWO_STATES)
TWICE["hierarchy"]["atoms"]["atom_id"] = [2, 2]


@pytest.fixture
def of_two_states(monkeypatch):
    """Damage of one small deposition, in the place of those of all cases."""
    monkeypatch.setattr(damages, "written", lambda: (TWO_STATES,))
    monkeypatch.setattr(damages, "depositions", lambda: st.just(TWO_STATES))


@pytest.mark.parametrize("damage", damages.DAMAGES, ids=lambda damage: damage.__name__)
def test_each_kind_of_damage_is_answered_or_refused_and_never_breaks(damage, monkeypatch, of_two_states):
    monkeypatch.setattr(damages, "DAMAGES", (damage,))
    seen = []

    @hypothesis.seed(1)
    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(damages.damaged())
    def answered(example):
        seen.append(example[0])
        assert differences.difference(differences.right, differences.right, *example) is None

    answered()
    assert seen and all(document != TWO_STATES for document in seen)


def test_depositions_that_are_drawn_are_valid():
    one = hypothesis.find(damages.depositions(), lambda _: True, random=random.Random(1))
    assert (
        differences.difference(differences.right, lambda _: {"ok": {"valid": True, "warnings": []}}, one, VALIDATED)
        is None
    )


def test_refusals_differ_by_code_and_place():
    def says(code, where="hierarchy/atoms"):
        return lambda _: {"rejected": {"stage": "semantic", "code": code, "where": where}}

    def difference(other):
        return differences.difference(differences.right, other, TWICE, VALIDATED)

    ours = "rejected semantic/duplicate-id at hierarchy/atoms[1]"
    assert difference(says("duplicate-id")) is None
    assert difference(says("unsorted-rows")) == f"{ours} against rejected semantic/unsorted-rows at hierarchy/atoms"
    assert difference(says("duplicate-id", "reference/x_ref")).startswith(f"{ours} against")
    assert difference(lambda _: {"ok": {"valid": True, "warnings": []}}) == f"{ours} against an answer"
    assert difference(lambda _: {"error": {"message": "broke"}}) == f"{ours} against error: broke"
    listed = [{"stage": "semantic", "code": code, "where": "hierarchy/atoms"} for code in ("zero-row", "duplicate-id")]
    assert difference(lambda _: {"ok": {"valid": False, "errors": listed}}) is None


def test_damage_is_reported_once_a_kind(capsys, monkeypatch):
    bonded = copy.deepcopy(TWO_STATES)
    bonded["hierarchy"]["bonds"] = {"atom_a": [0, 0], "atom_b": [1, 1], "order": [1, 2]}
    twice = [(bonded, VALIDATED), (bonded | {"title": "again"}, VALIDATED)]
    monkeypatch.setattr(differences, "damaged", lambda: st.sampled_from(twice))
    assert differences.main(["--damage", "--fault", "bonds-differ-by-order", "--examples", "5", "--seed", "1"]) == 1
    assert capsys.readouterr().out.count("seed 1, 5 examples: rejected semantic/duplicate-row") == 1
