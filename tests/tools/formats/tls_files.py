"""PDB files with one TLS group, as three programs write it."""

from __future__ import annotations

from typing import Any

from polystate.deposition import Deposition
from polystate_tools.formats.importing import ImportOptions, tree_of_records
from polystate_tools.formats.pdb.reader import records_of_pdb
from polystate_tools.formats.report import ImportReport
from tests.tools.formats.pdb_text import atom_line

T, L = (0.3, 0.25, 0.2, 0.01, 0.02, 0.03), (4.0, 3.0, 2.0, 0.1, 0.2, 0.3)
S = (0.5, 0.1, 0.2, 0.3, -0.1, 0.25, 0.15, 0.05, 0.2)  # its trace is 0.6


def tensor_lines() -> list[str]:
    """T, L, S as every program writes them."""

    def six(name: str, values) -> list[str]:
        named = [f"{name}{e}:{v:9.4f}" for e, v in zip(("11", "22", "33", "12", "13", "23"), values, strict=True)]
        return [f"{name} TENSOR", *("  " + " ".join(named[k : k + 2]) for k in (0, 2, 4))]

    rows = [" ".join(f"S{i + 1}{j + 1}:{S[3 * i + j]:9.4f}" for j in range(3)) for i in range(3)]
    return [
        "ORIGIN FOR THE GROUP (A):   1.0000   2.0000   3.0000",
        *six("T", T),
        *six("L", L),
        "S TENSOR",
        *("  " + row for row in rows),
    ]


SELECTIONS = {
    "REFMAC": [
        "NUMBER OF COMPONENTS GROUP : 1",
        "COMPONENTS        C SSSEQI   TO  C SSSEQI",
        "RESIDUE RANGE :   A     1        A     3",
    ],
    "PHENIX": ["SELECTION: (CHAIN A AND", "           RESSEQ 1:3)"],
    "BUSTER": ["SET : {A|1 - 3}"],
}


def tls_file(program: str, header: str = "", b: float = 60.0, groups: int = 1) -> bytes:
    """Five glycine CA atoms, of which the group has three. groups: the number that the header states."""
    lines = [f"  PROGRAM     : {program} 1.0", " TLS DETAILS", f"  NUMBER OF TLS GROUPS  : {groups}"]
    lines += ["  TLS GROUP : 1", *("   " + line for line in [*SELECTIONS[program], *tensor_lines()]), header]
    atoms = [atom_line(k, "CA", "GLY", k, (3.8 * k, 1.0, 2.0), b=b) for k in range(1, 6)]
    return "\n".join([*("REMARK   3 " + line for line in lines), *atoms, "END", ""]).encode()


def imported(content: bytes, **options: Any) -> tuple[Deposition, ImportReport]:
    """The import of a file's bytes."""
    tree, report = tree_of_records(records_of_pdb(content), ImportOptions(**options))
    return Deposition(tree), report
