"""The pytest plugin: a test of one's own fails with what differs, and passes once the golden deposition is renewed."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import polystate
from polystate.editing.payloads import replace_payload
from polystate.store.writing import write
from polystate_conformance.paths import CORPUS, ROOT
from polystate_tools.bridges.golden import Golden
from polystate_tools.corpus.scenarios import ARTIFACT
from tests.reference.small import deposition, iadp

TEST = """
def test_the_spike(polystate_golden):
    polystate_golden.check("spike.zarr", "spike")
"""


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """pytest in a folder of a tester, with our plugin as its only one."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "polystate_tools.bridges.golden",
        "-p",
        "no:cacheprovider",
        *options,
    ]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def test_an_amplitude_fails_by_name_until_the_golden_deposition_is_renewed(tmp_path: Path) -> None:
    (tmp_path / "test_spike.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    store = tmp_path / "spike.zarr"
    write(polystate.read(CORPUS / "6vxx-echt.zarr.zip"), store)
    missing = run(tmp_path)
    assert missing.returncode == 1 and "pytest --golden-update writes it" in missing.stdout
    made = run(tmp_path, "--golden-update")
    golden = tmp_path / "golden" / "spike.zarr.zip"
    assert made.returncode == 0 and f"golden deposition written: {golden}" in made.stdout, made.stdout
    assert polystate.open(golden).digest() == polystate.open(store).digest()
    tls = np.array(polystate.open(store).descriptors["echt.residue"].array("tls"))
    tls[12, 20] *= 3
    replace_payload(store, "echt.residue", {"tls": tls})
    failed = run(tmp_path)
    assert failed.returncode == 1
    assert "descriptors/echt.residue/tls: 1 of" in failed.stdout and "[12, 20] (A.39)" in failed.stdout
    assert "U of echt.residue: " in failed.stdout and "Å² at A/39/" in failed.stdout
    assert run(tmp_path, "--golden-update").returncode == 0
    renewed = run(tmp_path)
    assert renewed.returncode == 0 and "written" not in renewed.stdout


def opened(*b: float) -> polystate.Deposition:
    return polystate.Deposition(polystate.build(deposition(len(b), {"b": iadp(b)})))


def test_a_tree_and_a_deposition_are_taken_and_a_tolerance_holds(tmp_path: Path) -> None:
    Golden(tmp_path, update=True).check(opened(1.0, 2.0), "small/b")
    assert (tmp_path / "small" / "b.zarr.zip").is_file()
    Golden(tmp_path).check(opened(1.0, 2.0).tree, "small/b")
    Golden(tmp_path).check(opened(1.0, 2.0 + 1e-6), "small/b", abs=1e-5)
    with pytest.raises(pytest.fail.Exception, match=r"descriptors/b/b: 1 of 2 values"):
        Golden(tmp_path).check(opened(1.0, 2.0 + 1e-6), "small/b")


def test_an_update_leaves_alone_what_has_not_changed(tmp_path: Path) -> None:
    golden = Golden(tmp_path, update=True)
    for _ in range(2):
        golden.check(opened(1.0), "b")
    golden.check(opened(1.0 + 1e-9), "b", abs=1e-6)
    assert golden.written == [tmp_path / "b.zarr.zip"]


def test_what_is_not_valid_is_no_golden_deposition(tmp_path: Path) -> None:
    broken = iadp([1.0, 2.0])
    broken["arrays"]["atom_id"] = [1, 9]
    tree = polystate.build(deposition(2, {"b": broken}))
    with pytest.raises(pytest.fail.Exception, match="not valid: .*atom_id 9"):
        Golden(tmp_path, update=True).check(tree, "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "/tmp/x", "../x", "a/../../x", "a b", ".hidden", "a//b"])
def test_a_name_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="golden name"):
        Golden(tmp_path / "golden", update=True).check(opened(1.0), name)


def test_a_state_that_cannot_be_compared_fails(tmp_path: Path) -> None:
    Golden(tmp_path, update=True).check(opened(1.0), "b")
    with pytest.raises(pytest.fail.Exception, match="not compared"):
        Golden(tmp_path).check(opened(1.0), "b", state={"altloc/A.1": "B"})


def test_files_beside_the_deposition_are_found_for_both(tmp_path: Path) -> None:
    write(polystate.read(CORPUS / "mixed.zarr.zip"), tmp_path / "mixed.zarr")
    shutil.copy(CORPUS / ARTIFACT, tmp_path)
    for update in (True, False):
        Golden(tmp_path / "golden", update).check(tmp_path / "mixed.zarr", "mixed", at={"frame": 1})


def test_what_every_pytest_loads_is_light() -> None:
    heavy = "{'numpy', 'polystate', 'zarr'}"
    code = f"import sys, polystate_tools.bridges.golden; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_distribution_has_the_entry_point() -> None:
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert importlib.import_module(points["polystate_golden"]).polystate_golden
