"""What is compiled before a first fit is all that the fit takes."""

from __future__ import annotations

import os
import subprocess
import sys

FIRST_FIT = """
import numpy as np
from numba.core import event
from polystate_tools.echt.solver.compiling import compile_loops, is_compiled
from polystate_tools.echt.solver.path import follow
from polystate_tools.echt.solver.points import Settings
from polystate_tools.echt.solver.solver import Solver
from polystate_tools.echt.solver.structure import Problem

assert not is_compiled()
compile_loops(False)
assert is_compiled()
later = event.RecordingListener()
event.register("numba:compile", later)
place, rng = np.arange(64), np.random.default_rng(0)
u = np.where(np.arange(6) < 3, rng.uniform(0.2, 0.4, (64, 1)), 0.0)
labels = [0 * place, place // 32, place % 32 // 8]  # the last two cross
problem = Problem(rng.normal(size=(64, 3)), u, np.zeros(64, bool), labels, ["all", "halves", "parts"])
assert len(follow(Solver(problem, Settings(max_steps=2))).steps) == 2
print([data[1].data["dispatcher"].py_func.__name__ for data in later.buffer])
"""


def test_a_first_fit_finds_all_loops_in_the_cache(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", FIRST_FIT], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
