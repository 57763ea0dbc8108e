"""From a cold process to U_total of 6vxx, beside a cold process in which gemmi parses the entry's mmCIF."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import gemmi
import inputs
import measure

import polystate

OURS = "import sys, polystate; polystate.open(sys.argv[1]).covariance()"
PARSE = "import sys, gemmi; gemmi.read_structure(sys.argv[1])"


def main(quick: bool) -> list[dict[str, Any]]:
    """Cold processes, and the same warm.

    Byte code is cached as in an installed package, whatever the environment says."""
    folder = Path(tempfile.mkdtemp())
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    try:
        store = polystate.write(inputs.protein(), folder / "6vxx.zarr")
        packed = polystate.write(inputs.protein(), folder / "6vxx.zarr.zip")
        structure = gemmi.read_structure(str(inputs.DATA / "echt" / "6vxx.pdb"))
        structure.setup_entities()
        cif = folder / "6vxx.cif"
        structure.make_mmcif_document().write_file(str(cif))

        def cold(code: str, *arguments: Path) -> measure.Task:
            command = [sys.executable, "-c", code, *map(str, arguments)]
            return lambda: subprocess.run(command, env=environment, check=True)

        tasks = {
            "polystate, directory": cold(OURS, store),
            "polystate, zip": cold(OURS, packed),
            "gemmi parses the mmCIF": cold(PARSE, cif),
            "importing numpy": cold("import numpy"),
        }
        seconds = measure.alternate(tasks, 5 if quick else 15)
        least = {"gemmi parses the mmCIF": 1 / 3}
        name = "cold process to U_total of 6vxx"
        found = [measure.record(name, seconds, "polystate, directory", least)]
        warm = {
            "polystate, directory": lambda: polystate.open(store).covariance(),
            "gemmi parses the mmCIF": lambda: gemmi.read_structure(str(cif)),
        }
        polystate.open(store).plan()  # numba is loaded in a process that has evaluated before
        seconds = measure.alternate(warm, 5 if quick else 15)
        least = {"gemmi parses the mmCIF": 1.0}
        found.append(measure.record("the same in a warm process", seconds, "polystate, directory", least))
    finally:
        shutil.rmtree(folder)
    return found


if __name__ == "__main__":
    for one in main(False):
        print(measure.text(one))
