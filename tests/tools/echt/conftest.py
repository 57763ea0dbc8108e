"""Synthetic structures with known motions, and a small PDB file."""

from __future__ import annotations

import numpy as np
import pytest

from polystate_tools.echt.solver.structure import Problem


def field(sigma: np.ndarray, r: np.ndarray) -> np.ndarray:
    """(n, 3, 3): U of a 6x6 motion (t, omega) at r, written out atom by atom."""
    out = np.empty((len(r), 3, 3))
    for k, (x, y, z) in enumerate(r):
        j = np.hstack([np.eye(3), [[0, z, -y], [-z, 0, x], [y, -x, 0]]])
        out[k] = j @ sigma @ j.T
    return out


def voigt(u: np.ndarray) -> np.ndarray:
    return np.stack([u[:, 0, 0], u[:, 1, 1], u[:, 2, 2], u[:, 0, 1], u[:, 0, 2], u[:, 1, 2]], axis=1)


def make(n=400, seed=0, anisotropic=0.0, cross=False, off=True) -> tuple[Problem, list[np.ndarray]]:
    """A chain of atoms in three levels; returns the problem and the true amplitude of each group by level."""
    rng = np.random.default_rng(seed)
    xyz = np.cumsum(rng.normal(size=(n, 3)), axis=0)
    residue = np.arange(n) // 8
    element = residue // 6
    chain = (np.arange(n) + 20) // (n // 2) if cross else element // 4
    u = np.full((n, 3, 3), 0.0)
    truth = []
    for k, (labels, scale) in enumerate(((chain, 0.3), (element, 0.12), (residue, 0.06))):
        amplitude = np.zeros(labels.max() + 1)
        for g in range(labels.max() + 1):
            if off and k > 0 and g % 3:
                continue  # two thirds of the smaller groups do not move
            at = np.flatnonzero(labels == g)
            r = xyz[at] - xyz[at].mean(axis=0)
            a = rng.normal(size=(6, 6))
            a[3:] /= max(np.sqrt((r**2).sum(axis=1).mean()), 1.0)
            made = field(a @ a.T * scale / 6, r)
            u[at] += made
            amplitude[g] = np.trace(made, axis1=1, axis2=2).mean() / 3
        truth.append(amplitude)
    u += np.eye(3) * 1e-3
    problem = Problem(
        xyz, voigt(u), rng.random(n) < anisotropic, [chain, element, residue], ["chain", "element", "residue"]
    )
    return problem, truth


@pytest.fixture
def synthetic():
    return make


def peptide(residues: int = 24, chains: str = "AB") -> str:
    """PDB text: two chains of an ideal helix with side chains, B rising along them, a water and a ligand."""
    lines, serial = [], 0
    atoms = (("N", 1.46, 0.0, -0.9), ("CA", 2.28, 28.0, 0.0), ("C", 1.66, 54.0, 1.1), ("O", 1.9, 62.0, 2.3),
             ("CB", 3.3, 20.0, 0.6), ("OG", 4.4, 30.0, 0.2))  # fmt: skip
    for c, chain in enumerate(chains):
        for r in range(residues):
            name = ("SER", "ALA", "GLY")[r % 3]
            for atom, radius, phase, rise in atoms:
                if (atom == "OG" and name != "SER") or (atom == "CB" and name == "GLY"):
                    continue
                serial += 1
                a = np.radians(100.0 * r + phase)
                x, y, z = radius * np.cos(a) + 14.0 * c, radius * np.sin(a), 1.5 * r + rise
                b = 10 + r + 5 * c + (3 if atom in ("CB", "OG") else 0)
                lines.append(
                    f"ATOM  {serial:5d}  {atom:<3s} {name} {chain}{r + 1:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00{b:6.2f}"
                    f"          {atom[0]:>2s}"
                )
        lines.append("TER")
    for k, (record, name, element, b) in enumerate((("ZN", "ZN", "ZN", 22.0), ("O", "HOH", "O", 30.0))):
        serial += 1
        lines.append(
            f"HETATM{serial:5d} {record:>2s}   {name:>3s} A{101 + k:4d}    {5.0 + k:8.3f}{5.0:8.3f}{9.0:8.3f}"
            f"  1.00{b:6.2f}"
            f"          {element:>2s}"
        )
    return "\n".join([*lines, "END", ""])


@pytest.fixture
def pdb(tmp_path):
    path = tmp_path / "small.pdb"
    path.write_text(peptide())
    return path
