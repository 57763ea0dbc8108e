"""Which way imports run: the plan of the rooms, and what in some sources goes against it.

Every import counts, also one inside a function or under TYPE_CHECKING: a reader follows it all the same."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDERS = {
    "polystate": "reference",
    "polystate_schemas": "schemas",
    "polystate_conformance": "conformance",
    "polystate_tools": "tools",
}
"""Package to the folder of the repository that holds it."""

PLAN = """
polystate_tools.cli
polystate_tools.commands
polystate_tools.archive
polystate_tools.corpus
polystate_tools.report
polystate_tools.bridges
polystate_tools.scenes
polystate_tools.revisions
polystate_tools.echt
polystate_tools.formats
polystate_tools.formats.h5md
polystate_tools.formats.exporting polystate_tools.formats.importing
polystate_tools.formats.constraints polystate_tools.formats.ensembles
polystate_tools.formats.mmcif polystate_tools.formats.pdb polystate_tools.formats.mmtf
polystate_tools.formats.het_dialects
polystate_tools.formats.unbuilding
polystate_tools.formats.building
polystate_tools.formats.tls
polystate_tools.formats.opening
polystate_tools.formats.records
polystate_tools.formats.known polystate_tools.formats.options polystate_tools.formats.policies
polystate_tools.formats.unknown
polystate_tools.formats.report
polystate_tools.formats.errors
polystate_tools.spreadsheet
polystate_tools

polystate_conformance.score
polystate_conformance.authoring
polystate_conformance.selftest
polystate_conformance.reports
polystate_conformance.scoring
polystate_conformance.suite
polystate_conformance.implementations
polystate_conformance.protocol
polystate_conformance.paths
polystate_conformance

polystate
polystate.torch
polystate.deposition
polystate.editing
polystate.sample polystate.draws
polystate.questions
polystate.kernels
polystate.evaluation
polystate.rules
polystate.artifacts
polystate.model
polystate.structure
polystate.states
polystate.operators
polystate.store
polystate.numbers
polystate.errors

polystate_schemas.generate polystate_schemas.tables
polystate_schemas.payload_tables polystate_schemas.postprocess
polystate_schemas.lock
polystate_schemas.registry
polystate_schemas.schema
polystate_schemas.conform polystate_schemas.violations
polystate_schemas.documents
polystate_schemas.yaml12
polystate_schemas.generated
polystate_schemas
"""
"""From the top down: a room imports only from rooms on lines below its own. A room that stands here beside rooms of its
own, as `polystate` does, means its `__init__` alone."""

APART = {
    (judge, table): "what judges a program holds no table of the evaluator"
    for judge in (
        *(f"polystate_conformance.{room}" for room in ("score", "reports", "scoring", "suite")),
        "polystate_conformance.selftest.equivalent",
        "polystate_conformance.authoring.propose_documents",
    )
    for table in (f"polystate.{room}" for room in ("kernels", "evaluation", "rules", "model", "states", "structure"))
}
"""(importer, imported) that must not meet, although one stands above the other, and why."""


@dataclass(frozen=True)
class Import:
    """One import of a module of ours in a file of ours."""

    file: str
    line: int
    importer: str
    imported: str


def places(plan: str = PLAN) -> dict[str, int]:
    """Room to its line, counted from the top."""
    return {room: line for line, text in enumerate(plan.strip().splitlines()) for room in text.split()}


def room_of(module: str, rooms: Mapping[str, int]) -> str | None:
    """The room that a module is in: itself, or the nearest package above it that has no rooms of its own."""
    name = module
    while name and name not in rooms:
        name = name.rpartition(".")[0]
    is_only_itself = any(other.startswith(f"{name}.") for other in rooms)
    return None if not name or (name != module and is_only_itself) else name


def sources(root: Path) -> dict[str, str]:
    """File below the root to its text, for all four packages."""
    files = (f for package, folder in FOLDERS.items() for f in sorted((root / folder / package).rglob("*.py")))
    return {str(f.relative_to(root)): f.read_text("utf-8") for f in files}


def module_of(file: str) -> str:
    """`reference/polystate/store/tree.py` is `polystate.store.tree`."""
    return ".".join(Path(file).with_suffix("").parts[1:]).removesuffix(".__init__")


def imports(texts: Mapping[str, str]) -> list[Import]:
    """Every import of one of these files in another."""
    known = {module_of(file): file for file in texts}
    found = []
    for file, text in texts.items():
        for node in ast.walk(ast.parse(text, file)):
            for name in _names(node, file):
                while name and name not in known:  # a function or class of the module before it
                    name = name.rpartition(".")[0]
                if name and name != module_of(file):
                    found.append(Import(file, node.lineno, module_of(file), name))  # type: ignore[attr-defined]
    return list(dict.fromkeys(found))


def _names(node: ast.AST, file: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = list(Path(file).parts[1:-1])[: -(node.level - 1) or None] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        yield from (f"{base}.{alias.name}" for alias in node.names)


def offences(found: Iterable[Import], plan: str = PLAN) -> dict[Import, str]:
    """What goes against the plan, and which rule it breaks; circles are not looked for."""
    rooms, broken = places(plan), {}
    for item in found:
        here, there = room_of(item.importer, rooms), room_of(item.imported, rooms)
        if here is None or there is None:
            broken[item] = f"{item.importer if here is None else item.imported} has no line in the plan"
        elif here != there and rooms[there] <= rooms[here]:
            broken[item] = f"{here} does not stand above {there}"
        else:
            for (importer, imported), reason in APART.items():
                if _within(item.importer, importer) and _within(item.imported, imported):
                    broken[item] = reason
    return broken


def _within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def circles(found: Iterable[Import]) -> list[list[str]]:
    """Sets of modules of which each imports, by way of others, itself."""
    below: dict[str, set[str]] = {}
    for item in found:
        below.setdefault(item.importer, set()).add(item.imported)
    reached = {module: _reached(module, below) for module in below}
    rings = {frozenset({m, *(o for o in out if m in reached.get(o, ()))}) for m, out in reached.items() if m in out}
    return sorted(map(sorted, rings))


def _reached(start: str, below: Mapping[str, set[str]]) -> set[str]:
    """Modules that a module imports, directly or not."""
    seen: set[str] = set()
    left = list(below.get(start, ()))
    while left:
        module = left.pop()
        if module not in seen:
            seen.add(module)
            left += below.get(module, ())
    return seen


def problems(texts: Mapping[str, str]) -> list[str]:
    """One line for each import that runs up, or in a circle of others that do not."""
    found = imports(texts)
    broken = offences(found)
    lines = [f"{item.file}:{item.line}: imports {item.imported}: {rule}" for item, rule in broken.items()]
    straight = [item for item in found if item not in broken]
    for ring in circles(straight):
        inside = [item for item in straight if item.importer in ring and item.imported in ring]
        lines += [f"{item.file}:{item.line}: imports {item.imported}: a circle of {', '.join(ring)}" for item in inside]
    return lines
