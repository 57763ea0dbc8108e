"""Commands around the conformance suite: `polystate score`, `polystate case new|check|stale`."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from polystate.errors import BadRequest
from polystate.store.outputs import file_target
from polystate_conformance import paths
from polystate_conformance import score as scoring
from polystate_conformance.authoring import cases as authoring
from polystate_conformance.reports import footer as report
from polystate_conformance.selftest import check, kill
from polystate_conformance.suite import case as cases
from polystate_conformance.suite import collection, sentences
from polystate_conformance.suite.kinds import KINDS
from polystate_tools.commands import terminal
from polystate_tools.commands.options import Overwrite
from polystate_tools.commands.progress import QUIET, progress

UNBOUNDED = 10_000
"""Columns of a table that goes into a file or a pipe."""
CHANGES_LISTED = 20

case_app = typer.Typer(help="Write and check conformance cases.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add `score` and `case` to the main command."""
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": False})(score)
    app.add_typer(case_app, name="case")


def _stop(message: str) -> NoReturn:
    typer.echo(f"polystate: {message}", err=True)
    raise typer.Exit(2)


Command = Annotated[
    list[str] | None,
    typer.Argument(help="The adapter, after a double dash; the reference if none.", metavar="-- CMD ..."),
]
Faults = Annotated[
    bool, typer.Option("--faults", help="Plant every fault in the reference and see which case catches it.")
]
Family = Annotated[
    list[str] | None,
    typer.Option(
        metavar="hand|schema|blind",
        help="With --faults: only wrong evaluators, dropped constraints or silenced codes (may be repeated).",
    ),
]
Every = Annotated[
    bool,
    typer.Option("--every", help="With --faults: run all cases for each fault, and list cases that no fault breaks."),
]
Baselines = Annotated[
    bool, typer.Option("--baselines", help="Score the implementations that know nothing, too: four runs more.")
]
Beside = Annotated[
    list[Path] | None,
    typer.Option(metavar="REPORT", help="With --html: a report of another implementation (may be repeated)."),
]
CasesFolder = Annotated[
    Path | None, typer.Option("--cases", metavar="DIR", help="Other cases than those of the specification.")
]


def score(
    ctx: typer.Context,
    command: Command = None,
    profile: Annotated[list[str] | None, typer.Option(help="Only this profile (may be repeated).")] = None,
    case: Annotated[list[str] | None, typer.Option(help="Only this case or area (may be repeated).")] = None,
    faults: Faults = False,
    family: Family = None,
    every: Every = False,
    baselines: Baselines = False,
    jobs: Annotated[int, typer.Option(min=1, help="Adapter processes side by side.")] = min(4, os.cpu_count() or 1),
    seed: Annotated[int | None, typer.Option(help="Seed of order and statistical draws; a fresh one if none.")] = None,
    limit: Annotated[
        float | None, typer.Option(help="Time limit of a case in seconds, where it is below the case's own.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the footer of the report as JSON.")] = False,
    jsonl: Annotated[Path | None, typer.Option(help="Report as JSON lines with a footer.")] = None,
    html: Annotated[Path | None, typer.Option(help="Report as one HTML page.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Report as JUnit XML.")] = None,
    badge: Annotated[Path | None, typer.Option(help="Badge as SVG.")] = None,
    overwrite: Overwrite = False,
    against: Annotated[Path | None, typer.Option(help="An earlier report of --jsonl to compare with.")] = None,
    beside: Beside = None,
    cases_folder: CasesFolder = None,
) -> None:
    """Score an implementation against the conformance cases.

    Example: polystate score --profile gaussian --html out.html -- node adapter.mjs
    """
    argv = [*(command or []), *ctx.args] or scoring.REFERENCE
    outputs = {"--jsonl": jsonl, "--html": html, "--junit": junit, "--badge": badge}
    _check_options(limit, faults, every, family, {name: path for name, path in outputs.items() if path}, overwrite)
    if beside and html is None:
        raise BadRequest("--beside", "no --html", "both: it is the page that has them side by side")
    try:
        for path in beside or ():
            report.read(path)  # before the work
        with _progress(faults) as told:
            scored = scoring.score(
                argv, profiles=profile, ids=case, jobs=jobs, seed=seed, limit_s=limit, with_faults=faults,
                families=family, every=every, with_baselines=baselines, against=against,
                root=paths.CASES if cases_folder is None else cases_folder, **told,
            )  # fmt: skip
        scoring.write_reports(
            scored, json=jsonl, html=html, junit_xml=junit, badge=badge, beside=beside or (), overwrite=overwrite
        )
    except (cases.BadCase, report.BadReport, sentences.BadSpecification, kill.NothingToJudge, scoring.NotStarted,
            OSError) as error:  # fmt: skip
        _stop(str(error))
    if as_json:
        typer.echo(json.dumps(scored.footer, ensure_ascii=False))
    else:
        show(scored, console_for(sys.stdout))
        if html is not None and not baselines:
            typer.echo(f"{html}: --baselines adds what implementations that know nothing score", err=True)
    raise typer.Exit(0 if scored.good else 1)


@contextlib.contextmanager
def _progress(faults: bool) -> Iterator[dict[str, Any]]:
    """Bars on a terminal's standard error, a line now and then elsewhere, and what tells them how far a score is."""
    if not sys.stderr.isatty() or os.environ.get(QUIET):
        with progress("cases scored") as advance:
            yield {"progress": lambda result: advance(1)}
        return
    console = terminal.console(sys.stderr)
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console,
                  transient=True) as bar:  # fmt: skip
        running = bar.add_task("cases", total=None)
        planting = bar.add_task("faults", total=None, visible=faults)

        def begun(cases: int, faults: int) -> None:
            bar.update(running, total=cases)
            bar.update(planting, total=faults)

        yield {
            "progress": lambda result: bar.advance(running), "kill_progress": lambda kill: bar.advance(planting),
            "begun": begun,
        }  # fmt: skip


def _check_options(
    limit: float | None, faults: bool, every: bool, family: list[str] | None, outputs: dict[str, Path], overwrite: bool
) -> None:
    """Refuse, before the work, options that mean nothing and reports that could not be written after it."""
    if limit is not None and not 0 < limit < math.inf:
        raise BadRequest("--limit", f"{limit:g}", "seconds, more than 0")
    for name, given in (("--every", every), ("--family", bool(family))):
        if given and not faults:
            raise BadRequest(name, "no --faults", "both, since it is about planted faults")
    if unknown := [name for name in family or () if name not in kill.FAMILIES]:
        raise BadRequest("--family", ", ".join(unknown), " or ".join(kill.FAMILIES))
    for name, path in outputs.items():
        file_target(path, overwrite)
        above = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
        if not above.is_dir() or not os.access(above, os.W_OK):
            raise BadRequest(name, f"{above}, where nothing can be written", "a folder that can be written to")
    if len({path.absolute() for path in outputs.values()}) < len(outputs):
        raise BadRequest(", ".join(outputs), "one file for two reports", "a file for each")


def console_for(stream: Any) -> Console:
    """A console as wide as its terminal, or as what is printed where no terminal says how wide it is."""
    return terminal.console(stream, width=None if stream.isatty() or "COLUMNS" in os.environ else UNBOUNDED)


def show(scored: scoring.Score, console: Console) -> None:
    """Print the score: profiles, validity, failures and, where faults were planted, which were caught."""
    footer = scored.footer
    table = Table("profile", "cases", "passed", "failed", "not claimed", "of them negative")
    for name, row in footer["profiles"].items():
        table.add_row(name, *(str(row[key]) for key in ("cases", "passed", "failed", "unsupported", "negative")))
    console.print(table)
    if chosen := footer["chosen"]:
        _say(console, f"{chosen['count']} of the {chosen['of']} cases, chosen by {chosen['options']}")
    if footer["variants"]:
        _say(console, f"of these {len(scored.cases)} cases, {footer['variants']} are variants of others by one change")
    figures = footer["validity"]
    if figures["informedness"] is not None:
        _say(console, f"valid answered {figures['tpr']:.3f}, faulty refused {figures['tnr']:.3f}, "
                      f"sum minus 1: {figures['informedness']:.3f}")  # fmt: skip
    named = ", ".join(f"{part} {n['agree']}/{n['of']}" for part, n in footer["rejections"].items() if n["of"])
    if named:
        _say(console, f"refusals named as specified: {named}")
    _say(console, report.sentences_said(footer))
    for result in scored.run.results:
        if result["outcome"] == "failed":
            _say(console, f"failed {result['case']}: {result['title']}\n       {result['why']}")
        elif not all(result.get("named", {}).values()):
            _say(console, f"named otherwise {result['case']}: found {result['found']}")
    if scored.changes is not None:
        for name, ids in scored.changes.items():
            more = f" and {len(ids) - CHANGES_LISTED} more" if len(ids) > CHANGES_LISTED else ""
            _say(console, f"{name}: {len(ids)} {' '.join(ids[:CHANGES_LISTED])}{more}".rstrip())
    if scored.kills is not None:
        _show_kills(scored.kills, footer, console)
    if nothing := report.nothing_claimed(footer):
        _say(console, nothing)
    _say(console, f"seed {footer['seed']}, {footer['seconds']} s, restarts {footer['restarts']}")


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False)


def _show_kills(kills: list[kill.Kill], footer: dict[str, Any], console: Console) -> None:
    if footer["chosen"]:
        _say(console, "faults: only those that the chosen cases claim to catch, or that no other case could catch")
    for family, counts in footer["faults"].items():
        out = f" ({counts['left_out']} left out)" if counts["left_out"] else ""
        due = counts["total"] - counts["explained"]
        said = f"{counts['killed']} killed of {counts['total']}{out}"
        if counts["explained"]:
            said += f"; {counts['explained']} explained"
        if due:
            said += f"; of the {due} due: {kill.share(counts):.1%} killed"
        _say(console, f"faults, {family}: {said}")
    for item in kills:
        if item.survives:
            _say(console, f"survives {item.family} {item.id}: {item.description}")
        if item.claimed_in_vain:
            _say(console, f"claimed in vain {item.id}: {', '.join(item.claimed_in_vain)}")
    for id in footer.get("unbroken_cases", ()):
        _say(console, f"none of these faults breaks {id}")


@case_app.command("new")
def case_new(
    area: Annotated[str, typer.Argument(help="Folder of the case, such as tls.")],
    name: Annotated[str, typer.Argument(help="A few words with dashes.")],
    title: Annotated[str, typer.Option(help="The fact, in under 150 characters.")],
    profile: Annotated[str, typer.Option(help="Profile it is scored under.")],
    kind: Annotated[str, typer.Option(metavar="|".join(KINDS), help="What is asked of the deposition.")] = "evaluate",
    sentence: Annotated[list[str] | None, typer.Option(help="Sentence it tests (may be repeated).")] = None,
) -> None:
    """Start a case from a template, under the next free number.

    Example: polystate case new tls origin-moved --title "moving the origin ..." --profile gaussian --sentence TLS-1
    """
    try:
        file = authoring.new(area, name, title, kind, profile, sentence or [])
    except (ValueError, sentences.BadSpecification, OSError) as error:
        _stop(str(error))
    typer.echo(str(file.relative_to(paths.ROOT)))


@case_app.command("check")
def case_check(
    write: Annotated[bool, typer.Option("--write", help="Write MANIFEST and spec/traceability.md anew.")] = False,
    oracles: Annotated[bool, typer.Option(help="Recompute what the oracle scripts give.")] = True,
    kills: Annotated[
        bool, typer.Option("--kills", help="Also plant every wrong evaluator; some case must catch it.")
    ] = False,
    json_out: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> None:
    """Check format, oracles, twins, manifest and sentences of all cases.

    Example: polystate case check --kills
    """
    try:
        if write:
            authoring.write_generated()
        everything = collection.load_all()
        found = check.problems(everything, oracles=oracles)
        if kills:
            found += check.sandwich_problems(everything, jobs=os.cpu_count() or 1)
    except (cases.BadCase, sentences.BadSpecification, OSError) as error:
        _stop(str(error))
    if json_out:
        typer.echo(json.dumps({"cases": len(everything), "problems": found}))
    else:
        typer.echo("\n".join([*found, f"{len(everything)} cases, {len(found)} problems"]))
    raise typer.Exit(1 if found else 0)


@case_app.command("stale")
def case_stale(
    accept: Annotated[bool, typer.Option("--accept", help="Write the current hashes: somebody has looked.")] = False,
    case: Annotated[list[str] | None, typer.Option(help="Only this case (may be repeated).")] = None,
) -> None:
    """List cases whose sentences have changed since somebody looked.

    Example: polystate case stale --accept --case tls.0012
    """
    try:
        stale = [item for item in authoring.stale() if not case or item[0] in case]
    except (cases.BadCase, sentences.BadSpecification, OSError) as error:
        _stop(str(error))
    for name, _, changed in stale:
        typer.echo(f"{name}: {', '.join(changed)}")
    if accept:
        authoring.refresh(sorted({file for _, file, _ in stale}))
    raise typer.Exit(0 if accept or not stale else 1)
