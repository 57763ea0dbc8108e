"""Random depositions put to two exporters: what is made is valid, what differs is said, what agrees becomes a case."""

from __future__ import annotations

import copy
from random import Random

import pytest
import yaml

import polystate
from polystate_conformance.selftest import export_differences
from polystate_conformance.selftest.exports import asked

SEED = 1911
"""An example that is written, with alternates and bonds."""


@pytest.mark.parametrize("seed", range(12))
def test_what_is_made_is_valid_and_answered_alike_by_one_exporter(seed):
    document, message = asked(Random(seed))
    assert polystate.Deposition(polystate.build(document)).validate().valid
    one, other = export_differences.answers(document, message, export_differences.ours, export_differences.ours)
    assert export_differences.difference(one, other) is None
    assert "atoms" in one or "rejected" in one


@pytest.mark.parametrize("format", ["mmcif", "pdb"])
def test_structure_files_are_imported_and_written(format):
    found = [export_differences.of_file(seed, format, export_differences.ours) for seed in range(4)]
    assert all("atoms" in answer or "rejected" in answer for (answer,) in found)
    assert any("atoms" in answer for (answer,) in found)


def test_what_differs_is_said():
    (answer,) = export_differences.answers(*asked(Random(SEED)), export_differences.ours)
    for change, said in (
        (lambda a: a["atoms"].pop(), "records against"),
        (lambda a: a["atoms"][0].__setitem__(9, 0.5), "against"),
        (lambda a: a["bonds"].append([["A", "1", "ALA", "C", ""]] * 2), "bonds"),
        (lambda a: a["losses"].append("more"), "is not named"),
    ):
        other = copy.deepcopy(answer)
        change(other)
        assert said in export_differences.difference(answer, other)
    assert export_differences.difference(answer, {"rejected": {"stage": "evaluate", "code": "x"}})


def test_an_example_becomes_a_case():
    document, message = asked(Random(SEED))
    (answer,) = export_differences.answers(document, message, export_differences.ours)
    made = yaml.safe_load(export_differences.case(document, message, answer))
    assert made["deposition"] == document
    assert len(made["expect"]["file"]["atoms"]) == len(answer["atoms"])
