"""Several models of one deposition: joint states drawn by population, and draws of some levels."""

from __future__ import annotations

import numpy as np

from polystate.deposition import Deposition
from polystate.evaluation.rendering import Snapshot
from polystate.numbers.philox import Draw
from polystate.store import memory
from polystate_tools.formats.errors import BadOption, CannotHold
from polystate_tools.formats.options import ExportOptions
from polystate_tools.formats.report import ExportReport

ATOM_BYTES = 128
"""Of an atom of a model: where it is drawn and where it stands on average, whether it is there, and its covariance."""
BONDS = {("N", "CA"), ("CA", "C"), ("C", "O")}  # within a residue, 1.2 to 1.6 Å in any molecule
SHORTEST, LONGEST = 1.0, 2.0  # ångström; beyond these no viewer draws them as they are


def ensemble(dep: Deposition, options: ExportOptions, report: ExportReport) -> list[Snapshot]:
    """Joint states drawn by population, without displacement: each model keeps its B-factors."""
    _check_memory("--ensemble", options.ensemble, dep)
    report.choice = f"{options.ensemble} joint states by population, seed {options.seed}"
    drawn = (Draw(options.seed, k) for k in range(options.ensemble))
    return [dep.render(dep.states.draw(draw, options.state), options.at) for draw in drawn]


def draws(dep: Deposition, options: ExportOptions, report: ExportReport) -> list[Snapshot]:
    """Draws of everything, or with the noise of some levels only."""
    _check_memory("--draws", options.draws, dep)
    noise = options.noise
    if noise is not None:
        known = [d.id for d in dep.levels()]
        if unknown := [name for name in noise if name not in known]:
            raise BadOption("--noise", ", ".join(unknown), "levels of " + (", ".join(known) or "which there are none"))
        dep = dep.restricted([d.id for d in dep.descriptors.values() if not d.is_gaussian or d.id in noise])
    drawn = (Draw(options.seed, index) for index in range(options.draws))
    found = [dep.render(state=options.state, at=options.at, draw=draw, psd=options.psd) for draw in drawn]
    report.choice = f"draws 0 to {options.draws - 1} of seed {options.seed}"
    if noise is not None:
        report.choice += ", noise of " + (", ".join(noise) or "nothing")
    _say_bent(dep, found, report)
    return found


def _check_memory(option: str, models: int, dep: Deposition) -> None:
    """Refuse models that memory has no room for, before one is made."""
    size, room = models * dep.n_atoms * ATOM_BYTES, memory.room()
    if size > room:
        expected = f"at most {room} bytes; `polystate sample` writes draws to a store"
        raise CannotHold(option, f"{models} models, which take {size} bytes", expected)


def _say_bent(dep: Deposition, found: list[Snapshot], report: ExportReport) -> None:
    """Say so where atoms that are drawn one by one no longer make bonds."""
    h = dep.hierarchy
    residue, name = h.column("atoms", "residue").tolist(), h.text("atoms", "name").tolist()
    row_of = {key: row for row, key in enumerate(zip(residue, name, strict=True))}
    pairs = np.array([
        (row, row_of[r, b]) for (r, n), row in row_of.items() for a, b in BONDS if n == a and (r, b) in row_of
    ]).reshape(-1, 2).astype(np.int64)  # fmt: skip
    lengths = [_lengths(s, pairs) for s in found]
    every = np.concatenate(lengths) if lengths else np.zeros(0)
    bent = int(((every < SHORTEST) | (every > LONGEST)).sum())
    if bent:
        said = f"bonds of the main chain run from {every.min():.2f} to {every.max():.2f} Å"
        report.lose(
            "bond lengths", bent, f"atoms are drawn one by one, so {said}; --ensemble and --states keep B instead"
        )


def _lengths(snap: Snapshot, pairs: np.ndarray) -> np.ndarray:
    """Distances of the pairs of which both atoms are there, ångström."""
    pairs = pairs[snap.present[pairs].all(axis=1)]
    return np.linalg.norm(snap.xyz[pairs[:, 0]] - snap.xyz[pairs[:, 1]], axis=1)
