"""CUDA kernels against NumPy and the CPU kernels; run by test_cuda.py in a process with numba's simulator."""

from __future__ import annotations

import numpy as np

from polystate.kernels.cuda import runs
from polystate.kernels.ensemble import Ensemble
from polystate.numbers.philox import Draw, words
from polystate.numbers.positive import cholesky
from polystate.operators.basis.nm_v1 import nm_v1
from tests.reference.kernels.random_depositions import deposition


def check_words() -> None:
    keys = np.arange(1, 200, dtype=np.uint32) * np.uint32(4_000_037)
    assert np.array_equal(runs.words(keys, 7, (2 << 32) + 1, 1), words(Draw(7, (2 << 32) + 1), keys, 1))


def check_factors() -> None:
    half = np.random.default_rng(0).normal(size=(40, 3, 3))
    u = half @ np.swapaxes(half, 1, 2)
    u[0], u[1] = 0.0, np.outer([1, 2, 0], [1, 2, 0])  # none, and one direction only
    c = cholesky(u)
    expected = np.stack([c[:, i, j] for i, j in ((0, 0), (1, 1), (2, 2), (1, 0), (2, 0), (2, 1))])
    assert np.abs(runs.factors(u) - expected).max() < 1e-14


def check_basis() -> None:
    rng = np.random.default_rng(1)
    basis, coefficients = rng.normal(size=(3, 50, 3)), rng.normal(size=3)
    expected = nm_v1(basis, coefficients)["displacement"]
    assert np.abs(runs.nm_v1(basis, coefficients)["displacement"] - expected).max() < 1e-14


def check_depositions() -> None:
    """Covariance, and draws in both precisions across the low word of the draw index."""
    compiled = 0
    for seed in range(12):
        dep = deposition(seed)
        if dep.n_atoms > 24:
            continue
        u = dep.covariance(backend="numpy")
        assert np.abs(u - dep.covariance(backend="cuda")).max() <= 1e-12 * np.abs(u).max()
        cpu, gpu = Ensemble(dep, backend="numba"), Ensemble(dep, backend="cuda")
        compiled += gpu.compiled
        for dtype, relative in ((np.float64, 1e-12), (np.float32, 1e-5)):
            a, b = np.empty((3, dep.n_atoms, 3), dtype), np.empty((3, dep.n_atoms, 3), dtype)
            cpu.draws(7, (1 << 32) - 1, a)
            gpu.draws(7, (1 << 32) - 1, b)
            assert np.abs(a - b).max() <= relative * (1 + np.abs(a).max()), (seed, dtype)
    assert compiled


def check_batches() -> None:
    """Draws that do not fit at once are streamed, and are the same."""
    n, pad = 30, 256
    rng = np.random.default_rng(2)
    keys = np.zeros(pad, np.uint32)
    keys[:n] = np.arange(1, n + 1)
    mean, factor = rng.normal(size=(3, pad)), rng.normal(size=(6, pad))
    whole, parts = np.empty((7, n, 3)), np.empty((7, n, 3))
    runs.gaussian(keys, 9, 5, mean, factor, whole)
    runs.gaussian(keys, 9, 5, mean, factor, parts, batch_bytes=2 * n * 24)
    assert np.array_equal(whole, parts)


if __name__ == "__main__":
    for check in (check_words, check_factors, check_basis, check_batches, check_depositions):
        check()
        print(check.__name__)
