"""Files to start with: what `examples` and `corpus get` put into a folder is the golden deposition in each form."""

from __future__ import annotations

import subprocess
import sys

import pytest

import polystate
from polystate_conformance.paths import CORPUS
from polystate_tools import cli


def run(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["polystate", *arguments])
    with pytest.raises(SystemExit) as leaving:
        cli.main()
    return int(leaving.value.code or 0)


def test_a_deposition_its_text_form_and_its_structure_file_say_the_same(tmp_path, monkeypatch):
    assert run(monkeypatch, "examples", str(tmp_path)) == 0
    golden = polystate.open(CORPUS / "1l2y.zarr.zip").digest()
    assert polystate.open(tmp_path / "1l2y.zarr.zip").digest() == golden
    assert run(monkeypatch, "import", str(tmp_path / "1l2y.cif"), str(tmp_path / "again.zarr")) == 0
    assert polystate.open(tmp_path / "again.zarr").digest() == golden
    assert run(monkeypatch, "build", str(tmp_path / "nested-loop.yaml"), str(tmp_path / "built.zarr")) == 0
    assert polystate.open(tmp_path / "built.zarr").digest() == polystate.open(CORPUS / "nested-loop.zarr.zip").digest()


def test_the_examples_of_the_specification_are_valid_stores_and_one_file_is_mmtf(tmp_path, monkeypatch):
    assert run(monkeypatch, "examples", str(tmp_path)) == 0
    stores = sorted((tmp_path / "specification").glob("*.zarr.zip"))
    assert {"serine", "tiny", "nested", "tls", "draw"} <= {store.name.removesuffix(".zarr.zip") for store in stores}
    for store in stores:
        assert polystate.open(store).validate().valid, store.name
    assert run(monkeypatch, "import", str(tmp_path / "altloc-split.mmtf"), str(tmp_path / "split.zarr")) == 0


def test_what_a_deposition_refers_to_comes_along(tmp_path, monkeypatch):
    assert run(monkeypatch, "corpus", "get", "mixed", str(tmp_path)) == 0
    assert polystate.open(tmp_path / "mixed.zarr.zip").validate(artifacts=True).valid
    assert run(monkeypatch, "corpus", "get", "mixed", str(tmp_path)) == 2  # there already
    assert run(monkeypatch, "corpus", "get", "mixed", str(tmp_path), "-y") == 0


def test_without_numba_what_needs_it_names_the_command_and_the_rest_works(tmp_path):
    code = (
        "import sys; sys.modules['numba'] = sys.modules['llvmlite'] = None\n"
        "import importlib.util; found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'numba' else found(name, *more)\n"
        "from polystate_tools.cli import main; sys.argv[0] = 'polystate'; main()"
    )

    def polystate_without(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True)

    store, draws = str(CORPUS / "1ejg.zarr.zip"), str(tmp_path / "draws.zarr")
    fit = polystate_without("fit", store, "out.zarr")
    assert fit.returncode == 2 and "pip install 'polystate[fit]'" in fit.stderr
    kernel = polystate_without("covariance", store, "-o", "u.npy", "--backend", "numba")
    assert kernel.returncode == 2 and "pip install 'polystate[fast]'" in kernel.stderr
    for done in (
        polystate_without("sample", store, "-o", draws, "--n", "3", "--seed", "1", "--psd", "clip"),
        polystate_without("export", store, "out.mmtf"),
        polystate_without("import", "out.mmtf", "back.zarr"),
        polystate_without("corpus", "list"),
    ):
        assert done.returncode == 0, done.stderr
