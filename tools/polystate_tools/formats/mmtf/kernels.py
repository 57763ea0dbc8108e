"""Compiled loops of the codecs: what `kernels_numpy` says in NumPy, in one pass over the data.

All arrays are native-endian and one-dimensional. Lengths are checked by the caller before a kernel runs;
a kernel reports what only the values can show (int32 overflow, a count that differs) by its return value."""

from __future__ import annotations

import numpy as np

from polystate_tools.formats.mmtf.compiled import njit

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
BLOCK = 1 << 14
EXACT = 1 << 24  # below this an int32 and a quotient in float32 are exact and correctly rounded


@njit(cache=True, nogil=True)
def read_int16(raw, out):
    """(2n,) uint8, big-endian, at any address -> out (n,) int16."""
    for i in range(out.size):
        out[i] = np.int16((np.uint16(raw[2 * i]) << np.uint16(8)) | np.uint16(raw[2 * i + 1]))


@njit(cache=True, nogil=True)
def read_int32(raw, out):
    """(4n,) uint8, big-endian, at any address -> out (n,) int32."""
    for i in range(out.size):
        high = (np.uint32(raw[4 * i]) << np.uint32(24)) | (np.uint32(raw[4 * i + 1]) << np.uint32(16))
        low = (np.uint32(raw[4 * i + 2]) << np.uint32(8)) | np.uint32(raw[4 * i + 3])
        out[i] = np.int32(high | low)


@njit(cache=True, nogil=True)
def _divide(values, divisor, out):
    """(n,) integers / divisor into (n,) float32, correctly rounded.

    Where both operands are below 2^24 they are exact in float32, and IEEE division rounds correctly; larger
    ones go through float64, which has more than twice the digits and so rounds to the same number."""
    reach = np.int64(0)
    for i in range(values.size):
        reach |= abs(np.int64(values[i]))
    if reach < EXACT and divisor < EXACT:
        narrow = np.float32(divisor)
        for i in range(values.size):
            out[i] = np.float32(values[i]) / narrow
    else:
        wide = np.float64(divisor)
        for i in range(values.size):
            out[i] = np.float64(values[i]) / wide


@njit(cache=True, nogil=True)
def to_float32(values, divisor, out):
    """(n,) integers / divisor -> out (n,) float32, correctly rounded."""
    _divide(values, divisor, out)


@njit(cache=True, nogil=True)
def run_length(values, counts, out):
    """(R,) values, (R,) int32 counts -> out, as long as the counts sum to: each value as often as its count."""
    k = 0
    for i in range(values.size):
        out[k : k + counts[i]] = values[i]
        k += counts[i]


@njit(cache=True, nogil=True)
def run_length_delta(steps, counts, out):
    """(R,) int32 deltas, (R,) int32 counts -> running sums in out (int32), and whether all of them fit."""
    k = 0
    total = np.int64(0)
    fits = True
    for i in range(steps.size):
        step, count = np.int64(steps[i]), counts[i]
        run = out[k : k + count]
        start, stride = np.int32(total), np.int32(step)
        for j in range(count):
            run[j] = start + stride * np.int32(j + 1)
        if count > 0:
            k += count
            first, total = total + step, total + step * count
            # sums within a run are monotone: the two ends decide
            if min(first, total) < INT32_MIN or max(first, total) > INT32_MAX:
                fits = False
    return fits


@njit(cache=True, nogil=True)
def recursive_index(packed, low, high, out):
    """(P,) int8|int16 -> out (n,) int32; returns how many values there are (or -1: int32 overflow)."""
    n = out.size
    k = 0
    value = np.int64(0)
    for i in range(packed.size):
        part = packed[i]
        value += part
        if part != low and part != high:
            if value < INT32_MIN or value > INT32_MAX:
                return -1
            if k < n:
                out[k] = value
            k += 1
            value = 0
    return k


@njit(cache=True, nogil=True)
def recursive_index_delta_float(packed, low, high, divisor, out):
    """(P,) int8|int16 -> out (n,) float32 running sums / divisor; returns how many values (or -1: overflow).

    The parts of one value and the deltas go into one sum, written at every part and kept where a value ends.
    A block of 2^14 parts moves the sum by at most 2^29: only blocks that start near the ends of int32 can
    leave it and are looked at part by part. Sums stay in a block that fits the cache until they are divided."""
    n = out.size
    sums = np.empty(min(BLOCK, packed.size), np.int32)
    one, zero = np.uint64(1), np.uint64(0)
    total = np.int64(0)
    done = 0
    start = 0
    while start < packed.size:
        block = packed[start : start + BLOCK]
        if abs(total) > INT32_MAX - BLOCK * 2**15:
            probe = total
            for part in block:
                probe += part
                if part != low and part != high and (probe < INT32_MIN or probe > INT32_MAX):
                    return -1
        k = zero
        for part in block:
            total += part
            sums[k] = total
            k += one if part != low and part != high else zero
        found = np.int64(k)
        if done + found > n:
            return done + found
        _divide(sums[:found], divisor, out[done : done + found])
        done += found
        start += BLOCK
    return done


@njit(cache=True, nogil=True)
def split_list(big, small, out):
    """(2R,) int32 pairs of delta and count, (S,) int16 deltas -> out (n,) int32 sums; whether all fit."""
    total = np.int64(0)
    k = 0
    s = 0
    fits = True
    for i in range(0, big.size, 2):
        total += big[i]
        fits &= INT32_MIN <= total <= INT32_MAX
        out[k] = total
        k += 1
        for _ in range(big[i + 1]):
            total += small[s]
            s += 1
            fits &= INT32_MIN <= total <= INT32_MAX
            out[k] = total
            k += 1
    return fits


@njit(cache=True, nogil=True)
def run_length_encode(values):
    """(n,) int32 -> (2R,) int32 pairs of value and count."""
    runs = 0
    for i in range(values.size):
        runs += i == 0 or values[i] != values[i - 1]
    pairs = np.empty(2 * runs, np.int32)
    r = -2
    for i in range(values.size):
        if i == 0 or values[i] != values[i - 1]:
            r += 2
            pairs[r] = values[i]
            pairs[r + 1] = 0
        pairs[r + 1] += 1
    return pairs


@njit(cache=True, nogil=True)
def recursive_index_parts(values, low, high):
    """(n,) int64 -> how many parts recursive indexing with the endpoints low, high needs."""
    parts = np.int64(0)
    for i in range(values.size):
        value = values[i]
        parts += 1 + (value // high if value >= 0 else value // low)
    return parts


@njit(cache=True, nogil=True)
def recursive_index_encode(values, low, high, out):
    """(n,) int64 -> parts written into out, whose length `recursive_index_parts` gives."""
    k = 0
    for i in range(values.size):
        value = values[i]
        while value >= high:
            out[k] = high
            value -= high
            k += 1
        while value <= low:
            out[k] = low
            value -= low
            k += 1
        out[k] = value
        k += 1
