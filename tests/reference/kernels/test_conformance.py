"""The conformance cases of all numeric profiles, answered by the CPU kernels."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROFILES = ("gaussian", "displacement", "discrete", "axes", "sampling-exact", "decoder")


def test_every_numeric_case_passes_with_numba(tmp_path: Path):
    pytest.importorskip("polystate_conformance.score")
    report = tmp_path / "report.jsonl"
    profiles = [part for name in PROFILES for part in ("--profile", name)]
    adapter = [sys.executable, "-m", "polystate_conformance.implementations.reference", "--backend", "numba"]
    score = [sys.executable, "-m", "polystate_tools.cli", "score", "--jobs", "1", *profiles, "--jsonl", str(report)]
    done = subprocess.run([*score, "--", *adapter], capture_output=True, text=True)
    assert report.exists(), done.stdout + done.stderr
    footer = json.loads(report.read_text().splitlines()[-1])
    for name, counts in footer["profiles"].items():
        assert counts["cases"] > 0 and counts["failed"] == 0 and counts["unsupported"] == 0, (name, done.stdout)
