"""examples: files to start with, in a folder of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polystate_tools.commands.options import Overwrite

# golden deposition -> the structure file that is exported beside it
CHOSEN = {"1ejg": ".cif", "1l2y": ".cif", "6vxx": ".pdb", "6vxx-echt": "", "mixed": "", "nested-loop": ""}


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command()(examples)


def examples(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to put them into.")],
    overwrite: Overwrite = False,
) -> None:
    """Put depositions, text forms and structure files to start with into a folder.

    Example: polystate examples examples"""
    import shutil

    import polystate_tools.echt
    from polystate.store.outputs import replacing

    for name, suffix in CHOSEN.items():
        for path in put(name, folder, suffix, overwrite):
            typer.echo(path)
    levels = "spike-domains.yaml"
    with replacing(folder / levels, overwrite) as partial:
        shutil.copyfile(Path(polystate_tools.echt.__file__).with_name("examples") / levels, partial)
    typer.echo(folder / levels)


def put(name: str, folder: Path, suffix: str = "", overwrite: bool = False) -> list[Path]:
    """Copy a golden deposition with its text form and the files it refers to; returns what was written.

    suffix: also export it as a structure file with this suffix."""
    import shutil

    import polystate
    from polystate.store.outputs import replacing
    from polystate_tools.commands import artifacts
    from polystate_tools.corpus.catalogue import chosen
    from polystate_tools.corpus.entry import SOURCES

    entry = chosen([name])[0]
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / entry.path.name
    moves, _ = artifacts.needed(polystate.read(entry.path), target)
    texts = [SOURCES / f for f in entry.files if f.endswith(".yaml") and (SOURCES / f).exists()]
    written = []
    for source in (entry.path, *texts):
        with replacing(folder / source.name, overwrite) as partial:
            shutil.copyfile(source, partial)
        written.append(folder / source.name)
    artifacts.copy(moves)
    written += [to for _, to in moves]
    if suffix:
        written.append(folder / (name + suffix))
        _export(polystate.open(target), written[-1], overwrite)
    return written


def _export(dep: Any, path: Path, overwrite: bool) -> None:
    """What the deposition says as a structure file."""
    from polystate_tools.formats.exporting import export_file

    export_file(dep, path, overwrite=overwrite)
