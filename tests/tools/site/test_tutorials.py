"""The tutorials run as they are written."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from polystate_conformance.paths import ROOT

SITE = ROOT / "tools" / "site"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(SITE)  # it is a script, which finds what lies beside it
    return importlib.import_module("generate")


@pytest.mark.parametrize("path", sorted((SITE / "tutorials").glob("*.md")), ids=lambda path: path.stem)
def test_each_block_of_a_tutorial_runs(site: Any, path: Path, tmp_path: Path) -> None:
    text = path.read_text("utf-8")
    if "import torch" in text:
        pytest.importorskip("torch", reason="SKIPPED: torch is not installed (extra `torch`)")
    shown = site._run(text, tmp_path)
    assert shown.count("```python") == text.count("```python")
    assert "```text" in shown
