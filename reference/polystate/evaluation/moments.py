"""Exact moments of each atom over everything that a deposition lets vary.

Given that the atom is present, and with sources of variation taken one after the other (axes, joint states, drawn
components and U), the law of total variance says

    mean = E[mean(s)]
    covariance = Σ over axes Var(E[x | steps so far] | steps before) + E[Cov(mean(s) | steps)] + Σ E[U of each part]

Each term is a sum over the values of a few variables, weighed by their joint probability with the atom's presence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from polystate.evaluation.contributions import Contributions, Table
from polystate.evaluation.latents import Estimate
from polystate.evaluation.setting import Setting
from polystate.numbers.tensors import symmetric, symmetrised
from polystate.states.expectations import Factor, Variables

STATES = "states"
BLOCK = 1 << 22  # numbers of one table that is worked on at once


@dataclass(frozen=True)
class Moments:
    """Moments of the atoms asked for, each over the joint states and steps in which it is present.

    atom_id: (n,) uint32; presence: (n,) the probability to be present; mean: (n, 3) ångström; covariance: (n, 3, 3)
    Å²; parts: what varies, axes/NAME, states, descriptors/ID; by_part: (P, n, 3, 3) Å², which sum to the covariance.
    An atom that is never present has the moments over all joint states. errors: of decoders without a closed form."""

    atom_id: np.ndarray
    presence: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    parts: tuple[str, ...]
    by_part: np.ndarray
    errors: Mapping[str, Estimate]

    def __repr__(self) -> str:
        return f"Moments: {len(self.atom_id)} atoms, sum of {', '.join(self.parts) or 'nothing that varies'}"


def moments(setting: Setting) -> Moments:
    """The moments of the atoms of a setting."""
    found = _Sums(Contributions(setting))
    found.add_up()
    total = symmetrised(found.by_part)
    atom_id = setting.request.dep.hierarchy.atom_id[setting.request.rows]
    errors = found.given.errors
    return Moments(atom_id, found.presence, found.mean, total.sum(axis=0), tuple(found.parts), total, errors)


class _Sums:
    """The sums, atom by atom or rather kind by kind: atoms that depend on the same variables are taken together."""

    def __init__(self, given: Contributions) -> None:
        self.given, self.setting, self.law = given, given.setting, given.setting.law
        n = self.setting.n
        self.parts = [*(f"axes/{name}" for name in self.setting.averaged), STATES, *given.parts]
        self.axes = list(self.setting.averaged.values())
        self.presence, self.mean = np.ones(n), given.base.copy()
        self.by_part = np.zeros((len(self.parts), n, 3, 3))
        self.tables = [*given.moves, *given.presence, *(t for tables in given.parts.values() for t in tables)]

    def add_up(self) -> None:
        """Fill presence, mean and by_part."""
        keys = self._columns()
        simple = self.setting.are_simple()
        low = np.where(keys > 0, keys, len(simple)).min(axis=0, initial=len(simple))
        high = keys.max(axis=0, initial=0)
        alone = ((high == 0) | (low == high)) & simple[high]
        for key_size, atoms in self._blocks(high, alone):
            self._one_key(atoms, high[atoms], key_size)
        rest = np.flatnonzero(~alone)
        if len(rest):
            for atoms in self._kinds(keys[:, rest]):
                self._many_keys(rest[atoms])

    def _columns(self) -> np.ndarray:
        """The key of each atom in each table, (tables, n); -1 where it is not in it."""
        keys = np.full((len(self.tables), self.setting.n), -1)
        for row, t in zip(keys, self.tables, strict=True):
            row[t.at] = t.key
        return keys

    def _blocks(self, key: np.ndarray, alone: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Atoms that depend on one key, with its size, in blocks that fit into memory."""
        size = self.setting.sizes[key]
        for k in np.unique(size[alone]).tolist():
            atoms = np.flatnonzero(alone & (size == k))
            step = max(1, BLOCK // (12 * k))
            for begin in range(0, len(atoms), step):
                yield k, atoms[begin : begin + step]

    @staticmethod
    def _kinds(keys: np.ndarray) -> Iterator[np.ndarray]:
        """Atoms that have the same keys in all tables."""
        _, kind = np.unique(keys, axis=1, return_inverse=True)
        order = np.argsort(kind.reshape(-1), kind="stable")
        yield from np.split(order, np.cumsum(np.bincount(kind.reshape(-1)))[:-1])

    # -- atoms that depend on one key ----------------------------------------------------------------------

    def _one_key(self, atoms: np.ndarray, key: np.ndarray, size: int) -> None:
        """All atoms of a block at once: values (K, m, ...) and probabilities (K, m)."""
        known, number = np.unique(key, return_inverse=True)
        weight = self.setting.chances(known)[:, number.reshape(-1)]
        there = self._summed(self.given.presence, atoms, size, np.ones((size, len(atoms)), bool))
        share = (weight * there).sum(axis=0)
        self.presence[atoms] = np.where(there.all(axis=0), 1.0, np.minimum(share, 1.0))
        weight = np.where(share > 0, weight * there, weight)
        weight = weight / weight.sum(axis=0)
        x = self._summed(self.given.moves, atoms, size, np.zeros((size, len(atoms), 3)))
        middle = np.einsum("km,kmi->mi", weight, x)
        x -= middle
        self.mean[atoms] += middle
        part = np.full(len(atoms), len(self.axes))
        for row, v in enumerate(self.axes):
            part[key == v + 1] = row
        self.by_part[part, atoms] = np.einsum("km,kmi,kmj->mij", weight, x, x)
        for name, tables in self.given.parts.items():
            if tables:
                u = self._summed(tables, atoms, size, np.zeros((size, len(atoms), 6)))
                self.by_part[self.parts.index(name), atoms] = symmetric(np.einsum("km,kmc->mc", weight, u))

    def _summed(self, tables: list[Table], atoms: np.ndarray, size: int, total: np.ndarray) -> np.ndarray:
        """The sum (for presence: the conjunction) of tables, for some atoms, by the values of their key."""
        place = np.full(self.setting.n, -1)
        place[atoms] = np.arange(len(atoms))
        for t in tables:
            here = np.flatnonzero(place[t.at] >= 0)
            if len(here):
                values = t.values[:, here]  # one value where it depends on nothing
                if total.dtype == bool:
                    total[:, place[t.at[here]]] &= values
                else:
                    total[:, place[t.at[here]]] += values
        return total

    # -- atoms that depend on several ---------------------------------------------------------------------

    def _many_keys(self, atoms: np.ndarray) -> None:
        """Atoms of one kind: pairs of keys, each by the joint probability of its variables."""
        for evidence, mine in self._by_presence(atoms):
            self._pairs(mine, evidence)

    def _by_presence(self, atoms: np.ndarray) -> Iterator[tuple[tuple[Factor, ...], np.ndarray]]:
        """The same atoms by what their presence is conditional on, as tables of 0 and 1."""
        found: dict[bytes, tuple[tuple[Factor, ...], list[int]]] = {}
        masks = [(t, np.full(self.setting.n, -1)) for t in self.given.presence]
        for t, place in masks:
            place[t.at] = np.arange(len(t.at))
        for atom in atoms.tolist():
            factors = []
            for t, place in masks:
                if place[atom] >= 0 and not t.values[:, place[atom]].all():
                    variables = self.setting.of_key(int(t.key[place[atom]]))
                    mask = t.values[:, place[atom]].astype(np.float64).reshape(self.law.shape(variables))
                    factors.append(Factor(variables, mask))
            name = b"|".join(f.table.tobytes() + str(f.variables).encode() for f in factors)
            found.setdefault(name, (tuple(factors), []))[1].append(atom)
        for evidence, some in found.values():
            yield evidence, np.array(some)

    def _pairs(self, atoms: np.ndarray, evidence: tuple[Factor, ...]) -> None:
        share = float(self.law.probability((), evidence))
        self.presence[atoms] = min(share, 1.0) if evidence else 1.0
        if share == 0:
            evidence, share = (), 1.0
        moves = self._centred(atoms, evidence, share)
        held = tuple(v for f in evidence for v in f.variables)
        linear = np.zeros((len(atoms), 3, 3))
        names = list(moves)
        for i, a in enumerate(names):
            for b in names[i:]:
                if a != b and self._are_apart(a, b, evidence):
                    continue
                both = tuple(sorted({*a, *b}))
                weight = self.law.probability(both, evidence).reshape(-1) / share
                x, y = (moves[c][self.setting.among(c, both)] for c in (a, b))
                cross = np.einsum("k,kmi,kmj->mij", weight, x, y)
                linear += cross if a == b else cross + np.swapaxes(cross, -1, -2)
        self._split(atoms, moves, linear, evidence, share, held)
        for name, tables in self.given.parts.items():
            for variables, u in self._by_key(tables, atoms):
                weight = self.law.probability(variables, evidence).reshape(-1) / share
                self.by_part[self.parts.index(name), atoms] += symmetric(np.einsum("k,kmc->mc", weight, u))

    def _centred(self, atoms: np.ndarray, evidence: tuple[Factor, ...], share: float) -> dict[Variables, np.ndarray]:
        """What moves the atoms, by its variables, less its mean, which is added to the mean of the atoms."""
        found = {}
        for variables, x in self._by_key(self.given.moves, atoms):
            weight = self.law.probability(variables, evidence).reshape(-1) / share
            middle = np.einsum("k,kmi->mi", weight, x)
            self.mean[atoms] += middle
            found[variables] = x - middle
        return found

    def _by_key(self, tables: list[Table], atoms: np.ndarray) -> Iterator[tuple[Variables, np.ndarray]]:
        """The sums of tables over the same variables, (K, m, ...)."""
        place = np.full(self.setting.n, -1)
        place[atoms] = np.arange(len(atoms))
        found: dict[int, np.ndarray] = {}
        for t in tables:
            here = np.flatnonzero(place[t.at] >= 0)
            if len(here):
                key = int(t.key[here[0]])  # the same for all atoms of a kind
                if key not in found:
                    found[key] = np.zeros((len(t.values), len(atoms), *t.values.shape[2:]))
                found[key][:, place[t.at[here]]] += t.values[:, here]
        for key, values in found.items():
            yield self.setting.of_key(key), values

    def _are_apart(self, a: Variables, b: Variables, evidence: tuple[Factor, ...]) -> bool:
        return self.law.apart(a, b) and all(len(f.variables) == 1 for f in evidence)

    def _split(
        self,
        atoms: np.ndarray,
        moves: Mapping[Variables, np.ndarray],
        linear: np.ndarray,
        evidence: tuple[Factor, ...],
        share: float,
        held: Variables,
    ) -> None:
        """Parts of the covariance of the mean: one axis after the other, then what joint states leave over."""
        before = np.zeros_like(linear)
        known: Variables = ()
        for row, axis in enumerate(self.axes):
            if self.law.apart([axis], [*held, *(v for a in moves for v in a)]):
                continue
            known = (*known, axis)
            weight = self.law.probability(known, evidence).reshape(-1) / share
            x = np.zeros((len(weight), len(atoms), 3))
            for variables, moved in moves.items():
                both = tuple(sorted({*variables, *known}))
                chance = self.law.probability(both, evidence).reshape(-1) / share
                moving = chance[:, None, None] * moved[self.setting.among(variables, both)]
                np.add.at(x, self.setting.among(known, both), moving)
            x /= np.where(weight > 0, weight, 1.0)[:, None, None]
            through = np.einsum("k,kmi,kmj->mij", weight, x, x)
            self.by_part[row, atoms] = through - before
            before = through
        self.by_part[len(self.axes), atoms] = linear - before
