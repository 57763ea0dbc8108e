"""Fit a made-up structure of any size from end to end: deposition in, deposition out, by the command line.

    python tools/benchmarks/echt_large.py 500000        the whole path
    python tools/benchmarks/echt_large.py 500000 5      its first five steps

Chains of 500 residues (helices of 25, eight atoms a residue), B-factors of a molecule, chains, helices and residues
that move, and noise. Prints seconds, certificate and peak memory of the process that fits.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from polystate.store.tree import Group
from polystate.store.writing import write
from polystate_tools.formats.building.operators import operator

RESIDUES = 500  # a chain
LEVELS = "molecule,chain,secondary_structure,residue,atomic"
ATOMS = (("N", 7, 1.46, 0.0, -0.9), ("CA", 6, 2.28, 28.0, 0.0), ("C", 6, 1.66, 54.0, 1.1), ("O", 8, 1.9, 62.0, 2.3),
         ("CB", 6, 3.3, 20.0, 0.6), ("CG", 6, 4.4, 30.0, 0.2), ("CD", 6, 5.4, 36.0, 0.1),
         ("CE", 6, 6.4, 40.0, 0.3))  # fmt: skip


def structure(n: int) -> dict[str, Group]:
    """A deposition of about n atoms with total B-factors."""
    chains = max(1, round(n / (RESIDUES * len(ATOMS))))
    count = chains * RESIDUES
    residue = np.repeat(np.arange(count), len(ATOMS))
    chain, inside = residue // (RESIDUES), residue % RESIDUES
    kind = np.tile(np.arange(len(ATOMS)), count)
    radius, phase, rise = (np.array([a[k] for a in ATOMS], float)[kind] for k in (2, 3, 4))
    turn = np.radians(100.0 * inside + phase)
    side = int(np.ceil(np.sqrt(chains)))
    x = radius * np.cos(turn) + 12.0 * (inside // 25 % 5) + 70.0 * (chain % side)
    y = radius * np.sin(turn) + 12.0 * (inside // 125) + 70.0 * (chain // side)
    xyz = np.stack([x, y, 1.5 * (inside % 25) + rise], axis=1)
    rng = np.random.default_rng(0)
    far = ((xyz - xyz.mean(axis=0)) ** 2).sum(axis=1) / ((xyz - xyz.mean(axis=0)) ** 2).sum(axis=1).mean()
    b = 12.0 + 4.0 * far + rng.gamma(4.0, 2.0, chains)[chain] + rng.gamma(2.0, 1.5, count // 25 + 1)[residue // 25]
    b += rng.gamma(1.0, 1.0, count)[residue] + 0.3 * rng.random(len(residue)) + 0.4 * (kind > 4)
    names = sorted(a[0] for a in ATOMS)
    code = np.array([names.index(a[0]) for a in ATOMS], np.int32)
    labels = sorted(f"C{k}" for k in range(chains))
    integer = np.arange(count, dtype=np.int32)
    ids = np.arange(1, len(residue) + 1, dtype=np.uint32)
    document = {
        "id": "b", "regime": "continuous", "mode": "C", "scope": {"level": "atom"}, "signal_type": "gaussian_disorder",
        "algebra": "additive_covariance", "operator": operator("parametric_gaussian/iadp_v1"), "adp_content": "total",
    }  # fmt: skip
    return {
        "": Group({"format_version": "0.1.0", "title": f"{len(residue)} made-up atoms"}),
        "hierarchy": Group({}),
        "hierarchy/atoms": Group(
            {"vocabularies": {"name": names}},
            {
                "atom_id": ids, "residue": residue.astype(np.int32), "name": code[kind],
                "element": np.array([a[1] for a in ATOMS], np.uint8)[kind], "charge": np.zeros(len(residue), np.int8),
            },
        ),
        "hierarchy/residues": Group(
            {"vocabularies": {"comp": ["LYS"], "ins": [""]}},
            {
                "chain": integer // RESIDUES, "comp": 0 * integer, "label_seq": integer % RESIDUES + 1,
                "auth_seq": integer % RESIDUES + 1, "ins": 0 * integer,
            },
        ),
        "hierarchy/chains": Group(
            {"vocabularies": {"label_asym": labels, "auth_asym": labels}},
            {name: np.arange(chains, dtype=np.int32) * (name != "entity")
             for name in ("entity", "label_asym", "auth_asym")},
        ),
        "hierarchy/entities": Group(
            {"vocabularies": {"type": ["polymer"], "description": ["made up"], "sequence": []}},
            {"type": np.zeros(1, np.int32), "description": np.zeros(1, np.int32), "sequence": np.full(1, -1, np.int32)},
        ),
        "reference": Group({"frame": "deposition"}, {"x_ref": xyz}),
        "descriptors/b": Group(
            document, {"atom_id": ids, "condition": np.full(len(residue), -1, np.int32), "b": b}
        ),
    }  # fmt: skip


def main(n: int, steps: int) -> None:
    """Write, fit, say what it cost."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "in.zarr", Path(folder) / "out.zarr"
        write(structure(n), source)
        begin = time.perf_counter()
        call = [sys.executable, "-m", "polystate_tools.cli", "fit", str(source), str(out), "--steps", str(steps)]
        call += ["--levels", LEVELS, "--workers", "1", "--json"]
        done = subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True)
        wall = time.perf_counter() - begin
        found, used = json.loads(done.stdout), resource.getrusage(resource.RUSAGE_CHILDREN)
        solved = sum(s["seconds"] for s in found["path"])
        newton = sum(s["iterations"] for s in found["path"])
        stored = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
        print(
            f"{found['atoms']} atoms, {found['levels']}: {len(found['path'])} steps, {newton} Newton steps, "
            f"{used.ru_utime + used.ru_stime:.0f} s CPU ({wall:.0f} s wall, {solved:.0f} s in the path, "
            f"{solved / newton / found['atoms'] * 1e6:.2f} µs an atom and Newton step); largest certificate "
            f"{max(s['certificate'] for s in found['path']):.1e}; residual {found['residual_rms_b']:.3f} Å² RMS; peak "
            f"{used.ru_maxrss / 1024:.0f} MiB, {used.ru_maxrss * 1024 / found['atoms']:.0f} bytes an atom, everything "
            f"included; {stored / found['atoms']:.0f} bytes an atom stored"
        )
        print({name: round(b, 2) for name, b in found["path"][-1]["mean_b"].items()})


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 90)
