"""The script for a bare GPU machine needs the kernels, NumPy and numba, and nothing else of ours or theirs."""

from __future__ import annotations

import os
import subprocess
import sys

from polystate_conformance.paths import ROOT

CODE = """
import sys
from polystate.kernels.cuda import kernels, runs, shim
from polystate.kernels import draws, stack
heavy = {"zarr", "pyarrow", "polystate_schemas", "jsonschema", "rfc8785", "polystate.deposition"}  # not numba's own
print(sorted(heavy & set(sys.modules)))
"""


def test_kernels_import_only_numpy_and_numba():
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": str(ROOT / "reference")}
    found = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
