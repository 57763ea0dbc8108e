"""Score an implementation: run it, summarise, compare, and write the reports that were asked for."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polystate_conformance import paths
from polystate_conformance.reports import footer as report
from polystate_conformance.reports import junit
from polystate_conformance.reports import page as report_html
from polystate_conformance.scoring import laws, runner
from polystate_conformance.scoring.session import AdapterFailure, Session
from polystate_conformance.selftest import kill
from polystate_conformance.suite import case as cases_module
from polystate_conformance.suite import collection as choose
from polystate_conformance.suite import sentences
from polystate_conformance.suite.materialise import Materials

BASELINES = ("accept_all", "reject_all", "all_zero", "mean_only")
REFERENCE = [sys.executable, "-m", "polystate_conformance.implementations.reference"]
STDERR_LINES = 12
_LIARS = "polystate_conformance.implementations.liars"


@dataclass
class Score:
    """One scored run, with everything its reports show."""

    cases: list[cases_module.Case]
    run: runner.Run
    footer: dict[str, Any]
    board: list[dict[str, Any]] = field(default_factory=list)
    kills: list[kill.Kill] | None = None
    changes: dict[str, list[str]] | None = None
    earlier: dict[str, Any] | None = None
    """The footer of the report that `changes` are since."""

    @property
    def good(self) -> bool:
        """Something passed, nothing failed, no fault survives, and nothing that passed before is broken."""
        bites = self.kills is None or kill.good(self.kills)
        return report.good(self.footer) and bites and not (self.changes or {}).get("broken")


def score(
    command: list[str],
    *,
    profiles: list[str] | None = None,
    ids: list[str] | None = None,
    jobs: int = 1,
    seed: int | None = None,
    limit_s: float | None = None,
    with_faults: bool = False,
    families: Sequence[str] | None = None,
    every: bool = False,
    with_baselines: bool = False,
    against: Path | None = None,
    progress: Callable[[runner.Result], None] | None = None,
    kill_progress: Callable[[kill.Kill], None] | None = None,
    begun: Callable[[int, int], None] | None = None,
    root: Path = paths.CASES,
) -> Score:
    """Run `command` on the cases below `root` and gather the score; see `polystate score --help` for the options.

    `begun` is told how many cases and faults there are. NotStarted, before any case, when the program gives no hello.
    """
    old = report.read(against) if against is not None else None
    choice = choose.Choice.of(profiles, ids)
    session = Session(command)
    with Materials() as materials, _started(session, command) as start:
        if not choice.ids:
            start()  # a program that does not start is told before seconds of reading; else it loads meanwhile
        collection = choose.load(choice, root)
        tasks = _tasks(choice, collection, families, root) if with_faults else []
        start()
        if begun is not None:
            begun(len(collection), len(tasks))
        run = runner.run(
            command, collection, seed=laws.fresh_seed() if seed is None else seed, jobs=jobs, limit_s=limit_s,
            materials=materials, progress=progress, first=session,
        )  # fmt: skip
        chosen = report.Chosen(choice, len(collection), choose.count(root)) if choice else None
        scored = Score(collection, run, report.summary(run, collection, chosen))
        if old is not None:
            scored.changes, scored.earlier = report.against(old[0], run.results), old[1]
            scored.footer["against"] = {name: len(ids) for name, ids in scored.changes.items()}
        if with_faults:
            scored.kills = kill.table(collection, jobs, materials, every=every, tasks=tasks, progress=kill_progress)
            left_out = kill.left_out(tasks, families or tuple(kill.FAMILIES))
            none = {"total": 0, "killed": 0, "explained": 0}
            counts = kill.counts(scored.kills)
            scored.footer["faults"] = {
                family: counts.get(family, none) | {"left_out": out} for family, out in left_out.items()
            }
            if every:
                scored.footer["unbroken_cases"] = kill.unbroken(collection, scored.kills)
        if with_baselines:
            scored.board = [baseline(name, collection, run.seed, jobs, materials) for name in BASELINES]
            scored.footer["baselines"] = {row["name"]: row["footer"]["validity"] for row in scored.board}
    return scored


class NotStarted(Exception):
    """The program gives no hello: not found, not permitted, ended, silent, or saying something else."""


@contextlib.contextmanager
def _started(session: Session, command: list[str]) -> Iterator[Callable[[], None]]:
    """Launch the program, so that it loads while cases are read; in the block, call what is given to greet it."""

    def start() -> None:
        try:
            session.start()
        except AdapterFailure as failure:
            said = [f"  {line}" for line in session.stderr().strip().splitlines()[-STDERR_LINES:]]
            lines = [f"{shlex.join(command)}: does not start: {failure}", *(said if len(said) > 1 else ())]
            raise NotStarted("\n".join(lines)) from None

    try:
        session.launch()
    except AdapterFailure as failure:
        raise NotStarted(f"{shlex.join(command)}: does not start: {failure}") from None
    try:
        yield start
    finally:
        session.kill()


def _tasks(
    choice: choose.Choice, collection: list[cases_module.Case], families: Sequence[str] | None, root: Path
) -> list[kill.Task]:
    """The faults to plant: all, or those that the chosen cases can be held to."""
    everything = choose.load(choose.Choice(), root) if choice else collection
    tasks = kill.judged(collection, everything, families or tuple(kill.FAMILIES))
    if not tasks:
        raise kill.NothingToJudge(f"found no fault that the cases of {choice} claim to catch or alone could catch")
    return tasks


def baseline(
    name: str, cases: list[cases_module.Case], seed: int, jobs: int = 1, materials: Materials | None = None
) -> dict[str, Any]:
    """The score of one of the implementations that know nothing."""
    run = runner.run([sys.executable, "-m", f"{_LIARS}.{name}"], cases, seed=seed, jobs=jobs, materials=materials)
    return {"name": name, "footer": report.summary(run, cases)}


def write_reports(
    scored: Score, *, json: Path | None = None, html: Path | None = None, junit_xml: Path | None = None,
    badge: Path | None = None, beside: Sequence[Path] = (), overwrite: bool = False,
) -> None:  # fmt: skip
    """Write the reports that have a path, each whole or not at all; beside: reports that the page compares with."""
    if json is not None:
        report.write(json, scored.run, scored.footer, overwrite)
    if junit_xml is not None:
        name, chosen = scored.footer["implementation"]["name"] or "unknown", scored.footer["chosen"]
        name += f" ({chosen['options']})" if chosen else ""
        junit.write(junit_xml, scored.run.results, name, overwrite)
    if html is not None:
        kills = None if scored.kills is None else [item.to_json() for item in scored.kills]
        page = report_html.page(
            scored.run.results, scored.footer, traces=traces(scored), cases=scored.cases, board=scored.board,
            kills=kills, changes=scored.changes, earlier=scored.earlier, beside=[report.read(path) for path in beside],
        )  # fmt: skip
        report.write_text(html, page, overwrite)
    if badge is not None:
        report.write_text(badge, report_html.badge(scored.footer), overwrite)


def traces(scored: Score) -> list[dict[str, Any]]:
    """One row a sentence, with the failed cases that break it in this run; of chosen cases, the sentences they test."""
    failed = {result["case"]: result["sentences"] for result in scored.run.results if result["outcome"] == "failed"}
    part, mine = bool(scored.footer["chosen"]), {case.id for case in scored.cases}
    table = sentences.trace(sentences.read(), scored.cases, {} if part else sentences.read_untestable())
    return [
        {
            "id": id, "level": item.sentence.level, "text": item.sentence.text,
            "tests": [case for case in item.tests if not part or case in mine],
            "violates": item.violates, "stale": item.stale, "untestable": item.untestable,
            "broken": sorted(case for case, ids in failed.items() if id in ids),
        }
        for id, item in table.items() if not part or item.tests or item.violates
    ]  # fmt: skip
