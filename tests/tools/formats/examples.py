"""Small structures that tests of import and export share, and the real ones by name."""

from __future__ import annotations

import numpy as np

import polystate
from polystate.store.tree import Tree
from polystate_tools.corpus.entry import data_folder
from polystate_tools.corpus.files import REAL
from polystate_tools.formats.mmcif.writer import mmcif_of_records
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ExportReport

OPTIONS = {entry.file: dict(entry.options) for entry in REAL}


def structures(*folders: str) -> list[str]:
    """The real structures in folders of the shared data, by path; where it is absent one name, whose test skips."""
    data = data_folder()
    if data is None:
        return ["absent"]
    kinds = (".pdb", ".cif", ".gz", ".bcif")
    return sorted(str(p.relative_to(data)) for f in folders for p in (data / f).glob("*") if p.suffix in kinds)


def topology(n: int) -> Tree:
    """n copper atoms."""
    return polystate.build({
        "hierarchy": {
            "atoms": {"residue": [0] * n, "name": ["CU"] * n, "element": ["Cu"] * n},
            "residues": {"chain": [0], "comp": ["CU"], "label_seq": [-1], "auth_seq": [1]},
            "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
            "entities": {"type": ["non-polymer"], "description": [""], "sequence": [""]},
        },
        "reference": {"x_ref": [[0.0, 0.0, 0.0]] * n},
    })  # fmt: skip


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
