"""catalogue: tables of all entries of an archive beside them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from polystate_tools.commands.options import Json, Overwrite, echo_json
from polystate_tools.commands.progress import of_total, progress

app = typer.Typer(help="Tables of all entries of an archive, which polystate query asks.", no_args_is_help=True)
Archive = Annotated[
    str, typer.Argument(metavar="OUT", help="A folder of depositions, or the URL of one that fsspec can write.")
]


@app.callback()
def _group() -> None:
    """Tables of all entries of an archive, which polystate query asks."""


@app.command()
def build(
    archive: Archive,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", help="So many processes; 0: one a core.")] = 0,
    scheduler: Annotated[str | None, typer.Option(metavar="tcp://...", help="A Dask scheduler instead.")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Make or renew OUT/catalogue: entries, chains, residues with moments, sites, states, descriptors, groups, fits.

    Only entries that are new or have changed are looked at (-y: all). Stopped, the same command goes on.

    Example: polystate catalogue build entries/"""
    from polystate_tools.archive.catalogue import build as build_all

    with progress("catalogue, entries") as advance:
        try:
            built = build_all(archive, jobs=jobs, scheduler=scheduler, again=overwrite, progress=of_total(advance))
        except KeyboardInterrupt:
            typer.echo("stopped; the same command goes on from the parts that are there", err=True)
            raise typer.Exit(130) from None
    if as_json:
        echo_json(asdict(built))
    else:
        for line in built.first_failures:
            typer.echo(f"failed: {line}", err=True)
        said = f"{built.entries} entries, {built.made} new or changed, {built.kept} as before"
        typer.echo(f"{built.catalogue}: {said}" + (f", {built.failed} cannot be read" if built.failed else ""))
    raise typer.Exit(1 if built.failed else 0)
