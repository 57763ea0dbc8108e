"""The kill table: every planted fault and every dropped schema constraint against the cases of its profile."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import tempfile
import unittest.mock
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polystate_conformance.scoring.runner import Result, run_in_process
from polystate_conformance.selftest import answering, mutants
from polystate_conformance.selftest import planting as faults
from polystate_conformance.selftest.answering import DECODER, EXCHANGE, REFERENCE, SAMPLER, killed
from polystate_conformance.suite.case import Case
from polystate_conformance.suite.materialise import Materials


@dataclass(frozen=True)
class Kill:
    """What became of one fault: the cases that catch it, or the reason why none can."""

    id: str
    family: str
    description: str
    profiles: tuple[str, ...]
    killed_by: tuple[str, ...]
    explained: str | None
    why: str = ""
    claimed_in_vain: tuple[str, ...] = ()

    @property
    def survives(self) -> bool:
        return not self.killed_by and self.explained is None

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


class Prebuilt(Materials):
    """Materials whose stores another process has built."""

    def __init__(self, stores: dict[str, Path | None]):
        super().__init__()
        self._stores = stores

    def store(self, case: Case) -> Path | None:
        return self._stores[case.id]


FAMILIES: dict[str, Callable[[], Sequence[faults.Fault]]] = {
    "hand": faults.load, "schema": mutants.load, "blind": mutants.blind,
}  # fmt: skip
Task = tuple[str, str]
"""Family and id of a fault."""


class NothingToJudge(ValueError):
    """No fault that the chosen cases could be held to."""


TASKS_OF_A_PROCESS = 8
"""A process plants so many faults one after the other before a fresh one takes over."""
DROPPED_OF_A_PROCESS = 100
"""Of dropped constraints more: they change nothing but the schema, and what was read is kept."""
LIMIT_S = 900
"""Without an answer for so long, a process has broken."""

_SOUND = {
    "none": faults.Fault("none", "the reference", (), "polystate.errors:PolystateError", lambda original: original),
    "sampler": faults.Fault("sampler", "the sampler", (), f"{SAMPLER}:factor", lambda original: original),
    "exchange": faults.Fault(
        "exchange", "importer and exporter", (), f"{EXCHANGE}.importing:import_file", lambda original: original
    ),
    "decoder": faults.Fault("decoder", "the decoder", (), f"{DECODER}.decoder:decode", lambda original: original),
}
"""Right ones: what their adapters do not pass is no case to tell a fault by."""
_CASES: list[Case] = []
_STORES: dict[str, Path | None] = {}


def _initialise(cases: list[Case], stores: dict[str, Path | None]) -> None:
    global _CASES, _STORES
    _CASES, _STORES = cases, stores


def _judge(task: tuple[str, str, bool]) -> Kill:
    """Run the cases of one fault, those that claim to kill it first, until one fails (or all, if `every`)."""
    family, id, every = task
    item = _find(family, id)
    if family == "schema" and item.equivalent is not None:
        return Kill(id, family, item.description, item.profiles, (), item.equivalent)
    order = sorted(
        (case for case in _CASES if _concerns(item, case)),
        key=lambda case: (id not in case.kills, case.id),
    )
    claims = sum(id in case.kills for case in order)
    results = _run(item, order[:claims], lambda result: False)
    if every or not any(map(killed, results)):
        results += _run(item, order[claims:], lambda result: not every and killed(result))
    by = tuple(result["case"] for result in results if killed(result))
    first = next((result for result in results if killed(result)), {})
    why = str(first.get("why") or first.get("found", ""))[:300]
    vain = tuple(case.id for case in order[:claims] if case.id not in by)
    return Kill(id, family, item.description, item.profiles, by, item.equivalent, why, vain)


def _judge_all(tasks: list[tuple[str, str, bool]]) -> list[Kill]:
    return [_judge(task) for task in tasks]


def _shares(family: str, tasks: list[tuple[str, str, bool]]) -> list[list[tuple[str, str, bool]]]:
    """The tasks by process. A wrong decoder has one of its own: its loops may write where others read."""
    alone = {item.id for item in FAMILIES[family]() if _below(item) == DECODER and family == "hand"}
    others = [task for task in tasks if task[1] not in alone]
    size = DROPPED_OF_A_PROCESS if family == "schema" else TASKS_OF_A_PROCESS
    shares = [others[k : k + size] for k in range(0, len(others), size)]
    return shares + [[task] for task in tasks if task[1] in alone]


def _concerns(item: faults.Fault, case: Case) -> bool:
    """Whether a case may tell a fault: it claims to, or is of its profile; for a dropped constraint, a refusal for it.

    Laws tell faults of the sampler with a generator of its own; those of the reference's draws are told by numbers."""
    if answering.package(case) != _below(item):
        return False
    if item.id.partition(":")[0] in (*mutants.JUDGED, "payload"):
        return item.id in case.kills or (case.kind == "validate" and case.deposition is not None)
    return item.id in case.kills or not item.profiles or case.profile in item.profiles


def _below(item: faults.Fault) -> str:
    """The package that a fault is told in. MMTF is decoded, and imported."""
    if item.profiles == ("exchange",):
        return EXCHANGE
    return next((below for below in (SAMPLER, DECODER, EXCHANGE) if item.target.startswith(below)), REFERENCE)


def _find(family: str, id: str) -> faults.Fault:
    if family == "none":
        return _SOUND[id]
    return next(item for item in FAMILIES[family]() if item.id == id)


def _run(item: faults.Fault, cases: list[Case], stop: Callable[[Result], bool]) -> list[Result]:
    from polystate_conformance.implementations import reference

    # the faults are planted in the NumPy evaluator, or in what compiled draws are made from
    reference.backend = "numba" if item.target.startswith("polystate.kernels") else "numpy"
    adapter = answering.adapter(_below(item))
    with _nothing_remembered(), faults.planted(item), _read_once(item), Prebuilt(_STORES) as materials:
        return run_in_process(adapter.handle, adapter.hello(), cases, materials, stop_when=stop)


@contextlib.contextmanager
def _nothing_remembered() -> Iterator[None]:
    """A cache of its own for each fault: an artifact that an earlier run verified would not be looked at."""
    with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.dict(os.environ, POLYSTATE_CACHE=folder):
        yield


_TREES: dict[str, Any] = {}


@contextlib.contextmanager
def _read_once(item: faults.Fault) -> Iterator[None]:
    """Keep the trees of stores between dropped constraints, which change how a tree is judged, not how it is read."""
    import polystate.deposition as module

    if item.target not in (mutants.DOCUMENTS, mutants.REPORT):
        yield
        return
    read = module.read

    def kept(path: Any) -> Any:
        if str(path) not in _TREES:
            _TREES[str(path)] = read(path)
        return _TREES[str(path)]

    module.read = kept
    try:
        yield
    finally:
        module.read = read


def judged(cases: list[Case], everything: list[Case], families: Iterable[str] = tuple(FAMILIES)) -> list[Task]:
    """The faults of the families that a part of the cases can be held to: those that one of these cases claims to
    kill, error codes that one of them expects, and faults that no case outside of the part could tell."""
    inside = {case.id for case in cases}
    others = [case for case in everything if case.id not in inside]
    claims: dict[str, list[Case]] = {}
    for case in cases:
        want = case.expect.get("reject")
        for id in (*case.kills, *([f"{want['stage']}/{want['code']}"] if want else ())):
            claims.setdefault(id, []).append(case)
    return [
        (family, item.id) for family in families for item in FAMILIES[family]()
        if any(_concerns(item, case) for case in claims.get(item.id, ()))
        or not any(_concerns(item, case) for case in others)
    ]  # fmt: skip


def left_out(tasks: list[Task], families: Iterable[str] = tuple(FAMILIES)) -> dict[str, int]:
    """How many faults of each family are not among the tasks."""
    mine = Counter(family for family, _ in tasks)
    return {family: len(FAMILIES[family]()) - mine[family] for family in families}


def table(
    cases: list[Case], jobs: int, materials: Materials, *, every: bool = False,
    families: Iterable[str] = tuple(FAMILIES), tasks: list[Task] | None = None,
    progress: Callable[[Kill], None] | None = None,
) -> list[Kill]:  # fmt: skip
    """Run faults, those of `tasks` or all of the families, each in a process of its own, on the cases that the
    reference passes cleanly."""
    if tasks is None:
        tasks = [(family, item.id) for family in families for item in FAMILIES[family]()]
    if not tasks:
        raise NothingToJudge("no fault was collected")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["polystate_conformance.selftest.preload"])
    materials.prebuild(cases, jobs)
    stores = {case.id: materials.store(case) for case in cases}
    with context.Pool(1, _initialise, (cases, stores)) as pool:
        unsound = {id for right in _SOUND for id in pool.apply(_judge, (("none", right, True),)).killed_by}
    sound = [case for case in cases if case.id not in unsound]
    found = []
    for family in dict.fromkeys(task[0] for task in tasks):
        mine = [(*task, every) for task in tasks if task[0] == family]
        shares = _shares(family, mine)
        with context.Pool(jobs, _initialise, (sound, stores), maxtasksperchild=1) as pool:
            answers = pool.imap(_judge_all, shares)
            for part in shares:
                try:
                    kills = answers.next(LIMIT_S)
                except multiprocessing.TimeoutError:
                    ids = ", ".join(id for _, id, _ in part)
                    raise RuntimeError(f"{ids}: no answer within {LIMIT_S} s, so their process has broken") from None
                found += kills
                if progress is not None:
                    for kill in kills:
                        progress(kill)
    return found


def unbroken(cases: list[Case], kills: list[Kill]) -> list[str]:
    """Cases that no fault breaks, of a table made with `every`: they test nothing."""
    broken = {id for kill in kills for id in kill.killed_by}
    return [case.id for case in cases if case.id not in broken]


SCHEMA_SHARE = 0.95
"""So many of the dropped constraints that a deposition can make visible must be killed."""


def share(counts: dict[str, int]) -> float:
    """The killed of the faults that are not explained."""
    due = counts["total"] - counts["explained"]
    return counts["killed"] / due if due else 1.0


def good(kills: list[Kill]) -> bool:
    """Whether no fault survives, no claim is in vain, and enough dropped constraints are killed."""
    if any(item.survives or item.claimed_in_vain for item in kills):
        return False
    return all(share(row) >= SCHEMA_SHARE for family, row in counts(kills).items() if family == "schema")


def counts(kills: list[Kill]) -> dict[str, dict[str, int]]:
    """Total, killed and explained by family."""
    return {
        family: {
            "total": len(mine := [kill for kill in kills if kill.family == family]),
            "killed": sum(bool(kill.killed_by) for kill in mine),
            "explained": sum(not kill.killed_by and kill.explained is not None for kill in mine),
        }
        for family in dict.fromkeys(kill.family for kill in kills)
    }
