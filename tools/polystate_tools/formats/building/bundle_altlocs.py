"""Alternates inside a bundle of models: variables nested under the model, with states of their own in each."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from polystate_tools.formats.building.altlocs import ALTLOC, lettered_records
from polystate_tools.formats.building.bundles import Bundle
from polystate_tools.formats.building.occupancies import mean_occupancy
from polystate_tools.formats.building.sites import Site, absence_of, alone, altloc_sites, inherited, leaves_room
from polystate_tools.formats.building.variables import TOLERANCE, Plan, Variable
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.report import ImportReport

MARK = "@"
"""Between letter and model in the label of a state: "B@2" is B of the second model."""


def bundle_alternates(
    layout: Layout, bundle: Bundle, model: Variable, whole_molecule: bool, report: ImportReport, overlap: bool | None
) -> tuple[list[Variable], Plan]:
    """Variables of the alternates of all models; sets the record of each atom in each model to its reference.

    A letter of a model is a state under the condition of that model, its displacements relative to the most
    populated letter there, which is what the bundle holds.
    """
    planned = Plan()
    rows = np.flatnonzero(lettered_records(layout))
    variables: list[Variable] = []
    if not len(rows):
        return variables, planned
    step = layout.steps[0]
    for number, site in enumerate(altloc_sites(layout, rows, whole_molecule, report, overlap)):
        variable = _variable(layout, site, step, model, report)
        variable.number = number
        variables.append(variable)
        report.sites[site.rule] = report.sites.get(site.rule, 0) + 1
        for atom in variable.record_of:
            _plan_atom(layout, bundle, variable, atom, planned)
    return variables, planned


def _variable(layout: Layout, site: Site, step: np.ndarray, model: Variable, report: ImportReport) -> Variable:
    """The variable of a site: one state a letter and model, populations by model."""
    letters = site.states
    labels: list[str] = []
    rows: list[tuple] = []
    deposited: list[float] = []
    state_of: dict[tuple[int, int], int] = {}
    record_step = step[site.records]
    always = _always_there(layout, site, record_step)
    models = {m: _in_model(layout, site, (record_step == m) & ~always) for m in sorted(set(record_step.tolist()))}
    of_model: dict[int, list[int]] = {}
    for m, here in models.items():
        first = len(labels)
        mine = sorted(set(here.state.tolist()))
        means = [mean_occupancy(layout, here.records[here.state == k]) for k in mine]
        total = math.fsum(means)
        if total > 1 + TOLERANCE:
            why = f"populations divided by their sum {total:.4g}"
            report.change(int((record_step == m).sum()), why, f"{site.label} model {m + 1}")
        condition = ((model, (m,)),)
        for k, mean in zip(mine, means, strict=True):
            state_of[k, m] = len(labels)
            rows.append((len(labels), condition, mean / total if total > 1 + TOLERANCE else mean))
            labels.append(f"{letters[k]}{MARK}{m + 1}")
            deposited.append(mean)
        if leaves_room(layout, here):
            rows.append((len(labels), condition, max(0.0, 1 - total)))
            labels.append(f"{absence_of(*(letters[k] for k in mine))}{MARK}{m + 1}")
            deposited.append(math.nan)
        of_model[m] = list(range(first, len(labels)))
    variable = Variable(ALTLOC, site.label, labels, {}, deposited, rows, rule=site.rule)
    atoms = layout.atom_of_record[site.records].tolist()
    for record, atom, k, m, whole in zip(
        site.records.tolist(), atoms, site.state.tolist(), record_step.tolist(), always.tolist(), strict=True
    ):
        states = of_model[m] if whole else [state_of[k, m]]
        variable.record_of.setdefault(atom, {}).update(dict.fromkeys(states, record))
    for m, here in models.items():
        there = {position: states & set(here.state.tolist()) for position, states in site.there.items()}
        kept = inherited(layout, here.records, here.state, there)
        variable.inherits |= {(atom, state_of[k, m]): state_of[like, m] for (atom, k), like in kept.items()}
    return variable


def _always_there(layout: Layout, site: Site, step: np.ndarray) -> np.ndarray:
    """(k,) bool: records of a site that are no alternates in their model, and as often there: those without a letter of
    atoms that have letters in other models. step: (k,) their models. Of a model that has no others, none."""
    made = alone(layout, site.records) & (layout.records.occupancy[site.records] == 1)
    return made & np.isin(step, step[~made])


def _in_model(layout: Layout, site: Site, mine: np.ndarray) -> Site:
    """The site with the records `mine` alone, (k,) bool; states keep their numbers."""
    records, state = site.records[mine], site.state[mine]
    return replace(site, records=records, state=state, atoms=np.unique(layout.atom_of_record[records]))


def _model(label: str) -> str:
    return label.rsplit(MARK, 1)[1]


def _plan_atom(layout: Layout, bundle: Bundle, variable: Variable, atom: int, planned: Plan) -> None:
    """Displacements, absence and ADP rows of an atom, model by model."""
    own = variable.record_of[atom]
    weights = variable.weights
    by_model: dict[str, list[int]] = {}
    for state, label in enumerate(variable.states):
        by_model.setdefault(_model(label), []).append(state)
    for model, states in by_model.items():
        shown = {s: own[s] for s in states if s in own}
        if not shown:
            continue  # the model lacks the atom: the bundle says so
        shown |= {s: own[variable.inherits[atom, s]] for s in states if (atom, s) in variable.inherits}
        base = shown[max(shown, key=lambda s: (weights[s], -s))]
        bundle.record[int(model) - 1, atom] = base
        held: dict[int, list[int]] = {}
        for state in states:
            if state in shown:
                planned.deltas.append((variable, state, atom, shown[state], base))
                held.setdefault(shown[state], []).append(state)
                if state not in own:
                    planned.own.append((variable, variable.inherits[atom, state], atom))
            else:
                planned.absent.append((variable, state, atom))
        for record, where in held.items():
            row = (atom, record, variable, tuple(sorted(where)))
            planned.occupancy.append(row)
            planned.adp.append(row)
    planned.base[atom] = int(bundle.first[atom])
