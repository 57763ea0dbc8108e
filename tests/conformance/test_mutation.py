"""Mutants: each is one change that compiles, and a case that runs its line tells it or does not."""

from __future__ import annotations

import ast
import json
import sys

import pytest

from polystate_conformance import paths
from polystate_conformance.selftest import fates, mutation, survivors
from polystate_conformance.selftest.coverage import Coverage, near
from polystate_conformance.selftest.mutating import changes
from polystate_conformance.selftest.rewriting import edited
from polystate_conformance.suite import case as cases
from polystate_conformance.suite import collection

SOURCE = """
def f(a: int, b=2, *, c=True):
    if a < b and not c:
        return sorted(a.T)[0] - g(a, b, end="left")
    raise ValueError
"""


def changed() -> list[tuple[str, str]]:
    (tree,) = ast.parse(SOURCE).body
    assert isinstance(tree, ast.FunctionDef)
    return [(item.old, item.new) for item in changes(tree)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a < b", "a <= b"), ("a < b and (not c)", "a < b or not c"), ("a < b and (not c)", "a < b"), ("not c", "c"),
        ("a.T", "a"), ("sorted(a.T)", "a.T"), ("0", "1"), ("2", "3"), ("True", "False"), ("'left'", "'right'"),
        ("g(a, b, end='left')", "g(b, a, end='left')"), ("g(a, b, end='left')", "g(a, b)"),
        ("raise ValueError", "pass"),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_made_alone(old, new):
    assert changed().count((old, new)) == 1


def test_every_changed_function_compiles_and_differs():
    (tree,) = ast.parse(SOURCE).body
    assert isinstance(tree, ast.FunctionDef)
    for item in changes(tree):
        assert compile(ast.fix_missing_locations(ast.Module([item.make()], [])), "f", "exec")
        assert ast.unparse(item.make()) != ast.unparse(tree)


def test_an_edit_of_a_source_is_refused_where_it_does_not_fit_once():
    def f(a):
        return a + a

    assert edited("a + a", "a - a")(f)(3) == 0
    with pytest.raises(ValueError, match="times, not once"):
        edited("a", "b")(f)


def test_annotations_are_left_alone():
    (tree,) = ast.parse("def f(a: int | None = None) -> int | None:\n    b: int | None = a\n    return b").body
    assert isinstance(tree, ast.FunctionDef)
    assert list(changes(tree)) == []


def room(name: str) -> list[mutation.Mutant]:
    return list(mutation.mutants((f"polystate.operators.{name}",)))


def test_a_mutant_that_matters_is_killed_by_a_case_that_runs_it_and_one_that_nothing_runs_survives():
    (file,) = paths.CASES.glob("nm/0001-*/case.yaml")
    ours, idle = room("parametric_gaussian.nm_covariance_v1"), room("symmetry.space_group_v1")
    mutation.judge([*ours, *idle], [cases.load(file)])
    assert any(item.killed_by == "nm.0001" for item in ours)
    assert idle and all(item.killed_by is None and item.cases == 0 for item in idle)


def test_a_mutant_of_an_importer_is_told_by_cases_of_exchange_and_one_of_a_decoder_by_cases_of_files():
    known = collection.load(collection.Choice.of(None, ["exchange.0001", "mmtf.0001", "nm.0001"]))
    for module, area in {"building.hierarchy_groups": "exchange", "mmtf.decoder": "mmtf"}.items():
        found = list(mutation.mutants((f"polystate_tools.formats.{module}",)))[:12]
        mutation.judge(found, known)
        killed = {item.killed_by for item in found if item.killed_by}
        assert killed and all(id.startswith(area) for id in killed)


def test_what_became_of_mutants_is_recalled_and_the_rest_is_put_to_cases(tmp_path):
    found, file = room("symmetry.space_group_v1")[:3], tmp_path / "out" / "mutants.jsonl"
    assert fates.recall(file, found) == found == fates.recall(None, found)
    found[0].cases, found[0].killed_by = 7, "tls.0001"
    fates.keep(file, found[0])
    fates.keep(file, found[1])
    file.write_text(file.read_text() + json.dumps({"mutant": found[2].key})[:-3])  # stopped while it was written
    again = room("symmetry.space_group_v1")[:3]
    assert fates.recall(file, again) == again[2:]
    assert [(item.cases, item.killed_by) for item in again] == [(7, "tls.0001"), (0, None), (0, None)]


def test_each_mutant_is_known_by_its_words_and_belongs_to_one_part():
    found = room("symmetry.space_group_v1")
    assert len({item.key for item in found}) == len(found)
    assert {item.part(5) for item in found} == set(range(5))


def test_the_page_names_what_lives_without_a_reason_and_a_reason_that_no_longer_holds_is_reported():
    found = room("symmetry.space_group_v1")[:4]
    found[0].cases, found[0].killed_by = 1, "tls.0001"
    found[1].cases = found[2].cases = 1
    reasons = {found[1].key: "only speed", found[0].key: "only speed", f"{found[0].name}: gone": "only speed"}
    page = survivors.page(found, reasons)
    assert "1 of the 3 mutants that a case runs are killed (33.3%), 1 more are explained" in page
    assert [line for line in page.splitlines() if "| 1 |" in line and "`" in line] == [
        line for line in page.splitlines() if survivors._cell(found[2].change.new) in line
    ]
    stale = survivors.stale(reasons, found, {found[0].module})
    assert [line.partition(":")[0] for line in stale] == ["killed by tls.0001", "no such mutant"]
    assert survivors.stale(reasons, found, set()) == []


def test_every_reason_names_a_mutant():
    rooms = mutation.ROOMS + mutation.FORMATS
    named = {module.__name__ for module in mutation.modules(rooms)}
    assert survivors.stale(survivors.reasons(), mutation.mutants(rooms), named) == []
    assert {reason.partition(":")[0] for reason in survivors.reasons()} <= named


def test_cases_of_the_sentence_that_stands_nearest_come_first_then_those_that_run_what_few_others_run():
    found = {item.change.old: item for item in mutation.mutants(("polystate.rules.hierarchy",))}
    mutant = found["cell.get(name, 0) > payloads.LARGEST"]
    assert near(mutant)["STO-60"] == 1
    file = str(sys.modules[mutant.module].__file__)
    known = {case.id: case for case in collection.load(collection.Choice.of(None, ["nm", "hierarchy.0043"]))}
    others = sorted(known.keys() - {"hierarchy.0043"})
    lines = {(file, mutant.line): [*others, "hierarchy.0043"], (file, 1): others[-1:]}
    chosen = Coverage(known, dict.fromkeys(known, 1.0), lines).of(mutant)
    assert chosen[0] == "hierarchy.0043" and others[-1] in chosen[1:3] and sorted(chosen) == sorted(known)


def test_the_sentences_of_what_a_statement_calls_are_near():
    found = {item.change.old: item for item in mutation.mutants(("polystate.rules.descriptors",))}
    assert near(found["yield from provenance_errors(dep, d)"])["PRV-1"] == 0
