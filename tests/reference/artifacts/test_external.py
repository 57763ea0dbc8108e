"""Artifacts: where they may lie, that they are what was pinned, and that a frame costs a frame."""

from __future__ import annotations

import os
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

import polystate
from polystate.artifacts import location as artifacts
from polystate.artifacts.trajectory import trajectory
from polystate.errors import ArtifactMismatch, MissingArtifact, UriNotAllowed
from tests.reference.small import build, external, trajectory_file

FRAMES = np.random.default_rng(5).normal(size=(6, 4, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYSTATE_CACHE", str(tmp_path / "cache"))


def deposition(folder: Path, uri: str = "file:run.h5md", **kwargs: object) -> polystate.Deposition:
    sha256 = trajectory_file(folder / "run.h5md", FRAMES)
    tree = build(4, {"md": external(uri, sha256, 4)}, axes={"frame": {"length": 6}})
    polystate.write(tree, folder / "dep.zarr")
    return polystate.open(folder / "dep.zarr", **kwargs)  # type: ignore[arg-type]


def test_frames_in_any_order_are_what_h5py_reads(tmp_path: Path) -> None:
    dep = deposition(tmp_path)
    with h5py.File(tmp_path / "run.h5md") as file:
        stored = file["particles/all/position/value"]
        for step in (5, 0, 3, 3, 1):
            want = stored[step].astype(np.float64) * 10
            assert np.array_equal(dep.render(at={"frame": step}).xyz, want)


def test_a_zipped_deposition_finds_what_lies_beside_it(tmp_path: Path) -> None:
    dep = deposition(tmp_path)
    polystate.write(dep.tree, tmp_path / "dep.zarr.zip")
    packed = polystate.open(tmp_path / "dep.zarr.zip")
    assert np.array_equal(packed.render(at={"frame": 2}).xyz, dep.render(at={"frame": 2}).xyz)


def test_a_deposition_without_a_folder_has_no_artifacts(tmp_path: Path) -> None:
    sha256 = trajectory_file(tmp_path / "run.h5md", FRAMES)
    tree = build(4, {"md": external("file:run.h5md", sha256, 4)}, axes={"frame": {"length": 6}})
    with pytest.raises(UriNotAllowed):
        polystate.Deposition(tree).render(at={"frame": 0})
    inside = polystate.Deposition(tree, folder=tmp_path)
    assert inside.render(at={"frame": 0}).xyz.shape == (4, 3)


@pytest.mark.parametrize("uri", ["file:///etc/run.h5md", "file:../run.h5md", "file:a/../../run.h5md", "run.h5md",
                                 "file:run.h5md?", "file:run.h5md#", "file:%2e%2e/run.h5md", "file://host/run.h5md", "https://example.org/run.h5md",
                                 "memory://bucket/run.h5md"])  # fmt: skip
def test_what_is_not_beside_is_refused_by_validation_and_by_use(tmp_path: Path, uri: str) -> None:
    dep = deposition(tmp_path, uri)
    errors = dep.validate().errors
    assert {e.code for e in errors} == {"uri-not-allowed"}
    assert {e.where for e in errors} == {"descriptors/md#/artifact/uri", "descriptors/md#/operator/uri"}
    with pytest.raises(UriNotAllowed):
        dep.render(at={"frame": 0})


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    dep = deposition(tmp_path / "inside")
    (tmp_path / "inside" / "run.h5md").rename(tmp_path / "run.h5md")
    (tmp_path / "inside" / "run.h5md").symlink_to(tmp_path / "run.h5md")
    with pytest.raises(UriNotAllowed):
        dep.render(at={"frame": 0})


def test_a_folder_that_is_allowed_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    sha256 = trajectory_file(tmp_path / "far" / "run.h5md", FRAMES)
    uri = f"file://{tmp_path}/far/run.h5md"
    tree = build(4, {"md": external(uri, sha256, 4)}, axes={"frame": {"length": 6}})
    allowed = polystate.Deposition(tree, tmp_path, [f"file://{tmp_path}/far"])
    assert allowed.render(at={"frame": 1}).xyz.shape == (4, 3)
    with pytest.raises(UriNotAllowed):
        polystate.Deposition(tree, tmp_path, [f"file://{tmp_path}/fa"]).render(at={"frame": 1})


def test_remote_artifacts_are_fetched_where_allowed_and_kept_by_hash(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    sha256 = trajectory_file(tmp_path / "run.h5md", FRAMES)
    memory.pipe("/bucket/run.h5md", (tmp_path / "run.h5md").read_bytes())
    tree = build(4, {"md": external("memory://bucket/run.h5md", sha256, 4)}, axes={"frame": {"length": 6}})
    xyz = polystate.Deposition(tree, tmp_path, ["memory://bucket/"]).render(at={"frame": 4}).xyz
    assert np.array_equal(xyz, FRAMES[4].astype(np.float64) * 10)
    memory.rm("/bucket/run.h5md")
    again = polystate.Deposition(tree, tmp_path, ["memory://bucket/"]).render(at={"frame": 4}).xyz
    assert np.array_equal(again, xyz)
    memory.pipe("/bucket/other.h5md", b"something else")
    tree = build(4, {"md": external("memory://bucket/other.h5md", "0" * 64, 4)}, axes={"frame": {"length": 6}})
    with pytest.raises(ArtifactMismatch):
        polystate.Deposition(tree, tmp_path, ["memory://bucket/"]).render(at={"frame": 4})


def test_a_verified_file_is_read_again_only_when_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"content")
    old = time.time() - 3600
    os.utime(path, (old, old))
    monkeypatch.setattr(artifacts, "SETTLED_NS", 0)
    read: list[Path] = []
    original = artifacts.content_sha256
    monkeypatch.setattr(artifacts, "content_sha256", lambda p: read.append(p) or original(p))
    sha256 = original(path)
    for _ in range(3):
        artifacts.verify(path, sha256, "here")
    assert len(read) == 1
    path.write_bytes(b"CONTENT")
    os.utime(path, (old, old))  # the same size and modification time: the change time tells
    with pytest.raises(ArtifactMismatch):
        artifacts.verify(path, sha256, "here")


def test_a_file_that_vanished_is_missing(tmp_path: Path) -> None:
    dep = deposition(tmp_path)
    (tmp_path / "run.h5md").unlink()
    with pytest.raises(MissingArtifact) as refused:
        dep.render(at={"frame": 0})
    assert refused.value.where == "descriptors/md#/artifact/uri"


def test_content_of_other_files_is_refused(tmp_path: Path) -> None:
    trajectory_file(tmp_path / "secret.h5md", FRAMES)
    (tmp_path / "raw").write_bytes(FRAMES.tobytes())
    with h5py.File(tmp_path / "linked.h5md", "w") as file:
        file["particles/all"] = h5py.ExternalLink("secret.h5md", "/particles/all")
    with h5py.File(tmp_path / "stored.h5md", "w") as file:
        group = file.create_group("particles/all/position")
        group.create_dataset("value", FRAMES.shape, "f4", external=[(str(tmp_path / "raw"), 0, FRAMES.nbytes)])
    layout = h5py.VirtualLayout(FRAMES.shape, "f4")
    layout[...] = h5py.VirtualSource(tmp_path / "secret.h5md", "particles/all/position/value", FRAMES.shape)
    with h5py.File(tmp_path / "virtual.h5md", "w") as file:
        file.create_group("particles/all/position").create_virtual_dataset("value", layout)
    for name in ("linked", "stored", "virtual"):
        sha256 = artifacts.file_sha256(tmp_path / f"{name}.h5md")
        tree = build(4, {"md": external(f"file:{name}.h5md", sha256, 4)}, axes={"frame": {"length": 6}})
        with pytest.raises(ArtifactMismatch):
            polystate.Deposition(tree, tmp_path).render(at={"frame": 0})


def test_artifacts_are_validated_where_that_is_asked_for(tmp_path: Path) -> None:
    dep = deposition(tmp_path)
    assert dep.validate(artifacts=True).valid
    (tmp_path / "run.h5md").unlink()
    again = polystate.open(tmp_path / "dep.zarr")
    assert again.validate().valid
    assert [e.code for e in again.validate(artifacts=True).errors] == ["missing-artifact"]


def test_a_frame_is_read_without_the_rest(tmp_path: Path) -> None:
    frames = np.zeros((400, 5000, 3), np.float32)  # 24 MB
    sha256 = trajectory_file(tmp_path / "run.h5md", frames)
    tree = build(5000, {"md": external("file:run.h5md", sha256, 5000)}, axes={"frame": {"length": 400}})
    dep = polystate.Deposition(tree, tmp_path)
    dep.render(at={"frame": 0})
    d = dep.descriptors["md"]
    before = _bytes_read()
    for step in (399, 200, 7):
        trajectory(d).frame(step)
    assert before is None or _bytes_read() - before < 4e6  # three frames are 180 kB, the file is 24 MB


def _bytes_read() -> int | None:
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return None
    return int(next(line for line in lines if line.startswith("rchar")).split()[1])


def test_the_real_trajectory_renders_as_h5py_reads_it(shared_data: Path, tmp_path: Path) -> None:
    from polystate_tools.formats.h5md.importer import import_h5md, place_beside

    file, topology = (shared_data / f"trajectory/cobrotoxin.{kind}" for kind in ("h5md", "pdb"))
    tree, _ = import_h5md(file, topology, external=True)
    polystate.write(tree, tmp_path / "cobrotoxin.zarr")
    place_beside(file, tmp_path / "cobrotoxin.zarr")
    dep = polystate.open(tmp_path / "cobrotoxin.zarr")
    assert dep.validate().valid
    with h5py.File(file) as opened:
        stored = opened["particles/trajectory/position/value"]
        for step in np.random.default_rng(0).integers(0, len(stored), 6).tolist():
            assert np.array_equal(dep.render(at={"frame": step}).xyz, stored[step].astype(np.float64) * 10)
