"""Mutation testing: every small change of every function that gives meaning, against the cases.

    python -m polystate_conformance.selftest.mutation [--jobs 2] [--part 0/5] [--case AREA] [--results FILE]
        [--table FILE] [module ...]

A mutant is planted by giving a function other code, in a process forked for it alone, so that everything that has
bound the function has the mutant. It is put to cases that run its line, until one of them answers otherwise than
before; a mutant that needs more than LIMIT_S for a case hangs, and is killed too. The table of a run of the whole
reference goes to `conformance/MUTANTS.md`. Importers and exporters are judged where they are named:
`polystate_tools.formats`, and the table goes where `--table` says. What became of each mutant is kept in the file of
`--results` as it is known; a run that finds it there does not ask again."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import inspect
import os
import pkgutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from polystate_conformance.implementations import reference
from polystate_conformance.selftest import answering, fates, survivors
from polystate_conformance.selftest.coverage import covered
from polystate_conformance.selftest.mutant import Mutant
from polystate_conformance.selftest.mutating import changes
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
FORMATS = ("polystate_tools.formats",)
"""Importers and exporters, whose cases are those of the profiles `exchange` and `mmtf`."""
LIMIT_S = 20
CASES_OF_A_MUTANT = 300
"""So many cases at most are put to a mutant."""


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
                first, said = function.__code__.co_firstlineno, Counter[str]()
                for change in changes(syntax(function)):
                    yield Mutant(module.__name__, function, change, first + change.line - 1, said[str(change)])
                    said[str(change)] += 1


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
        made = compiled(mutant.function, mutant.change.make())
        mutant.function.__code__ = made.__code__
        mutant.function.__defaults__, mutant.function.__kwdefaults__ = made.__defaults__, made.__kwdefaults__
    except (SyntaxError, ValueError):
        return "cannot be compiled"
    for value in vars(sys.modules[mutant.module]).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()
    for case in cases:
        signal.alarm(LIMIT_S)
        if not answering.passes(case, materials):
            return case.id
    return None


def judge(
    found: list[Mutant], cases: list[Case], jobs: int = 1, most: int = CASES_OF_A_MUTANT,
    progress: Callable[[Mutant], None] = lambda mutant: None,
) -> None:  # fmt: skip
    """Put each mutant to the cases about its package that run it, to so many at most, and write down which kills
    it."""
    reference.backend = "numpy"
    packages = {mutant.module.partition(".")[0] for mutant in found}
    cases = [case for case in cases if answering.package(case).partition(".")[0] in packages]
    known = {case.id: case for case in cases}
    running: dict[int, tuple[Mutant, int]] = {}
    with Materials() as materials:
        materials.prebuild(cases, jobs)
        coverage = covered(cases, materials, {str(sys.modules[mutant.module].__file__) for mutant in found})
        for mutant in [*found, *[None] * jobs]:
            if running and (mutant is None or len(running) == jobs):
                ended, _ = os.wait()
                end(*running[ended])
                progress(running.pop(ended)[0])
            if mutant is not None and (ids := coverage.of(mutant)[:most]):
                child, reading = start(mutant, [known[id] for id in ids], materials)
                running[child] = mutant, reading


def main(arguments: list[str]) -> int:
    """Judge mutants and write the table; 1 where a reason is given for a mutant that is none, or is killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rooms", nargs="*", help="modules and packages; those of the reference where none is named")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--part", default="0/1", help="1/5: of five parts of the mutants the second")
    parser.add_argument("--case", action="append", help="cases or areas to put them to; all where none is named")
    parser.add_argument("--most", type=int, default=CASES_OF_A_MUTANT, help="cases put to a mutant")
    parser.add_argument("--results", type=Path, help="keeps what became of each mutant; those in it are done")
    parser.add_argument("--table", type=Path, help="where to write the page; without rooms conformance/MUTANTS.md")
    options = parser.parse_args(arguments)
    os.environ["POLYSTATE_CACHE"] = os.devnull  # what one mutant verified another would not look at
    part, parts = map(int, options.part.split("/"))
    rooms = tuple(options.rooms) or ROOMS
    every = list(mutants(rooms))
    found = [mutant for mutant in every if mutant.part(parts) == part]
    cases = collection.load(collection.Choice.of(None, options.case))
    reasons = survivors.reasons()

    def progress(mutant: Mutant) -> None:
        if options.results:
            fates.keep(options.results, mutant)
        if mutant.killed_by is None and survivors.why(mutant, reasons) is None:
            print(f"survives, line {mutant.line}: {mutant.key}", flush=True)

    judge(fates.recall(options.results, found), cases, options.jobs, options.most, progress)
    asked = None if options.rooms or options.case else survivors.PAGE
    if page := options.table or asked:
        page.write_text(survivors.page(found, reasons, part, parts), "utf-8")
    stale = survivors.stale(reasons, every, {module.__name__ for module in modules(rooms)})
    print("".join(f"stale reason: {line}\n" for line in stale), end="")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
