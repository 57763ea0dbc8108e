"""Occupancies over the models of a file: where they say how often a model is there, they are its population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from polystate_tools.formats.errors import BadOption
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.report import ImportReport

ROUNDING = 0.005
"""By which an occupancy of two decimals differs from the number that it stands for."""
EXACT = 1e-6


class ModelWeights:
    """populations: (S,) of the models, sum 1; deposited: (S,) what the file has for an atom that is always there."""

    def __init__(self, populations: np.ndarray, deposited: np.ndarray) -> None:
        self.populations, self.deposited = populations, deposited

    @classmethod
    def of_file(cls, layout: Layout) -> ModelWeights | None:
        """The weights that the occupancies say, None where they are those of atoms.

        The largest occupancy of an atom in a model, its alternates summed, is that of the model. They are populations
        if there are several models, all are 1/S as rounded to two decimals, or they sum to 1 within that rounding.
        """
        records = layout.records
        step, first = layout.steps
        n_models = len(first)
        if n_models < 2:
            return None
        if layout.each_once:
            summed = records.occupancy.reshape(n_models, -1)
        else:
            key = step.astype(np.int64) * layout.n_atoms + layout.atom_of_record
            summed = np.bincount(key, records.occupancy, n_models * layout.n_atoms).reshape(n_models, -1)
        most = np.round(summed.max(axis=1), 12)
        if most.min() <= 0 or most.max() >= 1:
            return None
        if (np.abs(most - 1 / n_models) <= ROUNDING + EXACT).all():
            return cls(np.full(n_models, 1 / n_models), most)
        if abs(most.sum() - 1) <= ROUNDING * n_models + EXACT:
            return cls(most / most.sum(), most)
        return None

    @classmethod
    def given(cls, weights: Sequence[float], n_models: int) -> ModelWeights:
        """Weights that a caller gives, in any scale."""
        made = np.array(weights, np.float64)
        if len(made) != n_models or not np.isfinite(made).all() or (made < 0).any() or made.sum() <= 0:
            raise BadOption("--weights", f"{len(made)} numbers", f"{n_models} of 0 or more, one a model, not all 0")
        return cls(made / made.sum(), np.full(n_models, np.nan))

    def relative(self, layout: Layout, report: ImportReport) -> Layout:
        """The layout with the occupancies that atoms have while their model is there."""
        if np.isnan(self.deposited).any():
            return layout
        records = layout.records
        made = records.occupancy / self.deposited[layout.steps[0]]
        whole = np.abs(made - 1) <= EXACT
        made = np.ones(len(made)) if whole.all() else np.where(whole, 1.0, np.round(made, 12))
        message = "occupancies are populations of models; what an atom has beside is divided by that of its model"
        report.warn("model-occupancies", message, [f"{w:g}" for w in dict.fromkeys(self.deposited.tolist())])
        return replace(layout, records=replace(records, occupancy=made))
