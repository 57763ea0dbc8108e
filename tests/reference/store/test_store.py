"""Stores: what is written is read, nothing is half written, and damage is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import polystate
from polystate.errors import AlreadyExists, NotAStore, UnreadableArray, UnreadableTable, UnsupportedVersion, WrongShape
from polystate.store import writing
from polystate.store.digest import digest
from polystate.store.reading import read
from polystate.store.tree import TABLE_MEDIA_TYPE, Group
from polystate.store.updating import update
from polystate.store.writing import chunk_shape, write
from polystate_conformance.paths import ROOT
from tests.reference.small import deposition, iadp

arrays = hnp.arrays(
    st.sampled_from(["u1", "i4", "u4", "f4", "f8"]),
    hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5),
)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.from_regex("[a-z][a-z0-9_]{0,8}", fullmatch=True), arrays, max_size=3), st.text(max_size=20))
def test_what_is_written_is_read(tmp_path_factory, found, title):
    tree = {"": Group({"format_version": "0.1.0", "title": title}), "annotations/x": Group({"a": 1}, found)}
    folder = tmp_path_factory.mktemp("store")
    for name in ("a.zarr", "a.zarr.zip"):
        back = read(write(tree, folder / name))
        assert back[""].attributes["title"] == title
        assert set(back["annotations/x"].arrays) == set(found)
        for key, values in found.items():
            assert np.array_equal(back["annotations/x"].arrays[key], values, equal_nan=values.dtype.kind == "f")
        assert digest(back, full=True) == digest(tree, full=True)


def test_text_columns_survive(tmp_path):
    table = {"site": np.array([0, 1], np.int32), "label": ["é", ""]}
    tree = {"": Group({"format_version": "0.1.0"}), "descriptors/d": Group({"id": "d"}, {}, {"states": table})}
    back = read(write(tree, tmp_path / "t.zarr"))
    assert back["descriptors/d"].tables["states"]["label"] == ["é", ""]
    assert digest(back) == digest(tree)


def small_tree(b: float = 20.0):
    return polystate.build(deposition(3, {"b": iadp([b, b, b])}))


def test_opening_reads_no_array(tmp_path, monkeypatch):
    path = write(small_tree(), tmp_path / "s.zarr")
    asked: list[str] = []
    original = polystate.store.reading.StoredTree.read_array

    def spy(self, path, rows=None):
        asked.append(path)
        return original(self, path, rows)

    monkeypatch.setattr(polystate.store.reading.StoredTree, "read_array", spy)
    dep = polystate.open(path)
    assert dep.document["format_version"] == "0.1.0" and not asked
    dep.hierarchy.atom_id  # noqa: B018
    assert asked == ["hierarchy/atoms/atom_id"]


def test_nothing_is_overwritten_without_permission(tmp_path):
    path = write(small_tree(), tmp_path / "s.zarr")
    with pytest.raises(AlreadyExists):
        write(small_tree(), path)


@pytest.mark.parametrize("name", ["s.zarr", "s.zarr.zip"])
@pytest.mark.parametrize("exchange", [True, False])
def test_a_kill_at_any_moment_leaves_the_old_or_the_new(tmp_path, name, exchange):
    path = tmp_path / name
    write(small_tree(1.0), path)
    old, new = digest(read(path)), digest(small_tree(2.0))
    script = textwrap.dedent(
        """
        import os, sys, pathlib
        import polystate
        from tests.reference import small
        from polystate.store import writing
        left = int(sys.argv[2])
        def dying(function):
            def call(*a, **k):
                global left
                if left == 0:
                    os._exit(9)
                left -= 1
                return function(*a, **k)
            return call
        for module, names in ((os, ("rename", "replace")), (writing, ("_write_array", "write_json", "_pack"))):
            for n in names:
                setattr(module, n, dying(getattr(module, n)))
        if sys.argv[3] == "no":
            writing._exchange = lambda a, b: False
        tree = polystate.build(small.deposition(3, {"b": small.iadp([2.0] * 3)}))
        writing.write(tree, sys.argv[1], overwrite=True)
        """
    )
    seen = set()
    steps = [0, 5, 20, 28, 29, 30, 31, 32, 33, 34, 35, 36, 60]
    for k in steps if name == "s.zarr" and not exchange else steps[::4]:
        arguments = [str(path), str(k), "yes" if exchange else "no"]
        subprocess.run([sys.executable, "-c", script, *arguments], cwd=ROOT, check=False, timeout=60)
        found = digest(read(path))
        assert found in (old, new)
        seen.add(found)
    assert seen == {old, new}


def test_an_interrupted_replacement_is_completed_by_the_next_reader(tmp_path, monkeypatch):
    path = write(small_tree(1.0), tmp_path / "s.zarr")
    monkeypatch.setattr(writing, "_exchange", lambda one, other: False)
    renames, original = [], os.rename

    def stop_before_third(a, b):
        renames.append(b)
        if len(renames) == 3:  # ready, old moved away, and then the power goes
            raise KeyboardInterrupt
        original(a, b)

    monkeypatch.setattr(os, "rename", stop_before_third)
    with pytest.raises(KeyboardInterrupt):
        write(small_tree(2.0), path, overwrite=True)
    monkeypatch.setattr(os, "rename", original)
    assert not path.exists()
    assert digest(read(path)) == digest(small_tree(2.0))
    assert [p.name for p in tmp_path.iterdir()] == ["s.zarr"]


@pytest.mark.parametrize("name", ["s.zarr", "s.zarr.zip"])
def test_an_update_leaves_everything_else(tmp_path, name):
    path = write(small_tree(1.0), tmp_path / name)
    before = polystate.Deposition(read(path)).x_ref
    update(path, {"descriptors/b": small_tree(2.0)["descriptors/b"]})
    after = polystate.open(path)
    assert after.covariance()[0, 0, 0] == pytest.approx(2 / (8 * np.pi**2))
    assert np.array_equal(after.x_ref, before)
    assert digest(after.tree) == digest(small_tree(2.0))


def test_damage_is_named(tmp_path):
    path = write(small_tree(), tmp_path / "s.zarr")
    chunk = next((path / "reference/x_ref").rglob("c/*/*"))
    chunk.write_bytes(chunk.read_bytes()[:-4])
    with pytest.raises(UnreadableArray, match="reference/x_ref"):
        _ = polystate.open(path).x_ref
    (path / "zarr.json").write_text('{"zarr_format": 3')
    with pytest.raises(NotAStore):
        read(path)
    packed = write(small_tree(), tmp_path / "s.zip")
    packed.write_bytes(packed.read_bytes()[:-30])
    with pytest.raises(NotAStore):
        read(packed)


def test_a_small_file_cannot_ask_for_all_memory(tmp_path):
    path = write(small_tree(), tmp_path / "s.zarr")
    node = path / "reference/x_ref/zarr.json"
    document = json.loads(node.read_text())
    document["shape"][0] = 300_000_000_000
    node.write_text(json.dumps(document))
    with pytest.raises((UnreadableArray, WrongShape)):
        _ = polystate.open(path).x_ref


def test_other_versions_and_other_things_are_refused(tmp_path):
    with pytest.raises(NotAStore):
        read(tmp_path)
    with pytest.raises(NotAStore):
        read(tmp_path / "nothing.zarr")
    tree = {"": Group({"format_version": "1.0.0"})}
    with pytest.raises(UnsupportedVersion):
        read(write(tree, tmp_path / "v.zarr"))
    not_arrow = {"": Group({"format_version": "0.1.0"}), "annotations/x": Group({}, {"t": np.zeros(4, np.uint8)})}
    path = write(not_arrow, tmp_path / "t.zarr")
    node = path / "annotations/x/t/zarr.json"
    document = json.loads(node.read_text())
    document["attributes"] = {"polystate": {"media_type": TABLE_MEDIA_TYPE}}
    node.write_text(json.dumps(document))
    with pytest.raises(UnreadableTable):
        _ = read(path)["annotations/x"].tables["t"]


@given(hnp.array_shapes(max_dims=3, max_side=10**6), st.sampled_from([1, 4, 8]), st.integers(0, 2))
def test_chunks_are_small_and_few(shape, itemsize, along):
    along = min(along, len(shape) - 1)
    chunks, shards = chunk_shape(shape, itemsize, along)
    assert all(c == max(1, n) for k, (c, n) in enumerate(zip(chunks, shape, strict=True)) if k != along)
    assert all(1 <= c <= max(1, n) for c, n in zip(chunks, shape, strict=True))
    outer = shards or chunks
    assert all(o % c == 0 for o, c in zip(outer, chunks, strict=True))
