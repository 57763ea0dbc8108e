"""Where numba.cuda comes from: the package numba-cuda on a machine with a GPU, numba's own simulator without.

numba-cuda is pinned at 0.30.4 or newer (extra `cuda`); the simulator runs under NUMBA_ENABLE_CUDASIM=1."""

from __future__ import annotations

from typing import Any

from numba import cuda  # the simulator replaces this module inside kernels, by this name

from polystate.errors import UnsupportedCombination

jit: Any = cuda.jit
device: Any = cuda.jit(device=True)
fast: Any = cuda.jit(fastmath=True)  # float32: quotients, roots and logarithms of the special function units
fast_device: Any = cuda.jit(device=True, fastmath=True)
THREADS = 128  # a block


def check() -> None:
    """Refuse where there is neither a device nor the simulator."""
    if not cuda.is_available():
        raise UnsupportedCombination("backend", "cuda without a device", "a CUDA device, or NUMBA_ENABLE_CUDASIM=1")


def blocks(n: int) -> int:
    """How many blocks of threads cover n items."""
    return max(1, -(-n // THREADS))


def to_device(values: Any, stream: Any = 0) -> Any:
    """A copy of an array on the device."""
    return cuda.to_device(values, stream=stream)


def device_array(shape: Any, dtype: Any) -> Any:
    """An array on the device, not filled."""
    return cuda.device_array(shape, dtype)


def streams(n: int) -> list[Any]:
    """n streams of work."""
    return [cuda.stream() for _ in range(n)]


def synchronize() -> None:
    """Wait until everything asked of the device is done."""
    cuda.synchronize()
