"""Complete draws of a deposition: joint state, presence, mean and Gaussian displacement, many at a time.

What never changes from draw to draw is evaluated once; what a state or a condition changes is kept as rows to add
(`effects.py`). Depositions that move in other ways (transforms, decoders, discrete rigid bodies) are rendered draw by
draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from polystate.errors import DrawRange
from polystate.evaluation import evaluate
from polystate.evaluation.evaluate import Request
from polystate.evaluation.naming import indefinite_atoms
from polystate.evaluation.rendering import render
from polystate.evaluation.request import axis_states, axis_steps
from polystate.kernels import effects, gauss, joint, stack
from polystate.kernels.dispatch import choice, named, resolve
from polystate.kernels.draws import gaussian
from polystate.kernels.jit import jit
from polystate.model.model import Model
from polystate.numbers.philox import Draw
from polystate.numbers.positive import checked_psd
from polystate.numbers.tensors import VOIGT, six_components

MOST_DRAWS = 1 << 64


class Ensemble:
    """Draws of a deposition at fixed axis steps; thread-safe once made.

    n_atoms, n_variables: the shapes of what `draws` fills; varies: whether an atom may be absent in some draw.
    atoms: ids in ascending order, which are drawn alone, with the numbers that they have among all."""

    def __init__(
        self,
        dep: Model,
        state: Mapping[Any, str] | None = None,
        at: Mapping[str, int] | None = None,
        psd: str = "refuse",
        backend: str = "auto",
        allow_code: bool = False,
        atoms: Sequence[int] | None = None,
    ) -> None:
        self.dep, self.psd, self.backend = dep, checked_psd(psd), resolve(backend)
        self._given: dict[str, Any] = {"state": dict(state or {}), "at": dict(at or {}), "allow_code": allow_code}
        dep.check_documents()
        steps = axis_steps(dep, at or {})
        self._named = axis_states(dep, steps, state or {})  # each draw decides whether it is legal
        self._fixed = np.full(len(dep.states.dag), -1, np.int64)
        for v, s in dep.states.find(self._named).items():
            self._fixed[v] = s
        for d in dep.descriptors.values():
            dep.check_payload(d, "all" if atoms is None else "some")
        rows = dep.rows(atoms)
        self.n_atoms, self.n_variables = len(rows), len(dep.states.dag)
        self.compiled = self.backend in ("numba", "cuda") and effects.is_compiled(dep)
        self.varies = True
        if self.compiled:
            self._compile(steps, rows)
        elif atoms is not None:
            self._given["atoms"] = atoms

    def _compile(self, steps: Mapping[str, int], rows: np.ndarray) -> None:
        dep = self.dep
        self._variables = joint.Variables(dep.states)
        nothing = np.full(self.n_variables, joint.INACTIVE, np.int64)
        base = Request(dep, nothing, rows, steps, backend=named("numba"))
        self._mean, self._present = evaluate.mean(base), evaluate.present(base)
        every = replace(base, rows=dep.rows(None))
        conditions, *of_conditions = effects.of_conditions(dep, every, base.place)
        found = (*effects.of_states(dep, self._variables.start, base.place), *of_conditions)
        self._moved, self._gone, self._shifted, self._widened = (one.among(base.place) for one in found)
        self._conditions = joint.Conditions.of(conditions)
        self.varies = bool(len(self._gone.row)) or not self._present.all()
        u = evaluate.covariance(base)
        self._touched, self._widened.row = np.unique(self._widened.row, return_inverse=True)
        self._own = six_components(u[self._touched])  # judged in each draw, with what holds then
        u[self._touched] = 0.0
        keys = dep.hierarchy.draw_key[rows]
        with indefinite_atoms(dep, base.rows, u):
            self._gaussian = gauss.Gaussian(self._mean, u, keys, "hierarchy/atoms", self.psd, self.backend)

    # -- draws -------------------------------------------------------------------------------------------

    def draws(
        self,
        seed: int,
        first: int,
        xyz: np.ndarray,
        present: np.ndarray | None = None,
        states: np.ndarray | None = None,
    ) -> np.ndarray:
        """Consecutive draws from index `first` into xyz (draws, N, 3) float64 or float32, ångström.

        present: (draws, N) bool and states: (draws, V) int32 (-1 = inactive) are filled where given."""
        begin = Draw(seed, first)  # refuses what is no seed or index
        seed, first = begin.seed, begin.index
        if first > MOST_DRAWS - len(xyz):
            raise DrawRange("draw/index", first + len(xyz) - 1, "below 2^64")  # RNG-5
        if not self.compiled:
            return self._rendered(seed, first, xyz, present, states)
        chosen = np.empty((len(xyz), self.n_variables), np.int32) if states is None else states
        code, d = self._variables.draw(seed, first, self._fixed, chosen)
        if code != joint.OK:
            self.dep.states.draw(Draw(seed, first + d), self._named)  # refuses by name
            raise AssertionError("a joint state that one backend draws and another refuses")
        if present is not None:
            present[...] = self._present
            _mark_all(chosen, self._variables.start, self._gone.start, self._gone.row, present)
        if not (len(self._moved.row) or len(self._conditions.start) > 1):
            return self._gaussian.draws(seed, first, xyz)
        if self.backend == "cuda":
            return self._on_device(seed, first, chosen, xyz)
        self._drawn(seed, first, chosen, xyz)
        return xyz

    def _drawn(self, seed: int, first: int, chosen: np.ndarray, xyz: np.ndarray) -> None:
        """Draw after draw; one whose covariance is not positive definite somewhere is finished in NumPy."""
        g, d = self._gaussian, 0
        mean, factor = g.mean.copy(), g.factor.copy()
        six = np.empty((len(self._touched), 6))
        while d < len(xyz):
            d += _draw_all(
                chosen[d:], self._variables.start, self._moved.start, self._moved.row, self._moved.values,
                *self._conditions.arrays(), self._shifted.start, self._shifted.row, self._shifted.values,
                self._widened.start, self._widened.row, self._widened.values, self._touched, self._own, six,
                g.keys, *joint.words_of(first + d), *joint.words_of(seed), g.mean, mean, factor, xyz[d:],
            )  # fmt: skip
            if d < len(xyz):
                self._factor(six, factor)
                gaussian(g.keys, *joint.words_of(first + d), *joint.words_of(seed), mean, factor, xyz[d : d + 1])
                d += 1

    def _factor(self, six: np.ndarray, factor: np.ndarray) -> None:
        """Factors of the atoms whose covariance a condition changes; refuses what is indefinite."""
        u = np.empty((len(six), 3, 3))
        for k, (i, j) in enumerate(VOIGT):
            u[:, i, j] = u[:, j, i] = six[:, k]
        own = np.zeros((6, len(six)))
        keys = self._gaussian.keys[self._touched]
        stack.factors(gauss.positive(u, keys, "hierarchy/atoms", self.psd), own)
        factor[:, self._touched] = own

    def _on_device(self, seed: int, first: int, chosen: np.ndarray, xyz: np.ndarray) -> np.ndarray:
        """On a GPU. Where conditions change covariances, the mean and the factors of each draw are made here."""
        from polystate.kernels.cuda import runs

        g = self._gaussian
        if len(self._conditions.start) == 1:
            entries = runs.by_atom(self._moved, self._variables.start, self.n_atoms, xyz.dtype)
            return runs.gaussian(g.keys, seed, first, g.mean, g.factor, xyz, chosen, entries)
        mean, factor = g.mean.copy(), g.factor.copy()
        six = np.empty((len(self._touched), 6))
        for d in range(len(xyz)):
            _place(
                chosen[d], self._variables.start, self._moved.start, self._moved.row, self._moved.values,
                *self._conditions.arrays(), self._shifted.start, self._shifted.row, self._shifted.values,
                self._widened.start, self._widened.row, self._widened.values, self._own, six, g.mean, mean,
            )  # fmt: skip
            self._factor(six, factor)
            runs.gaussian(g.keys, seed, first + d, mean, factor, xyz[d : d + 1])
        return xyz

    def _rendered(
        self, seed: int, first: int, xyz: np.ndarray, present: np.ndarray | None, states: np.ndarray | None
    ) -> np.ndarray:
        for d in range(len(xyz)):
            draw = Draw(seed, first + d)
            snapshot = render(self.dep, draw=draw, psd=self.psd, backend=choice(self.backend), **self._given)
            xyz[d] = snapshot.xyz
            if present is not None:
                present[d] = snapshot.present
            if states is not None:
                states[d] = snapshot.request.joint
        return xyz


@jit
def _mark_all(chosen, slot, start, row, present):
    for d in range(len(chosen)):
        joint.mark_absent(chosen[d], slot, start, row, present[d])


@jit
def _place(
    state, slot, start, row, delta, c_start, c_variable, c_first, c_states, s_start, s_row, s_delta,
    w_start, w_row, w_u, own, six, base, mean,
):  # fmt: skip
    """Mean (3, padded) and changed covariances six (touched, 6) under one joint state."""
    mean[:] = base
    six[:] = own
    joint.apply_states(state, slot, start, row, delta, mean)
    for c in range(len(c_start) - 1):
        if joint.holds(c, state, c_start, c_variable, c_first, c_states):
            for r in range(s_start[c], s_start[c + 1]):
                for i in range(3):
                    mean[i, s_row[r]] += s_delta[r, i]
            for r in range(w_start[c], w_start[c + 1]):
                for k in range(6):
                    six[w_row[r], k] += w_u[r, k]


@jit
def _draw_all(
    chosen, slot, start, row, delta, c_start, c_variable, c_first, c_states, s_start, s_row, s_delta,
    w_start, w_row, w_u, touched, own, six, keys, low, high, k0, k1, base, mean, factor, out,
):  # fmt: skip
    """Draw after draw until one has a covariance that may not be positive definite; returns how many were done."""
    for d in range(len(out)):
        _place(
            chosen[d], slot, start, row, delta, c_start, c_variable, c_first, c_states, s_start, s_row, s_delta,
            w_start, w_row, w_u, own, six, base, mean,
        )  # fmt: skip
        for k in range(len(touched)):
            u, i = six[k], touched[k]
            if not stack.definite(u[0], u[1], u[2], u[3], u[4], u[5], 0.0):
                return d
            factor[0, i], factor[1, i], factor[2, i], factor[3, i], factor[4, i], factor[5, i] = stack.factor_one(
                u[0], u[1], u[2], u[3], u[4], u[5]
            )
        gaussian(keys, low, high, k0, k1, mean, factor, out[d : d + 1])
        low = (low + np.uint64(1)) & np.uint64(0xFFFFFFFF)
        if low == 0:
            high += np.uint64(1)
    return len(out)
