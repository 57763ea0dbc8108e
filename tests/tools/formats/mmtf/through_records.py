"""MMTF to and from a deposition, over the atom records and the builder that all structure formats share."""

from __future__ import annotations

from typing import Any

from polystate.deposition import Deposition
from polystate.store.tree import Tree
from polystate_tools.formats.exporting import ExportOptions, export_bytes
from polystate_tools.formats.importing import ImportOptions, tree_of_records
from polystate_tools.formats.mmtf.records import records_of_mmtf
from polystate_tools.formats.report import ExportReport, ImportReport


def tree_of_mmtf(
    content: bytes,
    where: str = "input",
    options: ImportOptions | None = None,
    report: ImportReport | None = None,
) -> tuple[Tree, ImportReport]:
    """The deposition of an MMTF file's bytes, and the account of the import."""
    return tree_of_records(records_of_mmtf(content, where), options, report)


def mmtf_of_deposition(dep: Deposition, *, dialect: str = "1.0", **options: Any) -> tuple[bytes, ExportReport]:
    """A deposition as MMTF: all alternates and models, one joint state (state, at), or the reference.

    options: see `formats.export.ExportOptions`."""
    return export_bytes(dep, "mmtf", ExportOptions(mmtf_dialect=dialect, **options))
