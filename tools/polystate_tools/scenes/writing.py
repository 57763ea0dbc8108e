"""A scene in the form that the suffix of its file names, with the structure files beside it."""

from __future__ import annotations

from pathlib import Path

from polystate.deposition import Deposition
from polystate.store.outputs import file_target, replacing
from polystate_tools.formats.errors import BadOption
from polystate_tools.formats.report import ExportReport
from polystate_tools.scenes.scene import Scene, plain, scene

SUFFIXES = {".mvsx": "molviewspec", ".pml": "pymol", ".cxc": "chimerax"}


def write_scene(dep: Deposition, path: str | Path, *, overwrite: bool = False) -> ExportReport:
    """Write a scene: .mvsx (MolViewSpec, one archive), .pml (PyMOL) or .cxc (ChimeraX), these with files beside them.

    Raises BadOption for another suffix, AlreadyExists where a file is in the way; what is there stays as it was."""
    path = Path(path)
    form = SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise BadOption("OUT", path.name, "a name that ends in " + ", ".join(SUFFIXES))
    file_target(path, overwrite)  # before the work
    if form == "molviewspec":
        import molviewspec  # noqa: F401 - missing is said before the work
    made = scene(dep, plain(path.stem))
    files = _files(made, path, form)
    for name in files:
        file_target(name, overwrite)
    for name, content in files.items():  # the script last: what it opens is there
        with replacing(name, overwrite) as partial:
            partial.write_bytes(content)
    made.report.target, made.report.format = str(path), form
    made.report.files = [str(name) for name in files]
    return made.report


def _files(made: Scene, path: Path, form: str) -> dict[Path, bytes]:
    if form == "molviewspec":
        from polystate_tools.scenes.molviewspec import archive

        return {path: archive(made)}
    beside = {path.with_name(layer.file): layer.content for layer in made.layers}
    if form == "pymol":
        from polystate_tools.scenes.pymol import script

        return {**beside, path: script(made).encode()}
    from polystate_tools.scenes.chimerax import axes_file
    from polystate_tools.scenes.chimerax import script as commands

    for layer in made.levels:
        if layer.axes:
            name, content = axes_file(layer)
            beside[path.with_name(name)] = content
    return {**beside, path: commands(made).encode()}
