"""report: the page of a deposition, or of the fit that it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polystate_tools.commands import many as each_of
from polystate_tools.commands.options import Dep, Json, Overwrite, echo_json


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command()(report)


def report(
    dep: Dep,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Where to write; the name of DEP with .html if not given.")
    ] = None,
    of: Annotated[
        str | None, typer.Option(metavar="fit|entry", help="A fit that DEP holds, which is the default, or DEP itself.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--input", metavar="ENTRY", help="The fitted file: adds residuals and ranges of the shares."),
    ] = None,
    ranges: Annotated[
        bool, typer.Option(help="With --input: how far each share can move; takes ten seconds or so.")
    ] = True,
    overwrite: Overwrite = False,
    many: each_of.Source = None,
    jobs: each_of.Jobs = 0,
    scheduler: each_of.Scheduler = None,
    failures: each_of.Failures = None,
    as_json: Json = False,
) -> None:
    """Write one self-contained page: what varies where, the states, the structure in space; or of a fit.

    Examples:
      polystate report 1ejg.zarr.zip
      polystate report --many depositions/ pages/"""
    import polystate
    from polystate.errors import AlreadyExists, BadRequest
    from polystate_tools.commands.outputs import apart, named, tell_stale, tell_unknown
    from polystate_tools.commands.progress import progress
    from polystate_tools.report.entry import has_fit, write_entry

    if of not in (None, "fit", "entry"):
        raise BadRequest("--of", of, "fit or entry")
    if many is not None:
        from polystate_tools.commands.works import report_one

        each_of.alone("report", {"--out": out, "--input": source})
        asked = each_of.Many(many, jobs, scheduler, failures, overwrite, as_json)
        each_of.run("report", report_one, ".html", {"of": of}, asked, [dep])
    out = out or Path(Path(dep.rstrip("/")).name.split(".")[0] + ".html")
    named(out, (".html", ".htm"))
    for read in (dep, source):
        if read is not None:
            apart(read, out)
    if out.exists() and not overwrite:
        raise AlreadyExists(str(out), "something there already", "a new name, or -y")
    opened = polystate.open(dep)
    stale = tell_stale(opened)
    notes: list[str] = []
    known = tell_unknown(opened)
    if (of or ("fit" if source or has_fit(opened) else "entry")) == "entry":
        if source is not None:
            raise BadRequest("--input", source, "no --input: it is compared with a fit")
        with progress(str(out)):
            write_entry(opened, out)
    elif any(where.startswith("provenance/") for where in stale):
        with progress(str(out)):
            write_entry(opened, out)
        typer.echo(f"{out}: the fit is left out, since its certificate does not hold for what has changed", err=True)
        raise typer.Exit(1)
    else:
        from polystate_tools.report.page import write_stored

        what = f"{out}: the fit again, and how far its shares can move" if source and ranges else str(out)
        with progress(what):
            found = write_stored(known, out, source, ranges)
        notes = list(found.said)
    if as_json:
        echo_json({"file": str(out), "notes": notes, "stale": stale})
        return
    for said in notes:
        typer.echo(f"note: {said}", err=True)
    typer.echo(out)
