"""--many: a verb on every entry of a source, by workers, with one table of what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from polystate.errors import BadRequest
from polystate_tools.archive.sources import DEPOSITIONS, entries
from polystate_tools.commands.options import echo_json
from polystate_tools.commands.outputs import named
from polystate_tools.commands.progress import of_total, progress

if TYPE_CHECKING:  # loaded where there are many: it knows how processes are started
    from polystate_tools.archive.running import Summary, Task, Work

Source = Annotated[
    str | None,
    typer.Option(
        "--many",
        metavar="SOURCE",
        help="All entries of a folder, a pattern such as 'pdb/*/{id}.cif.gz', or a .txt with one a line; only OUT, a "
        "folder, is named beside it. What did not change is kept; -y makes all again.",
    ),
]
Jobs = Annotated[int, typer.Option("--jobs", metavar="N", help="--many: so many processes; 0: one a core.")]
Scheduler = Annotated[
    str | None, typer.Option(metavar="tcp://...", help="--many: the workers of a Dask scheduler instead.")
]
Failures = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="--many: what failed as .csv, .json or .parquet, OUT/VERB-failures.csv."),
]


@dataclass(frozen=True)
class Many:
    """What --many was given: the source, and by whom and how it is done. again: nothing is kept."""

    source: str
    jobs: int = 0
    scheduler: str | None = None
    failures: Path | None = None
    again: bool = False
    as_json: bool = False


def alone(verb: str, unfit: Mapping[str, Any]) -> None:
    """Refuse options of one entry beside --many: those that were given. unfit: option to its value."""
    for option, value in unfit.items():
        if value not in (None, False, [], ()):
            raise BadRequest(option, "--many as well", f"it for one entry: polystate {verb} without --many")


def folder_of(verb: str, places: list[str | Path | None]) -> Path:
    """The one place that stands beside --many: the folder for what is written."""
    found = [str(place) for place in places if place is not None]
    if len(found) != 1:
        said = " and ".join(found) or "no folder for the results"
        raise BadRequest(f"{verb} --many", said, f"polystate {verb} --many SOURCE OUT")
    if Path(found[0]).exists() and not Path(found[0]).is_dir():
        raise BadRequest("OUT", found[0], "a folder")
    return Path(found[0])


def run(
    verb: str, work: Work, suffix: str, options: Mapping[str, Any], many: Many, places: list[str | Path | None],
    suffixes: tuple[str, ...] = DEPOSITIONS,
) -> NoReturn:  # fmt: skip
    """Do the work of a verb to all entries, say what came of it, and leave: with 1 where any failed.

    suffix: of what is written, if anything is. places: what was named beside the source. suffixes: of sources."""
    from polystate_tools.archive.running import Task

    out = folder_of(verb, places)
    raise typer.Exit(1 if told(done(Task(verb, work, suffix, options), many, out, suffixes), many).failed else 0)


def done(task: Task, many: Many, out: Path, suffixes: tuple[str, ...]) -> Summary:
    """Do the task to all entries; what was done is kept where that is interrupted."""
    from polystate_tools.archive.running import run as run_all

    if many.failures is not None:
        named(many.failures, (".csv", ".json", ".parquet"))
    found = entries(many.source, suffixes)
    with progress(f"{task.verb}, entries", len(found.entries)) as advance:
        try:
            return run_all(
                task, found, out, jobs=many.jobs, scheduler=many.scheduler, failures=many.failures, again=many.again,
                progress=of_total(advance),
            )  # fmt: skip
        except KeyboardInterrupt:
            typer.echo(f"stopped; the same command goes on from {out / (task.verb + '.jsonl')}", err=True)
            raise typer.Exit(130) from None


def told(summary: Summary, many: Many, more: str = "") -> Summary:
    """Say what came of the entries."""
    if many.as_json:
        echo_json(asdict(summary))
        return summary
    for line in summary.first_failures:
        typer.echo(f"failed: {line}", err=True)
    if summary.failed:
        typer.echo(f"{summary.failed} failed, each with its remedy: {summary.failures}", err=True)
    counts = {"done": summary.done, "failed": summary.failed, "done before": summary.kept,
              "passed over": summary.passed_over}  # fmt: skip
    said = [f"{n} {what}" for what, n in counts.items() if n or what == "done"]
    if summary.again:
        said.append(f"{summary.again} of them again, for another input or other options than before")
    typer.echo(f"{summary.table}: " + ", ".join(said) + more)
    return summary
