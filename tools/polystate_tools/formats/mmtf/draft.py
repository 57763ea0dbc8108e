"""The draft's encodings (mmtfVersion 0.1): bytes without headers, the encoding fixed by the field's name."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from polystate_tools.formats.mmtf import codecs
from polystate_tools.formats.mmtf.errors import LengthMismatch, NegativeRun, PayloadSize, ValueOutOfRange
from polystate_tools.formats.mmtf.fields import BINARY
from polystate_tools.formats.mmtf.limits import Budget

CHAIN_WIDTH = 4


def decode(data: bytes | memoryview, name: str, budget: Budget, k: ModuleType) -> np.ndarray:
    """A header-less field of the draft -> the array it holds; its length follows from the bytes."""
    spec = BINARY[name]
    if spec.draft == "text":
        if len(data) % CHAIN_WIDTH:
            raise PayloadSize(name, f"{len(data)} bytes", f"a multiple of {CHAIN_WIDTH}")
        budget.take(len(data) // CHAIN_WIDTH, name)
        return codecs.text(data, 0, len(data) // CHAIN_WIDTH, CHAIN_WIDTH, name)
    values = codecs.integers(data, 0, np.int8 if spec.draft == "int8" else np.int32, name, k)
    if spec.draft in ("int8", "int32"):
        budget.take(values.size, name)
        return values if values.flags.writeable else values.copy()
    n = max(0, int(values[1::2].sum(dtype=np.int64)))
    budget.take(n, name)
    out = budget.array(n, codecs.DTYPES[spec.dtype])
    match spec.draft:
        case "runs-char":
            codecs.chars(values, name, k, out)
        case "runs-delta":
            codecs.runs_delta(values, name, k, out)
        case "runs-float":
            codecs.runs_float(values, spec.parameter, name, k, out)
    return out


def decode_split(
    big: bytes | memoryview, small: bytes | memoryview, name: str, names: tuple[str, str], budget: Budget, k: ModuleType
) -> np.ndarray:
    """Split-list delta and integer decoding: pairs of a big delta and how many small ones follow it -> float32."""
    wide = codecs.integers(big, 0, np.int32, names[0], k)
    narrow = codecs.integers(small, 0, np.int16, names[1], k)
    if wide.size % 2:
        raise PayloadSize(names[0], f"{wide.size} integers", "pairs of delta and count")
    counts = wide[1::2]
    if counts.size and counts.min() < 0:
        raise NegativeRun(names[0], f"count {counts.min()}", "counts of 0 or more")  # MMTF-33
    promised = int(counts.sum(dtype=np.int64))
    if promised != narrow.size:
        # MMTF-34
        raise LengthMismatch(names[0], f"{promised} small deltas promised", f"{narrow.size}, as in {names[1]}")
    n = counts.size + narrow.size
    budget.take(n, names[0])
    values = np.empty(n, np.int32)
    if not k.split_list(wide, narrow, values):
        raise ValueOutOfRange(names[0], "a sum of deltas beyond 32 bits", "values that fit int32")
    out = budget.array(n, np.float32)
    k.to_float32(values, BINARY[name].parameter, out)
    return out
