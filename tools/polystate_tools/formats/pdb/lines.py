"""The lines of a PDB file: their ends, where models begin, and whether the last one is whole."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from polystate_tools.formats.errors import UnreadableFile

WIDTH = 80
COORDINATES, B_FACTOR, ANISOU = 54, 66, 70
"""Where the fields of these names end."""
PIECE = 1 << 20
"""Bytes that are looked at in one go."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
Kinds = Mapping[bytes, Mapping[int, bytes]]
"""Lines by their numbers, under the first six characters of each, or the first ten of a REMARK."""


def plain(text: bytes) -> bytes:
    """The text without a byte order mark, with lines that end in LF."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text


class Lines:
    """The lines of a text as rows of 80 characters; what a short line lacks reads as blanks.

    starts, lengths: (L,) of each line without LF; kinds: (L,) its first four characters as one number.
    """

    def __init__(self, text: bytes) -> None:
        self.text = text
        ends = np.append(_line_feeds(text), len(text))
        self.starts = np.concatenate([[0], ends[:-1] + 1])
        self.lengths = ends - self.starts
        self.kinds = self._read(self.starts, 4).view("<u4")[:, 0]

    @cached_property
    def is_ascii(self) -> bool:
        return self.text.isascii()

    def of(self, prefix: bytes) -> np.ndarray:
        """(L,) bool: lines that begin with four characters."""
        return self.kinds == int.from_bytes(prefix, "little")

    def end(self) -> int:
        """The first END record; the number of lines where there is none."""
        found = np.flatnonzero(self.of(b"END ") | self.of(b"END\n"))
        return int(found[0]) if len(found) else len(self.starts)

    def some(self, which: np.ndarray) -> list[bytes]:
        """The lines `which` as they are."""
        starts, lengths = self.starts[which], self.lengths[which]
        return [self.text[start:end] for start, end in zip(starts.tolist(), (starts + lengths).tolist(), strict=True)]

    def by_kind(self, which: np.ndarray) -> Kinds:
        """The lines `which` as they are."""
        found: dict[bytes, dict[int, bytes]] = {}
        for k, line in zip(which.tolist(), self.some(which), strict=True):
            kind = line[:10] if line.startswith(b"REMARK") else line[:6]
            found.setdefault(kind, {})[k] = line
        return found

    def rows(self, which: np.ndarray) -> np.ndarray:
        """(len(which), 80) uint8 of the lines `which`."""
        rows = self._read(self.starts[which], WIDTH)
        short = np.flatnonzero(self.lengths[which] < WIDTH)
        if len(short):
            beyond = np.arange(WIDTH) >= self.lengths[which][short, None]
            rows[short] = np.where(beyond, np.uint8(32), rows[short])
        return rows

    def _read(self, starts: np.ndarray, width: int) -> np.ndarray:
        """(len(starts), width) uint8 from each start, as if an LF and blanks followed the text, which is not copied."""
        last = len(self.text) - width
        windows = np.ndarray((max(1, last + 1),), f"V{width}", self.text if last >= 0 else bytes(width), 0, (1,))
        rows = windows[np.minimum(starts, max(0, last))].view(np.uint8).reshape(-1, width)
        for k in np.flatnonzero(starts > last).tolist():
            start = int(starts[k])
            rows[k] = np.frombuffer((self.text[start : start + width] + b"\n").ljust(width)[:width], np.uint8)
        return rows


def _line_feeds(text: bytes) -> np.ndarray:
    """Where LF stand, a piece of the text at a time."""
    buffer = np.frombuffer(text, np.uint8)
    starts = range(0, len(text), PIECE)
    width = text.find(b"\n") + 1
    if width and (buffer[width - 1 :: width] == 10).all():  # as the format asks for, all lines are of one length
        even = np.arange(width - 1, len(text), width)
        if len(even) == sum(np.count_nonzero(buffer[start : start + PIECE] == 10) for start in starts):
            return even
    found = [np.flatnonzero(buffer[start : start + PIECE] == 10) + start for start in starts]
    return np.concatenate([np.zeros(0, np.int64), *found])


def refuse_truncated(lines: Lines, atom_lines: np.ndarray, where: str) -> None:
    """A last line that is cut within its numbers means a truncated file.

    Where the last line has no end it may be cut anywhere, so it must be as long as the lines before it, or reach
    the end of its numbers. A line with an end is cut if it lacks coordinates.
    """
    last = len(lines.lengths) - 1 - int((lines.lengths[::-1] > 0).argmax())
    length = int(lines.lengths[last])
    whole = COORDINATES
    if last == len(lines.starts) - 1:  # no LF follows it
        before = lines.lengths[atom_lines[atom_lines < last]]
        whole = int(min(B_FACTOR, before.max(initial=0))) if len(before) else B_FACTOR
    name = lines.rows(np.array([last]))[0, :6].tobytes()
    if name in (b"ATOM  ", b"HETATM") and length < max(whole, COORDINATES):
        raise UnreadableFile(where, f"a last atom record of {length} characters", "a complete file")  # EXP-56
    if name == b"ANISOU" and last == len(lines.starts) - 1 and length < ANISOU:
        raise UnreadableFile(where, f"a last ANISOU record of {length} characters", "a complete file")  # EXP-56


def models(lines: Lines, atom_lines: np.ndarray, end: int) -> tuple[np.ndarray, list[dict], list[dict]]:
    """(n,) model number of each atom record; notes of models without atoms; doubts.

    A model begins at MODEL and, where atoms follow without another MODEL, after ENDMDL. Models have the numbers of
    their MODEL records if each has one and no two are equal, else they are numbered from 1.
    """
    begins = lines.of(b"MODE")[:end]
    marks = np.flatnonzero(begins | lines.of(b"ENDM")[:end])
    starts = np.concatenate([[0], np.searchsorted(atom_lines, marks)])  # of what follows each mark
    counts = np.diff(starts, append=len(atom_lines))
    stated: list[int | None] = [None] * (len(marks) + 1)
    ordinals: dict[int, int] = {}
    for k, (mark, row) in enumerate(zip(marks.tolist(), lines.rows(marks), strict=True), 1):
        if begins[mark]:
            field = row.tobytes()[6:].split()
            stated[k] = int(field[0]) if field and field[0].isdigit() and len(field[0]) < 10 else None
            ordinals[k] = len(ordinals) + 1
    used = np.flatnonzero(counts).tolist()
    numbers = [number for k in used if (number := stated[k]) is not None]
    renumbered = len(set(numbers)) < len(used)
    repeated = sorted({n for n in numbers if numbers.count(n) > 1}) if len(set(numbers)) < len(numbers) else []
    if renumbered:
        numbers = list(range(1, len(used) + 1))
    number_of = np.zeros(len(counts), np.int32)
    number_of[used] = numbers
    notes: list[dict] = []
    doubts: list[dict] = []
    if repeated:
        message = "several models have one number; models are numbered from 1 in file order"
        doubts.append({"code": "model-numbers", "message": message, "where": [f"MODEL {n}" for n in repeated]})
    empty = [stated[k] or ordinal for k, ordinal in ordinals.items() if not counts[k]]
    if empty:
        because = f"no atom records in model {empty[:5]}"
        notes.append({"what": "empty models", "count": len(empty), "because": because})
    outside = [f"line {atom_lines[starts[k]] + 1}" for k in used if k not in ordinals]
    if ordinals and outside:
        message = "atoms outside of MODEL and ENDMDL are a model of their own"
        doubts.append({"code": "outside-model", "message": message, "where": outside})
    return np.repeat(number_of, counts), notes, doubts
