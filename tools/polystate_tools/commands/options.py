"""Options that several verbs share, and how their values are read."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from polystate.errors import BadRequest
from polystate_tools.commands import terminal

WIDE, READABLE = 200, 12  # characters: a line for no terminal; what a column needs, or less where it holds less


def _address(text: str) -> str:
    """The place of a deposition; the empty text is no place, though paths take it for this folder."""
    if not text.strip():
        raise BadRequest("DEP", "an empty name", "a directory, a .zip or a URL")
    return text


def deposition(metavar: str, what: str = "A deposition: directory, .zip or URL.") -> Any:
    """An argument that names a deposition."""
    return typer.Argument(metavar=metavar, help=what, callback=_address)


def _choice(text: str) -> str:
    """What to do with covariances that no motion has."""
    if text not in ("refuse", "clip"):
        raise BadRequest("--psd", text, "refuse or clip")
    return text


Dep = Annotated[str, deposition("DEP")]
Deps = Annotated[
    list[str],
    typer.Argument(
        metavar="DEP...", help="Depositions: directories, .zip or URLs.", callback=lambda t: list(map(_address, t))
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Overwrite = Annotated[bool, typer.Option("-y", "--overwrite", help="Overwrite what is there.")]
State = Annotated[str | None, typer.Option(metavar="K=V,...", help="States, such as altloc/A.128=B,ligand=bound.")]
At = Annotated[str | None, typer.Option(metavar="AXIS=N,...", help="Steps on sample axes, such as frame=47.")]
Selection = Annotated[
    str | None,
    typer.Option(
        "--atoms", metavar="SELECTION", help="Only these atoms, such as A/1-20 or */*/CA; rows keep their order."
    ),
]
DrawAt = Annotated[str | None, typer.Option("--draw", metavar="SEED:INDEX", help="Draw what is not given.")]
Component = Annotated[
    list[str] | None,
    typer.Option("--component", metavar="ID=X:Y|NAME", help="Amplitudes or latents of a descriptor, or a landmark."),
]
AllowCode = Annotated[bool, typer.Option("--allow-code", help="Let bodies run that can run code.")]
Backend = Annotated[str, typer.Option(help="numpy, numba, cuda or auto.")]
Psd = Annotated[
    str,
    typer.Option(metavar="refuse|clip", help="What to do with covariances that no motion has.", callback=_choice),
]
Out = Annotated[Path, typer.Option("-o", "--out", help="Where to write.")]


def states(text: str | None) -> dict[str, str]:
    """`a/b=C,d=E` as a mapping."""
    return pairs(text, "--state")


def steps(text: str | None) -> dict[str, int]:
    """`frame=47` as a mapping."""
    try:
        return {k: int(v) for k, v in pairs(text, "--at").items()}
    except ValueError as error:
        raise BadRequest("--at", text, "AXIS=N, N an integer") from error


def pairs(text: str | None, option: str) -> dict[str, str]:
    """`K=V,...` as a mapping; a key given twice is refused."""
    result: dict[str, str] = {}
    for part in (text or "").split(",") if text else []:
        key, equals, value = part.partition("=")
        if not equals or not key or key in result:
            raise BadRequest(option, part, "K=V, each K once")
        result[key.strip()] = value.strip()
    return result


def components(texts: list[str] | None) -> dict[str, Any]:
    """`hinge=bent` or `modes=0.5:-1` as a mapping of names and arrays."""
    import numpy as np

    result: dict[str, Any] = {}
    for name, value in pairs(",".join(texts or []), "--component").items():
        try:
            result[name] = np.array([float(v) for v in value.split(":")])
        except ValueError:
            result[name] = value
    return result


def draw(text: str | None) -> Any:
    """`SEED:INDEX` as a Draw."""
    from polystate.numbers.philox import Draw

    return None if text is None else Draw.parse(text)


def seed(text: str) -> int:
    """A seed alone: the draws are numbered from 0."""
    try:
        number = int(text)
    except ValueError as error:
        raise BadRequest("--seed", text, "an integer from 0 to 2^64 - 1, without an index") from error
    if not 0 <= number < 1 << 64:
        raise BadRequest("--seed", text, "an integer from 0 to 2^64 - 1")
    return number


def save(path: Path, overwrite: bool, write: Callable[[BinaryIO], None]) -> None:
    """Write a file at once: whole, or not at all."""
    from polystate.store.outputs import replacing

    with replacing(path, overwrite) as partial, open(partial, "wb") as file:
        write(file)


def echo_json(value: Any) -> None:
    """Print JSON for programs."""
    typer.echo(json.dumps(plain(value), ensure_ascii=False))


def plain(value: Any) -> Any:
    """A value as JSON has it: what is no number is null, dates and the like are text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return float(value) if isinstance(value, Decimal) else value.hex() if isinstance(value, bytes) else str(value)


def echo_table(rows: Sequence[Mapping[str, Any]], columns: list[str], width: int | None = None) -> None:
    """Print rows as a table for people, or one value a line where the terminal is too narrow for that.

    Nothing is cut off where no terminal says how wide it is. width: in characters, that of the terminal if None."""
    from rich.markup import escape
    from rich.table import Table

    console = terminal.console(sys.stdout, width=width or (None if os.isatty(1) else WIDE))
    cells = [["" if row.get(name) is None else str(row[name]) for name in columns] for row in rows]
    natural = [max(map(len, column)) for column in zip(columns, *cells, strict=True)] if columns else []
    if sum(min(n, READABLE) + 1 for n in natural) > console.width:
        indent = max(map(len, columns)) + 2
        for row in cells:
            shown = [(name, cell) for name, cell in zip(columns, row, strict=True) if cell]
            typer.echo("\n".join(f"{name:{indent}}{cell}" for name, cell in shown) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(escape(name), overflow="fold")
    for row in cells:
        table.add_row(*map(escape, row))
    with console.capture() as printed:  # rich would exit by itself where the reader has gone
        console.print(table)
    typer.echo(printed.get(), file=terminal.raw(sys.stdout), nl=False)
