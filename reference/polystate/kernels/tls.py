"""TLS by vectors: the sum of the levels for eight combinations of groups, U for eight atoms of one combination."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from polystate.kernels import formulas, lanes
from polystate.kernels.jit import cgutils, intrinsic, ir, types
from polystate.kernels.lanes import WIDTH, Lanes
from polystate.numbers.constants import PSD_ABSOLUTE

SCREEN = 0.5 * PSD_ABSOLUTE


@intrinsic
def combined(context, those, tls, row, parent, origin, above, above_origin, out):  # type: ignore[no-untyped-def]
    """out[k * WIDTH + j] = coefficient k (20) of the combination those[j]: the levels above plus a TLS of this one.

    those: (WIDTH,) int64; out: (20 * WIDTH,); the others as in `stack.collapse`."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        those, tls, row, parent, origin, above, above_origin, out = _starts(context, builder, signature, arguments)
        picked = partial(_picked, builder)
        c = [builder.load(lanes.place(builder, those, j)) for j in range(WIDTH)]
        p, g = picked(parent, c), picked(row, c)
        none = [builder.icmp_signed("<", group, lanes.word(0)) for group in g]
        g = [builder.select(no, lanes.word(0), group) for no, group in zip(none, g, strict=True)]
        xyz = [lanes.gathered(builder, picked(origin, c, 3, k)) for k in range(3)]
        upper = [lanes.gathered(builder, picked(above_origin, p, 3, k)) for k in range(3)]
        t = _columns(builder, tls, g, 24)
        s11, s12, s13, s21, s22, s23, s31, s32 = t[12:20]
        total = formulas.moved(*_less(xyz, upper), *_columns(builder, above, p, 20))
        own = formulas.moved(*_less(xyz, t[21:]), *t[:12], s12, s13, s21, s23, s31, s32, s22 - s11, 2 * s11 + s22)
        held = [
            builder.select(no, ir.Constant(ir.DoubleType(), 0.0), a)
            for no, a in zip(none, picked(tls, g, 24, 20), strict=True)
        ]
        amplitude = lanes.gathered(builder, held)
        for k in range(20):
            lanes.store(builder, total[k] + amplitude * own[k], lanes.place(builder, out, k * WIDTH))
        return context.get_dummy_value()

    return types.void(those, tls, row, parent, origin, above, above_origin, out), generate


@intrinsic
def eight_atoms(context, sums, j, xyz, iso, aniso, at, row, out):  # type: ignore[no-untyped-def]
    """Write U of the atoms at, ..., at + 7 of a combination to out; bit k of what is returned: atom k is doubtful.

    sums, j: coefficients as `combined` leaves them, and which; xyz, iso, aniso, row: as in `stack.evaluate`, C order;
    out: (9 n,)."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        many = _array(context, builder, signature, arguments, 4)
        sums, _, xyz, iso, aniso, _, row, out = _starts(context, builder, signature, arguments)
        j, at = arguments[1], arguments[5]
        length = builder.extract_value(many.shape, 1)  # of a row of aniso: 0 where there is none
        padded = builder.extract_value(_array(context, builder, signature, arguments, 2).shape, 1)

        def column(array: Any, k: int, size: Any) -> Lanes:
            return lanes.loaded(builder, lanes.place(builder, array, builder.mul(size, lanes.word(k)), at))

        coefficients = [lanes.spread(builder, lanes.place(builder, sums, j, k * WIDTH)) for k in range(20)]
        own = column(iso, 0, padded)
        u = formulas.translation(*(column(xyz, k, padded) for k in range(3)), *coefficients)
        held = [cgutils.alloca_once_value(builder, x.value) for x in (u[0] + own, u[1] + own, u[2] + own, *u[3:])]
        with builder.if_then(builder.icmp_signed("!=", length, lanes.word(0))):
            for k, kept in enumerate(held):
                builder.store((Lanes(builder, builder.load(kept)) + column(aniso, k, length)).value, kept)
        u11, u22, u33, u12, u13, u23 = (Lanes(builder, builder.load(kept)) for kept in held)
        rows = [builder.load(lanes.place(builder, row, at, k)) for k in range(WIDTH)]
        nowhere = cgutils.alloca_once(builder, ir.DoubleType(), size=lanes.word(9))  # where padding is written
        first_eight = lanes.transposed(builder, [u11, u12, u13, u12, u22, u23, u13, u23])
        doubtful = builder.not_(formulas.definite(u11, u22, u33, u12, u13, u23, SCREEN).value)
        bits = builder.zext(builder.bitcast(doubtful, ir.IntType(WIDTH)), ir.IntType(64))
        for k, (number, eight) in enumerate(zip(rows, first_eight, strict=True)):
            there = builder.icmp_signed(">=", number, ir.Constant(number.type, 0))
            matrix = lanes.place(builder, out, builder.mul(builder.sext(number, ir.IntType(64)), lanes.word(9)))
            matrix = builder.select(there, matrix, nowhere)
            lanes.store(builder, eight, matrix)
            builder.store(lanes.element(builder, u33, k), lanes.place(builder, matrix, 8))
            bits = builder.select(there, bits, builder.and_(bits, lanes.word(~(1 << k))))
        return bits

    return types.int64(sums, types.int64, xyz, iso, aniso, types.int64, row, out), generate


def _array(context: Any, builder: Any, signature: Any, arguments: Sequence[Any], k: int) -> Any:
    """Argument k of an intrinsic, an array."""
    return context.make_array(signature.args[k])(context, builder, arguments[k])


def _starts(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> list[Any]:
    """Where each argument that is an array begins; None for numbers."""
    return [
        _array(context, builder, signature, arguments, k).data if isinstance(kind, types.Array) else None
        for k, kind in enumerate(signature.args)
    ]


def _picked(builder: Any, array: Any, rows: Sequence[Any], width: int = 1, k: int = 0) -> list[Any]:
    """Element k of some rows of an array with rows of this width."""
    return [builder.load(lanes.place(builder, array, builder.mul(r, lanes.word(width)), k)) for r in rows]


def _columns(builder: Any, array: Any, rows: Sequence[Any], width: int) -> list[Lanes]:
    """The columns, 17 to 24, of eight rows of an array: eight at a time, the last ones once more where they overlap."""
    starts = [lanes.place(builder, array, builder.mul(r, lanes.word(width))) for r in rows]

    def read(k: int) -> list[Lanes]:
        return lanes.transposed(builder, [lanes.loaded(builder, lanes.place(builder, start, k)) for start in starts])

    return [*read(0), *read(WIDTH), *read(width - WIDTH)[3 * WIDTH - width :]]


def _less(left: Sequence[Lanes], right: Sequence[Lanes]) -> list[Lanes]:
    """left - right."""
    return [a - b for a, b in zip(left, right, strict=True)]
