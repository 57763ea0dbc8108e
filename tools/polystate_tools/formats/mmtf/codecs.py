"""The sixteen codecs of MMTF 1.0: a 12-byte header (codec, length, parameter) and a payload, big-endian.

Every length is checked against the header, the payload and the ceilings before an array is made."""

from __future__ import annotations

import struct
from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

import numpy as np

from . import kernels, kernels_numpy
from .errors import (
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
from .limits import Budget

HEADER = struct.Struct(">iii")
BACKENDS: dict[str, ModuleType] = {"numba": kernels, "numpy": kernels_numpy}
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


class Header(NamedTuple):
    """The first twelve bytes of a binary field."""

    codec: int
    length: int
    parameter: int


def read_header(data: bytes, where: str) -> Header:
    """Codec, length and parameter of a binary field, or a named refusal."""
    if len(data) < HEADER.size:
        raise BadHeader(where, f"{len(data)} bytes", "a 12-byte header")
    header = Header(*HEADER.unpack_from(data))
    if header.codec not in RESULT:
        raise UnsupportedCodec(where, f"codec {header.codec}", "a codec from 1 to 16")
    if header.length < 0:
        raise BadHeader(where, f"length {header.length}", "a length of 0 or more")
    return header


def decode(data: bytes, where: str, budget: Budget | None = None, backend: str = "numba") -> np.ndarray:
    """A binary field with its header -> the array it holds.

    float32, int8, int16 or int32 by codec; codec 5 gives text (`<U`), codec 6 ASCII codes (uint8)."""
    header = read_header(data, where)
    (budget or Budget.for_bytes(len(data))).take(header.length, where)
    return decode_payload(header, data, HEADER.size, where, BACKENDS[backend])


def decode_payload(header: Header, data: bytes, offset: int, where: str, k: ModuleType) -> np.ndarray:
    """The values behind a header that was read and whose length was reserved."""
    codec, n, parameter = header
    match codec:
        case 1:
            return _plain(data, offset, ">f4", n, where).astype(np.float32)
        case 2:
            return _plain(data, offset, ">i1", n, where).astype(np.int8)
        case 3:
            return _plain(data, offset, ">i2", n, where).astype(np.int16)
        case 4:
            return _plain(data, offset, ">i4", n, where).astype(np.int32)
        case 5:
            return text(data, offset, n, parameter, where)
        case 6:
            return chars(integers(data, offset, np.int32, where), n, where, k)
        case 7:
            return runs(integers(data, offset, np.int32, where), n, where, k)
        case 8:
            return runs_delta(integers(data, offset, np.int32, where), n, where, k)
        case 9:
            _divisor(parameter, where)
            return runs_float(integers(data, offset, np.int32, where), n, parameter, where, k)
        case 10:
            _divisor(parameter, where)
            packed = integers(data, offset, np.int16, where)
            return _indexed(packed, n, where, k.recursive_index_delta_float, parameter)
        case 11:
            _divisor(parameter, where)
            return k.to_float32(_plain(data, offset, ">i2", n, where).astype(np.int16), parameter)
        case 12 | 13:
            _divisor(parameter, where)
            packed = integers(data, offset, np.int16 if codec == 12 else np.int8, where)
            return k.to_float32(_indexed(packed, n, where, k.recursive_index), parameter)
        case 14 | 15:
            packed = integers(data, offset, np.int16 if codec == 14 else np.int8, where)
            return _indexed(packed, n, where, k.recursive_index)
        case 16:
            return runs_narrow(integers(data, offset, np.int32, where), n, np.int8, (-128, 127), where, k)
    raise UnsupportedCodec(where, f"codec {codec}", "a codec from 1 to 16")


def integers(data: bytes, offset: int, dtype: type, where: str) -> np.ndarray:
    """The bytes from offset on as native-endian integers."""
    size = np.dtype(dtype).itemsize
    if (len(data) - offset) % size:
        raise PayloadSize(where, f"{len(data) - offset} bytes", f"a multiple of {size}")
    return np.frombuffer(data, np.dtype(dtype).newbyteorder(">"), offset=offset).astype(dtype)


def _plain(data: bytes, offset: int, dtype: str, n: int, where: str) -> np.ndarray:
    size = np.dtype(dtype).itemsize
    if len(data) - offset != n * size:
        raise PayloadSize(where, f"{len(data) - offset} bytes", f"{n * size} bytes for {n} values")
    return np.frombuffer(data, dtype, offset=offset)


def _divisor(parameter: int, where: str) -> None:
    if parameter <= 0:
        raise BadParameter(where, f"divisor {parameter}", "a divisor above 0")


def in_range(values: np.ndarray, low: int, high: int, where: str) -> np.ndarray:
    """The values themselves if all lie in [low, high], else a refusal that names the first that does not."""
    if values.size and (values.min() < low or values.max() > high):
        at = int(np.argmax((values < low) | (values > high)))
        raise ValueOutOfRange(f"{where}[{at}]", values[at], f"a value from {low} to {high}")
    return values


def split_runs(pairs: np.ndarray, n: int, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Values and counts of run-length pairs; odd, negative or wrongly summing counts refused before expansion."""
    if pairs.size % 2:
        raise PayloadSize(where, f"{pairs.size} integers", "pairs of value and count")
    values, counts = np.ascontiguousarray(pairs[0::2]), np.ascontiguousarray(pairs[1::2])
    if counts.size and counts.min() < 0:
        raise NegativeRun(where, f"count {counts.min()}", "counts of 0 or more")
    total = int(counts.sum(dtype=np.int64))
    if total != n:
        raise LengthMismatch(where, f"{total} values in runs", f"{n} values")
    return values, counts


def runs(pairs: np.ndarray, n: int, where: str, k: ModuleType) -> np.ndarray:
    """Run-length decoding into (n,) int32."""
    values, counts = split_runs(pairs, n, where)
    out = np.empty(n, np.int32)
    k.run_length(values, counts, out)
    return out


def runs_delta(pairs: np.ndarray, n: int, where: str, k: ModuleType) -> np.ndarray:
    """Run-length, then delta decoding into (n,) int32."""
    steps, counts = split_runs(pairs, n, where)
    out = np.empty(n, np.int32)
    if not k.run_length_delta(steps, counts, out):
        raise ValueOutOfRange(where, "a sum of deltas beyond 32 bits", "values that fit int32")
    return out


def runs_float(pairs: np.ndarray, n: int, divisor: int, where: str, k: ModuleType) -> np.ndarray:
    """Run-length, then integer decoding into (n,) float32: each run is divided once."""
    values, counts = split_runs(pairs, n, where)
    out = np.empty(n, np.float32)
    k.run_length(k.to_float32(values, divisor), counts, out)
    return out


def runs_narrow(
    pairs: np.ndarray, n: int, dtype: type, limits: tuple[int, int], where: str, k: ModuleType
) -> np.ndarray:
    """Run-length decoding into (n,) values of one byte; values outside the limits are refused."""
    values, counts = split_runs(pairs, n, where)
    in_range(values[counts > 0], *limits, where)
    out: np.ndarray = np.empty(n, dtype)
    k.run_length(values.astype(dtype), counts, out)
    return out


def chars(pairs: np.ndarray, n: int, where: str, k: ModuleType) -> np.ndarray:
    """Run-length decoding into (n,) uint8 ASCII codes."""
    return runs_narrow(pairs, n, np.uint8, (0, 127), where, k)


def _indexed(packed: np.ndarray, n: int, where: str, kernel: Callable, *parameters: int) -> np.ndarray:
    """Recursive indexing: no more values than parts, the last part complete, exactly n values."""
    info = np.iinfo(packed.dtype)
    if packed.size < n:
        raise LengthMismatch(where, f"{packed.size} parts", f"{n} values")
    if packed.size and packed[-1] in (info.min, info.max):
        raise UnterminatedIndex(where, f"{packed[-1]} at the end", "a last part that completes its value")
    values, found = kernel(packed, n, packed.dtype.type(info.min), packed.dtype.type(info.max), *parameters)
    if found < 0:
        raise ValueOutOfRange(where, "a sum beyond 32 bits", "values that fit int32")
    if found != n:
        raise LengthMismatch(where, "another number of values in the payload", f"{n} values")
    return values


def text(data: bytes, offset: int, n: int, width: int, where: str) -> np.ndarray:
    """Fixed-length strings, unused bytes NUL on either side -> (n,) text array."""
    if width <= 0:
        raise BadParameter(where, f"string length {width}", "a length above 0")
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
            raise ValueOutOfRange(f"{where}[{i}]", string, "unused bytes at the ends only")
    try:
        return np.array([string.decode() for string in strings], f"<U{width}")
    except UnicodeDecodeError as error:
        raise NotUtf8(where, error.object, "UTF-8 text") from None
