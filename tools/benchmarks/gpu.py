"""CUDA kernels on a real device: correct first, then achieved bytes a second beside a device copy of the same run.

    python tools/benchmarks/gpu.py --make 6vxx.npz          where Polystate is installed: inputs and answers
    python tools/benchmarks/gpu.py 6vxx.npz --log gpu.txt   on the GPU machine: only NumPy and numba with numba-cuda

Bytes of a draw or covariance are those written; bytes of the copy are those read and written."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "reference"))

SEED, FIRST = 7, (1 << 32) - 2  # across the low word of the draw index
ASKED = 0.5  # of the copy, float32 draws


def make(path: Path) -> None:
    """Write 6vxx under five levels as arrays, with U and four draws by the CPU."""
    for package in ("schemas", "conformance", "tools"):
        sys.path.insert(0, str(ROOT / package))
    import inputs

    from polystate import Deposition
    from polystate.kernels.ensemble import Ensemble

    dep = Deposition(inputs.protein())
    plan = dep.plan()
    tls, group, parent, origin, above, above_origin = plan.collapse()
    ensemble = Ensemble(dep, backend="numba")
    draws = ensemble.draws(SEED, FIRST, np.empty((4, dep.n_atoms, 3)))
    g = ensemble._gaussian
    np.savez(
        path, tls=tls, group=group, parent=parent, origin=origin, above=above, above_origin=above_origin,
        combination=np.repeat(plan._combination, plan._length), xyz=plan._xyz, iso=plan._iso, aniso=plan._aniso,
        row=plan._row, u=dep.covariance(backend="numpy"), keys=g.keys, mean=g.mean, factor=g.factor, draws=draws,
    )  # fmt: skip


class Bench:
    """The arrays on the device, the checks and the clocks."""

    def __init__(self, path: Path, say: Any) -> None:
        from polystate.kernels.cuda import kernels, runs, shim

        shim.check()
        self.kernels, self.runs, self.shim, self.say = kernels, runs, shim, say
        self.host = dict(np.load(path))
        self.n = len(self.host["u"])
        self.simulated = "simulator" in type(shim.cuda.current_context()).__module__

    def device(self, *names: str) -> list[Any]:
        """Arrays of the file on the device."""
        return [self.shim.to_device(np.ascontiguousarray(self.host[name])) for name in names]

    def clock(self, task: Any, rounds: int = 20) -> float:
        """Median seconds of a task that runs on the device."""
        task()
        self.shim.synchronize()
        seconds = []
        for _ in range(1 if self.simulated else rounds):
            start = time.perf_counter()
            task()
            self.shim.synchronize()
            seconds.append(time.perf_counter() - start)
        return float(np.median(seconds))

    def covariance(self) -> Any:
        """The task of U_total from its parameters, and its result on the device."""
        inputs = self.device("tls", "group", "parent", "origin", "above", "above_origin")
        p = self.shim.device_array((len(self.host["group"]), 20), np.float64)
        atoms = self.device("combination", "xyz", "iso", "aniso", "row")
        u = self.shim.device_array((self.n, 3, 3), np.float64)
        doubtful = self.shim.device_array((self.n,), np.uint8)

        def task() -> None:
            self.kernels.collapse[self.shim.blocks(len(self.host["group"])), self.shim.THREADS](*inputs, p)
            grid = self.shim.blocks(len(self.host["row"]))
            self.kernels.evaluate[grid, self.shim.THREADS](p, *atoms, u, doubtful)

        return task, u

    def check(self) -> None:
        """The numbers of the CPU: U within 1e-12 relative, draws within 1e-12 Å and float32 within 1e-5 relative."""
        task, u = self.covariance()
        task()
        expected = self.host["u"]
        self.judge("covariance", np.abs(u.copy_to_host() - expected).max() / np.abs(expected).max(), 1e-12)
        keys, mean, factor = (self.host[name] for name in ("keys", "mean", "factor"))
        for dtype, within in ((np.float64, 1e-12), (np.float32, 1e-5)):
            draws = self.host["draws"][: 1 if self.simulated else 4]
            found = self.runs.gaussian(keys, SEED, FIRST, mean, factor, np.empty(draws.shape, dtype))
            scale = 1.0 if dtype is np.float64 else np.abs(draws).max()
            self.judge(f"draws {np.dtype(dtype)}", np.abs(found - draws).max() / scale, within)

    def judge(self, name: str, difference: float, within: float) -> None:
        """Stop where numbers differ: a fast wrong kernel is of no use."""
        self.say(f"check {name}: {difference:.2e} (within {within:g})")
        if not difference <= within:
            raise SystemExit(f"{name} differs from the CPU")

    def copy_rate(self) -> float:
        """Bytes read and written a second by a copy on the device."""
        size = 1 << (10 if self.simulated else 30)
        a, b = (self.shim.device_array((size,), np.uint8) for _ in range(2))
        return 2 * size / self.clock(lambda: b.copy_to_device(a))

    def run(self) -> bool:
        """All clocks; whether float32 draws reach half of the copy."""
        copy = self.copy_rate()
        self.say(f"device copy: {copy / 1e9:.0f} GB/s")
        task, _ = self.covariance()
        seconds = self.clock(task)
        self.say(f"U_total of {self.n} atoms: {seconds * 1e6:.1f} µs, {72 * self.n / seconds / 1e9:.0f} GB/s")
        met = False
        for dtype, kernel in ((np.float32, self.kernels.gaussian32), (np.float64, self.kernels.gaussian64)):
            n_draws = 1 if self.simulated else (2 << 30) // (3 * self.n * np.dtype(dtype).itemsize)
            out = self.shim.device_array((n_draws, self.n, 3), dtype)
            mean, factor = (self.shim.to_device(self.host[name].astype(dtype)) for name in ("mean", "factor"))
            (keys,) = self.device("keys")
            grid = (self.shim.blocks(self.n), min(n_draws, self.runs.DRAW_THREADS))
            words = (*self.runs.words_of(FIRST), *self.runs.words_of(SEED))
            seconds = self.clock(
                lambda k=kernel, o=out, m=mean, f=factor, g=grid, y=keys, w=words: k[g, (self.shim.THREADS, 1)](
                    y, *w, m, f, False, o
                )
            )
            size = n_draws * self.n * 3 * np.dtype(dtype).itemsize
            share = size / seconds / copy
            self.say(
                f"{n_draws} draws, {np.dtype(dtype)}: {seconds * 1e3:.2f} ms, {size / seconds / 1e9:.0f} GB/s, "
                f"{100 * share:.0f} % of the copy"
            )
            met = met or (dtype is np.float32 and share >= ASKED)
        return met


def main() -> int:
    """Make the file, or check and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("npz", type=Path)
    parser.add_argument("--make", action="store_true", help="write the file instead of reading it")
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    if options.make:
        make(options.npz)
        return 0
    lines: list[str] = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    bench = Bench(options.npz, say)
    bench.check()
    met = bench.run()
    say(f"float32 draws at {100 * ASKED:.0f} % of the copy or more: {'met' if met else 'not met'}")
    if options.log:
        options.log.write_text("\n".join(lines) + "\n", "utf-8")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
