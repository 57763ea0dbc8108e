"""Fields of a PDB file that several of its records have."""

from __future__ import annotations

from polystate.structure.hierarchy import ELEMENTS


def atom_name(name: str, element: int) -> str:
    """An atom name in its four columns: one-letter elements start in the second."""
    if len(name) < 4 and len(ELEMENTS[element]) == 1:
        return f" {name:<3s}"
    return f"{name:<4s}"
