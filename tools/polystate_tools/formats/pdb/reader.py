"""PDB files into atom records: fixed columns read for all lines at once, the header through gemmi."""

from __future__ import annotations

import numpy as np

from polystate_tools.formats.errors import NoAtoms, WrongColumns
from polystate_tools.formats.opening.files import text_of
from polystate_tools.formats.pdb import header as pdb_header
from polystate_tools.formats.pdb.lines import Lines, models, plain, refuse_truncated
from polystate_tools.formats.pdb.repeated import numbers_of_repeated
from polystate_tools.formats.records.elements import NUMBERS, UNKNOWN, unknown_elements
from polystate_tools.formats.records.fixed import decimals, integers
from polystate_tools.formats.records.records import Records, runs_of_models
from polystate_tools.formats.records.text import Text


def records_of_pdb(content: bytes, where: str = "input") -> Records:
    """Records of the bytes of a PDB file. Numbers may be hybrid-36; lines may end in LF, CR LF or CR."""
    lines = Lines(plain(text_of(content, where)))
    every = lines.of(b"ATOM") | lines.of(b"HETA")
    end = lines.end()
    atom_lines = np.flatnonzero(every[:end])
    if not len(atom_lines):
        raise NoAtoms(
            where,
            "no ATOM or HETATM record" + (f" before END in line {end + 1}" if every.any() else ""),
            "at least one",
        )
    refuse_truncated(lines, atom_lines, where)
    model, notes, doubts = models(lines, atom_lines, end)
    read = numbers_of_repeated(lines, atom_lines, model)
    times = 1 if read is None else runs_of_models(model)
    chars = lines.rows(atom_lines[: len(atom_lines) // times])  # of the first model where the others repeat it
    numbers = atom_lines + 1
    foreign = np.zeros(0, np.int64)
    if not lines.is_ascii:
        foreign = np.flatnonzero((chars[:, 6:27] > 127).any(axis=1))
    if len(foreign):
        raise WrongColumns(f"{where} line {numbers[foreign[0]]}", "a byte that is not ASCII", "names in ASCII")
    refused = []
    if every[end:].any():
        refused.append(
            {"count": int(every[end:].sum()), "because": "atom record after END", "where": f"line {end + 1}"}
        )

    notes += _segments(chars, times, lines)
    columns: dict = {
        **_repeated(_names(chars, numbers[: len(chars)], doubts, where), times),
        **(read or _numbers(chars, numbers, where)),
        "model": model,
        "line": numbers,
    }
    columns["u"], columns["has_u"] = _anisou(lines, end, atom_lines, chars, refused, where)
    records = Records.of(**columns, notes=notes, refused=refused, doubts=doubts)
    return pdb_header.with_header(records, lines, atom_lines, end, where)


def _numbers(chars: np.ndarray, numbers: np.ndarray, where: str) -> dict:
    """Coordinates, occupancies and B. chars: (n, 80) uint8; numbers: of the lines."""
    axes = [decimals(chars[:, c : c + 8], "coordinate", numbers, file=where) for c in (30, 38, 46)]
    columns = {
        "xyz": np.stack(axes, axis=1),
        "occupancy": decimals(chars[:, 54:60], "occupancy", numbers, blank=1.0, file=where),
        "b": decimals(chars[:, 60:66], "B-factor", numbers, file=where),
    }
    unread = np.isnan(columns["xyz"])
    missing = np.flatnonzero(unread.any(axis=1)) if unread.any() else np.zeros(0, np.int64)
    missing = missing[(chars[missing, 30:54] == 32).any(axis=1)]
    if len(missing) and not chars[missing[0], 30:54].tobytes().strip():
        raise WrongColumns(f"{where} line {numbers[missing[0]]}", "no coordinates", "x, y, z in columns 31 to 54")
    return columns


def _names(chars: np.ndarray, numbers: np.ndarray, doubts: list[dict], where: str) -> dict:
    """The columns that name atoms. chars: (n, 80) uint8; numbers: of the lines."""
    return {
        "auth_asym": Text.from_fixed(chars[:, 20:22]),
        "comp": Text.from_fixed(chars[:, 17:20]),
        "auth_seq": integers(chars[:, 22:26], "residue number", numbers, blank=-1, file=where).astype(np.int32),
        "ins": Text.from_fixed(chars[:, 26:27]),
        "name": Text.from_fixed(chars[:, 12:16]),
        "altloc": Text.from_fixed(chars[:, 16:17]),
        "element": _elements(chars, doubts),
        "charge": _charges(chars),
        "het": chars[:, 0] == ord("H"),
    }


def _repeated(columns: dict, times: int) -> dict:
    return {
        name: column.repeated(times) if isinstance(column, Text) else np.tile(column, times)
        for name, column in columns.items()
    }


def _segments(chars: np.ndarray, times: int, lines: Lines) -> list[dict]:
    """A note of segment ids (columns 73-76); there files of before 1996 have the id of the entry, and line numbers."""
    segments = Text.from_fixed(chars[:, 72:76])
    header = lines.rows(np.flatnonzero(lines.of(b"HEAD"))[:1])
    entry = header[0, 62:66].tobytes().decode("latin-1").strip() if len(header) else ""
    named = [name for name in segments.used() if name and name != entry]
    if not named:
        return []
    count = times * int(segments.isin(named).sum())
    shown = ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
    return [{"what": "segment ids", "count": count, "because": f"not part of a deposition: {shown}"}]


def _elements(chars: np.ndarray, doubts: list[dict]) -> np.ndarray:
    """Atomic numbers by columns 77-78, where these are blank by the atom name (columns 13-14), as gemmi does.

    A symbol of no element stays unknown: what its atom is called says nothing then."""
    key = Text.from_fixed(np.concatenate([chars[:, 76:78], chars[:, 12:16]], axis=1), strip=False)
    strange = {value[:2].strip() for value in key.values} - NUMBERS.keys() - {""}
    strange = {symbol for symbol in strange if symbol.upper() not in NUMBERS and not symbol.isdigit()}
    if strange:
        doubts.append(unknown_elements(strange))
    numbers = np.array([_element(value[:2].strip(), value[2:]) for value in key.values], np.uint8)
    return numbers[key.codes]


def _element(symbol: str, name: str) -> int:
    if symbol and not symbol.isdigit():
        return NUMBERS.get(symbol.upper(), UNKNOWN)
    letters = "".join(c for c in name if c.isalpha()).upper()
    if name[0] != " " and not name[0].isdigit() and name[:2].upper() in NUMBERS and len(name.strip()) < 4:
        return NUMBERS[name[:2].upper()]
    return NUMBERS.get(letters[:1], UNKNOWN)


def _charges(chars: np.ndarray) -> np.ndarray:
    """Charges written as 2+ or 1- in columns 79-80."""
    key = Text.from_fixed(chars[:, 78:80])
    made = []
    for value in key.values:
        digit, sign = (value[:1], value[1:]) if value[:1].isdigit() else (value[1:], value[:1])
        made.append(int(digit) * (-1 if sign == "-" else 1) if digit.isdigit() and sign in ("+", "-") else 0)
    return np.array(made, np.int8)[key.codes]


def _anisou(lines: Lines, end: int, atom_lines: np.ndarray, chars: np.ndarray, refused: list[dict], where: str):
    """U of the records, joined by everything that names an atom (columns 7 to 27), in the model it stands in."""
    u, has_u = np.zeros((len(atom_lines), 6)), np.zeros(len(atom_lines), bool)
    aniso_lines = np.flatnonzero(lines.of(b"ANIS")[:end])
    if not len(aniso_lines):
        return u, has_u
    aniso = lines.rows(aniso_lines)
    owner = np.searchsorted(atom_lines, aniso_lines) - 1
    same = (owner >= 0) & (aniso[:, 6:27] == chars[owner, 6:27]).all(axis=1)
    if not same.all():
        marks = np.flatnonzero(lines.of(b"MODE") | lines.of(b"ENDM"))
        of_atom, of_aniso = (np.searchsorted(marks, found).tolist() for found in (atom_lines, aniso_lines))
        known = {(of_atom[row], chars[row, 11:27].tobytes()): row for row in range(len(chars) - 1, -1, -1)}
        for k in np.flatnonzero(~same).tolist():
            row = known.get((of_aniso[k], aniso[k, 11:27].tobytes()))
            if row is None:
                text = aniso[k, 6:27].tobytes().decode("latin-1")
                refused.append({"count": 1, "because": "ANISOU record without its atom", "where": text})
            else:
                owner[k], same[k] = row, True
    blank = same & (aniso[:, 28:70].reshape(-1, 6, 7) == 32).all(axis=2).any(axis=1)
    for number in (aniso_lines[blank] + 1).tolist():
        refused.append({"count": 1, "because": "ANISOU record with a blank number", "where": f"line {number}"})
    same &= ~blank
    rows, kept, numbers = owner[same], aniso[same], aniso_lines[same] + 1
    for k in range(6):
        u[rows, k] = integers(kept[:, 28 + 7 * k : 35 + 7 * k], "ANISOU", numbers, file=where) / 10000.0
    has_u[rows] = True
    return u, has_u
