"""Partial occupancies that change from model to model: presence nested under the model, residue by residue."""

from __future__ import annotations

import itertools
import math

import numpy as np

from polystate_tools.formats.building.altlocs import PARTIAL
from polystate_tools.formats.building.bundle_altlocs import MARK
from polystate_tools.formats.building.occupancies import mean_occupancy
from polystate_tools.formats.building.sites import ABSENT, PRESENT, Site, named
from polystate_tools.formats.building.variables import Plan, Variable
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.report import ImportReport

LABELS = {(): PRESENT, (True,): PRESENT, (False,): ABSENT, (True, True): PRESENT, (True, False): "partial",
          (False, True): "zero", (False, False): ABSENT}  # fmt: skip
"""Of states, by which of the partial atoms and of those of occupancy 0 are there."""


def bundle_partials(
    layout: Layout, model: Variable, varying: np.ndarray, used: list[Variable], report: ImportReport
) -> tuple[list[Variable], Plan]:
    """Variables of the records `varying` (n,) bool, and what they say: which atoms are absent, what was deposited.

    used: the variables of the descriptor that are there already, whose numbers and names are taken."""
    below = np.flatnonzero(varying & (layout.records.occupancy < 1))
    if not len(below):
        return [], Plan()
    planned, variables = Plan(), []
    steps, names = layout.steps[0], {variable.label for variable in used}
    for number, site in enumerate(_sites(layout, below, steps), len(used)):
        report.sites[site.rule] = report.sites.get(site.rule, 0) + 1
        label = next(f"{site.label}{more}" for more in ("", *(f".{k}" for k in range(2, len(names) + 3)))
                     if f"{site.label}{more}" not in names)  # fmt: skip
        names.add(label)
        variables.append(_variable(layout, site, label, number, varying, model, planned))
    return variables, planned


def _sites(layout: Layout, below: np.ndarray, steps: np.ndarray) -> list[Site]:
    """Sites of the records `below`: the atoms of a residue that any model has together, see `partial_sites`."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    atoms, atom = np.unique(layout.atom_of_record[below], return_inverse=True)
    zero = layout.records.occupancy[below] == 0
    together = (layout.residue_of_atom[atoms[atom]], zero, steps[below])
    _, group = np.unique(np.stack(together), axis=1, return_inverse=True)
    size = len(atoms) + len(below)
    joined = coo_array((np.ones(len(below)), (atom, len(atoms) + group.ravel())), shape=(size, size))
    of_record = connected_components(joined, directed=False)[1][atom]
    order = np.argsort(of_record, kind="stable")
    sites = []
    for mine in np.split(order, np.flatnonzero(np.diff(of_record[order])) + 1):
        if len(mine):
            rule = "zero-occupancy" if zero[mine].all() else "partial-occupancy"
            none = np.zeros(len(mine), np.int64)
            sites.append(Site("", rule, [PRESENT, ABSENT], below[mine], none, atoms[np.unique(atom[mine])]))
    sites.sort(key=lambda site: int(site.atoms[0]))
    return named(layout, sites)


def _variable(
    layout: Layout, site: Site, label: str, number: int, varying: np.ndarray, model: Variable, planned: Plan
) -> Variable:
    """The states of each model, under its condition: present and absent, of atoms of occupancy 0 beside others each
    part by itself; one state where the atoms are as often there as the model."""
    made = Variable(PARTIAL, label, [], {}, [], rule=site.rule, number=number)
    every, steps = np.flatnonzero(np.isin(layout.atom_of_record, site.atoms) & varying), layout.steps[0]
    for step in sorted(set(steps[every].tolist())):
        records = every[steps[every] == step]
        occupancy = layout.records.occupancy[records]
        parts = [part for part in ((0 < occupancy) & (occupancy < 1), occupancy == 0) if part.any()]
        means = [mean_occupancy(layout, records[part]) for part in parts]
        for there in itertools.product((True, False), repeat=len(parts)):
            state = len(made.states)
            made.states.append(f"{LABELS[there]}{MARK}{step + 1}")
            made.deposited.append(means[0] if there and there[0] else math.nan if there else 1.0)
            population = math.prod(mean if is_there else 1 - mean for mean, is_there in zip(means, there, strict=True))
            made.rows.append((state, ((model, (step,)),), population))
            gone = np.any([part for part, is_there in zip(parts, there, strict=True) if not is_there], axis=0)
            for record, is_gone in zip(records.tolist(), np.broadcast_to(gone, len(records)).tolist(), strict=True):
                atom = int(layout.atom_of_record[record])
                if is_gone:
                    planned.absent.append((made, state, atom))
                else:
                    made.record_of.setdefault(atom, {})[state] = record
        _keep_occupancies(layout, made, records, planned)
    return made


def _keep_occupancies(layout: Layout, variable: Variable, records: np.ndarray, planned: Plan) -> None:
    """What was deposited, in the states in which the records are there."""
    for record, atom in zip(records.tolist(), layout.atom_of_record[records].tolist(), strict=True):
        states = tuple(state for state, of in variable.record_of[atom].items() if of == record)
        planned.occupancy.append((atom, record, variable, states))
