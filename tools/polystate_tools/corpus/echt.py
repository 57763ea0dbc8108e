"""Golden ECHT depositions: 6vxx on the levels of its table, 7k3t with the standard levels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from polystate.store.tree import Tree


def spike(sources: tuple[Path, ...]) -> Tree:
    """6vxx (isotropic, cryo-EM): molecule, domain, secondary structure, residue, atomic; files: PDB, levels CSV."""
    from polystate_tools.echt.fit import fit  # needs numba

    structure, levels = sources
    return fit(structure, groups=levels).deposition_tree()


def protease(sources: tuple[Path, ...]) -> Tree:
    """7k3t (anisotropic): chain, secondary structure, residue, side chain, atomic of the protein.

    The file is not as deposited: an OXT was added with B = 0, and is left out; so are the ligands.
    """
    from polystate_tools.echt.fit import fit

    return fit(sources[0], only="*/1-306 and not ( (HOH,ZN,DMS) )", exclude=["A/306/OXT"]).deposition_tree()


ENTRIES: dict[str, tuple[tuple[str, ...], Callable[[tuple[Path, ...]], Tree]]] = {
    "6vxx-echt": (("echt/6vxx.pdb", "echt/6vxx-levels.csv"), spike),
    "7k3t-echt": (("echt/7k3t-prepared-H.pdb",), protease),
}
"""Name -> files below the data folder, and what builds the tree from them."""
