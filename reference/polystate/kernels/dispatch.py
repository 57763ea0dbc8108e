"""The evaluator's hot functions once more, for Numba (CPU) and CUDA; which one runs is decided here and only here.

The NumPy evaluator is the meaning. `auto` takes Numba where it is installed and the work is worth the half second that
loading it takes, else NumPy on whole columns (`light`). What it takes depends on the size of the deposition alone, and
sums are taken in an order that the atoms asked for do not change, so an atom alone has the numbers that it has with
all. One draw after the other is the exception: those that `light` makes go over to Numba, for all depositions at once,
when the process has made as many as loading it costs. Nothing of numba is imported before a kernel is asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from polystate.errors import UnsupportedCombination
from polystate.evaluation.backend import NUMPY, Backend, Choose, Displacing
from polystate.evaluation.evaluate import Request
from polystate.model.descriptor import Descriptor
from polystate.numbers import positive
from polystate.numbers.philox import Draw
from polystate.operators import call

BACKENDS = ("numpy", "numba", "cuda", "auto")
WORTH_LOADING = 1_000_000  # atoms times levels: about 0.5 s in NumPy
DRAWS_WORTH_LOADING = 6_000_000  # atoms times draws, the same


def resolve(backend: str = "auto", work: float = float("inf")) -> str:
    """`numpy`, `light`, `numba` or `cuda`; `work`: how many atoms times levels the deposition has."""
    if backend == "light":  # resolved before
        return backend
    if backend not in BACKENDS:
        raise UnsupportedCombination("backend", backend, "one of " + ", ".join(BACKENDS))
    if backend == "auto":
        return "light" if work < WORTH_LOADING or importlib.util.find_spec("numba") is None else "numba"
    if backend != "numpy" and importlib.util.find_spec("numba") is None:
        raise UnsupportedCombination("backend", f"{backend} without numba", "pip install 'polystate[fast]'")
    return backend


def choice(backend: str = "auto") -> Choose:
    """The backend of a name, for a deposition whose work is known."""
    return partial(_chosen, backend)


def _chosen(backend: str, work: float) -> Backend:
    return named(resolve(backend, work))


def named(backend: str) -> Backend:
    """`numpy`, `light`, `numba` or `cuda` as an object that computes."""
    return NUMPY if backend == "numpy" else Fast(backend)


class Settling:
    """Draws of one U by NumPy, and by Numba once the draws that this process has made so are worth loading it."""

    made = 0  # atoms times draws, of the process

    def __init__(self, u: np.ndarray, draw_key: np.ndarray, where: str, psd: str) -> None:
        self._given = u, draw_key, where, psd
        self._displacing: Displacing = positive.displacing(*self._given)
        self._settled = importlib.util.find_spec("numba") is None

    def __call__(self, draw: Draw) -> np.ndarray:
        Settling.made += len(self._given[1])
        if not self._settled and Settling.made > DRAWS_WORTH_LOADING:
            self._displacing, self._settled = Fast("numba").displacing(*self._given), True
        return self._displacing(draw)


@dataclass(frozen=True)
class Fast:
    """A backend of kernels: `light`, `numba` or `cuda`."""

    name: str

    def call(
        self, operator_id: str, inputs: Mapping[str, np.ndarray], parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """An operator by its kernel, or by its NumPy function where that is as good."""
        kernel = self._kernel(operator_id)
        return call(operator_id, inputs, parameters) if kernel is None else kernel(**inputs, **(parameters or {}))

    def covariance(self, request: Request, levels: Sequence[Descriptor], by_level: bool) -> np.ndarray:
        """As `evaluate.covariance`."""
        if not by_level:
            return self._sum(request, levels)
        return np.stack([self._sum(request, [d]) for d in levels]) if levels else np.zeros((0, len(request.rows), 3, 3))

    def displacing(self, u: np.ndarray, draw_key: np.ndarray, where: str, psd: str) -> Displacing:
        """As `positive.displacing`."""
        if self.name == "light":
            return Settling(u, draw_key, where, psd)
        from polystate.kernels.gauss import Gaussian

        gaussian = Gaussian(np.zeros((len(u), 3)), u, draw_key, where, psd, self.name)
        return lambda draw: gaussian.draws(draw.seed, draw.index, np.empty((1, len(u), 3)))[0]

    def _sum(self, request: Request, levels: Sequence[Descriptor]) -> np.ndarray:
        if self.name == "light":
            from polystate.kernels import light

            return light.covariance(request, levels)
        from polystate.kernels.plan import Plan

        plan = Plan(request, levels, once=True)
        if self.name == "cuda":
            from polystate.kernels.cuda.runs import covariance as on_device

            return on_device(plan)
        return plan.covariance()

    def _kernel(self, operator_id: str) -> Callable[..., dict[str, Any]] | None:
        if self.name == "light":
            return None
        if self.name == "cuda":
            from polystate.kernels.cuda.runs import FUNCTIONS as on_device

            if operator_id in on_device:
                return on_device[operator_id]
        from polystate.kernels.operators import FUNCTIONS

        return cast("Callable[..., dict[str, Any]] | None", FUNCTIONS.get(operator_id))
