"""PDB files of a few atoms for tests, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from polystate.store.tree import Tree
from polystate_tools.formats.importing import ImportOptions, tree_of_records
from polystate_tools.formats.pdb.reader import records_of_pdb
from polystate_tools.formats.report import ImportReport


def atom_line(
    serial: int,
    name: str,
    comp: str,
    seq: int,
    xyz,
    *,
    chain: str = "A",
    alt: str = " ",
    occupancy: float = 1.0,
    b: float = 20.0,
    element: str = "",
    record: str = "ATOM  ",
) -> str:
    """One PDB atom record."""
    field = f" {name:<3s}" if len(name) < 4 else name
    return (
        f"{record}{serial:5d} {field}{alt}{comp:>3s} {chain}{seq:4d}    {xyz[0]:8.3f}{xyz[1]:8.3f}{xyz[2]:8.3f}"
        f"{occupancy:6.2f}{b:6.2f}          {element or name[0]:>2s}"
    )


def residue_lines(alternates: str = "", seq: int = 1, chain: str = "A", shift: float = 0.0) -> list[str]:
    """An alanine whose CB has one record a letter of `alternates` (one record without a letter if there is none)."""
    lines = [
        atom_line(k + 1, name, "ALA", seq, (k + shift, 0.5 * k, seq), chain=chain)
        for k, name in enumerate(("N", "CA", "C", "O"))
    ]
    letters = alternates or " "
    lines += [
        atom_line(
            9 + k,
            "CB",
            "ALA",
            seq,
            (1 + k, 2 + k, seq),
            chain=chain,
            alt=letter,
            occupancy=round(1 / len(letters), 2),
            b=10.0 + k,
        )
        for k, letter in enumerate(letters)
    ]
    return lines


def imported(lines: Iterable[str], **options: Any) -> tuple[Tree, ImportReport]:
    """The import of the lines of a PDB file, to which END is added."""
    text = "\n".join([*lines, "END"]) + "\n"
    return tree_of_records(records_of_pdb(text.encode()), ImportOptions(**options))
