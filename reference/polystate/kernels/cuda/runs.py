"""CUDA kernels on arrays of this process: copies to the device, launches, and results streamed back in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polystate.kernels.cuda import kernels, shim

if TYPE_CHECKING:
    from polystate.kernels.effects import Effects
    from polystate.kernels.plan import Plan

BATCH_BYTES = 256 << 20  # of draws on the device at a time, twice
DRAW_THREADS = 256  # rows of threads over draws


def words_of(number: int) -> tuple[np.uint64, np.uint64]:
    """The low and the high word of a 64-bit number."""
    return np.uint64(number & 0xFFFFFFFF), np.uint64(number >> 32)


def covariance(plan: Plan, out: np.ndarray | None = None) -> np.ndarray:
    """U_total (n, 3, 3) of a plan, evaluated on the device."""
    shim.check()
    out = np.empty((plan.n, 3, 3)) if out is None else out
    tls, group, parent, origin, above, above_origin = plan.collapse()
    coefficients = shim.device_array((len(group), 20), np.float64)
    send = shim.to_device
    kernels.collapse[shim.blocks(len(group)), shim.THREADS](
        *(send(np.ascontiguousarray(a)) for a in (tls, group, parent, origin, above, above_origin)), coefficients
    )
    combination = np.repeat(plan._combination, plan._length)  # they lie one after the other
    u, doubtful = shim.device_array((plan.n, 3, 3), np.float64), shim.device_array((plan.n,), np.uint8)
    if plan.n:
        kernels.evaluate[shim.blocks(len(combination)), shim.THREADS](
            coefficients, send(combination), send(plan._xyz), send(plan._iso), send(plan._aniso), send(plan._row),
            u, doubtful,
        )  # fmt: skip
        u.copy_to_host(out)
        rows = np.flatnonzero(doubtful.copy_to_host())
        plan._suspects[: len(rows)], plan._n_suspects = rows, len(rows)
    return plan.finish(out)


def gaussian(
    draw_key: np.ndarray,
    seed: int,
    first: int,
    mean: np.ndarray,
    factor: np.ndarray,
    out: np.ndarray,
    joint: np.ndarray | None = None,
    entries: tuple[np.ndarray, ...] = (),
    batch_bytes: int = BATCH_BYTES,
) -> np.ndarray:
    """Consecutive draws from index `first` into out (draws, n, 3), a batch on the device while another is copied back.

    draw_key, mean, factor: as for the CPU kernel; joint (draws, V) and entries (of `by_atom`): what states move."""
    shim.check()
    n = out.shape[1]
    if not out.size:
        return out
    single = out.dtype == np.float32
    kernel = kernels.gaussian32 if single else kernels.gaussian64
    batch = max(1, min(len(out), batch_bytes // (out.itemsize * 3 * n)))
    keys, mean, factor = (shim.to_device(np.ascontiguousarray(a, t)) for a, t in (
        (draw_key, np.uint32), (mean, out.dtype), (factor, out.dtype)))  # fmt: skip
    moved = [shim.to_device(a) for a in entries]
    k0, k1 = words_of(seed)
    pairs = [(s, shim.device_array((batch, n, 3), out.dtype)) for s in shim.streams(2)]
    for turn, begin in enumerate(range(0, len(out), batch)):
        stream, held = pairs[turn % 2]
        target = out[begin : begin + batch]
        grid = (shim.blocks(n), min(len(target), DRAW_THREADS))
        here = held[: len(target)]
        if joint is not None:
            chosen = shim.to_device(np.ascontiguousarray(joint[begin : begin + batch]), stream)
            kernels.deltas[grid, (shim.THREADS, 1), stream](chosen, *moved, mean, here)
        kernel[grid, (shim.THREADS, 1), stream](
            keys, *words_of(first + begin), k0, k1, mean, factor, joint is not None, here
        )
        here.copy_to_host(target, stream)
    shim.synchronize()
    return out


def by_atom(effects: Effects, first: np.ndarray, n: int, dtype: Any) -> tuple[np.ndarray, ...]:
    """What states move, by atom: offsets (n + 1,), variable, state (R,), displacement (R, 3).

    effects: rows by slot; the slot of state s of variable v is first[v] + s."""
    slot = np.repeat(np.arange(len(effects.start) - 1), np.diff(effects.start))
    order = np.argsort(effects.row, kind="stable")
    variable = np.searchsorted(first, slot, "right") - 1
    start = np.concatenate([[0], np.cumsum(np.bincount(effects.row, minlength=n))])
    return (
        start.astype(np.int64),
        variable[order].astype(np.int64),
        (slot - first[variable])[order].astype(np.int64),
        np.ascontiguousarray(effects.values[order], dtype),
    )


def factors(u: np.ndarray) -> np.ndarray:
    """Lower Cholesky factors (6, n) of u (n, 3, 3)."""
    shim.check()
    out = shim.device_array((6, max(1, len(u))), np.float64)
    if len(u):
        kernels.factors[shim.blocks(len(u)), shim.THREADS](shim.to_device(np.ascontiguousarray(u)), out)
    return out.copy_to_host()[:, : len(u)]


def words(draw_key: np.ndarray, seed: int, draw: int, stream: int) -> np.ndarray:
    """Philox blocks (n, 4) uint32 of many draw keys."""
    shim.check()
    out = shim.device_array((len(draw_key), 4), np.uint32)
    kernels.words[shim.blocks(len(draw_key)), shim.THREADS](
        shim.to_device(np.ascontiguousarray(draw_key, np.uint32)), *words_of(draw), np.uint64(stream), *words_of(seed),
        out,
    )  # fmt: skip
    return out.copy_to_host()


def nm_v1(basis: np.ndarray, coefficients: np.ndarray) -> dict[str, np.ndarray]:
    """Δx = Σ_k c_k v_k. basis: (k, M, 3); coefficients: (k,) Å. Returns displacement: (M, 3) Å."""
    shim.check()
    k, m, _ = basis.shape
    out = shim.device_array((max(1, 3 * m),), np.float64)
    if m:
        flat = np.ascontiguousarray(basis, np.float64).reshape(k, 3 * m)
        kernels.combine[shim.blocks(3 * m), shim.THREADS](
            shim.to_device(np.ascontiguousarray(coefficients, np.float64)), shim.to_device(flat), out
        )
    return {"displacement": out.copy_to_host()[: 3 * m].reshape(m, 3)}


FUNCTIONS = {"basis/nm_v1": nm_v1, "basis/pca_v1": nm_v1}
