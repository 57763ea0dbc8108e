"""One golden deposition: its name, what it was built from and how."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polystate.store.tree import Tree
from polystate_conformance.paths import CORPUS, ROOT

SOURCES = CORPUS / "sources"


def data_folder() -> Path | None:
    """Where the real input files are: $POLYSTATE_DATA, or shared/data beside the repository; None where absent."""
    folder = Path(os.environ.get("POLYSTATE_DATA") or ROOT.parent / "shared" / "data")
    return folder if folder.is_dir() else None


@dataclass(frozen=True)
class Entry:
    """One golden deposition. `files` are paths below the data folder or below `sources`; `fitted` entries are
    compared within tolerances instead of by digest."""

    name: str
    title: str
    files: tuple[str, ...]
    build: Callable[[tuple[Path, ...]], Tree]
    licence: str = "CC0-1.0"
    citation: str = ""
    fitted: bool = False
    published: Mapping[str, Any] = field(default_factory=dict)

    def sources(self) -> tuple[Path, ...] | None:
        """The source files, or None where one of them is not on this machine."""
        data = data_folder()
        found = tuple(SOURCES / f if (SOURCES / f).exists() else (data or Path("/nonexistent")) / f for f in self.files)
        return found if all(p.exists() for p in found) else None

    @property
    def path(self) -> Path:
        return CORPUS / f"{self.name}.zarr.zip"
