"""Whether decoded fields fit together: counts that add up, one entry each, indices that exist."""

from __future__ import annotations

from typing import Any

import numpy as np

from polystate_tools.formats.mmtf import groups
from polystate_tools.formats.mmtf.errors import BadValue, CountMismatch, IndexOutOfRange, NonFinite, WrongLength
from polystate_tools.formats.mmtf.fields import BINARY
from polystate_tools.formats.mmtf.limits import Budget
from polystate_tools.formats.mmtf.structure import Structure


def check(made: Structure, budget: Budget) -> None:
    """Refuse what does not fit; note in `warnings` what real files are known to get wrong."""
    per_model, per_chain = made["chainsPerModel"], made["groupsPerChain"]
    _adds_up("numModels", made["numModels"], "chainsPerModel", per_model.size)
    _adds_up("numChains", made["numChains"], "groupsPerChain", per_chain.size)
    _adds_up("chainsPerModel", int(per_model.sum(dtype=np.int64)), "groupsPerChain", per_chain.size)
    types = made["groupTypeList"]
    _adds_up("groupsPerChain", int(per_chain.sum(dtype=np.int64)), "groupTypeList", types.size)
    _adds_up("numGroups", made["numGroups"], "groupTypeList", types.size)
    atoms, bonds = groups.count_atoms(types, groups.sizes(made["groupList"]), budget)
    _adds_up("numAtoms", made["numAtoms"], "groupTypeList", atoms)
    _lengths(made)
    _bonds(made, bonds)
    for name in ("xCoordList", "yCoordList", "zCoordList", "bFactorList", "occupancyList"):
        if name in made and (name not in made.encodings or made.encodings[name].codec == 1):
            _finite(made[name], name)  # quotients of integers are finite: only floats passed through can be NaN
    _chain_indices(made)


def _adds_up(name: str, value: int, other: str, expected: int) -> None:
    if value != expected:
        raise CountMismatch(name, value, f"{expected}, as {other} says")  # MMTF-41


def _finite(values: np.ndarray, name: str) -> None:
    if not np.isfinite(values).all():
        at = int(np.argmin(np.isfinite(values)))
        raise NonFinite(f"{name}[{at}]", values[at], "a finite number")  # MMTF-30


def _lengths(made: Structure) -> None:
    counts = {"atom": made["numAtoms"], "group": made["numGroups"], "chain": made["numChains"]}
    for name, spec in BINARY.items():
        if name not in made or spec.per == "bond":
            continue
        length, expected = len(made[name]), counts[spec.per]
        if length != expected and not (name == "secStructList" and length == _first_model_groups(made)):
            raise WrongLength(name, length, f"{expected}, one for each {spec.per}")  # MMTF-26


def _first_model_groups(made: Structure) -> int:
    """Secondary structure may be given for the first model only."""
    per_model = made["chainsPerModel"]
    first = int(per_model[0]) if per_model.size else 0
    return int(made["groupsPerChain"][:first].sum(dtype=np.int64))


def _bonds(made: Structure, within: int) -> None:
    atoms = made.get("bondAtomList")
    between = 0
    if atoms is not None:
        if atoms.size % 2:
            raise WrongLength("bondAtomList", atoms.size, "pairs of atoms")  # MMTF-28
        between = atoms.size // 2
        if atoms.size and (atoms.min() < 0 or atoms.max() >= made["numAtoms"]):
            at = int(np.argmax((atoms < 0) | (atoms >= made["numAtoms"])))
            raise IndexOutOfRange(f"bondAtomList[{at}]", atoms[at], f"an atom below {made['numAtoms']}")  # MMTF-27
    for name, allowed in (("bondOrderList", groups.BOND_ORDERS), ("bondResonanceList", groups.RESONANCES)):
        values = made.get(name)
        if values is None:
            continue
        if values.size != between:
            raise WrongLength(name, values.size, f"{between}, one for each pair in bondAtomList")
        good = np.zeros(256, bool)
        good[np.array(allowed, np.int8).view(np.uint8)] = True
        if not good[values.view(np.uint8)].all():
            at = int(np.argmin(good[values.view(np.uint8)]))
            raise BadValue(f"{name}[{at}]", values[at], f"one of {allowed}")  # MMTF-29
    if made["numBonds"] != within + between:
        made.warnings.append(f"numBonds: {made['numBonds']}, but {within} within and {between} between groups")


def _chain_indices(made: Structure) -> None:
    n = made["numChains"]
    for i, assembly in enumerate(made.get("bioAssemblyList", [])):
        for j, transform in enumerate(assembly["transformList"]):
            _in_chains(transform, n, f"bioAssemblyList[{i}].transformList[{j}]")
    for i, entity in enumerate(made.get("entityList", [])):
        _in_chains(entity, n, f"entityList[{i}]")


def _in_chains(holder: dict[str, Any], n: int, where: str) -> None:
    indices = holder["chainIndexList"]
    if indices and not 0 <= min(indices) <= max(indices) < n:
        at = next(i for i, index in enumerate(indices) if not 0 <= index < n)
        raise IndexOutOfRange(f"{where}.chainIndexList[{at}]", indices[at], f"a chain from 0 to {n - 1}")  # MMTF-43
