"""Files of several models: one discrete variable whose states are the steps of the axis `model`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from polystate.store.tree import Group
from polystate_tools.formats.building.discrete import Conditions
from polystate_tools.formats.building.model_weights import ModelWeights
from polystate_tools.formats.building.variables import Variable
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.report import ImportReport

MODEL = "model"


@dataclass
class Bundle:
    """record: (S, N) record of each atom in each model, -1 where it has none; numbers: (S,) model numbers."""

    record: np.ndarray
    numbers: np.ndarray

    @property
    def first(self) -> np.ndarray:
        """(N,) record of each atom in the first model that has it."""
        return self.record[(self.record >= 0).argmax(axis=0), np.arange(self.record.shape[1])]


def bundle_of(layout: Layout) -> Bundle | None:
    """The bundle of a file of several models, None of one model."""
    records = layout.records
    if (records.model == records.model[0]).all():
        return None
    step, first = layout.steps
    numbers = records.model[first]
    if layout.each_once:
        own = np.argsort(layout.atom_of_record[: layout.n_atoms])
        return Bundle(first[:, None] + own, numbers)
    record = np.full((len(numbers), layout.n_atoms), -1, np.int64)
    record[step, layout.atom_of_record] = np.arange(len(records))
    return Bundle(record, numbers)


def bundle_groups(
    layout: Layout,
    bundle: Bundle,
    plain: np.ndarray,
    x_ref: np.ndarray,
    keys: Iterator[int],
    weights: ModelWeights | None,
    report: ImportReport,
) -> dict[str, Group]:
    """The descriptor `model`, mode A, and its axis, by path. plain: (N,) bool, atoms without altlocs."""
    n_models = len(bundle.numbers)
    present = bundle.record >= 0
    xyz = layout.records.xyz.take(bundle.record, axis=0)
    if not present.all():
        xyz = np.where(present[:, :, None], xyz, x_ref)
    sizes = present.sum(axis=1)
    if sizes.min() < sizes.max():
        report.warn(
            "models-differ",
            f"models have {sizes.min()} to {sizes.max()} of {layout.n_atoms} atoms; the others are absent there",
            [],
        )
    expected = np.arange(1, n_models + 1)
    if (bundle.numbers != expected).any():
        report.lose("model numbers", n_models, "models are numbered from 1 in file order")
    document = {
        "id": MODEL,
        "regime": "discrete",
        "mode": "A",
        "scope": {"level": "deposition"},
        "signal_type": "coordinates",
        "algebra": "independent",
        "state_axis": MODEL,
        "provenance": "import",
    }
    steps = np.arange(n_models, dtype=np.int32)
    tables: dict[str, dict] = {
        "states": {
            "site": np.zeros(n_models, np.int32),
            "state": steps,
            "label": [str(k + 1) for k in range(n_models)],
            "condition": np.full(n_models, -1, np.int32),
            "population": np.full(n_models, 1 / n_models) if weights is None else weights.populations,
            "deposited": np.full(n_models, np.nan) if weights is None else weights.deposited,
            "source": ["unknown"] * n_models,
        },
        "variables": {"site": np.zeros(1, np.int32), "draw_key": np.array([next(keys)], np.uint32)},
    }
    occupancy, conditions = _occupancies(layout, bundle, plain)
    if occupancy:
        tables |= {"occupancy": occupancy, "conditions": conditions.table()}
    arrays = {
        "atom_id": np.arange(1, layout.n_atoms + 1, dtype=np.uint32),
        "xyz": xyz,
        "present": present.astype(np.uint8),
    }
    report.sites["model"] = 1
    return {f"descriptors/{MODEL}": Group(document, arrays, tables), f"axes/{MODEL}": Group({"length": n_models})}


def model_variable(bundle: Bundle) -> Variable:
    """The bundle as a variable that conditions can name."""
    labels = [str(k + 1) for k in range(len(bundle.numbers))]
    variable = Variable(MODEL, "0", labels, {}, [float("nan")] * len(labels))
    variable.number = 0
    return variable


def by_model(bundle: Bundle, same: np.ndarray, plain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Records of the plain atoms to store (R,) and the step of each (R,), -1 = all: those that are the `same` once."""
    once = same & plain
    record = bundle.record[:, ~same & plain].T.ravel()
    step = np.tile(np.arange(len(bundle.numbers)), len(record) // len(bundle.numbers))
    there = record >= 0
    if not there.all():
        record, step = record[there], step[there]
    return np.concatenate([bundle.first[once], record]), np.concatenate([np.full(int(once.sum()), -1), step])


def constant(bundle: Bundle, values: np.ndarray) -> np.ndarray:
    """(N,) bool: atoms whose records have one value in all models. values: (n,) or (n, k) by record."""
    table = values[bundle.record]
    first = values[bundle.first]
    equal = table == first
    if np.isnan(first).any():
        equal |= np.isnan(table) & np.isnan(first)
    equal = equal if equal.ndim == 2 else equal.all(axis=2)
    return (equal | (bundle.record < 0)).all(axis=0)


def _occupancies(layout: Layout, bundle: Bundle, plain: np.ndarray) -> tuple[dict, Conditions]:
    """Deposited occupancies of atoms for which they change from model to model."""
    conditions = Conditions()
    varying = ~constant(bundle, layout.records.occupancy) & plain
    if not varying.any():
        return {}, conditions
    variable = model_variable(bundle)
    atom, step = np.nonzero((bundle.record >= 0).T & varying[:, None])
    number = [conditions.add([(variable, (k,))]) for k in step.tolist()]
    value = layout.records.occupancy[bundle.record[step, atom]]
    return {
        "atom_id": (atom + 1).astype(np.uint32),
        "condition": np.array(number, np.int32),
        "value": value,
    }, conditions
