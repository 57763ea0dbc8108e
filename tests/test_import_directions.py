"""Imports run one way, as the plan of the rooms says; the reading of imports is tested on sources with planted ones."""

from __future__ import annotations

import pytest

from polystate_conformance.paths import ROOT
from tests.import_directions import PLAN, circles, imports, module_of, places, problems, sources

STRAIGHT = {
    "reference/polystate/__init__.py": "",
    "reference/polystate/errors.py": "import os\n",
    "reference/polystate/numbers/__init__.py": "",
    "reference/polystate/numbers/tensors.py": "from polystate.errors import PolystateError\n",
    "reference/polystate/numbers/units.py": "from . import tensors\n",
    "reference/polystate/store/__init__.py": "",
    "reference/polystate/store/tree.py": "from ..errors import PolystateError\n",
}
TENSORS = "reference/polystate/numbers/tensors.py"


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """The sources of all packages."""
    return sources(ROOT)


def test_no_import_runs_up_or_in_a_circle(texts: dict[str, str]) -> None:
    found = problems(texts)
    assert found == [], "\n".join(found)


def test_every_package_is_read_and_every_room_of_the_plan_is_there(texts: dict[str, str]) -> None:
    modules = {module_of(file) for file in texts}
    missing = [room for room in places(PLAN) if not any(m == room or m.startswith(f"{room}.") for m in modules)]
    assert missing == []


def test_what_runs_down_is_no_problem() -> None:
    assert problems(STRAIGHT) == []


@pytest.mark.parametrize(
    "planted",
    [
        "from polystate.store.tree import Tree\n",
        "import polystate.store.tree\n",
        "from ..store import tree\n",
        "def f():\n    from polystate.store import tree\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from polystate.store.tree import Tree\n",
    ],
)
def test_a_planted_import_that_runs_up_is_named_with_file_line_and_rule(planted: str) -> None:
    line = planted.count("\n")
    assert problems({**STRAIGHT, TENSORS: planted}) == [
        f"{TENSORS}:{line}: imports polystate.store.tree: polystate.numbers does not stand above polystate.store"
    ]


def test_a_planted_circle_in_one_room_names_each_of_its_imports() -> None:
    found = problems({**STRAIGHT, TENSORS: "from polystate.numbers import units\n"})
    assert [line.split(": ")[0] for line in found] == [f"{TENSORS}:1", "reference/polystate/numbers/units.py:1"]
    assert all("circle of polystate.numbers.tensors, polystate.numbers.units" in line for line in found)


@pytest.mark.parametrize(
    ("file", "planted", "rule"),
    [
        (TENSORS, "polystate.deposition", "polystate.numbers does not stand above polystate.deposition"),
        ("schemas/polystate_schemas/conform.py", "polystate.errors", "does not stand above polystate.errors"),
        (
            "conformance/polystate_conformance/scoring/compare.py",
            "polystate.rules.validate",
            "no table of the evaluator",
        ),
    ],
)
def test_an_import_planted_in_the_real_sources_is_found(texts: dict[str, str], file, planted, rule) -> None:
    text = f"{texts[file]}\n\ndef late():\n    import {planted}\n"
    (line,) = set(problems({**texts, file: text})) - set(problems(texts))
    assert line.startswith(f"{file}:{text.count(chr(10))}: imports {planted}: ") and rule in line


def test_a_module_without_a_room_is_found() -> None:
    (line,) = problems({**STRAIGHT, "reference/polystate/drawer.py": "import polystate.errors\n"})
    assert "polystate.drawer has no line in the plan" in line


def test_a_circle_by_way_of_others_is_found() -> None:
    texts = {f"reference/polystate/store/{a}.py": f"from polystate.store import {b}\n" for a, b in ("ab", "bc", "ca")}
    assert circles(imports(texts)) == [[f"polystate.store.{x}" for x in "abc"]]
