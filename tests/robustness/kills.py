"""Writers killed at any moment: what is there afterwards opens, is the old or the new, and blocks nobody.

    python -m tests.robustness.kills 500 --seed 1

Each writer is a fork that is killed after a random time, or before or after a random call that changes a folder."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polystate
from polystate.errors import AlreadyExists
from polystate.sample import sample
from polystate.store import writing
from polystate.store.digest import digest
from polystate.store.reading import read
from polystate.store.updating import update
from polystate.store.writing import write
from tests.reference import small

CALLS = ("rename", "replace", "unlink", "mkdir", "rmdir", "link")
DIE = 9


def tree(b: float) -> Any:
    return polystate.build(small.deposition(40, {"b": small.iadp([b] * 40)}))


OLD, NEW = tree(1.0), tree(2.0)
DIGESTS = {digest(OLD), digest(NEW)}


@dataclass
class Killed:
    """A writer: what is there before, what it does, and what is found wrong afterwards (None: nothing)."""

    name: str
    before: Callable[[Path], None]
    act: Callable[[Path], object]
    check: Callable[[Path], str | None]


# -- stores ----------------------------------------------------------------------------------------------


def _old(path: Path) -> None:
    write(OLD, path, overwrite=True)


def _old_behind_link(path: Path) -> None:
    write(OLD, path.parent / "real.zarr", overwrite=True)
    path.symlink_to("real.zarr")


def _without_exchange(path: Path) -> None:
    writing._exchange = lambda one, other: False  # type: ignore[assignment]
    write(NEW, path, overwrite=True)


def _store(path: Path) -> str | None:
    """The old or the new, before and after a writer that must not, and one that may replace it."""
    try:
        write(OLD, path)
        return "was not there"
    except AlreadyExists:
        pass
    if digest(read(path)) not in DIGESTS:
        return "is neither the old nor the new"
    write(NEW, path, overwrite=True)
    if digest(read(path)) != digest(NEW):
        return "is not what the next writer wrote"
    return _left(path, {path.name, "real.zarr"})


def _left(path: Path, names: set[str]) -> str | None:
    left = {entry.name for entry in path.parent.iterdir()} - names
    return f"left {', '.join(sorted(left))}" if left else None


# -- draws -----------------------------------------------------------------------------------------------


def _draw(path: Path, **options: bool) -> Path:
    return sample(polystate.Deposition(OLD), 6, 7, path, backend="numpy", **options)


def _bytes(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def _some(path: Path) -> None:
    """A group of draws of which a shard is missing."""
    _draw(path)
    shutil.rmtree(path / "xyz/c")


def _drawn(resume: bool) -> Callable[[Path], str | None]:
    def check(path: Path) -> str | None:
        _draw(path, resume=True) if resume else _draw(path, overwrite=True)
        whole = _draw(path.parent / "whole.zarr")
        wrong = _bytes(path) != _bytes(whole)
        shutil.rmtree(whole)
        return "has other bytes than draws made at once" if wrong else _left(path, {path.name})

    return check


WRITERS = (
    Killed("write", _old, lambda p: write(NEW, p, overwrite=True), _store),
    Killed("write, two renames", _old, _without_exchange, _store),
    Killed("write behind a link, two renames", _old_behind_link, _without_exchange, _store),
    Killed("write a zip", _old, lambda p: write(NEW, p, overwrite=True), _store),
    Killed("update", _old, lambda p: update(p, {"descriptors/b": NEW["descriptors/b"]}), _store),
    Killed("update a zip", _old, lambda p: update(p, {"descriptors/b": NEW["descriptors/b"]}), _store),
    Killed("draws, then --resume", lambda p: None, _draw, _drawn(True)),
    Killed("draws, then -y", lambda p: None, _draw, _drawn(False)),
    Killed("draws -y", lambda p: None if _draw(p) else None, lambda p: _draw(p, overwrite=True), _drawn(True)),
    Killed("draws --resume", _some, lambda p: _draw(p, resume=True), _drawn(True)),
)


# -- killing ---------------------------------------------------------------------------------------------


def kill(writer: Killed, folder: Path, rng: random.Random) -> str | None:
    """Kill one writer at a random moment; what is wrong afterwards."""
    path = folder / ("s.zarr.zip" if "zip" in writer.name else "s.zarr")
    writer.before(path)
    by_call, after = rng.random() < 0.6, rng.random() < 0.5
    when = rng.randrange(60) if by_call else rng.random() ** 2 * 0.06
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            if by_call:
                _die_at_call(when, after)
            writer.act(path)
        os._exit(0)
    if not by_call:
        time.sleep(when)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    try:
        return writer.check(path)
    except Exception as error:  # whatever it is: nobody was to be blocked
        return f"{type(error).__name__}: {error}"


def _die_at_call(number: int, after: bool) -> None:
    left = [number]

    def dying(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0 and not after:
                os._exit(DIE)
            found = function(*given, **named)
            if left[0] < 0:
                os._exit(DIE)
            return found

        return call

    for name in CALLS:
        setattr(os, name, dying(getattr(os, name)))


def run(kills: int, seed: int) -> list[str]:
    """What went wrong in so many kills, each writer in turn."""
    wrong = []
    for k in range(kills):
        writer = WRITERS[k % len(WRITERS)]
        with tempfile.TemporaryDirectory() as folder:
            found = kill(writer, Path(folder), random.Random(f"{seed}/{k}"))
        if found:
            wrong.append(f"{writer.name} (kill {k}): {found}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kills", type=int)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    wrong = run(given.kills, given.seed)
    print("\n".join(wrong))
    print(f"{given.kills} kills, seed {given.seed}: {len(wrong)} wrong, {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
