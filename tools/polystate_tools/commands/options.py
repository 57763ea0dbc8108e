"""Options that several verbs share, and how their values are read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from polystate.errors import BadRequest

Dep = Annotated[str, typer.Argument(metavar="DEP", help="A deposition: directory, .zip or URL.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Overwrite = Annotated[bool, typer.Option("-y", help="Overwrite what is there.")]
State = Annotated[str | None, typer.Option(metavar="K=V,...", help="States, such as altloc/A.128=B,ligand=bound.")]
At = Annotated[str | None, typer.Option(metavar="AXIS=N,...", help="Steps on sample axes, such as frame=47.")]
DrawAt = Annotated[str | None, typer.Option("--draw", metavar="SEED:INDEX", help="Draw what is not given.")]
Component = Annotated[
    list[str] | None,
    typer.Option("--component", metavar="ID=X:Y|NAME", help="Amplitudes or latents of a descriptor, or a landmark."),
]
AllowCode = Annotated[bool, typer.Option("--allow-code", help="Let bodies run that can run code.")]
Backend = Annotated[str, typer.Option(help="numpy, numba, cuda or auto.")]
Psd = Annotated[str, typer.Option(metavar="refuse|clip", help="What to do with covariances that no motion has.")]
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
    from polystate.sampling import Draw

    return None if text is None else Draw.parse(text)


def save(path: Path, overwrite: bool, write: Callable[[BinaryIO], None]) -> None:
    """Write a file at once: whole, or not at all."""
    from polystate.outputs import replacing

    with replacing(path, overwrite) as partial, open(partial, "wb") as file:
        write(file)


def echo_json(value: Any) -> None:
    """Print JSON for programs."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def echo_table(rows: Sequence[Mapping[str, Any]], columns: list[str]) -> None:
    """Print rows as a table for people; nothing is cut off where no terminal says how wide it is."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if os.isatty(1) else 200)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if row.get(name) is None else str(row[name]) for name in columns))
    console.print(table)
