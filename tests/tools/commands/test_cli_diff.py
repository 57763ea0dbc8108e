"""diff: 0 the same, 1 different and where, 2 not compared."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import polystate
from polystate.editing.payloads import replace_payload
from polystate.store.writing import write
from polystate_conformance.paths import CORPUS
from polystate_tools.cli import application

ECHT = CORPUS / "6vxx-echt.zarr.zip"


def diff(*words: object) -> Result:
    return CliRunner().invoke(application("diff"), ["diff", *map(str, words)])


@pytest.fixture(scope="module")
def changed(tmp_path_factory) -> Path:
    """6vxx-echt with the amplitude of row 12 of the residue level times three."""
    path = tmp_path_factory.mktemp("diff") / "changed.zarr"
    write(polystate.read(ECHT), path)
    tls = np.array(polystate.open(path).descriptors["echt.residue"].array("tls"))
    tls[12, 20] *= 3
    replace_payload(path, "echt.residue", {"tls": tls})
    return path


def test_the_same_exits_0() -> None:
    done = diff(ECHT, ECHT)
    assert (done.exit_code, done.stdout) == (0, "the same\n")


def test_one_amplitude_is_named_by_descriptor_row_and_largest_change_of_u(changed: Path) -> None:
    done = diff(ECHT, changed)
    assert done.exit_code == 1
    array, *values = [line for line in done.stdout.splitlines() if "fit" not in line]
    assert array.startswith("descriptors/echt.residue/tls: 1 of 69984 values") and "[12, 20] (A.39)" in array
    u = np.abs(polystate.open(changed).covariance(levels=["echt.residue"])
               - polystate.open(ECHT).covariance(levels=["echt.residue"]))  # fmt: skip
    assert any(line.startswith("U of echt.residue") and f"{u.max():.4g} Å² at A/39/" in line for line in values)


def test_json_holds_the_same_numbers(changed: Path) -> None:
    found = json.loads(diff(ECHT, changed, "--json").stdout)
    (array,) = [a for a in found["arrays"] if a["where"] == "descriptors/echt.residue/tls"]
    assert (array["at"], array["row"], array["differing"]) == ([12, 20], "A.39", 1)
    assert array["largest"] == pytest.approx(array["b"] - array["a"])
    (level,) = [v for v in found["values"] if v["descriptor"] == "echt.residue"]
    assert (level["quantity"], level["unit"], [r["residue"] for r in level["residues"]]) == ("U", "Å²", ["A.39"])


def test_within_a_tolerance_they_are_the_same(changed: Path) -> None:
    done = diff(ECHT, changed, "--abs", "0.1")  # the amplitude changes by less, U by more
    assert done.exit_code == 1 and "tls" not in done.stdout and "U of echt.residue" in done.stdout
    assert diff(ECHT, changed, "--abs", "0.2").exit_code == 0


def test_what_is_no_deposition_exits_2(tmp_path: Path) -> None:
    assert diff(ECHT, tmp_path).exception.code == "not-a-store"
    assert diff(ECHT, ECHT, "--abs", "-1").exception.code == "bad-request"


def test_a_state_that_both_lack_is_not_compared() -> None:
    done = diff(ECHT, ECHT, "--state", "altloc/A.1=B")
    assert done.exit_code == 2 and done.stdout.startswith("not compared: states, means and covariances: ")
