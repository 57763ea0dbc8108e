"""Import of an ensemble of many models beside gemmi's parse of the same file: time, and memory a record."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import gemmi
import inputs
import measure
import numpy as np

from polystate_tools.formats import import_file

ATOMS, MODELS = 2658, 67
READ = {
    "gemmi": "from gemmi import read_structure as read",
    "polystate": "from polystate_tools.formats import import_file as read",
}


def main(quick: bool) -> list[dict[str, Any]]:
    """mmCIF and PDB; asked for is at most 1.5 times the time of gemmi, which neither digests the file nor judges it."""
    models = 7 if quick else MODELS
    with tempfile.TemporaryDirectory() as folder:
        cif, pdb = ensemble(models, Path(folder))
        rounds, bounds = 3 if quick else 9, {"gemmi reads it": 1 / 1.5}
        return [
            one(
                f"import of {models} models of {ATOMS} atoms, {file.suffix[1:]}, processor time",
                file,
                models,
                bounds,
                rounds,
            )
            for file in (cif, pdb)
        ]


def one(name: str, file: Path, models: int, bounds: dict[str, float], rounds: int) -> dict[str, Any]:
    """Time of both, and by how much each enlarges a process of its own."""
    tasks = {
        "polystate imports it": lambda: import_file(file),
        "gemmi reads it": lambda: gemmi.read_structure(str(file)),
    }
    seconds = measure.alternate(tasks, rounds, clock=time.process_time)
    notes = [f"{who}: {memory(code, file) / (models * ATOMS):.0f} bytes an atom record" for who, code in READ.items()]
    return measure.record(name, seconds, "polystate imports it", bounds, notes=notes)


def memory(code: str, file: Path) -> int:
    """Bytes by which a process grows that has read a tiny file before."""
    tiny = file.parent / f"tiny{file.suffix}"
    script = (
        "import sys\n"
        f"{code}\n"
        "def most(path):\n"
        "    read(path)\n"
        "    return int(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])\n"
        "before = most(sys.argv[1]); print(1024 * (most(sys.argv[2]) - before))\n"
    )
    command = [sys.executable, "-c", script, str(tiny), str(file)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def ensemble(models: int, folder: Path) -> tuple[Path, Path]:
    """The first atoms of 6vxx as models that differ in coordinates and B, each there 1/models of the time."""
    structure = gemmi.read_structure(str(inputs.DATA / "echt" / "6vxx.pdb"))
    structure.setup_entities()
    left = ATOMS
    for chain in structure[0]:
        for residue in chain:
            while len(residue) > left:
                del residue[len(residue) - 1]
            left -= len(residue)
    structure.remove_empty_chains()
    write(structure, folder, "tiny")
    rng = np.random.default_rng(0)
    first = structure[0].clone()  # adding a model moves those that are there
    for number in range(2, models + 1):
        model = first.clone()
        model.num = number
        structure.add_model(model)
    for model in structure:
        for place in model.all():
            atom = place.atom
            atom.pos += gemmi.Position(*rng.normal(0.0, 0.3, 3).round(3).tolist())
            atom.b_iso, atom.occ = round(atom.b_iso + abs(rng.normal(0.0, 2.0)), 2), round(1.0 / models, 2)
    structure.assign_serial_numbers()
    return write(structure, folder, "ensemble")


def write(structure: gemmi.Structure, folder: Path, name: str) -> tuple[Path, Path]:
    """The structure as mmCIF and PDB."""
    cif, pdb = folder / f"{name}.cif", folder / f"{name}.pdb"
    structure.make_mmcif_document().write_file(str(cif))
    structure.write_pdb(str(pdb))
    return cif, pdb


if __name__ == "__main__":
    for found in main("--quick" in sys.argv):
        print(measure.text(found))
