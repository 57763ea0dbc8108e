"""The sixteen codecs of MMTF 1.0: a 12-byte header (codec, length, parameter) and a payload, big-endian.

Every length is checked against the header, the payload and the ceilings before an array is made."""

from __future__ import annotations

import struct
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from polystate_tools.formats.mmtf import kernels, kernels_numpy
from polystate_tools.formats.mmtf.compiled import COMPILES
from polystate_tools.formats.mmtf.errors import (
    BadHeader,
    BadParameter,
    LengthMismatch,
    NegativeRun,
    NotUtf8,
    PayloadSize,
    UnsupportedCodec,
    UnterminatedIndex,
    ValueOutOfRange,
)
from polystate_tools.formats.mmtf.limits import Budget

HEADER = struct.Struct(">iii")
BACKENDS: dict[str, ModuleType] = {"numba": kernels if COMPILES else kernels_numpy, "numpy": kernels_numpy}
INT32 = np.iinfo(np.int32)

# what a codec decodes into
RESULT = {
    **dict.fromkeys((1, 9, 10, 11, 12, 13), "float32"),
    **dict.fromkeys((2, 16), "int8"),
    3: "int16",
    **dict.fromkeys((4, 7, 8, 14, 15), "int32"),
    5: "text",
    6: "char",
}
DTYPES: dict[str, type] = {
    "float32": np.float32,
    "int8": np.int8,
    "int16": np.int16,
    "int32": np.int32,
    "char": np.uint8,
}
DIVIDED = (9, 10, 11, 12, 13)  # the parameter is a divisor
PLAIN = {1: ">f4", 2: ">i1", 3: ">i2", 4: ">i4", 11: ">i2"}  # one element of the payload a value
PACKED = {10: np.int16, 12: np.int16, 13: np.int8, 14: np.int16, 15: np.int8}  # others hold int32


class Header(NamedTuple):
    """The first twelve bytes of a binary field."""

    codec: int
    length: int
    parameter: int


def read_header(data: bytes | memoryview, where: str) -> Header:
    """Codec, length and parameter of a binary field, or a named refusal."""
    if len(data) < HEADER.size:
        raise BadHeader(where, f"{len(data)} bytes", "a 12-byte header")  # MMTF-12
    header = Header(*HEADER.unpack_from(data))
    if header.codec not in RESULT:
        raise UnsupportedCodec(where, f"codec {header.codec}", "a codec from 1 to 16")  # MMTF-13
    if header.length < 0:
        raise BadHeader(where, f"length {header.length}", "a length of 0 or more")  # MMTF-12
    return header


def decode(data: bytes | memoryview, where: str, budget: Budget | None = None, backend: str = "numba") -> np.ndarray:
    """A binary field with its header -> the array it holds.

    float32, int8, int16 or int32 by codec; codec 5 gives text (`<U`), codec 6 ASCII codes (uint8)."""
    header = read_header(data, where)
    budget = budget or Budget.for_bytes(len(data))
    budget.take(header.length, where)
    return decode_payload(header, data, HEADER.size, where, BACKENDS[backend], budget)


def decode_payload(
    header: Header, data: bytes | memoryview, offset: int, where: str, k: ModuleType, budget: Budget
) -> np.ndarray:
    """The values behind a header that was read and whose length was reserved."""
    codec, n, parameter = header
    if codec == 5:
        return text(data, offset, n, parameter, where)
    if codec in DIVIDED and parameter <= 0:
        raise BadParameter(where, f"divisor {parameter}", "a divisor above 0")  # MMTF-14
    out = budget.array(n, DTYPES[RESULT[codec]])
    if codec in PLAIN:
        values = _plain(data, offset, PLAIN[codec], n, where)
        if codec == 11:
            k.to_float32(values.astype(np.int16), parameter, out)
        elif codec == 4:
            k.read_int32(values.view(np.uint8), out)
        else:
            out[:] = values
        return out
    payload = integers(data, offset, PACKED.get(codec, np.int32), where, k)
    match codec:
        case 6:
            chars(payload, where, k, out)
        case 7:
            runs(payload, where, k, out)
        case 8:
            runs_delta(payload, where, k, out)
        case 9:
            runs_float(payload, parameter, where, k, out)
        case 10:
            _indexed(payload, where, k.recursive_index_delta_float, parameter, out)
        case 12 | 13:
            values = np.empty(n, np.int32)
            _indexed(payload, where, k.recursive_index, values)
            k.to_float32(values, parameter, out)
        case 14 | 15:
            _indexed(payload, where, k.recursive_index, out)
        case 16:
            runs_narrow(payload, (-128, 127), where, k, out)
    return out


def integers(data: bytes | memoryview, offset: int, dtype: type, where: str, k: ModuleType) -> np.ndarray:
    """The bytes from offset on as native-endian integers."""
    size = np.dtype(dtype).itemsize
    count, rest = divmod(len(data) - offset, size)
    if rest:
        raise PayloadSize(where, f"{len(data) - offset} bytes", f"a multiple of {size}")  # MMTF-15
    if size == 1:
        return np.frombuffer(data, dtype, offset=offset)
    out: np.ndarray = np.empty(count, dtype)
    (k.read_int16 if size == 2 else k.read_int32)(np.frombuffer(data, np.uint8, offset=offset), out)
    return out


def _plain(data: bytes | memoryview, offset: int, dtype: str, n: int, where: str) -> np.ndarray:
    size = np.dtype(dtype).itemsize
    if len(data) - offset != n * size:
        raise PayloadSize(where, f"{len(data) - offset} bytes", f"{n * size} bytes for {n} values")
    return np.frombuffer(data, dtype, offset=offset)


def in_range(values: np.ndarray, low: int, high: int, where: str) -> np.ndarray:
    """The values themselves if all lie in [low, high], else a refusal that names the first that does not."""
    if values.size and (values.min() < low or values.max() > high):
        at = int(np.argmax((values < low) | (values > high)))
        raise ValueOutOfRange(f"{where}[{at}]", values[at], f"a value from {low} to {high}")
    return values


def split_runs(pairs: np.ndarray, n: int, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Values and counts of run-length pairs; odd, negative or wrongly summing counts refused before expansion."""
    if pairs.size % 2:
        raise PayloadSize(where, f"{pairs.size} integers", "pairs of value and count")  # MMTF-20
    values, counts = np.ascontiguousarray(pairs[0::2]), np.ascontiguousarray(pairs[1::2])
    if counts.size and counts.min() < 0:
        raise NegativeRun(where, f"count {counts.min()}", "counts of 0 or more")  # MMTF-19
    total = int(counts.sum(dtype=np.int64))
    if total != n:
        raise LengthMismatch(where, f"{total} values in runs", f"{n} values")  # MMTF-16
    return values, counts


def runs(pairs: np.ndarray, where: str, k: ModuleType, out: np.ndarray) -> None:
    """Run-length decoding into (n,) int32."""
    values, counts = split_runs(pairs, out.size, where)
    k.run_length(values, counts, out)


def runs_delta(pairs: np.ndarray, where: str, k: ModuleType, out: np.ndarray) -> None:
    """Run-length, then delta decoding into (n,) int32."""
    steps, counts = split_runs(pairs, out.size, where)
    if not k.run_length_delta(steps, counts, out):
        raise ValueOutOfRange(where, "a sum of deltas beyond 32 bits", "values that fit int32")  # MMTF-18


def runs_float(pairs: np.ndarray, divisor: int, where: str, k: ModuleType, out: np.ndarray) -> None:
    """Run-length, then integer decoding into (n,) float32: each run is divided once."""
    values, counts = split_runs(pairs, out.size, where)
    quotients = np.empty(values.size, np.float32)
    k.to_float32(values, divisor, quotients)
    k.run_length(quotients, counts, out)


def runs_narrow(pairs: np.ndarray, limits: tuple[int, int], where: str, k: ModuleType, out: np.ndarray) -> None:
    """Run-length decoding into (n,) values of one byte; values outside the limits are refused."""
    values, counts = split_runs(pairs, out.size, where)
    in_range(values[counts > 0], *limits, where)
    k.run_length(values.astype(out.dtype), counts, out)


def chars(pairs: np.ndarray, where: str, k: ModuleType, out: np.ndarray) -> None:
    """Run-length decoding into (n,) uint8 ASCII codes."""
    runs_narrow(pairs, (0, 127), where, k, out)


def _indexed(packed: np.ndarray, where: str, kernel: Callable, *arguments: Any) -> None:
    """Recursive indexing: no more values than parts, the last part complete, exactly as many as `out` holds."""
    info = np.iinfo(packed.dtype)
    n = arguments[-1].size
    if packed.size and packed[-1] in (info.min, info.max):
        raise UnterminatedIndex(where, f"{packed[-1]} at the end", "a last part that completes its value")  # MMTF-23
    if packed.size < n:
        raise LengthMismatch(where, f"{packed.size} parts", f"{n} values")
    found = kernel(packed, packed.dtype.type(info.min), packed.dtype.type(info.max), *arguments)
    if found < 0:
        raise ValueOutOfRange(where, "a sum beyond 32 bits", "values that fit int32")
    if found != n:
        raise LengthMismatch(where, "another number of values in the payload", f"{n} values")


def text(data: bytes | memoryview, offset: int, n: int, width: int, where: str) -> np.ndarray:
    """Fixed-length strings, unused bytes NUL on either side -> (n,) text array."""
    if width <= 0:
        raise BadParameter(where, f"string length {width}", "a length above 0")  # MMTF-14
    if len(data) - offset != n * width:
        raise PayloadSize(where, f"{len(data) - offset} bytes", f"{n * width} bytes for {n} strings of {width}")
    if n == 0:
        return np.empty(0, "<U1")
    raw = np.frombuffer(data, np.uint8, offset=offset).reshape(n, width)
    used = raw != 0
    ragged = bool((used[:, 1:] & ~used[:, :-1]).any())  # a byte after a NUL: not left-aligned
    if not ragged and raw.max() < 128:
        return raw.astype(np.uint32).view(f"<U{width}").ravel()  # numpy holds text as UCS-4
    strings = [row.tobytes().strip(b"\0") for row in raw]
    for i, string in enumerate(strings):
        if b"\0" in string:
            raise ValueOutOfRange(f"{where}[{i}]", string, "unused bytes at the ends only")  # MMTF-25
    try:
        return np.array([string.decode() for string in strings], f"<U{width}")
    except UnicodeDecodeError as error:
        raise NotUtf8(where, error.object, "UTF-8 text") from None  # MMTF-4
