"""The motions of a fit for other programs: every group in one table, and a level at a time as TLS records.

Units are those of the records: T Å², L degree², S Å degree, about the origin of the group, amplitudes multiplied in.
Ranges of residues cannot name parts of residues, so levels of such groups (side chains) are in the table alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from polystate import Deposition
from polystate.store.outputs import replacing
from polystate.store.tree import Group
from polystate_tools.echt.fit import Fit
from polystate_tools.echt.levels.levels import Level
from polystate_tools.echt.levels.names import PREFIX
from polystate_tools.formats.exporting import export_file
from polystate_tools.formats.records.records import TlsGroup
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.tls.records import NINE, SIX
from polystate_tools.formats.tls.selections import ranges_of
from polystate_tools.formats.unbuilding.tls import tls_of_deposition
from polystate_tools.spreadsheet import as_text

TABLE = "tls.csv"
HEADER = [
    "level", "label", "name", "atoms", "amplitude_A2", *(f"origin_{axis}" for axis in "xyz"),
    *(f"T{e}_A2" for e in SIX), *(f"L{e}_deg2" for e in SIX), *(f"S{e}_A_deg" for e in NINE), "residues",
]  # fmt: skip


def write_tls(fit: Fit, folder: Path, *, pdb: bool = True) -> Iterator[Path]:
    """The table, and mmCIF, PDB and TLSIN of each level of whole residues; yields what has been written."""
    tree = fit.deposition_tree()
    rows: list[list[object]] = []
    for k, level in enumerate(fit.levels, 1):
        dep = _alone(tree, f"{PREFIX}{level.name}")
        found, _ = tls_of_deposition(dep, ExportReport("tls", "records"))
        assert found is not None
        rows += _rows(level, dep, found.groups)
        if not _whole_residues(fit, level):
            continue
        stem = folder / f"{k}-{level.name}"
        for suffix in (".tls.cif", ".tls.pdb") if pdb else (".tls.cif",):
            path = stem.with_name(stem.name + suffix)
            export_file(dep, path, overwrite=True, gaussian="records")
            yield path
        path = stem.with_name(stem.name + ".tlsin")
        _write_tlsin(path, found.groups)
        yield path
    yield _write_table(folder / TABLE, rows)


def _alone(tree: dict[str, Group], name: str) -> Deposition:
    """The deposition with one level as its only Gaussian descriptor, and the rest of B unsaid."""
    gaussian = {d.path for d in Deposition(tree).descriptors.values() if d.is_gaussian}
    kept = {
        path: group for path, group in tree.items() if path not in gaussian and not path.startswith("provenance/echt")
    }
    level = tree[f"descriptors/{name}"]
    attributes = {key: value for key, value in level.attributes.items() if key != "provenance"}
    kept[f"descriptors/{name}"] = Group(attributes, dict(level.arrays))
    if "provenance/import" in kept:  # what the file said of its own TLS records is not of these
        block = dict(kept["provenance/import"].attributes)
        block["choices"] = {key: value for key, value in dict(block.get("choices") or {}).items() if key != "tls"}
        kept["provenance/import"] = Group(block)
    return Deposition(kept)


def _whole_residues(fit: Fit, level: Level) -> bool:
    """Whether no residue has fitted atoms in two groups, or some in one and some in none."""
    residue = fit.data.dep.hierarchy.of_atoms("residue")[fit.data.rows]
    first = np.full(int(residue.max()) + 1, -2)
    first[residue[::-1]] = level.labels[::-1]
    return bool((first[residue] == level.labels).all())


def _rows(level: Level, dep: Deposition, groups: list[TlsGroup]) -> Iterator[list[object]]:
    tls = np.asarray(dep.descriptors[f"{PREFIX}{level.name}"].array("tls"))
    size = np.bincount(level.labels[level.labels >= 0], minlength=len(level.names))
    for k, group in enumerate(groups):
        numbers = (tls[k, 20], *group.origin, *group.T, *group.L, *group.S)
        yield [level.name, k, level.names[k], int(size[k]), *(f"{x:.8g}" for x in numbers), group.selection]


def _write_table(path: Path, rows: list[list[object]]) -> Path:
    with replacing(path, overwrite=True) as partial, open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows([as_text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return path


def _write_tlsin(path: Path, groups: list[TlsGroup]) -> None:
    """The file that REFMAC calls TLSIN: T and L 11 22 33 12 13 23, S 22-11 11-33 12 13 23 21 31 32."""
    lines = ["REFMAC", ""]
    for group in groups:
        lines.append(f"TLS    {group.id}")
        for c1, n1, i1, c2, n2, i2 in ranges_of(group.selection):
            lines.append(f"RANGE  '{c1}{n1:>4s}{i1 or '.'}' '{c2}{n2:>4s}{i2 or '.'}' ALL")
        s = group.S.reshape(3, 3)
        screw = (s[1, 1] - s[0, 0], s[0, 0] - s[2, 2], s[0, 1], s[0, 2], s[1, 2], s[1, 0], s[2, 0], s[2, 1])
        for name, values in (("ORIGIN", group.origin), ("T", group.T), ("L", group.L), ("S", screw)):
            lines.append(f"{name:6s} " + " ".join(f"{value:9.4f}" for value in values))
        lines.append("")
    with replacing(path, overwrite=True) as partial:
        partial.write_text("\n".join(lines), encoding="utf-8")
