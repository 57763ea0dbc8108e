"""What was said of numbers that have changed since is called stale, and no certificate is printed for them."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

import polystate
from polystate.editing.payloads import replace_payload
from polystate_conformance.paths import CORPUS
from polystate_tools.cli import application

GOLDEN = sorted(path for path in CORPUS.glob("*.zarr.zip"))
SMALL = [path for path in GOLDEN if path.stat().st_size < 200_000]


def run(*words):
    return CliRunner().invoke(application(words[0]), [str(word) for word in words])


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name.split(".")[0])
def test_no_golden_deposition_is_stale(path):
    dep = polystate.open(path)
    assert dep.describe()["stale"] == []
    assert any(dep.tree[p].attributes.get("describes") for p in dep.tree if p.startswith("provenance/"))


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.name.split(".")[0])
def test_one_atom_moved_by_three_angstrom_is_told(path):
    tree = polystate.read(path)
    x_ref = np.array(tree["reference"].arrays["x_ref"])
    x_ref[len(x_ref) // 2, 2] += 3.0
    moved = {p: tree[p] for p in tree}
    moved["reference"] = polystate.Group(tree["reference"].attributes, {"x_ref": x_ref})
    dep = polystate.Deposition(moved, tree.folder)
    report, strict = dep.validate(), dep.validate(strict=True)
    assert not strict.valid and any(entry["where"].startswith("provenance/") for entry in dep.describe()["stale"])
    if report.valid:
        assert any(w["code"] == "stale" and w["where"].startswith("provenance/") for w in report.warnings)
        assert {error.code for error in strict.errors} == {"stale"}
    else:  # TLS of the atom's group is no longer normalised
        assert report.errors[0].code == "tls-not-normalised"


@pytest.fixture
def tripled(tmp_path):
    """The fitted 7k3t with one amplitude of a TLS group times three."""
    path = tmp_path / "7k3t-echt.zarr"
    polystate.write(polystate.read(CORPUS / "7k3t-echt.zarr.zip"), path)
    tls = np.array(polystate.open(path).descriptors["echt.residue"].array("tls"))
    tls[np.argmax(tls[:, 20]), 20] *= 3
    replace_payload(path, "echt.residue", {"tls": tls})
    return path


def test_a_fit_whose_stack_was_changed_has_no_certificate(tripled, tmp_path):
    where = "provenance/echt: descriptors/echt.residue has changed"
    valid, strict = run("validate", tripled), run("validate", tripled, "--strict")
    assert valid.exit_code == 0 and "stale" in valid.output and "provenance/echt" in valid.output
    assert strict.exit_code == 1 and "stale" in strict.output
    assert where in run("describe", tripled).stderr
    asked = run("query", tripled, "SELECT count(*) AS n FROM groups")
    assert asked.exit_code == 0 and where in asked.stderr
    out = tmp_path / "page.html"
    told = run("report", tripled, "-o", out)
    assert told.exit_code == 1 and where in told.stderr
    assert "the certificate is good" not in out.read_text("utf-8")


def test_a_fit_that_holds_is_reported_with_its_certificate(tmp_path):
    out = tmp_path / "page.html"
    told = run("report", CORPUS / "7k3t-echt.zarr.zip", "-o", out)
    assert told.exit_code == 0 and "the certificate is good" in out.read_text("utf-8")
