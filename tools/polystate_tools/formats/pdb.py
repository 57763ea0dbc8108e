"""PDB files into atom records: fixed columns read for all lines at once, the header through gemmi."""

from __future__ import annotations

import numpy as np

from polystate_tools.formats import pdb_header
from polystate_tools.formats.errors import NoAtoms, UnreadableFile, WrongColumns
from polystate_tools.formats.files import text_of
from polystate_tools.formats.fixed import decimals, integers
from polystate_tools.formats.records import Records
from polystate_tools.formats.text import ELEMENT_NUMBERS, Text

WIDTH = 80


def records_of_pdb(content: bytes, where: str = "input") -> Records:
    """Records of the bytes of a PDB file. Numbers may be hybrid-36; lines may end in CR LF."""
    text = text_of(content, where)
    lines = Lines(text)
    atom = (lines.kinds == _kind(b"ATOM")) | (lines.kinds == _kind(b"HETA"))
    if not atom.any():
        raise NoAtoms(where, "no ATOM or HETATM record", "at least one")
    atom_lines = np.flatnonzero(atom)
    chars = lines.rows(atom_lines)
    numbers = atom_lines + 1
    _check_truncated(text, where)

    model, model_notes = _models(lines, atom_lines)
    charge, element = _charges(chars), _elements(chars)
    columns: dict = {
        "model": model,
        "auth_asym": Text.from_fixed(chars[:, 20:22]),
        "comp": Text.from_fixed(chars[:, 17:20]),
        "auth_seq": integers(chars[:, 22:26], "residue number", numbers, blank=-1).astype(np.int32),
        "ins": Text.from_fixed(chars[:, 26:27]),
        "name": Text.from_fixed(chars[:, 12:16]),
        "altloc": Text.from_fixed(chars[:, 16:17]),
        "element": element,
        "charge": charge,
        "het": chars[:, 0] == ord("H"),
        "xyz": np.stack([decimals(chars[:, c : c + 8], "coordinate", numbers) for c in (30, 38, 46)], axis=1),
        "occupancy": decimals(chars[:, 54:60], "occupancy", numbers, blank=1.0),
        "b": decimals(chars[:, 60:66], "B-factor", numbers),
    }
    missing = np.flatnonzero(np.isnan(columns["xyz"]).any(axis=1) & (chars[:, 30:54] == 32).any(axis=1))
    if len(missing) and not chars[missing[0], 30:54].tobytes().strip():
        raise WrongColumns(f"line {numbers[missing[0]]}", "no coordinates", "x, y, z in columns 31 to 54")
    refused: list[dict] = []
    columns["u"], columns["has_u"] = _anisou(lines, atom_lines, chars, refused)
    records = Records.of(**columns, notes=model_notes, refused=refused)
    return pdb_header.with_header(records, text, atom_lines)


def _kind(prefix: bytes) -> int:
    return int.from_bytes(prefix, "big")


class Lines:
    """The lines of a text as rows of 80 characters; what a short line lacks reads as blanks.

    starts, lengths: (L,) of each line without CR LF; kinds: (L,) its first four characters as one number.
    """

    def __init__(self, text: bytes) -> None:
        buffer = np.frombuffer(text + b"\n" + b" " * WIDTH, np.uint8)
        ends = np.flatnonzero(buffer == 10)
        self.starts = np.concatenate([[0], ends[:-1] + 1])
        self.lengths = ends - self.starts
        self.lengths = self.lengths - ((self.lengths > 0) & (buffer[ends - 1] == 13))
        self._windows = np.lib.stride_tricks.sliding_window_view(buffer, WIDTH)
        head = self._windows[self.starts, :4].astype(np.int64)
        self.kinds = (head[:, 0] << 24) | (head[:, 1] << 16) | (head[:, 2] << 8) | head[:, 3]

    def rows(self, which: np.ndarray) -> np.ndarray:
        """(len(which), 80) uint8 of the lines `which`."""
        rows = self._windows[self.starts[which]]
        short = np.flatnonzero(self.lengths[which] < WIDTH)
        if len(short):
            beyond = np.arange(WIDTH) >= self.lengths[which][short, None]
            rows[short] = np.where(beyond, np.uint8(32), rows[short])
        return rows


def _check_truncated(text: bytes, where: str) -> None:
    """A last line that is an atom record cut before its coordinates end means a truncated file."""
    last = text[-200:].rstrip(b"\r\n").rsplit(b"\n", 1)[-1].rstrip(b"\r")
    if last[:6] in (b"ATOM  ", b"HETATM") and len(last) < 54:
        raise UnreadableFile(where, f"a last atom record of {len(last)} characters", "a complete file")


def _models(lines: Lines, atom_lines: np.ndarray) -> tuple[np.ndarray, list[dict]]:
    """Model number of each atom record, and notes of models without atoms."""
    model_lines = np.flatnonzero(lines.kinds == _kind(b"MODE"))
    if not len(model_lines):
        return np.ones(len(atom_lines), np.int32), []
    index = np.searchsorted(model_lines, atom_lines) - 1
    counts = np.bincount(index[index >= 0], minlength=len(model_lines))
    numbers = []
    for ordinal, line in enumerate(lines.rows(model_lines), 1):
        field = line.tobytes()[6:].split()
        numbers.append(int(field[0]) if field and field[0].isdigit() else ordinal)
    if len(set(numbers)) < len(numbers):
        numbers = list(range(1, len(numbers) + 1))
    empty = [numbers[k] for k in np.flatnonzero(counts == 0)]
    notes = [{"what": "empty models", "count": len(empty), "because": f"no atom records in model {empty[:5]}"}]
    return np.array([*numbers, 1], np.int32)[index], notes if empty else []


def _elements(chars: np.ndarray) -> np.ndarray:
    """Atomic numbers by columns 77-78, else by the atom name (columns 13-14), as gemmi does."""
    key = Text.from_fixed(np.concatenate([chars[:, 76:78], chars[:, 12:16]], axis=1), strip=False)
    numbers = np.array([_element(value[:2].strip(), value[2:]) for value in key.values], np.uint8)
    return numbers[key.codes]


def _element(symbol: str, name: str) -> int:
    if symbol.upper() in ELEMENT_NUMBERS:
        return ELEMENT_NUMBERS[symbol.upper()]
    letters = "".join(c for c in name if c.isalpha()).upper()
    if name[0] != " " and not name[0].isdigit() and name[:2].upper() in ELEMENT_NUMBERS and len(name.strip()) < 4:
        return ELEMENT_NUMBERS[name[:2].upper()]
    return ELEMENT_NUMBERS.get(letters[:1], 0)


def _charges(chars: np.ndarray) -> np.ndarray:
    """Charges written as 2+ or 1- in columns 79-80."""
    key = Text.from_fixed(chars[:, 78:80])
    made = []
    for value in key.values:
        digit, sign = (value[:1], value[1:]) if value[:1].isdigit() else (value[1:], value[:1])
        made.append(int(digit) * (-1 if sign == "-" else 1) if digit.isdigit() and sign in ("+", "-") else 0)
    return np.array(made, np.int8)[key.codes]


def _anisou(lines: Lines, atom_lines: np.ndarray, chars: np.ndarray, refused: list[dict]):
    """U of the records, joined by everything that names an atom (columns 7 to 27), in the model it stands in."""
    u, has_u = np.zeros((len(atom_lines), 6)), np.zeros(len(atom_lines), bool)
    aniso_lines = np.flatnonzero(lines.kinds == _kind(b"ANIS"))
    if not len(aniso_lines):
        return u, has_u
    aniso = lines.rows(aniso_lines)
    owner = np.searchsorted(atom_lines, aniso_lines) - 1
    same = (owner >= 0) & (aniso[:, 6:27] == chars[owner, 6:27]).all(axis=1)
    if not same.all():
        known = {chars[row, 11:27].tobytes(): row for row in range(len(chars) - 1, -1, -1)}
        for k in np.flatnonzero(~same).tolist():
            row = known.get(aniso[k, 11:27].tobytes())
            if row is None:
                text = aniso[k, 6:27].tobytes().decode("latin-1")
                refused.append({"count": 1, "because": "ANISOU record without its atom", "where": text})
            else:
                owner[k], same[k] = row, True
    rows, kept, numbers = owner[same], aniso[same], aniso_lines[same] + 1
    for k in range(6):
        u[rows, k] = integers(kept[:, 28 + 7 * k : 35 + 7 * k], "ANISOU", numbers) / 10000.0
    has_u[rows] = True
    return u, has_u
