"""Secondary structure for the levels of a fit: DSSP by mdtraj, elements and what lies between them.

Why mdtraj: its DSSP is compiled, has all eight states, takes coordinates (no file), and is kept up with wheels
for current Python and NumPy. On 7k3t it agrees with Debian's mkdssp 4.2 (from the authors of DSSP) in 305 of 306
residues. mkdssp itself is a program that is not on PyPI, and wrote nothing for the header of 6vxx.pdb and for an
mmCIF without polymer tables (both tried); `pydssp` is a simplified three-state method and needs torch; biotite has
P-SEA, and a wrapper around the mkdssp program.
"""

from __future__ import annotations

import numpy as np

from polystate import Deposition
from polystate_tools.echt.errors import MissingPackage

CLASS = {"H": "helix", "G": "helix", "I": "helix", "E": "strand", "B": "strand"}
BACKBONE = ("N", "CA", "C", "O")
BREAK = 2.5  # Å between C and the next N
ELEMENTS = {6: "C", 7: "N", 8: "O", 16: "S", 34: "Se"}


def backbone(dep: Deposition, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """(residues in order, their chain nodes, {name: (R, 3) Å, NaN where missing}) of the residues of `rows`."""
    h = dep.hierarchy
    residue = h.of_atoms("residue")[rows]
    names = h.text("atoms", "name")[rows]
    found = np.unique(residue)
    place = np.searchsorted(found, residue)
    xyz = {name: np.full((len(found), 3), np.nan) for name in BACKBONE}
    for name in BACKBONE:
        at = np.flatnonzero(names == name)
        xyz[name][place[at]] = dep.x_ref[rows[at]]
    return found, h.column("residues", "chain")[found], xyz


def segments(chain: np.ndarray, xyz: dict[str, np.ndarray]) -> np.ndarray:
    """(R,) int: a new number where the chain changes or C is further than a bond from the next N."""
    gap = np.linalg.norm(xyz["N"][1:] - xyz["C"][:-1], axis=1)
    new = (chain[1:] != chain[:-1]) | (gap > BREAK)
    return np.concatenate([[0], np.cumsum(new)])


def assignment(chain: np.ndarray, segment: np.ndarray, comp: np.ndarray, xyz: dict[str, np.ndarray]) -> np.ndarray:
    """(R,) one of H, G, I, E, B, T, S or - for each residue with its four backbone atoms, ' ' for the others."""
    try:
        import mdtraj
        from mdtraj.core.element import get_by_symbol
    except ImportError as error:
        raise MissingPackage(
            "secondary_structure", "no mdtraj", "pip install 'polystate[fit]', or --domains"
        ) from error
    complete = ~np.isnan(np.concatenate([xyz[n] for n in BACKBONE], axis=1)).any(axis=1)
    out = np.full(len(chain), " ", dtype="<U1")
    if not complete.any():
        return out
    topology, links, last = mdtraj.Topology(), {}, None
    for r in np.flatnonzero(complete):
        key = int(segment[r])
        if key != last:
            links[key] = topology.add_chain()
            last = key
        node = topology.add_residue(str(comp[r]) if len(str(comp[r])) == 3 else "UNK", links[key])
        for name in BACKBONE:
            topology.add_atom(name, get_by_symbol(name[0]), node)
    at = np.stack([xyz[n][complete] for n in BACKBONE], axis=1).reshape(1, -1, 3) / 10.0
    found = mdtraj.compute_dssp(mdtraj.Trajectory(at.astype(np.float32), topology), simplified=False)[0]
    out[complete] = [c if c.strip() and c != "NA" else "-" for c in found]
    return out


def elements(states: np.ndarray, segment: np.ndarray, shortest: int = 3) -> tuple[np.ndarray, list[str]]:
    """(R,) group of each residue, and each group's class (helix, strand, coil).

    Runs of one class within a segment; the shortest run below `shortest` residues joins its shorter neighbour
    (the earlier one of two equals), again and again.
    """
    kind = [CLASS.get(s, "coil") for s in states]
    runs: list[list] = []  # [first, last + 1, class, segment]
    for r in range(len(kind)):
        if runs and runs[-1][2] == kind[r] and runs[-1][3] == segment[r]:
            runs[-1][1] = r + 1
        else:
            runs.append([r, r + 1, kind[r], int(segment[r])])
    while True:
        small = [k for k, run in enumerate(runs) if run[1] - run[0] < shortest and _neighbours(runs, k)]
        if not small:
            break
        k = min(small, key=lambda i: (runs[i][1] - runs[i][0], i))
        other = min(_neighbours(runs, k), key=lambda i: (runs[i][1] - runs[i][0], i))
        a, b = min(k, other), max(k, other)
        runs[a] = [runs[a][0], runs[b][1], runs[other][2], runs[a][3]]
        del runs[b]
        while a > 0 and _same(runs[a - 1], runs[a]):
            runs[a - 1][1] = runs[a][1]
            del runs[a]
            a -= 1
        while a + 1 < len(runs) and _same(runs[a], runs[a + 1]):
            runs[a][1] = runs[a + 1][1]
            del runs[a + 1]
    label = np.empty(len(kind), np.int64)
    for k, run in enumerate(runs):
        label[run[0] : run[1]] = k
    return label, [run[2] for run in runs]


def _neighbours(runs: list[list], k: int) -> list[int]:
    return [i for i in (k - 1, k + 1) if 0 <= i < len(runs) and runs[i][3] == runs[k][3]]


def _same(a: list, b: list) -> bool:
    return a[2] == b[2] and a[3] == b[3] and a[1] == b[0]
