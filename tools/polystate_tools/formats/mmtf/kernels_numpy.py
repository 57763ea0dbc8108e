"""The codecs in NumPy: the readable twin of `kernels`, function by function, held to it by the tests."""

from __future__ import annotations

import numpy as np

INT32 = np.iinfo(np.int32)


def _narrow(values: np.ndarray) -> tuple[np.ndarray, bool]:
    """int64 values as int32, and whether all of them fit."""
    fits = values.size == 0 or (values.min() >= INT32.min and values.max() <= INT32.max)
    return values.astype(np.int32), bool(fits)


def read_int16(raw: np.ndarray, out: np.ndarray) -> None:
    """(2n,) uint8, big-endian, at any address -> out (n,) int16."""
    out[:] = raw.view(">i2")


def read_int32(raw: np.ndarray, out: np.ndarray) -> None:
    """(4n,) uint8, big-endian, at any address -> out (n,) int32."""
    out[:] = raw.view(">i4")


def run_length(values: np.ndarray, counts: np.ndarray, out: np.ndarray) -> None:
    """(R,) values, (R,) int32 counts -> out, as long as the counts sum to: each value as often as its count."""
    out[:] = np.repeat(values, counts)


def run_length_delta(steps: np.ndarray, counts: np.ndarray, out: np.ndarray) -> bool:
    """(R,) int32 deltas, (R,) int32 counts -> running sums in out (int32), and whether all of them fit."""
    out[:], fits = _narrow(np.cumsum(np.repeat(steps, counts), dtype=np.int64))
    return fits


def _unpack(packed: np.ndarray, low: int, high: int) -> np.ndarray:
    """(P,) parts -> complete values, int64: parts at an endpoint are added to what follows them."""
    ends = np.flatnonzero((packed != low) & (packed != high))
    if ends.size == 0:
        return np.empty(0, np.int64)
    starts = np.concatenate([[0], ends[:-1] + 1])
    return np.add.reduceat(packed[: ends[-1] + 1].astype(np.int64), starts)


def recursive_index(packed: np.ndarray, low: int, high: int, out: np.ndarray) -> int:
    """(P,) int8|int16 -> out (n,) int32; returns how many values there are (or -1: int32 overflow)."""
    values, fits = _narrow(_unpack(packed, low, high))
    out[: values.size] = values[: out.size]
    return values.size if fits else -1


def recursive_index_delta_float(packed: np.ndarray, low: int, high: int, divisor: int, out: np.ndarray) -> int:
    """(P,) int8|int16 -> out (n,) float32 running sums / divisor; returns how many values (or -1: overflow)."""
    values, fits = _narrow(np.cumsum(_unpack(packed, low, high)))
    to_float32(values[: out.size], divisor, out[: values.size])
    return values.size if fits else -1


def split_list(big: np.ndarray, small: np.ndarray, out: np.ndarray) -> bool:
    """(2R,) int32 pairs of delta and count, (S,) int16 deltas -> out (n,) int32 sums; whether all fit."""
    n = out.size
    deltas = np.empty(n, np.int64)
    counts = big[1::2].astype(np.int64)
    at = np.cumsum(counts + 1) - (counts + 1)  # where the big deltas stand
    is_big = np.zeros(n, bool)
    is_big[at] = True
    deltas[is_big] = big[0::2]
    deltas[~is_big] = small
    out[:], fits = _narrow(np.cumsum(deltas))
    return fits


def to_float32(values: np.ndarray, divisor: int, out: np.ndarray) -> None:
    """(n,) integers / divisor -> out (n,) float32, correctly rounded."""
    out[:] = (values.astype(np.float64) / divisor).astype(np.float32)


def run_length_encode(values: np.ndarray) -> np.ndarray:
    """(n,) int32 -> (2R,) int32 pairs of value and count."""
    first = np.flatnonzero(np.diff(values, prepend=values[:1] - 1)) if values.size else np.empty(0, int)
    pairs = np.empty(2 * first.size, np.int32)
    pairs[0::2] = values[first]
    pairs[1::2] = np.diff(first, append=values.size)
    return pairs


def recursive_index_parts(values: np.ndarray, low: int, high: int) -> int:
    """(n,) int64 -> how many parts recursive indexing with the endpoints low, high needs."""
    return int(values.size + np.where(values >= 0, values // high, values // low).sum())


def recursive_index_encode(values: np.ndarray, low: int, high: int, out: np.ndarray) -> None:
    """(n,) int64 -> parts written into out: endpoints as often as they fit, then the remainder."""
    endpoint = np.where(values >= 0, high, low)
    times = values // endpoint
    out[:] = np.repeat(endpoint, times + 1)
    out[np.cumsum(times + 1) - 1] = values - times * endpoint
