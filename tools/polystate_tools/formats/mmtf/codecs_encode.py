"""Arrays into bytes: the encoding side of the sixteen codecs and of the draft's header-less forms."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from polystate_tools.formats.mmtf.codecs import BACKENDS, HEADER, INT32, RESULT
from polystate_tools.formats.mmtf.errors import BadParameter, NonFinite, TooLarge, UnsupportedCodec, ValueOutOfRange
from polystate_tools.formats.mmtf.limits import MAX_VALUES

INTEGER_RANGE = {
    "int8": (-128, 127),
    "char": (0, 127),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (INT32.min, INT32.max),
}


def encode(values: np.ndarray, codec: int, parameter: int, where: str, backend: str = "numba") -> bytes:
    """An array with its header, ready to be a binary field.

    Integer encoding rounds to the nearest integer (the published text truncates, which loses 0.001)."""
    if codec not in RESULT:
        raise UnsupportedCodec(where, f"codec {codec}", "a codec from 1 to 16")
    payload = encode_payload(values, codec, parameter, where, BACKENDS[backend])
    return HEADER.pack(codec, len(values), parameter) + payload


def encode_payload(values: np.ndarray, codec: int, parameter: int, where: str, k: ModuleType) -> bytes:
    """What stands behind the header."""
    match codec:
        case 1:
            return np.asarray(values).astype(">f4").tobytes()
        case 2 | 3 | 4:
            return checked(values, RESULT[codec], where).astype({2: ">i1", 3: ">i2", 4: ">i4"}[codec]).tobytes()
        case 5:
            return text(values, parameter, where)
        case 6 | 7 | 16:
            return runs(checked(values, RESULT[codec], where), k)
        case 8:
            return runs(deltas(values, where), k)
        case 9:
            return runs(scaled(values, parameter, where), k)
        case 10:
            integers = np.diff(scaled(values, parameter, where).astype(np.int64), prepend=0)
            return packed(integers, np.int16, where, k)
        case 11:
            return checked(scaled(values, parameter, where), "int16", where).astype(">i2").tobytes()
        case 12 | 13:
            integers = scaled(values, parameter, where).astype(np.int64)
            return packed(integers, np.int16 if codec == 12 else np.int8, where, k)
        case 14 | 15:
            integers = checked(values, "int32", where).astype(np.int64)
            return packed(integers, np.int16 if codec == 14 else np.int8, where, k)
    raise UnsupportedCodec(where, f"codec {codec}", "a codec from 1 to 16")


def checked(values: np.ndarray, kind: str, where: str) -> np.ndarray:
    """Integers that fit `kind`, or a refusal that names the first that does not."""
    values = np.asarray(values)
    low, high = INTEGER_RANGE[kind]
    if values.size and (values.min() < low or values.max() > high):
        at = int(np.argmax((values < low) | (values > high)))
        raise ValueOutOfRange(f"{where}[{at}]", values[at], f"a value from {low} to {high}")
    return values


def scaled(values: np.ndarray, divisor: int, where: str) -> np.ndarray:
    """(n,) numbers -> (n,) int32: times the divisor, rounded to nearest (ties to even)."""
    if divisor <= 0:
        raise BadParameter(where, f"divisor {divisor}", "a divisor above 0")
    product = np.asarray(values, np.float64) * divisor
    np.rint(product, out=product)
    if not np.isfinite(product).all():
        at = int(np.argmin(np.isfinite(product)))
        raise NonFinite(f"{where}[{at}]", values[at], "a finite number")
    return checked(product, "int32", where).astype(np.int32)


def deltas(values: np.ndarray, where: str) -> np.ndarray:
    """(n,) int32 -> (n,) int32 differences, the first against 0."""
    steps = np.diff(checked(values, "int32", where).astype(np.int64), prepend=0)
    return checked(steps, "int32", where).astype(np.int32)


def runs(values: np.ndarray, k: ModuleType) -> bytes:
    """Run-length pairs of (n,) integers as big-endian int32."""
    return k.run_length_encode(np.ascontiguousarray(values, np.int32)).astype(">i4").tobytes()


def packed(values: np.ndarray, dtype: type, where: str, k: ModuleType) -> bytes:
    """Recursive indexing of (n,) int64 into int8 or int16."""
    info = np.iinfo(dtype)
    parts = int(k.recursive_index_parts(values, info.min, info.max))
    if parts > MAX_VALUES:
        raise TooLarge(where, f"{parts} parts in recursive indexing", f"at most {MAX_VALUES}")
    out: np.ndarray = np.empty(parts, dtype)
    k.recursive_index_encode(values, info.min, info.max, out)
    return out.astype(np.dtype(dtype).newbyteorder(">")).tobytes()


def text(values: np.ndarray, width: int, where: str) -> bytes:
    """Strings as UTF-8, left-aligned in `width` bytes each, filled with NUL."""
    if width <= 0:
        raise BadParameter(where, f"string length {width}", "a length above 0")
    strings = [str(value).encode() for value in values]
    for i, string in enumerate(strings):
        if len(string) > width or b"\0" in string:
            raise ValueOutOfRange(f"{where}[{i}]", values[i], f"at most {width} bytes of text without NUL")
    return b"".join(string.ljust(width, b"\0") for string in strings)


def split_list(values: np.ndarray, divisor: int, where: str) -> tuple[bytes, bytes]:
    """Split-list delta encoding of the draft: big-endian `big` (int32 pairs) and `small` (int16).

    The first delta and every delta outside int16 is big; the count of the small ones after it follows it."""
    integers = scaled(values, divisor, where)
    steps = np.diff(integers.astype(np.int64), prepend=0)
    checked(steps, "int32", where)
    is_big = (steps < -(2**15)) | (steps > 2**15 - 1)
    is_big[:1] = True
    at = np.flatnonzero(is_big)
    big = np.empty(2 * at.size, ">i4")
    big[0::2] = steps[at]
    big[1::2] = np.diff(at, append=steps.size) - 1
    return big.tobytes(), steps[~is_big].astype(">i2").tobytes()
