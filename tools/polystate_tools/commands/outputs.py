"""Where a command may write: under a name whose suffix says what it is, and never over its own input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from polystate.errors import AlreadyExists, BadRequest
from polystate_tools.formats.known import FORMATS

if TYPE_CHECKING:  # loaded by who opens a deposition
    from polystate.deposition import Deposition

FILES = (".npy", ".npz", ".csv", ".parquet", ".yaml", ".json", ".html")
MOLECULES = (*(suffix for row in FORMATS.values() if row.writer for suffix in row.suffixes), ".gz")
EXPORTED = (*MOLECULES, *(suffix for row in FORMATS.values() if row.is_trajectory for suffix in row.suffixes))


def apart(source: str | Path, out: Path, in_place: bool = False) -> None:
    """Refuse an output that is the input, lies in it or holds it; in_place: the input itself may be replaced."""
    if isinstance(source, str) and "://" in source:
        return
    read, written = Path(source).resolve(), out.resolve()
    same = read == written or (read.exists() and written.exists() and read.samefile(written))
    if same and in_place:
        return
    if same or (read.exists() and (read in written.parents or written in read.parents)):
        found = "the input itself" if same else f"a place in or around the input {source}"
        raise AlreadyExists(str(out), found, "a name apart from the input: it would be destroyed, -y or not")


def named(out: Path, suffixes: tuple[str, ...]) -> str:
    """The suffix of an output, one of those that the command can write."""
    if out.suffix.lower() not in suffixes:
        raise BadRequest("OUT", out, "a name that ends in " + " or ".join(suffixes))
    return out.suffix.lower()


def no_stream(out: Path) -> None:
    """Refuse the name -, which means standard output elsewhere."""
    if str(out) == "-":
        raise BadRequest("OUT", out, "the name of a file or folder: nothing here goes to standard output")


def store(out: Path) -> None:
    """Refuse names that say that something else than a store is meant, which is a folder or a zip."""
    no_stream(out)
    if out.suffix.lower() in (*FILES, *EXPORTED):
        export = "; polystate export writes structure files" if out.suffix.lower() in EXPORTED else ""
        raise BadRequest("OUT", out, f"the name of a folder or a .zip, such as {_stem(out)}.zarr{export}")


def folder(out: Path) -> None:
    """Refuse names that say that a file is meant, where a folder is written."""
    store(out)
    if out.suffix.lower() == ".zip":
        raise BadRequest("OUT", out, f"the name of a folder, such as {_stem(out)}.zarr")


def _stem(out: Path) -> str:
    return out.name.split(".")[0] or "out"


def tell_unknown(dep: Deposition) -> Deposition:
    """Say on standard error which operators are unknown here. Returns the deposition without what they contribute."""
    from polystate.questions.unknown import unknown

    for d in unknown(dep):
        typer.echo(f"unknown operator: {d.path}: {d.operator}; what it contributes to is left out", err=True)
    return dep.understood()


def tell_stale(dep: Deposition) -> list[str]:
    """Say on standard error what is stale: made of something that has changed since. Returns the paths."""
    from polystate.rules.derivation import stale

    found = list(stale(dep))
    for error in found:
        typer.echo(f"stale: {error.where}: {error.found.split(' is now ')[0]} has changed since it was made", err=True)
    return [error.where for error in found]
