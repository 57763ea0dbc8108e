"""How the CPU kernels are compiled: once, kept on disk, without the interpreter lock, in strict IEEE arithmetic.

In `jit`, sums are fused only where `fma` says so, so that a draw does not depend on how the compiler splits a loop.
In `fusing`, the compiler chooses: covariances are the same to the last bits, not in them."""

from __future__ import annotations

from typing import Any

try:
    from llvmlite import ir
    from numba import njit, types
    from numba.core import cgutils
    from numba.extending import intrinsic
except ImportError:  # without Numba the kernels can be imported, and `dispatch.resolve` hands them no work
    ir: Any = None  # type: ignore[no-redef]
    types: Any = None  # type: ignore[no-redef]
    cgutils: Any = None  # type: ignore[no-redef]

    def njit(**options: Any) -> Any:  # type: ignore[no-redef]
        return lambda function: function

    def intrinsic(function: Any) -> Any:  # type: ignore[no-redef]
        return function


jit: Any = njit(cache=True, nogil=True, error_model="numpy")
fusing: Any = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})


@intrinsic
def fma(context, a, b, c):  # type: ignore[no-untyped-def]
    """a b + c, rounded once."""

    def generate(_, builder, __, arguments):  # type: ignore[no-untyped-def]
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


@intrinsic
def bits_of(context, x):  # type: ignore[no-untyped-def]
    """The bits of a float64 as int64."""

    def generate(_, builder, __, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def float_of(context, x):  # type: ignore[no-untyped-def]
    """The float64 that has these bits (int64)."""

    def generate(_, builder, __, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate
