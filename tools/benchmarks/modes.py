"""Normal modes of 6vxx beside ProDy: mean-square fluctuations of every atom, and conformers along the modes."""

from __future__ import annotations

from typing import Any

import inputs
import measure
import numpy as np

from polystate import Deposition
from polystate.kernels.ensemble import Ensemble
from polystate.store.tree import Group
from polystate_schemas.registry import entries

MODES = 20
OURS = "polystate"
PEER = "ProDy"


def main(quick: bool) -> list[dict[str, Any]]:
    """Twenty orthonormal made-up modes on all 22 812 atoms."""
    tree = inputs.protein()
    tree = {path: group for path, group in tree.items() if not path.startswith(("descriptors/", "groupings/"))}
    n = len(tree["reference"].arrays["x_ref"])
    rng = np.random.default_rng(0)
    vectors = np.linalg.qr(rng.normal(size=(3 * n, MODES)))[0]  # (3 N, k), columns of unit length
    variance = 1000.0 / np.arange(1, MODES + 1)
    basis = np.ascontiguousarray(vectors.T.reshape(MODES, n, 3))
    spread = Deposition(with_modes(tree, basis, variance, drawn=False))
    moved = Ensemble(Deposition(with_modes(tree, basis, variance, drawn=True)), backend="numba")
    plan, u = spread.plan(), np.empty((n, 3, 3))
    draws = 20 if quick else 100
    out = np.empty((draws, n, 3))
    fluctuations: dict[str, measure.Task] = {OURS: lambda: plan.covariance(u)}
    conformers: dict[str, measure.Task] = {OURS: lambda: moved.draws(7, 0, out)}
    prody = measure.peer("prody")
    notes = []
    if prody is None:
        notes = [f"skipped: {PEER} is not installed"]
    else:
        prody.confProDy(verbosity="none")
        modes, atoms = prody.NMA("modes"), prody.AtomGroup("atoms")
        modes.setEigens(vectors, 1.0 / variance)
        atoms.setCoords(tree["reference"].arrays["x_ref"])
        fluctuations[PEER] = lambda: prody.calcSqFlucts(modes)
        conformers[PEER] = lambda: prody.sampleModes(modes, atoms, n_confs=draws, rmsd=1.0)
        theirs, mine = prody.calcSqFlucts(modes), np.trace(plan.covariance(u), axis1=1, axis2=2)
        notes = [f"largest difference from {PEER}, relative: {np.abs(mine - theirs).max() / theirs.max():.1e}"]
    rounds = 3 if quick else 7
    name = f"6vxx under {MODES} normal modes"
    return [
        measure.record(f"U of {name} ({PEER}: its trace)", measure.alternate(fluctuations, rounds), OURS, notes=notes),
        measure.record(
            f"{draws} conformers of {name}", measure.alternate(conformers, rounds, warm=False), OURS, notes=notes[:0]
        ),
    ]


def with_modes(tree: dict[str, Group], basis: np.ndarray, variance: np.ndarray, drawn: bool) -> dict[str, Group]:
    """The tree with modes whose amplitudes are drawn, or as a covariance."""
    operator = "basis/nm_v1" if drawn else "parametric_gaussian/nm_covariance_v1"
    document = {
        **inputs.gaussian("modes", {"level": "deposition"}, "nm_covariance_v1"),
        "operator": {"id": operator, "venue": "registry", "hash": entries()[operator].hash},
    }
    arrays = {"atom_id": np.arange(1, basis.shape[1] + 1, dtype=np.uint32), "basis": basis}
    tables = {}
    if drawn:
        document |= {"signal_type": "deterministic_displacement", "algebra": "additive_displacement"}
        number = np.arange(len(variance))
        keys = (4294967295 - number).astype(np.uint32)
        tables["latents"] = {"component": number.astype(np.int32), "draw_key": keys, "variance": variance}
    else:
        arrays["variance"] = variance
    return {**tree, "descriptors/modes": Group(document, arrays, tables)}


if __name__ == "__main__":
    for one in main(False):
        print(measure.text(one))
