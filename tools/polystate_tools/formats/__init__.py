"""Structure files into depositions and back: mmCIF, PDB, BinaryCIF and MMTF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polystate.store import Tree

from polystate_tools.formats.build import ImportOptions, tree_of_records
from polystate_tools.formats.errors import BadOption
from polystate_tools.formats.files import InputFile, read_input
from polystate_tools.formats.records import Records
from polystate_tools.formats.report import ImportReport


def records_of_file(file: InputFile) -> Records:
    """The atom records of an input file."""
    if file.format == "pdb":
        from polystate_tools.formats.pdb import records_of_pdb

        return records_of_pdb(file.content, file.name)
    if file.format == "mmcif":
        from polystate_tools.formats.mmcif import records_of_mmcif

        return records_of_mmcif(file.content, file.name)
    if file.format == "bcif":
        from polystate_tools.formats.bcif import records_of_bcif

        return records_of_bcif(file.content, file.name)
    raise BadOption("--format", file.format, "pdb, mmcif or bcif")


def import_file(path: str | Path, *, format: str | None = None, **options: Any) -> tuple[Tree, ImportReport]:
    """The deposition of a structure file, and the account of the import. options: see `ImportOptions`."""
    chosen = ImportOptions(**options)
    file = read_input(path, format)
    report = ImportReport(source=file.name, format=file.format, sha256=file.sha256)
    return tree_of_records(records_of_file(file), chosen, report)
