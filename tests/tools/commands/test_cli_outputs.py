"""What a command writes, and what it leaves alone: its own input, names that say something else."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import polystate
from polystate.errors import AlreadyExists, BadRequest
from polystate_conformance.paths import CORPUS
from polystate_tools.cli import application

NESTED = CORPUS / "nested-loop.zarr.zip"


def call(*arguments: object) -> str:
    """Run one verb in this process; what it printed. A refusal is raised."""
    words = [str(a) for a in arguments]
    done = CliRunner().invoke(application(words[0]), words)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    """A deposition of one's own, which may be destroyed."""
    return Path(shutil.copy(NESTED, tmp_path / "nested.zarr.zip"))


def test_no_command_destroys_its_input(nested, tmp_path):
    text = tmp_path / "d.yaml"
    shutil.copy(CORPUS / "sources" / "nested-loop.yaml", text)
    before = text.read_bytes(), nested.read_bytes()
    link, alias = tmp_path / "link.zarr", tmp_path / "alias"
    link.symlink_to(nested)
    os.link(text, alias)
    for words in (
        ("build", text, alias, "-y"),
        ("import", text, alias, "-y"),
        ("sample", nested, "-o", link, "--n", "2", "--seed", "1", "-y"),
        ("convert", nested, nested / "inner.zarr", "-y"),
    ):
        with pytest.raises(AlreadyExists, match="input"):
            call(*words)
    assert (text.read_bytes(), nested.read_bytes()) == before
    assert sorted(os.listdir(tmp_path)) == ["alias", "d.yaml", "link.zarr", "nested.zarr.zip"]


def test_convert_in_place_is_whole(nested, tmp_path):
    digest = polystate.open(nested).digest()
    call("convert", nested, nested, "-y")
    assert polystate.open(nested).digest() == digest
    folder = tmp_path / "n.zarr"
    call("convert", nested, folder)
    call("convert", folder, folder, "-y")
    assert polystate.open(folder).digest() == digest
    assert sorted(os.listdir(tmp_path)) == ["n.zarr", "nested.zarr.zip"]


def test_a_store_over_a_file_leaves_nothing_beside_it(tmp_path):
    out = tmp_path / "n.zarr"
    out.write_text("something else")
    call("convert", NESTED, out, "-y")
    assert polystate.open(out).validate().valid and os.listdir(tmp_path) == ["n.zarr"]


@pytest.mark.parametrize(
    "words",
    [
        ("covariance", NESTED, "-o", "u.npz"), ("render", NESTED, "-o", "x.csv"), ("render", NESTED, "-o", "-"),
        ("query", NESTED, "SELECT 1", "-o", "q.xlsx"), ("convert", NESTED, "-"),
        ("convert", NESTED, "n.pdb"), ("build", CORPUS / "sources" / "nested-loop.yaml", "n.yaml"),
        ("export", NESTED, "-"),
        ("sample", NESTED, "-o", "x.zarr.zip", "--n", "1", "--seed", "1"),
    ],
)  # fmt: skip
def test_a_name_that_says_something_else_is_refused(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadRequest, match="a name that ends in|the name of a f") as refusal:
        call(*words)
    assert refusal.value.where == "OUT" and not list(tmp_path.iterdir())


def test_names_that_say_what_is_written_are_honoured(tmp_path):
    assert "deep/outd.zip" in call("convert", NESTED, tmp_path / "deep" / "outd", "--zip")
    assert polystate.open(tmp_path / "deep" / "outd.zip").n_atoms
    call("render", NESTED, "-o", tmp_path / "a" / "x.NPZ")
    assert set(np.load(tmp_path / "a" / "x.NPZ")) == {"xyz", "present", "atom_id", "mean"}


def test_an_interrupted_sample_says_how_to_go_on(tmp_path):
    out = tmp_path / "d.zarr"
    words = ("sample", NESTED, "-o", out, "--n", "2", "--seed", "1")
    call(*words)
    with pytest.raises(AlreadyExists, match="something there already"):
        call(*words)
    root = out / "zarr.json"
    document = json.loads(root.read_text())
    document["attributes"]["polystate"]["complete"] = False
    root.write_text(json.dumps(document))
    with pytest.raises(AlreadyExists, match="--resume to finish them"):
        call(*words)
    call(*words, "--resume")
    assert json.loads(root.read_text())["attributes"]["polystate"]["complete"]


def test_a_scheduler_that_does_not_answer_leaves_nothing(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("polystate_tools.commands.evaluation.SCHEDULER_TIMEOUT_S", 0.2)
    for address in ("tcp://localhost:1", "junk"):
        with pytest.raises(BadRequest, match="--scheduler"):
            call("sample", NESTED, "-o", tmp_path / "d.zarr", "--n", "2", "--seed", "1", "--scheduler", address)
    assert not list(tmp_path.iterdir())


def test_some_atoms_have_the_numbers_that_they_have_among_all(tmp_path):
    dep, out, text = CORPUS / "7k3t.zarr.zip", tmp_path / "x.npy", "A/20-30/CA"
    opened = polystate.open(dep)
    rows = np.isin(opened.hierarchy.atom_id, opened.select(text))
    assert 0 < rows.sum() < len(rows)
    call("covariance", dep, "-o", out, "--atoms", text)
    assert (np.load(out) == opened.covariance()[rows]).all()
    call("render", dep, "-o", out, "--atoms", text, "--draw", "7:0", "-y")
    assert (np.load(out) == opened.render(draw=polystate.Draw(7, 0)).xyz[rows]).all()
    call("moments", dep, "-o", tmp_path / "m.npz", "--atoms", text)
    np.testing.assert_allclose(np.load(tmp_path / "m.npz")["mean"], opened.moments().mean[rows], rtol=1e-14)
    with pytest.raises(BadRequest, match="all atoms"):
        call("render", dep, "-o", tmp_path / "x.pdb", "--atoms", text)
