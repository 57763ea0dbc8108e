"""Benchmarks that are command lines of their own, as records of the common runner."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import inputs
import measure

HERE = Path(__file__).parent


def records(name: str, quick: bool) -> list[dict[str, Any]]:
    """What a script beside this one measures, as records."""
    return {"mmtf": mmtf, "import_export": import_export, "echt": echt}[name](quick)


def one(name: str, milliseconds: dict[str, float], ours: str, **more: Any) -> dict[str, Any]:
    """A record of single numbers."""
    programs = {k: {"median_s": v / 1e3, "q1_s": v / 1e3, "q3_s": v / 1e3, "n": 1} for k, v in milliseconds.items()}
    ratio = {k: v / milliseconds[ours] for k, v in milliseconds.items() if k != ours}
    return {"name": name, "ours": ours, "programs": programs, "ratio": ratio, "bounds": {}, **{"notes": [], **more}}


def mmtf(quick: bool) -> list[dict[str, Any]]:
    """Decoding and encoding; peers where an interpreter has them."""
    folder = inputs.DATA / "mmtf" / "v1.0"
    name = "173D" if quick else "4V5A"
    path = next(p for p in sorted(folder.rglob("*")) if p.stem.upper().startswith(name))
    peers = _peers()
    with tempfile.TemporaryDirectory() as out:
        json_file = Path(out) / "mmtf.json"
        command = [sys.executable, str(HERE / "mmtf.py"), str(path), "--json", str(json_file)]
        command += ["--peers", peers] if peers else []
        subprocess.run([*command, "--rounds", "3" if quick else "9"], check=True, stdout=subprocess.DEVNULL)
        found = json.loads(json_file.read_text())["results"][0]
    tasks = sorted({task for times in found["median_ms"].values() for task in times})
    skipped = [] if peers else ["skipped: biotite 0.41.2 and mmtf-python are in no interpreter that --peers names"]
    return [
        one(
            f"MMTF {task}, {found['file']}",
            {program: times[task] for program, times in found["median_ms"].items() if task in times},
            "polystate",
            notes=skipped,
        )
        for task in tasks
    ]


def _peers() -> str | None:
    """An interpreter that has the peers of MMTF: the one named, or this one."""
    for python in (os.environ.get("POLYSTATE_MMTF_PEERS"), sys.executable):
        if python:
            code = "import biotite.structure.io.mmtf, mmtf.api.mmtf_reader"
            if not subprocess.run([python, "-P", "-c", code], capture_output=True).returncode:
                return python
    return None


ECHT = {
    "ECHT fit of 6vxx, all penalties, one thread": (20.0, "CPU", ["path"]),
    "first ECHT fit on an empty cache of Numba, one step": (15.0, "by the clock", ["first"]),
    "ECHT report of 6vxx with the ranges of shares, the busiest thread": (10.0, "of them", ["report", "--fit"]),
}
"""Seconds that are asked for, how the measurement of `echt.py` calls them, and its arguments."""

THREADS = 0.9  # of what two cores can do: 1.8 times of twice


def echt(quick: bool) -> list[dict[str, Any]]:
    """The path of penalties on 6vxx on one thread and on two, a first fit and a report; the peer is a comparison of its
    own (echt.py peer)."""
    if quick:
        return [
            {"name": "ECHT fit of 6vxx", "programs": {}, "ratio": {}, "bounds": {}, "notes": ["skipped: not quick"]}
        ]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        fit = str(Path(folder) / "6vxx.zarr")
        plain = [sys.executable, "-m", "polystate_tools.cli", "fit", str(inputs.DATA / "echt" / "6vxx.pdb"), fit]
        subprocess.run(plain, check=True, capture_output=True)
        for name, (most, unit, what) in ECHT.items():
            (about,) = _echt([*what, fit] if "--fit" in what else what)
            seconds = float(re.findall(f"([0-9.]+) s {unit}", about)[0])
            found.append(one(name, {"polystate": seconds * 1e3}, "polystate", met=seconds <= most,
                             notes=[about, f"asked: {most:g} s"]))  # fmt: skip
    return [*found, _two_threads()]


def _two_threads(rounds: int = 3) -> dict[str, Any]:
    """A fit on two threads beside one on one, and beside two fits at once, which share nothing but the machine: what
    two of its cores can do, be they halves of one."""
    walls: dict[str, list[float]] = {"two threads": [], "one thread": [], "two fits at once, of each": []}
    for _ in range(rounds):
        for name, threads, copies in zip(walls, ("2", "1", "1"), (1, 1, 2), strict=True):
            said = _echt(["path", "--threads", threads], copies)
            walls[name].append(max(float(re.findall(r"([0-9.]+) s wall", about)[0]) for about in said) / copies)
    found = measure.record(
        "ECHT fit of 6vxx, two threads", walls, "two threads", {"two fits at once, of each": THREADS}
    )
    faster = found["ratio"]["one thread"]
    gain = faster / found["ratio"]["two fits at once, of each"]
    notes = [
        f"{faster:.2f} times as fast as one thread; two fits at once are done {gain:.2f} times as fast as in turn",
        f"asked: {2 * THREADS:g} times where two cores do twice as much as one: {THREADS:g} of what fits at once gain",
    ]
    return {**found, "notes": notes}


def _echt(what: list[str], copies: int = 1) -> list[str]:
    """The line of a measurement of `echt.py` that says how long it took (of a first fit, the first), of each of so many
    that run at once."""
    command = [sys.executable, str(HERE / "echt.py"), *what, "--data", str(inputs.DATA.resolve())]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(copies)]
    said = [process.communicate()[0] for process in running]
    return [next(line for line in about.splitlines() if " s CPU" in line) for about in said]


def import_export(quick: bool) -> list[dict[str, Any]]:
    """Import and export of a real entry beside gemmi's parsing."""
    command = [sys.executable, str(HERE / "import_export.py"), str(inputs.DATA.resolve()), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    found = json.loads(done.stdout)
    times = {k.removesuffix("_s"): v * 1e3 for k, v in found["spike"].items() if k.endswith("_s")}
    ours = next(k for k in times if k.startswith("import"))
    sizes = [f"{k}: {v:,.0f}" for k, v in found["spike"].items() if k.endswith("_bytes")]
    return [one("import and export of a real entry", times, ours, met=found["good"], notes=sizes)]
