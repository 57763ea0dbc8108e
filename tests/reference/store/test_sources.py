"""Files of a store: what is none is refused, and what is replaced while it is open is never read as a mixture."""

from __future__ import annotations

import json
import os
import shutil
import zipfile

import numpy as np
import pytest

import polystate
from polystate.errors import NotAStore, UnknownLayer
from polystate.store import metadata, writing
from polystate.store.reading import read
from polystate.store.sources import DirectorySource, ZipSource
from polystate.store.updating import update
from polystate.store.writing import write
from tests.reference import small

GROUP = '{"zarr_format": 3, "node_type": "group", "attributes": {}}'


def tree(b: float = 1.0):
    return polystate.build(small.deposition(3, {"b": small.iadp([b] * 3)}))


@pytest.fixture
def path(tmp_path):
    return write(tree(), tmp_path / "s.zarr")


def packed(path, target, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(target, "w", method) as archive:
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            archive.write(file, file.relative_to(path).as_posix())
    return target


@pytest.mark.skipif(os.name != "posix", reason="needs links and pipes")
@pytest.mark.parametrize("what", ["file", "folder", "dangling", "pipe"])
def test_links_and_devices_are_refused_before_they_are_read(path, tmp_path, what):
    chunk = next(p for p in (path / "reference/x_ref/c").rglob("*") if p.is_file())
    outside = shutil.move(chunk, tmp_path / "outside")
    if what == "pipe":
        os.mkfifo(chunk)
    elif what == "folder":
        shutil.move(path / "descriptors", tmp_path / "descriptors")
        os.symlink(tmp_path / "descriptors", path / "descriptors")
        shutil.move(outside, chunk)
    else:
        os.symlink(outside if what == "file" else tmp_path / "nothing", chunk)
    with pytest.raises(NotAStore):
        read(path)


def test_what_is_hidden_at_the_top_belongs_to_the_machine(path):
    (path / ".lock").symlink_to("/nonexistent")
    (path / ".trash").mkdir()
    (path / ".trash/zarr.json").write_text("no JSON")
    assert polystate.open(path).validate().valid


def test_an_empty_folder_at_the_top_is_a_layer_that_nobody_knows(path, tmp_path):
    (path / "extra").mkdir()
    assert [type(e) for e in polystate.open(path).validate().errors] == [UnknownLayer]
    (path / "extra").rmdir()
    with zipfile.ZipFile(packed(path, tmp_path / "s.zip"), "a") as archive:
        archive.writestr("extra/", b"")
    assert [type(e) for e in polystate.open(tmp_path / "s.zip").validate().errors] == [UnknownLayer]


def test_every_node_lies_in_a_group(path):
    (path / "hierarchy/zarr.json").unlink()
    with pytest.raises(NotAStore):
        read(path)
    (path / "hierarchy/zarr.json").write_text(GROUP)
    (path / "reference/x_ref/below").mkdir()
    (path / "reference/x_ref/below/zarr.json").write_text(GROUP)
    with pytest.raises(NotAStore):
        read(path)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GROUP.encode(),
        GROUP.encode("utf-16"),
        GROUP.replace("3", '3, "zarr_format": 3').encode(),
        GROUP.replace("{}", '{"a": 1e999}').encode(),
        GROUP.replace("{}", '{"a": -1e999}').encode(),
        GROUP.replace("{}", '{"a": 1' + 400 * "0" + "}").encode(),
        GROUP.replace("{}", '{"a": "\\ud800"}').encode(),
        GROUP.replace("{}", '{"\\udc00": 1}').encode(),
        GROUP.replace("{}", '{"a": NaN}').encode(),
        GROUP.encode() + b"\xff",
        b"[" * 100_000,
    ],
)
def test_json_with_two_readings_is_refused(content):
    with pytest.raises(NotAStore):
        metadata.node(content, "a/zarr.json")


def test_json_with_one_reading_is_read():
    content = GROUP.replace("{}", '{"a": "\\ud83d\\ude00 \\\\ud800", "b": 1' + 300 * "0" + ', "c": 1e-999}')
    assert metadata.node(content.encode(), "a/zarr.json")["attributes"] == {"a": "😀 \\ud800", "b": 10**300, "c": 0.0}


@pytest.mark.parametrize("name", ["a\tb", "a\nb", "a\x00b", "a\x1fb", "a\udcffb"])
def test_names_that_would_make_two_digests_one_are_refused(name):
    with pytest.raises(NotAStore) as found:
        metadata.node(GROUP.encode(), f"reference/{name}/zarr.json")
    str(found.value).encode()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zips_are_stored_or_deflated(path, tmp_path, method):
    found = packed(path, tmp_path / "s.zip", method)
    assert polystate.open(found).digest() == polystate.open(path).digest()
    folder, archive = DirectorySource(path), ZipSource(found)
    key = next(k for k in folder.keys() if k.startswith("reference/x_ref/c"))
    for first, length in ((0, None), (0, 0), (3, 4), (-5, 5), (-5, None), (-(10**6), 3), (10**6, 3), (2, 1 << 60)):
        assert folder.get(key, first, length) == archive.get(key, first, length)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_zips_are_refused(path, tmp_path, method):
    with pytest.raises(NotAStore):
        read(packed(path, tmp_path / "s.zip", method))


@pytest.mark.parametrize("change", ["write", "update", "twice"])
def test_a_store_that_is_replaced_while_it_is_open_is_refused(path, change):
    opened = read(path)
    assert np.array_equal(opened["reference"].arrays["x_ref"], tree()["reference"].arrays["x_ref"])
    for b in (2.0, 3.0) if change == "twice" else (2.0,):
        if change == "write":
            write(tree(b), path, overwrite=True)
        else:
            update(path, {"descriptors/b": tree(b)["descriptors/b"]})
    with pytest.raises(NotAStore, match="replaced"):
        _ = opened["descriptors/b"].arrays["b"]
    assert read(path)["descriptors/b"].arrays["b"][0] == b


def test_a_zip_that_is_replaced_while_it_is_open_stays_what_it_was(tmp_path):
    path = write(tree(), tmp_path / "s.zip")
    opened = read(path)
    write(tree(2.0), path, overwrite=True)
    assert opened["descriptors/b"].arrays["b"][0] == 1.0
    assert read(path)["descriptors/b"].arrays["b"][0] == 2.0


def test_what_is_put_beside_the_layers_does_not_close_a_store(path):
    opened = read(path)
    (path / ".lock").write_text("")
    (path / "README.md").write_text("")
    assert opened["descriptors/b"].arrays["b"][0] == 1.0


def test_rows_are_read_from_folders_and_zips(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "CHUNK_BYTES", 1 << 10)
    monkeypatch.setattr(writing, "WHOLE_BYTES", 1 << 11)
    values = np.arange(60 * 90.0).reshape(60, 90)  # in chunks
    values[20:30] = 0
    made = {**tree(), "annotations/x": polystate.Group({}, {"v": values, "w": np.repeat(values, 10, 0)})}  # w in shards
    for name in ("s.zarr", "s.zip"):
        found = read(write(made, tmp_path / name))
        for array in ("v", "w"):
            whole = found["annotations/x"].arrays[array]
            assert np.array_equal(whole, made["annotations/x"].arrays[array])
            for row in (0, 25, 59, -1):
                assert np.array_equal(found.read_array(f"annotations/x/{array}", row), whole[row])
            assert np.array_equal(found.read_array(f"annotations/x/{array}", slice(5, 40)), whole[5:40])
    document = json.loads((tmp_path / "s.zarr/annotations/x/w/zarr.json").read_text())
    assert document["codecs"][0]["name"] == "sharding_indexed"
