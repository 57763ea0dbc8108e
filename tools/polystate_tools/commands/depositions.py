"""build, convert, validate, describe, explain, states, digest: what a deposition is and says."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from polystate_tools.commands.options import (
    AllowCode,
    At,
    Component,
    Dep,
    DrawAt,
    Json,
    Overwrite,
    State,
    components,
    draw,
    echo_json,
    echo_table,
    states,
    steps,
)

SHOWN_STATES, SHOWN_ATOMS = 6, 20


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    for function in (build, convert, validate, describe, explain, list_states, digest):
        app.command(name="states" if function is list_states else function.__name__)(function)


def build(
    deposition: Annotated[Path, typer.Argument(metavar="TEXT", help="A deposition as text (YAML).")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Directory or .zip to write.")],
    invalid: Annotated[
        bool, typer.Option("--invalid", help="Write it though it is not valid, to try how a reader refuses it.")
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Build a text-form deposition into a store; what is not valid is not written.

    Example: polystate build tiny.yaml tiny.zarr"""
    from polystate.deposition import Deposition
    from polystate.store.writing import write
    from polystate_tools.commands.outputs import apart, store

    store(out)
    apart(deposition, out)
    tree = _built(deposition)
    report = Deposition(tree, folder=out.absolute().parent).validate()
    for error in report.errors:
        typer.echo(f"error: {error}", err=True)
    if not report.valid and not invalid:
        typer.echo(f"polystate: {deposition}: not valid: {_counted(report.errors)}; nothing is written", err=True)
        raise typer.Exit(2)
    write(tree, out, overwrite=overwrite)
    typer.echo(out)


def _built(path: Path) -> Any:
    """The tree of a text form; what is no text form is refused in one line."""
    from polystate.editing.text_form import build as build_text
    from polystate.errors import PolystateError, SchemaError
    from polystate_schemas.yaml12 import Yaml12Error, load
    from polystate_tools.commands.outputs import STRUCTURES

    form = "the text form of a deposition, YAML 1.2" + (
        f"; polystate import reads {path.suffix}" if path.suffix.lower() in STRUCTURES else ""
    )
    try:
        document = load(path)
    except Yaml12Error as error:
        raise SchemaError(f"{path}:{error.line}:{error.column}", error.problem, form) from error
    if not isinstance(document, dict):
        raise SchemaError(str(path), "nothing" if document is None else "no object but " + repr(document)[:40], form)
    try:
        return build_text(document)
    except PolystateError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # a list where an object is due, and the like
        raise SchemaError(str(path), f"{type(error).__name__} {error}", form) from error


def _counted(errors: list[Any]) -> str:
    return f"{len(errors)} error{'s' if len(errors) != 1 else ''}"


def convert(
    dep: Dep,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Directory or .zip to write.")],
    mode: Annotated[str | None, typer.Option(metavar="A|B", help="Store discrete descriptors in this mode.")] = None,
    pack: Annotated[bool, typer.Option("--zip", help="Write a zip whatever OUT is called.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Copy a deposition into another container or mode; what it says stays the same.

    Files beside it that it refers to, such as trajectories, are copied into the folder of OUT.

    Example: polystate convert 6vxx.zarr 6vxx.zarr.zip"""
    from polystate.store.reading import read
    from polystate.store.writing import write
    from polystate_tools.commands import artifacts
    from polystate_tools.commands.outputs import apart, store

    store(out)
    out = out.with_name(out.name + ".zip") if pack and out.suffix != ".zip" else out
    apart(dep, out, in_place=True)  # all of it is read before the old store is replaced
    stored = read(dep)
    moves, warnings = artifacts.needed(stored, out)
    tree: Any = stored
    if mode is not None:
        from polystate.editing.modes import convert as convert_mode

        tree = convert_mode(tree, mode)
    write(tree, out, overwrite=overwrite)
    artifacts.copy(moves)
    for source, target in moves:
        typer.echo(f"copied {source} to {target}, which the deposition refers to", err=True)
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(out)


def validate(
    dep: Dep,
    regenerate: Annotated[bool, typer.Option("--regenerate", help="Recompute derived values and compare.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what is stale.")] = False,
    artifacts: Annotated[bool, typer.Option("--artifacts", help="Verify external files, too.")] = False,
    as_json: Json = False,
) -> None:
    """Say all that is wrong with a deposition; exit status 1 where anything is.

    Example: polystate validate 6vxx.zarr --json"""
    import polystate
    from polystate.errors import PolystateError
    from polystate.rules.validate import Report

    try:
        report = polystate.open(dep).validate(strict, regenerate, artifacts)
    except PolystateError as refusal:
        report = Report([refusal])
    if as_json:
        echo_json(report.to_json())
    else:
        for error in report.errors:
            typer.echo(f"error: {error}")
        for found in report.warnings:
            typer.echo(f"warning: {found['where']}: {found['message']} [{found['stage']}/{found['code']}]")
        typer.echo("valid" if report.valid else f"not valid: {_counted(report.errors)}")
    raise typer.Exit(0 if report.valid else 1)


def describe(dep: Dep, as_json: Json = False) -> None:
    """Say what a deposition holds.

    Example: polystate describe 6vxx.zarr"""
    import polystate

    found = polystate.open(dep).describe()
    if as_json:
        echo_json(found)
        return
    typer.echo(f"{found['title'] or dep}  (format {found['format_version']})")
    typer.echo(f"{found['atoms']} atoms, {found['residues']} residues, {found['chains']} chains")
    for axis in found["axes"]:
        typer.echo(f"axis {axis['name']}: {axis['length']} steps")
    columns = ["id", "regime", "mode", "scope", "labels", "signal_type", "algebra", "operator", "sample_axis"]
    echo_table(found["descriptors"], columns)
    if found["levels"]:
        typer.echo("levels, largest first: " + ", ".join(found["levels"]))


def explain(
    dep: Dep,
    state: State = None,
    at: At = None,
    draw_at: DrawAt = None,
    component: Component = None,
    atom: Annotated[
        str | None,
        typer.Option(
            metavar="A/128/CA|A/128|ID",
            help="Author chain/number/name, an atom_id, or a residue: all its atoms. Several are named, and B is "
            "the mean over those that the state has.",
        ),
    ] = None,
    allow_code: AllowCode = False,
    as_json: Json = False,
) -> None:
    """Say which descriptor contributes what, from where, by which operator.

    Example: polystate explain 6vxx.zarr --atom A/128/CA"""
    import polystate

    opened = polystate.open(dep)
    request = {"state": states(state), "at": steps(at), "draw": draw(draw_at), "allow_code": allow_code}
    rows = opened.explain(atom, components=components(component), **request)
    if atom is not None:
        for line in _matched(opened, atom, request):
            typer.echo(line, err=as_json)
    if as_json:
        echo_json(rows)
        return
    shown = []
    for row in rows:
        numbers = {k: row[k] for k in ("xyz", "displacement", "u", "b", "mean_b", "rms_displacement") if k in row}
        amount = "  ".join(f"{k}={_short(v)}" for k, v in numbers.items())
        joint = [f"{k.partition('/')[2] or k}={v}" for k, v in row.get("states", {}).items()]
        chosen = _some(joint, SHOWN_STATES)
        active = "yes" if row["active"] else "no"
        shown.append({**row, "active": active, "amount": amount, "states": chosen, "from": ", ".join(row["from"])})
    echo_table(shown, ["descriptor", "acts_as", "operator", "active", "states", "amount", "from"])


def _matched(dep: Any, address: str, request: dict[str, Any]) -> list[str]:
    """The atoms at an address where there are several, or one that the state does not have."""
    from polystate.evaluation import evaluate

    h, rows = dep.hierarchy, dep.hierarchy.find(address)
    there = evaluate.present(dep.request(atoms=h.atom_id[rows].tolist(), **request))
    if len(rows) == 1 and there[0]:
        return []
    comp = h.text("residues", "comp")[h.column("atoms", "residue")[rows]]
    named = [
        f"{h.node_label('atom', int(row))} of {name} (atom_id {h.atom_id[row]}{'' if here else ', absent'})"
        for row, name, here in zip(rows, comp, there, strict=True)
    ]
    return [f"{len(rows)} atoms: {_some(named, SHOWN_ATOMS)}" if len(rows) > 1 else named[0]]


def _some(words: list[str], most: int) -> str:
    """The first few of many words, and how many more there are."""
    more = f", and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def _short(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return "(" + ", ".join(f"{v:.4g}" for v in value) + ")"
    return f"{value:.4g}"


def list_states(
    dep: Dep,
    count: Annotated[bool, typer.Option("--count", help="Only count; nothing is listed.")] = False,
    listed: Annotated[
        int, typer.Option("--list", min=0, metavar="N", help="List the first N legal joint states.")
    ] = 10,
    as_json: Json = False,
) -> None:
    """Count the legal joint states exactly, and list the first of them.

    Example: polystate states nested.zarr --list 3"""
    import polystate

    found = polystate.open(dep).states
    total = found.count()
    first = [] if count else list(islice(found.legal(), listed))
    if as_json:
        echo_json({"count": total, "states": first})
        return
    typer.echo(f"{total} legal joint states")
    for number, joint in enumerate(first):
        typer.echo(f"{number}: " + (", ".join(f"{k}={v}" for k, v in joint.items()) or "(nothing varies)"))


def digest(
    dep: Dep,
    full: Annotated[bool, typer.Option("--full", help="Include provenance and annotations.")] = False,
) -> None:
    """Print the content digest: the same for any container, chunks and codecs.

    Example: polystate digest 6vxx.zarr.zip"""
    import polystate

    typer.echo(polystate.open(dep).digest(full))
