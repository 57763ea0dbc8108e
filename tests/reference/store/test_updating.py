"""What an update leaves alone, whatever the container is called."""

from __future__ import annotations

import json
import os
import warnings
import zipfile

import numpy as np
import pytest
import zarr

import polystate
from polystate.editing.payloads import replace_payload
from polystate.errors import NotAStore, WrongDtype
from polystate.store.updating import update
from tests.reference import small

OTHER = {"other-tool": {"a": [1, 2]}}


@pytest.fixture(params=["s.zarr", "s.zarr.zip", "packed.polystate", "folder.zip"])
def path(request, tmp_path):
    """A store with a group below a descriptor, attributes of another tool and a file beside the layers."""
    folder = polystate.write(polystate.build(small.deposition(3, {"b": small.iadp([1.0] * 3)})), tmp_path / "a.zarr")
    below = folder / "descriptors/b/below"
    below.mkdir()
    (below / "zarr.json").write_text(json.dumps({"zarr_format": 3, "node_type": "group", "attributes": OTHER}))
    for node in ("descriptors/b", "descriptors/b/b"):
        document = json.loads((folder / node / "zarr.json").read_text())
        document["attributes"] |= OTHER
        (folder / node / "zarr.json").write_text(json.dumps(document))
    (folder / "README.md").write_text("by hand")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(str(folder))
    target = tmp_path / request.param
    if request.param in ("s.zarr", "folder.zip"):
        return folder.rename(target)
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(file, file.relative_to(folder).as_posix())
    return target


def files(path):
    if path.is_dir():
        return {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("*") if p.is_file()}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_payload_is_replaced_and_everything_else_stays_byte_for_byte(path):
    before, folder = files(path), path.is_dir()
    replace_payload(path, "b", {"b": np.array([5.0, 6.0, 7.0])})
    assert path.is_dir() == folder and polystate.open(path).descriptors["b"].array("b").tolist() == [5.0, 6.0, 7.0]
    after = files(path)
    assert after.keys() == before.keys()
    changed = {name for name in before if before[name] != after[name]}
    assert changed - {"descriptors/b/b/c/0"} <= {"zarr.json", "descriptors/b/zarr.json", "descriptors/b/b/zarr.json"}
    for node in ("descriptors/b", "descriptors/b/b"):
        old, new = (json.loads(found[f"{node}/zarr.json"])["attributes"] for found in (before, after))
        assert old == new
    root = json.loads(before["zarr.json"])
    assert root.pop("consolidated_metadata") and json.loads(after["zarr.json"]) == root
    assert [p for p in os.listdir(path.parent) if p.startswith(".")] == []


def test_a_group_is_replaced_whole_and_one_is_removed(path):
    tree = polystate.read(path)
    new = polystate.Group({**tree["descriptors/b"].attributes, "note": "x"}, {"atom_id": np.array([1], np.uint32)})
    update(path, {"descriptors/b": new, "annotations/n": polystate.Group({"a": 1})}, ["descriptors/b/below"])
    after = polystate.read(path)
    assert list(after["descriptors/b"].arrays) == ["atom_id"] and after["annotations/n"].attributes == {"a": 1}
    assert after["descriptors/b"].attributes["note"] == "x" and "descriptors/b/below" not in after
    assert after.attributes("descriptors/b")["other-tool"] == OTHER["other-tool"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("atom_id", [1.2, 2.7, 3.0]),
        ("atom_id", [1, 2, 3 + 2**32]),
        ("atom_id", [-1, 2, 3]),
        ("condition", [np.nan, -1, -1]),
        ("condition", [-1 - 2**32, -1, -1]),
        ("b", ["5", "6", "7"]),
        ("b", [1j, 2, 3]),
        ("b", [None, 2, 3]),
    ],
)
def test_numbers_that_a_data_type_cannot_hold_are_refused(tmp_path, name, values):
    tree = polystate.build(small.deposition(3, {"b": small.iadp([1.0] * 3)}))
    path = polystate.write(tree, tmp_path / "s.zarr")
    whole = polystate.open(path).digest()
    with pytest.raises(WrongDtype):
        replace_payload(path, "b", {name: np.array(values)})
    assert polystate.open(path).digest() == whole


def test_entries_outside_of_a_zip_are_not_unpacked(tmp_path):
    path = polystate.write(polystate.build(small.deposition(3, {"b": small.iadp([1.0] * 3)})), tmp_path / "s.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../outside", "x")
    with pytest.raises(NotAStore):
        replace_payload(path, "b", {"b": np.ones(3)})
    assert not (tmp_path / "outside").exists() and os.listdir(tmp_path) == ["s.zip"]
