"""The calls that people write, made again and again, beside the compiled ones that do the same work."""

from __future__ import annotations

from itertools import count
from typing import Any

import inputs
import measure
import numpy as np

from polystate import Deposition, Draw
from polystate.kernels.dispatch import DRAWS_WORTH_LOADING
from polystate.kernels.ensemble import Ensemble

SEED = 7


def main(quick: bool) -> list[dict[str, Any]]:
    """U_total again, and a draw rendered beside a draw of the stream; ratios are time of a peer / time of ours."""
    dep, rounds = Deposition(inputs.protein()), 9 if quick else 51
    return [covariance(dep, rounds), draw(dep, rounds)]


def covariance(dep: Deposition, rounds: int) -> dict[str, Any]:
    """dep.covariance() of the same request, beside a plan: at most 1.5 times its time."""
    plan = dep.plan()
    seconds = measure.alternate({"dep.covariance()": dep.covariance, "plan.covariance()": plan.covariance}, rounds)
    bounds = {"plan.covariance()": 1 / 1.5}
    return measure.record("U_total of 6vxx, asked for again", seconds, "dep.covariance()", bounds)


def draw(dep: Deposition, rounds: int) -> dict[str, Any]:
    """dep.render of draw after draw, when it has gone over to Numba, beside the stream of draws: at most 3 times its
    time."""
    ensemble, numbers = Ensemble(dep, backend="numba"), count()
    xyz = np.empty((1, dep.n_atoms, 3))
    for _ in range(DRAWS_WORTH_LOADING // dep.n_atoms + 1):
        dep.render(draw=Draw(SEED, next(numbers)))
    tasks = {
        "dep.render(draw)": lambda: dep.render(draw=Draw(SEED, next(numbers))),
        "dep.render(draw, backend='numba')": lambda: dep.render(draw=Draw(SEED, next(numbers)), backend="numba"),
        "a draw of the stream": lambda: ensemble.draws(SEED, next(numbers), xyz),
    }
    seconds = measure.alternate(tasks, rounds)
    bounds = {"a draw of the stream": 1 / 3}
    return measure.record("one draw of 6vxx rendered", seconds, "dep.render(draw)", bounds)


if __name__ == "__main__":
    for found in main(False):
        print(measure.text(found))
