"""Partial occupancies that change from model to model: presence nested under the model, residue by residue."""

from __future__ import annotations

import math

import numpy as np

from polystate_tools.formats.building.altlocs import PARTIAL
from polystate_tools.formats.building.bundle_altlocs import MARK
from polystate_tools.formats.building.occupancies import mean_occupancy
from polystate_tools.formats.building.sites import ABSENT, PRESENT, Site, partial_sites
from polystate_tools.formats.building.variables import Plan, Variable
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.report import ImportReport


def bundle_partials(
    layout: Layout, model: Variable, varying: np.ndarray, used: list[Variable], report: ImportReport
) -> tuple[list[Variable], Plan]:
    """Variables of the atoms `varying` (N,) bool, and what they say: which atoms are absent, what was deposited.

    used: the variables of the descriptor that are there already, whose numbers and names are taken."""
    if not varying.any():
        return [], Plan()
    planned, variables = Plan(), []
    below = np.flatnonzero(varying[layout.atom_of_record] & (layout.records.occupancy < 1))
    below = below[np.unique(layout.atom_of_record[below], return_index=True)[1]]  # one record an atom
    steps, names = layout.steps[0], {variable.label for variable in used}
    for number, site in enumerate(partial_sites(layout, below), len(used)):
        report.sites[site.rule] = report.sites.get(site.rule, 0) + 1
        label = next(f"{site.label}{more}" for more in ("", *(f".{k}" for k in range(2, len(names) + 3)))
                     if f"{site.label}{more}" not in names)  # fmt: skip
        names.add(label)
        variables.append(_variable(layout, site, label, number, steps, model, planned))
    return variables, planned


def _variable(
    layout: Layout, site: Site, label: str, number: int, steps: np.ndarray, model: Variable, planned: Plan
) -> Variable:
    """Two states a model, under the condition of that model; one where the atoms are as often there as the model."""
    made = Variable(PARTIAL, label, [], {}, [], rule=site.rule, number=number)
    every = np.flatnonzero(np.isin(layout.atom_of_record, site.atoms))
    for step in sorted(set(steps[every].tolist())):
        records = every[steps[every] == step]
        mean = min(1.0, mean_occupancy(layout, records))
        present, condition = len(made.states), ((model, (step,)),)
        made.states.append(f"{PRESENT}{MARK}{step + 1}")
        made.deposited.append(mean)
        made.rows.append((present, condition, mean))
        if mean < 1:
            made.states.append(f"{ABSENT}{MARK}{step + 1}")
            made.deposited.append(math.nan)
            made.rows.append((present + 1, condition, 1 - mean))
            planned.absent += [(made, present + 1, atom) for atom in layout.atom_of_record[records].tolist()]
        for record, atom in zip(records.tolist(), layout.atom_of_record[records].tolist(), strict=True):
            made.record_of.setdefault(atom, {})[present] = record
            planned.occupancy.append((atom, record, made, (present,)))
    return made
