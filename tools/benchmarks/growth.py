"""How cost grows: atoms, groups, draws and discrete states, with exponents fitted on log-log scales."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import inputs
import numpy as np

from polystate import Deposition
from polystate.kernels.ensemble import Ensemble
from polystate.states.joint import States

LIMIT_S = 120.0  # of one series, inputs included; what would take longer is left out and said to be
SWEEP = 80 << 20  # numbers of 8 bytes, more than a large cache holds
Task = Callable[[], Any]


def main(quick: bool) -> list[dict[str, Any]]:
    """One record a series: sizes, seconds, and the exponent above the size that `above` says."""
    top = 5 if quick else 7
    atoms = [int(10 ** (k / 2)) for k in range(6, 2 * top + 1)]
    groups = [1, 10, 100, 1000, 10_000, *([] if quick else [31_622, 100_000, 316_227, 1_000_000])]
    draws = [10**k for k in range(top - 1)]
    states = [10**k for k in range(1, top)]
    found = [
        *series(
            {"covariance: atoms (8 a group)": (10**5, 0.05), "one draw: atoms": (10**5, 0.05)},
            atoms,
            lambda n: of_atoms(n, max(1, n // 8)),
            cold=True,
        ),
        *series(
            {"covariance: groups (8 atoms each)": (12_500, 0.05)}, groups, lambda n: of_atoms(8 * n, n)[:1], cold=True
        ),
        *series({"draws of 1 000 atoms": (100, 0.05)}, draws, draws_of_few),
        *of_states(states, "independent"),
        *of_states(states, "runs of four"),
        *of_states(states, "one chain"),
    ]
    folder = os.environ.get("POLYSTATE_PLOTS")
    if folder:
        plot(found, Path(folder))
    return found


def series(
    names: Mapping[str, tuple[int, float | None]],
    sizes: Sequence[int],
    make: Callable[[int], Sequence[Task]],
    cold: bool = False,
) -> list[dict[str, Any]]:
    """Best of several repetitions at each size, in seconds of the processor, which other work does not lengthen.

    names: of the tasks that `make` gives for a size: above which size the exponent is fitted, and how far from 1 it
    may be. cold: each repetition begins with other data in the caches. Otherwise the small sizes stay in them, the
    large ones do not, and the exponent tells where the cache ends and not how the work grows."""
    sweep = np.zeros(SWEEP if cold else 0)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    done: list[int] = []
    begin = time.perf_counter()
    for size in sizes:
        if time.perf_counter() - begin > LIMIT_S:
            break
        for name, task in zip(names, make(size), strict=True):
            seconds[name].append(best(task, sweep))
        done.append(size)
    notes = [f"left out: {n}" for n in sizes if n not in done] + ["caches swept before each repetition"] * cold
    return [record(name, done, seconds[name], *about, notes) for name, about in names.items()]


def best(task: Task, sweep: np.ndarray) -> float:
    """The shortest of several repetitions after one that does not count."""
    task()
    rounds: list[float] = []
    while len(rounds) < 5 or (len(rounds) < (10 if len(sweep) else 30) and sum(rounds) < 0.5):
        sweep[::8] += 1
        start = time.thread_time()
        task()
        rounds.append(time.thread_time() - start)
        if sum(rounds) > 5 and len(rounds) > 2:
            break
    return min(rounds)


def record(
    name: str, sizes: list[int], seconds: list[float], above: int, within: float | None, notes: list[str]
) -> dict[str, Any]:
    """A series with its exponent, and whether that is as near to 1 as asked."""
    fitted = [(n, t) for n, t in zip(sizes, seconds, strict=True) if n > above]
    exponent = float("nan")
    if len(fitted) > 1:
        exponent = float(np.polyfit(*np.log([[n for n, _ in fitted], [t for _, t in fitted]]), 1)[0])
    one: dict[str, Any] = {
        "name": f"growth of {name}", "sizes": sizes, "seconds": seconds, "exponent": exponent, "above": above,
        "programs": {}, "ratio": {}, "bounds": {}, "notes": [f"exponent {exponent:.2f} above {above}", *notes],
    }  # fmt: skip
    if within is not None and len(fitted) > 1:
        one["met"] = abs(exponent - 1) <= within
    return one


def of_atoms(n: int, n_groups: int) -> tuple[Task, Task]:
    """The covariance of n atoms, and one draw of them, into arrays that are there already."""
    dep = Deposition(inputs.made_up(n, n_groups))
    plan, u, ensemble, xyz = dep.plan(), np.empty((n, 3, 3)), Ensemble(dep, backend="numba"), np.empty((1, n, 3))
    return lambda: plan.covariance(u), lambda: ensemble.draws(7, 0, xyz)


def draws_of_few(n: int) -> tuple[Task]:
    """n draws of 1 000 atoms."""
    ensemble = Ensemble(Deposition(inputs.made_up(1000, 125)), backend="numba")
    out = np.empty((min(n, 1000), 1000, 3))

    def run() -> None:
        for begin in range(0, n, len(out)):
            ensemble.draws(7, begin, out)

    return (run,)


def of_states(sizes: Sequence[int], shape: str) -> list[dict[str, Any]]:
    """Counts, and the first ten legal joint states."""

    def make(n: int) -> tuple[Task, Task]:
        states = Deposition(inputs.discrete(n, shape)).states
        return states.count, lambda: list(islice(States(states.dag).joints(), 10))

    names = {f"count: states, {shape}": (1000, None), f"first ten legal states, {shape}": (1000, None)}
    return series(names, sizes, make)


def plot(found: Sequence[dict[str, Any]], folder: Path) -> None:
    """All series on log-log scales, one file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(15, 4.8), layout="constrained")
    kinds = (("covariance", "atoms or groups"), ("draw", "atoms or draws"), ("states", "states"))
    for axis, (kind, what) in zip(axes, kinds, strict=True):
        for one in found:
            name = one["name"].removeprefix("growth of ")
            if kind in name and not (kind == "draw" and "states" in name):
                label = f"{name}\nexponent {one['exponent']:.2f} above {one['above']:,}"
                axis.loglog(one["sizes"], one["seconds"], "o-", label=label)
                most, longest = one["sizes"][-1], one["seconds"][-1]
        axis.loglog([most / 1000, most], [longest / 4000, longest / 4], ":", color="grey", label="exponent 1")
        axis.set_xlabel(what)
        axis.set_ylabel("seconds")
        axis.grid(alpha=0.3, which="major")
        axis.legend(fontsize=7)
    figure.savefig(folder / "growth.png", dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    import measure

    for one in main(False):
        print(measure.text(one))
