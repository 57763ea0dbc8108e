"""`polystate registry`: list and show operators, hash an entry, hold any implementation against the test vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from polystate_conformance.scoring.vectors import NoImplementation, adapter, judge, reference
from polystate_schemas import registry
from polystate_schemas.registry import Entry, entries

app = typer.Typer(help="The operators of the format: formulas, hashes, test vectors.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _stop(message: str) -> NoReturn:
    typer.echo(f"polystate: {message}", err=True)
    raise typer.Exit(2)


def _entry(name: str) -> Entry:
    found = entries().get(name)
    if found is None:
        _stop(f"found operator {name}, expected one of {', '.join(entries())}")
    return found


@app.command("list", epilog="Example: polystate registry list --json")
def list_(as_json: AsJson = False) -> None:
    """List all operators with algebra, status and content hash."""
    rows = [
        {
            "id": entry.id, "algebra": entry.document["algebra"], "status": entry.document["status"],
            "since": entry.document["since"], "hash": entry.hash, "vectors": len(entry.vectors),
        }
        for entry in entries().values()
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    width = max(len(row["id"]) for row in rows)
    for row in rows:
        typer.echo(f"{row['id']:{width}}  {row['algebra']:21}  {row['status']:9}  {row['hash']}")


@app.command(epilog="Example: polystate registry show parametric_gaussian/tls_v1")
def show(name: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    """Show one operator: signature, formula, defaults, hashes."""
    entry = _entry(name)
    if as_json:
        extra = {"hash": entry.hash, "vectors": entry.vectors, "vectors_hash": entry.vectors_hash}
        typer.echo(json.dumps(entry.document | extra, indent=1, ensure_ascii=False))
        return
    document, signature = entry.document, entry.document["signature"]
    typer.echo(f"{entry.id}   {document['algebra']}, {document['status']}, since {document['since']}\n{entry.hash}")
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
    typer.echo("\nformula\n" + "\n".join(f"  {line}".rstrip() for line in document["formula"]["text"].splitlines()))
    typer.echo(f"\n{len(entry.vectors)} test vectors {entry.vectors_hash}")


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


@app.command(epilog='Example: polystate registry verify --implementation "node adapter.mjs"')
def verify(
    names: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Only these operators.")] = None,
    implementation: Annotated[
        str | None, typer.Option(help="Command of an adapter; the reference evaluator if none.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the registry against its lock, and run every test vector on an implementation."""
    wanted = [_entry(name) for name in names] if names else list(entries().values())
    problems = registry.check()
    if implementation is not None and not implementation.strip():
        _stop("--implementation: found nothing, expected the command of an adapter")
    try:
        with adapter(implementation) if implementation else reference() as (title, evaluate):
            results = {entry.id: judge(entry, evaluate) for entry in wanted}
    except NoImplementation as error:
        _stop(str(error))
    tested = any(result["passed"] for result in results.values())  # nothing tested is nothing verified
    good = tested and not problems and all(not result["failures"] for result in results.values())
    if as_json:
        report = {"implementation": title, "good": good, "problems": problems, "operators": results}
        typer.echo(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        _print(title, problems, results)
    raise typer.Exit(0 if good else 1)


def _print(title: str, problems: list[str], results: dict[str, dict[str, Any]]) -> None:
    for problem in problems:
        typer.echo(f"registry: {problem}")
    width = max(map(len, results))
    for name, result in results.items():
        said = "unsupported" if result["unsupported"] else f"{result['passed']} of {result['vectors']} vectors"
        typer.echo(f"{name:{width}}  {said if result['vectors'] else 'no vectors: ' + result['reason']}")
        for failure in result["failures"]:
            typer.echo(f"  {failure['vector']}: {failure['why']}")
    passed, total = (sum(result[key] for result in results.values()) for key in ("passed", "vectors"))
    typer.echo(f"{title}: {passed} of {total} vectors passed")
