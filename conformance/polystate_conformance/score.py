"""Score an implementation: run it, summarise, compare, and write the reports that were asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polystate_conformance import case as cases_module
from polystate_conformance import junit, kill, laws, protocol, report, report_html, runner, sentences
from polystate_conformance.materialise import Materials

BASELINES = ("accept_all", "reject_all", "all_zero", "mean_only")
REFERENCE = [sys.executable, "-m", "polystate_conformance.implementations.reference"]
_LIARS = "polystate_conformance.implementations.liars"


@dataclass
class Score:
    """One scored run, with everything its reports show."""

    cases: list[cases_module.Case]
    everything: list[cases_module.Case]
    run: runner.Run
    footer: dict[str, Any]
    board: list[dict[str, Any]] = field(default_factory=list)
    kills: list[kill.Kill] | None = None
    changes: dict[str, list[str]] | None = None

    @property
    def good(self) -> bool:
        """Nothing failed, no fault survives, and nothing that passed before is broken."""
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
    every: bool = False,
    with_baselines: bool = False,
    against: Path | None = None,
    progress: Callable[[runner.Result], None] | None = None,
    kill_progress: Callable[[kill.Kill], None] | None = None,
) -> Score:
    """Run `command` on the cases and gather the score; see `polystate score --help` for the options."""
    everything = cases_module.load_all()
    collection = select(everything, profiles, ids)
    old = report.read(against)[0] if against is not None else None
    with Materials() as materials:
        run = runner.run(
            command, collection, seed=laws.fresh_seed() if seed is None else seed, jobs=jobs, limit_s=limit_s,
            materials=materials, progress=progress,
        )  # fmt: skip
        scored = Score(collection, everything, run, report.summary(run, collection, everything))
        if old is not None:
            scored.changes = report.against(old, run.results)
            scored.footer["against"] = {name: len(ids) for name, ids in scored.changes.items()}
        if with_faults:
            scored.kills = kill.table(collection, jobs, materials, every=every, progress=kill_progress)
            scored.footer["faults"] = kill.counts(scored.kills)
            if every:
                scored.footer["unbroken_cases"] = kill.unbroken(collection, scored.kills)
        if with_baselines:
            scored.board = [baseline(name, collection, run.seed, jobs, materials) for name in BASELINES]
            scored.footer["baselines"] = {row["name"]: row["footer"]["validity"] for row in scored.board}
    return scored


def select(
    everything: list[cases_module.Case], profiles: list[str] | None = None, ids: list[str] | None = None
) -> list[cases_module.Case]:
    """The cases of some profiles, and of some cases or areas; none at all is an error."""
    if unknown := set(profiles or ()) - set(protocol.PROFILES):
        raise cases_module.BadCase(f"no profile {', '.join(sorted(unknown))}; known: {', '.join(protocol.PROFILES)}")
    found = [case for case in everything if (not profiles or case.profile in profiles)
             and (not ids or case.id in ids or case.area in ids)]  # fmt: skip
    if not found:
        raise cases_module.BadCase(f"no case of {', '.join([*(profiles or []), *(ids or [])])}")
    return found


def baseline(
    name: str, cases: list[cases_module.Case], seed: int, jobs: int = 1, materials: Materials | None = None
) -> dict[str, Any]:
    """The score of one of the implementations that know nothing."""
    run = runner.run([sys.executable, "-m", f"{_LIARS}.{name}"], cases, seed=seed, jobs=jobs, materials=materials)
    return {"name": name, "footer": report.summary(run, cases)}


def write_reports(
    scored: Score, *, json: Path | None = None, html: Path | None = None, junit_xml: Path | None = None,
    badge: Path | None = None,
) -> None:  # fmt: skip
    """Write the reports that have a path."""
    if json is not None:
        report.write(json, scored.run, scored.footer)
    if junit_xml is not None:
        junit.write(junit_xml, scored.run.results, scored.footer["implementation"]["name"] or "unknown")
    if html is not None:
        html.parent.mkdir(parents=True, exist_ok=True)
        kills = None if scored.kills is None else [item.to_json() for item in scored.kills]
        page = report_html.page(
            scored.run.results, scored.footer, traces=traces(scored), board=scored.board, kills=kills,
            changes=scored.changes,
        )  # fmt: skip
        html.write_text(page, "utf-8")
    if badge is not None:
        badge.write_text(report_html.badge(scored.footer), "utf-8")


def traces(scored: Score) -> list[dict[str, Any]]:
    """One row a sentence, with the failed cases that break it in this run."""
    failed = {result["case"]: result["sentences"] for result in scored.run.results if result["outcome"] == "failed"}
    table = sentences.trace(sentences.read(), scored.everything, sentences.read_untestable())
    return [
        {
            "id": id, "level": item.sentence.level, "text": item.sentence.text, "tests": item.tests,
            "violates": item.violates, "stale": item.stale, "untestable": item.untestable,
            "broken": sorted(case for case, ids in failed.items() if id in ids),
        }
        for id, item in table.items()
    ]  # fmt: skip
