"""examples: files to start with, in a folder of one's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from polystate_tools.commands.options import Overwrite

# golden deposition -> the structure file that is exported beside it
CHOSEN = {"1ejg": ".cif", "1l2y": ".cif", "6vxx": ".pdb", "6vxx-echt": "", "altloc-split": ".mmtf", "mixed": "",
          "nested-loop": ""}  # fmt: skip
_BLOCK = re.compile(r"^```yaml example=([a-z0-9-]+)\n(.*?)^```", re.M | re.S)


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command()(examples)


def examples(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to put them into.")],
    overwrite: Overwrite = False,
) -> None:
    """Put depositions, text forms and structure files to start with into a folder, and the examples of the
    specification into its folder specification.

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
    for path in put_text(folder / "specification", overwrite):
        typer.echo(path)


def put_text(folder: Path, overwrite: bool = False) -> list[Path]:
    """Write the depositions that the specification follows, as text forms and as stores; returns what was written."""
    import polystate
    from polystate.store.outputs import replacing
    from polystate_conformance.paths import SPEC
    from polystate_schemas import yaml12

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for chapter in sorted(SPEC.glob("[0-9][0-9]-*.md")):
        for name, text in _BLOCK.findall(chapter.read_text("utf-8")):
            with replacing(folder / f"{name}.yaml", overwrite) as partial:
                partial.write_text(text, "utf-8")
            store = folder / f"{name}.zarr.zip"
            polystate.write(polystate.build(yaml12.load(text)), store, overwrite=overwrite)
            written += [folder / f"{name}.yaml", store]
    return written


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
