"""The tables and arrays of one descriptor against each other. Each check names its sentence in `spec/`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from polystate.errors import (
    AtomOutsideScope,
    AxisLength,
    DanglingRow,
    DuplicateId,
    DuplicateRow,
    MissingArray,
    PickleRefused,
    PolystateError,
    QuaternionNorm,
    TlsNotNormalised,
    UnknownState,
    UnsupportedCombination,
    WrongShape,
    ZeroRow,
)
from polystate.model.descriptor import ALWAYS, Descriptor
from polystate.rules import payloads as checks
from polystate.states.conditions import distinct

TOLERANCE = 1e-6


def descriptor_errors(d: Descriptor, part: str) -> Iterator[PolystateError]:
    """What is wrong within one descriptor whose arrays and tables have the right shapes."""
    yield from _condition_errors(d)
    if d.is_discrete and d.table("states"):
        yield from _states_errors(d, part)
    if part in ("states", "labels"):
        return
    d.offset  # noqa: B018  refuses a reference that differs
    yield from _body_errors(d)
    yield from _offset_errors(d)
    if d.signal_type == "unknown":
        return  # [DSC-53]
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
    if d.procedure.placed == "groups" and d.document.get("normalised", True) is not False:
        yield from _tls_errors(d)
    if d.procedure.components:
        yield from _component_errors(d, d.procedure.components)
    if d.operator == "neural_decoder/mlp_v1":
        yield from _mlp_errors(d)


def _body_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[OPR-5], [OPR-6], [OPR-9]: an inline body that is missing, altered or a pickle; nothing is run."""
    operator = d.document.get("operator") or {}
    if operator.get("venue") == "inline":
        from polystate.artifacts.bodies import inline_body, is_pickle

        content, where = inline_body(d.ground.tree, str(operator.get("uri", "")), f"{d.path}#/operator/uri")
        if is_pickle(content):
            yield PickleRefused(where, "a pickle", "TorchScript or ONNX; pickles run code when they are read")


def _condition_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[DAG-6] Conditions that are used and have no row."""
    known = np.asarray(d.table("conditions").get("condition", []))
    used: list[tuple[str, np.ndarray]] = [(f"{d.path}#/active_when", np.array([d.active_when]))]
    known_signal = d.signal_type != "unknown"
    for table in ("states", "occupancy"):
        if d.table(table) and (table == "states" or known_signal):
            used.append((f"{d.path}/{table}/condition", d.column(table, "condition")))
    if known_signal and d.has("condition"):
        used.append((f"{d.path}/condition", d.array("condition")))
    for where, numbers in used:
        bad = np.flatnonzero(~np.isin(numbers, known) & (numbers != ALWAYS))
        if len(bad):
            place = where if "#" in where else f"{where}[{bad[0]}]"
            yield DanglingRow(place, int(numbers[bad[0]]), "-1 or a condition of the table conditions")


def _states_errors(d: Descriptor, part: str) -> Iterator[PolystateError]:
    site, state = d.column("states", "site"), d.column("states", "state")
    yield from checks.row_errors(f"{d.path}/states/site", site, d.n_labels)
    labels = d.table("states")["label"]
    row = _relabelled(site, state, labels)
    if row is not None:
        yield DuplicateId(f"{d.path}/states/label[{row}]", labels[row], "one label a state, one state a label")
    if d.table("variables") and not np.array_equal(d.column("variables", "site"), distinct(site)):
        yield DanglingRow(f"{d.path}/variables/site", "other sites", "exactly the sites of states, ascending")
    if d.document.get("state_axis") is not None:
        n = d.ground.axis(d.document["state_axis"], f"{d.path}#/state_axis").length
        if len(np.unique(site)) != 1:
            yield UnsupportedCombination(f"{d.path}/states", f"{len(np.unique(site))} sites", "one site")
        elif len(numbers := np.unique(state)) != n or not np.array_equal(numbers, np.arange(len(numbers))):
            yield AxisLength(f"{d.path}/states/state", f"{len(numbers)} states", f"0 to {n - 1}")
    if d.axis is not None and part != "states":
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
    group, xyz = d.label_of_atom.astype(np.int64), d.ground.x_ref
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


def _width(d: Descriptor) -> int | None:
    """How many components a basis or the first layer of a decoder takes; None where only its body knows."""
    return len(d.array("basis")) if d.has("basis") else d.array("w0").shape[1] if d.has("w0") else None


def component_count(d: Descriptor, stored: str) -> int:
    """How many components a valid basis or decoder has."""
    size = _width(d)
    if size is not None:
        return size
    return d.array(stored).shape[-1] if d.has(stored) else len(d.column("latents", "component"))


def _component_errors(d: Descriptor, stored: str) -> Iterator[PolystateError]:
    """[MEAN-12], [MEAN-21] Amplitudes or latent components, and as many as the basis or the first layer takes."""
    if not d.has(stored) and not d.table("latents"):
        yield MissingArray(f"{d.path}/{stored}", "nothing", "this array, or a table latents")
        return
    size = _width(d)
    if d.has(stored):
        found = d.array(stored).shape[-1]
        if size is not None and found != size:
            yield WrongShape(f"{d.path}/{stored}", f"{found} components", f"{size}")
            return
        size = found
    if d.table("latents"):
        component = d.column("latents", "component")
        size = len(component) if size is None else size
        if not np.array_equal(component, np.arange(size)):  # [MEAN-22], also where the array is stored
            yield DanglingRow(f"{d.path}/latents/component", component.tolist()[:5], f"0 to {size - 1}")


def _mlp_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[MEAN-12] The last layer gives three numbers an atom; that there is one, and other shapes, the schema says."""
    count = checks.layers(d.group.arrays)
    if not count:
        return
    last = f"w{count - 1}"
    width = d.array(last).shape[0]
    if width != 3 * len(d.array("atom_id")):
        yield WrongShape(f"{d.path}/{last}", f"{width} outputs", f"{3 * len(d.array('atom_id'))}, three an atom")
