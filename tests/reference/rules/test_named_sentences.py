"""Each refusal names the sentence that it enforces, and each name is that of a sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from polystate import errors
from polystate_conformance.suite import sentences

ROOT = Path(__file__).resolve().parents[3]
RULES = ROOT / "reference/polystate/rules"
ENFORCING = (  # where what the specification refuses is refused
    *sorted((ROOT / "reference/polystate").rglob("*.py")),
    *sorted((ROOT / "schemas/polystate_schemas").glob("*.py")),
    *sorted((ROOT / "schemas/polystate_schemas/linkml").glob("*.yaml")),
    *sorted((ROOT / "tools/polystate_tools/formats").rglob("*.py")),
    ROOT / "conformance/polystate_conformance/implementations/reference.py",
)
ALL_OF_IT = {
    "ERR-4": "every refusal keeps it",
    "ERR-5": "every rule keeps it",
    "ADA-4": "every kind of request keeps it",
}
"""Sentences that no single place enforces, and why."""
NAME = re.compile(r"\b([A-Z]{3,4})-([0-9]+)\b")
RANGE = re.compile(r"\[([A-Z]{3,4})-([0-9]+)\] to \[\1-([0-9]+)\]")
FOREIGN = {"SHA", "UTF", "UCS"}
CLASSES = {name for name in dir(errors) if isinstance(getattr(errors, name), type)}


def named(text: str) -> set[str]:
    """The sentences that a text names, those of a range included."""
    found = {f"{area}-{number}" for area, number in NAME.findall(text) if area not in FOREIGN}
    for area, first, last in RANGE.findall(text):
        found |= {f"{area}-{n}" for n in range(int(first), int(last) + 1)}
    return found


def refusals(text: str) -> Iterator[tuple[int, str]]:
    """(line, what stands about it) of each error that a module makes: its statement, and its function's docstring."""
    lines = text.splitlines()
    for function in (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)):
        about = ast.get_docstring(function) or ""
        for node in ast.walk(function):
            made = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if made in CLASSES:
                assert isinstance(node, ast.Call) and node.end_lineno is not None
                yield node.lineno, "\n".join([about, *lines[node.lineno - 2 : node.end_lineno]])


@pytest.fixture(scope="module")
def specification() -> dict[str, sentences.Sentence]:
    return {sentence.id: sentence for sentence in sentences.read().values()}


def test_each_sentence_that_refuses_is_named_where_it_is_enforced(specification):
    names = set().union(*(named(path.read_text("utf-8")) for path in ENFORCING))
    missing = [s.id for s in specification.values() if s.refuses and s.id not in names | ALL_OF_IT.keys()]
    assert missing == [], "these refuse, and no code names them"


@pytest.mark.parametrize("path", ENFORCING, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_name_is_that_of_a_sentence(path, specification):
    assert sorted(named(path.read_text("utf-8")) - specification.keys()) == []


@pytest.mark.parametrize("path", sorted(RULES.glob("[a-z]*.py")), ids=lambda path: path.name)
def test_each_refusal_of_the_rules_names_a_sentence(path):
    nameless = [line for line, about in refusals(path.read_text("utf-8")) if not named(about)]
    assert nameless == [], f"errors of {path.name} made in lines that name no sentence"


def test_a_refusal_without_a_name_is_found():
    text = 'def f(d):\n    """What."""\n    x = 1\n    yield WrongShape("x", 1, 2)\n'
    assert [line for line, about in refusals(text) if not named(about)] == [4]
    assert [line for line, about in refusals(text.replace("What", "[HIE-1]")) if not named(about)] == []
