"""A pytest plugin: the fixture `polystate_golden` compares depositions with golden stores in the tester's repository.

It is loaded by every pytest of an environment that has this distribution, so that nothing heavy is imported here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from polystate.deposition import Deposition

FOLDER, SUFFIX = "golden", ".zarr.zip"
OPTION = "--golden-update"
_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)*")


@dataclass
class Golden:
    """The golden depositions beside a test file.

    folder: where they are; update: write what differs instead of failing; written: what was."""

    folder: Path
    update: bool = False
    written: list[Path] = field(default_factory=list)

    def check(
        self,
        dep: Any,
        name: str,
        abs: float = 0.0,
        rel: float = 0.0,
        full: bool = False,
        **request: Any,
    ) -> None:
        """Fail, and say what differs, where a deposition is not the golden one: `golden/NAME.zarr.zip`.

        dep: a Deposition, its tree, or the path of a store. abs, rel, full, request: as in `Deposition.differences`.
        With `pytest --golden-update` what differs, or is not there yet, is written if it is valid."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"golden name {name!r}: expected letters, digits, _ . - and / between them")
        found, path = _opened(dep), self.folder / f"{name}{SUFFIX}"
        said = self._differences(found, path, abs, rel, full, request)
        if said and self.update:
            self._write(found, path)
        elif said:
            pytest.fail("\n".join([f"{name} is not what {path} says (A: golden, B: this)", *said]), pytrace=False)

    def _differences(
        self, dep: Deposition, path: Path, abs: float, rel: float, full: bool, request: Mapping[str, Any]
    ) -> list[str]:
        """What differs, for people; empty where nothing does."""
        if not path.exists():
            return [f"there is no such file: pytest {OPTION} writes it"]
        from polystate.deposition import Deposition
        from polystate.store.reading import read

        golden = Deposition(read(path), dep.folder, dep.allow_uris)  # what it refers to lies beside the deposition
        differences = golden.differences(dep, abs, rel, full, **request)
        return [*differences.lines(), f"pytest {OPTION} takes it as the golden one"] if differences.lines() else []

    def _write(self, dep: Deposition, path: Path) -> None:
        from polystate.store.writing import write

        report = dep.validate()
        if not report.valid:
            pytest.fail(f"{path} is not written: this is not valid: {report.errors[0]}", pytrace=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(dep.tree, path, overwrite=True)
        self.written.append(path)


def _opened(dep: Any) -> Deposition:
    """A deposition as one; its tree, or the path of a store, opened."""
    from polystate.deposition import Deposition
    from polystate.deposition import open as open_store

    if isinstance(dep, Deposition):
        return dep
    return Deposition(dep) if isinstance(dep, Mapping) else open_store(dep)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option of the plugin."""
    group = parser.getgroup("polystate", "golden depositions")
    group.addoption(OPTION, action="store_true", help="Write the golden depositions that differ or are not there.")


_WRITTEN = pytest.StashKey[list[Path]]()


@pytest.fixture
def polystate_golden(request: pytest.FixtureRequest) -> Golden:
    """Compare depositions with golden ones: `polystate_golden.check(dep, "name")`."""
    written = request.config.stash.setdefault(_WRITTEN, [])
    return Golden(request.path.parent / FOLDER, request.config.getoption(OPTION), written)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the golden depositions that were written."""
    for path in terminalreporter.config.stash.get(_WRITTEN, []):
        terminalreporter.write_line(f"golden deposition written: {path}")
