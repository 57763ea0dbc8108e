"""Stores with one thing wrong, of any kind: refused by name or answered, never anything else."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import polystate
from polystate.errors import PolystateError
from polystate_conformance import paths

EXAMPLES = 40 * int(os.environ.get("POLYSTATE_FUZZ", "1"))
ENTRIES = ("mixed", "nested-loop", "scenario-dynamics", "scenario-classes", "nmr-bundle")
ODD = [0, -1, 1, 2, 2**31, 2**40, -(2**31), 1e300, 3.5, None, True, "", "x", [], [1, 2], {}, {"name": 1}]


def members(entry: str) -> dict[str, bytes]:
    with zipfile.ZipFile(paths.CONFORMANCE / "corpus" / f"{entry}.zarr.zip") as archive:
        return {name: archive.read(name) for name in sorted(archive.namelist())}


FILES = {entry: members(entry) for entry in ENTRIES}


def places(document: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value in a JSON document but the whole."""
    found = []
    keys = document.keys() if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    for key in keys:
        found += [(document, key), *places(document[key])]
    return found


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, bytes]:
    """The files of a golden deposition with one value of one document, or one byte of one file, changed."""
    files = dict(FILES[draw(st.sampled_from(ENTRIES))])
    documents = [name for name in files if name.endswith("zarr.json")]
    name = draw(st.sampled_from(documents if draw(st.integers(0, 3)) else list(files)))
    if name.endswith("zarr.json"):
        document = json.loads(files[name])
        container, key = draw(st.sampled_from(places(document)))
        if draw(st.integers(0, 4)) == 0:
            del container[key]
        else:
            container[key] = draw(st.sampled_from(ODD))
        files[name] = json.dumps(document).encode()
    elif files[name]:
        content = bytearray(files[name])
        content[draw(st.integers(0, len(content) - 1))] = draw(st.sampled_from([0, 1, 127, 128, 255]))
        files[name] = bytes(content)
    return files


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=damaged())
def test_a_damaged_store_is_refused_or_answered(tmp_path: Path, files: dict[str, bytes]) -> None:
    path = tmp_path / "damaged.zarr.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    try:
        dep = polystate.open(path)
        report = dep.validate()
    except PolystateError:
        return
    if not report.valid:
        assert all(error.where is not None and error.code != "error" for error in report.errors)
        return
    try:
        at = {axis: 0 for axis in dep.axes}
        dep.covariance(at=at)
        dep.render(at=at, draw=polystate.Draw(1, 2))
        assert dep.states.count() >= 1 and dep.digest()
    except PolystateError as error:
        assert error.stage in ("evaluate", "operator"), f"valid, and then {error}"


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_undamaged_ones_are_valid(entry: str) -> None:
    assert polystate.open(paths.CONFORMANCE / "corpus" / f"{entry}.zarr.zip").validate().valid
