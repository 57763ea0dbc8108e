"""What each state and each condition of a deposition does to atoms, as rows sorted by what causes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polystate.evaluation import evaluate
from polystate.evaluation.evaluate import Request
from polystate.kernels import joint
from polystate.model.descriptor import ALWAYS, Descriptor
from polystate.model.model import Model
from polystate.numbers.tensors import six_components
from polystate.operators import call
from polystate.states.scope_dag import Condition, ScopeDag

Part = tuple[np.ndarray, np.ndarray, np.ndarray]  # cause (R,), atom row (R,), values (R, k)
MOST_BYTES = 1 << 29  # of stored states (mode A) that are held in memory


@dataclass
class Effects:
    """Rows by cause: those of cause c are start[c] ... start[c + 1]. row: (R,) atoms; values: (R, k)."""

    start: np.ndarray
    row: np.ndarray
    values: np.ndarray

    def among(self, place: np.ndarray) -> Effects:
        """Those on some atoms: place: (N,), where an atom stands among them, -1 = nowhere."""
        row = place[self.row]
        kept = row >= 0
        return Effects(joint.offsets(kept.tolist())[self.start], row[kept], self.values[kept])


def by_cause(parts: Sequence[Part], causes: int, width: int) -> Effects:
    """All parts as one, sorted by cause; within a cause in the order given."""
    cause = np.concatenate([np.zeros(0, np.int64), *(p[0] for p in parts)])
    order = np.argsort(cause, kind="stable")
    row = np.concatenate([np.zeros(0, np.int64), *(p[1] for p in parts)])[order]
    values = np.concatenate([np.zeros((0, width)), *(p[2] for p in parts)])[order]
    start = joint.offsets(np.bincount(cause, minlength=causes).tolist())
    return Effects(start, np.ascontiguousarray(row, np.int64), np.ascontiguousarray(values, np.float64))


def is_compiled(dep: Model) -> bool:
    """Whether all that changes from draw to draw is a sum of rows by state and by condition."""
    absolute = stored = 0
    aligned = {d.axis for d in dep.descriptors.values() if d.axis is not None}
    for d in dep.descriptors.values():
        if d.signal_type == "unknown":
            continue
        conditional = d.active_when != ALWAYS
        if d.table("latents") or (d.is_discrete and d.document.get("state_axis") in aligned):
            return False
        if d.is_transform or d.operator_unknown or d.procedure.placed in ("decoder", "trajectory"):
            return False
        if d.is_absolute:
            absolute += 1
            if conditional and not d.is_discrete:
                return False
        if d.regime == "trajectory" and conditional:
            return False
        if d.is_discrete:
            if d.mode not in ("A", "B"):
                return False
            if d.mode == "A" and "xyz" in d.group.arrays:
                stored += 24 * dep.n_atoms * len(np.unique(d.column("states", "state")))
    return absolute <= 1 and stored <= MOST_BYTES


def of_states(dep: Model, first: np.ndarray, place: np.ndarray) -> tuple[Effects, Effects]:
    """Displacements (R, 3) Å and absences by slot; the slot of state s of variable v is first[v] + s.

    place: (N + 1,) of the atoms that are asked for, others -1: of stored coordinates only theirs are taken."""
    moved: list[Part] = []
    gone: list[Part] = []
    for d in dep.descriptors.values():
        if not d.is_discrete or d.signal_type == "unknown":
            continue
        slots = _slots(d, dep.states.dag, first)
        if d.mode == "A":
            _enumerated(d, slots, place, moved, gone)
            continue
        for table in ("deltas", "absent"):
            if not d.table(table) or not len(d.column(table, "site")):
                continue
            pairs = zip(d.column(table, "site").tolist(), d.column(table, "state").tolist(), strict=True)
            slot = np.array([slots[p] for p in pairs], np.int64)
            rows = d.rows_of_ids(d.column(table, "atom_id"), f"{d.path}/{table}/atom_id")
            keep = rows >= 0
            if table == "absent":
                gone.append((slot[keep], rows[keep], np.zeros((int(keep.sum()), 0))))
            else:
                delta = np.stack([d.column(table, n)[keep] for n in ("dx", "dy", "dz")], axis=1)
                moved.append((slot[keep], rows[keep], d.turn(delta)))
    total = int(first[-1])
    return by_cause(moved, total, 3), by_cause(gone, total, 0)


def _slots(d: Descriptor, dag: ScopeDag, first: np.ndarray) -> dict[tuple[int, int], int]:
    """The slot of each declared (site, state) of a discrete descriptor."""
    mine = np.flatnonzero(dag.table == [t.id for t in dag.tables].index(d.id))
    return {
        (int(dag.site[v]), int(number)): int(first[v]) + k
        for v in mine.tolist()
        for k, number in enumerate(dag.state_values(v).tolist())
    }


def _enumerated(
    d: Descriptor, slots: dict[tuple[int, int], int], place: np.ndarray, moved: list[Part], gone: list[Part]
) -> None:
    """Mode A: coordinates minus x_ref, and absences, of the atoms of each site."""
    atoms = d.atom_rows
    mine = place[atoms] >= 0
    site = np.where(mine, d.label_of_atom[atoms], -1)
    x_ref = np.zeros((len(atoms), 3))
    x_ref[mine] = d.ground.x_ref_of(atoms[mine])
    for (label, state), k in evaluate._state_row(d).items():
        here = np.flatnonzero(site == label)
        slot = np.full(len(here), slots[label, state], np.int64)
        if d.has("xyz"):
            xyz = d.from_fitted(np.asarray(d.array("xyz", k), np.float64)[here])
            moved.append((slot, atoms[here], xyz - x_ref[here]))
        if d.has("present"):
            out = d.array("present", k)[here] == 0
            gone.append((slot[out], atoms[here][out], np.zeros((int(out.sum()), 0))))


def of_conditions(dep: Model, base: Request, place: np.ndarray) -> tuple[list[Condition], Effects, Effects]:
    """The conditions of continuous descriptors, and what holds under each: displacements (R, 3), covariances (R, 6).

    base: of all atoms; place: (N + 1,) of those that are asked for, others -1: no ADP of another is read."""
    found: dict[Condition, int] = {}
    moved: list[Part] = []
    widened: list[Part] = []

    def enter(target: list[Part], condition: Condition, rows: np.ndarray, values: np.ndarray) -> None:
        number = found.setdefault(condition, len(found))
        target.append((np.full(len(rows), number, np.int64), rows, values))

    for d in dep.descriptors.values():
        if d.is_discrete or d.signal_type == "unknown":
            continue
        own = d.has("condition") and d.is_gaussian
        conditions = dep.conditions(d) if own or d.active_when != ALWAYS else {}
        active: Condition = conditions[d.active_when] if d.active_when != ALWAYS else ()
        if own:
            numbers = np.asarray(d.array("condition"))
            mine = np.flatnonzero(place[d.atom_rows] >= 0)
            values = dep.parameter_rows(d, mine)
            for number in np.unique(numbers).tolist():
                both = (*active, *(() if number == ALWAYS else conditions[number]))
                if both:
                    here = np.flatnonzero(numbers[mine] == number)
                    u = d.turn_covariance(call(str(d.operator), {str(d.procedure.parameter): values[here]})["u"])
                    enter(widened, both, d.atom_rows[mine[here]], six_components(u))
        elif active:
            request = Request(dep, base.joint.copy(), base.rows, base.steps)
            for clause in active:
                request.joint[clause.variable] = min(clause.states)
            if d.is_gaussian:
                u = evaluate.level_covariance(d, request)
                rows = np.flatnonzero(u.any(axis=(1, 2)))
                enter(widened, active, rows, six_components(u[rows]))
            else:
                enter(moved, active, *evaluate.displacement(d, request))
    n = len(found)
    return list(found), by_cause(moved, n, 3), by_cause(widened, n, 6)
