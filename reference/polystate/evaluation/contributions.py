"""What each descriptor contributes to some atoms, as tables over the few variables that it depends on.

A joint state of all variables is never made. A descriptor is evaluated once for each value of its own variable (the
states of its sites, the steps of its axis), as `evaluate` does it for one joint state; what it is gated by is a table
of 0 and 1 beside that. Transforms act last, on everything that the atoms they move have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from polystate.errors import AbsoluteConflict, AxisNotGiven
from polystate.evaluation import evaluate, latents
from polystate.evaluation.setting import Setting, variables_of
from polystate.model.descriptor import ALWAYS, Descriptor
from polystate.numbers.tensors import six_components, symmetric
from polystate.operators import call
from polystate.states.expectations import Variables
from polystate.states.scope_dag import INACTIVE, Condition


@dataclass
class Table:
    """A quantity of some atoms, as a function of the values of some variables.

    at: (m,) places among the atoms asked for, each once; key: (m,) which variables, as `Setting.number` has them;
    values: (K, m, ...), by the values of these variables in C order."""

    at: np.ndarray
    key: np.ndarray
    values: np.ndarray


class Contributions:
    """Of the atoms asked for: what is always there, and tables of what depends on variables.

    base: (n, 3) ångström; moves: displacements (K, m, 3); parts: covariances (K, m, 6) Å² by part, where U of a
    descriptor and the motion along drawn components are parts; presence: whether an atom is there, (K, m) bool."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.base = setting.request.dep.x_ref[setting.request.rows].copy()
        self.moves: list[Table] = []
        self.parts: dict[str, list[Table]] = {}
        self.presence: list[Table] = []
        self.errors: dict[str, latents.Estimate] = {}
        self._absolute: list[tuple[Descriptor, Table]] = []
        descriptors = list(setting.request.dep.descriptors.values())
        for d in descriptors:
            if setting.draws(d):
                self.parts[d.path] = []
        for d in evaluate.gaussian_levels(setting.request.dep):
            self.parts[d.path] = []
        for d in descriptors:
            if d.signal_type != "unknown" and d.covered[setting.request.rows].any():
                self._enter(d)
        self._refuse_conflicts()
        self._transform()

    def _enter(self, d: Descriptor) -> None:
        if self._is_shown(d):
            return
        if d.operator_unknown and self._can_act(d) and self._has_site(d):
            raise evaluate.no_procedure(d)
        if d.is_transform or d.operator_unknown or not self._can_act(d):
            return
        if d.is_gaussian:
            self._enter_covariance(d)
        elif d.is_discrete:
            self._enter_states(d)
        else:
            self._enter_motion(d)

    def _is_shown(self, d: Descriptor) -> bool:
        """Whether the steps of an averaged axis show the motion of a Gaussian descriptor ([AXI-19])."""
        s = self.setting
        return d.is_gaussian and bool(s.averaged) and s.policy is not None and s.policy(d) == "mean"

    def _has_site(self, d: Descriptor) -> bool:
        """Whether an atom asked for has a site that is active with a probability above 0; all but discrete ones do."""
        if not d.is_discrete:
            return True
        variable = np.unique(self.setting.variable_of_atom(d))
        states = self.setting.law.dag.n_states
        return any(self.setting.likely(v)[: states[v]].any() for v in variable[variable >= 0].tolist())

    # -- discrete descriptors ----------------------------------------------------------------------------

    def _enter_states(self, d: Descriptor) -> None:
        """The displacements of the states of each site, and whom they mark absent."""
        s = self.setting
        at = np.flatnonzero(d.covered[s.request.rows] & (s.variable_of_atom(d) >= 0))
        if not len(at):
            return
        variable = s.variable_of_atom(d)[at]
        place = np.full(s.n, -1)
        place[at] = np.arange(len(at))
        most = int(s.law.dag.n_states[variable].max())
        moved, there = np.zeros((most + 1, len(at), 3)), np.ones((most + 1, len(at)), bool)
        for k in range(most):
            request = s.in_state(d, k)
            where, xyz = latents.moved(d, request)
            moved[k, place[where]] = xyz
            there[k, place[evaluate.absent(d, request)]] = False
        for size, here in _by(s.law.sizes[variable]):
            key = variable[here] + 1
            self._add_moves(Table(at[here], key, moved[:size, here]))
            if not there[:size, here].all():
                self.presence.append(Table(at[here], key, there[:size, here]))
            if d.is_absolute:
                active = np.arange(size)[:, None] < s.law.dag.n_states[variable[here]]
                self._absolute.append((d, Table(at[here], key, active)))

    # -- all others --------------------------------------------------------------------------------------

    def own(self, d: Descriptor) -> tuple[Variables, list[dict[str, int] | None]]:
        """The variable that a descriptor lies along, and the steps of each of its values; None: no contribution.

        [AXI-7]: where the bundle of its axis can be inactive while the descriptor acts there is no step."""
        s, axis = self.setting, str(d.axis)
        if axis in s.averaged:
            v = s.averaged[axis]
            return (v,), [{axis: k} if likely else None for k, likely in enumerate(s.likely(v).tolist())]
        if axis in s.bundles and axis not in s.request.steps and not s.draws(d):
            v = s.bundles[axis]
            if s.law.dag.is_conditional[v] and self._probable(self._gate(d), v):
                raise AxisNotGiven(f"{d.path}#/sample_axis", "a bundle that can be inactive", f"an index on {axis}")
            found: list[dict[str, int] | None] = [{axis: k} for k in s.law.dag.state_values(v).tolist()]
            found += [None] * (s.law.size(v) - len(found))
            return (v,), [step if likely else None for step, likely in zip(found, s.likely(v).tolist(), strict=True)]
        return (), [{}]

    def _probable(self, gate: Condition | None, v: int) -> bool:
        """Whether a gate can hold while a variable is inactive."""
        variables = tuple(sorted({*variables_of(gate), v}))
        inactive = self.setting.among((v,), variables) == self.setting.law.size(v) - 1
        chance = self.setting.law.probability(variables).reshape(-1)
        return bool(chance[inactive & self.setting.held(gate, variables)].sum() > 0)

    def _can_act(self, d: Descriptor) -> bool:
        """Whether the condition of a descriptor holds with a probability above 0."""
        gate = self._gate(d)
        variables = variables_of(gate)
        held = self.setting.held(gate, variables)
        return gate is None or bool(self.setting.law.probability(variables).reshape(-1)[held].sum() > 0)

    def _gate(self, d: Descriptor) -> Condition | None:
        return None if d.active_when == ALWAYS else self.setting.request.dep.conditions(d)[d.active_when]

    def _gated(self, d: Descriptor, at: np.ndarray, own: Variables, values: np.ndarray, off: Any = 0) -> Table:
        """Values (K, m, ...) by the own variable, `off` where the gate does not hold."""
        s, gate = self.setting, self._gate(d)
        variables = tuple(sorted({*own, *variables_of(gate)}))
        spread = values[s.among(own, variables)]
        if gate is not None:
            spread[~s.held(gate, variables)] = off
        return Table(at, np.full(len(at), s.number(variables)), spread)

    def _enter_motion(self, d: Descriptor) -> None:
        """Trajectories, bases, rigid bodies and decoders: displacements or coordinates, presence, drawn motion."""
        s, gate = self.setting, self._gate(d)
        own, steps = self.own(d)
        drawn = latents.motion(d, s.evaluated(gate), s.decoders) if s.draws(d) else None
        at = np.flatnonzero(d.covered[s.request.rows])
        place = np.full(s.n, -1)
        place[at] = np.arange(len(at))
        moved, there = np.zeros((len(steps), len(at), 3)), np.ones((len(steps), len(at)), bool)
        for k, step in enumerate(steps):
            if step is None:
                continue
            request = s.evaluated(gate, step)
            where, xyz = latents.moved(d, request) if drawn is None else (drawn.at, drawn.mean)
            moved[k, place[where]] = xyz
            if d.regime == "trajectory":
                there[k, place[evaluate.absent(d, request)]] = False
        self._add_moves(self._gated(d, at, own, moved))
        if not there.all():
            self.presence.append(self._gated(d, at, own, there, True))
        if d.is_absolute:
            self._absolute.append((d, self._gated(d, at, own, np.ones((len(steps), len(at)), bool))))
        if drawn is not None:
            spread = self._gated(d, drawn.at, (), six_components(drawn.covariance)[None])
            self.parts[d.path].append(spread)
            if drawn.error is not None:
                self.errors[d.path] = drawn.error

    def _enter_covariance(self, d: Descriptor) -> None:
        """U of one Gaussian descriptor."""
        s, gate = self.setting, self._gate(d)
        own, steps = self.own(d)
        if d.procedure.placed == "rows":
            self._enter_adps(d, own, steps)
            return
        u = np.zeros((len(steps), s.n, 6))
        for k, step in enumerate(steps):
            if step is not None:
                u[k] = six_components(evaluate.level_covariance(d, s.evaluated(gate, step)))
        at = np.flatnonzero(d.covered[s.request.rows])
        self.parts[d.path].append(self._gated(d, at, own, u[:, at]))

    def _enter_adps(self, d: Descriptor, own: Variables, steps: list[dict[str, int] | None]) -> None:
        """Rows of ADPs: each atom has a table over what its rows are conditional on."""
        s, name = self.setting, d.procedure.parameter
        mine, place = s.request.among(d.atom_rows)
        condition = d.array("condition")[mine]
        u = np.zeros((len(steps), len(mine), 6))
        for k, step in enumerate(steps):
            if step is not None:
                values = evaluate.on_axis(d, name, s.evaluated(None, step))[mine]
                u[k] = six_components(d.turn_covariance(call(d.procedure.operator, {name: values})["u"]))
        always = np.flatnonzero(condition == ALWAYS)
        if len(always):
            at, where = np.unique(place[always], return_inverse=True)
            total = np.zeros((len(steps), len(at), 6))
            for k in range(len(steps)):
                np.add.at(total[k], where, u[k, always])
            self.parts[d.path].append(self._gated(d, at, own, total))
        some = np.flatnonzero(condition != ALWAYS)
        if len(some):
            self._enter_conditional(d, own, place[some], condition[some], u[:, some])

    def _enter_conditional(
        self, d: Descriptor, own: Variables, place: np.ndarray, number: np.ndarray, u: np.ndarray
    ) -> None:
        s, gate, known = self.setting, self._gate(d), self.setting.request.dep.conditions(d)
        base = {*own, *variables_of(gate)}
        conditions = {n: known[n] for n in np.unique(number).tolist()}
        at, where = np.unique(place, return_inverse=True)
        needed: list[set[int]] = [set(base) for _ in at]
        for k, n in zip(where.tolist(), number.tolist(), strict=True):
            needed[k].update(variables_of(conditions[n]))
        variables = [tuple(sorted(some)) for some in needed]
        key = np.array([s.number(v) for v in variables], np.int64)
        held: dict[tuple[int, int], np.ndarray] = {}
        for size, here in _by(s.sizes[key]):
            total = np.zeros((size, len(here), 6))
            column = np.full(len(at), -1)
            column[here] = np.arange(len(here))
            for row in np.flatnonzero(column[where] >= 0).tolist():
                k, n = int(where[row]), int(number[row])
                pair = (n, int(key[k]))
                if pair not in held:
                    held[pair] = s.held(conditions[n], variables[k]) & s.held(gate, variables[k])
                total[:, column[k]] += held[pair][:, None] * u[s.among(own, variables[k]), row]
            self.parts[d.path].append(Table(at[here], key[here], total))

    # -- putting together --------------------------------------------------------------------------------

    def _add_moves(self, table: Table) -> None:
        always = table.key == 0
        self.base[table.at[always]] += table.values[0, always]
        if not always.all():
            some = ~always
            self.moves.append(Table(table.at[some], table.key[some], table.values[:, some]))

    def _refuse_conflicts(self) -> None:
        """[MEAN-4], in joint states that have a probability."""
        s = self.setting
        source: dict[int, list[tuple[Descriptor, int, np.ndarray]]] = {}
        for d, table in self._absolute:
            for k, (place, key) in enumerate(zip(table.at.tolist(), table.key.tolist(), strict=True)):
                source.setdefault(place, []).append((d, key, table.values[:, k]))
        judged: set[tuple[tuple[str, int], ...]] = set()
        for place, found in source.items():
            name = tuple((d.id, key) for d, key, _ in found)
            if len(found) < 2 or name in judged:
                continue
            judged.add(name)
            for i, (_, key, active) in enumerate(found):
                for other, other_key, also in found[i + 1 :]:
                    both = tuple(sorted({*s.of_key(key), *s.of_key(other_key)}))
                    together = active[s.among(s.of_key(key), both)] & also[s.among(s.of_key(other_key), both)]
                    if s.law.probability(both).reshape(-1)[together].sum() > 0:
                        atom = int(s.request.dep.hierarchy.atom_id[s.request.rows[place]])
                        raise AbsoluteConflict(
                            other.path, f"atom_id {atom} also from {found[i][0].id}", "one active absolute source"
                        )

    # -- transforms --------------------------------------------------------------------------------------

    def _transform(self) -> None:
        """Transforms in the order in which they act, descendants first."""
        waiting = []
        for d in self.setting.request.dep.descriptors.values():
            covers = (
                d.is_transform
                and not d.operator_unknown
                and d.signal_type != "unknown"
                and d.covered[self.setting.request.rows].any()
            )
            if covers and self._can_act(d):
                sizes = evaluate.group_sizes(d, self.setting.request)
                for turn, shift in self._turns(d):
                    size = sizes[turn.at]
                    for n in np.unique(size).tolist():
                        here = size == n
                        waiting.append((n, d.id.encode(), _some(turn, here), _some(shift, here)))
        for _, _, turn, shift in sorted(waiting, key=lambda w: w[:2]):
            self._apply(turn, shift)

    def _turns(self, d: Descriptor) -> Iterator[tuple[Table, Table]]:
        """Rotations (K, m, 3, 3) and shifts (K, m, 3) of one transform; where it does not act, one and zero."""
        s, gate = self.setting, self._gate(d)
        if not d.is_discrete:
            own, steps = self.own(d)
            at = np.flatnonzero(d.covered[s.request.rows])
            turn, shift = _still(len(steps), len(at))
            for k, step in enumerate(steps):
                if step is not None:
                    _, turn[k], shift[k] = evaluate.transform(d, s.evaluated(gate, step))
            yield self._gated(d, at, own, turn, np.eye(3)), self._gated(d, at, own, shift)
            return
        variable = s.variable_of_atom(d)
        at = np.flatnonzero(variable >= 0)
        if not len(at):
            return
        turn, shift = _still(int(s.law.dag.n_states[variable[at]].max()) + 1, len(at))
        for k in range(len(turn) - 1):
            if (s.in_state(d, k).joint == INACTIVE).all():
                continue
            where, turns, shifts = evaluate.transform(d, s.in_state(d, k))
            place = np.searchsorted(at, where)
            turn[k, place], shift[k, place] = turns, shifts
        for size, here in _by(s.law.sizes[variable[at]]):
            key = variable[at[here]] + 1
            yield Table(at[here], key, turn[:size, here]), Table(at[here], key, shift[:size, here])

    def _apply(self, turn: Table, shift: Table) -> None:
        s = self.setting
        x = self.base[turn.at]
        turned = np.einsum("kmij,mj->kmi", turn.values, x) + shift.values
        place = np.full(s.n, -1)
        place[turn.at] = np.arange(len(turn.at))
        self.moves = [part for t in self.moves for part in self._composed(t, turn, place, _turned)]
        for name, tables in self.parts.items():
            self.parts[name] = [part for t in tables for part in self._composed(t, turn, place, _conjugated)]
        self._add_moves(Table(turn.at, turn.key, turned - x))

    def _composed(self, t: Table, turn: Table, place: np.ndarray, act: Callable[..., np.ndarray]) -> Iterator[Table]:
        """A table under a transform of some of its atoms."""
        s = self.setting
        here = place[t.at]
        still = here < 0
        if still.any():
            yield _some(t, still)
        pairs = np.stack([t.key, np.where(still, -1, turn.key[here])])
        for key, other in np.unique(pairs[:, ~still], axis=1).T.tolist():
            mine = np.flatnonzero((pairs[0] == key) & (pairs[1] == other))
            both = tuple(sorted({*s.of_key(key), *s.of_key(other)}))
            values = t.values[s.among(s.of_key(key), both)][:, mine]
            turns = turn.values[s.among(s.of_key(other), both)][:, here[mine]]
            yield Table(t.at[mine], np.full(len(mine), s.number(both)), act(turns, values))


def _turned(turn: np.ndarray, moved: np.ndarray) -> np.ndarray:
    return np.einsum("kmij,kmj->kmi", turn, moved)


def _conjugated(turn: np.ndarray, u: np.ndarray) -> np.ndarray:
    return six_components(turn @ symmetric(u) @ np.swapaxes(turn, -1, -2))


def _still(k: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    return np.broadcast_to(np.eye(3), (k, m, 3, 3)).copy(), np.zeros((k, m, 3))


def _some(t: Table, here: np.ndarray) -> Table:
    return Table(t.at[here], t.key[here], t.values[:, here])


def _by(sizes: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each size, and the places that have it."""
    for size in np.unique(sizes).tolist():
        yield size, np.flatnonzero(sizes == size)
