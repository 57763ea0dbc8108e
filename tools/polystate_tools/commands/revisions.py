"""rebase, history: a deposition on the atoms of a newer structure, and what a deposition takes the place of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polystate_tools.commands.options import Dep, Json, Overwrite, deposition, echo_json, echo_table


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    app.command()(rebase)
    app.command()(history)


def rebase(
    old: Annotated[str, deposition("OLD", "The deposition whose descriptors are carried.")],
    new: Annotated[str, deposition("NEW", "The deposition, such as an import, whose atoms they are carried to.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Directory or .zip to write.")],
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Carry the descriptors of OLD to the atoms of NEW, and list what was carried, went stale, and was dropped.

    Residues are paired by chain, number and type, and by aligned sequences where numbers have changed; atoms by name.
    No number is fitted again: what was made for atoms that moved, changed or went is called stale. OUT says which
    deposition it supersedes. What would not be valid is not written.

    Example: polystate rebase 6vxx-echt.zarr.zip 6vxx-revised.zarr 6vxx-rebased.zarr"""
    import polystate
    from polystate.deposition import Deposition
    from polystate.errors import BadRequest
    from polystate.store.writing import write
    from polystate_tools.commands import artifacts
    from polystate_tools.commands.outputs import apart, store
    from polystate_tools.revisions.rebase import rebased

    store(out)
    for source in (old, new):
        apart(source, out)
    before = polystate.open(old)
    tree, account = rebased(before, polystate.open(new))
    report = Deposition(tree, before.folder).validate()
    if not report.valid:
        raise BadRequest(
            str(out), f"{report.errors[0]}", "a deposition that is valid on these atoms; nothing is written"
        )
    moves, warnings = artifacts.needed(before.tree, out)
    write(tree, out, overwrite=overwrite)
    artifacts.copy(moves)
    warnings += [found["message"] for found in report.warnings if found["code"] != "stale"]  # those are listed
    if as_json:
        echo_json({**account.to_json(), "warnings": warnings})
        return
    for line in account.lines():
        typer.echo(line)
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(out)


def history(dep: Dep, as_json: Json = False) -> None:
    """List what a deposition takes the place of, from itself backwards, by content digest.

    Example: polystate history 6vxx-rebased.zarr"""
    import polystate
    from polystate_tools.revisions.history import history as versions

    found = versions(polystate.open(dep))
    if as_json:
        echo_json(found)
    else:
        echo_table([{"": n, **row} for n, row in enumerate(found)], ["", "digest", "entry", "title"])
