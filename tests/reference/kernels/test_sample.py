"""Streams of draws: the same bytes however they are made, whole after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import zarr

import polystate
from polystate import Draw, sample
from polystate.errors import AlreadyExists, BadRequest, DrawRange
from tests.reference.kernels.random_depositions import deposition

SEED = 11  # a deposition with states, conditions and a B-factor of each alternate


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(sample, "CHUNK_BYTES", 3000)
    monkeypatch.setattr(sample, "SHARD_BYTES", 9000)


def files(path: Path) -> dict[str, bytes]:
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def test_the_array_holds_the_draws(tmp_path):
    dep = deposition(SEED)
    dep.sample(41, 7, tmp_path / "draws.zarr")
    group = zarr.open_group(tmp_path / "draws.zarr", mode="r")
    xyz = group["xyz"][...]
    assert xyz.shape == (41, dep.n_atoms, 3)
    assert group.attrs["polystate"]["digest"] == dep.digest()
    assert group.attrs["polystate"]["complete"] is True
    for d in (0, 17, 40):
        one = dep.render(draw=Draw(7, d), backend="numpy")
        assert np.abs(xyz[d] - one.xyz).max() < 1e-11
        if "present" in group:
            assert np.array_equal(group["present"][d], one.present)
        assert np.array_equal(group["state"][d], one.request.joint)


@pytest.mark.parametrize("options", [{"workers": 3}, {"workers": 2, "processes": True}])
def test_any_number_of_workers_writes_the_same_bytes(tmp_path, options):
    dep = deposition(SEED)
    dep.sample(60, 7, tmp_path / "one.zarr")
    dep.sample(60, 7, tmp_path / "many.zarr", **options)
    assert files(tmp_path / "one.zarr") == files(tmp_path / "many.zarr")


def test_float32_is_the_rounded_draw(tmp_path):
    dep = deposition(SEED)
    double = zarr.open_array(dep.sample(9, 7, tmp_path / "d.zarr") / "xyz", mode="r")[...]
    single = zarr.open_array(dep.sample(9, 7, tmp_path / "s.zarr", dtype="float32") / "xyz", mode="r")[...]
    assert np.array_equal(single, double.astype(np.float32))


def test_finished_shards_are_kept_on_resume(tmp_path):
    dep = deposition(SEED)
    whole = dep.sample(60, 7, tmp_path / "whole.zarr")
    out = dep.sample(60, 7, tmp_path / "out.zarr")
    made = sorted((out / "xyz" / "c").iterdir(), key=lambda p: int(p.name))
    kept = (made[0] / "0" / "0").stat().st_mtime_ns
    (made[-1] / "0" / "0").unlink()
    (made[-1] / "0" / ".0.1.2.partial").write_bytes(b"half")
    seen: list[tuple[int, int]] = []
    dep.sample(60, 7, out, resume=True, progress=lambda done, n: seen.append((done, n)))
    assert files(out) == files(whole)
    assert (made[0] / "0" / "0").stat().st_mtime_ns == kept
    assert 0 < seen[0][0] < 60 and seen[-1] == (60, 60)


def test_what_is_there_is_not_overwritten_nor_continued_as_something_else(tmp_path):
    dep = deposition(SEED)
    dep.sample(4, 7, tmp_path / "draws.zarr")
    with pytest.raises(AlreadyExists):
        dep.sample(4, 7, tmp_path / "draws.zarr")
    with pytest.raises(BadRequest):
        dep.sample(4, 8, tmp_path / "draws.zarr", resume=True)
    with pytest.raises(DrawRange):
        dep.sample(4, 1 << 64, tmp_path / "other.zarr")
    assert not (tmp_path / "other.zarr").exists()


SLOW = """
import sys, time
import polystate
from polystate import sample
sample.CHUNK_BYTES, sample.SHARD_BYTES = 3000, 9000
polystate.open(sys.argv[1]).sample(400, 7, sys.argv[2], progress=lambda done, n: time.sleep(0.02))
"""


def test_a_killed_run_goes_on(tmp_path):
    dep = deposition(SEED)
    polystate.write(dep.tree, tmp_path / "dep.zarr")
    out = tmp_path / "draws.zarr"
    child = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path / "dep.zarr"), str(out)])
    deadline = time.monotonic() + 60
    while not (out / "xyz" / "c" / "3").exists():
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.005)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    finished = len(list((out / "xyz" / "c").iterdir()))
    assert not zarr.open_group(out, mode="r").attrs["polystate"]["complete"]
    dep.sample(400, 7, out, resume=True)
    assert finished < len(list((out / "xyz" / "c").iterdir()))
    assert files(out) == files(dep.sample(400, 7, tmp_path / "whole.zarr"))


def test_a_cluster_that_loses_a_worker_writes_the_same_bytes(tmp_path):
    distributed = pytest.importorskip("distributed")
    polystate.write(deposition(SEED).tree, tmp_path / "dep.zarr")
    dep = polystate.open(tmp_path / "dep.zarr")
    lost = []
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        pids = list(client.run(os.getpid).values())

        def lose(done: int, n: int) -> None:
            if not lost and 0 < done < n:
                lost.append(done)
                os.kill(pids[0], signal.SIGKILL)

        out = dep.sample(400, 7, tmp_path / "draws.zarr", scheduler=cluster.scheduler_address, progress=lose)
    assert lost
    assert files(out) == files(dep.sample(400, 7, tmp_path / "whole.zarr"))


def test_draws_that_the_disk_has_no_room_for_are_refused_before_one_is_written(tmp_path, monkeypatch):
    dep, out = deposition(SEED), tmp_path / "draws.zarr"
    with pytest.raises(BadRequest, match="n: found 1000000000000000 draws, which take"):
        dep.sample(10**15, 7, out)
    assert not out.exists()
    row = dep.n_atoms * (3 * 8 + 1) + 4 * len(dep.states.dag)
    monkeypatch.setattr(sample.shutil, "disk_usage", lambda folder: SimpleNamespace(free=row * 41))
    with pytest.raises(BadRequest, match="POLYSTATE_BOUNDS"):
        dep.sample(60, 7, out)
    monkeypatch.setenv("POLYSTATE_BOUNDS", "2")
    assert dep.sample(60, 7, out).is_dir()
