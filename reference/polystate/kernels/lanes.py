"""Eight numbers at a time: formulas of one atom, in plain Python, compiled for vectors, and rows of arrays as columns.

A compiler that meets loops of a few atoms leaves most of them scalar. So the vectors are spelt out here: an operation
of a formula on `Lanes` is one instruction for eight atoms, whichever of them hold something, and an atom has the same
bits in each place of a vector. Processors with shorter vectors take two or four of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polystate.kernels.jit import ir

WIDTH = 8


class Lanes:
    """A vector of eight float64, or of what a comparison of them gave; products and sums may be fused."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    def _like(self, other: Any) -> Any:
        return other.value if isinstance(other, Lanes) else constant(other)

    def _of(self, operation: str, left: Any, right: Any) -> Lanes:
        return Lanes(self.builder, getattr(self.builder, operation)(left, right, flags=("contract",)))

    def __add__(self, other: Any) -> Lanes:
        return self._of("fadd", self.value, self._like(other))

    def __sub__(self, other: Any) -> Lanes:
        return self._of("fsub", self.value, self._like(other))

    def __mul__(self, other: Any) -> Lanes:
        return self._of("fmul", self.value, self._like(other))

    __rmul__ = __mul__

    def __gt__(self, other: Any) -> Lanes:
        return Lanes(self.builder, self.builder.fcmp_ordered(">", self.value, self._like(other)))

    def __and__(self, other: Lanes) -> Lanes:
        return Lanes(self.builder, self.builder.and_(self.value, other.value))


def vector() -> Any:
    """The type of eight float64."""
    return ir.VectorType(ir.DoubleType(), WIDTH)


def constant(number: float) -> Any:
    """Eight times a number."""
    return ir.Constant(vector(), [ir.Constant(ir.DoubleType(), float(number))] * WIDTH)


def word(number: int) -> Any:
    """A number as int64."""
    return ir.Constant(ir.IntType(64), number)


def place(builder: Any, begin: Any, *steps: Any) -> Any:
    """The address so many elements, in all, behind another."""
    for step in steps:
        begin = builder.gep(begin, [word(step) if isinstance(step, int) else step])
    return begin


def loaded(builder: Any, address: Any) -> Lanes:
    """Eight elements from an address on."""
    return Lanes(builder, builder.load(builder.bitcast(address, vector().as_pointer()), align=8))


def store(builder: Any, lanes: Lanes, address: Any) -> None:
    """Eight elements to an address."""
    builder.store(lanes.value, builder.bitcast(address, vector().as_pointer()), align=8)


def gathered(builder: Any, numbers: Sequence[Any]) -> Lanes:
    """Eight numbers as a vector."""
    found = ir.Constant(vector(), ir.Undefined)
    for k, number in enumerate(numbers):
        found = builder.insert_element(found, number, ir.Constant(ir.IntType(32), k))
    return Lanes(builder, found)


def element(builder: Any, lanes: Lanes, k: int) -> Any:
    """One number of a vector."""
    return builder.extract_element(lanes.value, ir.Constant(ir.IntType(32), k))


def spread(builder: Any, address: Any) -> Lanes:
    """Eight times the element at an address."""
    return gathered(builder, [builder.load(address)] * WIDTH)


def transposed(builder: Any, rows: Sequence[Lanes]) -> list[Lanes]:
    """Eight vectors of the first, the second, ... element of eight vectors."""
    values = [row.value for row in rows]
    for step in (1, 2, 4):  # swap what is off the diagonal of blocks of twice this size
        for k in range(WIDTH):
            if not k & step:
                upper, lower = values[k], values[k | step]
                values[k] = _shuffled(builder, upper, lower, [i ^ step | 8 if i & step else i for i in range(WIDTH)])
                values[k | step] = _shuffled(
                    builder, upper, lower, [i | 8 if i & step else i ^ step for i in range(WIDTH)]
                )
    return [Lanes(builder, value) for value in values]


def _shuffled(builder: Any, first: Any, second: Any, taken: Sequence[int]) -> Any:
    """Eight of the sixteen elements of two vectors."""
    mask = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), list(taken))
    return builder.shuffle_vector(first, second, mask)
