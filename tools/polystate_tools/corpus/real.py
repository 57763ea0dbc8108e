"""The entries of the corpus that are built from real files."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from polystate.store.tree import Group, Tree
from polystate.structure.hierarchy import Hierarchy
from polystate_tools.corpus import echt
from polystate_tools.corpus.entry import Entry
from polystate_tools.corpus.files import REAL

SPIKE = "Walls et al. 2020, doi:10.1016/j.cell.2020.02.058; PDB entry 6VXX"
PAPER = "Pearce & Gros 2021, Nature Communications 12"
LEVELS = ("molecule", "domain", "secondary_structure")


def entries() -> Iterator[Entry]:
    """Every entry built from files of the Protein Data Bank."""
    files = ("echt/6vxx.pdb", "echt/6vxx-levels.csv")
    yield Entry("6vxx", "SARS-CoV-2 spike, closed: B-factors and five scopes", files, spike, citation=SPIKE)
    for name, (found, build) in echt.ENTRIES.items():
        yield Entry(name, f"{name[:4]} decomposed into levels of disorder", found, build, citation=PAPER, fitted=True)
    for real in REAL:
        yield Entry(real.name, real.title, (real.file,), partial(_first, real.build), citation=real.citation)


def _first(build: Callable[[Path], Tree], sources: tuple[Path, ...]) -> Tree:
    return build(sources[0])


def spike(sources: tuple[Path, ...]) -> Tree:
    """6vxx with its B-factors and groupings at five scales, from the molecule to the atom."""
    from polystate_tools.formats import import_file

    structure, levels = sources
    tree = dict(import_file(structure)[0])
    return {**tree, **level_groupings(tree, levels)}


def level_groupings(tree: Tree, path: Path) -> dict[str, Group]:
    """Groupings `levels.<level>/v1` from a table with the columns chain, residue, atom and one a level."""
    hierarchy = Hierarchy(tree)
    residue = hierarchy.of_atoms("residue")
    chain = hierarchy.text("chains", "auth_asym")[hierarchy.of_atoms("chain")]
    numbers = hierarchy.column("residues", "auth_seq")[residue]
    codes = hierarchy.text("residues", "ins")[residue]
    names = hierarchy.text("atoms", "name")
    place = {(c, f"{n}{i}", a): row for row, (c, n, i, a) in enumerate(zip(chain, numbers, codes, names, strict=True))}
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    child = np.array([place[r["chain"], r["residue"], r["atom"]] for r in rows], np.int32)
    order = np.argsort(child)
    child = child[order]
    groups = {}
    for level in LEVELS:
        number = np.array([int(r[level]) for r in rows])[order]
        values, first, parent = np.unique(number, return_index=True, return_inverse=True)
        last = len(number) - 1 - np.unique(number[::-1], return_index=True)[1]
        ends = [(hierarchy.node_label("residue", int(residue[child[k]]))) for k in (*first, *last)]
        labels = [f"{a} to {b}" for a, b in zip(ends[: len(values)], ends[len(values) :], strict=True)]
        groups[f"groupings/levels.{level}/v1"] = Group(
            {"kind": "heterogeneity_scope", "child_level": "atom", "labels": labels},
            {"child": child, "parent": parent.astype(np.int32)},
        )
    for level, nodes in (("residue", residue[child]), ("atomic", child)):
        label, parent = np.unique(nodes, return_inverse=True)
        groups[f"groupings/levels.{level}/v1"] = Group(
            {"kind": "heterogeneity_scope", "child_level": "atom", "label_level": level.replace("atomic", "atom")},
            {"child": child, "parent": parent.astype(np.int32), "label": label.astype(np.int32)},
        )
    return groups
