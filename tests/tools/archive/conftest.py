"""Workers that are this process, for tests of what is done and not of who does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from polystate_tools.archive import catalogue, running
from polystate_tools.archive.outcomes import Failure


class Here:
    """This process; a task that raises SystemExit is one that kills its worker."""

    def results(self, work, tasks):
        for task in tasks:
            try:
                yield task, work(task), None
            except SystemExit:
                yield task, None, Failure("worker-lost", "the worker died", "memory")


@pytest.fixture
def here(monkeypatch):
    @contextmanager
    def none(jobs: int = 0, scheduler: str | None = None) -> Iterator[Here]:
        yield Here()

    monkeypatch.setattr(running, "workers", none)
    monkeypatch.setattr(catalogue, "workers", none)
