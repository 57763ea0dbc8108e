"""What a consumer is warned of beside its numbers."""

from __future__ import annotations

import numpy as np

from polystate.model.model import Model
from polystate.numbers.positive import indefinite
from polystate.rules.doubtful import warning


def covariance_warning(dep: Model, u: np.ndarray, rows: np.ndarray) -> dict[str, str] | None:
    """[COV-9] A warning that names the atoms whose U no motion has."""
    bad = indefinite(u)
    if not len(bad):
        return None
    ids = dep.hierarchy.atom_id[rows[bad]]
    few = ", ".join(map(str, ids[:5].tolist()))
    message = f"U of {len(bad)} atoms is not positive semi-definite; atom_id {few}"
    return warning("evaluate", "not-positive-semidefinite", "descriptors", message)
