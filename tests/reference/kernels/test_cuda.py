"""The CUDA kernels under numba's simulator, in a process of their own: it must be chosen before numba is imported."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from polystate_conformance.paths import ROOT

CHECKS = ("check_words", "check_factors", "check_basis", "check_batches", "check_depositions")


@pytest.fixture(scope="module")
def passed() -> str:
    command = [sys.executable, "-m", "tests.reference.kernels.cuda_checks"]
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    return found.stdout + found.stderr


@pytest.mark.parametrize("check", CHECKS)
def test_simulated_kernels_agree_with_the_cpu(passed, check):
    assert check in passed.splitlines(), passed
