"""A decoded MMTF file: every field under its name in specification 1.0, lists as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SPACE = 0x20


@dataclass(frozen=True)
class Encoding:
    """How a binary field stood in the file: codec (None = header-less draft), parameter, bytes and values."""

    codec: int | None
    parameter: int
    size: int
    length: int


@dataclass
class Structure:
    """Decoded fields of one file.

    `fields` maps names of specification 1.0 to values: arrays for binary fields (float32, int32, int8, uint8
    character codes as they stand in the file, `<U` text), int32 arrays for groupsPerChain and chainsPerModel,
    plain Python objects for the rest. Fields the specification does not know are kept as they are.
    Arrays of a decoded file may share one block of memory: copy one to keep it without the others.
    `encodings` says how each binary field was stored, `warnings` what is odd but not refused."""

    fields: dict[str, Any]
    dialect: str = "1.0"
    encodings: dict[str, Encoding] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def get(self, name: str, default: Any = None) -> Any:
        """A field, or the default where the file does not have it."""
        return self.fields.get(name, default)

    def characters(self, name: str) -> np.ndarray:
        """altLocList or insCodeList as (n,) text: "" where there is none, which files write as NUL or as space."""
        codes = self.fields[name].copy()
        codes[codes == SPACE] = 0
        return codes.view("S1").astype("<U1")


def equal(a: Any, b: Any) -> bool:
    """Whether two decoded values are the same, arrays by dtype kind and every element."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return (
            isinstance(a, np.ndarray)
            and isinstance(b, np.ndarray)
            and a.dtype.kind == b.dtype.kind
            and a.shape == b.shape
            and bool((a == b).all())
        )
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and a == b


def differences(a: Structure, b: Structure) -> list[str]:
    """Names of the fields in which two structures differ, or that only one of them has."""
    names = dict.fromkeys([*a.fields, *b.fields])
    return [n for n in names if n not in a or n not in b or not equal(a[n], b[n])]
