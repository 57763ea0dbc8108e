"""The tutorials run as they are written."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from polystate_conformance.paths import ROOT

SITE = ROOT / "tools" / "site"


@pytest.fixture(scope="module")
def site() -> Any:
    spec = importlib.util.spec_from_file_location("site_pages", SITE / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", sorted((SITE / "tutorials").glob("*.md")), ids=lambda path: path.stem)
def test_each_block_of_a_tutorial_runs(site: Any, path: Path, tmp_path: Path) -> None:
    text = path.read_text("utf-8")
    if "import torch" in text:
        pytest.importorskip("torch", reason="SKIPPED: torch is not installed (extra `torch`)")
    shown = site._run(text, tmp_path)
    assert shown.count("```python") == text.count("```python")
    assert "```text" in shown
