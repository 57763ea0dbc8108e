"""report: the page of a fitted hierarchy."""

from __future__ import annotations

from typing import Annotated

import typer

from polystate_tools.commands.options import Dep, Out, Overwrite


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command()(report)


def report(
    dep: Dep,
    out: Out,
    source: Annotated[
        str | None,
        typer.Option("--input", metavar="ENTRY", help="The fitted file: adds residuals and ranges of the shares."),
    ] = None,
    ranges: Annotated[
        bool, typer.Option(help="With --input: how far each share can move; takes a minute or so.")
    ] = True,
    overwrite: Overwrite = False,
) -> None:
    """Write one self-contained page about a deposition that polystate fit has made.

    Example: polystate report conformance/corpus/6vxx-echt.zarr.zip -o 6vxx.html"""
    import polystate
    from polystate.errors import AlreadyExists
    from polystate_tools.commands.outputs import apart, named
    from polystate_tools.commands.progress import progress
    from polystate_tools.report.page import write_stored

    named(out, (".html", ".htm"))
    for read in (dep, source):
        if read is not None:
            apart(read, out)
    if out.exists() and not overwrite:
        raise AlreadyExists(str(out), "something there already", "a new name, or -y")
    what = f"{out}: the fit again, and how far its shares can move" if source and ranges else str(out)
    with progress(what):
        found = write_stored(polystate.open(dep), out, source, ranges)
    for said in found.said:
        typer.echo(f"note: {said}", err=True)
    typer.echo(out)
