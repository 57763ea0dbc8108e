"""CONECT records: bonds between records by their serial numbers."""

from __future__ import annotations

import numpy as np

from polystate_tools.formats.pdb.lines import Lines
from polystate_tools.formats.records.fixed import hybrid36, whole_numbers
from polystate_tools.formats.records.links import AUTHOR, End, Link, bonds_of_links
from polystate_tools.formats.records.records import Records

FIELDS = ((11, 16), (16, 21), (21, 26), (26, 31))
"""Columns of the atoms that a record bonds; older files have hydrogen bonds and salt bridges behind them."""


def with_conect(records: Records, links: np.ndarray, lines: Lines, atom_lines: np.ndarray, end: int) -> np.ndarray:
    """The bonds (B, 3) with those of CONECT, each pair once. Serial numbers are those of the first model that has both.

    Which alternate an end is, the serial says; that a bond is written twice says nothing of its order in current files.
    """
    numbers = np.flatnonzero(lines.of(b"CONE")[:end])
    if not len(numbers):
        return links
    pairs = _pairs([row.tobytes().decode("latin-1") for row in lines.rows(numbers)])
    known_rows, serials = _rows(lines.rows(atom_lines)[:, 6:11], {serial for pair in pairs for serial in pair})
    found: dict[tuple[int, int], int] = {}
    twice: set[tuple[int, int]] = set()
    for row, model, serial in zip(known_rows, records.model[known_rows].tolist(), serials, strict=True):
        if (model, serial) in found:
            twice.add((model, serial))
        found[model, serial] = row
    models = list(dict.fromkeys(records.model.tolist()))
    ends: list[tuple[int, int]] = []
    for one, other in pairs:
        there = [m for m in models if (m, one) in found and (m, other) in found]
        if there and not {(there[0], one), (there[0], other)} & twice:
            ends.append((found[there[0], one], found[there[0], other]))
    if len(ends) < len(pairs):
        because = "a serial number that no atom record has, or several"
        records.notes.append({"what": "CONECT records", "count": len(pairs) - len(ends), "because": because})
    made = _everywhere(records, ends) if len(models) > 1 or records.altloc.used() else ends
    known = {(min(a, b), max(a, b)) for a, b in links[:, :2].tolist()}
    added = dict.fromkeys((min(a, b), max(a, b)) for a, b in made if a != b)
    return np.concatenate([links, np.array([(*p, 0) for p in added if p not in known], np.int32).reshape(-1, 3)])


def _everywhere(records: Records, ends: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs of records of all models that are of the atoms, and of the alternates, of some pairs of records."""

    def end(row: int) -> End:
        values = (records.auth_asym[row], int(records.auth_seq[row]), records.ins[row], records.comp[row])
        return End(AUTHOR, (*values, records.name[row]), records.altloc[row])

    made = bonds_of_links(records, [Link(([end(a)], [end(b)])) for a, b in ends])
    return [(a, b) for a, b, _ in made.tolist()]


def _rows(fields: np.ndarray, wanted: set[int]) -> tuple[list[int], list[int]]:
    """The records that have one of the serial numbers `wanted`, and theirs. fields: (n, 5) uint8."""
    values = whole_numbers(fields)
    if values is None:  # hybrid-36, or some are no numbers
        serials = [_serial(field.tobytes().decode("latin-1")) for field in fields]
        found = [(row, serial) for row, serial in enumerate(serials) if serial is not None and serial in wanted]
        return [row for row, _ in found], [serial for _, serial in found]
    rows = np.flatnonzero(np.isin(values, list(wanted)))
    return rows.tolist(), values[rows].tolist()


def _pairs(texts: list[str]) -> list[tuple[int, int]]:
    """Pairs of serial numbers, each once, the smaller first."""
    made: dict[tuple[int, int], None] = {}
    for text in texts:
        one = _serial(text[6:11])
        for start, stop in FIELDS:
            other = _serial(text[start:stop])
            if one is not None and other is not None and one != other:
                made[min(one, other), max(one, other)] = None
    return list(made)


def _serial(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return hybrid36(text, 5)
    except ValueError:
        return None
