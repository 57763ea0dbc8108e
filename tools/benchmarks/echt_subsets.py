"""Every subset of levels on every kind of input: each fit converges within its bound, or says why it has not.

    python tools/benchmarks/echt_subsets.py --data ../shared/data
    python tools/benchmarks/echt_subsets.py --data ../shared/data --only 4CUP

One row a fit: how the path ended, mean B in and fitted (Å²), residual, the gap between F and its bound. A fit that
reports more B than the input allows, or that is not within its bound and does not say so, is marked `!`.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from polystate.errors import PolystateError
from polystate_tools.echt.prepare import Prepared, prepare
from polystate_tools.echt.solver.path import allowed_b, follow
from polystate_tools.echt.solver.points import Settings
from polystate_tools.echt.solver.solver import Solver

LEVELS = ("chain", "secondary_structure", "residue", "sidechain", "atomic")


def subsets() -> Iterator[tuple[str, ...]]:
    """All 31, the smallest first."""
    for size in range(1, len(LEVELS) + 1):
        yield from itertools.combinations(LEVELS, size)


def inputs(data: Path) -> Iterator[tuple[str, Path, dict, str]]:
    """(what, file, options of `prepare`, what is made of its B)."""
    yield "4CUP, anisotropic", data / "tls" / "4CUP.cif", {}, "as it is"
    yield "4CUP, isotropic", data / "tls" / "4CUP.cif", {}, "isotropic"
    yield "4CUP, half of the atoms isotropic", data / "tls" / "4CUP.cif", {}, "mixed"
    yield "4CUP, one B a residue", data / "tls" / "4CUP.cif", {}, "residue"
    yield "4CUP, one B", data / "tls" / "4CUP.cif", {}, "one"
    yield "1o1z, B total", data / "tls" / "1o1z.pdb", {"b_factors": "total", "psd": "clip"}, "as it is"
    yield "1o1z, B beside TLS", data / "tls" / "1o1z.pdb", {"b_factors": "residual", "psd": "clip"}, "as it is"
    yield "5cvz, B beside TLS", data / "tls" / "5cvz_final.pdb", {"b_factors": "residual", "psd": "clip"}, "as it is"


def changed(given: Prepared, how: str) -> Prepared:
    """The same atoms with other B."""
    u, anisotropic = given.data.u.copy(), given.data.anisotropic.copy()
    mean = u[:, :3].mean(axis=1)
    flat = np.zeros(len(u), bool)
    if how == "mixed":
        flat = np.arange(len(u)) % 2 == 0
    elif how != "as it is":
        flat[:] = True
    if how == "residue":
        place = np.unique(given.data.dep.hierarchy.of_atoms("residue")[given.data.rows], return_inverse=True)[1]
        mean = (np.bincount(place, mean) / np.bincount(place))[place]
    elif how == "one":
        mean[:] = mean.mean()
    u[flat], anisotropic[flat] = 0.0, False
    u[flat, :3] = mean[flat, None]
    return dataclasses.replace(given, data=dataclasses.replace(given.data, u=u, anisotropic=anisotropic))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", default="", help="inputs whose name holds this")
    chosen = parser.parse_args()
    print(
        "| input | levels | ended | steps | B in | B allowed | B fitted | residual | gap | s |\n" + "| --- " * 10 + "|"
    )
    for what, path, options, how in inputs(chosen.data):
        if chosen.only not in what:
            continue
        for levels in subsets():
            row(what, levels, changed(prepare(path, levels=levels, **options), how))


def row(what: str, levels: tuple[str, ...], given: Prepared) -> None:
    """Fit, and print a row."""
    begin = time.process_time()
    solver = Solver(given.problem, Settings(), 1)
    try:
        steps, point, ending = follow(solver)
    except PolystateError as error:
        print(f"| {what} | {', '.join(levels)} | refused: {error} | | {given.data.mean_b:.2f} | | | | | |", flush=True)
        return
    total, allowed = sum(solver.mean_b(point)), allowed_b(solver)
    bad = total > allowed * (1 + 1e-6) or not point.met(solver.settings.tolerance)
    said = ending.kind if ending.converged else f"{ending.kind}: {ending.reason}"
    print(
        f"| {what} | {', '.join(levels)} | {said} | {steps[-1].n} | {given.data.mean_b:.2f} | {allowed:.2f} | "
        f"{total:.2f} | {solver.residual_rms_b(point):.3f} | {point.gap:.1e} | {time.process_time() - begin:.1f} |"
        f"{' !' if bad else ''}",
        flush=True,
    )


if __name__ == "__main__":
    main()
