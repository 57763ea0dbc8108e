"""The states of a discrete descriptor, every coordinate listed or only what differs from x_ref."""

from __future__ import annotations

from typing import Any

import numpy as np

from polystate.errors import UnsupportedCombination
from polystate.model.descriptor import Descriptor

ROUNDING = 5e-13  # ångström; a smaller difference under an offset is rounding, and no row of its own


def pairs(d: Descriptor) -> list[tuple[int, int]]:
    """The distinct (site, state) of a discrete descriptor, in the order of its table: the rows of mode A."""
    site, state = d.column("states", "site").tolist(), d.column("states", "state").tolist()
    return list(dict.fromkeys(zip(site, state, strict=True)))


def enumerated(d: Descriptor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The states of a descriptor of mode A or B, every coordinate listed, in the frame it was fitted in.

    Returns atom_id (M,) as stored, xyz (S, M, 3) ångström, present (S, M) uint8."""
    if d.mode == "A":
        return d.array("atom_id"), np.asarray(d.array("xyz"), np.float64), d.array("present")
    if d.mode != "B":
        raise UnsupportedCombination(f"{d.path}#/mode", d.mode, "A or B")
    touched = [d.column(t, "atom_id") for t in ("deltas", "absent") if d.table(t)]
    atom_id = np.unique(np.concatenate(touched)) if touched else np.zeros(0, np.uint32)
    rows = d.rows_of_ids(atom_id, f"{d.path}/atom_id")
    atom_id, rows = atom_id[rows >= 0], rows[rows >= 0]
    row_of = {pair: k for k, pair in enumerate(pairs(d))}
    xyz = np.repeat(d.to_fitted(d.ground.x_ref[rows])[None], len(row_of), axis=0)
    present = np.ones((len(row_of), len(atom_id)), np.uint8)
    for name in ("deltas", "absent"):
        if not d.table(name):
            continue
        ids = d.column(name, "atom_id")
        kept = np.flatnonzero(np.isin(ids, atom_id))
        at = np.searchsorted(atom_id, ids[kept])
        keys = zip(d.column(name, "site")[kept].tolist(), d.column(name, "state")[kept].tolist(), strict=True)
        state = np.array([row_of[key] for key in keys], np.int64)
        if name == "deltas":
            xyz[state, at] += np.stack([d.column(name, c)[kept] for c in ("dx", "dy", "dz")], axis=1)
        else:
            present[state, at] = 0
    return atom_id, xyz, present


def sparse(d: Descriptor) -> dict[str, dict[str, Any]]:
    """The tables `deltas` and `absent` of a descriptor of mode A."""
    atom_id, xyz, present = enumerated(d)
    rows = d.rows_of_ids(atom_id, f"{d.path}/atom_id")
    known = np.flatnonzero(rows >= 0)
    known = known[np.argsort(atom_id[known], kind="stable")]  # rows of a table are in order of atom_id
    atom_id, xyz, present, rows = atom_id[known], xyz[:, known], present[:, known], rows[known]
    moved = xyz - d.to_fitted(d.ground.x_ref[rows])
    smallest = 0.0 if d.offset is None else ROUNDING
    label = d.label_of_atom[rows]
    deltas: list[tuple[int, int, np.ndarray, np.ndarray]] = []
    absent: list[tuple[int, int, np.ndarray]] = []
    for k, (site, state) in enumerate(pairs(d)):
        mine = label == site
        here = np.flatnonzero(mine & (present[k] != 0) & (np.abs(moved[k]).max(axis=1, initial=0.0) > smallest))
        deltas.append((site, state, atom_id[here], moved[k, here]))
        absent.append((site, state, atom_id[mine & (present[k] == 0)]))
    differences = np.concatenate([x[3] for x in deltas]) if deltas else np.zeros((0, 3))
    return {
        "deltas": {**_keys([x[:3] for x in deltas]), "dx": differences[:, 0].copy(), "dy": differences[:, 1].copy(),
                   "dz": differences[:, 2].copy()},
        "absent": _keys(absent),
    }  # fmt: skip


def _keys(rows: list[tuple[int, int, np.ndarray]]) -> dict[str, np.ndarray]:
    return {
        "site": _joined([np.full(len(ids), site) for site, _, ids in rows], np.int32),
        "state": _joined([np.full(len(ids), state) for _, state, ids in rows], np.int32),
        "atom_id": _joined([ids for *_, ids in rows], np.uint32),
    }


def _joined(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate([np.zeros(0, dtype), *parts]).astype(dtype)
