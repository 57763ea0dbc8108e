"""Structure files into depositions and back: mmCIF, PDB, BinaryCIF and MMTF.

tree, report = import_file("6vxx.pdb")
report = export_file(polystate.open("6vxx.zarr"), "6vxx.cif", gaussian="records")
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polystate.store.tree import Tree
from polystate_tools.formats.errors import BadOption, InvalidImport
from polystate_tools.formats.report import ExportReport, ImportReport

if TYPE_CHECKING:
    from polystate.deposition import Deposition
    from polystate_tools.formats.opening.files import InputFile
    from polystate_tools.formats.records.records import Records

__all__ = ["ExportReport", "ImportReport", "export_file", "import_file", "records_of_file"]

READERS = {
    "pdb": ("polystate_tools.formats.pdb.reader", "records_of_pdb"),
    "mmcif": ("polystate_tools.formats.mmcif.reader", "records_of_mmcif"),
    "bcif": ("polystate_tools.formats.mmcif.bcif", "records_of_bcif"),
    "mmtf": ("polystate_tools.formats.mmtf.records", "records_of_mmtf"),
}
"""Format -> module and function (content: bytes, where: str) -> Records."""


def records_of_file(file: InputFile) -> Records:
    """The atom records of an input file."""
    if file.format not in READERS:
        raise BadOption("--format", file.format, "one of " + ", ".join(READERS))
    module, name = READERS[file.format]
    reader: Callable[[bytes, str], Records] = getattr(importlib.import_module(module), name)
    return reader(file.content, file.name)


def import_file(
    path: str | Path, *, format: str | None = None, base: str | None = None, refresh: bool = False, **options: Any
) -> tuple[Tree, ImportReport]:
    """The deposition of a structure file, and the account of the import.

    path: a file, plain or .gz, or `pdb:ID` to download an entry (base, refresh: see `fetch.fetch`).
    options: see `build.ImportOptions`.
    """
    from polystate_tools.formats.importing import ImportOptions, tree_of_records
    from polystate_tools.formats.opening.fetch import fetch, is_entry
    from polystate_tools.formats.opening.files import read_input

    chosen = ImportOptions(**options)
    address = ""
    if isinstance(path, str) and is_entry(path):
        path, address = fetch(path, base, refresh)
    elif base is not None or refresh:
        raise BadOption("--base, --refresh", str(path), "an entry such as pdb:6vxx")
    file = read_input(path, format)
    report = ImportReport(source=file.name, format=file.format, sha256=file.sha256, address=address)
    tree, report = tree_of_records(records_of_file(file), chosen, report)
    return validated(tree, file.name), report


def validated(tree: Tree, where: str) -> Tree:
    """The tree of an import if it is a valid deposition; what lies outside of it is not looked at."""
    from polystate.deposition import Deposition

    errors = Deposition(tree).validate().errors
    if not errors:
        return tree
    more = f"; and {len(errors) - 3} more" if len(errors) > 3 else ""
    raise InvalidImport(
        where,
        "an import that is no valid deposition: " + "; ".join(str(error) for error in errors[:3]) + more,
        "a valid one: this is a fault of the importer, not of the file; please report it. Nothing was written",
    ) from errors[0]


def export_file(dep: Deposition, path: str | Path, *, overwrite: bool = False, **options: Any) -> ExportReport:
    """Write a deposition as a structure file (.cif or .pdb, each also .gz). options: see `export.ExportOptions`."""
    from polystate_tools.formats.exporting import export_file as export

    return export(dep, path, overwrite=overwrite, **options)
