"""A compiled Gaussian stack: built once for a deposition and a state, evaluated many times with other parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polystate.evaluation import evaluate
from polystate.evaluation.evaluate import Request
from polystate.kernels import stack
from polystate.kernels.lanes import WIDTH
from polystate.model.descriptor import Descriptor
from polystate.numbers.positive import indefinite
from polystate.numbers.tensors import six_components, symmetric
from polystate.operators import call
from polystate.operators.parametric_gaussian.tls_v1 import screw

TLS, ISOTROPIC, ANISOTROPIC, MODES = (  # the operators that have kernels; others are added as their formula gives them
    f"parametric_gaussian/{name}" for name in ("tls_v1", "iadp_v1", "aadp_v1", "nm_covariance_v1")
)


class Plan:
    """U_total of a fixed state and choice of atoms, as a function of the parameters of its levels.

        plan = dep.plan()
        plan.parameters["domain"][:, 20] *= 1.1     # amplitudes of a TLS level
        u = plan.covariance()                       # (n, 3, 3) Å²

    parameters: {descriptor id: float64 array, as stored}: tls (G, 24), b (R,), u (R, 6), variance (k,).
    Positions, groups and which rows hold are fixed when the plan is made. once: parameters are not to be changed; rows
    that say nothing of the atoms asked for are not read, and 0."""

    def __init__(self, request: Request, levels: Sequence[Descriptor], once: bool = False) -> None:
        self.n = len(request.rows)
        self.parameters: dict[str, np.ndarray] = {}
        active = [d for d in levels if evaluate.is_active(d, request)]
        for d in active:
            self.parameters[d.id] = needed_of(d, request) if once else parameter_of(d, request)
        tls = [d for d in levels if d.operator == TLS and evaluate.is_in_force(d, request)]
        self._tls = [d if d in active else None for d in tls]  # None where a level has none of the atoms
        self._combine(request, tls)
        self._place(request, [d for d in active if d not in tls])
        self._transforms = [(turn, at) for _, at, turn, _ in evaluate.transforms(request)]
        self._suspects = np.empty(self.n, np.int64)
        self._n_suspects = 0

    def __repr__(self) -> str:
        named = ", ".join(f"{name} {array.shape}" for name, array in self.parameters.items())
        return f"Plan: {self.n} atoms, parameters {named or 'none'}"

    # -- what is fixed -----------------------------------------------------------------------------------

    def _combine(self, request: Request, tls: Sequence[Descriptor]) -> None:
        """Sort the atoms by their combination of groups, padded to whole vectors.

        Combinations and their origins are those of the whole deposition, whichever atoms are asked for: all of them are
        among their mates, the atoms of the same groups of the first level."""
        mates, some = request.rows, self.n < request.dep.n_atoms
        if not some:
            xyz = request.dep.x_ref
        elif tls:
            label = tls[0].label_of_atom
            mates = np.flatnonzero(np.isin(label, label[mates]))
            xyz = request.dep.x_ref_of(mates)
        else:  # no position is needed
            xyz = np.zeros((self.n, 3))
        self._stages: list[Stage] = []
        number, origin = np.zeros(len(xyz), np.int64), np.zeros((1, 3))
        for d, own in zip(tls, self._tls, strict=True):
            stage, number = next_stage(number, d.label_of_atom[mates].astype(np.int64), d.n_labels, xyz)
            if own is None:
                stage.row[:] = -1
            self._stages.append(stage)
            origin = stage.origin
        if not self._stages:
            self._stages.append(next_stage(number, np.full(len(xyz), -1), 0, xyz)[0])
            origin = self._stages[0].origin if len(xyz) else origin
        if some:
            mine = np.searchsorted(mates, request.rows)
            number, xyz = number[mine], xyz[mine]
        count = np.bincount(number, minlength=len(origin))
        padded = -(-count // WIDTH) * WIDTH
        start = np.concatenate([[0], np.cumsum(padded)])
        order = np.argsort(number, kind="stable")
        within = np.arange(self.n) - np.repeat(np.cumsum(count) - count, count)
        self._position = np.empty(self.n, np.int64)  # of each row in the padded order
        self._position[order] = start[number[order]] + within
        self._row = np.full(int(start[-1]), -1, np.int32)
        self._row[self._position] = np.arange(self.n)
        self._xyz = np.zeros((3, len(self._row)))
        self._xyz[:, self._position] = (xyz - origin[number]).T
        self._combination = np.flatnonzero(count)
        self._begin, self._length = start[self._combination], padded[self._combination]
        self._iso = np.zeros(len(self._row))

    def _place(self, request: Request, others: Sequence[Descriptor]) -> None:
        """Where the rows of ADP, mode and other descriptors that hold act."""
        self._others: list[tuple[Descriptor, np.ndarray | None, np.ndarray]] = []
        self._fixed: dict[str, dict[str, np.ndarray]] = {}  # inputs beside the parameter
        for d in others:
            at, mine, self._fixed[d.id] = evaluate.placed(d, request)
            if d.operator == MODES:
                mine = np.arange(len(at))
                self._fixed[d.id] = {"basis": np.ascontiguousarray(self._fixed[d.id]["basis"], np.float64)}
            self._others.append((d, mine, self._position[at]))
        anisotropic = any(d.operator != ISOTROPIC for d in others)
        self._aniso = np.zeros((6, len(self._row) if anisotropic else 0))
        self._only_isotropic = (  # and each atom once: then there is nothing to add to
            [d.operator for d in others] == [ISOTROPIC] and np.bincount(self._others[0][2], minlength=1).max() <= 1
        )
        self._whole = {
            d.id
            for d, mine, _ in self._others
            if mine is None or np.array_equal(mine, np.arange(len(self.parameters[d.id])))
        }

    # -- what is evaluated -------------------------------------------------------------------------------

    def covariance(self, out: np.ndarray | None = None) -> np.ndarray:
        """U_total (n, 3, 3) float64 Å² with the present parameters, written to `out` where given."""
        out = np.empty((self.n, 3, 3)) if out is None else out
        if not out.flags.c_contiguous or out.dtype != np.float64:
            out[...] = self.covariance()
            return out
        self._n_suspects = stack.evaluate(
            *self.collapse(), self._combination, self._begin, self._length, self._xyz, self._iso, self._aniso,
            self._row, out, self._suspects,
        )  # fmt: skip
        return self.finish(out)

    def finish(self, out: np.ndarray) -> np.ndarray:
        """Turn U by the transforms, and remember it for `indefinite`."""
        for rotation, at in self._transforms:
            stack.turn(out, np.ascontiguousarray(rotation), at)
        self._last = out
        return out

    def collapse(self) -> tuple[np.ndarray, ...]:
        """Add up ADPs and modes an atom, and all TLS levels but the finest; that one and the sum, for `evaluate`."""
        above, above_origin = np.zeros((1, 20)), np.zeros((1, 3))
        tables = [
            _none() if d is None
            else _some(self.parameters[d.id]) if d.offset is None else turned_tls(self.parameters[d.id], *d.offset)
            for d in self._tls
        ] or [_none()]  # fmt: skip
        for tls, stage in zip(tables[:-1], self._stages, strict=False):
            stack.collapse(tls, stage.row, stage.parent, stage.origin, above, above_origin, stage.out)
            above, above_origin = stage.out, stage.origin
        if self._others and not self._only_isotropic:
            self._iso[:] = 0
            self._aniso[:] = 0
        for d, mine, place in self._others:
            values = self.parameters[d.id]
            if d.operator == MODES:
                basis = d.turn(self._fixed[d.id]["basis"])
                stack.add_modes(place, mine, np.ascontiguousarray(basis), values, self._aniso)
                continue
            values = values if d.id in self._whole else values[mine]
            if d.operator == ISOTROPIC:
                (stack.set_isotropic if self._only_isotropic else stack.add_isotropic)(place, values, self._iso)
            elif d.operator == ANISOTROPIC and d.offset is None:
                stack.add_anisotropic(place, values, self._aniso)
            else:
                u = call(d.procedure.operator, {d.procedure.parameter: values, **self._fixed[d.id]})["u"]
                stack.add_anisotropic(place, six_components(d.turn_covariance(u)), self._aniso)
        last = self._stages[-1]
        return tables[-1], last.row, last.parent, last.origin, above, above_origin

    def indefinite(self) -> np.ndarray:
        """Rows of the last covariance whose smallest eigenvalue is below the tolerance, ascending."""
        rows = np.sort(self._suspects[: self._n_suspects])
        return rows[indefinite(self._last[rows])]


def parameter_of(d: Descriptor, request: Request, part: str = "all") -> np.ndarray:
    """A copy of the array of a Gaussian descriptor that its operator is linear in, float64, of the step asked for.

    part: of the payload that is judged."""
    if not d.procedure.parameter:
        raise evaluate.no_procedure(d)
    request.dep.check_payload(d, part)
    return np.array(evaluate.on_axis(d, d.procedure.parameter, request), np.float64)


def needed_of(d: Descriptor, request: Request) -> np.ndarray:
    """The same with the rows that are needed alone, where an operator has rows for atoms."""
    if d.procedure.placed != "rows":
        return parameter_of(d, request, "some" if len(request.rows) < request.dep.n_atoms else "all")
    rows = evaluate.placed(d, request)[1]
    assert rows is not None
    values = request.dep.parameter_rows(d, rows)
    whole = np.zeros((len(d.atom_rows), *values.shape[1:]))
    whole[rows] = values
    return whole


@dataclass
class Stage:
    """One level on top of those above: of each combination (C,) its TLS row, the combination above, its origin."""

    row: np.ndarray
    parent: np.ndarray
    origin: np.ndarray
    out: np.ndarray


def next_stage(number: np.ndarray, label: np.ndarray, n_labels: int, xyz: np.ndarray) -> tuple[Stage, np.ndarray]:
    """The combinations when a level (label (n,), -1 = none) is added to those of `number` (n,)."""
    found, new = np.unique(number * (n_labels + 1) + label + 1, return_inverse=True)
    count = np.bincount(new, minlength=len(found))
    origin = np.stack([np.bincount(new, xyz[:, k], len(found)) / np.maximum(count, 1) for k in range(3)], axis=1)
    stage = Stage(found % (n_labels + 1) - 1, found // (n_labels + 1), origin, np.zeros((len(found), 20)))
    return stage, new


def _none() -> np.ndarray:
    """A table of one TLS row that is zero."""
    return np.zeros((1, 24))


def _some(tls: np.ndarray) -> np.ndarray:
    """TLS rows, at least one, as the kernels read them."""
    return np.ascontiguousarray(tls, np.float64) if len(tls) else _none()


def turned_tls(tls: np.ndarray, rotation: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """TLS rows (G, 24) of a fitted frame in the deposition's, p' = R p + d."""

    def moved(m: np.ndarray) -> np.ndarray:
        return rotation @ m @ rotation.T

    s = moved(screw(tls[:, 12:20]))
    eight = s.reshape(-1, 9)[:, [0, 1, 2, 3, 4, 5, 6, 7]]
    t, lib = (six_components(moved(symmetric(tls[:, k : k + 6]))) for k in (0, 6))
    return np.concatenate([t, lib, eight, tls[:, 20:21], tls[:, 21:24] @ rotation.T + shift], axis=1)
