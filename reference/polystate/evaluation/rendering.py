"""One rendering of a deposition: coordinates, presence, and what they were made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from polystate.evaluation import evaluate

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Snapshot:
    """One rendering: coordinates of the atoms asked for, and what they were made from.

    xyz, mean: (n, 3) float64 ångström; present: (n,) bool; atom_id: (n,) uint32; state: the joint state by name;
    at: the step on each axis; psd: how indefinite covariances were treated; clipped: whether the covariance that a
    displacement was drawn from was changed because no motion has it ([COV-12])."""

    xyz: np.ndarray
    mean: np.ndarray
    present: np.ndarray
    atom_id: np.ndarray
    state: Mapping[str, str]
    at: Mapping[str, int]
    psd: str
    request: evaluate.Request
    clipped: bool = False

    @cached_property
    def covariance(self) -> np.ndarray:
        """U_total of the same atoms in the same joint state, (n, 3, 3) Å²."""
        return evaluate.covariance(self.request)
