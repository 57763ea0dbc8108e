"""Eight numbers side by side, one of each of eight groups, as a number that the compiled loops calculate with.

A matrix of 6x6 is too small for the vector unit of a processor; eight of them, each in a lane of its own, are not. An
array (..., 8) seen through `lanes_of` is an array (...) of such numbers, and loops that are written for floats run on
it as they are: +, -, *, / and sqrt work lane by lane, and a float beside them is in all lanes. What would be a branch
is `choose`. LLVM makes of them what the processor has.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import lower_builtin, lower_cast
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model
from numba.np.arrayobj import make_array, populate_array

LANES = 8
VECTOR = ir.VectorType(ir.DoubleType(), LANES)
OPERATORS = {
    operator.add: "fadd", operator.iadd: "fadd", operator.sub: "fsub", operator.isub: "fsub", operator.mul: "fmul",
    operator.imul: "fmul", operator.truediv: "fdiv", operator.itruediv: "fdiv", operator.neg: "fneg",
}  # fmt: skip


class Lanes(types.Type):
    """The type of eight float64; a float becomes one with the same number in all lanes."""

    def __init__(self) -> None:
        super().__init__(name=f"float64x{LANES}")

    def can_convert_from(self, typingctx: Any, other: types.Type) -> Conversion | None:
        return Conversion.safe if isinstance(other, types.Float | types.Integer) else None

    def unify(self, typingctx: Any, other: types.Type) -> types.Type | None:
        return self if isinstance(other, types.Float | types.Integer) else None


EIGHT = Lanes()


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, given: types.Type) -> None:
        super().__init__(manager, given, VECTOR)


@lower_cast(types.Float, Lanes)
@lower_cast(types.Integer, Lanes)
def _in_all_lanes(context: Any, builder: Any, given: Any, wanted: Any, value: Any) -> Any:
    number = context.cast(builder, value, given, types.float64)
    none = ir.Constant(VECTOR, ir.Undefined)
    first = builder.insert_element(none, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, none, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def _operator(function: Any, instruction: str) -> None:
    class Template(AbstractTemplate):
        key = function

        def generic(self, args: Any, kws: Any) -> Any:
            if EIGHT in args and all(isinstance(a, Lanes | types.Float | types.Integer) for a in args):
                return signature(EIGHT, *[EIGHT] * len(args))
            return None

    infer_global(function)(Template)
    operands = [Lanes] * (1 if function is operator.neg else 2)
    lower_builtin(function, *operands)(lambda _, builder, sig, args: getattr(builder, instruction)(*args))


for _function, _instruction in OPERATORS.items():
    _operator(_function, _instruction)


@intrinsic
def lanes_of(typingctx: Any, array: Any) -> Any:
    """An array (..., 8) of float64, contiguous, as an array (...) of eights on the same memory."""
    out = types.Array(EIGHT, array.ndim - 1, "C", aligned=False)

    def made(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        given, view = make_array(array)(context, builder, args[0]), make_array(out)(context, builder)
        shape, strides = (cgutils.unpack_tuple(builder, t)[:-1] for t in (given.shape, given.strides))
        populate_array(
            view, data=builder.bitcast(given.data, view.data.type), shape=cgutils.pack_array(builder, shape),
            strides=cgutils.pack_array(builder, strides), itemsize=context.get_constant(types.intp, 8 * LANES),
            meminfo=None,
        )  # fmt: skip
        return view._getvalue()

    return out(array), made


@intrinsic
def sqrt(typingctx: Any, x: Any) -> Any:
    """The root of each lane."""

    def made(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = ir.FunctionType(VECTOR, [VECTOR])
        root = cgutils.get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{LANES}f64")
        return builder.call(root, args)

    return EIGHT(EIGHT), made


@intrinsic
def choose(typingctx: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    """x in the lanes where a > b, y in the others."""

    def made(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", args[0], args[1]), args[2], args[3])

    return EIGHT(EIGHT, EIGHT, EIGHT, EIGHT), made


@intrinsic
def any_above(typingctx: Any, a: Any, b: Any) -> Any:
    """Whether a > b in any lane."""

    def made(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits = ir.IntType(LANES)
        above = builder.bitcast(builder.fcmp_ordered(">", args[0], args[1]), bits)
        return builder.icmp_unsigned("!=", above, ir.Constant(bits, 0))

    return types.boolean(EIGHT, EIGHT), made
