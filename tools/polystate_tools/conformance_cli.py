"""Commands around the conformance suite: `polystate score`, `polystate case new|check|stale`."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from polystate_conformance import authoring, check, kill, paths, report, sentences
from polystate_conformance import case as cases
from polystate_conformance import score as scoring

case_app = typer.Typer(help="Write and check conformance cases.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add `score` and `case` to the main command."""
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": False})(score)
    app.add_typer(case_app, name="case")


def _stop(message: str) -> NoReturn:
    typer.echo(f"polystate: {message}", err=True)
    raise typer.Exit(2)


def score(
    ctx: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(help="The adapter, after a double dash; the reference if none.", metavar="-- CMD ..."),
    ] = None,
    profile: Annotated[list[str] | None, typer.Option(help="Only this profile (may be repeated).")] = None,
    case: Annotated[list[str] | None, typer.Option(help="Only this case or area (may be repeated).")] = None,
    faults: Annotated[
        bool, typer.Option("--faults", help="Plant every fault in the reference and see which case catches it.")
    ] = False,
    every: Annotated[
        bool,
        typer.Option(
            "--every", help="With --faults: run all cases for each fault, and list cases that no fault breaks."
        ),
    ] = False,
    baselines: Annotated[
        bool,
        typer.Option("--baselines", help="Score the implementations that know nothing, too (always with --html)."),
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Adapter processes side by side.")] = min(4, os.cpu_count() or 1),
    seed: Annotated[int | None, typer.Option(help="Seed of order and statistical draws; a fresh one if none.")] = None,
    limit: Annotated[
        float | None, typer.Option(help="Time limit of a case in seconds, where it is below the case's own.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Report as JSON lines with a footer.")] = None,
    html: Annotated[Path | None, typer.Option(help="Report as one HTML page.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Report as JUnit XML.")] = None,
    badge: Annotated[Path | None, typer.Option(help="Badge as SVG.")] = None,
    against: Annotated[Path | None, typer.Option(help="An earlier JSON report to compare with.")] = None,
) -> None:
    """Score an implementation against the conformance cases.

    Example: polystate score --profile gaussian --html out.html -- node adapter.mjs
    """
    argv = [*(command or []), *ctx.args] or scoring.REFERENCE
    console = Console(stderr=True)
    try:
        total = len(scoring.select(cases.load_all(), profile, case))
        with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console,
                      transient=True, disable=not console.is_terminal) as bar:  # fmt: skip
            running = bar.add_task("cases", total=total)
            planting = bar.add_task("faults", total=None, visible=faults)
            scored = scoring.score(
                argv, profiles=profile, ids=case, jobs=jobs, seed=seed, limit_s=limit, with_faults=faults, every=every,
                with_baselines=baselines or html is not None, against=against,
                progress=lambda result: bar.advance(running), kill_progress=lambda kill: bar.advance(planting),
            )  # fmt: skip
        scoring.write_reports(scored, json=json_file, html=html, junit_xml=junit, badge=badge)
    except (cases.BadCase, report.BadReport, sentences.BadSpecification, OSError) as error:
        typer.echo(f"{shlex.join(argv)}: {error}", err=True)
        raise typer.Exit(2) from None
    show(scored, Console())
    raise typer.Exit(0 if scored.good else 1)


def show(scored: scoring.Score, console: Console) -> None:
    """Print the score: profiles, validity, failures and, where faults were planted, which were caught."""
    footer = scored.footer
    table = Table("profile", "cases", "passed", "failed", "not claimed", "of them negative")
    for name, row in footer["profiles"].items():
        table.add_row(name, *(str(row[key]) for key in ("cases", "passed", "failed", "unsupported", "negative")))
    console.print(table)
    if footer["variants"]:
        console.print(f"of the {len(scored.cases)} cases, {footer['variants']} are variants of others by one change")
    figures = footer["validity"]
    if figures["informedness"] is not None:
        console.print(f"valid answered {figures['tpr']:.3f}, faulty refused {figures['tnr']:.3f}, "
                      f"sum minus 1: {figures['informedness']:.3f}")  # fmt: skip
    named = ", ".join(f"{part} {n['agree']}/{n['of']}" for part, n in footer["rejections"].items() if n["of"])
    if named:
        console.print(f"refusals named as specified: {named}")
    traced = footer["sentences"]
    console.print(f"MUST sentences traced: {traced['traced']} of {traced['must']}")
    for result in scored.run.results:
        if result["outcome"] == "failed":
            console.print(
                f"failed {result['case']}: {result['title']}\n       {result['why']}", markup=False, highlight=False
            )
        elif not all(result.get("named", {}).values()):
            console.print(f"named otherwise {result['case']}: found {result['found']}", markup=False, highlight=False)
    if scored.changes is not None:
        for name, ids in scored.changes.items():
            console.print(f"{name}: {len(ids)} {' '.join(ids[:20])}")
    if scored.kills is not None:
        _show_kills(scored.kills, footer, console)
    console.print(f"seed {footer['seed']}, {footer['seconds']} s, restarts {footer['restarts']}")


def _show_kills(kills: list[kill.Kill], footer: dict[str, Any], console: Console) -> None:
    for family, counts in footer["faults"].items():
        due = counts["total"] - counts["explained"]
        console.print(
            f"faults, {family}: {counts['killed']} killed of {counts['total']}; {counts['explained']} explained; "
            f"of the other {due}: {kill.share(counts):.1%} killed"
        )
    for item in kills:
        if item.survives:
            console.print(f"survives {item.family} {item.id}: {item.description}", markup=False, highlight=False)
        if item.claimed_in_vain:
            console.print(
                f"claimed in vain {item.id}: {', '.join(item.claimed_in_vain)}", markup=False, highlight=False
            )
    for id in footer.get("unbroken_cases", ()):
        console.print(f"no fault breaks {id}", markup=False, highlight=False)


@case_app.command("new")
def case_new(
    area: Annotated[str, typer.Argument(help="Folder of the case, such as tls.")],
    name: Annotated[str, typer.Argument(help="A few words with dashes.")],
    title: Annotated[str, typer.Option(help="The fact, in under 150 characters.")],
    profile: Annotated[str, typer.Option(help="Profile it is scored under.")],
    kind: Annotated[
        str, typer.Option(help="validate, describe, evaluate, draw, round_trip, decode or operator.")
    ] = "evaluate",
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
        collection = cases.load_all()
        found = check.problems(collection, oracles=oracles)
        if kills:
            found += check.sandwich_problems(collection)
    except (cases.BadCase, sentences.BadSpecification, OSError) as error:
        _stop(str(error))
    if json_out:
        typer.echo(json.dumps({"cases": len(collection), "problems": found}))
    else:
        typer.echo("\n".join([*found, f"{len(collection)} cases, {len(found)} problems"]))
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
