"""The group dictionary: each kind of residue once, with its atoms, elements, charges and bonds.

Entries are brought to the names of specification 1.0 and checked once, so that nothing later has to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Any

import numpy as np

from polystate_tools.formats.mmtf.errors import (
    BadValue,
    CountMismatch,
    DuplicateField,
    IndexOutOfRange,
    MissingField,
    WrongLength,
    WrongType,
)
from polystate_tools.formats.mmtf.fields import GROUP_KEYS
from polystate_tools.formats.mmtf.limits import Budget

BOND_ORDERS = (-1, 1, 2, 3, 4)
RESONANCES = (-1, 0, 1)
CHARGES = (-128, 127)
DIGITS = re.compile("[0-9]+")
BEYOND = Decimal(2**32)  # what no groupTypeList names, however many digits it has
TEXT_LISTS = ("atomNameList", "elementList")
OPTIONAL_KEYS = frozenset(name for name, _, required in GROUP_KEYS if not required)
LIMITS = {
    "formalChargeList": CHARGES,
    "bondAtomList": (0, 2**31 - 1),
    "bondOrderList": (-1, 4),
    "bondResonanceList": (-1, 1),
}


def normalise(
    value: Any, dialect: str, optional: tuple[str, ...] = ()
) -> tuple[list[dict[str, Any]], list[int] | None]:
    """groupList as a list of dictionaries with 1.0 names; and, where it is a map, its keys in list order.

    The draft's text shows a map from key to group, its files a list; both are read. `optional` names keys that
    the form being read may leave out (the archive's JSON files have no elementList)."""
    keys = None
    if isinstance(value, dict):
        if not all(DIGITS.fullmatch(str(key)) for key in value):
            raise WrongType("groupList", "a key that is not a number", "integers from 0, or their digits")  # MMTF-36
        by_number = {Decimal(key): group for key, group in value.items()}
        if len(by_number) != len(value):
            raise DuplicateField("groupList", "two keys for one number", "each number once")  # MMTF-56
        order = sorted(by_number)
        keys = [int(min(key, BEYOND)) for key in order]
        value = [by_number[key] for key in order]
    if not isinstance(value, list):
        raise WrongType("groupList", type(value).__name__, "a list of groups")
    check_list(value, "groupList", dict)
    groups = [_renamed(group) for group in value] if dialect == "draft" else value
    if not _sound(groups, optional):
        for i, group in enumerate(groups):
            _check(group, f"groupList[{i}]", dialect, optional)
    return groups, keys


def _renamed(group: dict[str, Any]) -> dict[str, Any]:
    if "atomChargeList" in group and "formalChargeList" not in group:
        made = dict(group)
        made["formalChargeList"] = made.pop("atomChargeList")
        return made
    return group


def _sound(groups: list[dict[str, Any]], optional: tuple[str, ...]) -> bool:
    """Whether all groups pass, looked at together: a file has hundreds, and one look at a long list is cheap."""
    try:
        columns = {
            name: [group[name] if required else group.get(name, ()) for group in groups]
            for name, _, required in GROUP_KEYS
            if name not in optional or any(name in group for group in groups)
        }
    except KeyError:
        return False
    for name, values in columns.items():
        kind = list if name.endswith("List") else str
        if not set(map(type, values)) <= ({kind} if name not in OPTIONAL_KEYS else {kind, tuple}):
            return False
        if kind is list:
            flat = list(chain.from_iterable(values))
            if not set(map(type, flat)) <= ({str} if name in TEXT_LISTS else {int}):
                return False
            if name in LIMITS and flat and not LIMITS[name][0] <= min(flat) <= max(flat) <= LIMITS[name][1]:
                return False
            if name == "bondOrderList" and 0 in flat:
                return False
    atoms = list(map(len, columns["atomNameList"]))
    ends = list(map(len, columns["bondAtomList"]))
    pairs = [n // 2 for n in ends]
    return (
        all(atoms == list(map(len, columns[name])) for name in ("elementList", "formalChargeList") if name in columns)
        and not any(n % 2 for n in ends)
        and all(
            isinstance(held, tuple) or len(held) == n  # the tuple is that of a group without the list
            for name in ("bondOrderList", "bondResonanceList")
            for held, n in zip(columns[name], pairs, strict=True)
        )
        and all(not held or max(held) < n for held, n in zip(columns["bondAtomList"], atoms, strict=True))
    )


def _check(group: dict[str, Any], where: str, dialect: str, optional: tuple[str, ...]) -> None:
    """The same of one group, naming what is wrong."""
    for name, draft_name, required in GROUP_KEYS:
        if required and name not in group and name not in optional:
            shown = draft_name if dialect == "draft" and draft_name else name
            raise MissingField(f"{where}.{shown}", "nothing", "a required field")
        if name in group:
            if name.endswith("List"):
                check_list(group[name], f"{where}.{name}", str if name in TEXT_LISTS else int)
            elif not isinstance(group[name], str):
                raise WrongType(f"{where}.{name}", type(group[name]).__name__, "text")
    _check_lengths(group, where)


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
            raise WrongLength(f"{where}.{name}", len(group[name]), f"{n}, as atomNameList")  # MMTF-42
    charges = group["formalChargeList"]
    if charges and not CHARGES[0] <= min(charges) <= max(charges) <= CHARGES[1]:
        raise BadValue(f"{where}.formalChargeList", max(charges, key=abs), "charges that fit int8")  # MMTF-53
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
        if len(values) != len(atoms) // 2:
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
        raise IndexOutOfRange(f"groupTypeList[{at}]", types[at], f"a group from 0 to {table.atoms.size - 1}")  # MMTF-40
    times = np.bincount(types, minlength=table.atoms.size)
    atoms = int((times * table.atoms).sum())
    if atoms > budget.per_list:
        raise CountMismatch("groupTypeList", f"{atoms} atoms in all groups", f"at most {budget.per_list}")
    return atoms, int((times * table.bonds).sum())
