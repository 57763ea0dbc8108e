"""A large loop, such as `_atom_site`, cut out of an mmCIF file and read column by column.

A CIF parser makes a string of every value. In the files that there are, the rows of the atoms are lines of values
without blanks, which Arrow reads as it reads a table. Only what is certain to mean the same is cut: `cut` returns None
of everything else, which then goes the usual way.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.csv

NEW_LINE, BLANK, TAB = 10, 32, 9
QUOTES = (ord("'"), ord('"'))
NO_ROW = np.isin(np.arange(256), np.frombuffer(b"#_;$[]lLdDsSgG'\" \t\n", np.uint8))
"""What a line begins with that is not, or may not be, a row."""
NO_VALUE = np.isin(np.arange(256), np.frombuffer(b"#_$[]", np.uint8))
"""What no value begins with that stands without quotes."""
DOUBTFUL = (b"#", b"_", b"$", b"[", b"]", b"'", b'"')
"""Without one of these every word is a value, and says no more than it seems to."""
RESERVED = re.compile(rb"(?i)[ \n](?:loop|stop|global|data|save)_")
AFTER = re.compile(rb"(?:\s|#[^\n]*(?:\n|\Z))*(?:_|(?i:loop_|data_|save_)|\Z)")


def cut(content: bytes, category: str) -> tuple[bytes, dict[str, pa.Array]] | None:
    """(the file without the loop, its values by name of column, as they are written); None where this is not certain.

    category: in lower case, without the underscore."""
    head = re.compile(rb"(?:\A|\n)loop_[ \t]*\n((?:[ \t]*_%s\.[!-~]+[ \t]*\n)+)" % category.encode()).search(content)
    if head is None or b"\r" in content or content.count(b"\n;", 0, head.start()) % 2:
        return None
    names = [tag.decode().partition(".")[2] for tag in head[1].split()]
    rows = _rows(np.frombuffer(content, np.uint8)[head.end() :])
    end = head.end() + len(rows)
    if not len(rows) or len({name.lower() for name in names}) < len(names) or not AFTER.match(content, end):
        return None
    packed = _packed(rows)
    columns = None if packed is None else _columns(packed, names)
    if columns is None:
        return None
    return content[: head.start()] + b"\n#\n" + content[end:], columns


def _rows(rest: np.ndarray) -> np.ndarray:
    """The lines at the beginning of `rest` (n,) uint8 that are rows, whole."""
    ends = np.flatnonzero(rest == NEW_LINE)
    if not len(ends):
        return rest[:0]
    begins = np.concatenate([[0], ends[:-1] + 1])
    other = np.flatnonzero(NO_ROW[rest[begins]])
    return rest[: begins[other[0]] if len(other) else ends[-1] + 1]


def _packed(rows: np.ndarray) -> bytes | None:
    """The rows with one blank between values; None where a value is not one word of printable characters."""
    ends, gap = rows == NEW_LINE, (rows == BLANK) | (rows == TAB)
    if rows.max() > 126 or ((rows < BLANK) & ~ends & ~gap).any():
        return None
    keep = ~gap
    keep[:-1] |= ~(gap[1:] | ends[1:])  # a blank before a value
    made = rows[keep]
    made[made == TAB] = BLANK
    text = made.tobytes()
    return text if not any(mark in text for mark in DOUBTFUL) or _are_values(made, text) else None


def _are_values(made: np.ndarray, text: bytes) -> bool:
    """Whether each word is a value: no comment, name or word of the grammar, and quotes where they begin and end it."""
    between = np.flatnonzero((made == BLANK) | (made == NEW_LINE))
    begins = np.concatenate([[0], between[:-1] + 1])
    first = made[begins]
    if NO_VALUE[first].any() or (b"_" in text and RESERVED.search(text)):
        return False
    quoted = np.isin(first, QUOTES)
    last = between[quoted] - 1
    return bool(((last > begins[quoted]) & (made[last] == first[quoted])).all())


def _columns(packed: bytes, names: list[str]) -> dict[str, pa.Array] | None:
    """The values of each column; None where a line has more or fewer."""
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(pa.py_buffer(packed)),
            read_options=pyarrow.csv.ReadOptions(column_names=names),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=" ", quote_char=False, escape_char=False, ignore_empty_lines=False
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    return {name: table.column(name).combine_chunks() for name in names}
