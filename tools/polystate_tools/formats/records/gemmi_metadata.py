"""Cell, space group, method, resolution, links, assemblies and NCS operators out of a gemmi structure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import gemmi
import numpy as np

from polystate_tools.formats.records.links import AUTHOR, End, Link
from polystate_tools.formats.records.ranges import LARGEST
from polystate_tools.formats.records.records import Assembly, NcsOperator, Records

COVALENT = {gemmi.ConnectionType.Covale, gemmi.ConnectionType.Disulf, gemmi.ConnectionType.MetalC}


def described(records: Records, structure: gemmi.Structure) -> Records:
    """The records with title, id, method, resolution, cell, space group, assemblies and NCS operators."""
    info = dict(structure.info)
    cell = structure.cell
    sizes = (cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma)
    crystal = cell.is_crystal() and not (cell.a == cell.b == cell.c == 1.0)
    if crystal and not is_cell(sizes):
        named = ", ".join(f"{size:g}" for size in sizes)
        because = f"lengths or angles that no cell has: {named}"
        records = replace(records, notes=[*records.notes, {"what": "cell", "count": 1, "because": because}])
    stated = structure.spacegroup_hm.strip() if crystal else ""
    space_group = symbol(stated)
    if stated and not space_group:
        records.notes.append({"what": "space group", "count": 1, "because": f"no Hermann-Mauguin symbol: {stated}"})
    return replace(
        records,
        entry_id=info.get("_entry.id", "").strip(),
        title=" ".join(info.get("_struct.title", "").split()),
        method="; ".join(dict.fromkeys(part.strip() for part in info.get("_exptl.method", "").split(";"))),
        resolution=structure.resolution or None,
        cell=sizes if crystal and is_cell(sizes) else None,
        space_group=space_group,
        assemblies=_assemblies(records, structure),
        ncs=[NcsOperator(matrix_of(op.tr), bool(op.given)) for op in structure.ncs],
    )


def symbol(stated: str) -> str:
    """A Hermann-Mauguin symbol with blanks between its parts; "" of what names no space group."""
    if re.fullmatch(r"[PABCFIRH] \S.*", stated):
        return stated
    found = gemmi.find_spacegroup_by_name(stated) if stated else None
    return found.hm if found is not None else ""


def is_cell(sizes: Sequence[float]) -> bool:
    """Whether a, b, c (Å), alpha, beta, gamma (degrees) are lengths and angles of a cell with a volume."""
    lengths, angles = np.array(sizes[:3]), np.array(sizes[3:])
    if not (np.isfinite(sizes).all() and (lengths > 0).all() and ((angles > 0) & (angles < 180)).all()):
        return False
    cosines = np.cos(np.radians(angles))
    return bool(lengths.max() <= LARGEST) and bool(1 - (cosines**2).sum() + 2 * cosines.prod() > 1e-9)


def matrix_of(transform: gemmi.Transform) -> np.ndarray:
    """(4, 4) float64 of a gemmi transform."""
    matrix = np.eye(4)
    matrix[:3, :3] = transform.mat.tolist()
    matrix[:3, 3] = transform.vec.tolist()
    return matrix + 0.0


def _assemblies(records: Records, structure: gemmi.Structure) -> list[Assembly]:
    """Assemblies with each operator once; chains are label_asym ids that have atoms."""
    once = slice(len(records) // records.repeats)
    auths, labels = records.auth_asym.take(once), records.label_asym.take(once)
    present = set(labels.used())
    of_auth: dict[str, list[str]] = {}
    width = len(labels.values)
    pairs = np.flatnonzero(np.bincount(auths.codes * np.int64(width) + labels.codes))
    for auth, label in zip(*(part.tolist() for part in np.divmod(pairs, width)), strict=True):
        of_auth.setdefault(records.auth_asym.values[auth], []).append(records.label_asym.values[label])
    assemblies = []
    for assembly in structure.assemblies:
        operators: list[np.ndarray] = []
        acts: list[tuple[int, str]] = []
        for generator in assembly.generators:
            chains = [name for name in generator.subchains if name in present]
            chains += [name for auth in generator.chains for name in of_auth.get(auth, [])]
            for operator in generator.operators:
                matrix = matrix_of(operator.transform)
                known = [k for k, other in enumerate(operators) if np.array_equal(other, matrix)]
                if not known:
                    operators.append(matrix)
                acts += [(known[0] if known else len(operators) - 1, chain) for chain in chains]
        details = assembly.oligomeric_details
        assemblies.append(Assembly(assembly.name, operators, sorted(set(acts)), details=details))
    return assemblies


def links_of_connections(records: Records, structure: gemmi.Structure) -> list[Link]:
    """Covalent, disulfide and metal links inside the unit; hydrogen bonds and links to symmetry copies are noted."""
    wanted = [c for c in structure.connections if c.type in COVALENT and c.asu != gemmi.Asu.Different]
    note_other_links(records, len(structure.connections) - len(wanted))
    return [Link(([_end(c.partner1)], [_end(c.partner2)])) for c in wanted]


def note_other_links(records: Records, count: int) -> None:
    """Note links that are no bonds of a deposition."""
    if count:
        because = "hydrogen bonds, or to a symmetry copy: not bonds of the deposition"
        records.notes.append({"what": "links", "count": count, "because": because})


def _end(partner: gemmi.AtomAddress) -> End:
    seqid = partner.res_id.seqid
    values = (partner.chain_name, seqid.num, seqid.icode.strip(), partner.res_id.name, partner.atom_name)
    return End(AUTHOR, values, "" if partner.altloc == "\0" else partner.altloc)
