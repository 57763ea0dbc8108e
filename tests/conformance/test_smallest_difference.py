"""Random depositions and requests put to two implementations: what is valid, and the smallest difference found."""

from __future__ import annotations

import sys

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polystate_conformance.scoring.session import Session
from polystate_conformance.selftest import differences
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
