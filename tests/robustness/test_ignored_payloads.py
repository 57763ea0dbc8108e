"""Arrays and tables that mean nothing where they are ([STO-16], [DSC-53], [OPR-31]): no question trips over them."""

from __future__ import annotations

import copy

import pytest

import polystate
from polystate_conformance.suite import collection
from polystate_conformance.suite.case import Case
from tests.robustness.verbs import VERBS, answered

SENTENCES = {"STO-16", "DSC-53", "OPR-31"}
CASES = [
    case
    for case in collection.load_all()
    if case.kind == "validate" and not (case.negative or case.damage or case.encode)
    and SENTENCES & set(case.sentences) and "hierarchy" in case.deposition
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_question_is_answered(case: Case, tmp_path):
    polystate.write(polystate.build(copy.deepcopy(case.deposition)), tmp_path / "d.zarr")
    dep = polystate.open(tmp_path / "d.zarr")
    assert {name for name in VERBS if answered(dep, name)} >= {"query"}
