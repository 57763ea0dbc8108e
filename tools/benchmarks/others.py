"""Benchmarks that are command lines of their own, as records of the common runner."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import inputs

HERE = Path(__file__).parent


def records(name: str, quick: bool) -> list[dict[str, Any]]:
    """What a script beside this one measures, as records."""
    return {"mmtf": mmtf, "import_export": import_export}[name](quick)


def one(name: str, milliseconds: dict[str, float], ours: str, **more: Any) -> dict[str, Any]:
    """A record of single numbers."""
    programs = {k: {"median_s": v / 1e3, "q1_s": v / 1e3, "q3_s": v / 1e3, "n": 1} for k, v in milliseconds.items()}
    ratio = {k: v / milliseconds[ours] for k, v in milliseconds.items() if k != ours}
    return {"name": name, "ours": ours, "programs": programs, "ratio": ratio, "bounds": {}, "notes": [], **more}


def mmtf(quick: bool) -> list[dict[str, Any]]:
    """Decoding and encoding; peers where this interpreter has them."""
    folder = inputs.DATA / "mmtf" / "v1.0"
    name = "1CRN" if quick else "4V5A"
    path = next(p for p in sorted(folder.rglob("*")) if p.stem.upper().startswith(name))
    with tempfile.TemporaryDirectory() as out:
        json_file = Path(out) / "mmtf.json"
        command = [sys.executable, str(HERE / "mmtf.py"), str(path), "--json", str(json_file)]
        if _has_peers():
            command += ["--peers", sys.executable]
        subprocess.run([*command, "--rounds", "3" if quick else "9"], check=True, stdout=subprocess.DEVNULL)
        found = json.loads(json_file.read_text())["results"][0]
    tasks = sorted({task for times in found["median_ms"].values() for task in times})
    return [
        one(
            f"MMTF {task}, {found['file']}",
            {program: times[task] for program, times in found["median_ms"].items() if task in times},
            "polystate",
        )
        for task in tasks
    ]


def _has_peers() -> bool:
    try:
        import biotite.structure.io.mmtf  # noqa: F401
        import mmtf.api.mmtf_reader  # noqa: F401
    except ImportError:
        return False
    return True


def import_export(quick: bool) -> list[dict[str, Any]]:
    """Import and export of a real entry beside gemmi's parsing."""
    command = [sys.executable, str(HERE / "import_export.py"), str(inputs.DATA.resolve()), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    found = json.loads(done.stdout)
    times = {k.removesuffix("_s"): v * 1e3 for k, v in found["spike"].items() if k.endswith("_s")}
    ours = next(k for k in times if k.startswith("import"))
    sizes = [f"{k}: {v:,.0f}" for k, v in found["spike"].items() if k.endswith("_bytes")]
    return [one("import and export of a real entry", times, ours, met=found["good"], notes=sizes)]
