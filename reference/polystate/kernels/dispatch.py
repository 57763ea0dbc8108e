"""The evaluator's hot functions once more, for Numba (CPU) and CUDA; which one runs is decided here and only here.

The NumPy evaluator is the meaning. `auto` takes Numba where it is installed and the work is worth the half second that
loading it takes, else NumPy on whole columns (`light`). What it takes depends on the size of the deposition alone, and
sums are taken in an order that the atoms asked for do not change, so an atom alone has the numbers that it has with
all. Nothing of numba is imported before a kernel is asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from polystate.errors import UnsupportedCombination

if TYPE_CHECKING:
    from polystate.evaluation.evaluate import Request
    from polystate.model.descriptor import Descriptor
    from polystate.numbers.philox import Draw

BACKENDS = ("numpy", "numba", "cuda", "auto")
WORTH_LOADING = 1_000_000  # atoms times levels: about 0.5 s in NumPy


def resolve(backend: str = "auto", work: float = float("inf")) -> str:
    """`numpy`, `light`, `numba` or `cuda`; `work`: how many atoms times levels the deposition has."""
    if backend not in BACKENDS:
        raise UnsupportedCombination("backend", backend, "one of " + ", ".join(BACKENDS))
    if backend == "auto":
        return "light" if work < WORTH_LOADING or importlib.util.find_spec("numba") is None else "numba"
    if backend != "numpy" and importlib.util.find_spec("numba") is None:
        raise UnsupportedCombination("backend", f"{backend} without numba", "an installed numba")
    return backend


def covariance(request: Request, levels: Sequence[Descriptor], by_level: bool = False) -> np.ndarray:
    """As `evaluate.covariance`, by the backend that the request names."""

    def one(chosen: Sequence[Descriptor]) -> np.ndarray:
        if request.backend == "light":
            from polystate.kernels import light

            return light.covariance(request, chosen)
        from polystate.kernels.plan import Plan

        plan = Plan(request, chosen)
        if request.backend == "cuda":
            from polystate.kernels.cuda.runs import covariance as on_device

            return on_device(plan)
        return plan.covariance()

    if not by_level:
        return one(levels)
    return np.stack([one([d]) for d in levels]) if levels else np.zeros((0, len(request.rows), 3, 3))


def displacement(
    u: np.ndarray, draw: Draw, draw_key: np.ndarray, where: str, psd: str = "refuse", backend: str = "numba"
) -> np.ndarray:
    """As `numbers.positive.displacement`, by a backend."""
    if backend in ("numpy", "light"):
        from polystate.numbers import positive

        return positive.displacement(u, draw, draw_key, where, psd)
    from polystate.kernels.gauss import Gaussian

    out = np.empty((1, len(u), 3))
    Gaussian(np.zeros((len(u), 3)), u, draw_key, where, psd, backend).draws(draw.seed, draw.index, out)
    return out[0]


def operator(operator_id: str, backend: str) -> Callable[..., dict[str, Any]] | None:
    """The kernel of an operator, or None where the NumPy function is as good."""
    if backend == "light":
        return None
    if backend == "cuda":
        from polystate.kernels.cuda.runs import FUNCTIONS as on_device

        if operator_id in on_device:
            return on_device[operator_id]
    from polystate.kernels.operators import FUNCTIONS

    return cast("Callable[..., dict[str, Any]] | None", FUNCTIONS.get(operator_id))
