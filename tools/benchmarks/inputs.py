"""Depositions that the benchmarks measure: 6vxx under five levels, and made-up ones of any size."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polystate.numbers.tensors import EIGHT_PI_SQUARED
from polystate.store.tree import Group
from polystate_schemas.registry import entries

LEVELS = ("molecule", "domain", "secondary_structure", "residue_group")
DATA = Path(os.environ.get("POLYSTATE_DATA", "../shared/data"))


def six_components(m: np.ndarray) -> np.ndarray:
    """(..., 3, 3) as 11, 22, 33, 12, 13, 23."""
    return np.stack([m[..., i, j] for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))], -1)


def random_tls(label: np.ndarray, n_groups: int, xyz: np.ndarray, mean_u: float, seed: int) -> np.ndarray:
    """Physical TLS rows (G, 24), normalised over their atoms: a third of the disorder is rotation."""
    rng = np.random.default_rng(seed)
    inside = label >= 0
    count = np.maximum(np.bincount(label[inside], minlength=n_groups), 1)
    centre = np.stack([np.bincount(label[inside], xyz[inside, k], n_groups) for k in range(3)], 1) / count[:, None]
    r = xyz[inside] - centre[label[inside]]
    spread = np.bincount(label[inside], (r**2).sum(1), n_groups) / count + 1.0
    joint = np.zeros((n_groups, 6, 6))  # rotation then translation: a covariance, so that every U is one
    half = rng.normal(size=(n_groups, 6, 8)) / np.sqrt(8)
    half[:, :3] *= np.sqrt(0.3 / spread)[:, None, None]
    joint = half @ np.swapaxes(half, 1, 2)
    s = joint[:, :3, 3:]
    s = s - np.trace(s, axis1=1, axis2=2)[:, None, None] / 3 * np.eye(3)
    rows = np.zeros((n_groups, 24))
    rows[:, 0:6], rows[:, 6:12] = six_components(joint[:, 3:, 3:]), six_components(joint[:, :3, :3])
    rows[:, 12:20] = s.reshape(-1, 9)[:, :8]
    rows[:, 21:24] = centre + rng.normal(size=(n_groups, 3))
    scale = mean_trace(rows, label[inside], xyz[inside], count) / 3
    scale[scale == 0] = 1.0
    rows[:, :20] /= scale[:, None]
    rows[:, 20] = mean_u * rng.uniform(0.5, 1.5, n_groups)
    return rows


def mean_trace(rows: np.ndarray, group: np.ndarray, xyz: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The mean of Tr U of the atoms of each group under TLS rows (G, 24), (G,)."""

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(group, values, len(rows)) / count

    x, y, z = (xyz[:, k] - rows[group, 21 + k] for k in range(3))
    l11, l22, l33, l12, l13, l23 = rows[:, 6:12].T
    _, s12, s13, s21, _, s23, s31, s32 = rows[:, 12:20].T
    xx, yy, zz = mean(x * x), mean(y * y), mean(z * z)
    turned = (yy + zz) * l11 + (xx + zz) * l22 + (xx + yy) * l33
    mixed = mean(x * y) * l12 + mean(x * z) * l13 + mean(y * z) * l23
    screwed = mean(x) * (s32 - s23) + mean(y) * (s13 - s31) + mean(z) * (s21 - s12)
    return rows[:, 0:3].sum(axis=1) + turned - 2 * mixed + 2 * screwed


def deposition(
    xyz: np.ndarray,
    residue: np.ndarray,
    chain_of_residue: np.ndarray,
    levels: Mapping[str, np.ndarray],
    b: np.ndarray | None,
    names: Sequence[str] = ("CA",),
    name: np.ndarray | None = None,
) -> dict[str, Group]:
    """A deposition with one TLS level a grouping of atoms, from the largest, and B-factors on top.

    xyz: (N, 3) Å; residue: (N,); levels: {name: (N,) labels}; b: (N,) Å² or None; name: (N,) codes into names."""
    tree, i4 = _ground(xyz, residue, chain_of_residue, names, name), np.int32
    for k, (level, label) in enumerate(levels.items()):
        child = np.flatnonzero(label >= 0).astype(i4)
        groups = int(label.max()) + 1
        tree[f"groupings/bench.{level}/v1"] = Group(
            {"kind": "heterogeneity_scope", "child_level": "atom", "labels": [str(g) for g in range(groups)]},
            {"child": child, "parent": label[child].astype(i4)},
        )
        rows = random_tls(label, groups, xyz, 0.1, k)
        tree[f"descriptors/{level}"] = Group(
            gaussian(level, {"grouping": f"bench.{level}/v1"}, "tls_v1"), {"tls": rows}
        )
    if b is not None:
        n = len(xyz)
        arrays = {"atom_id": np.arange(1, n + 1, dtype=np.uint32), "condition": np.full(n, -1, i4), "b": b}
        tree["descriptors/atomic"] = Group(gaussian("atomic", {"level": "atom"}, "iadp_v1"), arrays)
    return tree


def _ground(
    xyz: np.ndarray, residue: np.ndarray, chain_of_residue: np.ndarray, names: Sequence[str], name: np.ndarray | None
) -> dict[str, Group]:
    """Everything of a deposition but what varies."""
    n, n_residues = len(xyz), len(chain_of_residue)
    n_chains = int(chain_of_residue.max()) + 1
    i4 = np.int32
    chains = sorted(f"c{k}" for k in range(n_chains))
    return {
        "": Group({"format_version": "0.1.0", "title": "benchmark"}),
        "hierarchy/atoms": Group(
            {"vocabularies": {"name": list(names)}},
            {
                "atom_id": np.arange(1, n + 1, dtype=np.uint32),
                "residue": residue.astype(i4),
                "name": np.zeros(n, i4) if name is None else name.astype(i4),
                "element": np.full(n, 6, np.uint8),
                "charge": np.zeros(n, np.int8),
            },
        ),
        "hierarchy/residues": Group(
            {"vocabularies": {"comp": ["ALA"], "ins": [""]}},
            {
                "chain": chain_of_residue.astype(i4),
                "comp": np.zeros(n_residues, i4),
                "label_seq": np.arange(1, n_residues + 1, dtype=i4),
                "auth_seq": np.arange(1, n_residues + 1, dtype=i4),
                "ins": np.zeros(n_residues, i4),
            },
        ),
        "hierarchy/chains": Group(
            {"vocabularies": {"label_asym": chains, "auth_asym": chains}},
            {"entity": np.zeros(n_chains, i4)}
            | {c: np.arange(n_chains, dtype=i4) for c in ("label_asym", "auth_asym")},
        ),
        "hierarchy/entities": Group(
            {"vocabularies": {"type": ["polymer"], "description": [""], "sequence": [""]}},
            {c: np.zeros(1, i4) for c in ("type", "description", "sequence")},
        ),
        "reference": Group({}, {"x_ref": np.asarray(xyz, np.float64)}),
        "provenance/benchmark": Group(
            {"id": "benchmark", "kind": "import", "software": [{"name": "benchmark", "version": "1"}]}
            | {"method": {"name": "random TLS"}}
        ),
    }


def gaussian(name: str, scope: Mapping[str, str], operator: str) -> dict[str, Any]:
    """The document of a Gaussian descriptor."""
    full = f"parametric_gaussian/{operator}"
    return {
        "id": name,
        "regime": "continuous",
        "mode": "C",
        "scope": dict(scope),
        "signal_type": "gaussian_disorder",
        "algebra": "additive_covariance",
        "operator": {"id": full, "venue": "registry", "hash": entries()[full].hash},
        "provenance": "benchmark",
    }


def protein(data: Path = DATA) -> dict[str, Group]:
    """6vxx (22 812 protein atoms) under molecule, domain, secondary structure, residue and atom.

    Positions and groups are the entry's; the TLS numbers are made up."""
    import gemmi

    with open(data / "echt" / "6vxx-levels.csv", newline="") as file:
        wanted = {(r["chain"], r["residue"], r["atom"]): [int(r[x]) for x in LEVELS] for r in csv.DictReader(file)}
    xyz, b, residue, name, label, chain_of_residue = [], [], [], [], [], []
    chains: dict[str, int] = {}
    for chain in gemmi.read_structure(str(data / "echt" / "6vxx.pdb"))[0]:
        for res in chain:
            rows = [(a, wanted.get((chain.name, str(res.seqid), a.name))) for a in res]
            rows = [(a, w) for a, w in rows if w is not None]
            if rows:
                chain_of_residue.append(chains.setdefault(chain.name, len(chains)))
            for atom, labels in rows:
                xyz.append(atom.pos.tolist())
                b.append(0.1 * atom.b_iso)
                name.append(atom.name)
                residue.append(len(chain_of_residue) - 1)
                label.append(labels)
    names = sorted(set(name))
    codes = np.array([names.index(x) for x in name])
    columns = np.array(label).T
    levels = dict(zip(LEVELS, columns, strict=True))
    return deposition(np.array(xyz), np.array(residue), np.array(chain_of_residue), levels, np.array(b), names, codes)


def made_up(n_atoms: int, n_groups: int, seed: int = 0, b: bool = True) -> dict[str, Group]:
    """Random positions in n_groups groups of neighbours, under one TLS level and B-factors."""
    rng = np.random.default_rng(seed)
    label = np.sort(np.arange(n_atoms) % n_groups)
    centre = rng.uniform(-100, 100, (n_groups, 3))
    xyz = centre[label] + rng.normal(scale=3.0, size=(n_atoms, 3))
    values = rng.uniform(5, 40, n_atoms) if b else None
    residue = np.arange(n_atoms) // 8
    return deposition(xyz, residue, np.zeros(residue[-1] + 1, int), {"group": label}, values)


SHAPES = ("independent", "runs of four", "one chain", "one star", "random forest")


def parents(n: int, shape: str) -> np.ndarray:
    """The variable that each of n variables is nested under, (n,), -1 = none."""
    own = np.arange(n)
    rng = np.random.default_rng(0)
    found = {
        "independent": np.full(n, -1),
        "runs of four": np.where(own % 4, own - 1, -1),
        "one chain": own - 1,
        "one star": np.where(own, 0, -1),
        "random forest": np.where(rng.random(n) < 0.01, -1, (own * rng.random(n)).astype(int)),
    }[shape]
    found[0] = -1
    return found


def discrete(n_states: int, shape: str = "runs of four") -> dict[str, Group]:
    """n_states states: pairs of alternates a residue; state b of a nested residue needs state a of its parent."""
    n_sites = max(1, n_states // 2)
    above = parents(n_sites, shape)
    nested = bool((above >= 0).any())
    xyz = np.zeros((n_sites, 3))
    xyz[:, 0] = np.arange(n_sites) * 3.8
    tree = deposition(xyz, np.arange(n_sites), np.zeros(n_sites, int), {}, None)
    site = np.repeat(np.arange(n_sites, dtype=np.int32), 2)
    state = np.tile(np.array([0, 1], np.int32), n_sites)
    condition = np.full(2 * n_sites, -1, np.int32)
    inner = (above[site] >= 0) & (state == 1)
    condition[inner] = site[inner]
    has = np.flatnonzero(above >= 0).astype(np.int32)
    table = {
        "site": site, "state": state, "label": ["a", "b"] * n_sites, "condition": condition,
        "population": np.tile([0.6, 0.4], n_sites), "deposited": np.full(2 * n_sites, np.nan),
        "source": ["fit"] * (2 * n_sites),
    }  # fmt: skip
    document = {
        "id": "alt", "regime": "discrete", "mode": "B", "scope": {"level": "residue"},
        "signal_type": "categorical_state", "algebra": "nested_under" if nested else "independent",
    }  # fmt: skip
    moved = np.arange(n_sites, dtype=np.int32)
    tables = {
        "states": table,
        "variables": {"site": moved, "draw_key": (4294967295 - moved.astype(np.int64)).astype(np.uint32)},
        "deltas": {
            "site": moved, "state": np.ones(n_sites, np.int32), "atom_id": (moved + 1).astype(np.uint32),
            "dx": np.zeros(n_sites), "dy": np.full(n_sites, 0.5), "dz": np.full(n_sites, -0.25),
        },
    }  # fmt: skip
    if nested:
        tables["conditions"] = {
            "condition": has, "parent": ["alt"] * len(has), "site": above[has].astype(np.int32),
            "state": np.zeros(len(has), np.int32),
        }  # fmt: skip
    tree["descriptors/alt"] = Group(document, {}, tables)
    return tree


def mean_b(u: np.ndarray) -> float:
    """The mean B of covariances (N, 3, 3), Å²."""
    return float(EIGHT_PI_SQUARED * np.trace(u, axis1=1, axis2=2).mean() / 3)
