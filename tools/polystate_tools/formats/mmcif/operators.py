"""Operators of assemblies and NCS as a block states them: what is no number is told from what is not said."""

from __future__ import annotations

import math

import gemmi

from polystate_tools.formats.errors import NonFiniteRecord, RecordRange
from polystate_tools.formats.records.ranges import LARGEST

CATEGORIES = ("_pdbx_struct_oper_list.", "_struct_ncs_oper.")
NEEDED = {
    "_pdbx_struct_assembly.": ("details", "method_details", "oligomeric_details", "oligomeric_count"),
    "_pdbx_struct_oper_list.": ("type",),
}
"""Items without which gemmi reads no row of a category."""
ELEMENTS = [f"matrix[{i}][{j}]" for i in "123" for j in "123"] + [f"vector[{i}]" for i in "123"]


def check_operators(block: gemmi.cif.Block, where: str) -> None:
    """Refuse an element that is no finite number or too large (EXP-30); `?` and `.` say that it is not known."""
    for category in CATEGORIES:
        ids = [gemmi.cif.as_string(value) for value in block.find_values(f"{category}id")]
        for element in ELEMENTS:
            for row, value in enumerate(block.find_values(category + element)):
                number = gemmi.cif.as_number(value)
                if value in ("?", ".") or abs(number) <= LARGEST:
                    continue
                name = ids[row] if row < len(ids) else str(row + 1)
                kind = RecordRange if math.isfinite(number) else NonFiniteRecord
                expected = f"a finite number of at most {LARGEST:g}"
                raise kind(f"{where} {category}{element} of operator {name}", gemmi.cif.as_string(value), expected)


def assemblies(block: gemmi.cif.Block) -> list[str]:
    """The ids of the assemblies of a block, which gets the items that gemmi asks for before it reads any."""
    for category, names in NEEDED.items():
        for name in names if len(block.find_values(f"{category}id")) else ():
            _complete(block, f"{category}id", category + name)
    return [gemmi.cif.as_string(value) for value in block.find_values("_pdbx_struct_assembly.id")]


def _complete(block: gemmi.cif.Block, beside: str, tag: str) -> None:
    """A tag that says nothing, beside another of its category, where a block lacks it."""
    loop = block.find_loop(beside).get_loop()
    if len(block.find_values(tag)):
        return
    if loop is None:
        block.set_pair(tag, "?")
    else:
        loop.add_columns([tag], "?")
