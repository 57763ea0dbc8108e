"""The group dictionary: each kind of residue once, with its atoms, elements, charges and bonds.

Entries are brought to the names of specification 1.0 and checked once, so that nothing later has to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import BadValue, CountMismatch, IndexOutOfRange, MissingField, WrongLength, WrongType
from .fields import GROUP_KEYS
from .limits import Budget

BOND_ORDERS = (-1, 1, 2, 3, 4)
RESONANCES = (-1, 0, 1)
CHARGES = (-128, 127)


def normalise(
    value: Any, dialect: str, optional: tuple[str, ...] = ()
) -> tuple[list[dict[str, Any]], list[int] | None]:
    """groupList as a list of dictionaries with 1.0 names; and, where it is a map, its keys in list order.

    The draft's text shows a map from key to group, its files a list; both are read. `optional` names keys that
    the form being read may leave out (the archive's JSON files have no elementList)."""
    keys = None
    if isinstance(value, dict):
        try:
            keys = sorted(int(key) for key in value)
        except ValueError:
            raise WrongType("groupList", "a key that is not a number", "integer keys") from None
        by_number = {int(key): group for key, group in value.items()}
        if len(by_number) != len(value):
            raise BadValue("groupList", "two keys for one number", "each number once")
        value = [by_number[key] for key in keys]
    if not isinstance(value, list):
        raise WrongType("groupList", type(value).__name__, "a list of groups")
    groups = []
    for i, group in enumerate(value):
        if not isinstance(group, dict):
            raise WrongType(f"groupList[{i}]", type(group).__name__, "a map")
        groups.append(_renamed(group, f"groupList[{i}]", dialect, optional))
    return groups, keys


def _renamed(group: dict[str, Any], where: str, dialect: str, optional: tuple[str, ...]) -> dict[str, Any]:
    made = dict(group)
    if "formalChargeList" not in made and "atomChargeList" in made:
        made["formalChargeList"] = made.pop("atomChargeList")
    for name, draft_name, required in GROUP_KEYS:
        if required and name not in made and name not in optional:
            shown = draft_name if dialect == "draft" and draft_name else name
            raise MissingField(f"{where}.{shown}", "nothing", "a required field")
        if name in made:
            if name.endswith("List"):
                check_list(made[name], f"{where}.{name}", str if name in ("atomNameList", "elementList") else int)
            elif not isinstance(made[name], str):
                raise WrongType(f"{where}.{name}", type(made[name]).__name__, "text")
    _check_lengths(made, where)
    return made


def check_list(value: Any, where: str, kind: type) -> None:
    """Refuse what is not a list of `kind` (booleans are not integers, integers are floats)."""
    if not isinstance(value, list):
        raise WrongType(where, type(value).__name__, f"a list of {kind.__name__}")
    if not set(map(type, value)) <= ({float, int} if kind is float else {kind}):
        accepted = (float, int) if kind is float else (kind,)
        at = next(i for i, item in enumerate(value) if type(item) not in accepted)
        raise WrongType(f"{where}[{at}]", type(value[at]).__name__, kind.__name__)


def _check_lengths(group: dict[str, Any], where: str) -> None:
    n = len(group["atomNameList"])
    for name in ("elementList", "formalChargeList"):
        if name in group and len(group[name]) != n:
            raise WrongLength(f"{where}.{name}", len(group[name]), f"{n}, as atomNameList")
    charges = group["formalChargeList"]
    if charges and not CHARGES[0] <= min(charges) <= max(charges) <= CHARGES[1]:
        raise BadValue(f"{where}.formalChargeList", max(charges, key=abs), "charges that fit int8")
    atoms = group.get("bondAtomList", [])
    if len(atoms) % 2:
        raise WrongLength(f"{where}.bondAtomList", len(atoms), "pairs of atoms")
    if atoms and not 0 <= min(atoms) <= max(atoms) < n:
        bad = min(atoms) if min(atoms) < 0 else max(atoms)
        raise IndexOutOfRange(f"{where}.bondAtomList", bad, f"an atom from 0 to {n - 1}")
    for name, allowed in (("bondOrderList", BOND_ORDERS), ("bondResonanceList", RESONANCES)):
        values = group.get(name)
        if values is None:
            continue
        if values and len(values) != len(atoms) // 2:
            raise WrongLength(f"{where}.{name}", len(values), f"{len(atoms) // 2}, one for each bond")
        if not set(values) <= set(allowed):
            raise BadValue(f"{where}.{name}", next(v for v in values if v not in allowed), f"one of {allowed}")


@dataclass(frozen=True)
class GroupSizes:
    """Atoms and bonds of each entry of the group dictionary, (T,) int64 each."""

    atoms: np.ndarray
    bonds: np.ndarray


def sizes(groups: list[dict[str, Any]]) -> GroupSizes:
    """How many atoms and bonds each kind of group has."""
    atoms = np.array([len(group["atomNameList"]) for group in groups], np.int64)
    bonds = np.array([len(group.get("bondAtomList", ())) // 2 for group in groups], np.int64)
    return GroupSizes(atoms, bonds)


def count_atoms(types: np.ndarray, table: GroupSizes, budget: Budget) -> tuple[int, int]:
    """Atoms and intra-group bonds of all groups, types checked against the dictionary first."""
    if types.size and (types.min() < 0 or types.max() >= table.atoms.size):
        at = int(np.argmax((types < 0) | (types >= table.atoms.size)))
        raise IndexOutOfRange(f"groupTypeList[{at}]", types[at], f"a group from 0 to {table.atoms.size - 1}")
    times = np.bincount(types, minlength=table.atoms.size)
    atoms = int((times * table.atoms).sum())
    if atoms > budget.per_list:
        raise CountMismatch("groupTypeList", f"{atoms} atoms in all groups", f"at most {budget.per_list}")
    return atoms, int((times * table.bonds).sum())
