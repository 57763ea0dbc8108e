"""Alternates inside a bundle of models: variables nested under the model, with states of their own in each."""

from __future__ import annotations

import itertools
import math

import numpy as np

from polystate_tools.formats.building.altlocs import ALTLOC, lettered_records
from polystate_tools.formats.building.bundles import Bundle
from polystate_tools.formats.building.occupancies import mean_occupancy
from polystate_tools.formats.building.sites import Site, alone, altloc_sites, named
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
    populated letter there, which is what the bundle holds. What is one site in a model, its records say alone; sites
    of several models that share some atoms are of several descriptors.
    """
    planned = Plan()
    step = layout.steps[0]
    rows = np.flatnonzero(lettered_records(layout))
    single = alone(layout, rows)
    variables: list[Variable] = []
    taken: list[tuple[set[int], list[Variable]]] = []  # atoms and variables of each descriptor
    for site in _sites(layout, rows[~single], whole_molecule, report, overlap):
        variable = _variable(layout, site, model, report)
        variables.append(variable)
        k = next((k for k, (atoms, _) in enumerate(taken) if not atoms & variable.record_of.keys()), len(taken))
        taken += [(set(), [])] if k == len(taken) else []
        variable.descriptor, variable.number = f"{ALTLOC}-{k + 1}" if k else ALTLOC, len(taken[k][1])
        taken[k][0].update(variable.record_of)
        taken[k][1].append(variable)
        for atom in variable.record_of:
            _plan_atom(layout, bundle, variable, atom, planned)
    for row in rows[single].tolist():  # no alternates in their model
        atom = int(layout.atom_of_record[row])
        planned.base[atom] = int(bundle.first[atom])
        planned.adp.append((atom, row, model, (int(step[row]),)))
    return variables, planned


def _sites(
    layout: Layout, rows: np.ndarray, whole_molecule: bool, report: ImportReport, overlap: bool | None
) -> list[dict[int, Site]]:
    """The sites of each model under its step; those of the same residues in several models are one."""
    step = layout.steps[0][rows]
    found: dict[tuple, dict[int, Site]] = {}
    for m in sorted(set(step.tolist())):
        for site in altloc_sites(layout, rows[step == m], whole_molecule, report, overlap):
            places = frozenset(layout.position_of_record[site.records].tolist())
            number = next(k for k in itertools.count() if m not in found.get((places, k), {}))
            found.setdefault((places, number), {})[m] = site
    made = sorted(found.values(), key=lambda of: int(min(site.atoms[0] for site in of.values())))
    named(layout, [next(iter(of.values())) for of in made])
    for of in made:
        rule = next(iter(of.values())).rule
        report.sites[rule] = report.sites.get(rule, 0) + 1
    return made


def _variable(layout: Layout, sites: dict[int, Site], model: Variable, report: ImportReport) -> Variable:
    """The variable of the sites of some models: one state a letter and model, populations by model."""
    one = next(iter(sites.values()))
    made = Variable(ALTLOC, one.label, [], {}, [], rule=one.rule)
    for m, site in sites.items():
        first, letters = len(made.states), int(site.state.max()) + 1
        means = [mean_occupancy(layout, site.records[site.state == k]) for k in range(letters)]
        total = math.fsum(means)
        if total > 1 + TOLERANCE:
            report.change(
                len(site.records), f"populations divided by their sum {total:.4g}", f"{one.label} model {m + 1}"
            )
        shares = [mean / total if total > 1 + TOLERANCE else mean for mean in means]
        shares += [max(0.0, 1 - total)] * (len(site.states) - letters)  # of the state in which none is there
        made.rows += [(first + k, ((model, (m,)),), share) for k, share in enumerate(shares)]
        made.states += [f"{label}{MARK}{m + 1}" for label in site.states]
        made.deposited += means + [math.nan] * (len(site.states) - letters)
        atoms = layout.atom_of_record[site.records].tolist()
        for record, atom, k in zip(site.records.tolist(), atoms, site.state.tolist(), strict=True):
            made.record_of.setdefault(atom, {})[first + k] = record
        made.inherits |= {(atom, first + k): first + like for (atom, k), like in site.inherits.items()}
    return made


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
            continue  # not of the site in this model: the bundle says where it is, or that it is not there
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
