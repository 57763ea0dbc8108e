"""Operators of assemblies and NCS as a block states them: what is no number is told from what is not said."""

from __future__ import annotations

import math

import gemmi

from polystate_tools.formats.errors import NonFiniteRecord, RecordRange
from polystate_tools.formats.records.ranges import LARGEST

CATEGORIES = ("_pdbx_struct_oper_list.", "_struct_ncs_oper.")
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
