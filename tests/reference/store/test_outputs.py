"""What an output may replace, and what a store may make a reader or writer touch."""

import json
import os
import zipfile

import pytest

import polystate
from polystate.errors import AlreadyExists, NotAStore
from polystate.sample import sample
from polystate.store.outputs import replacing
from polystate.store.tree import Group
from tests.reference.small import deposition, iadp

TREE = polystate.build(deposition(2, {"b": iadp([20.0, 30.0])}))


def test_only_stores_are_overwritten(tmp_path):
    folder = tmp_path / "home"
    (folder / "work").mkdir(parents=True)
    for write in (
        lambda: polystate.write(TREE, folder, overwrite=True),
        lambda: sample(polystate.Deposition(TREE), 1, 1, folder, overwrite=True),
    ):
        with pytest.raises(AlreadyExists, match="no Zarr group"):
            write()
    assert (folder / "work").is_dir()
    stored = polystate.write(TREE, tmp_path / "d.zarr")
    with pytest.raises(AlreadyExists, match="no group of draws"):
        sample(polystate.Deposition(TREE), 1, 1, stored, overwrite=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    polystate.write(TREE, empty, overwrite=True)
    polystate.write(TREE, empty, overwrite=True)


def test_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "x.zip").mkdir()
    with pytest.raises(AlreadyExists, match="neither a file nor a folder"):
        polystate.write(TREE, tmp_path / "pipe", overwrite=True)
    with pytest.raises(AlreadyExists), replacing(tmp_path / "pipe", overwrite=True):
        pass
    with pytest.raises(AlreadyExists, match="a folder"):
        polystate.write(TREE, tmp_path / "x.zip", overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pipe", "x.zip"]


def test_a_link_is_followed(tmp_path):
    polystate.write(TREE, tmp_path / "real.zarr")
    (tmp_path / "link.zarr").symlink_to("real.zarr")
    polystate.write(TREE, tmp_path / "link.zarr", overwrite=True)
    assert (tmp_path / "link.zarr").is_symlink() and polystate.read(tmp_path / "real.zarr")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.zarr", "real.zarr"]


def test_nothing_is_written_outside_of_a_store(tmp_path):
    with pytest.raises(NotAStore, match=r"'\.\.'"):
        polystate.write({**TREE, "../beside": Group()}, tmp_path / "a.zarr")
    packed = polystate.write(TREE, tmp_path / "b.zarr.zip")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("../beside/zarr.json", json.dumps({"zarr_format": 3, "node_type": "group"}))
    with pytest.raises(NotAStore, match=r"'\.\.'"):
        polystate.read(packed)
    assert [p.name for p in tmp_path.iterdir()] == ["b.zarr.zip"]


@pytest.mark.parametrize("old", ["precious", ".d.zarr.00000000.new", "../precious"])
def test_a_foreign_recovery_note_moves_nothing(tmp_path, old):
    polystate.write(TREE, tmp_path / "d.zarr")
    (tmp_path / "precious").mkdir()
    (tmp_path / ".d.zarr.recovery").write_text(json.dumps({"old": old, "new": "nothing"}))
    assert polystate.read(tmp_path / "d.zarr")
    assert (tmp_path / "precious").is_dir()
