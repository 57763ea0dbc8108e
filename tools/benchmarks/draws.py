"""1 000 complete draws of 6vxx into an array that is there already, beside NumPy's normal numbers alone."""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import inputs
import measure
import numpy as np

from polystate import Deposition
from polystate.kernels.ensemble import Ensemble

PARTS = 20


def main(quick: bool) -> list[dict[str, Any]]:
    """One core in both precisions, and two threads beside one."""
    dep = Deposition(inputs.protein())
    ensemble = Ensemble(dep, backend="numba")
    n, rounds = (100, 3) if quick else (1000, 7)
    found = []
    for dtype in ("float64", "float32"):
        out, numbers = np.empty((n, dep.n_atoms, 3), dtype), np.empty((n, dep.n_atoms, 3), dtype)
        generator = np.random.Generator(np.random.Philox(7))
        tasks = {
            "polystate, complete draws": lambda out=out: ensemble.draws(7, 0, out),
            "NumPy Philox standard_normal alone": lambda out=numbers, g=generator: g.standard_normal(
                out=out, dtype=out.dtype.type
            ),
        }
        seconds = measure.alternate(tasks, rounds, warm=False)
        bounds = {"NumPy Philox standard_normal alone": 1.0} if dtype == "float64" else {}
        name = f"{n} complete draws of 6vxx, {dtype}, one core"
        nanoseconds = measure.summary(seconds["polystate, complete draws"])["median_s"] / n / dep.n_atoms * 1e9
        notes = [f"{nanoseconds:.1f} ns an atom and draw"]
        found.append(measure.record(name, seconds, "polystate, complete draws", bounds, notes=notes))
    found.append(two_threads(ensemble, n, rounds))
    return found


def two_threads(ensemble: Ensemble, n: int, rounds: int) -> dict[str, Any]:
    """The draws in PARTS parts that two threads take in turn, beside all in one.

    Each part is megabytes of its own. By the clock two threads gain only where two cores are idle;
    by processor time the note says what they would gain there."""
    out = np.empty((n, ensemble.n_atoms, 3))
    cuts = np.linspace(0, n, PARTS + 1).astype(int).tolist()

    def part(begin: int, end: int) -> float:
        start = time.thread_time()
        ensemble.draws(7, begin, out[begin:end])
        return time.thread_time() - start

    with ThreadPoolExecutor(2) as pool:

        def two() -> float:
            return sum(pool.map(part, cuts[:-1], cuts[1:])) / 2

        part(0, n), two()
        tasks = {"two threads": two, "one thread": lambda: part(0, n)}
        seconds = measure.alternate(tasks, rounds, warm=False)
        gains = [part(0, n) / two() for _ in range(rounds)]
    best = min(seconds["one thread"]) / min(seconds["two threads"])
    notes = [
        f"by the best times of each: x{best:.2f}",
        f"by processor time, which other work does not lengthen: x{statistics.median(gains):.2f}",
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, of which these threads make 1 to 2",
    ]
    name = f"{n} complete draws of 6vxx, two threads"
    return measure.record(name, seconds, "two threads", {"one thread": 1.8}, notes=notes)


if __name__ == "__main__":
    for one in main(False):
        print(measure.text(one))
