"""corpus build and verify: nothing is replaced that was not named."""

from __future__ import annotations

import shutil

import pytest
from typer.testing import CliRunner

from polystate.errors import BadRequest
from polystate_tools.cli import application
from polystate_tools.corpus import catalogue as corpus
from polystate_tools.corpus import entry


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """The corpus of another folder, with one source."""
    shutil.copy(corpus.SOURCES / "nested-loop.yaml", tmp_path / "nested-loop.yaml")
    for name, path in {"CORPUS": tmp_path, "SOURCES": tmp_path, "MANIFEST": tmp_path / "manifest.json"}.items():
        monkeypatch.setattr(corpus, name, path)
        monkeypatch.setattr(entry, name, path, raising=False)
    return tmp_path


def test_a_build_without_names_replaces_nothing(elsewhere):
    before = sorted(elsewhere.iterdir())
    for words in (["corpus", "build"], ["corpus", "build", "nested-loop", "--all"]):
        done = CliRunner().invoke(application("corpus"), words)
        assert isinstance(done.exception, BadRequest) and str(elsewhere) in str(done.exception)
    assert sorted(elsewhere.iterdir()) == before


def test_an_entry_that_is_not_rebuilt_says_why(elsewhere):
    done = CliRunner().invoke(application("corpus"), ["corpus", "build", "nested-loop"])
    assert done.exit_code == 0 and f"building in {elsewhere}" in done.stderr
    assert (elsewhere / "nested-loop.zarr.zip").exists()
    ((_, found, good),) = corpus.verify(["nested-loop"], rebuild=False)
    assert good and "not asked for" in found
