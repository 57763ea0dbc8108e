"""Some kills (many by `make kills`), and what they are about, one by one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import polystate
from polystate.errors import AlreadyExists
from polystate.sample import sample
from polystate.store import leftovers, writing
from polystate.store.digest import digest
from polystate.store.outputs import locked
from polystate.store.reading import read
from polystate.store.writing import write
from tests.robustness.kills import NEW, OLD, WRITERS, run

KILLS = int(os.environ.get("POLYSTATE_KILLS", "40"))
posix = pytest.mark.skipif(os.name != "posix", reason="kills forks")


@posix
def test_kills_break_nothing_and_block_nobody():
    assert run(KILLS, seed=7) == []


@posix
def test_a_writer_that_lies_is_found(monkeypatch):
    """The harness sees a writer that makes its store in place."""
    monkeypatch.setattr("tests.robustness.kills.WRITERS", WRITERS[:1])
    monkeypatch.setattr(WRITERS[0], "act", lambda p: writing.write_directory(NEW, p))
    assert run(12, seed=1)


@pytest.fixture
def cut_off(tmp_path, monkeypatch):
    """A store whose replacement was cut off between the two renames."""
    write(OLD, tmp_path / "s.zarr")
    rename, seen = os.rename, []

    def dying(a, b):
        seen.append(b)
        if len(seen) == 3:
            raise KeyboardInterrupt
        rename(a, b)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_exchange", lambda one, other: False)
        patch.setattr(os, "rename", dying)
        with pytest.raises(KeyboardInterrupt):
            write(NEW, tmp_path / "s.zarr", overwrite=True)
    assert not (tmp_path / "s.zarr").exists()
    return tmp_path / "s.zarr"


def test_a_writer_without_permission_completes_what_was_cut_off(cut_off):
    with pytest.raises(AlreadyExists):
        write(OLD, cut_off)
    assert digest(read(cut_off)) == digest(NEW)
    assert [p.name for p in cut_off.parent.iterdir()] == ["s.zarr"]


def test_what_was_cut_off_is_found_through_a_link(cut_off):
    link = cut_off.parent / "link.zarr"
    link.symlink_to(cut_off.name)
    assert digest(read(link)) == digest(NEW)


def test_a_store_that_came_later_stays(cut_off):
    writing.write_directory(OLD, cut_off)  # by a program that knows no notes
    assert digest(read(cut_off)) == digest(OLD)
    assert [p.name for p in cut_off.parent.iterdir()] == ["s.zarr"]


def test_leftovers_of_dead_writers_are_removed_and_of_living_ones_kept(tmp_path, monkeypatch):
    path = tmp_path / "s.zarr"
    living = leftovers.sibling(path, "partial")
    script = "import sys; from pathlib import Path; from polystate.store.leftovers import sibling\n"
    script += (
        "for k in range(2):\n    p = sibling(Path(sys.argv[1]), ('partial', 'new')[k]); p.mkdir(); (p / 'x').touch()"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=60)
    others = tmp_path / ".s.zarr.partial"
    elsewhere = tmp_path / f".s.zarr.{'0' * 24}.partial"
    for folder in (living, others, elsewhere):
        folder.mkdir()
    assert len(list(tmp_path.iterdir())) == 5
    write(OLD, path)
    assert {p.name for p in tmp_path.iterdir()} == {"s.zarr", living.name, others.name, elsewhere.name}
    os.utime(elsewhere, (0, 0))
    write(NEW, path, overwrite=True)
    assert {p.name for p in tmp_path.iterdir()} == {"s.zarr", living.name, others.name}


@posix
def test_two_writers_of_one_group_of_draws_are_refused(tmp_path):
    dep, out = polystate.Deposition(OLD), tmp_path / "draws.zarr"
    sample(dep, 3, 1, out, backend="numpy")
    before = (out / "xyz/c/0/0/0").read_bytes()
    with locked(out):
        for given in ({"resume": True}, {"overwrite": True}):
            with pytest.raises(AlreadyExists, match="one writer at a time"):
                sample(dep, 3, 1, out, backend="numpy", **given)
    assert (out / "xyz/c/0/0/0").read_bytes() == before
    sample(dep, 3, 1, out, backend="numpy", resume=True)
    assert [p.name for p in tmp_path.iterdir()] == ["draws.zarr"]


def test_long_names_have_room_for_a_leftover(tmp_path):
    name = "ä" * 110 + ".zarr.zip"
    assert digest(read(write(OLD, tmp_path / name))) == digest(OLD)
