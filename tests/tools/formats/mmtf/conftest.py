"""The archive's files, and a small structure."""

from __future__ import annotations

from pathlib import Path

import pytest

from polystate_tools.formats.mmtf import Structure
from tests.tools.formats.mmtf.mmtf_samples import dipeptide


@pytest.fixture(scope="session")
def real(shared_data: Path) -> Path:
    """The folder of the archive's MMTF files."""
    return shared_data / "mmtf"


@pytest.fixture
def small() -> Structure:
    """A structure with every field of the draft and most of 1.0."""
    return dipeptide()
