"""What the solver is told, where it stands, and what it has found: settings, states, certified points, steps."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .records import Interior


def percent(part: float, total: float) -> float | None:
    """`part` of `total` in percent; None where the total is zero, so that nothing is a part of it."""
    return 100.0 * part / total if total > 0 else None


WEIGHTS = ("inverse", "inverse-square", "equal")


@dataclass(frozen=True)
class Settings:
    """Numbers of the method; omega_first, delta, gamma and weights are the paper's."""

    omega_first: float = 100.0
    delta: float = 0.8
    gamma: float = 0.9
    weights: str = "inverse"  # of Tr U / 3: one of WEIGHTS
    epsilon: float = 1e-4  # weight of |Sigma|^2 in units of omega_beta
    tolerance: float = 8e-4  # certificate at each step
    final_tolerance: float = 1e-7  # certificate of the last step
    min_steps: int = 1
    max_steps: int = 90
    stop_change_b: float = 0.05  # Å² a step, mean B of any level
    stop_amplitude_b: float | None = None  # Å² a step, any amplitude: the paper's rule, in place of the one before
    stop_residual_b: float = 0.5  # Å², RMS
    plateau_steps: int = 4  # over which the residual falls by less than plateau_change of itself, 0 for no such end
    plateau_change: float = 0.01
    plateau_headroom: float = 0.5  # part of the loss that could at most still be explained by then
    centre: float = 1e-3
    max_iterations: int = 100


class Ending(NamedTuple):
    """Why a path ends. kind: settled, plateau, steps or lost; reason: in words."""

    kind: str
    reason: str

    @property
    def converged(self) -> bool:
        """Whether there was nothing more to find."""
        return self.kind in ("settled", "plateau")


@dataclass
class State:
    """Interior point: group covariances and slacks (G, 6, 6), atomic ones (N, 1, 1) or (N, 3, 3).

    hopeful: complementarity, in units of the tolerance, below which bounds are tried at the next penalty.
    amplitudes: (G + N,) Å² of the certified point that the path has here."""

    sigma: np.ndarray
    slack: np.ndarray
    own: np.ndarray
    own_slack: np.ndarray
    hopeful: float = math.inf
    amplitudes: np.ndarray | None = None

    @property
    def interior(self) -> Interior:
        """The four arrays, as the compiled loops take them."""
        return Interior(self.sigma, self.slack, self.own, self.own_slack)

    def copy(self) -> State:
        return dataclasses.replace(self, **{f: getattr(self, f).copy() for f in Interior._fields})


@dataclass
class Point:
    """A certified model: covariances with exact zeros, F, its bound, and the interior point to go on from."""

    sigma: np.ndarray  # (G, 6, 6) scaled motions
    own: np.ndarray  # (N, 1, 1) or (N, 3, 3), Å²
    amplitude: np.ndarray  # (G,) Å²
    own_amplitude: np.ndarray  # (N,) Å²
    F: float
    F_eps: float
    loss: float
    D: float = -math.inf
    D_eps: float = -math.inf
    iterations: int = 0
    history: list[float] = field(default_factory=list)
    centre: State | None = None  # none at the end of a path: there is nothing to go on to

    @property
    def certificate(self) -> float:
        """(F - D) / F: no solver gets lower than this fraction below F."""
        return (self.F - self.D) / self.F if self.F > 0 else 0.0

    @property
    def gap(self) -> float:
        """How far F with the epsilon term, which is what is minimised, is above its bound, as a part of it."""
        return max(self.F_eps - self.D_eps, 0.0) / self.F_eps if self.F_eps > 0 else 0.0

    def met(self, tolerance: float) -> bool:
        """Whether the gap is below a tolerance; no number is not."""
        return self.gap <= tolerance


@dataclass
class Step:
    """One step of the path. Mean B in Å² over all atoms, one a level, the atomic level last."""

    n: int
    omega_alpha: float
    omega_beta: float
    F: float
    bound: float
    certificate: float
    mean_b: list[float]
    mean_b_bound: list[float]
    residual_rms_b: float
    loss: float
    complexity: list[float]  # Å², 8 pi^2 times the sum of amplitudes, by atom: one a level
    iterations: int
    history: list[float]
    seconds: float
    largest_change_b: float | None = None  # Å², of an amplitude since the step before
