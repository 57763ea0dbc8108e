"""Every benchmark beside its peers.

    python tools/benchmarks/run.py [--quick] [--only NAME ...] [--json FILE] [--page] [--python P] [--peers Q]

A benchmark is a module here with `main(quick) -> list of records` (`measure.record`), or a script of its own that
`others.py` translates; each runs in a process of its own. POLYSTATE_DATA names the folder of input files.
--python: an interpreter that has peers that are hard to install (cctbx-base, ProDy, gemmi). --peers: one that
has biotite 0.41.2 and mmtf-python, which need NumPy 1. What is not installed is skipped, and a line says so.
--page writes results/README.md, results.json and the plots."""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results"
ROOT = HERE.parents[1]
MODULES = (
    "covariance", "draws", "natural", "sampling", "opening", "states", "modes", "growth", "exchange", "import_export",
    "bundles", "mmtf", "echt", "entries",
)  # fmt: skip

BESIDE = ("covariance", "modes")  # run by the interpreter that has the peers; the others need none but gemmi


def main() -> int:
    """Run what is asked for; 1 if a bound is not met, 2 if a benchmark could not run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small inputs and few rounds")
    parser.add_argument("--only", nargs="+", choices=MODULES, metavar="NAME", help=", ".join(MODULES))
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has the peers")
    parser.add_argument("--peers", help="an interpreter that has biotite 0.41.2 and mmtf-python")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--page", action="store_true", help="write the page of results")
    parser.add_argument("--one", choices=MODULES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return _one(options.one, options.quick, options.json)
    found: dict[str, Any] = {"quick": options.quick, "benchmarks": {}}
    failed, begin = False, time.monotonic()
    for name in options.only or MODULES:
        print(f"-- {name}", flush=True)
        records, said = _process(name, options)
        if records is None:
            failed = True
            print(f"{name}: could not run\n{said}")
            continue
        found["machine"] = found.get("machine") or records["machine"]
        found["benchmarks"][name] = records["records"]
        for record in records["records"]:
            print(_text(record), flush=True)
    print(f"{time.monotonic() - begin:.0f} s in all")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    if options.page:
        _page(found)
    met = all(r.get("met", True) for records in found["benchmarks"].values() for r in records)
    return 2 if failed else 0 if met else 1


def _process(name: str, options: argparse.Namespace) -> tuple[dict[str, Any] | None, str]:
    environment = dict(os.environ)
    paths = [str(ROOT / p) for p in ("reference", "schemas", "conformance", "tools")]
    environment["PYTHONPATH"] = os.pathsep.join([*paths, environment.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    if options.peers:
        environment["POLYSTATE_MMTF_PEERS"] = options.peers
    if options.page:
        RESULTS.mkdir(exist_ok=True)
        environment["POLYSTATE_PLOTS"] = str(RESULTS)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "records.json"
        python = options.python if name in BESIDE else sys.executable
        command = [python, str(HERE / "run.py"), "--one", name, "--json", str(out)]
        done = subprocess.run(
            [*command, *(["--quick"] if options.quick else [])], env=environment, capture_output=True, text=True
        )
        return (json.loads(out.read_text()) if out.exists() else None), done.stdout + done.stderr


def _one(name: str, quick: bool, out: Path) -> int:
    module = importlib.import_module(name)
    takes = inspect.signature(module.main).parameters
    import measure
    import others

    records = module.main(quick) if "quick" in takes else others.records(name, quick)

    out.write_text(json.dumps({"machine": measure.machine(), "records": records}))
    return 0


def _text(record: dict[str, Any]) -> str:
    import measure

    return measure.text(record)


def _page(found: dict[str, Any]) -> None:
    """Write the page; benchmarks that did not run keep what is there of them."""
    RESULTS.mkdir(exist_ok=True)
    kept = RESULTS / "results.json"
    if kept.exists() and not found["quick"]:
        earlier = json.loads(kept.read_text())
        _elsewhere(found, earlier)
        both = {**earlier["benchmarks"], **found["benchmarks"]}
        found["benchmarks"] = {name: both[name] for name in MODULES if name in both}
    (RESULTS / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    import page

    (RESULTS / "README.md").write_text(page.markdown(found), "utf-8")


def _elsewhere(found: dict[str, Any], earlier: dict[str, Any]) -> None:
    """Say of what was measured on another machine than the rest of the page which one that was."""
    mine, first = found["machine"], earlier["machine"]
    if len(found["benchmarks"]) == len(MODULES) or mine["processor"] == first["processor"]:
        return
    for records in found["benchmarks"].values():
        for record in records:
            said = f"measured on another machine than the page: {mine['processor']}, load {mine['load_at_start']}"
            record["notes"] = [*record.get("notes", []), said]
    found["machine"] = first


if __name__ == "__main__":
    sys.exit(main())
