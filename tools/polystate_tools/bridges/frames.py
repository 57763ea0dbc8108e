"""Several renderings of a deposition, one a frame: draws, or joint states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polystate import Deposition
from polystate.draws import Draws
from polystate.errors import BadRequest
from polystate.states.joint import JointState


@dataclass(frozen=True)
class Frames:
    """Coordinates and presence of all atoms, frame by frame.

    xyz: (n, N, 3) ångström, NaN where an atom is absent; present: (n, N) bool; u: (n, N, 3, 3) Å², None for draws,
    which have their disorder in their coordinates."""

    xyz: np.ndarray
    present: np.ndarray
    u: np.ndarray | None

    @property
    def rows(self) -> np.ndarray:
        """The atoms that some frame has."""
        return np.flatnonzero(self.present.any(axis=0))


def frames(
    dep: Deposition,
    draws: Draws | None = None,
    states: Sequence[Mapping[Any, str] | JointState] | None = None,
    **one: Any,
) -> Frames | None:
    """What is asked for frame by frame; None where it is one rendering. one: state and at, which go with neither."""
    if draws is None and states is None:
        return None
    given = [name for name, value in (("draws", draws), ("states", states), *one.items()) if value is not None]
    if given not in (["draws"], ["states"], ["states", "at"]):
        raise BadRequest("/".join(given), "several of them", "draws, or states, or one state")
    if draws is not None:
        if draws.xyz.shape[1] != dep.n_atoms:
            raise BadRequest("draws", f"draws of {draws.xyz.shape[1]} atoms", f"draws of all {dep.n_atoms}")
        xyz = draws.xyz.astype(np.float64)
        xyz[~draws.present] = np.nan
        return Frames(xyz, draws.present, None)
    named = [found.state if isinstance(found, JointState) else found for found in states or ()]
    made = [dep.render(state=state, at=one.get("at")) for state in named]
    if not made:
        raise BadRequest("states", "none", "at least one joint state")
    xyz = np.stack([np.where(snap.present[:, None], snap.xyz, np.nan) for snap in made])
    return Frames(xyz, np.stack([snap.present for snap in made]), np.stack([snap.covariance for snap in made]))
