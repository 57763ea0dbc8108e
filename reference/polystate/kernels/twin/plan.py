"""One joint state in torch: the numbers of `Plan` and `render`, with gradients through parameters and positions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from polystate.errors import UnsupportedCombination
from polystate.evaluation import evaluate
from polystate.evaluation.evaluate import Request
from polystate.kernels.gauss import positive
from polystate.kernels.plan import MODES, TLS, parameter_of
from polystate.kernels.twin import motion
from polystate.kernels.twin.linear import cholesky, symmetric, symmetrised
from polystate.model.descriptor import Descriptor
from polystate.numbers.philox import Draw, normals
from polystate.numbers.positive import checked_psd
from polystate.operators import call

Normals = Callable[[Draw, np.ndarray], np.ndarray]


class TorchPlan:
    """A fixed joint state and choice of atoms, as differentiable functions of parameters and positions.

        plan = dep.plan(backend="torch")
        plan.parameters["domain"].requires_grad_()
        loss = ((plan.covariance() - target) ** 2).sum()
        loss.backward()

    parameters: {descriptor id: float64 tensor, as stored} of the Gaussian levels: tls (G, 24), b (R,), u (R, 6),
    variance (k,). xyz: (n, 3) float64 tensor, x_ref of the atoms in Å. inputs: {descriptor id: {array: float64 tensor}}
    of what moves the mean: xyz or displacement (m, 3) of stored states and steps, in the deposition's frame; basis
    (k, m, 3) with coefficients (k,), or with the variance (k,) of drawn ones; quaternion (G, 4), translation and
    origin (G, 3); latent (d,) or its variance, and the weights of a perceptron. Replace or train any of them.
    present: (n,) bool, state: the joint state by name. Groups and which rows hold are fixed when the plan is made."""

    def __init__(self, request: Request, levels: Sequence[Descriptor], device: str | torch.device = "cpu") -> None:
        self.n, self.device = len(request.rows), torch.device(device)
        self.state = request.dep.states.labels(request.joint)
        self.xyz = torch.tensor(request.dep.x_ref[request.rows], device=self.device)
        self.parameters: dict[str, Tensor] = {}
        self._request = request
        self._levels: list[tuple[Descriptor, Tensor, Tensor, Tensor, motion.Offset]] = []
        for d in levels:
            if not evaluate.is_active(d, request):
                continue
            self.parameters[d.id] = torch.from_numpy(parameter_of(d, request)).to(self.device)
            if d.procedure.placed != "rows" and d.operator not in (TLS, MODES):
                raise UnsupportedCombination(d.path, d.operator, "an operator that has a formula in torch")
            mine, at = (torch.from_numpy(x).to(self.device) for x in _places(d, request))
            self._levels.append((d, mine, at, _basis(d).to(self.device), motion.Offset(d, self.device)))
        turns = list(motion.transforms(request, self.device))
        self._transforms = [turn for _, turn in turns]
        self._turning = {name: turn.inputs for name, turn in turns}

    @cached_property
    def _motions(self) -> dict[str, motion.Motion]:
        """What moves the mean, made when a mean or draw is first asked for; the reference judges it first."""
        dep = self._request.dep
        for d in dep.descriptors.values():
            dep.check_payload(d)
        evaluate.mean(self._request)
        return motion.motions(self._request, self.device)

    @cached_property
    def inputs(self) -> dict[str, motion.Inputs]:
        """The tensors of what moves the mean and of transforms, by descriptor and array."""
        return {**{name: m.inputs for name, m in self._motions.items()}, **self._turning}

    @cached_property
    def present(self) -> Tensor:
        """Whether each atom is present in this state, (n,) bool."""
        return torch.from_numpy(evaluate.present(self._request)).to(self.device)

    def covariance(self) -> Tensor:
        """U_total (n, 3, 3) float64 Å² with the present parameters and positions. Nothing here tests for positive
        semi-definiteness."""
        u = torch.zeros((self.n, 3, 3), dtype=torch.float64, device=self.device)
        for d, mine, at, basis, offset in self._levels:
            u = u.index_add(0, at, self._level(d, mine, at, basis, offset))
        for turn in self._transforms:
            r = turn.rotations()
            u = u.index_copy(0, turn.at, symmetrised(r @ u[turn.at] @ r.transpose(-1, -2)))
        return u

    def mean(self) -> Tensor:
        """Mean coordinates (n, 3) float64 Å; drawn amplitudes and latent components are as without a draw."""
        return self._mean({})

    def draws(self, n: int, seed: int, first: int = 0, psd: str = "refuse") -> Tensor:
        """Draws `first` ... `first + n - 1` of a seed in this state, (n, N, 3) float64 Å, the numbers of
        `render(state=plan.state, draw=...)`.

        The normals are fixed by seed and index, and the rest is differentiable: means, factors of U, and standard
        deviations of drawn amplitudes and components. psd: refuse or clip what is indefinite."""
        begin = Draw(seed, first)
        numbers = [Draw(begin.seed, begin.index + k) for k in range(n)]
        z = {name: self._normals(numbers, m.keys, m.numbers) for name, m in self._motions.items() if m.is_drawn}
        u, keys = self.covariance(), self._request.dep.hierarchy.draw_key[self._request.rows]
        positive(u.detach().cpu().numpy(), keys, "hierarchy/atoms", checked_psd(psd))
        noise = self._normals(numbers, keys, normals)
        return self._mean(z).expand(n, self.n, 3) + torch.einsum("nij,dnj->dni", cholesky(u), noise)

    def _normals(self, draws: Sequence[Draw], keys: np.ndarray, of: Normals) -> Tensor:
        """The standard normals of each draw, stacked."""
        found = np.stack([of(draw, keys) for draw in draws])
        return torch.from_numpy(found).to(self.device)

    def _mean(self, z: Mapping[str, Tensor]) -> Tensor:
        """Mean coordinates with the standard normals of drawn components, (n, N, 3), or (N, 3) where none are drawn."""
        xyz = self.xyz
        for name, m in self._motions.items():
            moved = m.moved(m.inputs, self.xyz[m.at], z.get(name))
            if moved.ndim > xyz.ndim:
                xyz = xyz.expand(len(moved), self.n, 3)
            moved = moved.expand(*xyz.shape[:-2], len(m.at), 3)
            xyz = xyz.index_copy(-2, m.at, moved) if m.absolute else xyz.index_add(-2, m.at, moved)
        for turn in self._transforms:
            xyz = xyz.index_copy(-2, turn.at, turn.applied(xyz.index_select(-2, turn.at)))
        return xyz

    def _level(self, d: Descriptor, mine: Tensor, at: Tensor, basis: Tensor, offset: motion.Offset) -> Tensor:
        """What one descriptor gives its atoms `at`, whose rows of parameters are `mine`."""
        values = self.parameters[d.id]
        if d.operator == TLS:
            u = tls(values[mine], offset.to_fitted(self.xyz[at]))
        elif d.procedure.placed == "rows":  # linear in its row: what the formula gives for units, times the row
            units = _of_units(d, values)
            u = torch.einsum("nk,kij->nij", values[mine].reshape(len(mine), len(units)), units)
        else:
            v = basis[:, mine]
            u = symmetrised(torch.einsum("k,kni,knj->nij", values, v, v))
        return u if offset.is_one else symmetrised(offset.rotation @ u @ offset.rotation.T)


def tls(rows: Tensor, xyz: Tensor) -> Tensor:
    """U (n, 3, 3) of TLS rows (n, 24), one an atom, at xyz (n, 3): `parametric_gaussian.tls_v1`."""
    t, lib = symmetric(rows[:, 0:6]), symmetric(rows[:, 6:12])
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
    return torch.from_numpy(call(d.procedure.operator, {d.procedure.parameter: units})["u"]).to(values.device)


def _basis(d: Descriptor) -> Tensor:
    """(k, M, 3) for normal modes, nothing for others."""
    if d.procedure.placed != "modes":
        return torch.empty(0)
    return torch.tensor(np.asarray(d.array("basis"), np.float64))
