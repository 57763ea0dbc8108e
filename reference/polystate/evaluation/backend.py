"""What an evaluation is computed with.

The equations in NumPy are the meaning; another backend gives the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from polystate.model.descriptor import Descriptor
from polystate.numbers import positive
from polystate.numbers.philox import Draw
from polystate.operators import call

Displacing = Callable[[Draw], np.ndarray]  # a draw to (n, 3) ångström


class Backend(Protocol):
    """The hot functions of an evaluation."""

    @property
    def name(self) -> str:
        """What it is called in requests and reports."""

    def call(
        self, operator_id: str, inputs: Mapping[str, np.ndarray], parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """An operator evaluated on arrays, as `operators.call`."""

    def covariance(self, request: Any, levels: Sequence[Descriptor], by_level: bool) -> np.ndarray | None:
        """U as `evaluate.covariance`; None where the equations are evaluated as they are written."""

    def displacing(self, u: np.ndarray, draw_key: np.ndarray, where: str, psd: str) -> Displacing:
        """The Gaussian displacement of each atom in any draw, as `positive.displacing`."""


class Plain:
    """The backend of the equations as they are written."""

    name = "numpy"

    def call(
        self, operator_id: str, inputs: Mapping[str, np.ndarray], parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return call(operator_id, inputs, parameters)

    def covariance(self, request: Any, levels: Sequence[Descriptor], by_level: bool) -> np.ndarray | None:
        return None

    def displacing(self, u: np.ndarray, draw_key: np.ndarray, where: str, psd: str) -> Displacing:
        return positive.displacing(u, draw_key, where, psd)


NUMPY: Backend = Plain()
Choose = Callable[[int], Backend]
"""Which backend, given the work: how many atoms times levels the deposition has."""


def plain(work: int) -> Backend:
    """The choice of a caller who hands in no other."""
    return NUMPY
