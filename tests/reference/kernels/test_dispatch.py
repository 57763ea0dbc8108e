"""Which backend runs, and what is imported for it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from polystate.errors import UnsupportedCombination
from polystate.kernels import dispatch as kernels
from polystate.numbers import positive
from polystate.numbers.philox import Draw


def test_importing_polystate_imports_neither_numba_nor_zarr():
    code = "import sys, polystate, polystate.deposition; print({'numba', 'zarr', 'scipy'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_auto_takes_numba_where_it_is_worth_loading(monkeypatch):
    assert kernels.resolve("auto", 10) == "light"
    assert kernels.resolve("auto", 1e9) == "numba"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert kernels.resolve("auto", 1e9) == "light"
    with pytest.raises(UnsupportedCombination):
        kernels.resolve("numba")


def test_an_unknown_backend_is_refused_by_name():
    with pytest.raises(UnsupportedCombination, match="fortran"):
        kernels.resolve("fortran")


def test_draw_after_draw_goes_over_to_numba_and_says_the_same(monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setattr(kernels.Settling, "made", 0)
    rng = np.random.default_rng(0)
    half = rng.normal(size=(50, 3, 3))
    u, keys = half @ np.swapaxes(half, 1, 2), np.arange(50, dtype=np.uint32)
    light = kernels.Fast("light").displacing(u, keys, "x", "refuse")
    plain = positive.displacing(u, keys, "x")
    assert np.array_equal(light(Draw(7, 1)), plain(Draw(7, 1)))
    monkeypatch.setattr(kernels, "DRAWS_WORTH_LOADING", 140)
    for index in range(4):
        assert np.abs(light(Draw(7, index)) - plain(Draw(7, index))).max() < 1e-12
    compiled = kernels.Fast("numba").displacing(u, keys, "x", "refuse")
    assert np.array_equal(light(Draw(7, 1)), compiled(Draw(7, 1)))
