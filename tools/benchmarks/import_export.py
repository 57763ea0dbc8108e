"""Time and size of import and export of 6vxx beside gemmi, and of every other real entry.

    python tools/benchmarks/import_export.py [DATA] [--all] [--json]

gemmi reads the entry as mmCIF (written by gemmi from the PDB file). Import is the PDB file to a store on disk.
The best of several runs counts, since other programs share the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import gemmi

from polystate.deposition import Deposition
from polystate.store.writing import write
from polystate_tools.corpus.files import REAL
from polystate_tools.formats import export_file, import_file

ROOT = Path(__file__).resolve().parents[2]
RUNS = 7
TIMES_GEMMI = 4.0
PART_OF_FILE = 0.5


def best(action: Callable[[], object], runs: int = RUNS) -> float:
    """The shortest of several runs, seconds; the first, which imports modules, does not count."""
    action()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def stored_bytes(path: Path) -> int:
    """Bytes of a file, or of all files below a directory."""
    if path.is_file():
        return path.stat().st_size
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def spike(data: Path, folder: Path) -> dict[str, float]:
    """6vxx: import with the store written, against gemmi; size of the store against the file."""
    source = data / "echt" / "6vxx.pdb"
    structure = gemmi.read_structure(str(source))
    structure.setup_entities()
    structure.assign_label_seq_id()
    cif = folder / "6vxx.cif"
    structure.make_mmcif_document().write_file(str(cif))
    found: dict[str, float] = {"gemmi_mmcif_s": best(lambda: gemmi.read_structure(str(cif)))}
    for suffix in (".zarr", ".zarr.zip"):
        target = folder / f"6vxx{suffix}"

        def run(target: Path = target) -> None:
            if target.is_dir():
                shutil.rmtree(target)
            target.unlink(missing_ok=True)
            write(import_file(source)[0], target)

        found[f"import{suffix}_s"] = best(run)
        found[f"store{suffix}_bytes"] = stored_bytes(target)
    found["import_only_s"] = best(lambda: import_file(source))
    found["import_mmcif_only_s"] = best(lambda: import_file(cif))
    dep = Deposition(import_file(source)[0])
    found["export_cif_s"] = best(lambda: export_file(dep, folder / "x.cif", overwrite=True), 3)
    found["export_pdb_s"] = best(lambda: export_file(dep, folder / "x.pdb", overwrite=True), 3)
    found["pdb_bytes"] = source.stat().st_size
    found["import_over_gemmi"] = found["import.zarr_s"] / found["gemmi_mmcif_s"]
    found["store_over_pdb"] = found["store.zarr.zip_bytes"] / found["pdb_bytes"]
    return found


def main() -> int:
    """Print the figures; exit status 1 where a bound is not met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "data", nargs="?", type=Path, default=Path(os.environ.get("POLYSTATE_DATA") or ROOT.parent / "shared" / "data")
    )
    parser.add_argument("--all", action="store_true", help="every real entry of the corpus as well")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if not chosen.data.is_dir():
        print(f"no real input files at {chosen.data}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        found = spike(chosen.data, Path(name))
    entries = {}
    for entry in REAL if chosen.all else ():
        path = chosen.data / entry.file
        entries[entry.name] = best(lambda e=entry, p=path: e.build(p), 3)
    good = found["import_over_gemmi"] <= TIMES_GEMMI and found["store_over_pdb"] <= PART_OF_FILE
    if chosen.json:
        print(json.dumps({"spike": found, "entries": entries, "good": good}))
        return 0 if good else 1
    for key, value in found.items():
        print(f"{key:24} {value * 1000:9.1f} ms" if key.endswith("_s") else f"{key:24} {value:12.6g}")
    for key, value in entries.items():
        print(f"import {key:17} {value * 1000:9.1f} ms")
    print(f"bounds: import <= {TIMES_GEMMI} x gemmi, store <= {PART_OF_FILE} x file: {'met' if good else 'NOT met'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
