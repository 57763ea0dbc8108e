"""Measure the ECHT fit: 6vxx against the reference values, cost and memory by size, storage, and a peer.

    python tools/benchmarks/echt.py path --data ../shared/data     the eight reference rows, certificates, time
    python tools/benchmarks/echt.py size                           one Newton step at 10^4, 10^5, 10^6 atoms, and memory
    python tools/benchmarks/echt.py storage                        scalars and bytes a level of the golden fit
    python tools/benchmarks/echt.py report --fit 6vxx.zarr.zip    `report --input` of a plain fit, whole
    python tools/benchmarks/echt.py first --data ../shared/data    one step where Numba compiles everything
    python tools/benchmarks/echt.py peer --data ../shared/data --python /path/to/python-with-cctbx

Times are CPU seconds of one thread after compilation unless said otherwise.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from numcodecs import Zstd

from polystate_tools.echt.fit import Fit, run
from polystate_tools.echt.prepare import Prepared, prepare
from polystate_tools.echt.solver.model import atom_covariances, level_covariances
from polystate_tools.echt.solver.path import follow
from polystate_tools.echt.solver.points import Settings
from polystate_tools.echt.solver.solver import Solver
from polystate_tools.echt.solver.structure import Problem

REFERENCE = {1: 152.62, 5: 91.79, 9: 59.32, 13: 38.97, 17: 25.03, 21: 15.91, 25: 10.12, 29: 6.29}


def spike(data: Path) -> Prepared:
    """6vxx on the levels of 6vxx-levels.csv."""
    return prepare(data / "echt" / "6vxx.pdb", groups=data / "echt" / "6vxx-levels.csv")


def path(data: Path, threads: int) -> Fit:
    """The whole path, timed; prints the reference rows."""
    given = spike(data)
    follow(Solver(given.problem, Settings(max_steps=1, final_tolerance=1.0)))  # compile
    wall, cpu = time.perf_counter(), time.process_time()
    result = run(given, threads=threads)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    steps = result.steps
    print(f" n   omega_alpha          F    reference   (F-D)/F   mean B: {', '.join(given.names)}")
    for s in steps:
        if s.n in REFERENCE or s.n == len(steps):
            print(
                f"{s.n:2d}  {s.omega_alpha:12.6g} {s.F:10.5g}   {REFERENCE.get(s.n, float('nan')):10.5g}  "
                f"{s.certificate:9.1e}   " + ", ".join(f"{b:.2f}" for b in s.mean_b)
            )
    print(
        f"{len(steps)} steps, {sum(s.iterations for s in steps)} Newton steps, {cpu:.1f} s CPU, {wall:.1f} s wall; "
        f"largest certificate {max(s.certificate for s in steps):.1e}; residual {steps[-1].residual_rms_b:.3f} Å² RMS"
    )
    return result


def synthetic(n: int) -> Problem:
    """A chain of n atoms in four nested levels with smooth B."""
    rng = np.random.default_rng(0)
    xyz = rng.normal(size=(n, 3)) * 1.5 + np.arange(n)[:, None] * [0.02, 0.0, 0.0]
    residue = np.arange(n) // 8
    labels = [np.zeros(n, int), residue // 500, residue // 8, residue]
    u = np.zeros((n, 6))
    value = 0.3 + 0.1 * np.sin(residue / 40) + 0.05 * rng.random(n)
    u[:, :3] = value[:, None]
    return Problem(xyz, u, np.zeros(n, bool), labels, ["molecule", "domain", "element", "residue"])


def size() -> None:
    """Seconds and memory of three penalties by number of atoms; each size in its own process."""
    for n in (10_000, 100_000, 1_000_000):
        code = (
            "import resource, time, numpy as np\n"
            "import sys; sys.path.insert(0, 'tools/benchmarks')\n"
            "from echt import synthetic; from polystate_tools.echt.solver.solver import Settings, Solver\n"
            "from polystate_tools.echt.solver.path import follow\n"
            "follow(Solver(synthetic(400), Settings(max_steps=1, final_tolerance=1.0), 1))\n"
            "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            f"p = synthetic({n}); c = time.process_time()\n"
            "s = Solver(p, Settings(max_steps=3, final_tolerance=1.0), 1)\n"
            "built = time.process_time() - c; c = time.process_time(); steps = follow(s).steps\n"
            "spent = time.process_time() - c; its = sum(t.iterations for t in steps)\n"
            "used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
            f"print(f'{n:>8d} atoms: build {{built:6.2f}} s, {{spent / its * 1e6 / {n}:.2f}} µs an atom and Newton "
            f"step, {{its}} steps, {{used * 1024 / {n}:.0f}} bytes an atom')\n"
        )
        subprocess.run([os.sys.executable, "-c", code], check=True)  # type: ignore[attr-defined]


def storage(name: str = "6vxx-echt") -> None:
    """Scalars, raw and stored bytes of each array of a golden fit, and what 32 bits would make of its numbers."""
    from polystate.store.reading import read
    from polystate_conformance.paths import CORPUS

    file = CORPUS / f"{name}.zarr.zip"
    tree = read(file)
    with zipfile.ZipFile(file) as packed:
        chunks = {i.filename: i.file_size for i in packed.infolist() if not i.filename.endswith("zarr.json")}
    print(f"{'array':48s} {'scalars':>9s} {'raw':>9s} {'raw f4':>9s} {'stored':>9s} {'stored f4':>9s}")
    totals = np.zeros(5, int)
    for path in [p for p in tree if "echt" in p and not p.startswith("provenance")]:
        for array in tree[path].arrays:
            values = np.asarray(tree[path].arrays[array])
            short = values.astype(np.float32) if values.dtype == np.float64 else values
            stored = sum(n for f, n in chunks.items() if f.startswith(f"{path}/{array}/"))
            packed_short = len(Zstd(level=5).encode(np.ascontiguousarray(short)))
            row = np.array([values.size, values.nbytes, short.nbytes, stored, packed_short])
            totals += row
            print(f"{path + '/' + array:48s} " + " ".join(f"{v:9d}" for v in row))
    print(f"{'total':48s} " + " ".join(f"{v:9d}" for v in totals))


def report(fit: Path, data: Path) -> None:
    """Processor time of `polystate report --input`, imports and all: of the process, and of its main thread."""
    from typer.testing import CliRunner

    from polystate_tools.cli import application

    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        asked = ["report", str(fit), "--input", str(data / "echt" / "6vxx.pdb"), "-o", str(page)]
        done = CliRunner().invoke(application("report"), asked)
        assert page.exists(), done.output
    print(f"{time.process_time():.1f} s CPU, {time.thread_time():.1f} s of them in the main thread, the busiest")


def first(data: Path) -> None:
    """Time of the first `polystate fit` of a machine, imports and all: Numba's cache is empty. One step."""
    with tempfile.TemporaryDirectory() as folder:
        asked = ["fit", str(data / "echt" / "6vxx.pdb"), str(Path(folder) / "fit.zarr"), "--steps", "1"]
        asked += ["--groups", str(data / "echt" / "6vxx-levels.csv")]
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(Path(folder) / "cache")}
        for cache in ("empty", "filled"):
            before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            verb = [sys.executable, "-m", "polystate_tools.cli", *asked, "-y"]
            done = subprocess.run(verb, env=environment, capture_output=True)
            assert done.returncode == 0, done.stderr.decode()
            after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - begin
            used = after.ru_utime - before.ru_utime
            print(f"{used:.1f} s CPU of all processes, {wall:.1f} s by the clock: one step, the cache {cache}")


def peer(data: Path, python: str) -> None:
    """The same shapes: amplitudes by mmtbx against this fit (which finds the shapes as well)."""
    given = spike(data)
    levels = given.levels
    solver = Solver(given.problem)
    s = solver.s
    centre = None
    for n in range(1, 30):
        begin = time.process_time()
        step, point = solver.solve_step(n, centre, 5e-4)
        mine = time.process_time() - begin
        centre = point.centre
        if n not in (1, 13, 29):
            continue
        penalty = solver.penalties(n)
        unit = point.sigma / np.maximum(point.amplitude, 1e-30)[:, None, None]
        off = point.amplitude == 0
        unit[off] = np.eye(6) / 6
        start, atom, value = [0], [], []
        zero = np.zeros_like(point.own)
        by_level = []
        for k in range(len(levels)):
            by_level.append(level_covariances(s, unit, k)[:, :3].sum(axis=1) / 3)
        for g in range(s.n_groups):
            level = s.level[g]
            members = np.flatnonzero(s.group_of[level] == g)
            atom.append(members)
            value.append(by_level[level][members])
            start.append(start[-1] + len(members))
        with tempfile.TemporaryDirectory() as folder:
            given, result = Path(folder) / "shapes.npz", Path(folder) / "result.npz"
            np.savez(
                given, u=s.u[:, 0], weights=s.weights, start=np.array(start), atom=np.concatenate(atom),
                value=np.concatenate(value), alpha=penalty.alpha_atom, beta=penalty.beta,
                restarts=50, first=float(s.u[:, 0].mean() / (len(levels) + 1)),
            )  # fmt: skip
            subprocess.run([python, str(Path(__file__).with_name("echt_peer.py")), str(given), str(result)], check=True)
            found_by_peer = np.load(result)
            amplitude = found_by_peer["amplitudes"]
            theirs = float(found_by_peer["seconds"])
        sigma = unit * amplitude[: s.n_groups, None, None]
        own = zero + amplitude[s.n_groups :, None, None]
        value_peer = solver.point(sigma, own, penalty._replace(eps=0.0)).F
        again = np.abs(atom_covariances(s, sigma, own)).max()
        print(
            f"n = {n}, omega_alpha {penalty.alpha_atom:.4g}: F {point.F:.5g} (bound {point.D:.5g}) in {mine:.2f} s; "
            f"mmtbx with these shapes given {value_peer:.5g} in {theirs:.2f} s, "
            f"{int(found_by_peer['iterations'])} iterations "
            f"(ratio F {value_peer / point.F:.2f}, time {theirs / mine:.1f}; largest |U| {again:.2f} Å²)"
        )


def main() -> None:
    """One measurement by name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["path", "size", "storage", "report", "first", "peer"])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--fit", type=Path, default=Path("6vxx.zarr.zip"))
    parser.add_argument("--python", default="python3")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.what == "size":
        size()
    elif chosen.what == "peer":
        peer(chosen.data, chosen.python)
    elif chosen.what == "storage":
        storage()
    elif chosen.what == "first":
        first(chosen.data)
    elif chosen.what == "report":
        report(chosen.fit, chosen.data)
    else:
        path(chosen.data, chosen.threads)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
