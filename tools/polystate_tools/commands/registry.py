"""`polystate registry`: list, show and verify operators; what a maintainer does: add, publish, deprecate, export."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from polystate_conformance.reports.recorded import recorded
from polystate_conformance.scoring.vectors import NoImplementation, adapter, judge, reference
from polystate_schemas import lock, registry
from polystate_schemas.registry import REGISTRY, Entry, RegistryError, entries

app = typer.Typer(help="The operators of the format: formulas, hashes, test vectors.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="An operator, such as parametric_gaussian/tls_v1.")]
Folder = Annotated[
    Path, typer.Option("--registry", metavar="DIR", help="The registry to change; that of this installation if none.")
]
Day = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The date to be written; today if none.")]


def _stop(message: object) -> NoReturn:
    typer.echo(f"polystate: {message}", err=True)
    raise typer.Exit(2)


def _entry(name: str) -> Entry:
    found = entries().get(name)
    if found is None:
        _stop(f"found operator {name}, expected one of {', '.join(entries())}")
    return found


def _day(text: str | None) -> date:
    try:
        return date.today() if text is None else date.fromisoformat(text)
    except ValueError:
        _stop(f"--day: found {text}, expected a date such as 2026-11-29")


@app.command("list", epilog="Example: polystate registry list --json")
def list_(as_json: AsJson = False) -> None:
    """List all operators with algebra, status and content hash."""
    frozen = lock.lock()
    rows = [
        {
            "id": entry.id, "algebra": entry.document["algebra"], "status": frozen.row(entry.id).status,
            "since": frozen.row(entry.id).since, "hash": entry.hash, "vectors": len(entry.vectors),
        }
        for entry in entries().values()
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    width = max(len(row["id"]) for row in rows)
    for row in rows:
        typer.echo(f"{row['id']:{width}}  {row['algebra']:21}  {row['status']:10}  {row['hash']}")


@app.command(epilog="Example: polystate registry show parametric_gaussian/tls_v1")
def show(name: Id, as_json: AsJson = False) -> None:
    """Show one operator: status, signature, formula, defaults, vectors, and which implementations pass."""
    entry, row = _entry(name), lock.lock().row(name)
    with reference() as (title, evaluate):
        result = judge(entry, evaluate)
    passes = [{"implementation": title, "passed": result["passed"], "unsupported": result["unsupported"]}]
    others = recorded(name)
    passes += [{key: other[key] for key in ("implementation", "language")} for other in others]
    if as_json:
        extra = {"hash": entry.hash, "vectors": entry.vectors, "vectors_hash": entry.vectors_hash, "passes": passes}
        typer.echo(json.dumps(entry.document | {"lock": row.to_json()} | extra, indent=1, ensure_ascii=False))
        return
    dates = [row.status, f"since {row.since}"]
    dates += [f"{word} {day}" for word, day in (("frozen", row.published), ("deprecated", row.deprecated)) if day]
    dates += [f"superseded by {row.superseded_by}"] if row.superseded_by else []
    typer.echo(f"{entry.id}   {entry.document['algebra']}, {', '.join(dates)}\n{entry.hash}")
    _print_signature(entry.document)
    text = entry.document["formula"]["text"].splitlines()
    typer.echo("\nformula\n" + "\n".join(f"  {line}".rstrip() for line in text))
    typer.echo(f"\n{len(entry.vectors)} test vectors {entry.vectors_hash}")
    for vector in entry.vectors:
        typer.echo(f"  {vector['name']}: {vector['title']}")
    said = "does not compute it" if result["unsupported"] else f"passes {result['passed']} of {result['vectors']}"
    typer.echo(f"{title} {said}; a program of yours: polystate registry verify {name} --implementation COMMAND")
    for other in others:
        typer.echo(f"{other['implementation']} ({other['language']}) passes all cases of it that it claims")


def _print_signature(document: dict[str, Any]) -> None:
    signature = document["signature"]
    for role in ("inputs", "outputs"):
        typer.echo(f"\n{role}")
        for item in signature[role]:
            shape = ", ".join(map(str, item["shape"]))
            optional = ", may be left out" if item.get("optional") else ""
            typer.echo(
                f"  {item['name']}  {item['dtype']} ({shape})  [{item['unit']}]{optional}\n      {item['description']}"
            )
    if signature["parameters"]:
        typer.echo("\nparameters")
    for item in signature["parameters"]:
        default = document["defaults"]["parameters"].get(item["name"])
        typer.echo(f"  {item['name']}  {item['type']}  [{item['unit']}]" + (f"  default {default}" if default else ""))
        typer.echo(f"      {item['description']}")
        if item.get("allowed"):
            typer.echo(f"      one of {', '.join(map(str, item['allowed']))}")


@app.command("hash", epilog="Example: polystate registry hash my_subcase/my_operator_v1.yaml")
def hash_(file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)]) -> None:
    """Print the content hash of an entry in a YAML file, after its schema has been checked."""
    from polystate_schemas.schema import validate

    try:
        entry = registry.read(file)
    except ValueError as error:
        _stop(f"{file}: {error}" if str(file) not in str(error) else str(error))
    for violation in validate("operator_entry", entry.document):
        _stop(f"{file}#{violation.pointer}: found {violation.message}, expected {violation.expected}")
    typer.echo(entry.hash)


@app.command(epilog="Example: polystate registry add my/op_v1.yaml my/op_v1.vectors.yaml")
def add(
    file: Annotated[Path, typer.Argument(metavar="ENTRY", exists=True, dir_okay=False, help="The entry, YAML.")],
    vectors: Annotated[Path, typer.Argument(metavar="VECTORS", exists=True, dir_okay=False, help="Its test vectors.")],
    folder: Folder = REGISTRY,
) -> None:
    """Take an operator into the registry, as a draft."""
    from polystate.store.tree import FORMAT_VERSION

    try:
        entry = lock.add(file, vectors, FORMAT_VERSION, folder)
    except (RegistryError, ValueError) as error:
        _stop(error)
    typer.echo(f"{entry.id}  draft  {entry.hash}")


@app.command(epilog="Example: polystate registry publish parametric_gaussian/tls_v1")
def publish(name: Id, day: Day = None, folder: Folder = REGISTRY) -> None:
    """Freeze an operator and its vectors. The hash is the one that drafts had: no deposition breaks."""
    try:
        row = lock.publish(name, _day(day), folder)
    except RegistryError as error:
        _stop(error)
    typer.echo(f"{row.id}  published {row.published}  {row.hash}")


@app.command(epilog="Example: polystate registry deprecate my/op_v1 --by my/op_v2")
def deprecate(
    name: Id,
    by: Annotated[str | None, typer.Option(metavar="ID", help="The operator to be used instead.")] = None,
    day: Day = None,
    folder: Folder = REGISTRY,
) -> None:
    """Advise against a published operator. Its hash holds, and depositions that pin it stay valid."""
    try:
        row = lock.deprecate(name, _day(day), by, folder)
    except RegistryError as error:
        _stop(error)
    typer.echo(f"{row.id}  deprecated {row.deprecated}" + (f", use {by}" if by else "") + f"  {row.hash}")


@app.command(epilog="Example: polystate registry export site/registry")
def export(out: Annotated[Path, typer.Argument(metavar="DIR")], folder: Folder = REGISTRY) -> None:
    """Write static files: registry.json, and for each hash the bytes that were hashed and the whole entry."""
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]) and not (out / "registry.json").exists():
        _stop(f"{out}: found something else there, expected an empty folder or an earlier export")
    written = lock.export(out, folder)
    typer.echo(f"{len(written)} files in {out}")


@app.command(epilog='Example: polystate registry verify --implementation "node adapter.mjs"')
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ID|DEP]...", help="Operators, or depositions that use some.")
    ] = None,
    implementation: Annotated[
        str | None, typer.Option(help="Command of an adapter; the reference evaluator if none.")
    ] = None,
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Run the bodies that a deposition carries on their vectors.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the registry against its lock, and run every test vector; of a deposition, check what it pins, and run the
    vectors that it carries beside the bodies of its operators."""
    stores = [name for name in names or [] if name not in entries() and (Path(name).exists() or "://" in name)]
    wanted = [_entry(name) for name in names or entries() if name not in stores]
    problems = lock.check()
    if implementation is not None and not implementation.strip():
        _stop("--implementation: found nothing, expected the command of an adapter")
    try:
        with adapter(implementation) if implementation else reference() as (title, evaluate):
            results = {entry.id: judge(entry, evaluate) for entry in wanted}
            uses = {name: _uses(name) for name in stores}
            bodies = {name: _carried(name, allow_code) for name in stores}
    except NoImplementation as error:
        _stop(error)
    tested = any(result["passed"] for result in results.values()) or bool(uses)  # nothing tested is nothing verified
    good = tested and not problems and all(not result["failures"] for result in results.values())
    good &= all(use["good"] for rows in uses.values() for use in rows)
    good &= not any(body["failures"] for rows in bodies.values() for body in rows)
    if as_json:
        report = {
            "implementation": title,
            "good": good,
            "problems": problems,
            "operators": results,
            "uses": uses,
            "carried": bodies,
        }
        typer.echo(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        _print(title, problems, results, uses, bodies)
    raise typer.Exit(0 if good else 1)


def _uses(name: str) -> list[dict[str, Any]]:
    """The operators that a deposition pins: where, whether the registry has them, and whether they are published."""
    from polystate.model.pins import pins
    from polystate.store.reading import read

    frozen, rows = lock.lock(), []
    tree = read(name)
    for pin in pins(tree):
        entry, row = entries().get(pin.id), frozen.row(pin.id)
        beside = _entry_beside(tree, pin)
        if entry is None and beside is not None:
            said = "by the entry beside its body" if beside == pin.hash else f"the entry beside its body has {beside}"
        elif entry is None:
            said = "unknown to this registry"
        elif entry.hash != pin.hash:
            said = f"pinned as {pin.hash}, the registry has {entry.hash}"
        else:
            said = row.status
        good = pin.hash == (beside if entry is None else entry.hash)
        rows.append({"where": pin.where, "id": pin.id, "hash": pin.hash, "said": said, "good": good})
    return rows


def _entry_beside(tree: Any, pin: Any) -> str | None:
    """The content hash of the entry that the body of an inline operator carries; None where it carries none."""
    uri = pin.document.get("uri")
    document = tree[uri].attributes.get("entry") if pin.document.get("venue") == "inline" and uri in tree else None
    return None if document is None else registry.content_hash(document)


def _carried(name: str, allow_code: bool) -> list[dict[str, Any]]:
    """How the bodies of a deposition do on the vectors beside them."""
    from polystate.store.reading import read
    from polystate_conformance.scoring.carried import carried

    return list(carried(read(name), allow_code))


def _print(
    title: str,
    problems: list[str],
    results: dict[str, dict[str, Any]],
    uses: dict[str, list[dict[str, Any]]],
    bodies: dict[str, list[dict[str, Any]]],
) -> None:
    for problem in problems:
        typer.echo(f"registry: {problem}")
    for name, rows in uses.items():
        typer.echo(f"{name}")
        for row in rows:
            typer.echo(f"  {row['where']}  {row['id']}  {row['said']}")
        for body in bodies[name]:
            said = body.get("not_run") or f"{body['passed']} of {body['vectors']} vectors"
            typer.echo(f"  {body['where']}#/entry  {body['id']}  {said}")
            for failure in body["failures"]:
                typer.echo(f"    {failure['vector']}: {failure['why']}")
    if not results:
        return
    width, frozen = max(map(len, results)), lock.lock()
    for name, result in results.items():
        said = "unsupported" if result["unsupported"] else f"{result['passed']} of {result['vectors']} vectors"
        reason = said if result["vectors"] else "no vectors: " + result["reason"]
        typer.echo(f"{name:{width}}  {frozen.row(name).status:10}  {reason}")
        for failure in result["failures"]:
            typer.echo(f"  {failure['vector']}: {failure['why']}")
    passed, total = (sum(result[key] for result in results.values()) for key in ("passed", "vectors"))
    published = sum(frozen.row(name).is_frozen for name in results)
    typer.echo(f"{title}: {passed} of {total} vectors passed; {published} of {len(results)} operators published")
