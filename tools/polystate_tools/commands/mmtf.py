"""`polystate mmtf decode | encode | info`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from polystate.errors import PolystateError
from polystate.store import given
from polystate.store.outputs import replacing
from polystate_tools.commands.terminal import console
from polystate_tools.formats.mmtf import decoder, encoder, jsonform
from polystate_tools.formats.mmtf.info import describe
from polystate_tools.formats.mmtf.structure import Structure

app = typer.Typer(help="Read, write and inspect MMTF files of both dialects.", no_args_is_help=True)

Input = Annotated[Path, typer.Argument(metavar="IN", help="An .mmtf file, plain or gzipped, or its JSON form.")]
Overwrite = Annotated[bool, typer.Option("-y", help="Overwrite the output.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _fail(error: Exception, as_json: bool = False) -> typer.Exit:
    if isinstance(error, PolystateError):
        if as_json:
            typer.echo(json.dumps({"error": error.to_json()}))
        typer.echo(str(error), err=True)
    else:
        typer.echo(f"{getattr(error, 'filename', None) or 'file'}: {getattr(error, 'strerror', error)}", err=True)
    return typer.Exit(2)


def _write(path: Path, data: bytes, overwrite: bool) -> None:
    """Write by rename, so that a reader sees the old file or the whole new one."""
    with replacing(path, overwrite) as partial:
        partial.write_bytes(data)


def _load(path: Path) -> tuple[Structure, int]:
    """A structure from MMTF or from JSON, told apart by the first byte (a MessagePack map never starts with {)."""
    data = given.content(path)
    is_json = data.lstrip()[:1] == b"{"
    return (jsonform.loads(data) if is_json else decoder.decode(data)), len(data)


@app.command(epilog="Example: polystate mmtf decode 4CK4.mmtf -o 4CK4.json")
def decode(
    source: Input,
    output: Annotated[Path | None, typer.Option("-o", metavar="OUT", help="Write JSON here.")] = None,
    as_json: AsJson = False,
    overwrite: Overwrite = False,
) -> None:
    """Decode every field; JSON with --json or -o, else one line a field."""
    try:
        structure, _ = _load(source)
        if output is not None:
            _write(output, jsonform.dumps(structure).encode(), overwrite)
        elif as_json:
            sys.stdout.write(jsonform.dumps(structure) + "\n")
        else:
            for name, value in structure.fields.items():
                shown = f"{value.dtype} {value.shape}" if hasattr(value, "dtype") else repr(value)
                typer.echo(f"{name:20} {shown[:90]}")
    except (PolystateError, OSError) as error:
        raise _fail(error, as_json) from None


@app.command(epilog="Example: polystate mmtf encode 4CK4.json 4CK4.mmtf --dialect draft")
def encode(
    source: Input,
    output: Annotated[Path, typer.Argument(metavar="OUT", help="The .mmtf file to write.")],
    dialect: Annotated[str, typer.Option(help="1.0 or draft.")] = "1.0",
    as_json: AsJson = False,
    overwrite: Overwrite = False,
) -> None:
    """Encode a JSON form (or re-encode an MMTF file); what the dialect cannot hold is listed as lost."""
    try:
        structure, _ = _load(source)
        data = encoder.encode(structure, dialect)
        _write(output, data, overwrite)
    except (PolystateError, OSError) as error:
        raise _fail(error, as_json) from None
    lost = encoder.losses(structure, dialect)
    if as_json:
        typer.echo(json.dumps({"bytes": len(data), "dialect": dialect, "losses": lost}))
    else:
        for loss in lost:
            typer.echo(f"lost: {loss['field']}: {loss['why']}", err=True)


@app.command(epilog="Example: polystate mmtf info 4V5A.mmtf")
def info(source: Input, as_json: AsJson = False) -> None:
    """Dialect, counts, and the codec and bytes of each field."""
    try:
        structure, size = _load(source)
    except (PolystateError, OSError) as error:
        raise _fail(error, as_json) from None
    found = describe(structure, size)
    if as_json:
        typer.echo(json.dumps(found))
        return
    typer.echo(f"dialect {found['dialect']}, version {found['version']}, {size} bytes, {found['producer']}")
    typer.echo(", ".join(f"{name} {value}" for name, value in found["counts"].items()))
    table = Table("field", "codec", "encoding", "parameter", "values", "bytes")
    for name, row in found["fields"].items():
        table.add_row(name, *(str(row[key]) for key in ("codec", "encoding", "parameter", "values", "bytes")))
    console(sys.stdout, width=None if sys.stdout.isatty() else 120).print(table)
    for warning in found["warnings"]:
        typer.echo(f"warning: {warning}")
