"""Operators that this program does not know (9.8): which descriptors have one, and which atoms need it."""

from __future__ import annotations

import numpy as np

from polystate.evaluation import evaluate
from polystate.evaluation.evaluate import Request
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model


def unknown(dep: Model) -> list[Descriptor]:
    """The descriptors whose operator the registry lacks and that contribute something, in order of id."""
    return [d for d in dep.descriptors.values() if d.operator_unknown and d.signal_type != "unknown"]


def needing(d: Descriptor, request: Request) -> np.ndarray:
    """Which of the atoms asked for an unknown descriptor contributes to in this joint state, (n,) bool."""
    if not evaluate.is_in_force(d, request):
        return np.zeros(len(request.rows), bool)
    covered = d.covered[request.rows]
    if d.is_discrete:
        covered &= np.isin(d.label_of_atom[request.rows], list(evaluate.chosen_states(d, request)))
    return covered
