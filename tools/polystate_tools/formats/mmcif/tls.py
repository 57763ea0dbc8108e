"""TLS records of `_pdbx_refine_tls`: groups by selection, or by the group that each atom names."""

from __future__ import annotations

from dataclasses import replace

import gemmi
import numpy as np

from polystate_tools.formats.mmcif.categories import Table, category
from polystate_tools.formats.mmcif.columns import Columns
from polystate_tools.formats.records.records import Records, TlsGroup, TlsRecords
from polystate_tools.formats.tls.records import NINE, SIX, collected, declared_content, tls_group

BY_ATOM = "pdbx_tls_group_id"
SELECTIONS = ("selection_details", "selection")


def tls_of_block(block: gemmi.cif.Block, records: Records, atoms: Columns) -> TlsRecords | None:
    """The TLS groups and what B contains; None where the file speaks neither of groups nor of residual B."""
    table, refine = category(block, "_pdbx_refine_tls."), category(block, "_refine.")
    words = [text for key in ("details", "pdbx_TLS_residual_ADP_flag") for text in refine.cells(key)]
    words += category(block, "_ccp4_refine_tls.").cells("details")
    content, statement = declared_content(" ".join(words))
    names = table.cells("id")
    if not names and content != "residual":
        return None
    selections = _selections_of_block(category(block, "_pdbx_refine_tls_group."))
    of_atom = atoms.text(BY_ATOM) if BY_ATOM in atoms.names else None
    found = []
    for row, name in enumerate(names):
        cells = table.row(row)
        elements = {
            tensor + e: cells.get(f"{tensor.lower()}[{e[0]}][{e[1]}]", "")
            for tensor, which in (("T", SIX), ("L", SIX), ("S", NINE))
            for e in which
        }
        origin = [cells.get(f"origin_{axis}", "") for axis in "xyz"]
        group = tls_group(name, elements, origin, selections.get(name, ""))
        if of_atom is not None and isinstance(group, TlsGroup) and (mine := of_atom.equals(name)).any():
            group = replace(group, records=np.flatnonzero(mine))
        found.append(group)
    _note_foreign(records, of_atom, names)
    software = category(block, "_software.")
    uses = zip(software.cells("name"), software.cells("classification"), strict=True)
    program = next((name for name, use in uses if use == "refinement"), "")
    return collected(found, program, content, statement)


def _note_foreign(records: Records, of_atom, names: list[str]) -> None:
    """Atoms that name a group which the file does not have."""
    if of_atom is None or not names:
        return
    strange = sorted({value for value in of_atom.used() if value not in ("", "0", *names)})
    if strange:
        count = int(of_atom.isin(strange).sum())
        records.notes.append({"what": f"TLS group ids {', '.join(strange[:5])}", "count": count,
                              "because": "no _pdbx_refine_tls has them"})  # fmt: skip


def _selections_of_block(table: Table) -> dict[str, str]:
    """Selection text by TLS id: selection_details, else residue ranges in author numbering."""
    made: dict[str, list[str]] = {}
    for row, name in enumerate(table.cells("refine_tls_id")):

        def cell(column: str, row: int = row) -> str:
            return table.cells(column)[row]

        text = next((found for key in SELECTIONS if (found := " ".join(cell(key).split()))), "")
        if not text or text.upper() == "ALL":
            ends = []
            for end in ("beg", "end"):
                chain = cell(f"{end}_auth_asym_id") or cell(f"{end}_label_asym_id")
                number = cell(f"{end}_auth_seq_id") or cell(f"{end}_label_seq_id")
                ends.append(f"{chain} {number}{cell(f'{end}_PDB_ins_code')}")
            text = f"{ends[0].strip()} - {ends[1].strip()}" if ends[0].strip() else text
        if text and text not in made.setdefault(name, []):
            made[name].append(text)
    return {name: "; ".join(texts) for name, texts in made.items()}
