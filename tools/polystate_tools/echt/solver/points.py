"""What the solver is told, where it stands, and what it has found: settings, states, certified points, steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from .records import Interior

EIGHT_PI2 = 8.0 * math.pi**2


def percent(part: float, total: float) -> float | None:
    """`part` of `total` in percent; None where the total is zero, so that nothing is a part of it."""
    return 100.0 * part / total if total > 0 else None


@dataclass(frozen=True)
class Settings:
    """Numbers of the method; omega_first, delta, gamma and the two stopping numbers are the paper's."""

    omega_first: float = 100.0
    delta: float = 0.8
    gamma: float = 0.9
    epsilon: float = 1e-4  # weight of |Sigma|^2 in units of omega_beta
    tolerance: float = 8e-4  # certificate at each step
    final_tolerance: float = 1e-7  # certificate of the last step
    max_steps: int = 90
    stop_change_b: float = 0.05  # Å², mean B of any level
    stop_residual_b: float = 0.5  # Å², RMS
    centre: float = 1e-3
    max_iterations: int = 100


@dataclass
class State:
    """Interior point: group covariances and slacks (G, 6, 6), atomic ones (N, 1, 1) or (N, 3, 3).

    hopeful: complementarity, in units of the tolerance, below which bounds are tried at the next penalty."""

    sigma: np.ndarray
    slack: np.ndarray
    own: np.ndarray
    own_slack: np.ndarray
    hopeful: float = math.inf

    @property
    def interior(self) -> Interior:
        """The four arrays, as the compiled loops take them."""
        return Interior(self.sigma, self.slack, self.own, self.own_slack)

    def copy(self) -> State:
        return State(self.sigma.copy(), self.slack.copy(), self.own.copy(), self.own_slack.copy(), self.hopeful)


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
    iterations: int
    history: list[float]
    seconds: float
