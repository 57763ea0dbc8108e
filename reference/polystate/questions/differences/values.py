"""Mean coordinates and covariances of the atoms that two depositions have: by descriptor, and by residue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from polystate.errors import PolystateError
from polystate.evaluation import evaluate
from polystate.evaluation.request import request as made_request
from polystate.model.model import Model
from polystate.questions.differences.tolerance import Tolerance
from polystate.structure.hierarchy import Hierarchy
from polystate.structure.matching import same_atoms

UNITS = {"mean": "Å", "U": "Å²"}
NAMED = 3  # residues, in a line for people


@dataclass(frozen=True)
class ValueDifference:
    """How a quantity of the atoms that both have differs.

    quantity: mean (Å, distances) or U (Å², the largest element); descriptor: whose contribution, None for all
    together; atom: the most different one; atoms: how many differ; residues: (name, atoms, largest), from the most
    different on."""

    quantity: str
    descriptor: str | None
    largest: float
    atom: str
    atoms: int
    residues: tuple[tuple[str, int, float], ...]

    def to_json(self) -> dict[str, Any]:
        rows = [{"residue": name, "atoms": atoms, "largest": largest} for name, atoms, largest in self.residues]
        return {**vars(self), "unit": UNITS[self.quantity], "residues": rows}

    def __str__(self) -> str:
        unit, whose = UNITS[self.quantity], f" of {self.descriptor}" if self.descriptor else ""
        named = ", ".join(f"{name} {largest:.4g}" for name, _, largest in self.residues[:NAMED])
        more = f", and {len(self.residues) - NAMED} more" if len(self.residues) > NAMED else ""
        return (
            f"{self.quantity}{whose}: {self.atoms} atom{'s' * (self.atoms != 1)}, the largest by {self.largest:.4g} "
            f"{unit} at {self.atom}; by residue ({unit}): {named}{more}"
        )


class Meanings:
    """Two depositions at one joint state and step each, on the atoms that both have."""

    def __init__(self, a: Model, b: Model, tolerance: Tolerance, **request: Any) -> None:
        self.deps, self.tolerance = (a, b), tolerance
        self.rows = same_atoms(a.hierarchy, b.hierarchy)
        self.requests = [made_request(dep, only=(), **_with_steps(dep, request)) for dep in self.deps]
        self.not_compared: dict[str, str] = {}  # what could not be evaluated, and why

    def differences(self) -> Iterator[ValueDifference]:
        """Mean and U of all descriptors together, then of each."""
        yield from self._of("mean", None, evaluate.mean)
        yield from self._of("U", None, evaluate.covariance)
        for name in sorted({name for dep in self.deps for name in dep.descriptors}):
            kinds = {dep.descriptors[name].is_gaussian for dep in self.deps if name in dep.descriptors}
            if False in kinds:
                yield from self._of("mean", name, partial(_displacement, name=name))
            if True in kinds:
                yield from self._of("U", name, partial(_covariance, name=name))

    def _of(
        self, quantity: str, name: str | None, evaluated: Callable[[evaluate.Request], np.ndarray]
    ) -> Iterator[ValueDifference]:
        """One quantity of both; atoms that either state lacks are left out."""
        try:
            values, there = [], np.ones(len(self.rows[0]), bool)
            for dep, request, rows in zip(self.deps, self.requests, self.rows, strict=True):
                for d in dep.descriptors.values():
                    if name in (None, d.id):
                        dep.check_payload(d)
                values.append(evaluated(request)[rows].reshape(len(rows), 3 if quantity == "mean" else 9))
                there &= evaluate.present(request)[rows]
        except PolystateError as refusal:
            self.not_compared[f"{quantity} of {name or 'all together'}"] = str(refusal)
            return
        size = _lengths if quantity == "mean" else _largest
        distance = size(values[0] - values[1])
        differs = there & self.tolerance.exceeded(distance, size(values[1]))
        if differs.any():
            yield _summary(quantity, name, self.deps[0].hierarchy, self.rows[0][differs], distance[differs])


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=1)


def _largest(tensors: np.ndarray) -> np.ndarray:
    return np.abs(tensors).max(axis=1, initial=0.0)


def _with_steps(dep: Model, request: Mapping[str, Any]) -> dict[str, Any]:
    """A request at the first step of each axis that it does not name and no state fixes."""
    fixed = {d.document.get("state_axis") for d in dep.descriptors.values()}
    first = {name: 0 for name in dep.axes if name not in fixed}
    return {**request, "at": {**first, **(request.get("at") or {})}}


def _covariance(request: evaluate.Request, name: str) -> np.ndarray:
    """U of one descriptor, (N, 3, 3) Å²; zero where the deposition does not have it."""
    d = request.dep.descriptors.get(name)
    return evaluate.covariance(request, [d] if d is not None and d.is_gaussian else [])


def _displacement(request: evaluate.Request, name: str) -> np.ndarray:
    """How far one descriptor moves the atoms from x_ref, (N, 3) Å; zero where the deposition does not have it, and for
    transforms, which act on what the others give."""
    dep = request.dep
    moved = np.zeros((dep.n_atoms, 3))
    d = dep.descriptors.get(name)
    if d is None or d.is_gaussian or d.is_transform or not evaluate.is_active(d, request):
        return moved
    at, values = evaluate.absolute(d, request) if d.is_absolute else evaluate.displacement(d, request)
    np.add.at(moved, at, values - dep.x_ref[at] if d.is_absolute else values)
    return moved


def _summary(quantity: str, name: str | None, h: Hierarchy, rows: np.ndarray, distance: np.ndarray) -> ValueDifference:
    """What there is to say of the atoms that differ."""
    residue, names = h.of_atoms("residue")[rows], h.node_labels("residue")
    count, most = np.bincount(residue), np.zeros(len(names))
    np.maximum.at(most, residue, distance)
    order = sorted(np.unique(residue).tolist(), key=lambda row: (-most[row], row))
    worst = int(np.argmax(distance))
    residues = tuple((names[row], int(count[row]), float(most[row])) for row in order)
    atom = h.node_label("atom", int(rows[worst]))
    return ValueDifference(quantity, name, float(distance[worst]), atom, len(rows), residues)
