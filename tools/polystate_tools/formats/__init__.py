"""Structure files into depositions and back: mmCIF, PDB, BinaryCIF and MMTF.

tree, report = import_file("6vxx.pdb")
report = export_file(polystate.open("6vxx.zarr"), "6vxx.cif", gaussian="records")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polystate_tools.formats.report import ExportReport, ImportReport

if TYPE_CHECKING:
    from polystate_tools.formats.exporting import export_file
    from polystate_tools.formats.importing import import_file

__all__ = ["ExportReport", "ImportReport", "export_file", "import_file"]


def __getattr__(name: str) -> Any:
    """The two functions, loaded with what they need when they are first asked for."""
    if name == "import_file":
        from polystate_tools.formats.importing import import_file

        return import_file
    if name == "export_file":
        from polystate_tools.formats.exporting import export_file

        return export_file
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
