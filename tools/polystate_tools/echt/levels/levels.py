"""The levels of a fit, from the largest to the smallest: which atom is in which group, and why.

Standard levels: molecule, chain, secondary_structure, residue, sidechain (backbone and side chain), atomic. Others
come from a YAML file of selections (`domains`) or ready from a CSV table (`table`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from polystate.errors import BadRequest, PolystateError
from polystate.structure.selection import mask
from polystate_tools.echt.errors import LevelIncomplete, LevelOverlap, UnknownLevel
from polystate_tools.echt.input import FitInput
from polystate_tools.echt.levels import secondary
from polystate_tools.echt.levels.domains import Domains, read_domains
from polystate_tools.echt.levels.names import once

DEFAULT = ("chain", "secondary_structure", "residue", "sidechain", "atomic")
STANDARD = ("molecule", *DEFAULT)
BACKBONE = ("N", "CA", "C", "O", "CB", "OXT")
WHOLE = ("GLY", "ALA", "PRO")  # no side chain of their own
LIGAND_REACH = 10.0  # Å


@dataclass
class Level:
    """labels: (n,) int group of each fitted atom, -1 = in none; names: one a group; notes: choices made."""

    name: str
    labels: np.ndarray
    names: list[str]
    notes: list[str]


def build_levels(data: FitInput, wanted: Sequence[str] | None = None, domains: Path | None = None) -> list[Level]:
    """Levels by name in the order given (largest first), without the atomic one, repeated groups dropped."""
    custom = read_domains(domains) if domains else {}
    if wanted is None:
        wanted = [*custom, *(n for n in DEFAULT if n not in custom and not (custom and n == "chain"))]
    once(list(wanted), "--levels")
    standard = [n for n in wanted if n in STANDARD and n not in custom]
    if standard != sorted(standard, key=list(STANDARD).index):
        raise BadRequest("--levels", ", ".join(wanted), "the largest first: " + ", ".join(STANDARD))
    if custom and not set(wanted) & set(custom):
        raise BadRequest(str(domains), "no level of it in --levels", "one of " + ", ".join(custom))
    levels = []
    for name in wanted:
        if name == "atomic":
            continue
        if name in custom:
            made = _selected(data, name, custom[name])
        elif name in STANDARD:
            made = {"molecule": _molecule, "chain": _chain, "secondary_structure": _secondary, "residue": _residue,
                    "sidechain": _sidechain}[name](data)  # fmt: skip
        else:
            raise UnknownLevel("--levels", name or "an empty name", "one of " + ", ".join([*STANDARD, *custom]))
        levels.append(made)
    return without_repeats(levels)


def without_repeats(levels: list[Level]) -> list[Level]:
    """Drop groups that repeat a larger level's group, groups of one atom (the atomic level's), and empty levels."""
    seen: set[bytes] = set()
    kept = []
    for level in levels:
        labels, notes = level.labels.copy(), list(level.notes)
        names: list[str] = []
        order = np.argsort(labels, kind="stable")
        bounds = np.searchsorted(labels[order], np.arange(len(level.names) + 1))
        repeated = single = 0
        for g in range(len(level.names)):
            members = order[bounds[g] : bounds[g + 1]]
            key = members.astype(np.int64).tobytes()
            if len(members) > 1 and key not in seen:
                seen.add(key)
                labels[members] = len(names)
                names.append(level.names[g])
            else:
                labels[members] = -1
                single += len(members) == 1
                repeated += len(members) > 1
        if repeated:
            notes.append(f"{repeated} groups repeat a larger level's and are dropped")
        if single:
            notes.append(f"{single} groups of one atom are left to the atomic level")
        if names:
            kept.append(Level(level.name, labels, unique(names), notes))
        elif kept:
            kept[-1].notes.append(f"level {level.name} has no group of its own and is dropped")
    if not kept and levels and (levels[0].labels >= 0).any():
        return [Level(levels[0].name, levels[0].labels, levels[0].names, levels[0].notes)]
    return kept


def unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return out


# -- standard levels ------------------------------------------------------------------------------------------
def residue_names(data: FitInput) -> np.ndarray:
    return np.array(data.dep.hierarchy.node_labels("residue"), dtype=object)


def _molecule(data: FitInput) -> Level:
    return Level("molecule", np.zeros(len(data.rows), np.int64), ["molecule"], [])


def _chain(data: FitInput) -> Level:
    h = data.dep.hierarchy
    chain = h.of_atoms("chain")[data.rows]
    labels, nodes = numbered(np.where(data.polymer, chain, -1))
    ids = h.text("chains", "auth_asym")
    labels, names, notes = _with_ligands(data, labels, [str(ids[int(k)]) for k in nodes])
    return Level("chain", labels, names, notes)


def _secondary(data: FitInput) -> Level:
    polymer = np.flatnonzero(data.polymer)
    if not len(polymer):
        labels, names, notes = _with_ligands(data, np.full(len(data.rows), -1), [])
        return Level("secondary_structure", labels, names, notes)
    residues, chain, xyz = secondary.backbone(data.dep, data.rows[polymer])
    segment = secondary.segments(chain, xyz)
    comp = data.dep.hierarchy.text("residues", "comp")[residues]
    states = secondary.assignment(chain, segment, comp, xyz)
    group, kinds = secondary.elements(states, segment)
    label = residue_names(data)
    names = []
    for g, kind in enumerate(kinds):
        members = residues[group == g]
        names.append(f"{label[members[0]]} to {label[members[-1]]} {kind}")
    labels = np.full(len(data.rows), -1, np.int64)
    labels[polymer] = group[np.searchsorted(residues, data.dep.hierarchy.of_atoms("residue")[data.rows[polymer]])]
    count = {k: kinds.count(k) for k in ("helix", "strand", "coil")}
    labels, names, notes = _with_ligands(data, labels, names)
    import mdtraj

    notes.append(
        f"DSSP by mdtraj {mdtraj.__version__}: {count['helix']} helices, {count['strand']} strands, "
        f"{count['coil']} stretches between; groups under 3 residues join the shorter neighbour; "
        f"{int(segment.max()) + 1} unbroken segments"
    )
    return Level("secondary_structure", labels, names, notes)


def _residue(data: FitInput) -> Level:
    labels, nodes = numbered(data.dep.hierarchy.of_atoms("residue")[data.rows])
    names = residue_names(data)
    return Level("residue", labels, [str(names[int(k)]) for k in nodes], [])


def _sidechain(data: FitInput) -> Level:
    h = data.dep.hierarchy
    residue = h.of_atoms("residue")[data.rows]
    comp = h.text("residues", "comp").astype(str)[residue]
    side = ~np.isin(h.text("atoms", "name")[data.rows].astype(str), BACKBONE)
    split = data.polymer & ~np.isin(comp, WHOLE)
    labels, nodes = numbered(np.where(split, 2 * residue + side, -1))
    names = residue_names(data)
    made = [f"{names[int(k) // 2]} {'side chain' if int(k) % 2 else 'backbone'}" for k in nodes]
    return Level("sidechain", labels, made, ["backbone is N, CA, C, O, CB, OXT; GLY, ALA, PRO are not split"])


def numbered(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels 0.. by order of appearance for keys >= 0 (-1 stays), and each label's key."""
    inside = np.flatnonzero(keys >= 0)
    values, first, inverse = np.unique(keys[inside], return_index=True, return_inverse=True)
    rank = np.empty(len(values), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(values))
    labels = np.full(len(keys), -1, np.int64)
    labels[inside] = rank[inverse]
    return labels, values[np.argsort(first, kind="stable")]


def _with_ligands(data: FitInput, labels: np.ndarray, names: list[str]) -> tuple[np.ndarray, list[str], list[str]]:
    """Each non-polymer residue joins the group of its nearest labelled polymer atom within reach, or stands alone."""
    others = np.flatnonzero(~data.polymer & (labels < 0))
    if not len(others):
        return labels, names, []
    from scipy.spatial import cKDTree

    labels, names = labels.copy(), list(names)
    residue = data.dep.hierarchy.of_atoms("residue")[data.rows]
    label_names = residue_names(data)
    known = np.flatnonzero(data.polymer & (labels >= 0))
    tree = cKDTree(data.xyz[known]) if len(known) else None
    joined = alone = 0
    for r in np.unique(residue[others]):
        members = others[residue[others] == r]
        distance, nearest = tree.query(data.xyz[members]) if tree else (np.array([np.inf]), np.array([0]))
        k = int(np.argmin(distance))
        if distance[k] <= LIGAND_REACH:
            labels[members] = labels[known[int(nearest[k])]]
            joined += 1
        else:
            labels[members] = len(names)
            names.append(str(label_names[r]))
            alone += 1
    return labels, names, [f"{joined} ligands join the nearest group within {LIGAND_REACH:.0f} Å, {alone} stand alone"]


# -- levels from files ----------------------------------------------------------------------------------------
def _selected(data: FitInput, name: str, domains: Domains) -> Level:
    labels = np.full(len(data.rows), -1, np.int64)
    names: list[str] = []
    for group, text in domains.groups.items():
        where = f"{domains.where}/groups/{group}"
        try:
            inside = mask(data.dep, text)[data.rows]
        except PolystateError as error:
            raise type(error)(where, error.found, error.expected) from None
        twice = np.flatnonzero(inside & (labels >= 0))
        if len(twice):
            atom = data.dep.hierarchy.node_label("atom", int(data.rows[twice[0]]))
            raise LevelOverlap(
                where,
                f"{len(twice)} atoms that are in {names[labels[twice[0]]]} already, such as {atom}",
                "groups of a level without common atoms",
            )
        if not inside.any():
            raise LevelIncomplete(where, "no fitted atom", "a selection of some")
        labels[inside] = len(names)
        names.append(group)
    labels, names, notes = _with_ligands(data, labels, names)
    rest = np.flatnonzero(labels < 0)
    if len(rest) and domains.rest == "group":
        labels[rest] = len(names)
        names.append("rest")
        notes.append(f"{len(rest)} atoms in no selection form the group rest")
    elif len(rest) and domains.rest == "none":
        notes.append(f"{len(rest)} atoms are in no group of this level, as the file says")
    elif len(rest):
        atom = data.dep.hierarchy.node_label("atom", int(data.rows[rest[0]]))
        raise LevelIncomplete(
            domains.where, f"{len(rest)} atoms in no group, such as {atom}",
            "selections that cover all, or rest: group, or rest: none",
        )  # fmt: skip
    if domains.source:
        notes.append(f"source: {domains.source}")
    return Level(name, labels, names, notes)
