"""`polystate registry`: list and show operators, hash an entry, hold any implementation against the test vectors."""

from __future__ import annotations

import json
import shlex
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import numpy as np
import typer

from polystate_schemas import registry
from polystate_schemas.registry import Entry, entries

app = typer.Typer(help="The operators of the format: formulas, hashes, test vectors.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
VECTOR_LIMIT_S = 60.0

Answer = dict[str, np.ndarray]
"""Output name to array."""


class Unsupported(Exception):
    """The implementation does not compute this operator."""


class Refused(Exception):
    """The implementation computes this operator, but not this vector."""


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
    with _adapter(implementation) if implementation else _reference() as (title, evaluate):
        results = {entry.id: _judge(entry, evaluate) for entry in wanted}
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


def _judge(entry: Entry, evaluate: Callable[[Entry, dict[str, Any]], Answer]) -> dict[str, Any]:
    """Every vector of one operator: how many pass, and what is wrong with the others."""
    result: dict[str, Any] = {
        "hash": entry.hash, "vectors": len(entry.vectors), "passed": 0, "unsupported": False, "failures": [],
    }  # fmt: skip
    if not entry.vectors:
        result["reason"] = entry.vectors_document.get("reason", "")
    for vector in entry.vectors:
        try:
            why = _difference(entry, vector, evaluate(entry, vector))
        except Unsupported:
            return result | {"unsupported": True}
        except Refused as error:
            why = str(error)
        if why is None:
            result["passed"] += 1
        else:
            result["failures"].append({"vector": vector["name"], "why": why})
    return result


def _difference(entry: Entry, vector: dict[str, Any], found: Answer) -> str | None:
    """What is wrong with the outputs of one vector, by the comparator of the conformance suite."""
    from polystate_conformance.compare import array_difference

    dtypes = {item["name"]: item["dtype"] for item in entry.document["signature"]["outputs"]}
    for name, value in vector["expected"].items():
        if name not in found:
            return f"{name}: missing from the answer"
        expected = np.array(value, dtypes[name])
        difference = array_difference(expected, found[name], dtypes[name], vector["abs"], vector["rel"])
        if difference is not None:
            return f"{name}: {difference['why']}"
    return None


@contextmanager
def _reference() -> Iterator[tuple[str, Callable[[Entry, dict[str, Any]], Answer]]]:
    """The reference evaluator in this process."""
    from polystate.errors import PolystateError, UnknownOperator
    from polystate.operators import call

    def evaluate(entry: Entry, vector: dict[str, Any]) -> Answer:
        dtypes = {item["name"]: item["dtype"] for item in entry.document["signature"]["inputs"]}
        inputs = {name: np.array(value, dtypes.get(name, "float64")) for name, value in vector["inputs"].items()}
        try:
            with np.errstate(over="ignore"):
                return call(entry.id, inputs, vector["parameters"])
        except UnknownOperator:
            raise Unsupported from None
        except PolystateError as error:
            raise Refused(f"refused: {error}") from error

    yield "polystate", evaluate


@contextmanager
def _adapter(command: str) -> Iterator[tuple[str, Callable[[Entry, dict[str, Any]], Answer]]]:
    """Any program, through the adapter protocol."""
    from polystate_conformance import protocol
    from polystate_conformance.session import AdapterFailure, Session

    try:
        words = shlex.split(command)
    except ValueError as error:
        _stop(f"--implementation: found {command}, expected a command as a shell reads it: {error}")
    session = Session(words)
    try:
        hello = session.start()
    except AdapterFailure as failure:
        _stop(f"{command}: {failure}")
    asked = 0
    with tempfile.TemporaryDirectory(prefix="polystate-verify-") as folder:

        def evaluate(entry: Entry, vector: dict[str, Any]) -> Answer:
            nonlocal asked
            pinned = hello["operators"].get(entry.id)
            if pinned is None or "registry" not in hello["profiles"]:
                raise Unsupported
            if pinned != entry.hash:
                raise Refused(f"the implementation has {pinned}, the registry {entry.hash}")
            asked += 1
            out_dir = Path(folder) / str(asked)
            out_dir.mkdir()
            request = {"outputs": list(vector["expected"]), "operator": entry.id, "hash": entry.hash,
                       "inputs": vector["inputs"], "parameters": vector["parameters"]}  # fmt: skip
            message = protocol.run(asked, "operator", "registry", None, request, None, str(out_dir))
            try:
                answer = session.ask(message, VECTOR_LIMIT_S)
            except AdapterFailure as failure:
                raise Refused(f"{failure.how}: {failure}") from failure
            return _arrays(answer, out_dir)

        try:
            yield f"{hello['name']} {hello['version']}", evaluate
        finally:
            session.stop()


def _arrays(answer: dict[str, Any], out_dir: Path) -> Answer:
    """The arrays of an answer of the protocol."""
    if "unsupported" in answer:
        raise Unsupported
    if "ok" not in answer:
        said = answer.get("rejected") or answer.get("error")
        raise Refused(f"no result: {json.dumps(said)[:300]}")
    found = {}
    for name, value in answer["ok"].items():
        path = (out_dir / value["file"]).resolve() if isinstance(value, dict) and "file" in value else None
        if path is not None and path.is_relative_to(out_dir.resolve()) and path.is_file():
            try:
                found[name] = np.load(path, allow_pickle=False)
            except ValueError as error:
                raise Refused(f"{name}: not a NumPy array file: {error}") from error
    return found
