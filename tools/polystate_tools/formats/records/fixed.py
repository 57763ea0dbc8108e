"""Fixed-width numeric fields of many lines at once: decimals, integers and hybrid-36."""

from __future__ import annotations

import numpy as np

from polystate_tools.formats.errors import WrongColumns
from polystate_tools.formats.records.pairs import DOT, MINUS, SPACE, ZERO, usual_decimals


def decimals(chars: np.ndarray, what: str, lines: np.ndarray, blank: float = np.nan, file: str = "") -> np.ndarray:
    """Numbers of a field such as `  12.345`. chars: (N, W) uint8; file, lines: (N,) numbers, for messages.

    The fast way reads columns of digits when the point stands in one column; its result is that of `float`,
    because an integer below 2^53 divided by a power of ten is correctly rounded (IEEE 754).
    """
    if not len(chars):
        return np.empty(0)
    usual = usual_decimals(chars)
    if usual is not None:
        return usual
    columns = np.ascontiguousarray(chars.T)
    points = np.flatnonzero((columns == DOT).all(axis=1))
    if len(points) == 1:
        values = _whole_numbers(np.delete(columns, points[0], axis=0))
        if values is not None:
            return values / 10.0 ** (chars.shape[1] - 1 - points[0])
    texts = [bytes(row).strip() for row in chars]
    return np.array([_number(text, what, line, blank, file) for text, line in zip(texts, lines.tolist(), strict=True)])


def integers(chars: np.ndarray, what: str, lines: np.ndarray, blank: int = 0, file: str = "") -> np.ndarray:
    """Integers of a field, hybrid-36 where a letter stands first. chars: (N, W) uint8; (N,) int64."""
    if not len(chars):
        return np.empty(0, np.int64)
    values = whole_numbers(chars)
    if values is not None:
        return values
    width = chars.shape[1]
    return np.array(
        [
            _integer(bytes(row).decode("latin-1"), width, what, line, blank, file)
            for row, line in zip(chars, lines.tolist(), strict=True)
        ],
        np.int64,
    )


def hybrid36(text: str, width: int) -> int:
    """The integer of a hybrid-36 field of `width` characters (cci.lbl.gov/hybrid_36)."""
    text = text.strip()
    if not text or text[0] in "-0123456789":
        return int(text)
    if len(text) != width or not text.isalnum() or not (text.isupper() or text.islower()):
        raise ValueError(text)
    offset = 10**width - 10 * 36 ** (width - 1)
    if text.islower():
        offset += 26 * 36 ** (width - 1)
    return int(text, 36) + offset


def to_hybrid36(value: int, width: int) -> str:
    """A field of `width` characters that `hybrid36` reads back; ValueError where it has no room."""
    if -(10 ** (width - 1)) < value < 10**width:
        return f"{value:>{width}d}"
    block = 26 * 36 ** (width - 1)
    rest = value - 10**width
    if not 0 <= rest < 2 * block:
        raise ValueError(f"{value} has no hybrid-36 form of {width} characters")
    upper = rest < block
    rest = rest % block + 10 * 36 ** (width - 1)
    digits = ""
    for _ in range(width):
        rest, digit = divmod(rest, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + digits
    return digits if upper else digits.lower()


def whole_numbers(chars: np.ndarray) -> np.ndarray | None:
    """(N,) int64, or None where a field is not blanks, at most one sign, then digits. chars: (N, W) uint8."""
    values = _whole_numbers(np.ascontiguousarray(chars.T))
    return None if values is None else values.astype(np.int64)


def _whole_numbers(columns: np.ndarray) -> np.ndarray | None:
    """(N,) whole numbers, or None where a field is not blanks, at most one sign, then digits. columns: (W, N) uint8."""
    width, n = columns.shape
    value: np.ndarray = np.zeros(n, np.int32 if width < 10 else np.int64)
    negative, started, signed = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, bool)
    for column in columns:
        digit = column - np.uint8(ZERO)
        is_digit = digit <= 9
        minus = column == MINUS
        other = ~is_digit & ~minus & (column != SPACE)
        if other.any() or (started & ~is_digit).any() or (signed & ~is_digit).any():
            return None
        value *= 10
        value += digit * is_digit
        signed = minus
        negative |= minus
        started |= is_digit
    if not started.all():
        return None
    return np.where(negative, -value, value)


def _number(text: bytes, what: str, line: int, blank: float, file: str) -> float:
    if not text:
        return blank
    try:
        return float(text)
    except ValueError:
        # EXP-56
        raise WrongColumns(f"{file} line {line}".strip(), f"{what} {text.decode('latin-1')!r}", "a number") from None


def _integer(text: str, width: int, what: str, line: int, blank: int, file: str) -> int:
    if not text.strip():
        return blank
    try:
        return hybrid36(text, width)
    except ValueError:
        raise WrongColumns(
            f"{file} line {line}".strip(), f"{what} {text!r}", "an integer or hybrid-36 number"
        ) from None
