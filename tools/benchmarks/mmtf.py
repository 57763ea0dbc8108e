"""Decoding and encoding MMTF beside mmtf-python and biotite 0.41.2, the same files in turn in one run.

    python -m venv peers && peers/bin/pip install "biotite==0.41.2" mmtf-python
    python tools/benchmarks/mmtf.py 4V5A.mmtf --peers peers/bin/python --json out.json

biotite 0.41.2 is the last release with an MMTF reader and needs NumPy 1, hence the environment of its own.
Every program runs in its own process; each round gives each of them a turn of TURN seconds (one run at least), so
that a slow moment of the machine falls on all and short tasks are as warm as long ones: with one run a turn, the
program that takes 3 ms would pay for the caches that the one that takes 130 ms emptied. A turn counts by the median
of its runs; times are medians over the turns, with the best beside them for a machine that is busy with
other work. The file's bytes are in memory already."""

from __future__ import annotations

import argparse
import io
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Task = Callable[[], Any]
ENCODE_ROUNDS = 3  # one encode of a ribosome takes mmtf-python ten seconds
TURN = 0.15


def polystate_tasks(data: bytes) -> dict[str, Task]:
    """Full decode to arrays, all checks included; encode to bytes; the MessagePack step alone."""
    from polystate_tools.formats import mmtf
    from polystate_tools.formats.mmtf import container

    made = mmtf.decode(data)
    return {
        "decode": lambda: mmtf.decode(data),
        "encode": lambda: mmtf.encode(made),
        "unpack": lambda: container.unpack(data),
    }


def biotite_tasks(data: bytes) -> dict[str, Task]:
    """Every field of the file decoded."""
    from biotite.structure.io.mmtf import MMTFFile

    def decode() -> dict[str, Any]:
        file = MMTFFile.read(io.BytesIO(data))
        return {name: file[name] for name in file}

    return {"decode": decode}


def mmtf_python_tasks(data: bytes) -> dict[str, Task]:
    """The decoder's arrays; for encoding, the structure is handed to the encoder before the clock starts."""
    import msgpack
    from mmtf.api.mmtf_reader import MMTFDecoder
    from mmtf.api.mmtf_writer import MMTFEncoder

    def decode() -> Any:
        decoder = MMTFDecoder()
        decoder.decode_data(msgpack.unpackb(data, raw=False))
        return decoder

    encoder = MMTFEncoder()
    decode().pass_data_on(encoder)
    return {"decode": decode, "encode": encoder.get_msgpack}


TASKS = {"polystate": polystate_tasks, "biotite": biotite_tasks, "mmtf-python": mmtf_python_tasks}


def work(name: str, path: str) -> None:
    """A worker: one task name a line in, the median seconds of the runs of one turn a line out."""
    tasks = TASKS[name](Path(path).read_bytes())
    for task in tasks.values():
        task()  # compile and warm up
    print(json.dumps(sorted(tasks)), flush=True)
    for line in sys.stdin:
        task = tasks[line.strip()]
        runs: list[float] = []
        while sum(runs) < TURN:
            start = time.perf_counter()
            result = task()
            runs.append(time.perf_counter() - start)
            del result
        print(statistics.median(runs), flush=True)


def peak_memory(path: Path) -> dict[str, float]:
    """Bytes of the decoded arrays, and the highest memory in use during a decode beyond the file's bytes."""
    import tracemalloc

    from polystate_tools.formats import mmtf

    data = path.read_bytes()
    made = mmtf.decode(data)
    arrays = sum(value.nbytes for value in made.fields.values() if hasattr(value, "nbytes"))
    del made
    tracemalloc.start()
    kept = mmtf.decode(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del kept
    return {"arrays_mb": arrays / 1e6, "peak_mb": peak / 1e6, "peak_over_arrays": peak / arrays}


class Worker:
    """A program in its own process; -P keeps this script, named like a peer, off its import path."""

    def __init__(self, python: str, name: str, path: Path) -> None:
        command = [python, "-P", __file__, str(path), "--worker", name]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None and self.process.stdin is not None
        self.out, self.into = self.process.stdout, self.process.stdin
        self.tasks: list[str] = json.loads(self.out.readline())

    def run(self, task: str) -> float:
        """Seconds that a run of a task takes, from one turn."""
        self.into.write(task + "\n")
        self.into.flush()
        return float(self.out.readline())

    def close(self) -> None:
        """End the process."""
        self.into.close()
        self.process.wait()


def measure(path: Path, peers: str | None, rounds: int) -> dict[str, Any]:
    """Medians in milliseconds of each task of each program, and how many times longer the peers take."""
    names = ["polystate", "biotite", "mmtf-python"] if peers else ["polystate"]
    workers = {name: Worker(sys.executable if name == "polystate" else peers or "", name, path) for name in names}
    times: dict[str, dict[str, list[float]]] = {name: {t: [] for t in w.tasks} for name, w in workers.items()}
    for task, count in (("unpack", rounds), ("decode", rounds), ("encode", min(rounds, ENCODE_ROUNDS))):
        for _ in range(count):
            for name, worker in workers.items():
                if task in worker.tasks:
                    times[name][task].append(worker.run(task))
    for worker in workers.values():
        worker.close()
    medians = {name: {t: statistics.median(v) * 1e3 for t, v in tasks.items()} for name, tasks in times.items()}
    best = {name: {t: min(v) * 1e3 for t, v in tasks.items()} for name, tasks in times.items()}
    ratios = {
        f"{task}: {name} / polystate": {
            "of medians": value / medians["polystate"][task],
            "of best": best[name][task] / best["polystate"][task],
        }
        for name, tasks in medians.items()
        for task, value in tasks.items()
        if name != "polystate"
    }
    return {
        "file": path.name,
        "rounds": rounds,
        "median_ms": medians,
        "best_ms": best,
        "ratios": ratios,
        "memory": peak_memory(path),
    }


def main() -> None:
    """Measure the files named and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--peers", help="a Python with biotite 0.41.2 and mmtf-python")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--worker", choices=TASKS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        work(chosen.worker, chosen.files[0])
        return
    found = [measure(path, chosen.peers, chosen.rounds) for path in chosen.files]
    for result in found:
        print(f"{result['file']}, {result['rounds']} rounds, median (best)")
        for name, tasks in result["median_ms"].items():
            shown = (f"{task} {value:.2f} ({result['best_ms'][name][task]:.2f}) ms" for task, value in tasks.items())
            print(f"  {name:12}", "  ".join(shown))
        for name, value in result["ratios"].items():
            print(f"  {name}: {value['of medians']:.1f} ({value['of best']:.1f})")
        memory = result["memory"]
        print(
            f"  arrays {memory['arrays_mb']:.1f} MB, peak of a decode {memory['peak_mb']:.1f} MB,"
            f" {memory['peak_over_arrays']:.2f} times the arrays"
        )
    if chosen.json:
        chosen.json.write_text(json.dumps({"machine": platform.platform(), "results": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
