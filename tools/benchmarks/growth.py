"""How cost grows: atoms, groups, draws and discrete states, with exponents fitted on log-log scales."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import inputs
import numpy as np

from polystate import Deposition
from polystate.kernels.ensemble import Ensemble

LIMIT_S = 60.0  # of one series; what would take longer is left out and said to be


def main(quick: bool) -> list[dict[str, Any]]:
    """One record a series: sizes, seconds, and the exponent above the size that `above` says."""
    top = 5 if quick else 7
    sizes = [int(10 ** (k / 2)) for k in range(6, 2 * top + 1)]
    found = [
        series("covariance: atoms (8 a group)", sizes, covariance_of_atoms, 10**5, 0.05),
        series("covariance: groups (8 atoms each)", [10**k for k in range(top - 1)], covariance_of_groups, 10**3),
        series("one draw: atoms", sizes, draw_of_atoms, 10**5, 0.05),
        series("draws of 1 000 atoms", [10**k for k in range(top - 1)], draws_of_few, 100, 0.05),
        series("count: independent states", [10**k for k in range(1, top)], count_states(False), 10**3),
        series("count: states nested in runs of four", [10**k for k in range(1, top - 1)], count_states(True), 10**2),
        series("first three legal states, nested", [10**k for k in range(1, top - 1)], first_states, 10**2),
    ]
    folder = os.environ.get("POLYSTATE_PLOTS")
    if folder:
        plot(found, Path(folder))
    return found


def series(
    name: str, sizes: Sequence[int], make: Callable[[int], Callable[[], Any]], above: int, within: float | None = None
) -> dict[str, Any]:
    """Best of several repetitions at each size, in seconds of the processor, which other work does not lengthen.

    within: how far from 1 the exponent may be."""
    seconds, done = [], []
    begin = time.perf_counter()
    for size in sizes:
        if time.perf_counter() - begin > LIMIT_S:
            break
        task = make(size)
        task()
        rounds = []
        while len(rounds) < 3 or (len(rounds) < 30 and sum(rounds) < 0.3):
            start = time.thread_time()
            task()
            rounds.append(time.thread_time() - start)
        seconds.append(min(rounds))
        done.append(size)
    fitted = [(n, t) for n, t in zip(done, seconds, strict=True) if n > above]
    exponent = float("nan")
    if len(fitted) > 1:
        exponent = float(np.polyfit(*np.log([[n for n, _ in fitted], [t for _, t in fitted]]), 1)[0])
    left_out = [n for n in sizes if n not in done]
    notes = [f"exponent {exponent:.2f} above {above}"] + [f"left out: {n}" for n in left_out]
    one: dict[str, Any] = {
        "name": f"growth of {name}", "sizes": done, "seconds": seconds, "exponent": exponent, "above": above,
        "programs": {}, "ratio": {}, "bounds": {}, "notes": notes,
    }  # fmt: skip
    if within is not None:
        one["met"] = abs(exponent - 1) <= within
    return one


def covariance_of_atoms(n: int) -> Callable[[], Any]:
    plan, out = Deposition(inputs.made_up(n, max(1, n // 8))).plan(), np.empty((n, 3, 3))
    return lambda: plan.covariance(out)


def covariance_of_groups(n: int) -> Callable[[], Any]:
    plan, out = Deposition(inputs.made_up(8 * n, n)).plan(), np.empty((8 * n, 3, 3))
    return lambda: plan.covariance(out)


def draw_of_atoms(n: int) -> Callable[[], Any]:
    ensemble, out = Ensemble(Deposition(inputs.made_up(n, max(1, n // 8))), backend="numba"), np.empty((1, n, 3))
    return lambda: ensemble.draws(7, 0, out)


def draws_of_few(n: int) -> Callable[[], Any]:
    ensemble = Ensemble(Deposition(inputs.made_up(1000, 125)), backend="numba")
    out = np.empty((min(n, 1000), 1000, 3))

    def run() -> None:
        for begin in range(0, n, len(out)):
            ensemble.draws(7, begin, out)

    return run


def count_states(nested: bool) -> Callable[[int], Callable[[], Any]]:
    return lambda n: Deposition(inputs.discrete(n, nested)).states.count


def first_states(n: int) -> Callable[[], Any]:
    states = Deposition(inputs.discrete(n, True)).states
    return lambda: list(islice(states.joints(), 3))


def plot(found: Sequence[dict[str, Any]], folder: Path) -> None:
    """All series on log-log scales, one file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(15, 4.8), layout="constrained")
    kinds = (("covariance", "atoms or groups"), ("draw", "atoms or draws"), ("states", "states"))
    for axis, (kind, label) in zip(axes, kinds, strict=True):
        for one in found:
            name = one["name"].removeprefix("growth of ")
            if kind in name and not (kind == "draw" and "states" in name):
                axis.loglog(one["sizes"], one["seconds"], "o-", label=f"{name}\nexponent {one['exponent']:.2f}")
        axis.set_xlabel(label)
        axis.set_ylabel("seconds")
        axis.grid(alpha=0.3, which="major")
        axis.legend(fontsize=8)
    figure.savefig(folder / "growth.png", dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    import measure

    for one in main(False):
        print(measure.text(one))
