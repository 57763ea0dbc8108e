"""diff: what differs in two depositions."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from polystate_tools.commands.options import AllowCode, At, Json, State, deposition, echo_json, states, steps


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command()(diff)


def diff(
    a: Annotated[str, deposition("A")],
    b: Annotated[str, deposition("B")],
    absolute: Annotated[
        float, typer.Option("--abs", metavar="X", help="Numbers a, b are the same where |a - b| <= X + R |b|.")
    ] = 0.0,
    relative: Annotated[float, typer.Option("--rel", metavar="R", help="See --abs.")] = 0.0,
    full: Annotated[bool, typer.Option("--full", help="Compare provenance and annotations too.")] = False,
    state: State = None,
    at: At = None,
    allow_code: AllowCode = False,
    as_json: Json = False,
) -> None:
    """Say what differs in two depositions, from the outside in.

    Groups, documents, arrays and tables (the largest difference and its place), states that exist in one only, then
    mean coordinates (Å) and U (Å², the largest element) by descriptor and residue, of atoms with the same chain,
    residue and name. Means and U are those of the most populated state and the first step of each axis, if --state and
    --at name no other.

    Exit status: 0 the same, 1 different, 2 could not be compared, in part or at all.

    Example: polystate diff 6vxx-echt.zarr.zip again.zarr --abs 1e-9"""
    import polystate

    request: dict[str, Any] = {"state": states(state), "at": steps(at), "allow_code": allow_code}
    found = polystate.open(a).differences(polystate.open(b), absolute, relative, full, **request)
    if as_json:
        echo_json(found.to_json())
    else:
        for line in found.lines():
            typer.echo(line)
        if found.same and not found.not_compared:
            typer.echo("the same")
    raise typer.Exit(1 if not found.same else 2 if found.not_compared else 0)
