"""What an export may take the place of: a file, and nothing else."""

from __future__ import annotations

import os
import stat

import pytest

from polystate.deposition import Deposition
from polystate.errors import AlreadyExists
from polystate_tools.formats import export_file
from polystate_tools.formats.h5md.importer import export_h5md
from tests.tools.formats.cif_text import cif, imported


def export(dep, path, overwrite):
    if path.suffix == ".h5md":
        return export_h5md(dep, path, draws=1, overwrite=overwrite)
    return export_file(dep, path, overwrite=overwrite)


@pytest.mark.parametrize("suffix", [".cif", ".pdb", ".h5md"])
def test_only_a_file_is_replaced(tmp_path, suffix):
    dep = Deposition(imported(tmp_path, cif({}, {}))[0])
    fifo, folder, link, file = (tmp_path / f"{name}{suffix}" for name in ("fifo", "folder", "link", "file"))
    os.mkfifo(fifo)
    folder.mkdir()
    (folder / "kept").write_text("x")
    link.symlink_to(fifo)
    for path in (fifo, folder, link):
        with pytest.raises(AlreadyExists):
            export(dep, path, True)
    assert stat.S_ISFIFO(fifo.lstat().st_mode) and (folder / "kept").exists() and link.is_symlink()
    file.write_text("old")
    with pytest.raises(AlreadyExists):
        export(dep, file, False)
    assert file.read_text() == "old"
    export(dep, file, True)
    assert file.stat().st_size > 100
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
