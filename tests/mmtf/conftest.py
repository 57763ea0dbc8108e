"""The real files, where they are present, and a small structure."""

from __future__ import annotations

from pathlib import Path

import pytest
from mmtf_samples import dipeptide

from polystate_tools.formats.mmtf import Structure

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "mmtf"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One visible line where the real files are absent."""
    if not REAL.is_dir():
        terminalreporter.write_line(f"mmtf: no real files at {REAL}; the tests that read them were skipped")


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real files."""
    if not REAL.is_dir():
        pytest.skip(f"no real files at {REAL}")
    return REAL


@pytest.fixture
def small() -> Structure:
    """A structure with every field of the draft and most of 1.0."""
    return dipeptide()
