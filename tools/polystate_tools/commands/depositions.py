"""build, convert, validate, describe, explain, states, digest: what a deposition is and says."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from polystate.errors import BadRequest
from polystate_tools.commands import many as each_of
from polystate_tools.commands.options import (
    AllowCode,
    At,
    Component,
    Dep,
    Deps,
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
from polystate_tools.commands.several import each

SHOWN_STATES, SHOWN_ATOMS, SHOWN_SITES = 6, 20, 20
AMOUNTS = {  # of a row of explain -> what it is called, and its unit
    "xyz": ("xyz", "Å"), "displacement": ("displacement", "Å"), "u": ("U", "Å²"), "b": ("B", "Å²"),
    "mean_b": ("mean B", "Å²"), "rms_displacement": ("rms displacement", "Å"),
}  # fmt: skip
SITE_COLUMNS = ["site", "state", "what is there", "atoms", "population", "only with"]


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    for function in (build, convert, validate, describe, explain, list_states, digest):
        app.command(name="states" if function is list_states else function.__name__)(function)


def build(
    deposition: Annotated[
        Path, typer.Argument(metavar="TEXT", help="A deposition as text (YAML); - for standard input.")
    ],
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
    from polystate_tools.commands.outputs import EXPORTED

    form = "the text form of a deposition, YAML 1.2" + (
        f"; polystate import reads {path.suffix}" if path.suffix.lower() in EXPORTED else ""
    )
    try:
        document = load(sys.stdin.buffer.read(), "standard input") if str(path) == "-" else load(path)
    except Yaml12Error as error:
        where = "standard input" if str(path) == "-" else path
        raise SchemaError(f"{where}:{error.line}:{error.column}", error.problem, form) from error
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
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="Directory or .zip to write.")] = None,
    mode: Annotated[str | None, typer.Option(metavar="A|B", help="Store discrete descriptors in this mode.")] = None,
    pack: Annotated[bool, typer.Option("--zip", help="Write a zip whatever OUT is called.")] = False,
    overwrite: Overwrite = False,
    many: each_of.Source = None,
    jobs: each_of.Jobs = 0,
    scheduler: each_of.Scheduler = None,
    failures: each_of.Failures = None,
) -> None:
    """Copy a deposition into another container or mode; what it says stays the same.

    Files beside it that it refers to, such as trajectories, are copied into the folder of OUT.

    Examples:
      polystate convert 6vxx.zarr 6vxx.zarr.zip
      polystate convert --many old/ new/"""
    from polystate_tools.commands.outputs import apart, store
    from polystate_tools.commands.works import convert_one, converted

    if many is not None:
        asked = each_of.Many(many, jobs, scheduler, failures, overwrite)
        each_of.run("convert", convert_one, ".zarr.zip", {"mode": mode}, asked, [dep, out])
    if out is None:
        raise BadRequest("convert", f"no output for {dep}", "polystate convert DEP OUT")
    store(out)
    out = out.with_name(out.name + ".zip") if pack and out.suffix != ".zip" else out
    apart(dep, out, in_place=True)  # all of it is read before the old store is replaced
    moves, warnings = converted(dep, out, mode, overwrite)
    for source, target in moves:
        typer.echo(f"copied {source} to {target}, which the deposition refers to", err=True)
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(out)


def validate(
    deps: Deps,
    regenerate: Annotated[bool, typer.Option("--regenerate", help="Recompute derived values and compare.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what is stale.")] = False,
    artifacts: Annotated[bool, typer.Option("--artifacts", help="Verify external files, too.")] = False,
    as_json: Json = False,
    many: each_of.Source = None,
    jobs: each_of.Jobs = 0,
    scheduler: each_of.Scheduler = None,
    failures: each_of.Failures = None,
) -> None:
    """Say all that is wrong with depositions; exit status 1 where anything is.

    Examples:
      polystate validate 6vxx.zarr --json
      polystate validate --many depositions/ results/"""
    if many is not None:
        from polystate_tools.commands.works import validate_one

        options = {"strict": strict, "regenerate": regenerate, "artifacts": artifacts}
        asked = each_of.Many(many, jobs, scheduler, failures, as_json=as_json)
        each_of.run("validate", validate_one, "", options, asked, [*deps])
    each(deps, lambda dep: _validated(dep, strict, regenerate, artifacts, as_json, len(deps) > 1))


def _validated(dep: str, strict: bool, regenerate: bool, artifacts: bool, as_json: bool, named: bool) -> bool:
    """Whether one deposition is valid, and what is wrong with it on the screen."""
    import polystate
    from polystate.errors import PolystateError
    from polystate.rules.validate import Report

    try:
        report = polystate.open(dep).validate(strict, regenerate, artifacts)
    except PolystateError as refusal:
        report = Report([refusal])
    if as_json:
        echo_json({"deposition": dep, **report.to_json()} if named else report.to_json())
    else:
        for error in report.errors:
            typer.echo(f"error: {error}")
        for found in report.warnings:
            typer.echo(f"warning: {found['where']}: {found['message']} [{found['stage']}/{found['code']}]")
        said = "valid" if report.valid else f"not valid: {_counted(report.errors)}"
        typer.echo(f"{dep}: {said}" if named else said)
    return report.valid


def describe(deps: Deps, as_json: Json = False) -> None:
    """Say what depositions hold.

    Example: polystate describe 6vxx.zarr"""
    each(deps, lambda dep: _described(dep, as_json, len(deps) > 1))


def _described(dep: str, as_json: bool, named: bool) -> None:
    """What one deposition holds, in one screen."""
    import numpy as np

    import polystate
    from polystate.numbers.tensors import EIGHT_PI_SQUARED
    from polystate.questions.glance import first_steps
    from polystate_tools.commands.outputs import tell_stale, tell_unknown

    opened = polystate.open(dep)
    found = opened.describe()
    if as_json:
        echo_json({"deposition": dep, **found} if named else found)
        return
    if named:
        typer.echo(f"{dep}:")
    typer.echo(f"{found['title'] or dep}  (format {found['format_version']})")
    typer.echo(f"{found['atoms']} atoms, {found['residues']} residues, {found['chains']} chains")
    if sites := len(opened.states.dag):
        typer.echo(
            f"{sites} site{'s' if sites > 1 else ''}, {opened.states.count()} legal joint states (polystate states)"
        )
    known = tell_unknown(opened)
    if known.levels():
        snap = known.render(at=first_steps(known))
        b = EIGHT_PI_SQUARED * np.trace(snap.covariance, axis1=1, axis2=2)[snap.present] / 3
        typer.echo(f"B from {b.min():.2f} to {b.max():.2f}, mean {b.mean():.2f} Å² (most populated joint state)")
    for axis in found["axes"]:
        typer.echo(f"axis {axis['name']}: {axis['length']} steps")
    echo_table(*_descriptors(found["descriptors"]))
    for body in found["operators"]:
        entry = (
            f", {body['entry']} with {body['vectors']} vectors (polystate registry verify)" if "entry" in body else ""
        )
        typer.echo(f"{body['path']}: {body['media_type']}{entry}")
    if found["levels"]:
        typer.echo("levels, largest first: " + ", ".join(found["levels"]))
    tell_stale(opened)
    if named:
        typer.echo()


def _descriptors(found: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """A row each, as narrow as it can be said, and the columns that say something; --json has everything."""
    rows = [
        {
            "id": d["id"],
            "kind": f"{d['regime']} {d['mode']}",
            "scope": d["scope"],
            "labels": d["labels"],
            "acts by": str(d["operator"] or d["signal_type"]).rpartition("/")[2],
            "axis": d["sample_axis"],
        }
        for d in found
    ]
    return rows, ["id", "kind", "scope", "labels", "acts by", *(["axis"] if any(r["axis"] for r in rows) else [])]


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
        amount = "unknown operator" if "unknown_operator" in row else ""
        amount += "  ".join(f"{name}={_short(row[k])} {unit}" for k, (name, unit) in AMOUNTS.items() if k in row)
        joint = [f"{k.partition('/')[2] or k}={v}" for k, v in row.get("states", {}).items()]
        chosen = _some(joint, SHOWN_STATES)
        active = "yes" if row["active"] else "no"
        shown.append({**row, "active": active, "amount": amount, "states": chosen, "from": _places(row)})
    echo_table(shown, ["descriptor", "acts_as", "operator", "active", "states", "amount", "from"])
    if total := _total(rows):
        typer.echo(total)


def _places(row: dict[str, Any]) -> str:
    """Where the numbers stand: the folder of the descriptor once, then the names in it."""
    folder = f"descriptors/{row['descriptor']}/"
    return ", ".join([folder, *(place.removeprefix(folder) for place in row["from"])]).replace("/, ", "/ ", 1)


def _total(rows: list[dict[str, Any]]) -> str:
    """The sum over the covariances that are active, with its order and units; empty where none is."""
    levels = [row for row in rows if row["active"] and row["acts_as"] == "covariance"]
    said = []
    for key, (name, unit) in AMOUNTS.items():
        values = [row[key] for row in levels if row.get(key) is not None]
        if values and len(values) == len(levels) and key in ("u", "b", "mean_b"):
            summed = [sum(parts) for parts in zip(*values, strict=True)] if key == "u" else sum(values)
            said.append(f"{name}={_short(summed)} {unit}")
    if not said:
        return ""
    order = ", U in the order 11, 22, 33, 12, 13, 23" if any(text.startswith("U=") for text in said) else ""
    return f"sum of {' + '.join(row['descriptor'] for row in levels)}: {'  '.join(said)}{order}"


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
    listed: Annotated[int, typer.Option("--list", min=0, metavar="N", help="List the first N legal joint states.")] = 3,
    all_sites: Annotated[bool, typer.Option("--all", help="List every site, however many there are.")] = False,
    as_json: Json = False,
) -> None:
    """Say what varies: the states of each site, how many legal joint states they make, and the first of these.

    Example: polystate states nested.zarr --list 3"""
    import polystate
    from polystate.questions.sites import sites

    opened = polystate.open(dep)
    total = opened.states.count()
    joints = islice(opened.states.joints(), 0 if count else listed)
    first = ((opened.states.labels(joint), opened.states.probability(joint)) for joint in joints)  # as many as are read
    found = [] if count else list(sites(opened))
    if as_json:
        rows = [
            {"site": s.name, "depth": s.depth, "atoms": len(s.rows), "states": [vars(x) for x in s.states]}
            for s in found
        ]
        whole = list(first)
        listed_states = {"states": [state for state, _ in whole], "probabilities": [p for _, p in whole]}
        echo_json({"count": total, "sites": rows, **listed_states})
        return
    shown = found if all_sites else found[:SHOWN_SITES]
    if shown:
        echo_table([row for site in shown for row in _site_rows(site)], SITE_COLUMNS)
        if len(found) > len(shown):
            typer.echo(f"and {len(found) - len(shown)} more sites (--all)")
    typer.echo(f"{total} legal joint states")
    for number, (joint, probability) in enumerate(first):
        named = ", ".join(f"{k}={v}" for k, v in joint.items()) or "(nothing varies)"
        drawn = "not drawn: populations that are all 0" if probability is None else f"probability {probability:.3g}"
        typer.echo(f"{number}: {named}" + (f"   {drawn}" if joint else ""))


def _site_rows(site: Any) -> list[dict[str, str]]:
    """A site as lines of a table; its name stands once."""
    few = site.states[:SHOWN_STATES]
    rows = [
        {
            "site": "  " * site.depth + site.name if k == 0 else "",
            "state": state.label,
            "what is there": state.residues or "nothing",
            "atoms": str(state.atoms),
            "population": f"{state.population:.4g}",
            "only with": ", ".join(f"{parent}={'|'.join(labels)}" for parent, labels in state.when.items()),
        }
        for k, state in enumerate(few)
    ]
    if len(site.states) > len(few):
        rows.append({"site": "", "state": f"and {len(site.states) - len(few)} more"})
    return rows


def digest(
    deps: Deps,
    full: Annotated[bool, typer.Option("--full", help="Include provenance and annotations.")] = False,
    as_json: Json = False,
) -> None:
    """Print the content digest: the same for any container, chunks and codecs.

    Example: polystate digest 6vxx.zarr.zip"""
    import polystate

    def one(dep: str) -> None:
        found = polystate.open(dep).digest(full)
        if as_json:
            echo_json({"deposition": dep, "digest": found})
        else:
            typer.echo(f"{found}  {dep}" if len(deps) > 1 else found)

    each(deps, one)
