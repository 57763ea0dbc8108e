"""Draws streamed to a Zarr array: workers, and the memory that grows with neither draws nor time."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import inputs
import measure

import polystate

CHILD = """
import json, resource, sys, time
import polystate
dep = polystate.open(sys.argv[1])
dep.sample(1, 7, sys.argv[2], overwrite=True)
start = time.perf_counter()
dep.sample(int(sys.argv[3]), 7, sys.argv[2], workers=int(sys.argv[4]), overwrite=True)
seconds = time.perf_counter() - start
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def main(quick: bool) -> list[dict[str, Any]]:
    """Seconds and peak memory of processes that sample 6vxx."""
    folder = Path(tempfile.mkdtemp())
    try:
        store = polystate.write(inputs.protein(), folder / "6vxx.zarr")

        def run(n: int, workers: int) -> tuple[float, float]:
            command = [sys.executable, "-c", CHILD, str(store), str(folder / "draws.zarr"), str(n), str(workers)]
            found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            seconds, mebibytes = json.loads(found)
            return seconds, mebibytes

        counts = (200, 400) if quick else (250, 500, 1000, 2000)
        memory = {n: run(n, 1)[1] for n in counts}
        n, rounds = (200, 2) if quick else (1000, 5)
        seconds: dict[str, list[float]] = {"two workers": [], "one worker": []}
        for _ in range(rounds):
            for workers, name in ((2, "two workers"), (1, "one worker")):
                seconds[name].append(run(n, workers)[0])
    finally:
        shutil.rmtree(folder)
    notes = [f"peak memory of {n} draws: {m:.0f} MiB" for n, m in memory.items()]
    grown = memory[counts[-1]] - memory[counts[0]]
    notes.append(f"from {counts[0]} to {counts[-1]} draws it grows by {grown:.0f} MiB")
    return [measure.record(f"{n} draws of 6vxx to Zarr, float64", seconds, "two workers", notes=notes)]


if __name__ == "__main__":
    for one in main(False):
        print(measure.text(one))
