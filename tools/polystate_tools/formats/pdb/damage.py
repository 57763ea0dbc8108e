"""Header records of a PDB file that cannot be read: left out whole, and named, so that nothing is made of a part."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

import gemmi

from polystate_tools.formats.pdb.lines import Kinds
from polystate_tools.formats.records.fixed import hybrid36
from polystate_tools.formats.records.gemmi_metadata import is_cell

Numbered = tuple[int, str]
"""A line and its number in the file, from 0."""

CELL = ((6, 15), (15, 24), (24, 33), (33, 40), (40, 47), (47, 54))
MTRIX = ((10, 20), (20, 30), (30, 40), (45, 55))
BIOMT = ((23, 33), (33, 43), (43, 53), (53, 68))
ENDS = {
    "LINK  ": (((12, 16), (17, 20), (22, 26)), ((42, 46), (47, 50), (52, 56))),
    "SSBOND": (((11, 14), (17, 21)), ((25, 28), (31, 35))),
}
"""Columns of the names and, last, of the number of each end."""
_BIOMT = re.compile(r"REMARK 350\s+BIOMT([123])\s+(\d+)\s")
_BIOMOLECULE = re.compile(r"REMARK 350\s+BIOMOLECULE\s*:\s*(\S*)")
_RESOLUTION = re.compile(r"REMARK   2 RESOLUTION\.\s*(\S*)")


def damaged(kinds: Kinds) -> tuple[set[int], list[dict]]:
    """Numbers of the lines to leave out, and a note of each kind of record that they are."""
    out: set[int] = set()
    notes: list[dict] = []

    def leave(what: str, because: str, found: Iterable[int]) -> None:
        numbers = sorted(found)
        if numbers:
            places = ", ".join(str(number + 1) for number in numbers[:5])
            more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
            notes.append({"what": what, "count": len(numbers), "because": f"{because}: line {places}{more}"})
            out.update(numbers)

    leave("cell", "CRYST1 with lengths or angles that no cell has", _cells(_of(kinds, "CRYST1")))
    for name, ends in ENDS.items():
        leave(f"{name.strip()} records", "an end that cannot be read", _links(_of(kinds, name), ends))
    short = [k for k, line in _of(kinds, "SEQRES") if not (line[19:].split() and line[8:18].strip())]
    leave("SEQRES records", "without chain or residues", short)
    leave("resolution", "REMARK 2 without a number", _resolutions(_of(kinds, "REMARK   2")))
    matrices = _of(kinds, "MTRIX1", "MTRIX2", "MTRIX3")
    triples = [(k, (int(line[5]), line[6:10].strip()), _numbers(line, MTRIX)) for k, line in matrices]
    leave("NCS operators", "MTRIX records that are incomplete or no numbers", _broken(triples))
    for name, block in _assemblies(_of(kinds, "REMARK 350")):
        rows = [(k, line, match) for k, line in block if (match := _BIOMT.match(line))]
        wide = [(k, (int(m[1]), m[2]), _numbers(line, BIOMT) or _words(line[m.end() :])) for k, line, m in rows]
        if _broken(wide):
            leave(f"assembly {name}".strip(), "BIOMT records that are incomplete or no numbers", [k for k, _ in block])
    return out, notes


def _of(kinds: Kinds, *names: str) -> list[Numbered]:
    return sorted((k, line.decode("latin-1")) for name in names for k, line in kinds.get(name.encode(), {}).items())


def _numbers(line: str, columns: Iterable[tuple[int, int]]) -> list[float] | None:
    return _words(" ".join(line[start:end].strip() or "?" for start, end in columns))


def _words(text: str) -> list[float] | None:
    """Numbers that are all finite, or None."""
    try:
        values = [float(word) for word in text.split()]
    except ValueError:
        return None
    return values if all(math.isfinite(value) for value in values) else None


def _cells(lines: Sequence[Numbered]) -> list[int]:
    found = ((k, _numbers(line, CELL)) for k, line in lines)
    return [k for k, cell in found if cell is None or not is_cell(cell)]


def _links(lines: Sequence[Numbered], ends: Sequence[Sequence[tuple[int, int]]]) -> list[int]:
    """Links without the names or the number of an end."""
    found = []
    for k, line in lines:
        for *names, (start, end) in ends:
            try:
                hybrid36(line[start:end], end - start)
                whole = all(line[a:b].strip() for a, b in names)
            except ValueError:
                whole = False
            if not whole:
                found.append(k)
                break
    return found


def _resolutions(lines: Sequence[Numbered]) -> list[int]:
    found = ((k, match[1]) for k, line in lines if (match := _RESOLUTION.match(line)))
    return [k for k, word in found if word not in ("", "NOT", "NULL") and not _words(word)]


def _broken(rows: Sequence[tuple[int, tuple[int, str], list[float] | None]]) -> list[int]:
    """Lines of operators that are not rows 1, 2, 3 of one serial with four numbers each.

    rows: (line, (row, serial), numbers).
    """
    broken: list[int] = []
    at = 0
    while at < len(rows):
        end = at + 1
        while end < len(rows) and end - at < 3 and rows[end][1] == (end - at + 1, rows[at][1][1]):
            end += 1
        good = end - at == 3 and rows[at][1][0] == 1 and all(len(row[2] or ()) == 4 for row in rows[at:end])
        if not good:
            broken += [row[0] for row in rows[at:end]]
        at = end
    return broken


def _assemblies(lines: Sequence[Numbered]) -> list[tuple[str, list[Numbered]]]:
    """Lines of REMARK 350 by assembly; what stands before the first one goes with it."""
    blocks: list[tuple[str, list[Numbered]]] = []
    for k, line in lines:
        match = _BIOMOLECULE.match(line)
        if match or not blocks:
            blocks.append((match[1] if match else "", []))
        blocks[-1][1].append((k, line))
    return blocks


def with_wide_shifts(structure: gemmi.Structure, kinds: Kinds) -> None:
    """Give the operators of assemblies the shifts of all fifteen columns, of which gemmi reads the last ten."""
    found: dict[tuple[str, str], list[float]] = {}
    for name, block in _assemblies(_of(kinds, "REMARK 350")):
        for _, line in block:
            match, numbers = _BIOMT.match(line), _numbers(line, BIOMT)
            if match and numbers:
                found.setdefault((name, match[2]), []).append(numbers[3])
    for assembly in structure.assemblies:
        for operator in (operator for generator in assembly.generators for operator in generator.operators):
            shift = found.get((assembly.name, operator.name), [])[:3]
            if len(shift) == 3:
                operator.transform.vec.fromlist(shift)
