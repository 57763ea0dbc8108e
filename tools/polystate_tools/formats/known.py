"""The formats: one row each, by which its reader and writer are found; adding a format is its module and a row here.

Rows stand in the order of what a file says: of two files of one entry the first is read. Modules are named, not
imported: what a format needs is loaded when a file of it is read or written."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def _never(head: bytes) -> bool:
    return False


def _is_cif(head: bytes) -> bool:
    return head.lstrip().startswith((b"data_", b"#")) or b"\ndata_" in head


def _is_pdb(head: bytes) -> bool:
    return any(line.startswith((b"HEADER", b"ATOM  ", b"HETATM", b"CRYST1", b"REMARK")) for line in head.split(b"\n"))


@dataclass(frozen=True)
class Format:
    """suffixes: in lower case, each also with .gz; looks: whether the first bytes of a file are of this format.

    reader: `module:function` of (content: bytes, where: str) -> Records; writer: of (Records, ExportReport,
    ExportOptions) -> bytes; "" where there is none. A trajectory format names no atoms and has an importer of its own.
    anisotropic: whether an atom may have an anisotropic U.
    """

    name: str
    suffixes: tuple[str, ...]
    reader: str = ""
    writer: str = ""
    looks: Callable[[bytes], bool] = _never
    anisotropic: bool = True

    @property
    def is_trajectory(self) -> bool:
        return not self.reader


_ROOM = "polystate_tools.formats"
FORMATS = {
    row.name: row
    for row in (
        Format(
            "mmcif",
            (".cif", ".mmcif"),
            f"{_ROOM}.mmcif.reader:records_of_mmcif",
            f"{_ROOM}.mmcif.writer:content",
            _is_cif,
        ),
        Format("bcif", (".bcif",), f"{_ROOM}.mmcif.bcif:records_of_bcif", f"{_ROOM}.mmcif.bcif_writer:content"),
        Format(
            "mmtf",
            (".mmtf",),
            f"{_ROOM}.mmtf.records:records_of_mmtf",
            f"{_ROOM}.mmtf.from_records:content",
            anisotropic=False,
        ),
        Format("pdb", (".pdb", ".ent"), f"{_ROOM}.pdb.reader:records_of_pdb", f"{_ROOM}.pdb.writer:content", _is_pdb),
        Format("h5md", (".h5md", ".h5")),
    )
}

STRUCTURES = tuple(suffix for row in FORMATS.values() if row.reader for suffix in row.suffixes)
"""Suffixes of the files that structures are read from, each also with .gz."""


def of_suffix(suffix: str) -> Format | None:
    """The format whose files have a suffix, such as ".cif"."""
    return next((row for row in FORMATS.values() if suffix.lower() in row.suffixes), None)


def of_content(head: bytes) -> Format | None:
    """The format that the first bytes of a file show."""
    return next((row for row in FORMATS.values() if row.looks(head)), None)


def readable() -> list[str]:
    """Names of the formats that structures are read from."""
    return [row.name for row in FORMATS.values() if row.reader]


def writable() -> list[str]:
    """Names of the formats that structures are written in."""
    return [row.name for row in FORMATS.values() if row.writer]


def loaded(reference: str) -> Callable[..., Any]:
    """The function that `module:function` names."""
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)
