"""The real input files, which no repository holds: one place finds them, or skips their tests in one visible line."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from polystate_tools.corpus.entry import data_folder
from tests.browser import browser  # noqa: F401 - a fixture

ABSENT = "the real input files are neither at $POLYSTATE_DATA nor in shared/data beside the repository"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real input files: $POLYSTATE_DATA, or shared/data beside the repository."""
    folder = data_folder()
    if folder is None:
        pytest.skip(ABSENT)
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give all tests that lack the files one place, so that the summary counts them in one line."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and report.longrepr[2].endswith(ABSENT):
        report.longrepr = (__file__, 1, report.longrepr[2])
    return report
