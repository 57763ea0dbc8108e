"""The kill table: every planted fault and every dropped schema constraint against the cases of its profile."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import multiprocessing
import os
import pickle
import tempfile
import unittest.mock
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

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


Asked = tuple[Case, Path | None]
"""A case, and its store where it has one."""


class Prebuilt(Materials):
    """Materials whose stores another process has built."""

    def __init__(self, asked: Iterable[Asked]):
        super().__init__()
        self._stores = {case.id: store for case, store in asked}

    def store(self, case: Case) -> Path | None:
        return self._stores[case.id]


class Question(NamedTuple):
    """A fault, the cases that claim to tell it, and whether all others are asked, too (else only if those do not)."""

    family: str
    id: str
    claiming: list[Asked]
    every: bool


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
CASES_OF_A_PROCESS = 500
"""So many of them are put to a right one by one process."""
_ALL = Path()
"""Where a process finds all cases: most need those that claim their faults, and nothing else."""


def _initialise(all: Path) -> None:
    global _ALL
    _ALL = all


@functools.cache
def _everything() -> list[Asked]:
    return pickle.loads(_ALL.read_bytes())  # type: ignore[no-any-return]  # written by `table`


def _judge(question: Question) -> Kill:
    """Run the cases of one fault, those that claim to kill it first, until one fails (or all, if `every`)."""
    family, id, claiming, every = question
    item = known(family)[id]
    if family == "schema" and item.equivalent is not None:
        return Kill(id, family, item.description, item.profiles, (), item.equivalent)
    results = _run(item, claiming, lambda result: False)
    if every or not any(map(killed, results)):
        others = [asked for asked in _everything() if id not in asked[0].kills and _concerns(item, asked[0])]
        results += _run(item, others, lambda result: not every and killed(result))
    by = tuple(result["case"] for result in results if killed(result))
    first = next((result for result in results if killed(result)), {})
    why = str(first.get("why") or first.get("found", ""))[:300]
    vain = tuple(case.id for case, _ in claiming if case.id not in by)
    return Kill(id, family, item.description, item.profiles, by, item.equivalent, why, vain)


def _judge_all(questions: list[Question]) -> list[Kill]:
    return [_judge(question) for question in questions]


def _shares(family: str, questions: list[Question]) -> list[list[Question]]:
    """The questions by process. A wrong decoder has one of its own: its loops may write where others read."""
    alone = {item.id for item in known(family).values() if _below(item) == DECODER and family == "hand"}
    others = [question for question in questions if question.id not in alone]
    size = DROPPED_OF_A_PROCESS if family == "schema" else TASKS_OF_A_PROCESS
    shares = [others[k : k + size] for k in range(0, len(others), size)]
    return shares + [[question] for question in questions if question.id in alone]


def _questions(tasks: list[Task], sound: list[Asked], every: bool) -> list[Question]:
    claiming: dict[str, list[Asked]] = {}
    for asked in sound:
        for id in asked[0].kills:
            claiming.setdefault(id, []).append(asked)
    found = []
    for family, id in tasks:
        below = _below(known(family)[id])
        mine = [asked for asked in claiming.get(id, []) if answering.package(asked[0]) == below]
        found.append(Question(family, id, mine, every))
    return found


def _unsound(right: str, cases: list[Asked]) -> list[str]:
    """Cases that a right one does not pass."""
    return [result["case"] for result in _run(_SOUND[right], cases, lambda result: False) if killed(result)]


def _sound_shares(cases: list[Asked]) -> Iterator[tuple[str, list[Asked]]]:
    """What is put to the right ones, by process; laws stay together, which share a probability of error."""
    for right, item in _SOUND.items():
        mine = [asked for asked in cases if answering.package(asked[0]) == _below(item)]
        size = len(mine) if _below(item) == SAMPLER else CASES_OF_A_PROCESS
        yield from ((right, mine[k : k + size]) for k in range(0, len(mine), size))


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


@functools.cache
def known(family: str) -> dict[str, faults.Fault]:
    """The faults of a family by id. Reading them takes as long as putting one to its cases."""
    return {item.id: item for item in FAMILIES[family]()}


def _run(item: faults.Fault, asked: list[Asked], stop: Callable[[Result], bool]) -> list[Result]:
    from polystate_conformance.implementations import reference

    # the faults are planted in the NumPy evaluator, or in what compiled draws are made from
    reference.backend = "numba" if item.target.startswith("polystate.kernels") else "numpy"
    adapter, cases = answering.adapter(_below(item)), [case for case, _ in asked]
    with _nothing_remembered(), faults.planted(item), _read_once(item), Prebuilt(asked) as materials:
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
        (family, item.id) for family in families for item in known(family).values()
        if any(_concerns(item, case) for case in claims.get(item.id, ()))
        or not any(_concerns(item, case) for case in others)
    ]  # fmt: skip


def left_out(tasks: list[Task], families: Iterable[str] = tuple(FAMILIES)) -> dict[str, int]:
    """How many faults of each family are not among the tasks."""
    mine = Counter(family for family, _ in tasks)
    return {family: len(known(family)) - mine[family] for family in families}


def processes() -> Any:
    """Where workers come from, to which nothing clings that another imported or planted."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["polystate_conformance.selftest.preload"])
    return context


def table(
    cases: list[Case], jobs: int, materials: Materials, *, every: bool = False,
    families: Iterable[str] = tuple(FAMILIES), tasks: list[Task] | None = None,
    progress: Callable[[Kill], None] | None = None,
) -> list[Kill]:  # fmt: skip
    """Run faults, those of `tasks` or all of the families, each in a process of its own, on the cases that the
    reference passes cleanly."""
    if tasks is None:
        tasks = [(family, id) for family in families for id in known(family)]
    if not tasks:
        raise NothingToJudge("no fault was collected")
    materials.prebuild(cases, jobs)
    asked = [(case, materials.store(case)) for case in cases]
    context = processes()
    with context.Pool(jobs, maxtasksperchild=1) as pool:
        unsound = {id for part in pool.starmap(_unsound, _sound_shares(asked), 1) for id in part}
    sound = [one for one in asked if one[0].id not in unsound]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        everything = Path(folder) / "cases"
        everything.write_bytes(pickle.dumps(sound))
        for family in dict.fromkeys(task[0] for task in tasks):
            shares = _shares(family, _questions([task for task in tasks if task[0] == family], sound, every))
            with context.Pool(jobs, _initialise, (everything,), maxtasksperchild=1) as pool:
                for kills in _answers(pool.imap(_judge_all, shares), shares):
                    found += kills
                    if progress is not None:
                        for kill in kills:
                            progress(kill)
    return found


def _answers(answers: Any, shares: list[list[Question]]) -> Iterator[list[Kill]]:
    """The answers in turn; one that does not come names the faults that it is about."""
    for share in shares:
        try:
            yield answers.next(LIMIT_S)
        except multiprocessing.TimeoutError:
            ids = ", ".join(question.id for question in share)
            raise RuntimeError(f"{ids}: no answer within {LIMIT_S} s, so their process has broken") from None


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
