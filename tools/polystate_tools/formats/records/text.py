"""Text columns held as integer codes into a list of distinct values, the way the store keeps them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Text:
    """A text column: `values[codes[i]]` is the text of row i.

    codes: (N,) int32; values: distinct texts in any order, possibly more than are in use.
    """

    codes: np.ndarray
    values: tuple[str, ...]

    @classmethod
    def of(cls, strings: Iterable[str] | pa.Array) -> Text:
        """Encode a sequence of texts; values are in order of first appearance."""
        encoded = arrow(strings).dictionary_encode()
        return cls(
            encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32), tuple(encoded.dictionary.to_pylist())
        )

    @classmethod
    def constant(cls, value: str, length: int) -> Text:
        return cls(np.zeros(length, np.int32), (value,))

    @classmethod
    def from_fixed(cls, chars: np.ndarray, strip: bool = True) -> Text:
        """Encode fixed-width ASCII fields. chars: (N, W) uint8, W at most 8."""
        width = chars.shape[1]
        eight = np.zeros((len(chars), 8), np.uint8)
        eight[:, :width] = chars
        encoded = pa.array(eight.view(np.uint64)[:, 0]).dictionary_encode()
        codes = encoded.indices.to_numpy().astype(np.int32)
        raw = [k.to_bytes(8, sys.byteorder)[:width].decode("utf-8", "replace") for k in encoded.dictionary.to_pylist()]
        texts = [r.strip(" \x00") if strip else r for r in raw]
        if len(set(texts)) == len(texts):
            return cls(codes, tuple(texts))
        merged = cls.of(texts)
        return cls(merged.codes[codes], merged.values)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> str:
        return self.values[self.codes[row]]

    def repeated(self, times: int) -> Text:
        """The rows again and again."""
        return Text(np.tile(self.codes, times), self.values)

    def take(self, rows) -> Text:
        return Text(self.codes[rows], self.values)

    def strings(self) -> np.ndarray:
        """(N,) object array of the texts."""
        return np.array(self.values, dtype=object)[self.codes] if self.values else np.empty(0, object)

    def tolist(self) -> list[str]:
        values = self.values
        return [values[code] for code in self.codes.tolist()]

    def equals(self, value: str) -> np.ndarray:
        """(N,) bool: rows whose text is `value`."""
        return self.isin((value,))

    def isin(self, wanted: Iterable[str]) -> np.ndarray:
        """(N,) bool: rows whose text is one of `wanted`."""
        wanted = set(wanted)
        return np.array([value in wanted for value in self.values] + [False], bool)[self.codes]

    def replaced(self, mapping: dict[str, str]) -> Text:
        """The same column with whole values replaced (and equal values merged)."""
        merged = Text.of([mapping.get(value, value) for value in self.values])
        return Text(merged.codes[self.codes] if len(self.codes) else self.codes, merged.values)

    def used(self) -> list[str]:
        """The values in use, sorted by UTF-8 bytes."""
        return [self.values[code] for code in self._order()]

    def vocabulary(self) -> tuple[np.ndarray, list[str]]:
        """Codes into the values in use, and these: what the store holds."""
        order = self._order()
        recode = np.zeros(len(self.values), np.int32)
        recode[order] = np.arange(len(order), dtype=np.int32)
        return recode[self.codes], [self.values[code] for code in order]

    def _order(self) -> list[int]:
        used = np.flatnonzero(np.bincount(self.codes, minlength=len(self.values)))
        return sorted(used.tolist(), key=lambda code: self.values[code].encode())


def arrow(strings: Iterable[str] | pa.Array) -> pa.Array:
    """Texts as Arrow has them."""
    return strings if isinstance(strings, pa.Array) else pa.array(strings, type=pa.string())


def concatenate(columns: Sequence[Text]) -> Text:
    """One column of several, rows in the order given."""
    merged = Text.of([value for column in columns for value in column.values])
    parts, offset = [], 0
    for column in columns:
        parts.append(merged.codes[offset : offset + len(column.values)][column.codes])
        offset += len(column.values)
    return Text(np.concatenate(parts) if parts else np.empty(0, np.int32), merged.values)
