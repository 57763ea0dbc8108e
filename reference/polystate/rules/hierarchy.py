"""Atoms, residues, chains, entities, bonds and assemblies (chapter 2), and the reference that they stand in (12)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polystate.errors import (
    DanglingRow,
    DuplicateDrawKey,
    DuplicateId,
    DuplicateRow,
    OutOfRange,
    PolystateError,
    SchemaError,
    UnsortedRows,
    WrongShape,
)
from polystate.model.model import Model
from polystate.rules import payloads
from polystate.store.tree import Group, Tree
from polystate.structure.hierarchy import TABLES

TABULAR = (*TABLES.values(), "bonds", "ncs")
POINTERS = (  # column, the table of its rows, whether -1 may stand for none
    ("hierarchy/atoms", "residue", "hierarchy/residues", False),
    ("hierarchy/residues", "chain", "hierarchy/chains", False),
    ("hierarchy/chains", "entity", "hierarchy/entities", True),
    ("hierarchy/bonds", "atom_a", "hierarchy/atoms", False),
    ("hierarchy/bonds", "atom_b", "hierarchy/atoms", False),
)
READABLE = (DuplicateId, DuplicateRow, OutOfRange, UnsortedRows)  # columns with these can still be looked things up in


def table_errors(dep: Model, sizes: dict[str, int]) -> Iterator[PolystateError]:
    """[HIE-1] to [HIE-3], [HIE-7], [HIE-17] to [HIE-19]: each table by itself; `sizes` gains the rows of each.

    `sizes` is empty in the end where columns are not what they are called, so that nothing can be looked up in them."""
    tree, whole = dep.tree, True
    for table in TABULAR:
        path = f"hierarchy/{table}"
        if path in tree:
            local: dict[str, int] = {}
            for error in payloads.array_errors(tree, path, payloads.payload(table), local):
                yield error
                whole &= isinstance(error, READABLE)
            if whole:
                yield from _vocabulary_errors(dep, path, table)
            sizes[path] = next(iter(local.values()), 0)
    if not whole:
        sizes.clear()


def column_errors(tree: Tree, table: str, name: str) -> Iterator[PolystateError]:
    """What is wrong with one column before it is used: its type, length and range, and where its rows point."""
    path, described = f"hierarchy/{table}", payloads.payload(table)
    if name not in described["arrays"]:
        return
    first = next(n for n, about in described["arrays"].items() if about["required"])
    arrays = {n: described["arrays"][n] for n in dict.fromkeys((first, name))}
    unique = [key for key in described.get("unique", []) if key == [name]]
    failed = False
    for error in payloads.array_errors(tree, path, {"arrays": arrays, "unique": unique}, {}):
        yield error
        failed = True
    for above, column, target, none in POINTERS:
        if (above, column) == (path, name) and not failed:
            rows = next(iter(tree[target].arrays), None) if target in tree else None
            size = payloads.shape(tree, target, rows)[0] if rows is not None else 0
            yield from payloads.row_errors(f"{path}/{name}", tree[path].arrays[name], size, none)


def reference_errors(tree: Tree, n_atoms: int) -> Iterator[PolystateError]:
    """[REF-1] What is wrong with the coordinates of the reference."""
    yield from payloads.array_errors(tree, "reference", payloads.payload("reference"), {"N": n_atoms})


def errors(dep: Model, sizes: dict[str, int]) -> Iterator[PolystateError]:
    """[HIE-4] to [HIE-6] and the rest of the chapter, over tables of these many rows."""
    tree = dep.tree
    for path, column, target, none in POINTERS:
        if path in tree and column in tree[path].arrays:
            yield from payloads.row_errors(f"{path}/{column}", tree[path].arrays[column], sizes.get(target, 0), none)
    if "hierarchy/bonds" in tree:
        yield from _bond_errors(tree)
    cell = tree["hierarchy"].attributes.get("cell", {}) if "hierarchy" in tree else {}
    for name in ("a", "b", "c"):
        if cell.get(name, 0) > payloads.LARGEST:
            yield OutOfRange(f"hierarchy#/cell/{name}", cell[name], "at most 10^9")  # STO-60
    yield from reference_errors(tree, sizes.get("hierarchy/atoms", 0))
    for path in (p for p in tree if p.startswith("hierarchy/assemblies/") or p == "hierarchy/ncs"):
        if "operators" in tree[path].arrays:
            yield from _affine_errors(f"{path}/operators", tree[path].arrays["operators"])
    if "hierarchy/ncs" in tree:
        yield from _ncs_errors(tree["hierarchy/ncs"])
    for path in (p for p in tree if p.startswith("hierarchy/assemblies/")):
        yield from _assembly_errors(tree, path, sizes.get("hierarchy/chains", 0))


def _assembly_errors(tree: Tree, path: str, chains: int) -> Iterator[PolystateError]:
    """[HIE-14], [HIE-20]: which chains an assembly copies by which operators."""
    local: dict[str, int] = {}
    yield from payloads.array_errors(tree, path, payloads.payload("assembly"), local)
    for column, size in (("chain", chains), ("operator", local.get("K", 0))):
        if column in tree[path].arrays:
            yield from payloads.row_errors(f"{path}/{column}", tree[path].arrays[column], size)


def _ncs_errors(ncs: Group) -> Iterator[PolystateError]:
    """[HIE-23] One word an operator on whether its copy is among the atoms."""
    given, operators = len(ncs.attributes.get("given", ())), len(ncs.arrays["operators"])
    if given != operators:
        yield WrongShape("hierarchy/ncs#/given", f"{given} booleans", f"{operators}, one an operator")


def draw_key_errors(dep: Model) -> Iterator[PolystateError]:
    """[RNG-7] Two atoms with one draw key."""
    if not dep.hierarchy.has("atoms", "draw_key"):
        return
    values, counts = np.unique(dep.hierarchy.column("atoms", "draw_key"), return_counts=True)
    if len(values) and counts.max() > 1:
        where, twice = "hierarchy/atoms/draw_key", int(values[counts.argmax()])
        yield DuplicateDrawKey(where, twice, "a key of its own for each atom")


def _affine_errors(where: str, operators: np.ndarray) -> Iterator[PolystateError]:
    """[HIE-13] The last row of an operator (K, 4, 4) is 0, 0, 0, 1."""
    if operators.ndim == 3 and operators.shape[1:] == (4, 4):
        bad = np.flatnonzero((operators[:, 3] != [0, 0, 0, 1]).any(axis=1))
        if len(bad):
            yield OutOfRange(f"{where}[{bad[0]}]", operators[bad[0], 3].tolist(), "a last row of 0, 0, 0, 1")


def _bond_errors(tree: Tree) -> Iterator[PolystateError]:
    """[HIE-21] Bonds of an atom with itself, or from a later atom to an earlier one."""
    bonds = tree["hierarchy/bonds"].arrays
    bad = np.flatnonzero(bonds["atom_a"] >= bonds["atom_b"])
    if len(bad):
        row = int(bad[0])
        found = f"atom_a {bonds['atom_a'][row]}, atom_b {bonds['atom_b'][row]}"
        yield UnsortedRows(f"hierarchy/bonds[{row}]", found, "atom_a below atom_b")


def _vocabulary_errors(dep: Model, path: str, kind: str) -> Iterator[PolystateError]:
    """[HIE-8] to [HIE-11]: the words of the text columns of a table, and the codes that point at them."""
    group = dep.tree[path]
    for column, about in payloads.payload(kind)["arrays"].items():
        word_list = about.get("vocabulary")
        if not word_list or column not in group.arrays:
            continue
        words = group.attributes.get("vocabularies", {}).get(word_list)
        where = f"{path}#/vocabularies/{word_list}"
        if not isinstance(words, list):
            yield SchemaError(where, words, "a list of texts")  # HIE-8
            continue
        encoded = [str(w).encode("utf-8", "surrogatepass") for w in words]
        if len(set(encoded)) != len(encoded):
            yield DuplicateRow(where, "a word twice", "each word once")  # HIE-8
        elif encoded != sorted(encoded):
            yield UnsortedRows(where, "words out of order", "ascending UTF-8 bytes")  # HIE-9
        codes = group.arrays[column]
        yield from payloads.row_errors(f"{path}/{column}", codes, len(words), none=True)  # HIE-10
        unused = np.setdiff1d(np.arange(len(words)), codes)
        if len(unused):
            unread = f"{words[int(unused[0])]!r}, which no row uses"
            yield DanglingRow(where, unread, "only words in use")  # HIE-11
