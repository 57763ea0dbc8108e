"""Files that broke readers: each ends in the error, or the answer, that its note says, in bounded time and memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

import polystate
from polystate.artifacts import walk
from polystate.artifacts.h5md import H5md
from polystate.errors import ArtifactMismatch, PolystateError
from polystate_conformance.reports import footer
from polystate_tools.echt.resume import Damaged, Kept
from polystate_tools.formats import import_file
from polystate_tools.formats.errors import UnreadableFile
from polystate_tools.formats.h5md.importer import import_h5md
from tests.reference import small

RUN = "entries/10-h5md-image/run.pdb"


@pytest.fixture
def cases(shared_data: Path) -> Path:
    """The inputs that failed, beside the real files."""
    return shared_data.parent / "cases"


@pytest.mark.parametrize("name", ["10580", "10801", "116", "12071", "42", "71"])
def test_a_damaged_cif_is_read_or_refused_by_name(cases, name):
    try:
        import_file(cases / f"robustness/cif/{name}.cif")
    except PolystateError as error:
        assert error.where.startswith(f"{name}.cif")


@pytest.mark.parametrize("name", ["10", "10270", "10282", "20546", "64", "endless"])
def test_a_damaged_trajectory_is_refused_by_name_and_in_time(cases, name):
    began = time.monotonic()
    with pytest.raises(UnreadableFile) as found:
        import_h5md(cases / f"robustness/h5md/{name}.h5md", cases / RUN)
    assert found.value.where.startswith(f"{name}.h5md")
    assert time.monotonic() - began < 60


def trajectory(path: Path, **options: object) -> Path:
    with h5py.File(path, "w") as file:
        group = file.create_group("particles/all/position")
        group.create_dataset("value", dtype="f8", **options)
        group.create_dataset("step", data=[0])
    return path


@pytest.mark.parametrize("shape, chunks", [((1 << 40, 3, 3), (1, 3, 3)), ((2, 1 << 26, 3), (1, 1 << 16, 3))])
def test_a_trajectory_that_says_it_is_large_is_refused(tmp_path, shape, chunks):
    with H5md(trajectory(tmp_path / "x.h5md", shape=shape, chunks=chunks)) as file:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(ArtifactMismatch, match="POLYSTATE_BOUNDS"):
            file.position()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_a_file_without_an_end_is_told_by_a_child(tmp_path, monkeypatch):
    path = trajectory(tmp_path / "x.h5md", shape=(1, 3, 3))
    monkeypatch.setattr(walk, "LIMIT_S", 0.5)
    monkeypatch.setattr(walk, "_CHILD", "while True: pass")
    with pytest.raises(ArtifactMismatch, match="no end"):
        H5md(path)
    monkeypatch.setattr(walk, "LIMIT_S", 20)
    monkeypatch.setattr(walk, "_CHILD", "import os; os.abort()")
    with pytest.raises(ArtifactMismatch, match="crashes"):
        H5md(path)
    monkeypatch.undo()
    H5md(path).close()


def test_what_a_library_raises_is_named_with_the_file(tmp_path, monkeypatch):
    (tmp_path / "x.cif").write_text("data_x\n")

    def breaking(content: bytes, where: str) -> None:
        raise ZeroDivisionError("of the library")

    monkeypatch.setattr("polystate_tools.formats.mmcif.reader.records_of_mmcif", breaking)
    with pytest.raises(UnreadableFile, match=r"x\.cif.*ZeroDivisionError: of the library"):
        import_file(tmp_path / "x.cif")


def test_what_is_no_file_is_refused_by_name(tmp_path):
    for name in ("nothing.pdb", "", "a\0b.pdb", "x" * 300 + ".pdb"):
        with pytest.raises(PolystateError):
            import_file(str(tmp_path / name))


def test_starting_stays_light():
    """What reads the web or HDF5 is not imported to open a store."""
    heavy = "{'http.client', 'h5py', 'polystate.store.web'}"
    code = f"import sys, polystate; polystate.open; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "lines",
    [
        [], ["[]", '{"footer": true}'], ['{"report": 1}', "3", '{"footer": true}'],
        ['{"report": 1}', '{"case": "a.1"}', '{"footer": true}'],
        ['{"report": 1}', '{"case": ["a"], "outcome": "passed"}', '{"footer": true}'], ["[" * 100_000],
        ['{"report": 1}', '{"case": "a.1", "outcome": "passed"}', '["footer"]'],
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused_by_line(tmp_path, lines):
    (tmp_path / "r.jsonl").write_text("\n".join(lines))
    with pytest.raises(footer.BadReport, match=r"r\.jsonl"):
        footer.read(tmp_path / "r.jsonl")


@pytest.mark.parametrize("name", ["report-list.jsonl", "report-nocase.jsonl"])
def test_a_damaged_report_is_refused_by_name(cases, name):
    with pytest.raises(footer.BadReport, match=name):
        footer.read(cases / "robustness/misc" / name)


def test_a_damaged_file_of_an_interrupted_fit_is_no_fit(cases, tmp_path):
    with pytest.raises(Damaged):
        Kept(cases / "robustness/misc/r.npz", "").read()
    np.savez(tmp_path / "r.npz", key="", steps="[" * 100_000, hopeful=[1.0, 2.0])
    with pytest.raises(Damaged):
        Kept(tmp_path / "r.npz", "").read()


@pytest.mark.parametrize("uri", [
    "file:a\0b", "file:a%00b", "http://[::1", "file:" + "x" * 5000, "file:\x1b[2J", "file:loop/x", "file:", "\0",
])  # fmt: skip
def test_a_place_that_no_file_has_is_refused_by_name(tmp_path, uri):
    (tmp_path / "loop").symlink_to("loop")
    external = {
        "regime": "trajectory", "mode": "C", "scope": {"level": "atom"}, "signal_type": "coordinates",
        "algebra": "independent", "operator": {"id": "external_reference/h5md_v1", "venue": "external"},
        "artifact": {"uri": uri, "sha256": "0" * 64, "unit": "nm", "media_type": "application/x-hdf5"},
        "sample_axis": "frame", "arrays": {"atom_id": [1, 2, 3]},
    }  # fmt: skip
    tree = polystate.build(small.deposition(3, {"md": external}, axes={"frame": {"length": 3}}))
    dep = polystate.Deposition(tree, tmp_path)
    dep.validate()
    with pytest.raises(PolystateError):
        dep.render(at={"frame": 1})
    assert not dep.validate(artifacts=True).valid
