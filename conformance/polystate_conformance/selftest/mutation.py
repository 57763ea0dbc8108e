"""Mutation testing of the reference: every small change of every function that gives meaning, against the cases.

    python -m polystate_conformance.selftest.mutation [--jobs 2] [--every 1] [module ...]

A mutant is planted by giving a function other code, in a process forked for it alone, so that everything that has
bound the function has the mutant. It is put to cases that run its line, until one of them answers otherwise than
before; a mutant that needs more than LIMIT_S for a case hangs, and is killed too. The table goes to
`conformance/MUTANTS.md`."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import inspect
import os
import pkgutil
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from polystate_conformance import paths
from polystate_conformance.implementations import reference
from polystate_conformance.scoring.runner import run_in_process
from polystate_conformance.selftest.mutating import Change, changes
from polystate_conformance.selftest.rewriting import compiled, syntax
from polystate_conformance.suite import collection
from polystate_conformance.suite.case import Case
from polystate_conformance.suite.materialise import Materials

ROOMS = (
    "polystate.store.chunks", "polystate.store.inflate", "polystate.store.metadata", "polystate.store.tables",
    "polystate.store.digest", "polystate.structure.axes", "polystate.structure.ground",
    "polystate.structure.groupings", "polystate.structure.hierarchy", "polystate.states", "polystate.model",
    "polystate.operators", "polystate.numbers", "polystate.evaluation", "polystate.artifacts.location",
    "polystate.artifacts.trajectory", "polystate.rules",
)  # fmt: skip
"""Modules and packages of the reference that give a deposition its meaning."""
LIMIT_S = 20
CASES_OF_A_MUTANT = 120
"""So many cases at most are put to a mutant."""
TABLE = paths.CONFORMANCE / "MUTANTS.md"


@dataclass
class Mutant:
    """One changed function, where it stands, and what became of it."""

    module: str
    function: FunctionType = field(repr=False)
    change: Change = field(repr=False)
    line: int
    killed_by: str | None = None
    cases: int = 0

    @property
    def name(self) -> str:
        return f"{self.module}:{self.function.__qualname__}"


def modules(rooms: tuple[str, ...] = ROOMS) -> Iterator[ModuleType]:
    """The modules of rooms, those of packages one by one."""
    for room in rooms:
        module = importlib.import_module(room)
        yield module
        for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{room}."):
            yield importlib.import_module(found.name)


def functions(module: ModuleType) -> Iterator[FunctionType]:
    """The functions and methods that a module defines, taken out of what decorates them."""

    def plain(value: Any) -> FunctionType | None:
        for name in ("fget", "func", "__func__", "__wrapped__"):
            value = getattr(value, name, value)
        mine = isinstance(value, FunctionType) and value.__module__ == module.__name__
        return value if mine and value.__name__ != "<lambda>" and not value.__code__.co_freevars else None

    for value in vars(module).values():
        if (function := plain(value)) is not None:
            yield function
        elif inspect.isclass(value) and value.__module__ == module.__name__:
            yield from filter(None, map(plain, vars(value).values()))


def mutants(rooms: tuple[str, ...] = ROOMS) -> Iterator[Mutant]:
    """All mutants, in order of module and line."""
    for module in modules(rooms):
        for function in functions(module):
            with contextlib.suppress(OSError, SyntaxError, AssertionError):  # made by a decorator: no source
                first = function.__code__.co_firstlineno
                for change in changes(syntax(function)):
                    yield Mutant(module.__name__, function, change, first + change.line - 1)


def covered(cases: list[Case], materials: Materials, files: set[str]) -> tuple[dict[str, float], dict[Any, list[str]]]:
    """How long each case takes that passes, and for each line (file, number) the cases that run it."""
    seconds: dict[str, float] = {}
    lines: dict[Any, list[str]] = {}
    for case in cases:
        seen: set[tuple[str, int]] = set()

        def trace(frame: Any, event: str, _: Any, seen: Any = seen) -> Any:
            if frame.f_code.co_filename not in files:
                return None
            seen.add((frame.f_code.co_filename, frame.f_lineno))
            return trace

        started = time.monotonic()
        sys.settrace(trace)
        try:
            (result,) = run_in_process(reference.handle, reference.hello(), [case], materials)
        finally:
            sys.settrace(None)
        if result["outcome"] == "passed" and all(result.get("named", {}).values()):
            seconds[case.id] = time.monotonic() - started
            for line in seen:
                lines.setdefault(line, []).append(case.id)
    return seconds, lines


def chosen(ids: list[str], seconds: dict[str, float], rarity: dict[str, float]) -> list[str]:
    """Of the cases that run a line those that run most of what few others do, and the quickest of each area."""
    areas: dict[str, list[str]] = {}
    for id in sorted(ids, key=lambda id: seconds[id]):
        areas.setdefault(id.partition(".")[0], []).append(id)
    quick = sorted((place, seconds[id], id) for mine in areas.values() for place, id in enumerate(mine))
    rare = sorted(ids, key=lambda id: -rarity[id])
    mixed = [id for pair in zip(rare, (id for _, _, id in quick), strict=True) for id in pair]
    return list(dict.fromkeys(mixed))[:CASES_OF_A_MUTANT]


def start(mutant: Mutant, cases: list[Case], materials: Materials) -> tuple[int, int]:
    """Fork a process for one mutant; its id, and the end of the pipe on which it says which case kills the mutant."""
    mutant.cases = len(cases)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.write(writing, f"{_first_kill(mutant, cases, materials) or ''}\n".encode())
        os._exit(0)
    os.close(writing)
    return child, reading


def end(mutant: Mutant, reading: int) -> None:
    """What a process that has ended said of its mutant."""
    with os.fdopen(reading, "rb") as answer:
        said = answer.read().decode()
    mutant.killed_by = (said.strip() or None) if said.endswith("\n") else "hangs or breaks the process"


def _first_kill(mutant: Mutant, cases: list[Case], materials: Materials) -> str | None:
    sys.stdout, sys.stderr = open(os.devnull, "w"), open(os.devnull, "w")
    try:
        made = compiled(mutant.function, mutant.change.tree)
        mutant.function.__code__ = made.__code__
        mutant.function.__defaults__, mutant.function.__kwdefaults__ = made.__defaults__, made.__kwdefaults__
    except (SyntaxError, ValueError):
        return "cannot be compiled"
    for value in vars(sys.modules[mutant.module]).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()
    for case in cases:
        signal.alarm(LIMIT_S)
        (result,) = run_in_process(reference.handle, reference.hello(), [case], materials)
        if result["outcome"] != "passed" or not all(result.get("named", {}).values()):
            return case.id
    return None


def run(
    rooms: tuple[str, ...] = ROOMS, jobs: int = 1, every: int = 1, seed: int = 0,
    progress: Callable[[Mutant], None] | None = None, cases: list[Case] | None = None,
) -> list[Mutant]:  # fmt: skip
    """Judge the mutants of some rooms by the cases, or by those given; with `every`, one of so many, by a seed."""
    reference.backend = "numpy"
    if cases is None:
        cases = [
            case
            for case in collection.load_all()
            if not case.statistical and case.kind not in ("decode", "import", "export")
        ]
    found = list(mutants(rooms))
    if every > 1:
        found = random.Random(seed).sample(found, len(found) // every)
        found.sort(key=lambda mutant: (mutant.module, mutant.line))
    files = {str(sys.modules[mutant.module].__file__) for mutant in found}
    known = {case.id: case for case in cases}
    with Materials() as materials:
        materials.prebuild(cases, jobs)
        seconds, lines = covered(cases, materials, files)
        rarity = dict.fromkeys(seconds, 0.0)
        for ids in lines.values():
            for id in ids:
                rarity[id] += 1 / len(ids)
        running: dict[int, tuple[Mutant, int]] = {}
        for mutant in [*found, *[None] * jobs]:
            if running and (mutant is None or len(running) == jobs):
                ended, _ = os.wait()
                end(*running[ended])
                if progress is not None:
                    progress(running[ended][0])
                del running[ended]
            if mutant is not None:
                ids = lines.get((str(sys.modules[mutant.module].__file__), mutant.line), [])
                if not ids:
                    continue
                child, reading = start(mutant, [known[id] for id in chosen(ids, seconds, rarity)], materials)
                running[child] = mutant, reading
    return found


def table(found: list[Mutant], every: int = 1) -> str:
    """The page of the last run: a row a module, every survivor by its line, and the functions that no case runs."""
    run = [mutant for mutant in found if mutant.cases]
    survivors = [mutant for mutant in run if mutant.killed_by is None]
    rows = []
    for name in dict.fromkeys(mutant.module for mutant in found):
        mine = [mutant for mutant in run if mutant.module == name]
        idle, killed = sum(m.module == name for m in found) - len(mine), sum(m.killed_by is not None for m in mine)
        rows.append(f"| {name} | {len(mine)} | {killed} | {killed / max(1, len(mine)):.1%} | {idle} |")
    killed = len(run) - len(survivors)
    which = "" if every == 1 else f" Of each {every} mutants one was taken."
    idle_functions = sorted({mutant.name for mutant in found} - {mutant.name for mutant in run})
    lines = [
        "# Mutants of the reference", "",
        "Written by `make mutants`; what a survivor means is decided by reading it." + which, "",
        f"{killed} of the {len(run)} mutants that a case runs are killed ({killed / max(1, len(run)):.1%});"
        f" {len(found) - len(run)} more stand on lines that no case runs.", "",
        "| module | run | killed | score | not run |", "| --- | --- | --- | --- | --- |", *rows, "", "## Survivors", "",
        "| function | line | stood there | stands there | cases put to it |", "| --- | --- | --- | --- | --- |",
        *(f"| {item.name} | {item.line} | {_cell(item.change.old)} | {_cell(item.change.new)} | {item.cases} |"
          for item in survivors), "",
        "## Functions that no case runs", "",
        "They serve people or programs beside the adapter, or are never reached.", "",
        *(f"- {name}" for name in idle_functions),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def main(arguments: list[str]) -> int:
    """Judge mutants and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rooms", nargs="*", help="modules and packages; all where none is named")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="one of so many mutants, chosen by --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--table", type=Path, default=TABLE)
    options = parser.parse_args(arguments)

    def progress(mutant: Mutant) -> None:
        if mutant.killed_by is None and mutant.cases:
            print(f"survives {mutant.name}:{mutant.line}: {mutant.change.old}  ->  {mutant.change.new}", flush=True)

    found = run(tuple(options.rooms) or ROOMS, options.jobs, options.every, options.seed, progress)
    options.table.write_text(table(found, options.every), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
