"""Dropped constraints: what is dropped, what is withheld, and which no deposition can make visible."""

from __future__ import annotations

import importlib
import sys

import pytest

import polystate
from polystate_conformance import paths
from polystate_conformance.authoring import propose_documents
from polystate_conformance.selftest import check, equivalent, kill, mutants
from polystate_conformance.selftest import planting as faults
from polystate_conformance.suite import case as cases
from polystate_conformance.suite import collection, variants
from polystate_conformance.suite.materialise import Materials
from polystate_schemas import documents

BASES = sorted(file.parent for file in paths.CASES.glob(f"*/*/{variants.FILE}"))


@pytest.fixture(scope="module")
def base() -> cases.Case:
    return cases.load(BASES[0] / "case.yaml")


def findings(store) -> set[str]:
    return {error.code for error in polystate.open(store).validate().errors}


def test_each_fact_is_dropped_once_and_zero_is_a_bound():
    ids = [item.id for item in mutants.load()]
    assert len(ids) == len(set(ids)) > 1000
    assert "payload:discrete_b/tables/states/columns/site/minimum" in ids
    assert not [id for id in ids if id.startswith("payload:descriptor/")], "kinds that are only inherited from"


@pytest.mark.parametrize("fact", ["dtypes", "required", "refers_to", "shapes"])
def test_a_validation_without_a_fact_accepts_what_breaks_it_and_what_is_valid(base, fact):
    known = {
        "dtypes": ("axis/arrays/energy", {"array": "axes/frame/energy", "dtype": "float32", "data": [1.0, 2.0]}),
        "required": ("iadp/arrays/condition", {"delete": "descriptors/b/condition"}),
        "refers_to": ("chains/arrays/entity", {"array": "hierarchy/chains/entity", "dtype": "int32", "data": [0, 9]}),
        "shapes": ("axis/arrays/time", {"array": "axes/frame/time", "dtype": "float64", "data": [[0.0], [1.0]]}),
    }
    place, change = known[fact]
    broken = variants.made(base, {"n": 1, "rule": "missing", "change": change})
    fault = next(item for item in mutants.load() if item.id == f"payload:{place}/{fact}")
    with Materials() as materials:
        assert findings(materials.store(broken)), "the evaluator as it is refuses"
        with faults.planted(fault):
            assert not findings(materials.store(base))
            try:
                assert not findings(materials.store(broken))
            except (KeyError, polystate.PolystateError):
                assert fact == "required", "a reader that does not miss an array fails later"


@pytest.mark.parametrize("folder", BASES[:4], ids=lambda folder: folder.name[:4])
def test_no_change_of_a_document_makes_an_equivalent_constraint_visible(folder):
    """The rules and the written reasons, tried on every change that variants are chosen from."""
    tree = polystate.build(cases.load(folder / "case.yaml").deposition)
    said = {item.id for item in mutants.load() if item.equivalent is not None}
    pool = propose_documents.values_of([tree])
    assert propose_documents.variants_of(tree, said, pool) == []
    assert not propose_documents.seen_by_base(tree, said)


def test_explained_constraints_exist_and_no_rule_covers_them():
    ids = {item.id: item for item in mutants.load()}
    for id in equivalent.explained():
        kind, _, place = id.partition(":")
        path = tuple(int(part) if part.isdigit() else part for part in place.split("/"))
        assert id in ids
        if kind == "payload":
            assert equivalent.unseen(documents._payloads(), path) is None
        else:
            assert equivalent.implied(documents.json_schema(kind), path) is None


def test_enough_must_be_killed():
    def table(killed: int, survive: int, explained: int) -> list[kill.Kill]:
        rows = [(("a",), None)] * killed + [((), "why")] * explained + [((), None)] * survive
        return [kill.Kill(str(n), "schema", "", (), by, why) for n, (by, why) in enumerate(rows)]

    assert kill.good(table(95, 0, 5))
    assert not kill.good(table(99, 1, 0)), "a survivor without a reason"
    assert kill.share({"total": 10, "killed": 4, "explained": 5}) == 0.8


@pytest.mark.parametrize("item", faults.load(), ids=lambda item: item.id)
def test_a_fault_of_the_list_can_be_planted(item):
    importlib.import_module(item.target.partition(":")[0])
    with faults.planted(item):
        pass


def test_a_module_that_is_imported_meanwhile_gets_the_original_in_the_end(monkeypatch):
    operators = importlib.import_module("polystate_tools.formats.mmcif.operators")
    name, original = "polystate_tools.formats.mmcif.reader", operators.check_operators
    reader = importlib.import_module(name)
    monkeypatch.setattr(sys.modules["polystate_tools.formats.mmcif"], "reader", reader)
    monkeypatch.setitem(sys.modules, name, reader)
    del sys.modules[name]
    item = next(item for item in faults.load() if item.id == "operators-of-ncs-unjudged")
    with faults.planted(item):
        assert importlib.import_module(name).check_operators is not original
    assert sys.modules[name].check_operators is original


def test_the_cases_have_no_problem_but_what_oracles_could_tell():
    assert check.problems(collection.load_all(), oracles=False) == []
