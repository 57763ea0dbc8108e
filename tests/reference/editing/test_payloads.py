"""Replacing one payload: whole or not at all, and everything else as it was."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import polystate
from polystate.editing.payloads import replace_payload
from polystate.errors import MissingArray, NotAStore, WrongShape
from polystate.store.digest import partial_digest
from polystate_conformance.paths import ROOT
from tests.reference.small import build, states


def tls(b: float) -> np.ndarray:
    """One row for one group: T of 1, amplitude b."""
    return np.array([[1.0, 1.0, 1.0, *[0.0] * 17, b, 0.0, 0.0, 0.0]])


def store(path: Path) -> Path:
    """TLS of a chain and an altloc."""
    tables = states([(0, 0, "A", -1, 0.6), (0, 1, "B", -1, 0.4)], {0: 1})
    tables["deltas"] = {"site": [0], "state": [1], "atom_id": [1], "dx": [1.0], "dy": [0.0], "dz": [0.0]}
    alt = {"regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "signal_type": "categorical_state",
           "algebra": "independent", "tables": tables}  # fmt: skip
    group = {"regime": "continuous", "mode": "C", "scope": {"level": "chain"}, "signal_type": "gaussian_disorder",
             "algebra": "additive_covariance", "operator": {"id": "parametric_gaussian/tls_v1", "venue": "registry"},
             "arrays": {"tls": tls(0.5).tolist()}}  # fmt: skip
    return polystate.write(build(3, {"altloc": alt, "tls": group}), path)


@pytest.mark.parametrize("name", ["dep.zarr", "dep.zarr.zip"])
def test_one_level_is_replaced_and_the_rest_keeps_its_digest(tmp_path: Path, name: str) -> None:
    path = store(tmp_path / name)
    before = polystate.read(path)
    digests = {p: partial_digest(before, p) for p in ("hierarchy", "reference", "descriptors/altloc")}
    whole = polystate.open(path).digest()
    replace_payload(path, "tls", {"tls": tls(0.75)})
    after = polystate.open(path)
    assert np.allclose(after.covariance()[:, 0, 0], 0.75)
    assert {p: partial_digest(after.tree, p) for p in digests} == digests
    assert after.digest() != whole
    replace_payload(path, "tls", {"tls": tls(0.5)})
    assert polystate.open(path).digest() == whole


def test_unchanged_files_are_the_same_files(tmp_path: Path) -> None:
    path = store(tmp_path / "dep.zarr")
    chunk = next(p for p in (path / "descriptors/altloc/deltas").rglob("*") if p.is_file() and p.name != "zarr.json")
    inode = chunk.stat().st_ino
    replace_payload(path, "tls", {"tls": tls(0.75)})
    assert chunk.stat().st_ino == inode


def test_what_would_be_invalid_is_not_written(tmp_path: Path) -> None:
    path = store(tmp_path / "dep.zarr")
    whole = polystate.open(path).digest()
    with pytest.raises(WrongShape):
        replace_payload(path, "tls", {"tls": np.zeros((2, 24))})
    with pytest.raises(MissingArray):
        replace_payload(path, "tls", {"tlss": tls(0.5)})
    assert polystate.open(path).digest() == whole


WRITER = """
import itertools
from tests.reference.editing.test_payloads import tls
from polystate.editing.payloads import replace_payload
print("ready", flush=True)
for k in itertools.count():
    replace_payload({path!r}, "tls", {{"tls": tls(0.5 if k % 2 else 0.75)}})
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_writer_that_is_killed_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    path = store(tmp_path / "dep.zarr")
    for pause in (0.02, 0.05, 0.09, 0.14):
        command = [sys.executable, "-c", WRITER.format(path=str(path))]
        writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
        deadline, seen = time.monotonic() + pause, set()
        while time.monotonic() < deadline:  # a reader beside the writer never sees a mixture
            with contextlib.suppress(NotAStore):  # it was replaced after it had been opened
                seen.add(float(polystate.open(path).covariance()[0, 0, 0]))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        seen.add(float(polystate.open(path).covariance()[0, 0, 0]))
        assert seen <= {0.5, 0.75}
        assert polystate.open(path).validate().valid
