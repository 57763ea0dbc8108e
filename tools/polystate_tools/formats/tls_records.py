"""TLS records of REMARK 3 (REFMAC, phenix, BUSTER) and `_pdbx_refine_tls`, in the units of the files."""

from __future__ import annotations

import re

import gemmi
import numpy as np

from polystate_tools.formats.records import TlsGroup, TlsRecords

SIX = ("11", "22", "33", "12", "13", "23")
NINE = ("11", "12", "13", "21", "22", "23", "31", "32", "33")
NUMBER = r"([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?|NULL|\*+)"
_ELEMENT = re.compile(rf"\b([TLS])([123][123])\s*:\s*{NUMBER}")
_ORIGIN = re.compile(r"ORIGIN FOR THE GROUP\s*\(A\)\s*:(.*)")
_RANGE = re.compile(r"RESIDUE RANGE\s*:\s*(\S)\s*(-?\d+)(\w?)\s+(\S)\s*(-?\d+)(\w?)")

RESIDUAL = re.compile(r"U VALUES\s*:\s*RESIDUAL ONLY|CONTAINS? RESIDUAL [BU] FACTORS ONLY|LIKELY RESIDUAL")
STATEMENT = {"residual": "U VALUES : RESIDUAL ONLY", "total": "U VALUES : WITH TLS ADDED"}
TOTAL = re.compile(r"U VALUES\s*:\s*WITH TLS ADDED|CONTAINS? SUM OF TLS AND RESIDUAL [BU] FACTORS")


def declared_content(text: str) -> tuple[str, str]:
    """adp_content as a header declares it, and the words: ("residual", "U VALUES : RESIDUAL ONLY")."""
    text = " ".join(text.upper().split())
    residual, total = RESIDUAL.search(text), TOTAL.search(text)
    if residual and not total:
        return "residual", residual.group()
    if total and not residual:
        return "total", total.group()
    if residual and total:
        return "unknown", f"{residual.group()}; {total.group()}"
    return "unknown", ""


def tls_of_remarks(lines: list[str]) -> TlsRecords | None:
    """TLS groups of the REMARK 3 lines of a PDB file, or None."""
    remarks = [line[10:].rstrip() for line in lines if line.startswith("REMARK   3")]
    starts = [k for k, line in enumerate(remarks) if re.match(r"\s*TLS GROUP\s*:", line)]
    if not starts:
        return None
    programs = [line.split(":", 1)[1].strip() for line in remarks if re.match(r"\s*PROGRAM\s*:", line)]
    groups: list[TlsGroup] = []
    for start, end in zip(starts, [*starts[1:], len(remarks)], strict=True):
        group = _group_of_remark(remarks[start:end], len(groups) + 1)
        if group is not None:
            groups.append(group)
    content, statement = declared_content(" ".join(remarks))
    return TlsRecords(groups, programs[0] if programs else "", content, statement)


def _group_of_remark(lines: list[str], ordinal: int) -> TlsGroup | None:
    name = lines[0].split(":", 1)[1].strip() or str(ordinal)
    tensors: dict[str, dict[str, float]] = {"T": {}, "L": {}, "S": {}}
    origin: list[float] | None = None
    ranges, selection, reading = [], [], False
    for line in lines[1:]:
        found_origin = _ORIGIN.search(line)
        if found_origin:
            origin = [float(x) for x in re.findall(r"[-+]?\d*\.\d+|[-+]?\d+", found_origin.group(1))]
            reading = False
        elif match := _RANGE.search(line):
            c1, n1, i1, c2, n2, i2 = match.groups()
            ranges.append(f"{c1} {n1}{i1} - {c2} {n2}{i2}")
        elif match := re.match(r"\s*(?:SELECTION|SET)\s*:(.*)", line):
            selection.append(match.group(1).strip())
            reading = True
        elif reading and line.strip():
            selection.append(line.strip())
        for tensor, element, value in _ELEMENT.findall(line):
            if value != "NULL" and "*" not in value:
                tensors[tensor].setdefault(element, float(value))
    if origin is None or len(origin) != 3 or not tensors["T"] or not tensors["L"]:
        return None
    text = "; ".join(ranges) if ranges else " ".join(selection)
    return tls_group(name, tensors, origin, text)


def tls_of_block(block: gemmi.cif.Block) -> TlsRecords | None:
    """TLS groups of `_pdbx_refine_tls` and `_pdbx_refine_tls_group`, or None."""
    table = category(block, "_pdbx_refine_tls.")
    if not table or not table.get("id"):
        return None
    selections = _selections_of_block(category(block, "_pdbx_refine_tls_group."))
    groups = []
    for row, name in enumerate(table["id"]):
        tensors: dict[str, dict[str, float]] = {}
        for tensor, elements in (("T", SIX), ("L", SIX), ("S", NINE)):
            texts = {e: table.get(f"{tensor}[{e[0]}][{e[1]}]", [""] * (row + 1))[row] for e in elements}
            tensors[tensor] = {e: float(text) for e, text in texts.items() if text}
        origin = [table.get(f"origin_{axis}", [""] * (row + 1))[row] for axis in "xyz"]
        if not all(origin) or not tensors["T"]:
            continue
        groups.append(tls_group(name, tensors, [float(x) for x in origin], selections.get(name, "")))
    refine = category(block, "_refine.")
    words = [text for key in ("details", "pdbx_TLS_residual_ADP_flag") for text in refine.get(key, [])]
    content, statement = declared_content(" ".join(words))
    software = category(block, "_software.")
    program = next(
        (
            name
            for name, use in zip(software.get("name", []), software.get("classification", []), strict=False)
            if use == "refinement"
        ),
        "",
    )
    return TlsRecords(groups, program, content, statement)


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
            text = f"{ends[0]} - {ends[1]}" if ends[0].strip() else ""
        if text:
            made.setdefault(name, []).append(text)
    return {name: "; ".join(texts) for name, texts in made.items()}


def tls_group(name: str, tensors: dict[str, dict[str, float]], origin, selection: str) -> TlsGroup:
    """A group of tensor elements by index; missing elements are 0, a missing S33 is -(S11 + S22)."""
    s = dict(tensors["S"])
    s.setdefault("33", -(s.get("11", 0.0) + s.get("22", 0.0)))
    return TlsGroup(
        name,
        np.array([tensors["T"].get(e, 0.0) for e in SIX]),
        np.array([tensors["L"].get(e, 0.0) for e in SIX]),
        np.array([s.get(e, 0.0) for e in NINE]),
        np.array(origin, float),
        selection,
    )


def category(block: gemmi.cif.Block, prefix: str) -> dict[str, list[str]]:
    """A category as column -> texts, "" for . and ?; {} where the block does not have it."""
    table = block.find_mmcif_category(prefix)
    if not len(table):
        return {}
    names = [tag[len(prefix) :] for tag in table.tags]
    return {
        name: ["" if gemmi.cif.is_null(v) else gemmi.cif.as_string(v) for v in table.column(k)]
        for k, name in enumerate(names)
    }
