"""The Gaussian stack in torch: the numbers of `Plan`, with gradients through parameters and positions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from polystate.errors import UnsupportedCombination
from polystate.evaluation import evaluate
from polystate.evaluation.evaluate import Request
from polystate.kernels.plan import MODES, TLS, parameter_of
from polystate.model.descriptor import Descriptor
from polystate.operators import call

FULL = torch.tensor([[0, 3, 4], [3, 1, 5], [4, 5, 2]])  # of 11, 22, 33, 12, 13, 23


class TorchPlan:
    """U_total of a fixed state and choice of atoms, as a differentiable function of parameters and positions.

        plan = dep.plan(backend="torch")
        plan.parameters["domain"].requires_grad_()
        loss = ((plan.covariance() - target) ** 2).sum()
        loss.backward()

    parameters: {descriptor id: float64 tensor, as stored}: tls (G, 24), b (R,), u (R, 6), variance (k,).
    xyz: (n, 3) float64 tensor, x_ref of the atoms in Å, where TLS is evaluated. Groups and which rows hold are fixed
    when the plan is made. Nothing here tests for positive semi-definiteness."""

    def __init__(self, request: Request, levels: Sequence[Descriptor]) -> None:
        self.n = len(request.rows)
        self.xyz = torch.tensor(request.dep.x_ref[request.rows])
        self.parameters: dict[str, Tensor] = {}
        self._levels: list[tuple[Descriptor, Tensor, Tensor, Tensor]] = []
        for d in levels:
            if not evaluate.is_active(d, request):
                continue
            if d.procedure.placed != "rows" and d.operator not in (TLS, MODES):
                raise UnsupportedCombination(d.path, d.operator, "an operator that has a formula in torch")
            self.parameters[d.id] = torch.from_numpy(parameter_of(d, request))
            mine, at = _places(d, request)
            self._levels.append((d, torch.from_numpy(mine), torch.from_numpy(at), _basis(d)))
        self._transforms = [
            (torch.tensor(turn), torch.tensor(at, dtype=torch.int64)) for _, at, turn, _ in evaluate.transforms(request)
        ]

    def covariance(self) -> Tensor:
        """U_total (n, 3, 3) float64 Å² with the present parameters and positions."""
        u = torch.zeros((self.n, 3, 3), dtype=torch.float64)
        for d, mine, at, basis in self._levels:
            u = u.index_add(0, at, self._level(d, mine, at, basis))
        for turn, at in self._transforms:
            u = u.index_copy(0, at, symmetrised(turn @ u[at] @ turn.transpose(-1, -2)))
        return u

    def _level(self, d: Descriptor, mine: Tensor, at: Tensor, basis: Tensor) -> Tensor:
        """What one descriptor gives its atoms `at`, whose rows of parameters are `mine`."""
        rotation, shift = (np.eye(3), np.zeros(3)) if d.offset is None else d.offset
        r, t = torch.tensor(np.asarray(rotation, np.float64)), torch.tensor(np.asarray(shift, np.float64))
        values = self.parameters[d.id]
        if d.operator == TLS:
            u = tls(values[mine], (self.xyz[at] - t) @ r)
        elif d.procedure.placed == "rows":  # linear in its row: what the formula gives for units, times the row
            u = torch.einsum("nk,kij->nij", values[mine].reshape(len(mine), -1), _of_units(d, values))
        else:
            v = basis[:, mine]
            u = symmetrised(torch.einsum("k,kni,knj->nij", values, v, v))
        return u if d.offset is None else symmetrised(r @ u @ r.T)


def symmetrised(u: Tensor) -> Tensor:
    """(..., 3, 3) made exactly symmetric."""
    return 0.5 * (u + u.transpose(-1, -2))


def tls(rows: Tensor, xyz: Tensor) -> Tensor:
    """U (n, 3, 3) of TLS rows (n, 24), one an atom, at xyz (n, 3): `parametric_gaussian.tls_v1`."""
    t, lib = rows[:, 0:6][:, FULL], rows[:, 6:12][:, FULL]
    s33 = -rows[:, 12] - rows[:, 16]
    s = torch.cat([rows[:, 12:20], s33[:, None]], 1).reshape(-1, 3, 3)
    x, y, z = (xyz - rows[:, 21:24]).unbind(1)
    o = torch.zeros_like(x)
    k = torch.stack([o, z, -y, -z, o, x, y, -x, o], 1).reshape(-1, 3, 3)
    ks = k @ s
    return symmetrised(rows[:, 20, None, None] * (t + k @ lib @ k.transpose(1, 2) + ks + ks.transpose(1, 2)))


def _places(d: Descriptor, request: Request) -> tuple[np.ndarray, np.ndarray]:
    """Rows of parameters (TLS: groups; ADP: rows that hold; modes: atoms of the basis), and the atoms they act on."""
    if d.procedure.placed == "groups":
        label = d.label_of_atom[request.rows].astype(np.int64)
        at = np.flatnonzero(label >= 0)
        return label[at], at
    rows = np.arange(len(d.atom_rows))
    if d.procedure.placed == "rows":
        rows = np.flatnonzero(evaluate.condition_holds(d, d.array("condition"), request))
    mine, at = request.among(d.atom_rows[rows])
    return rows[mine].astype(np.int64), np.asarray(at, np.int64)


def _of_units(d: Descriptor, values: Tensor) -> Tensor:
    """U (k, 3, 3) of the k units of a row of a parameter (R,) or (R, k)."""
    k = values.shape[1] if values.ndim == 2 else 1
    units = np.eye(k) if values.ndim == 2 else np.ones(1)
    return torch.from_numpy(call(d.procedure.operator, {d.procedure.parameter: units})["u"])


def _basis(d: Descriptor) -> Tensor:
    """(k, M, 3) for normal modes, nothing for others."""
    if d.procedure.placed != "modes":
        return torch.empty(0)
    return torch.tensor(np.asarray(d.array("basis"), np.float64))
