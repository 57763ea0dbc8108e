"""Which backend runs, and what is imported for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from polystate.errors import UnsupportedCombination
from polystate.kernels import dispatch as kernels


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
