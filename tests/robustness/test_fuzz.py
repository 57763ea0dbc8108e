"""Some damaged inputs for each reader (a million by `make fuzz`), and a harness that sees what it has to see."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.robustness import fuzz
from tests.robustness.targets import TARGETS, Input, Target
from tests.robustness.verbs import Wrong

INPUTS = int(os.environ.get("POLYSTATE_FUZZ", "1")) * 200
pytestmark = pytest.mark.skipif(os.name != "posix", reason="forks")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_damaged_inputs_are_refused_by_name_or_read(tmp_path):
    tally = fuzz.run(INPUTS, seed=16, jobs=2, keep=tmp_path)
    assert tally.failures == []
    assert {target for target, _ in tally.counts} == {t.name for t in TARGETS}


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def spin() -> None:
    while True:
        pass


def grow() -> None:
    bytearray(80 << 20)[::4096] = b"x" * (20 << 10)


def err() -> None:
    raise KeyError("of a library")


def lie() -> None:
    raise Wrong("valid, and not evaluable")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("does, kind", [
    (crash, "crash"), (lambda: time.sleep(60), "hang"), (spin, "hang"), (err, "uncaught"), (lie, "wrong"),
    (grow, "memory"),
])  # fmt: skip
def test_each_kind_of_failure_is_counted_once_and_kept(tmp_path, monkeypatch, does, kind):
    def read(given: Input, folder: object) -> bool:
        if given.content == b"3":
            does()
        return True

    fake = Target("fake", lambda: (b"",), lambda rng, seed: seed, read)
    monkeypatch.setattr(fuzz, "TARGETS", (fake,))
    monkeypatch.setattr(fuzz, "damaged", lambda target, seed, k: Input(str(k).encode()))
    monkeypatch.setattr(fuzz, "HANG_S", 4)
    monkeypatch.setattr(fuzz, "PROCESSOR_S", 0.5)
    monkeypatch.setattr(fuzz, "GROWTH", 40 << 20)
    tally = fuzz.run(6, seed=1, jobs=1, keep=tmp_path)
    assert tally.counts == {("fake", "taken"): 5, ("fake", kind): 1}
    assert len(tally.failures) == 1 and tally.failures[0].startswith(f"{kind}: fake 3")
    assert [p.name for p in tmp_path.iterdir()] == ["fake-1-3"]
