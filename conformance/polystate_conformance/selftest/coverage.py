"""Which cases run which lines of the reference, and which of them to put to a mutant."""

from __future__ import annotations

import functools
import inspect
import re
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from types import FunctionType
from typing import Any

from polystate_conformance.selftest import answering
from polystate_conformance.selftest.mutant import Mutant
from polystate_conformance.suite.case import Case
from polystate_conformance.suite.materialise import Materials

Line = tuple[str, int]
"""A file and the number of a line in it."""
_SENTENCE = re.compile(r"\b[A-Z][A-Z0-9]*-[0-9]+\b")
_DOTTED = re.compile(r"[A-Za-z_][\w.]*")


@dataclass
class Coverage:
    """The cases that pass, how long each takes, and for each line those that run it."""

    cases: dict[str, Case] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[Line, list[str]] = field(default_factory=dict)

    def of(self, mutant: Mutant) -> list[str]:
        """Of the cases that run the line of a mutant those to put it to: in turn one of a sentence that is named near
        it, one that runs what few others run of the function, of the module and of all modules, and the quickest of
        each area and of each code of a refusal."""
        file, start = str(sys.modules[mutant.module].__file__), mutant.function.__code__.co_firstlineno
        length = len(inspect.getsource(mutant.function).splitlines())
        ids = sorted(self.lines.get((file, mutant.line), []), key=self.seconds.__getitem__)
        rarities = (self._rarity((file, line) for line in range(start, start + length)),
                    self._rarities.get(file, {}), self._rarities[""])  # fmt: skip
        rarest = (sorted(ids, key=lambda id: -rarity[id]) for rarity in rarities)
        orders = (self._told(ids, near(mutant)), *rarest, self._one_of_each_kind(ids))
        return list(dict.fromkeys(id for turn in zip_longest(*orders) for id in turn if id is not None))

    def _told(self, ids: list[str], distance: dict[str, int]) -> list[str]:
        """Those that test one of some sentences, the nearest first."""
        found = {id: [distance[s] for s in self.cases[id].sentences if s in distance] for id in ids}
        return sorted((id for id in ids if found[id]), key=lambda id: min(found[id]))

    def _one_of_each_kind(self, ids: list[str]) -> list[str]:
        """The first of each area and of each code of a refusal, small kinds first, then the second of each, ..."""
        kinds: dict[str, list[str]] = {}
        for id in ids:
            case = self.cases[id]
            kinds.setdefault(case.expect["reject"]["code"] if case.negative else case.area, []).append(id)
        return [id for turn in zip_longest(*sorted(kinds.values(), key=len)) for id in turn if id is not None]

    @functools.cached_property
    def _rarities(self) -> dict[str, dict[str, float]]:
        """For each case how much it runs of what few others run, in each file, and in all together under an empty name.

        A refusal is rare in the module that has it: in all modules it runs less than what is evaluated."""
        files: dict[str, list[Line]] = {"": list(self.lines)}
        for line in self.lines:
            files.setdefault(line[0], []).append(line)
        return {file: self._rarity(lines) for file, lines in files.items()}

    def _rarity(self, lines: Iterable[Line]) -> dict[str, float]:
        found = dict.fromkeys(self.cases, 0.0)
        for line in lines:
            ids = self.lines.get(line, [])
            for id in ids:
                found[id] += 1 / len(ids)
        return found


def near(mutant: Mutant) -> dict[str, int]:
    """The sentences that the function of a mutant names, and those that what its statement calls names: how many lines
    away."""
    start = mutant.function.__code__.co_firstlineno
    own = inspect.getsource(mutant.function).splitlines()
    places = [(abs(start + k - mutant.line), text) for k, text in enumerate(own)]
    places += [(0, inspect.getsource(function)) for function in _called(mutant)]
    return {id: lines for lines, text in sorted(places, reverse=True) for id in _SENTENCE.findall(text)}


def _called(mutant: Mutant) -> Iterator[FunctionType]:
    """The functions of the reference whose names stand in the statement of a mutant."""
    for name in _DOTTED.findall(mutant.change.statement):
        first, *rest = name.split(".")
        value = functools.reduce(lambda of, part: getattr(of, part, None), rest, mutant.function.__globals__.get(first))
        if isinstance(value, FunctionType) and value.__module__.startswith("polystate."):
            yield value


def covered(cases: list[Case], materials: Materials, files: set[str]) -> Coverage:
    """Which lines of some files each case runs."""
    found = Coverage()
    for case in cases:
        seen: set[Line] = set()

        def trace(frame: Any, event: str, _: Any, seen: Any = seen) -> Any:
            if frame.f_code.co_filename not in files:
                return None
            seen.add((frame.f_code.co_filename, frame.f_lineno))
            return trace

        started = time.monotonic()
        sys.settrace(trace)
        try:
            passed = answering.passes(case, materials)
        finally:
            sys.settrace(None)
        if passed:
            found.cases[case.id], found.seconds[case.id] = case, time.monotonic() - started
            for line in seen:
                found.lines.setdefault(line, []).append(case.id)
    return found
