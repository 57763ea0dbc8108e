"""The command line: what it prints, what it writes, and how it exits."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import polystate
from polystate_conformance.paths import CORPUS

SPIKE = str(CORPUS / "6vxx.zarr.zip")
NESTED = str(CORPUS / "nested-loop.zarr.zip")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "polystate_tools.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_validate_says_valid_and_exits_0():
    done = run("validate", SPIKE, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"valid": True, "errors": [], "warnings": []}


def test_validate_of_nothing_exits_1_and_names_the_place(tmp_path):
    done = run("validate", str(tmp_path), "--json")
    assert done.returncode == 1
    assert [e["code"] for e in json.loads(done.stdout)["errors"]] == ["not-a-store"]


def test_describe_counts():
    found = json.loads(run("describe", SPIKE, "--json").stdout)
    assert (found["atoms"], found["chains"], found["levels"]) == (23694, 66, ["iadp"])


def test_states_are_counted_and_listed():
    found = json.loads(run("states", NESTED, "--list", "10", "--json").stdout)
    assert found["count"] == 3 * 2**40 and len(found["states"]) == 10
    assert len({json.dumps(s, sort_keys=True) for s in found["states"]}) == 10


def test_covariance_and_render_write_arrays(tmp_path):
    assert run("covariance", SPIKE, "-o", str(tmp_path / "u.npy")).returncode == 0
    u = np.load(tmp_path / "u.npy")
    assert u.shape == (23694, 3, 3) and u.dtype == np.float64
    assert run("render", SPIKE, "-o", str(tmp_path / "x.npy"), "--draw", "7:0").returncode == 0
    dep = polystate.open(SPIKE)
    expected = dep.render(draw=polystate.Draw(7, 0)).xyz
    assert np.allclose(np.load(tmp_path / "x.npy"), expected, atol=1e-12)


def test_moments_are_written_and_told_by_part(tmp_path):
    crystal = str(CORPUS / "scenario-crystal.zarr.zip")
    done = run("moments", crystal, "-o", str(tmp_path / "m.npz"), "--json")
    told = json.loads(done.stdout)
    with np.load(tmp_path / "m.npz") as found:
        assert found["parts"].tolist() == [*told["rmsf"]][:-1]
        assert np.allclose(found["covariance_by_part"].sum(axis=0), found["covariance"], atol=1e-14)
        assert np.array_equal(found["mean"], polystate.open(crystal).moments().mean)
    classes = str(CORPUS / "scenario-classes.zarr.zip")
    refused = run("moments", classes, "-o", str(tmp_path / "c.npz"))
    assert refused.returncode == 2 and "no-closed-form" in refused.stderr and not (tmp_path / "c.npz").exists()
    given = run("moments", classes, "-o", str(tmp_path / "c.npz"), "--decoders", "quadrature:20")
    assert given.returncode == 0 and "descriptors/motion: estimated" in given.stderr


def test_nothing_is_overwritten_without_y(tmp_path):
    out = tmp_path / "x.npy"
    out.write_bytes(b"mine")
    done = run("render", NESTED, "-o", str(out))
    assert done.returncode == 2 and "already-exists" in done.stderr and out.read_bytes() == b"mine"
    assert run("render", NESTED, "-o", str(out), "-y").returncode == 0


def test_a_forbidden_state_is_one_line_and_exit_2(tmp_path):
    done = run("render", NESTED, "-o", str(tmp_path / "x.npy"), "--state", "ligand=absent,loop=A")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "loop/gate: found A, expected one of C" in done.stderr


def test_digest_is_the_same_in_another_container(tmp_path):
    assert run("convert", NESTED, str(tmp_path / "n.zarr")).returncode == 0
    assert run("digest", str(tmp_path / "n.zarr")).stdout == run("digest", NESTED).stdout


def test_explain_names_rows_and_operators():
    rows = json.loads(run("explain", NESTED, "--atom", "A/1/CA", "--state", "loop=B", "--json").stdout)
    loop = next(r for r in rows if r["descriptor"] == "loop")
    assert loop["displacement"] == [0.0, 1.0, 0.0] and loop["states"] == {"loop/gate": "B"}


@pytest.mark.parametrize("verb", ["build", "validate", "states", "render", "sample", "import", "export", "score"])
def test_every_verb_shows_an_example(verb):
    done = run(verb, "--help")
    assert done.returncode == 0 and f"polystate {verb}" in done.stdout


def test_the_command_line_starts_without_heavy_imports():
    heavy = ("zarr", "numba", "torch", "linkml")
    code = f"import sys, polystate, polystate_tools.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_landmark_bends_the_hinge(tmp_path):
    mixed, found = str(CORPUS / "mixed.zarr.zip"), []
    for name, more in (("bent.npy", ["--component", "hinge=bent"]), ("still.npy", [])):
        assert run("render", mixed, "-o", str(tmp_path / name), "--at", "frame=1", *more).returncode == 0
        found.append(np.load(tmp_path / name))
    assert np.abs(found[0] - found[1]).max() > 1
