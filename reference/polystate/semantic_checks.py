"""What no schema can say: rules between documents, arrays and descriptors. Each names its sentence in `spec/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from polystate import payload_checks as checks
from polystate.conditions import distinct
from polystate.descriptors import ALWAYS, Descriptor
from polystate.errors import (
    AbsoluteConflict,
    AdpCountedTwice,
    AtomOutsideScope,
    AxisLength,
    DanglingRow,
    DerivedCycle,
    DuplicateDrawKey,
    DuplicateId,
    DuplicateRow,
    MissingArray,
    MissingProvenance,
    NotAPartition,
    PickleRefused,
    PolystateError,
    QuaternionNorm,
    SchemaError,
    ScopeOverlap,
    Stale,
    TlsNotNormalised,
    UnknownState,
    UnsupportedCombination,
    WrongShape,
    ZeroRow,
)
from polystate.groupings import Grouping, grouping
from polystate.sampling import indefinite

if TYPE_CHECKING:
    from polystate.deposition import Deposition

TOLERANCE = 1e-6
# [DSC-4] regime, mode, signal type, subcase of the operator, algebras
PROCEDURES = [
    ("discrete", "A", "categorical_state", "", {"independent", "nested_under"}),
    ("discrete", "A", "coordinates", "", {"independent", "nested_under"}),
    ("discrete", "B", "categorical_state", "", {"independent", "nested_under"}),
    ("discrete", "C", "categorical_state", "rigid_body", {"independent", "nested_under"}),
    ("trajectory", "A", "coordinates", "", {"independent"}),
    ("trajectory", "A", "deterministic_displacement", "", {"additive_displacement"}),
    ("trajectory", "C", "coordinates", "external_reference", {"independent"}),
    ("continuous", "C", "gaussian_disorder", "parametric_gaussian", {"additive_covariance"}),
    ("continuous", "C", "deterministic_displacement", "basis", {"additive_displacement"}),
    ("continuous", "C", "deterministic_displacement", "rigid_body", {"additive_displacement"}),
    ("continuous", "C", "deterministic_displacement", "neural_decoder", {"additive_displacement"}),
    ("continuous", "C", "coordinates", "neural_decoder", {"additive_displacement"}),
    ("continuous", "C", "deterministic_displacement", "identity", {"independent"}),
]
BROADCAST_ONLY = (
    "parametric_gaussian/iadp_v1",
    "parametric_gaussian/aadp_v1",
    "parametric_gaussian/nm_covariance_v1",
)


# -- documents -------------------------------------------------------------------------------------------


def known_grouping(dep: Deposition, d: Descriptor) -> None:
    """[GRP-11] Refuse a scope whose grouping does not exist."""
    grouping(dep.tree, dep.hierarchy, d.document["scope"]["grouping"], f"{d.path}#/scope/grouping")


def combination_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[DSC-4] and [DSC-8] to [DSC-10]: keys that do not go together."""
    if d.signal_type == "unknown":
        return
    subcase = (d.operator or "").partition("/")[0]
    row = (d.regime, d.mode, d.signal_type, subcase)
    if not any(row == p[:4] and d.algebra in p[4] for p in PROCEDURES):
        found = f"{d.regime}, mode {d.mode}, {d.signal_type}, operator {d.operator}, {d.algebra}"
        yield UnsupportedCombination(d.path, found, "a row of the table of procedures (spec 4.2)")
    if "acts_as" in d.document and subcase != "rigid_body":
        yield UnsupportedCombination(f"{d.path}#/acts_as", d.document["acts_as"], "a rigid body")
    for key in ("broadcast_policy", "adp_content", "normalised"):
        if d.document.get(key) is not None and not d.is_gaussian:
            yield UnsupportedCombination(f"{d.path}#/{key}", d.document[key], "gaussian_disorder")
    if d.document.get("state_axis") is not None and not d.is_discrete:
        yield UnsupportedCombination(f"{d.path}#/state_axis", d.document["state_axis"], "regime discrete")
    if d.axis is not None and d.operator in BROADCAST_ONLY:
        yield UnsupportedCombination(f"{d.path}#/sample_axis", d.axis, f"no axis for {d.operator}")
    if d.regime == "trajectory" and d.axis is None:
        yield UnsupportedCombination(f"{d.path}#/sample_axis", "nothing", "the axis of a trajectory")


def provenance_errors(dep: Deposition, d: Descriptor) -> Iterator[PolystateError]:
    """A named block that does not exist, or none where a continuous stack has several levels."""
    name = d.document.get("provenance")
    if name is not None and f"provenance/{name}" not in dep.tree:
        yield MissingProvenance(f"{d.path}#/provenance", name, "a block under provenance/")
    elif name is None and d.is_gaussian:
        scopes = {_scope_key(o) for o in dep.descriptors.values() if o.is_gaussian}
        if len(scopes) > 1:
            yield MissingProvenance(d.path, "no provenance", f"one, since the stack has {len(scopes)} levels")


def _scope_key(d: Descriptor) -> str:
    scope = d.document.get("scope")
    return f"{scope.get('grouping')}|{scope.get('level')}" if isinstance(scope, dict) else ""


def derivation_errors(dep: Deposition, d: Descriptor) -> Iterator[PolystateError]:
    """Descriptors derived from each other in a circle."""
    seen, waiting = set(), [d.id]
    while waiting:
        for name in _inputs(dep, waiting.pop()):
            if name == d.id:
                yield DerivedCycle(f"{d.path}#/derived_from", "a circle back to itself", "inputs that do not need it")
                return
            if name not in seen:
                seen.add(name)
                waiting.append(name)


def _inputs(dep: Deposition, name: str) -> list[str]:
    if name not in dep.descriptors:
        return []
    derived = dep.descriptors[name].document.get("derived_from") or {}
    paths = [i.get("path", "") for i in derived.get("inputs", []) if isinstance(i, Mapping)]
    return [p.split("/")[1] for p in paths if p.startswith("descriptors/")]


PARAMETER_TYPES = {"number": (int, float), "integer": (int,), "text": (str,), "boolean": (bool,), "list": (list,),
                   "object": (dict,)}  # fmt: skip


def operator_errors(d: Descriptor, signature: Mapping[str, Any]) -> Iterator[PolystateError]:
    """[OPR-3], [OPR-4]: a body where the entry has none, and parameters that it does not permit."""
    venue = d.document["operator"].get("venue")
    if venue != "registry" and "body" not in signature:
        yield UnsupportedCombination(f"{d.path}#/operator/venue", venue, f"registry: {d.operator} has no body")
    known = {p["name"]: p for p in signature["parameters"]}
    for name, value in d.parameters.items():
        where = f"{d.path}#/operator/parameters/{name}"
        if name not in known:
            yield SchemaError(where, "a parameter", "one of " + (", ".join(known) or "no parameters"))
        elif not isinstance(value, PARAMETER_TYPES[known[name]["type"]]):
            yield SchemaError(where, type(value).__name__, known[name]["type"])
        elif "allowed" in known[name] and value not in known[name]["allowed"]:
            yield SchemaError(where, value, "one of " + ", ".join(map(str, known[name]["allowed"])))


def landmark_errors(dep: Deposition) -> Iterator[PolystateError]:
    """[OPR-19] and the arrays of landmarks."""
    for path in [p for p in dep.tree if p.startswith("landmarks/") and p.count("/") == 1]:
        group, sizes = dep.tree[path], {}  # type: ignore[var-annotated]
        yield from checks.array_errors(dep.tree, path, checks.payload("landmarks"), sizes)
        if "L" in sizes and len(group.attributes.get("labels", [])) != sizes["L"]:
            found = f"{len(group.attributes.get('labels', []))} labels"
            yield WrongShape(f"{path}#/labels", found, f"{sizes['L']}, one a point")


def body_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[OPR-5], [OPR-6], [OPR-9]: an inline body that is missing, altered or a pickle; nothing is run."""
    operator = d.document.get("operator") or {}
    if operator.get("venue") == "inline":
        from polystate.code_bodies import inline_body, is_pickle

        content, where = inline_body(d.dep.tree, str(operator.get("uri", "")), f"{d.path}#/operator/uri")
        if is_pickle(content):
            yield PickleRefused(where, "a pickle", "TorchScript or ONNX; pickles run code when they are read")


# -- groupings, keys, words ------------------------------------------------------------------------------


def grouping_errors(dep: Deposition, name: str, found: Grouping) -> Iterator[PolystateError]:
    """[GRP-1] to [GRP-15]: one grouping, whether or not it is a scope."""
    path, kind = found.path, found.document.get("kind")
    sizes: dict[str, int] = {}
    errors = list(checks.array_errors(dep.tree, path, checks.payload("grouping"), sizes))
    yield from errors
    if errors:
        return
    yield from checks.row_errors(f"{path}/child", found.child, dep.hierarchy.size(found.child_level))
    yield from checks.row_errors(f"{path}/parent", found.parent, found.n_labels)
    stored = dep.tree[path].arrays
    if "label" in stored:
        level = found.document.get("label_level", found.child_level)
        yield from checks.row_errors(f"{path}/label", stored["label"], dep.hierarchy.size(level))
    labels = list(found.document.get("labels") or np.asarray(stored.get("label", [])).tolist())
    if len(set(labels)) != len(labels):
        twice = next(x for k, x in enumerate(labels) if x in labels[:k])
        yield DuplicateId(f"{path}#/labels", twice, "each label once")
    if kind in ("partition", "heterogeneity_scope"):
        repeated = np.flatnonzero(np.diff(found.child) == 0)
        if len(repeated):
            row = int(repeated[0]) + 1
            yield NotAPartition(f"{path}/child[{row}]", f"{found.child_level} row {found.child[row]} again", "once")
    if kind == "coarse_grain" and found.weight is None:
        yield MissingArray(f"{path}/weight", "nothing", "projection coefficients")
    if kind == "coarse_grain" and found.child_level != "atom":
        yield UnsupportedCombination(f"{path}#/child_level", found.child_level, "atom")


def duplicate_keys(where: str, keys: np.ndarray) -> Iterator[PolystateError]:
    """[RNG-7] Two atoms with one draw key."""
    values, first, counts = np.unique(keys, return_index=True, return_counts=True)
    if len(values) and counts.max() > 1:
        yield DuplicateDrawKey(where, int(values[counts.argmax()]), "a key of its own for each atom")


def unused_word(where: str, word: str) -> PolystateError:
    """[HIE-11]"""
    return DanglingRow(where, f"{word!r}, which no row uses", "only words in use")


def described(d: Descriptor) -> Mapping[str, Any]:
    """The arrays and tables that the schema gives this descriptor; refused where it has no procedure."""
    from polystate_schemas.schema import descriptor_payload

    for error in combination_errors(d):
        raise error
    found = descriptor_payload(dict(d.document))
    if found is None:
        name = f"{d.regime}, mode {d.mode}, operator {d.operator}"
        raise UnsupportedCombination(d.path, name, "a combination that has a procedure")
    return found


# -- one descriptor --------------------------------------------------------------------------------------


def descriptor_errors(d: Descriptor, part: str) -> Iterator[PolystateError]:
    """What is wrong within one descriptor whose arrays and tables have the right shapes."""
    yield from _condition_errors(d)
    if d.is_discrete and d.table("states"):
        yield from _states_errors(d)
    if part == "states":
        return
    d.offset  # noqa: B018  refuses a reference that differs
    yield from body_errors(d)
    yield from _offset_errors(d)
    if d.table("latents"):
        components = d.column("latents", "component")
        if not np.array_equal(components, np.arange(len(components))):
            yield DanglingRow(f"{d.path}/latents/component", components.tolist()[:5], "0, 1, 2, ...")
    for name in ("deltas", "absent"):
        if d.table(name):
            yield from _sparse_errors(d, name)
    if d.table("deltas") and d.table("absent"):
        yield from _both_errors(d)
    if d.has("atom_id"):
        yield from _outside_errors(d, d.atom_rows, f"{d.path}/atom_id")
    if d.has("quaternion"):
        norm = np.linalg.norm(d.array("quaternion"), axis=-1)
        bad = np.argwhere(np.abs(norm - 1) > TOLERANCE)
        if len(bad):
            place = "".join(f"[{i}]" for i in bad[0])
            yield QuaternionNorm(f"{d.path}/quaternion{place}", f"norm {norm[tuple(bad[0])]:.9g}", "1 within 1e-6")
    if d.operator == "parametric_gaussian/tls_v1" and d.document.get("normalised", True) is not False:
        yield from _tls_errors(d)
    subcase = (d.operator or "").partition("/")[0]
    if subcase in ("basis", "neural_decoder"):
        yield from _component_errors(d, "coefficients" if subcase == "basis" else "latent")
    if d.operator == "neural_decoder/mlp_v1":
        yield from _mlp_errors(d)


def _condition_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[DAG-6] Conditions that are used and have no row."""
    known = np.asarray(d.table("conditions").get("condition", []))
    used: list[tuple[str, np.ndarray]] = [(f"{d.path}#/active_when", np.array([d.active_when]))]
    for table in ("states", "occupancy"):
        if d.table(table):
            used.append((f"{d.path}/{table}/condition", d.column(table, "condition")))
    if d.has("condition"):
        used.append((f"{d.path}/condition", d.array("condition")))
    for where, numbers in used:
        bad = np.flatnonzero(~np.isin(numbers, known) & (numbers != ALWAYS))
        if len(bad):
            place = where if "#" in where else f"{where}[{bad[0]}]"
            yield DanglingRow(place, int(numbers[bad[0]]), "-1 or a condition of the table conditions")


def _states_errors(d: Descriptor) -> Iterator[PolystateError]:
    site, state = d.column("states", "site"), d.column("states", "state")
    yield from checks.row_errors(f"{d.path}/states/site", site, d.n_labels)
    labels = d.table("states")["label"]
    row = _relabelled(site, state, labels)
    if row is not None:
        yield DuplicateId(f"{d.path}/states/label[{row}]", labels[row], "one label a state, one state a label")
    if d.table("variables") and not np.array_equal(d.column("variables", "site"), distinct(site)):
        yield DanglingRow(f"{d.path}/variables/site", "other sites", "exactly the sites of states, ascending")
    if d.document.get("state_axis") is not None:
        n = d.dep.axis(d.document["state_axis"], f"{d.path}#/state_axis").length
        if len(np.unique(site)) != 1:
            yield UnsupportedCombination(f"{d.path}/states", f"{len(np.unique(site))} sites", "one site")
        elif len(numbers := np.unique(state)) != n or not np.array_equal(numbers, np.arange(len(numbers))):
            yield AxisLength(f"{d.path}/states/state", f"{len(numbers)} states", f"0 to {n - 1}")
    if d.axis is not None:
        yield from _axis_label_errors(d, site, state)


def _relabelled(site: np.ndarray, state: np.ndarray, labels: Sequence[str]) -> int | None:
    """The first row whose site has had its state by another label, or its label by another state."""
    number = {label: k for k, label in enumerate(dict.fromkeys(labels))}
    label = np.fromiter(map(number.__getitem__, labels), np.int64, len(labels))
    by_state, by_label, by_both = (
        len(distinct((site.astype(np.int64) << 32) + values))
        for values in (state, label, state.astype(np.int64) * len(number) + label)
    )
    if by_state == by_label == by_both and len(number) * (1 + int(np.abs(state).max(initial=0))) < 1 << 31:
        return None
    names: dict[tuple[int, int], str] = {}
    taken: dict[tuple[int, str], int] = {}
    for row, (i, s, x) in enumerate(zip(site.tolist(), state.tolist(), labels, strict=True)):
        if names.setdefault((i, s), x) != x or taken.setdefault((i, x), s) != s:
            return row
    return None


def _axis_label_errors(d: Descriptor, site: np.ndarray, state: np.ndarray) -> Iterator[PolystateError]:
    if len(np.unique(site)) != 1:
        yield UnsupportedCombination(f"{d.path}/states", f"{len(np.unique(site))} sites", "one site")
    elif not d.has("labels"):
        yield MissingArray(f"{d.path}/labels", "nothing", "the state at each step")
    else:
        bad = np.flatnonzero(~np.isin(d.array("labels"), state))
        if len(bad):
            yield UnknownState(
                f"{d.path}/labels[{bad[0]}]", int(d.array("labels")[bad[0]]), "a state of this descriptor"
            )


def _sparse_errors(d: Descriptor, table: str) -> Iterator[PolystateError]:
    """[DSC-30], [DSC-31], [DSC-34]: rows of deltas and absent."""
    site, state = d.column(table, "site").astype(np.int64), d.column(table, "state").astype(np.int64)
    known = (d.column("states", "site").astype(np.int64) << 32) + d.column("states", "state")
    bad = np.flatnonzero(~np.isin((site << 32) + state, known))
    if len(bad):
        yield UnknownState(
            f"{d.path}/{table}[{bad[0]}]", f"site {site[bad[0]]} state {state[bad[0]]}", "a row of states"
        )
        return
    where = f"{d.path}/{table}/atom_id"
    rows = d.rows_of_ids(d.column(table, "atom_id"), where)
    kept = np.flatnonzero(rows >= 0)
    bad = kept[d.label_of_atom[rows[kept]] != site[kept]]
    if len(bad):
        atom = int(d.column(table, "atom_id")[bad[0]])
        yield AtomOutsideScope(f"{where}[{bad[0]}]", f"atom_id {atom}", f"an atom of site {site[bad[0]]}")
    if table == "deltas":
        moved = np.stack([d.column("deltas", c) for c in ("dx", "dy", "dz")], axis=1)
        bad = np.flatnonzero((moved == 0).all(axis=1))
        if len(bad):
            yield ZeroRow(f"{d.path}/deltas[{bad[0]}]", "0, 0, 0", "no row for an atom that stays")


def _both_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[DSC-35] An atom moved and absent in one state."""
    names = ("site", "state", "atom_id")
    moved = set(zip(*(d.column("deltas", n).tolist() for n in names), strict=True))
    for row, key in enumerate(zip(*(d.column("absent", n).tolist() for n in names), strict=True)):
        if key in moved:
            yield DuplicateRow(f"{d.path}/absent[{row}]", f"atom_id {key[2]}, also in deltas", "one of the two")
            return


def _outside_errors(d: Descriptor, rows: np.ndarray, where: str) -> Iterator[PolystateError]:
    kept = np.flatnonzero(rows >= 0)
    bad = kept[d.label_of_atom[rows[kept]] < 0]
    if len(bad):
        atom = int(d.array("atom_id")[bad[0]])
        yield AtomOutsideScope(f"{where}[{bad[0]}]", f"atom_id {atom}", "an atom of the descriptor's scope")


def _offset_errors(d: Descriptor) -> Iterator[PolystateError]:
    if d.offset is not None:
        rotation = d.offset[0]
        if not (np.abs(rotation @ rotation.T - np.eye(3)).max() <= TOLERANCE and np.linalg.det(rotation) > 0):
            yield QuaternionNorm(f"{d.path}#/reference/offset/rotation", rotation.tolist(), "a proper rotation")


def _tls_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[TLS-5] Amplitude and matrices that contradict each other."""
    steps = d.array("tls") if d.axis is not None else d.array("tls")[None]
    group, xyz = d.label_of_atom.astype(np.int64), d.dep.x_ref
    if (group < 0).any() or (group[1:] < group[:-1]).any():
        order = np.argsort(group, kind="stable")[np.count_nonzero(group < 0) :]
        group, xyz = group[order], xyz[order]
    counts = np.bincount(group, minlength=d.n_labels)
    xyz = d.to_fitted(xyz)
    for step, tls in enumerate(steps):
        mean = _mean_trace(tls, group, xyz, counts) / 3
        off = (tls[:, 20] != 0) & (counts > 0) & (np.abs(mean - 1) > TOLERANCE)
        stray = (tls[:, 20] == 0) & (tls[:, :20] != 0).any(axis=1)
        for row in np.flatnonzero(off | stray)[:1]:
            place = f"{d.path}/tls[{row}]" if d.axis is None else f"{d.path}/tls[{step}][{row}]"
            if stray[row]:
                yield TlsNotNormalised(place, "amplitude 0 with T, L or S", "T = L = S = 0")
            else:
                yield TlsNotNormalised(place, f"mean trace / 3 of {mean[row]:.9g}", "1 within 1e-6")
            return


def _mean_trace(tls: np.ndarray, group: np.ndarray, xyz: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mean of Tr(T + K L Kᵀ + K S + Sᵀ Kᵀ) of each group's atoms, (G,), from means of r and r rᵀ.

    group: (n,) ascending; xyz: (n, 3) Å."""
    some = np.flatnonzero(counts)
    begin = (np.cumsum(counts) - counts)[some]

    def mean(values: np.ndarray) -> np.ndarray:
        means = np.zeros(len(tls))
        if len(some):
            means[some] = np.add.reduceat(values, begin) / counts[some]
        return means

    x, y, z = (values - tls[group, 21 + k] for k, values in enumerate(xyz.T))
    xx, yy, zz = mean(x * x), mean(y * y), mean(z * z)
    xy, xz, yz = mean(x * y), mean(x * z), mean(y * z)
    x, y, z = mean(x), mean(y), mean(z)
    l11, l22, l33, l12, l13, l23 = tls[:, 6:12].T
    _, s12, s13, s21, _, s23, s31, s32 = tls[:, 12:20].T
    turned = (yy + zz) * l11 + (xx + zz) * l22 + (xx + yy) * l33
    mixed = xy * l12 + xz * l13 + yz * l23
    screwed = x * (s32 - s23) + y * (s13 - s31) + z * (s21 - s12)
    return tls[:, 0:3].sum(axis=1) + turned - 2 * mixed + 2 * screwed


def _component_errors(d: Descriptor, stored: str) -> Iterator[PolystateError]:
    """[MEAN-12], [MEAN-21] Amplitudes or latent components, and as many as the basis or the first layer takes."""
    if not d.has(stored) and not d.table("latents"):
        yield MissingArray(f"{d.path}/{stored}", "nothing", "this array, or a table latents")
        return
    size = len(d.array("basis")) if d.has("basis") else d.array("w0").shape[1] if d.has("w0") else None
    found = d.array(stored).shape[-1] if d.has(stored) else len(d.column("latents", "component"))
    if size is not None and found != size:
        where = f"{d.path}/{stored if d.has(stored) else 'latents'}"
        yield WrongShape(where, f"{found} components", f"{size}")


def _mlp_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[MEAN-12] The last layer gives three numbers an atom; other shapes are checked by the schema."""
    last = max((name for name in d.group.arrays if name[:1] == "w" and name[1:].isdigit()), key=lambda n: int(n[1:]))
    width = d.array(last).shape[0]
    if width != 3 * len(d.array("atom_id")):
        yield WrongShape(f"{d.path}/{last}", f"{width} outputs", f"{3 * len(d.array('atom_id'))}, three an atom")


# -- between descriptors ---------------------------------------------------------------------------------


def state_errors(dep: Deposition) -> Iterator[PolystateError]:
    """Conditions, cycles, populations and draw keys of all discrete descriptors."""
    yield from (error for error in dep.states.check() if isinstance(error, PolystateError))
    for d in dep.descriptors.values():
        if not d.is_discrete and d.table("conditions"):
            dep.conditions(d)
    yield from _independence_errors(dep)
    axes: dict[str, str] = {}
    for d in dep.descriptors.values():
        name = d.document.get("state_axis")
        if name is not None and axes.setdefault(name, d.id) != d.id:
            yield UnsupportedCombination(f"{d.path}#/state_axis", f"{name}, also of {axes[name]}", "one bundle an axis")
    for d in dep.descriptors.values():  # [AXI-22]
        if d.is_discrete and d.axis is not None and d.axis in axes:
            found = f"{d.axis}, the state axis of {axes[d.axis]}"
            yield UnsupportedCombination(f"{d.path}#/sample_axis", found, "conditions on the states of the bundle")
    keys, owners = [], []
    for d in dep.descriptors.values():
        for table in ("variables", "latents"):
            if d.table(table):
                keys += d.column(table, "draw_key").tolist()
                owners += [f"{d.path}/{table}/draw_key[{k}]" for k in range(len(d.column(table, "draw_key")))]
    first: dict[int, str] = {}
    for key, owner in zip(keys, owners, strict=True):
        if first.setdefault(key, owner) != owner:
            yield DuplicateDrawKey(owner, f"{key}, also at {first[key]}", "a key of its own")
            return


def _independence_errors(dep: Deposition) -> Iterator[PolystateError]:
    """[DAG-12]"""
    dag = dep.states.dag
    for v in dag.conditional:
        d = dep.descriptors[dag.descriptor(v)]
        others = {dag.descriptor(p) for p in dag.parents(v)} - {d.id}
        if d.algebra == "independent" and others:
            yield UnsupportedCombination(
                f"{d.path}#/algebra", f"independent, nested under {min(others)}", "nested_under"
            )
            return


def cross_errors(dep: Deposition) -> Iterator[PolystateError]:
    """Rules between descriptors that touch the same atoms."""
    known = [d for d in dep.descriptors.values() if d.signal_type != "unknown"]
    yield from _absolute_errors(dep, [d for d in known if d.is_absolute])
    yield from _adp_errors(dep, [d for d in known if d.is_gaussian])
    yield from _transform_errors(dep, [d for d in known if d.is_transform])


def always_active(d: Descriptor) -> bool:
    """Whether no joint state switches the descriptor off."""
    return d.active_when == ALWAYS and (not d.is_discrete or bool((d.column("states", "condition") == ALWAYS).all()))


def _absolute_errors(dep: Deposition, found: list[Descriptor]) -> Iterator[PolystateError]:
    """[MEAN-5]"""
    owner = np.full(dep.n_atoms, -1)
    always = [d for d in found if always_active(d)]
    for k, d in enumerate(always):
        shared = np.flatnonzero(d.covered & (owner >= 0))
        if len(shared):
            atom = int(dep.hierarchy.atom_id[shared[0]])
            other = always[owner[shared[0]]].id
            yield AbsoluteConflict(d.path, f"atom_id {atom} also from {other}", "one absolute source an atom")
            return
        owner[d.covered] = k


def _adp_errors(dep: Deposition, found: list[Descriptor]) -> Iterator[PolystateError]:
    """[ADP-7]"""
    for d in found:
        if d.document.get("adp_content") == "total":
            for other in found:
                shared = np.flatnonzero(d.covered & other.covered) if other is not d else np.zeros(0)
                if len(shared):
                    atom = int(dep.hierarchy.atom_id[shared[0]])
                    expected = "adp_content residual, or no other Gaussian descriptor"
                    yield AdpCountedTwice(d.path, f"total beside {other.id} on atom_id {atom}", expected)
                    return


def _transform_errors(dep: Deposition, found: list[Descriptor]) -> Iterator[PolystateError]:
    """[MEAN-19]"""
    for k, d in enumerate(found):
        for other in found[k + 1 :]:
            both = np.flatnonzero((d.label_of_atom >= 0) & (other.label_of_atom >= 0))
            pairs, shared = np.unique(
                np.stack([d.label_of_atom[both], other.label_of_atom[both]]), axis=1, return_counts=True
            )
            sizes = [np.bincount(x.label_of_atom[x.label_of_atom >= 0], minlength=x.n_labels) for x in (d, other)]
            smaller = np.minimum(sizes[0][pairs[0]], sizes[1][pairs[1]])
            if (shared < smaller).any():
                a, b = pairs[:, int(np.argmax(shared < smaller))]
                found_here = f"label {a} and label {b} of {other.id} share atoms"
                yield ScopeOverlap(d.path, found_here, "one inside the other, or no atom in common")


# -- warnings --------------------------------------------------------------------------------------------


def warnings(dep: Deposition) -> list[dict[str, str]]:
    """What is doubtful but not wrong."""
    from polystate_schemas.schema import kind_of_path, unknown_keys

    result = []
    for path, group in dep.tree.items():
        kind = "deposition" if path == "" else kind_of_path(path)
        for pointer in unknown_keys(kind, dict(group.attributes)) if kind else []:
            result.append(warning("schema", "unknown-key", f"{path}#{pointer}", "kept and ignored"))
    gaussians = [d for d in dep.descriptors.values() if d.is_gaussian]
    for d in dep.descriptors.values():
        if d.signal_type == "unknown":
            result.append(warning("semantic", "unknown-signal", d.path, "signal_type unknown: ignored by evaluation"))
        if d.document.get("adp_content") == "unknown":
            if any((d.covered & o.covered).any() for o in gaussians if o is not d):
                message = "adp_content unknown beside another Gaussian descriptor: summed"
                result.append(warning("semantic", AdpCountedTwice.code, d.path, message))
    return result


def warning(stage: str, code: str, where: str, message: str) -> dict[str, str]:
    """A warning in the shape in which it is printed."""
    return {"stage": stage, "code": code, "where": where, "message": message}


def stale(dep: Deposition) -> Iterator[Stale]:
    """Descriptors whose inputs changed since they were made."""
    from polystate.digest import partial_digest

    for d in dep.descriptors.values():
        derived = d.document.get("derived_from") or {}
        for entry in derived.get("inputs", []):
            found = partial_digest(dep.tree, entry["path"])
            if entry.get("hash") not in (None, found):
                yield Stale(d.path, f"{entry['path']} is now {found}", f"{entry['hash']}, as when it was made")


def covariance_warning(dep: Deposition, u: np.ndarray, rows: np.ndarray) -> dict[str, str] | None:
    """[COV-9] A warning that names the atoms whose U no motion has."""
    bad = indefinite(u)
    if not len(bad):
        return None
    ids = dep.hierarchy.atom_id[rows[bad]]
    few = ", ".join(map(str, ids[:5].tolist()))
    message = f"U of {len(bad)} atoms is not positive semi-definite; atom_id {few}"
    return warning("evaluate", "not-positive-semidefinite", "descriptors", message)
