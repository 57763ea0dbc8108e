"""Small structures that tests of import and export share."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from polystate_tools.corpus.files import REAL
from polystate_tools.formats.mmcif.writer import mmcif_of_records
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ExportReport

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("POLYSTATE_DATA") or ROOT.parent / "shared" / "data")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"real input files are not at {DATA}")

STRUCTURES = (
    sorted(
        str(p.relative_to(DATA))
        for folder in ("altloc", "echt", "nmr", "tls")
        for p in (DATA / folder).glob("*")
        if p.suffix in (".pdb", ".cif", ".gz", ".bcif")
    )
    if DATA.is_dir()
    else []
)
OPTIONS = {entry.file: dict(entry.options) for entry in REAL}


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


def apo_bound() -> tuple[Records, dict[str, dict[str, list[str]]]]:
    """Case C in D1: a gate closed in apo (0.70) and open in bound (0.30), a ligand in two poses under bound."""
    rows = [
        ("N", "SER", 50, "", "base", 1.0, (0, 0, 0)),
        ("CA", "SER", 50, "", "base", 1.0, (1, 0, 0)),
        ("OG", "SER", 50, "A", "apo", 0.7, (2, 0, 0)),
        ("OG", "SER", 50, "B", "bound", 0.3, (2, 1, 0)),
        ("C1", "LIG", 90, "A", "lig_a", 0.2, (5, 5, 5)),
        ("C2", "LIG", 90, "A", "lig_a", 0.2, (6, 5, 5)),
        ("C1", "LIG", 90, "B", "lig_b", 0.1, (5, 6, 5)),
        ("C2", "LIG", 90, "B", "lig_b", 0.1, (6, 6, 5)),
    ]
    name, comp, seq, alt, state, occupancy, xyz = zip(*rows, strict=True)
    records = Records.of(
        xyz=np.array(xyz, float),
        name=name,
        comp=comp,
        auth_seq=np.array(seq),
        altloc=alt,
        heterogeneity=state,
        occupancy=np.array(occupancy),
        b=np.arange(10.0, 18.0),
        element=np.array([7, 6, 8, 8, 6, 6, 6, 6]),
        label_seq=np.array([50, 50, 50, 50, -1, -1, -1, -1]),
        label_asym=["A"] * 4 + ["B"] * 4,
        auth_asym="A",
    )
    loops = {
        "pdbx_heterogeneity_hierarchy": {
            "id": ["base", "apo", "bound", "lig_a", "lig_b"],
            "name": ["base", "apo", "bound", "pose a", "pose b"],
            "parent": ["", "base", "base", "bound", "bound"],
            "details": [""] * 5,
        },
        "pdbx_state_coexistence": {
            "rule": ["NOT", "NOT"],
            "heterogeneity_id": ["apo", "lig_a"],
            "heterogeneity_ids": ["bound", "lig_b"],
        },
    }
    return records, loops


def mmcif_text(records: Records, loops: dict[str, dict[str, list[str]]]) -> bytes:
    """An mmCIF file of records."""
    return mmcif_of_records(records, ExportReport(gaussian="records"), loops).encode()
