"""Mutants of the reference: each is one change that compiles, and a case that runs its line tells it or does not."""

from __future__ import annotations

import ast

import pytest

from polystate_conformance import paths
from polystate_conformance.selftest import mutation
from polystate_conformance.selftest.mutating import changes
from polystate_conformance.selftest.rewriting import edited
from polystate_conformance.suite import case as cases

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
        assert compile(ast.fix_missing_locations(ast.Module([item.tree], [])), "f", "exec")
        assert ast.unparse(item.tree) != ast.unparse(tree)


def test_an_edit_of_a_source_is_refused_where_it_does_not_fit_once():
    def f(a):
        return a + a

    assert edited("a + a", "a - a")(f)(3) == 0
    with pytest.raises(ValueError, match="times, not once"):
        edited("a", "b")(f)


def test_a_mutant_that_matters_is_killed_by_a_case_that_runs_it_and_one_that_nothing_runs_survives():
    (file,) = paths.CASES.glob("nm/0001-*/case.yaml")
    room = ("polystate.operators.parametric_gaussian.nm_covariance_v1", "polystate.operators.symmetry.space_group_v1")
    found = mutation.run(room, cases=[cases.load(file)])
    ours = [item for item in found if item.module == room[0]]
    assert ours and any(item.killed_by == "nm.0001" for item in ours)
    assert all(item.killed_by is None and item.cases == 0 for item in found if item.module == room[1])
    assert room[0] in mutation.table(found) and "## Survivors" in mutation.table(found)
