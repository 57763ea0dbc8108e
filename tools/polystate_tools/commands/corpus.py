"""corpus list, get, build, verify: the golden depositions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polystate_tools.commands.options import Json, Overwrite, echo_json

app = typer.Typer(help="The golden depositions: list, get, build from their sources, verify.", no_args_is_help=True)
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Entries; all where none is given.")]


@app.command("list")
def list_entries(as_json: Json = False) -> None:
    """Print one entry a line: name, size, title.

    Example: polystate corpus list"""
    from polystate_tools.corpus.catalogue import entries, manifest

    recorded = manifest()
    if as_json:
        echo_json([{"name": name, "title": e.title, **recorded.get(name, {})} for name, e in entries().items()])
        return
    for name, entry in entries().items():
        size = f"{recorded[name]['bytes'] / 1000:.0f} kB" if name in recorded else "not built"
        typer.echo(f"{name:32} {size:>10}  {entry.title}")


@app.command()
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An entry of the list.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to put it into.")] = Path("."),
    structure: Annotated[
        str, typer.Option("--structure", metavar=".cif|.pdb", help="Export it as a structure file, too.")
    ] = "",
    overwrite: Overwrite = False,
) -> None:
    """Copy a golden deposition, its text form and what it refers to into a folder.

    Example: polystate corpus get 1ejg . --structure .cif"""
    from polystate_tools.commands.examples import put

    for path in put(name, folder, structure, overwrite):
        typer.echo(path)


@app.command()
def build(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Entries to build anew.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every entry whose sources are on this machine.")] = False,
) -> None:
    """Build entries whose sources are on this machine, and record them in the manifest.

    What stands in the folder of golden depositions under these names is replaced.

    Example: polystate corpus build 6vxx"""
    from polystate.errors import BadRequest
    from polystate_conformance.paths import CHECKOUT
    from polystate_tools.corpus.catalogue import CORPUS
    from polystate_tools.corpus.catalogue import build as build_entries

    if bool(names) == every:
        found = "names beside --all" if names else "no name"
        raise BadRequest("corpus build", found, f"names, or --all to replace every golden deposition in {CORPUS}")
    if not CHECKOUT:
        raise BadRequest("corpus build", f"the installed copy in {CORPUS}", "a checkout: the golden depositions there")
    typer.echo(f"building in {CORPUS}", err=True)
    good = True
    for name, found in build_entries(names or []):
        typer.echo(f"{name:32} {found}")
        good &= not found.startswith("invalid")
    raise typer.Exit(0 if good else 1)


@app.command()
def verify(
    names: Names = None,
    rebuild: Annotated[bool, typer.Option(help="Rebuild entries whose sources are on this machine.")] = True,
) -> None:
    """Check digests and validity, and that rebuilding gives the same; exit status 1 where anything differs.

    Example: polystate corpus verify"""
    from polystate_tools.corpus.catalogue import verify as verify_entries

    good = True
    for name, found, fine in verify_entries(names or [], rebuild):
        typer.echo(f"{'good' if fine else 'BAD '}  {name:32} {found}")
        good &= fine
    raise typer.Exit(0 if good else 1)
