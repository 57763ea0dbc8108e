"""Small files that say they are large: refused at once, by what they declare, in memory that they do not choose."""

from __future__ import annotations

import gzip
import json
import resource
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import zstandard

import polystate
from polystate.errors import NotAStore, PolystateError, UnreadableArray
from polystate.store import memory, metadata
from polystate.store.inflate import gunzip
from polystate.store.sources import DirectorySource
from polystate.store.writing import write
from polystate_tools.formats.errors import UnreadableFile
from polystate_tools.formats.opening.files import read_input
from tests.reference import small

GROUP = '{"zarr_format": 3, "node_type": "group", "attributes": {}}'
MIB = 1 << 20


@pytest.fixture(autouse=True)
def grown():
    """The peak of this process grows by less than 700 MiB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 700 * 1024


def store(tmp_path: Path) -> Path:
    return write(polystate.build(small.deposition(3, {"b": small.iadp([1.0] * 3)})), tmp_path / "s.zarr")


def changed(path: Path, array: str, **values: object) -> Path:
    """The folder of an array whose metadata are changed."""
    node = path / array / "zarr.json"
    node.write_text(json.dumps({**json.loads(node.read_text()), **values}))
    return node.parent


def refused(path: Path) -> PolystateError:
    """The one error that every question is answered with."""
    errors = polystate.open(path).validate().errors
    for ask in (lambda d: d.digest(), lambda d: d.render(), lambda d: d.covariance()):
        with pytest.raises(PolystateError):
            ask(polystate.open(path))
    return errors[0]


def grid(*chunk: int) -> dict:
    return {"name": "regular", "configuration": {"chunk_shape": list(chunk)}}


@pytest.mark.parametrize("rows", [1 << 33, 1 << 50])
def test_a_chunk_that_says_it_is_large_is_not_inflated(tmp_path, rows):
    folder = changed(store(tmp_path), "reference/x_ref", chunk_grid=grid(rows, 3))
    squeezed = zstandard.ZstdCompressor(level=19).compressobj()
    content = b"".join(squeezed.compress(bytes(16 * MIB)) for _ in range(64)) + squeezed.flush()
    folder.joinpath("c/0/0").write_bytes(content)
    assert isinstance(refused(tmp_path / "s.zarr"), UnreadableArray)


def test_many_atoms_that_are_nowhere_are_not_made(tmp_path):
    path = store(tmp_path)
    for name in ("atom_id", "residue", "element", "name", "charge"):
        changed(path, f"hierarchy/atoms/{name}", shape=[10**8], chunk_grid=grid(10**6))
    assert refused(path).where.startswith("hierarchy/atoms/")
    assert polystate.open(path).tree.read_array("hierarchy/residues/chain").shape == (3,)  # small ones are read


def test_the_bounds_are_raised_by_a_variable(tmp_path, monkeypatch):
    path = store(tmp_path)
    changed(path, "hierarchy/atoms/charge", shape=[10 * MIB], chunk_grid=grid(MIB))
    monkeypatch.setattr(memory, "FREE_ARRAYS", MIB)
    monkeypatch.setattr(memory, "ARRAY_EXPANSION", 1)
    with pytest.raises(UnreadableArray, match="POLYSTATE_BOUNDS"):
        polystate.open(path).tree.read_array("hierarchy/atoms/charge")
    monkeypatch.setenv("POLYSTATE_BOUNDS", "20")
    assert polystate.open(path).tree.read_array("hierarchy/atoms/charge").shape == (10 * MIB,)
    opened = polystate.open(path).tree
    monkeypatch.setenv("POLYSTATE_MEMORY", "1M")
    with pytest.raises(UnreadableArray, match="POLYSTATE_MEMORY"):
        for _ in range(3):
            opened.read_array("hierarchy/atoms/charge")
    monkeypatch.setenv("POLYSTATE_BOUNDS", "ten")
    with pytest.raises(ValueError, match="POLYSTATE_BOUNDS"):
        memory.array_limit(1)


@pytest.mark.parametrize("entries", [1, 40])
def test_zip_entries_that_inflate_are_refused_before_they_do(tmp_path, entries):
    with zipfile.ZipFile(tmp_path / "s.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zarr.json", GROUP)
        for k in range(entries):
            archive.writestr(f"annotations/{k}/zarr.json", b" " * (400 * MIB // entries))
    assert (tmp_path / "s.zip").stat().st_size < 2 * MIB
    with pytest.raises(NotAStore, match="POLYSTATE_BOUNDS"):
        polystate.open(tmp_path / "s.zip")


def test_a_zip_entry_gives_no_more_than_it_declares(tmp_path):
    with zipfile.ZipFile(tmp_path / "s.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zarr.json", GROUP + " " * 300 * MIB)
    content = bytearray((tmp_path / "s.zip").read_bytes())
    place = content.index(b"PK\x01\x02")
    content[place + 24 : place + 28] = (100).to_bytes(4, "little")  # its size in the directory of the zip
    (tmp_path / "s.zip").write_bytes(content)
    with pytest.raises(NotAStore):
        polystate.open(tmp_path / "s.zip")


@pytest.mark.parametrize("name", ["x.pdb.gz", "x.cif.gz"])
def test_a_structure_file_that_inflates_is_refused(tmp_path, name):
    squeezed = gzip.compress(b"REMARK   1\n" * (30 * MIB // 11))
    (tmp_path / name).write_bytes(squeezed * 20)
    with pytest.raises(UnreadableFile, match="POLYSTATE_BOUNDS"):
        read_input(tmp_path / name)


def test_many_gzip_members_take_time_by_their_bytes():
    empty = gzip.compress(b"", mtime=0)
    began = time.monotonic()
    assert gunzip(empty * 200_000 + gzip.compress(b"text") + bytes(100), 100) == b"text"
    assert time.monotonic() - began < 20


def test_many_groups_take_time_by_their_number(tmp_path):
    path = store(tmp_path)
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        for key in DirectorySource(path).keys():
            if not key.endswith("/"):
                archive.write(path / key, key)
        archive.writestr("annotations/zarr.json", GROUP)
        for k in range(20_000):
            archive.writestr(f"annotations/a{k}/zarr.json", GROUP)
    began = time.monotonic()
    assert not polystate.open(tmp_path / "s.zip").validate().valid
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("levels, fits", [(150, True), (199, False), (100_000, False)])
def test_documents_are_as_deep_as_readers_have_to_follow(levels, fits):
    content = GROUP.replace("{}", '{"x": ' + "[" * levels + "]" * levels + "}").encode()
    if fits:
        metadata.node(content, "a/zarr.json")
        return
    with pytest.raises(NotAStore):
        metadata.node(content, "a/zarr.json")


def test_what_is_there_may_be_as_large_as_it_is(tmp_path):
    """A column of one number shrinks by more than a thousand, which is no reason to refuse it."""
    tree = {**polystate.build(small.deposition(3, {})), "annotations/x": polystate.Group({}, {"v": np.ones(4 * MIB)})}
    assert polystate.read(write(tree, tmp_path / "l.zarr"))["annotations/x"].arrays["v"].all()


@pytest.mark.parametrize("name", ["zstdbomb2", "atoms_big"])
def test_small_stores_that_took_gigabytes_are_refused(shared_data, name):
    assert isinstance(refused(shared_data.parent / f"cases/robustness/bomb/{name}.zarr.zip"), UnreadableArray)
