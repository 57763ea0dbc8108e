"""What TLS records are made of, in the units of the files: their elements, what they say of B, and which are usable."""

from __future__ import annotations

import re

import gemmi
import numpy as np

from polystate_tools.formats.records.ranges import is_sound
from polystate_tools.formats.records.records import TlsGroup, TlsRecords

RADIAN = np.pi / 180
SIX = ("11", "22", "33", "12", "13", "23")
NINE = ("11", "12", "13", "21", "22", "23", "31", "32", "33")
KEYS = (*("T" + e for e in SIX), *("L" + e for e in SIX), *("S" + e for e in NINE))

RESIDUAL = re.compile(r"U VALUES\s*:\s*RESIDUAL ONLY|CONTAINS? RESIDUAL [BU] FACTORS ONLY|LIKELY RESIDUAL")
STATEMENT = {"residual": "U VALUES : RESIDUAL ONLY", "total": "U VALUES : WITH TLS ADDED"}
TOTAL = re.compile(r"U VALUES\s*:\s*WITH TLS ADDED|CONTAINS? SUM OF TLS AND RESIDUAL [BU] FACTORS")


def declared_content(text: str) -> tuple[str, str]:
    """adp_content as a header declares it, and the words: ("residual", "U VALUES : RESIDUAL ONLY")."""
    text = " ".join(text.upper().split())
    residual, total = RESIDUAL.search(text), TOTAL.search(text)
    if residual and not total:
        return "residual", residual.group()
    if total and not residual:
        return "total", total.group()
    if residual and total:
        return "unknown", f"{residual.group()}; {total.group()}"
    return "unknown", ""


def collected(found: list[TlsGroup | tuple[str, str]], program: str, content: str, statement: str) -> TlsRecords:
    """The groups, those that cannot be used apart."""
    groups = [group for group in found if isinstance(group, TlsGroup)]
    unusable = tuple(group for group in found if not isinstance(group, TlsGroup))
    return TlsRecords(groups, program, content, statement, unusable)


def tls_group(name: str, elements: dict[str, str], origin: list[str], selection: str) -> TlsGroup | tuple[str, str]:
    """A group of elements as written ("T11": "0.1000"), or its id and which of them are no numbers.

    A standard uncertainty is cut off. Only S33 may be missing: it is -(S11 + S22), as programs leave the trace open.
    """
    numbers = {key: gemmi.cif.as_number(elements.get(key, "")) for key in KEYS}
    point = [gemmi.cif.as_number(text) for text in origin]
    if not elements.get("S33") or elements["S33"] == "NULL":
        numbers["S33"] = -(numbers["S11"] + numbers["S22"])
    bad = [f"{key} is {elements.get(key) or 'missing'}" for key in KEYS[:-1] if not is_sound([numbers[key]])]
    if not bad and not is_sound([numbers["S33"]]):
        bad = [f"S33 is {elements['S33']}"]
    if len(point) != 3 or not is_sound(point):
        bad.insert(0, f"the origin is {' '.join(' '.join(text or '?' for text in origin).split())}")
    if bad:
        return name, ", ".join(bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
    made = np.array([numbers[key] for key in KEYS])
    return TlsGroup(name, made[:6], made[6:12], made[12:], np.array(point), selection)
