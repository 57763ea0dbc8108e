"""TLS records of `_pdbx_refine_tls` and `_pdbx_refine_tls_group`."""

from __future__ import annotations

import gemmi

from polystate_tools.formats.mmcif.categories import category
from polystate_tools.formats.records.records import TlsRecords
from polystate_tools.formats.tls.records import NINE, SIX, collected, declared_content, tls_group


def tls_of_block(block: gemmi.cif.Block) -> TlsRecords | None:
    """TLS groups of `_pdbx_refine_tls` and `_pdbx_refine_tls_group`; None as for PDB files."""
    table = category(block, "_pdbx_refine_tls.")
    names = table.get("id", [])
    refine = category(block, "_refine.")
    words = [text for key in ("details", "pdbx_TLS_residual_ADP_flag") for text in refine.get(key, [])]
    content, statement = declared_content(" ".join(words))
    if not names and content != "residual":
        return None
    selections = _selections_of_block(category(block, "_pdbx_refine_tls_group."))
    found = []
    for row, name in enumerate(names):
        cells = {key: values[row] for key, values in table.items()}
        elements = {
            tensor + e: cells.get(f"{tensor}[{e[0]}][{e[1]}]", "")
            for tensor, which in (("T", SIX), ("L", SIX), ("S", NINE))
            for e in which
        }
        found.append(
            tls_group(name, elements, [cells.get(f"origin_{axis}", "") for axis in "xyz"], selections.get(name, ""))
        )
    software = category(block, "_software.")
    program = next(
        (
            name
            for name, use in zip(software.get("name", []), software.get("classification", []), strict=False)
            if use == "refinement"
        ),
        "",
    )
    return collected(found, program, content, statement)


def _selections_of_block(table: dict[str, list[str]]) -> dict[str, str]:
    """Selection text by TLS id: selection_details, else residue ranges in author numbering."""
    made: dict[str, list[str]] = {}
    for row, name in enumerate(table.get("refine_tls_id", [])):

        def cell(column: str, row: int = row) -> str:
            return table.get(column, [""] * (row + 1))[row]

        text = " ".join(cell("selection_details").split())
        if not text:
            ends = []
            for end in ("beg", "end"):
                chain = cell(f"{end}_auth_asym_id") or cell(f"{end}_label_asym_id")
                number = cell(f"{end}_auth_seq_id") or cell(f"{end}_label_seq_id")
                ends.append(f"{chain} {number}{cell(f'{end}_PDB_ins_code')}")
            text = f"{ends[0].strip()} - {ends[1].strip()}" if ends[0].strip() else ""
        if text and text not in made.setdefault(name, []):
            made[name].append(text)
    return {name: "; ".join(texts) for name, texts in made.items()}
