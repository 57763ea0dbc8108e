"""Damaged inputs to every reader, in forked workers under limits of time and memory.

    python -m tests.robustness.fuzz 1000000 --jobs 2 --seed 1 --keep out/fuzz

Counted: crashes by a signal, hangs, errors without a name, memory beyond the limit, wrong answers. Input k of a target
depends on the seed, the target and k alone; what fails is kept as a small file."""

from __future__ import annotations

import argparse
import gc
import os
import random
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.robustness.targets import TARGETS, Input, Target
from tests.robustness.verbs import Wrong

PROCESSOR_S = 5.0
"""Of the processor, for one input: other work on the machine does not lengthen it."""
HANG_S, ASLEEP_S = 60, 0.1
"""Of the clock, in which a worker used less of the processor than the other: it waits for something else."""
GROWTH = 1 << 30
"""Bytes that one input may make a worker grow by."""
BATCH = 2000  # inputs of one worker
IN_MEMORY = Path("/dev/shm")
FAILURES = ("crash", "hang", "uncaught", "wrong", "memory")


@dataclass
class Tally:
    """What came out, by target and kind, and a line for each failure."""

    counts: Counter = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, target: str, kind: str, k: int, what: str = "") -> None:
        self.counts[target, kind] += 1
        if kind in FAILURES:
            self.failures.append(f"{kind}: {target} {k}: {what}")

    def lines(self) -> Iterator[str]:
        for target in sorted({t for t, _ in self.counts}):
            of = {kind: n for (t, kind), n in sorted(self.counts.items()) if t == target}
            yield f"{target:6} {sum(of.values()):8}  " + ", ".join(f"{n} {kind}" for kind, n in of.items())


@dataclass
class Worker:
    """A forked process that reads inputs `waiting` of a target, and tells of each when it begins and what came out."""

    target: Target
    waiting: list[int]
    process: int = 0
    pipe: int = 0
    since: float = 0.0
    used: float = 0.0
    text: bytes = b""

    def start(self, seed: int) -> None:
        ours, theirs = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.close(ours)
            _work(self.target, self.waiting, seed, theirs)
        os.close(theirs)
        self.pipe, self.text = ours, b""
        self.mark()

    def mark(self) -> None:
        """Remember the time, of the clock and of the processor."""
        self.since, self.used = time.monotonic(), self.processor_s()

    def processor_s(self) -> float:
        """What it used of the processor; 0 where the system does not say."""
        try:
            words = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def hangs(self) -> bool:
        """Whether it waits for what does not come, and not for the processor."""
        if time.monotonic() - self.since < HANG_S:
            return False
        if self.processor_s() - self.used < ASLEEP_S:
            return True
        self.mark()
        return False

    def told(self) -> list[list[str]]:
        """Lines that came in, as words."""
        piece = os.read(self.pipe, 1 << 16)
        if not piece:
            raise EOFError
        *lines, self.text = (self.text + piece).split(b"\n")
        self.mark()
        return [line.decode("utf-8", "replace").split(" ", 2) for line in lines]

    def end(self) -> int:
        """The signal that ended it, 0 where it ended by itself."""
        os.close(self.pipe)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


def damaged(target: Target, seed: int, k: int) -> Input:
    """Input k of a target."""
    return target.make(random.Random(f"{seed}/{target.name}/{k}"))


def warm(target: Target) -> None:
    """Take each seed as it is: it has to be good, and what reading it imports is there before the forks."""
    with _folder() as folder:
        for number, content in enumerate(target.seeds()):
            if not target.read(Input(target.undamaged(content), number), folder):
                raise ValueError(f"seed {number} of {target.name} is refused")


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def _work(target: Target, numbers: list[int], seed: int, pipe: int) -> None:
    for stream in (1, 2):  # libraries complain there
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    warnings.simplefilter("ignore")
    with _folder() as folder:
        tempfile.tempdir = str(folder)  # of what is asked, too
        for k in numbers:
            os.write(pipe, b"begin %d\n" % k)
            before = _peak()
            signal.setitimer(signal.ITIMER_PROF, PROCESSOR_S)  # its signal ends the process
            kind, what = _tried(target, seed, k, folder)
            signal.setitimer(signal.ITIMER_PROF, 0)
            grown = _peak() - before
            if grown > GROWTH:
                kind, what = "memory", f"{grown >> 20} MiB more"
            os.write(pipe, f"{kind} {k} {what[:300]}".replace("\n", " ").encode("utf-8", "replace") + b"\n")
            if grown > GROWTH // 8:
                break  # the peak hides what the next ones take
    os._exit(0)


def _tried(target: Target, seed: int, k: int, folder: Path) -> tuple[str, str]:
    try:
        return "taken" if target.read(damaged(target, seed, k), folder) else "refused", ""
    except Wrong as error:
        return "wrong", str(error)
    except BaseException as error:  # whatever is not a named error
        last = traceback.extract_tb(error.__traceback__)[-1]
        return "uncaught", f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(inputs: int, seed: int, jobs: int, names: list[str] | None = None, keep: Path | None = None) -> Tally:
    """So many inputs in all, evenly over the targets."""
    targets = [t for t in TARGETS if names is None or t.name in names]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for target in targets:
            warm(target)
    gc.freeze()  # pages that forks share
    share = -(-inputs // len(targets))
    batches = [(t, list(range(k, min(k + BATCH, share)))) for k in range(0, share, BATCH) for t in targets]
    tally = Tally()
    with suppress(KeyboardInterrupt):  # what came out until then
        _work_off(batches, jobs, seed, tally, keep)
    return tally


def _work_off(batches: list[tuple[Target, list[int]]], jobs: int, seed: int, tally: Tally, keep: Path | None) -> None:
    running: list[Worker] = []
    while batches or running:
        while batches and len(running) < jobs:
            running.append(Worker(*batches.pop(0)))
            running[-1].start(seed)
        ready = select.select([w.pipe for w in running], [], [], 1.0)[0]
        for worker in list(running):
            if not _follow(worker, worker.pipe in ready, tally, seed, keep):
                running.remove(worker)
                if worker.waiting:
                    batches.insert(0, (worker.target, worker.waiting))


def _follow(worker: Worker, ready: bool, tally: Tally, seed: int, keep: Path | None) -> bool:
    """Take what a worker tells; whether it goes on."""
    if ready:
        try:
            for kind, number, *what in worker.told():
                if kind != "begin":
                    k = int(number)
                    _count(worker, kind, k, "".join(what), tally, seed, keep)
            return True
        except EOFError:
            ended = worker.end()
            if worker.waiting and ended:
                hung = ended == -signal.SIGPROF
                what = f"more than {PROCESSOR_S} s of the processor" if hung else f"signal {-ended}"
                _fail(worker, "hang" if hung else "crash", what, tally, seed, keep)
            return False
    if worker.hangs():
        os.kill(worker.process, signal.SIGKILL)
        worker.end()
        _fail(worker, "hang", f"{HANG_S} s without an answer", tally, seed, keep)
        return False
    return True


def _fail(worker: Worker, kind: str, what: str, tally: Tally, seed: int, keep: Path | None) -> None:
    """The input that a worker was at, which is the first that waits."""
    _count(worker, kind, worker.waiting[0], what, tally, seed, keep)


def _count(worker: Worker, kind: str, k: int, what: str, tally: Tally, seed: int, keep: Path | None) -> None:
    """What came of an input; of HDF5 that hangs, crashes or grows, what the walk in a child makes of it."""
    target = worker.target
    worker.waiting.remove(k)
    if target.name == "h5md" and kind in ("hang", "crash", "memory") and _walk_refuses(target, seed, k):
        kind, what = "refused", ""
    tally.add(target.name, kind, k, what)
    if kind in FAILURES:
        _keep(target, seed, k, keep)


def _walk_refuses(target: Target, seed: int, k: int) -> bool:
    code = "import sys; from polystate.artifacts.walk import unending; sys.exit(0 if unending(sys.argv[1]) else 1)"
    with tempfile.NamedTemporaryFile(suffix=".h5md") as file:
        file.write(damaged(target, seed, k).saved())
        file.flush()
        return subprocess.run([sys.executable, "-c", code, file.name], timeout=120, check=False).returncode == 0


def _keep(target: Target, seed: int, k: int, keep: Path | None) -> None:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{target.name}-{seed}-{k}").write_bytes(damaged(target, seed, k).saved())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("inputs", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--target", action="append", choices=[t.name for t in TARGETS])
    parser.add_argument("--keep", type=Path, help="folder for inputs that fail")
    given = parser.parse_args()
    began = time.monotonic()
    tally = run(given.inputs, given.seed, given.jobs, given.target, given.keep)
    print("\n".join([*tally.lines(), *tally.failures]))
    total, failed = sum(tally.counts.values()), len(tally.failures)
    print(f"{total} inputs, seed {given.seed}: {failed} failures, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
