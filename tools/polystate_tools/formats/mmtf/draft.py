"""The draft's encodings (mmtfVersion 0.1): bytes without headers, the encoding fixed by the field's name."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from . import codecs
from .errors import LengthMismatch, NegativeRun, PayloadSize, ValueOutOfRange
from .fields import BINARY
from .limits import Budget

CHAIN_WIDTH = 4


def decode(data: bytes, name: str, budget: Budget, k: ModuleType) -> np.ndarray:
    """A header-less field of the draft -> the array it holds; its length follows from the bytes."""
    spec = BINARY[name]
    match spec.draft:
        case "int8":
            budget.take(len(data), name)
            return np.frombuffer(data, np.int8).copy()
        case "int32":
            budget.take(len(data) // 4, name)
            return codecs.integers(data, 0, np.int32, name)
        case "text":
            if len(data) % CHAIN_WIDTH:
                raise PayloadSize(name, f"{len(data)} bytes", f"a multiple of {CHAIN_WIDTH}")
            budget.take(len(data) // CHAIN_WIDTH, name)
            return codecs.text(data, 0, len(data) // CHAIN_WIDTH, CHAIN_WIDTH, name)
    pairs = codecs.integers(data, 0, np.int32, name)
    n = int(pairs[1::2].sum(dtype=np.int64)) if pairs.size else 0
    if n > 0:
        budget.take(n, name)
    match spec.draft:
        case "runs-char":
            return codecs.chars(pairs, n, name, k)
        case "runs-delta":
            return codecs.runs_delta(pairs, n, name, k)
    return codecs.runs_float(pairs, n, spec.parameter, name, k)


def decode_split(
    big: bytes, small: bytes, name: str, names: tuple[str, str], budget: Budget, k: ModuleType
) -> np.ndarray:
    """Split-list delta and integer decoding: pairs of a big delta and how many small ones follow it -> float32."""
    wide = codecs.integers(big, 0, np.int32, names[0])
    narrow = codecs.integers(small, 0, np.int16, names[1])
    if wide.size % 2:
        raise PayloadSize(names[0], f"{wide.size} integers", "pairs of delta and count")
    counts = wide[1::2]
    if counts.size and counts.min() < 0:
        raise NegativeRun(names[0], f"count {counts.min()}", "counts of 0 or more")
    promised = int(counts.sum(dtype=np.int64))
    if promised != narrow.size:
        raise LengthMismatch(names[0], f"{promised} small deltas promised", f"{narrow.size}, as in {names[1]}")
    n = counts.size + narrow.size
    budget.take(n, names[0])
    values, fits = k.split_list(wide, narrow, n)
    if not fits:
        raise ValueOutOfRange(names[0], "a sum of deltas beyond 32 bits", "values that fit int32")
    return k.to_float32(values, BINARY[name].parameter)
