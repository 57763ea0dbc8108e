"""The evaluation model: from a joint state and axis steps to coordinates and covariances.

    x(s) = mean(s) + draw,   draw ~ N(0, U_total(s))

    mean    = x_ref, or the one absolute source that covers the atom
              + discrete displacements, legal under the scope DAG
              + deterministic displacements: bases, decoders, rigid bodies
    U_total = Σ U of the active Gaussian descriptors

Transforms act last, on means and covariances alike. Covariances are summed first and sampled once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from polystate.errors import (
    AbsoluteConflict,
    AxisNotGiven,
    MissingArray,
    NonFiniteOutput,
    PolystateError,
    UnknownOperator,
    UnsupportedCombination,
    WrongShape,
)
from polystate.evaluation.backend import NUMPY, Backend
from polystate.model.descriptor import ALWAYS, Descriptor
from polystate.model.model import Model
from polystate.numbers.philox import Draw, latent_normals, mixture_uniform
from polystate.numbers.tensors import rotation, symmetrised
from polystate.operators import call
from polystate.operators.basis.gaussian_mixture_v1 import amplitudes
from polystate.operators.lookup_table.nearest_v1 import cell
from polystate.operators.neural_decoder.mlp_v1 import layers
from polystate.states.scope_dag import INACTIVE, ScopeDag, holds

MIXTURE = "basis/gaussian_mixture_v1"


@dataclass
class Request:
    """What is evaluated: a joint state, a step on each axis, and which atoms (rows, ascending)."""

    dep: Model
    joint: np.ndarray
    rows: np.ndarray
    steps: Mapping[str, int] = field(default_factory=dict)
    components: Mapping[str, np.ndarray] = field(default_factory=dict)  # amplitudes or latents by descriptor
    draw: Draw | None = None
    allow_code: bool = False
    backend: Backend = NUMPY

    def __post_init__(self) -> None:
        self.place = np.full(self.dep.n_atoms + 1, -1, np.int64)  # of an atom among those asked for; row -1: nowhere
        self.place[self.rows] = np.arange(len(self.rows))

    def among(self, atom_rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which payload entries concern the atoms asked for, and where those atoms stand."""
        place = self.place[atom_rows]
        mine = np.flatnonzero(place >= 0)
        return mine, place[mine]


# -- what is active --------------------------------------------------------------------------------------


def condition_holds(d: Descriptor, numbers: np.ndarray, request: Request) -> np.ndarray:
    """Whether each of these conditions of a descriptor holds, (R,) bool."""
    numbers = np.asarray(numbers)
    result = numbers == ALWAYS
    if not result.all():
        conditions = request.dep.conditions(d)
        for number in np.unique(numbers[~result]).tolist():
            if holds(conditions[number], request.joint):
                result |= numbers == number
    return result


def is_active(d: Descriptor, request: Request) -> bool:
    """Whether a descriptor contributes at all under this joint state to the atoms asked for ([AXI-8])."""
    return is_in_force(d, request) and bool(d.covered[request.rows].any())


def is_in_force(d: Descriptor, request: Request) -> bool:
    """Whether a descriptor contributes under this joint state, to whatever atoms it covers."""
    return d.signal_type != "unknown" and bool(condition_holds(d, np.array([d.active_when]), request)[0])


def active(dep: Model, request: Request, keep: Callable[[Descriptor], bool]) -> Iterator[Descriptor]:
    """Active descriptors of one kind, in order of id."""
    return (d for d in dep.descriptors.values() if keep(d) and is_active(d, request))


def step_of(d: Descriptor, request: Request) -> int | None:
    """The step of a descriptor on its sample axis, None where it has no axis."""
    if d.axis is None:
        return None
    if d.axis not in request.steps:
        raise AxisNotGiven(f"{d.path}#/sample_axis", "no index", f"an index on axis {d.axis}")  # AXI-7
    return request.dep.axis(d.axis, d.path).step(request.steps[d.axis])


def on_axis(d: Descriptor, name: str, request: Request) -> np.ndarray:
    """An array of a payload, at the step of its axis where the descriptor has one."""
    return d.array(name, step_of(d, request))


def chosen_states(d: Descriptor, request: Request) -> dict[int, int]:
    """The declared number of the active state at each active site of a discrete descriptor."""
    return states_of(d, request.dep.states.dag, request.joint)


def states_of(d: Descriptor, dag: ScopeDag, joint: np.ndarray) -> dict[int, int]:
    """The declared number of the state that each active site of a descriptor has in a joint state."""
    mine = np.flatnonzero(dag.table == [t.id for t in dag.tables].index(d.id))
    mine = mine[joint[mine] != INACTIVE]
    return dict(zip(dag.site[mine].tolist(), dag.chosen_values(mine, joint[mine]).tolist(), strict=True))


# -- mean ------------------------------------------------------------------------------------------------


def mean(request: Request) -> np.ndarray:
    """Mean coordinates of the atoms asked for, (n, 3) ångström."""
    dep = request.dep
    xyz = dep.x_ref.copy() if len(request.rows) == dep.n_atoms else dep.x_ref_of(request.rows)
    sources = list(active(dep, request, lambda d: d.is_absolute))
    source = np.full(len(request.rows) if sources else 0, -1)
    for k, d in enumerate(sources):
        at, values = absolute(d, request)
        taken = np.flatnonzero(source[at] >= 0)
        if len(taken):
            atom = int(dep.hierarchy.atom_id[request.rows[at[taken[0]]]])
            found = f"atom_id {atom} also from {sources[source[at[taken[0]]]].id}"
            raise AbsoluteConflict(d.path, found, "one active absolute source an atom")  # MEAN-4
        xyz[at], source[at] = values, k
    for d in active(dep, request, is_displacement):
        at, values = displacement(d, request)
        np.add.at(xyz, at, values)
    for _, at, turn, shift in transforms(request):
        xyz[at] = np.einsum("nij,nj->ni", turn, xyz[at]) + shift
    return xyz


def is_displacement(d: Descriptor) -> bool:
    """Whether a descriptor adds displacements to the mean."""
    return not (d.is_absolute or d.is_gaussian or d.is_transform)


def absolute(d: Descriptor, request: Request) -> tuple[np.ndarray, np.ndarray]:
    """Where an absolute source puts the atoms it covers: places among the rows asked for, and (m, 3) ångström."""
    if d.operator_unknown:
        raise no_procedure(d)
    if d.is_discrete:
        at, xyz = _state_coordinates(d, request)
    elif d.regime == "trajectory" and d.mode == "A":
        mine, at = request.among(d.atom_rows)
        xyz = np.asarray(on_axis(d, "xyz", request), np.float64)[mine]
    elif d.regime == "trajectory" and d.mode == "C":
        mine, at = request.among(d.atom_rows)
        from polystate.artifacts.trajectory import frame  # only these read files beside the deposition

        xyz = frame(d, step_of(d, request))[mine]
    elif d.procedure.placed == "decoder":
        mine, at = request.among(d.atom_rows)
        xyz = decoded(d, request)[mine]
    else:
        raise no_procedure(d)
    if not np.isfinite(xyz).all():
        raise NonFiniteOutput(d.path, "NaN or infinity", "coordinates")  # OPR-26
    return at, d.from_fitted(xyz)


def displacement(d: Descriptor, request: Request) -> tuple[np.ndarray, np.ndarray]:
    """The displacements of a descriptor: places among the rows asked for, and (m, 3) ångström."""
    if d.is_discrete and d.mode == "A":
        at, xyz = _state_coordinates(d, request)
        return at, d.from_fitted(xyz) - request.dep.x_ref_of(request.rows[at])
    if d.is_discrete and d.mode == "B":
        return _deltas(d, request)
    if d.regime == "trajectory" and d.mode == "A":
        mine, at = request.among(d.atom_rows)
        xyz = np.asarray(on_axis(d, "xyz", request), np.float64)[mine]
        return at, d.from_fitted(xyz) - request.dep.x_ref_of(request.rows[at])
    if d.procedure.placed == "body":
        return _rigid_displacement(d, request)
    if d.procedure.placed == "basis":
        mine, at = request.among(d.atom_rows)
        coefficients = components(d, "coefficients", d.width, request)
        inputs = {"basis": request.dep.basis_of(d, mine), "coefficients": coefficients}
        return at, d.turn(request.backend.call("basis/nm_v1", inputs)["displacement"])  # the sum of every basis
    if d.procedure.placed == "decoder":
        mine, at = request.among(d.atom_rows)
        return at, d.turn(decoded(d, request)[mine])
    if d.procedure.placed == "still" or _is_silent(d, request):
        return np.zeros(0, np.int64), np.zeros((0, 3))
    raise no_procedure(d)


def _is_silent(d: Descriptor, request: Request) -> bool:
    """Whether no site of a discrete descriptor is active at an atom asked for, so that its operator is not needed."""
    return d.is_discrete and not np.isin(d.label_of_atom[request.rows], list(chosen_states(d, request))).any()


def no_procedure(d: Descriptor) -> PolystateError:
    """The refusal of what nothing here computes: an unknown operator, or keys that have no procedure together."""
    if d.operator_unknown:
        return UnknownOperator(f"{d.path}#/operator/id", d.operator, "an operator of the registry")  # OPR-1
    found = f"{d.regime}, mode {d.mode}, {d.signal_type}, operator {d.operator}"
    return UnsupportedCombination(d.path, found, "a combination that has a procedure")  # DSC-4


def _state_row(d: Descriptor) -> dict[tuple[int, int], int]:
    """The row of mode A arrays that each (site, state) has: distinct pairs in table order."""
    rows: dict[tuple[int, int], int] = {}
    for key in zip(d.column("states", "site").tolist(), d.column("states", "state").tolist(), strict=True):
        rows.setdefault(key, len(rows))
    return rows


def _state_coordinates(d: Descriptor, request: Request) -> tuple[np.ndarray, np.ndarray]:
    """Mode A: the stored coordinates of the active states, each for the atoms of its site, in the fitted frame."""
    if d.mode != "A":
        raise no_procedure(d)
    mine, at = request.among(d.atom_rows)
    site = d.label_of_atom[request.rows[at]]
    row_of = _state_row(d)
    places, found = [np.zeros(0, np.int64)], [np.zeros((0, 3))]
    for label, state in chosen_states(d, request).items():
        here = np.flatnonzero(site == label)
        places.append(at[here])
        found.append(np.asarray(d.array("xyz", row_of[label, state]), np.float64)[mine[here]])
    return np.concatenate(places), np.concatenate(found)


def _rows_in_state(d: Descriptor, table: str, request: Request) -> np.ndarray:
    """Rows of a table (site, state, ...) whose state is the active one of its site."""
    if not d.table(table):
        return np.zeros(0, np.int64)
    site, state = d.column(table, "site"), d.column(table, "state")
    chosen = chosen_states(d, request)
    now = np.full(d.n_labels, np.iinfo(np.int64).min)
    now[list(chosen)] = list(chosen.values())
    return np.flatnonzero(now[site] == state)


def _deltas(d: Descriptor, request: Request) -> tuple[np.ndarray, np.ndarray]:
    """Mode B: the stored displacements of the active states."""
    rows = _rows_in_state(d, "deltas", request)
    if not len(rows):
        return np.zeros(0, np.int64), np.zeros((0, 3))
    atoms = d.rows_of_ids(d.column("deltas", "atom_id")[rows], f"{d.path}/deltas/atom_id")
    mine, at = request.among(atoms)
    moved = np.stack([d.column("deltas", name)[rows][mine] for name in ("dx", "dy", "dz")], axis=1)
    return at, d.turn(moved)


def present(request: Request) -> np.ndarray:
    """Whether each atom asked for is present, (n,) bool: yes, unless an active state marks it absent."""
    result = np.ones(len(request.rows), bool)
    for d in active(request.dep, request, lambda d: d.is_discrete or d.regime == "trajectory"):
        result[absent(d, request)] = False
    return result


def absent(d: Descriptor, request: Request) -> np.ndarray:
    """Places of the atoms that the states or the step of a descriptor mark absent, (m,); an operator marks none."""
    if d.mode == "C":
        return np.zeros(0, np.int64)
    if d.is_discrete and d.mode == "B":
        rows = _rows_in_state(d, "absent", request)
        if not len(rows):
            return np.zeros(0, np.int64)
        ids = d.column("absent", "atom_id")[rows]
        return request.among(d.rows_of_ids(ids, f"{d.path}/absent/atom_id"))[1]
    if not d.has("present"):
        return np.zeros(0, np.int64)
    mine, at = request.among(d.atom_rows)
    if not d.is_discrete:
        return at[on_axis(d, "present", request)[mine] == 0]
    row_of, site, gone = _state_row(d), d.label_of_atom[request.rows[at]], np.zeros(len(at), bool)
    for label, state in chosen_states(d, request).items():
        here = np.flatnonzero(site == label)
        gone[here] = d.array("present", row_of[label, state])[mine[here]] == 0
    return at[gone]


# -- rigid bodies ----------------------------------------------------------------------------------------


def bodies(d: Descriptor, request: Request) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
    """Atoms that a rigid-body descriptor moves, the label of each, and its quaternions, translations, origins."""
    if d.operator_unknown:
        raise no_procedure(d)
    label = d.label_of_atom[request.rows]
    names = ("quaternion", "translation", "origin")
    if not d.is_discrete:
        at = np.flatnonzero(label >= 0)
        return at, label[at], tuple(on_axis(d, name, request) for name in names)
    chosen, row_of = chosen_states(d, request), _state_row(d)
    at = np.flatnonzero(np.isin(label, list(chosen)))
    stacked = [np.stack([d.array(name)[row_of[site, state], site] for site, state in chosen.items()]) for name in names]
    order = {site: k for k, site in enumerate(chosen)}
    return at, np.array([order[s] for s in label[at].tolist()], np.int64), tuple(stacked)


def _rigid_displacement(d: Descriptor, request: Request) -> tuple[np.ndarray, np.ndarray]:
    if d.is_discrete and not chosen_states(d, request):
        return np.zeros(0, np.int64), np.zeros((0, 3))
    at, body, (quaternion, translation, origin) = bodies(d, request)
    x_fit = d.to_fitted(request.dep.x_ref_of(request.rows[at]))
    inputs = {
        "quaternion": quaternion,
        "translation": translation,
        "origin": origin,
        "group": body,
        "xyz": x_fit,
    }
    return at, d.turn(request.backend.call(d.procedure.operator, inputs)["xyz"] - x_fit)


def transforms(request: Request) -> Iterator[tuple[Descriptor, np.ndarray, np.ndarray, np.ndarray]]:
    """Transforms in the order in which they act, descendants first: places, rotations (m, 3, 3), shifts (m, 3)."""
    made: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    for d, here in in_order(request):
        if d.id not in made:
            made[d.id] = transform(d, request)
        at, turn, shift = made[d.id]
        yield d, at[here], turn[here], shift[here]


def in_order(request: Request) -> Iterator[tuple[Descriptor, np.ndarray]]:
    """Transforms in the order in which they act, each with which of its atoms it then turns, (m,) bool.

    Containment of groups orders them: a group that holds fewer atoms is the descendant."""
    waiting = []
    for d in active(request.dep, request, lambda d: d.is_transform):
        if d.is_discrete and _is_silent(d, request):
            continue
        size = group_sizes(d, request)[bodies(d, request)[0]]
        waiting += [(n, d.id.encode(), d, size == n) for n in np.unique(size).tolist()]
    for _, _, d, here in sorted(waiting, key=lambda w: w[:2]):
        yield d, here


def group_sizes(d: Descriptor, request: Request) -> np.ndarray:
    """How many atoms have the label of each atom asked for, (n,); of no meaning for an atom without a label."""
    label = d.label_of_atom
    return np.bincount(label[label >= 0], minlength=d.n_labels)[label[request.rows]]


def transform(d: Descriptor, request: Request) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What one transform does to its atoms: places, rotations (m, 3, 3), shifts (m, 3) ångström."""
    at, body, (quaternion, translation, origin) = bodies(d, request)
    turn = rotation(quaternion)
    shift = origin + translation - np.einsum("gij,gj->gi", turn, origin)
    if d.offset is not None:  # conjugate by the offset: x -> R (Q Rᵀ (x - d) + s) + d
        r, o = d.offset
        turn = r @ turn @ r.T
        shift = shift @ r.T + o - np.einsum("gij,j->gi", turn, o)
    return at, turn[body], shift[body]


# -- amplitudes and decoders -----------------------------------------------------------------------------


def components(d: Descriptor, name: str, width: int | None, request: Request) -> np.ndarray:
    """Amplitudes of a basis (`coefficients`) or components of a decoder (`latent`), (width,) float64.

    They come from the request, the stored array (on an axis only where that has an index), or the table `latents`:
    drawn, and 0 without a draw. width: how many there are, None where only the decoder's body knows."""
    if d.id in request.components:
        return np.asarray(request.components[d.id], np.float64)
    if d.has(name) and not are_drawn(d, name, request):
        values = np.asarray(on_axis(d, name, request), np.float64)
    elif d.table("latents"):
        variance = d.column("latents", "variance")
        values = np.zeros(len(variance))
        if request.draw is not None:
            values = np.sqrt(variance) * latent_normals(request.draw, d.column("latents", "draw_key"))
        if d.operator == MIXTURE and len(values):
            values = _of_mixture(d, values, request.draw)
    else:
        expected = f"an array {name}, a table latents, or values in the request"
        raise MissingArray(f"{d.path}/{name}", "nothing", expected)  # MEAN-21
    if width is not None and values.shape != (width,):
        raise WrongShape(f"{d.path}/{name}", values.shape, f"({width},)")  # MEAN-12
    return values


def _of_mixture(d: Descriptor, normal: np.ndarray, draw: Draw | None) -> np.ndarray:
    """The amplitudes (k,) that a mixture makes of the drawn normal numbers, and its mean without a draw."""
    population, mean, factor = (d.array(name) for name in ("population", "mean", "factor"))
    if draw is None:
        return amplitudes(population, mean, factor)
    uniform = mixture_uniform(draw, d.column("latents", "draw_key")[:1])  # RNG-28
    return amplitudes(population, mean, factor, (float(uniform[0]), normal))


def are_drawn(d: Descriptor, name: str, request: Request) -> bool:
    """Whether amplitudes or components come from the table `latents`: nothing is given, nor stored for this request."""
    stored = d.has(name) and (d.axis is None or d.axis in request.steps)
    return d.id not in request.components and bool(d.table("latents")) and not stored


def decoded(d: Descriptor, request: Request) -> np.ndarray:
    """The output of a decoder for all its atoms, (M, 3) ångström, in the fitted frame."""
    z = components(d, "latent", d.width, request)
    if d.operator == "neural_decoder/mlp_v1":
        names = [f"{name}{n}" for n in range(layers(d.group.arrays)) for name in "wb"]
        weights = {name: np.asarray(d.array(name), np.float64) for name in names}
        output = request.backend.call(d.operator, {"latent": z, **weights}, d.parameters)["output"]
    elif d.operator == "lookup_table/nearest_v1":
        output = np.asarray(d.array("value", cell(z, d.array("centre"))), np.float64)  # no other row is read
    else:
        from polystate.artifacts.bodies import run

        output = run(d, z, request.allow_code)
    if not np.isfinite(output).all():
        raise NonFiniteOutput(d.path, "NaN or infinity", "numbers")  # MEAN-14
    return output


# -- covariance ------------------------------------------------------------------------------------------


def gaussian_levels(dep: Model) -> list[Descriptor]:
    """Gaussian descriptors from the largest scale to the smallest: ascending number of labels, ties by id."""
    found = [d for d in dep.descriptors.values() if d.is_gaussian]
    return sorted(found, key=lambda d: (d.n_labels, d.id.encode()))


def placed(d: Descriptor, request: Request) -> tuple[np.ndarray, np.ndarray | None, dict[str, np.ndarray]]:
    """How the payload of a Gaussian descriptor meets the atoms asked for.

    Returns places among the rows asked for (m,); the row of its parameter that each takes, None where the operator
    takes the parameter as a whole and each place stands once; and the operator's other inputs."""
    if d.procedure.placed == "groups":
        label = d.label_of_atom[request.rows]
        at = np.flatnonzero(label >= 0)
        return at, None, {"group": label[at], "xyz": d.to_fitted(request.dep.x_ref_of(request.rows[at]))}
    if d.procedure.placed == "rows":
        rows = np.flatnonzero(condition_holds(d, d.array("condition"), request))
        mine, at = request.among(d.atom_rows[rows])
        return at, rows[mine], {}
    if d.procedure.placed == "modes":
        mine, at = request.among(d.atom_rows)
        return at, None, {"basis": request.dep.basis_of(d, mine)}
    raise no_procedure(d)


def level_covariance(d: Descriptor, request: Request) -> np.ndarray:
    """U of one Gaussian descriptor, (n, 3, 3) Å²; zero where it does not apply."""
    u = np.zeros((len(request.rows), 3, 3))
    if not is_active(d, request):
        return u
    at, rows, others = placed(d, request)
    name = d.procedure.parameter
    values = on_axis(d, name, request) if rows is None else request.dep.parameter_rows(d, rows)
    inputs = {name: values, **others}
    own = d.turn_covariance(call(d.procedure.operator, inputs)["u"])
    if rows is None:
        u[at] = own
    else:
        np.add.at(u, at, own)
    return u


def covariance(request: Request, levels: Sequence[Descriptor] | None = None, by_level: bool = False) -> np.ndarray:
    """U_total (n, 3, 3) Å², or one U a level (L, n, 3, 3), with transforms applied."""
    chosen = gaussian_levels(request.dep) if levels is None else list(levels)
    computed = request.backend.covariance(request, chosen, by_level)
    if computed is not None:
        return computed
    n = len(request.rows)
    u = np.zeros((len(chosen) if by_level else 1, n, 3, 3))
    for k, d in enumerate(chosen):
        u[k if by_level else 0] += level_covariance(d, request)
    for _, at, turn, _ in transforms(request):
        u[:, at] = symmetrised(turn @ u[:, at] @ np.swapaxes(turn, -1, -2))
    return u if by_level else u[0]
