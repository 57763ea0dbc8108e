"""TLS records of REMARK 3 (REFMAC, phenix, BUSTER) and `_pdbx_refine_tls`, in the units of the files."""

from __future__ import annotations

import re

import gemmi
import numpy as np

from polystate_tools.formats.records.records import TlsGroup, TlsRecords

SIX = ("11", "22", "33", "12", "13", "23")
NINE = ("11", "12", "13", "21", "22", "23", "31", "32", "33")
KEYS = (*("T" + e for e in SIX), *("L" + e for e in SIX), *("S" + e for e in NINE))
NUMBER = r"([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?|NULL|\*+)"
_ELEMENT = re.compile(rf"\b([TLS])([123][123])\s*:\s*{NUMBER}")
_ORIGIN = re.compile(r"ORIGIN FOR THE GROUP\s*\(A\)\s*:(.*)")
_COORDINATE = r"[-+]?(?:\d+\.?\d*|\.\d+)"
_POINT = re.compile(rf"\s*({_COORDINATE})(?:\s+|(?=[-+]))({_COORDINATE})(?:\s+|(?=[-+]))({_COORDINATE})\s*")
_RANGE = re.compile(r"\s*(\S*?)\s*(-?\d+)([A-Za-z]?)\s+(\S*?)\s*(-?\d+)([A-Za-z]?)\s*")
"""Chain, number and insertion code of both ends; a chain is any characters, or none where its column is blank."""
_NUMBER_OF_GROUPS = re.compile(r"\s*NUMBER OF TLS GROUPS\s*:\s*(\d+)")

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
    """TLS groups of the REMARK 3 lines of a PDB file; None where they speak neither of groups nor of residual B."""
    remarks = [line[10:].rstrip() for line in lines if line.startswith("REMARK   3")]
    starts = [k for k, line in enumerate(remarks) if re.match(r"\s*TLS GROUP\s*:", line)]
    content, statement = declared_content(" ".join(remarks))
    counts = [int(match.group(1)) for line in remarks if (match := _NUMBER_OF_GROUPS.match(line))]
    missing = max(counts, default=0) - len(starts)
    if not starts and content != "residual" and missing <= 0:
        return None
    programs = [line.split(":", 1)[1].strip() for line in remarks if re.match(r"\s*PROGRAM\s*:", line)]
    found = [
        _group_of_remark(remarks[start:end], number)
        for number, (start, end) in enumerate(zip(starts, [*starts, len(remarks)][1:], strict=True), 1)
    ]
    if missing > 0:
        found += [(str(len(starts) + k + 1), "announced, and not in the file") for k in range(missing)]
    return _records(found, programs[0] if programs else "", content, statement)


def _records(found: list[TlsGroup | tuple[str, str]], program: str, content: str, statement: str) -> TlsRecords:
    groups = [group for group in found if isinstance(group, TlsGroup)]
    unusable = tuple(group for group in found if not isinstance(group, TlsGroup))
    return TlsRecords(groups, program, content, statement, unusable)


def _group_of_remark(lines: list[str], ordinal: int) -> TlsGroup | tuple[str, str]:
    """A group, or its id and what it lacks."""
    name = lines[0].split(":", 1)[1].strip() or str(ordinal)
    elements: dict[str, str] = {}
    origin = ""
    ranges, selection, reading = [], [], False
    for line in lines[1:]:
        found_origin = _ORIGIN.search(line)
        before, is_range, ends = line.partition("RESIDUE RANGE")
        if found_origin:
            origin = origin or found_origin.group(1).strip()
            reading = False
        elif is_range and not before.strip():
            ranges.append(_range_text(ends.lstrip(" :")))
        elif match := re.match(r"\s*(?:SELECTION|SET)\s*:(.*)", line):
            selection.append(match.group(1).strip())
            reading = True
        elif reading and line.strip():
            selection.append(line.strip())
        for tensor, element, value in _ELEMENT.findall(line):
            elements.setdefault(tensor + element, value)
    point = _POINT.fullmatch(origin)
    text = "; ".join(ranges) if ranges else " ".join(selection)
    return tls_group(name, elements, list(point.groups()) if point else [origin], text)


def _range_text(ends: str) -> str:
    """A range as `selections` reads it; what is no range stays as it is, to be refused by its words."""
    match = _RANGE.fullmatch(ends)
    if match is None:
        return " ".join(ends.split()) or "an empty range"
    c1, n1, i1, c2, n2, i2 = match.groups()
    return f"{c1} {n1}{i1} - {c2} {n2}{i2}".replace("-  ", "- ").strip()


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
    return _records(found, program, content, statement)


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


def tls_group(name: str, elements: dict[str, str], origin: list[str], selection: str) -> TlsGroup | tuple[str, str]:
    """A group of elements as written ("T11": "0.1000"), or its id and which of them are no numbers.

    A standard uncertainty is cut off. Only S33 may be missing: it is -(S11 + S22), as programs leave the trace open.
    """
    numbers = {key: gemmi.cif.as_number(elements.get(key, "")) for key in KEYS}
    point = [gemmi.cif.as_number(text) for text in origin]
    if not elements.get("S33") or elements["S33"] == "NULL":
        numbers["S33"] = -(numbers["S11"] + numbers["S22"])
    bad = [f"{key} is {elements.get(key) or 'missing'}" for key in KEYS[:-1] if not np.isfinite(numbers[key])]
    if not bad and not np.isfinite(numbers["S33"]):
        bad = [f"S33 is {elements['S33']}"]
    if len(point) != 3 or not np.isfinite(point).all():
        bad.insert(0, f"the origin is {' '.join(' '.join(text or '?' for text in origin).split())}")
    if bad:
        return name, ", ".join(bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
    made = np.array([numbers[key] for key in KEYS])
    return TlsGroup(name, made[:6], made[6:12], made[12:], np.array(point), selection)


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
