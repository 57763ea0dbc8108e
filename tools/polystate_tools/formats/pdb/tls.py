"""TLS records of REMARK 3 as REFMAC, phenix and BUSTER write them."""

from __future__ import annotations

import re

from polystate_tools.formats.records.records import TlsGroup, TlsRecords
from polystate_tools.formats.tls.records import collected, declared_content, tls_group

NUMBER = r"([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?|NULL|\*+)"
_ELEMENT = re.compile(rf"\b([TLS])([123][123])\s*:\s*{NUMBER}")
_ORIGIN = re.compile(r"ORIGIN FOR THE GROUP\s*\(A\)\s*:(.*)")
_COORDINATE = r"[-+]?(?:\d+\.?\d*|\.\d+)"
_POINT = re.compile(rf"\s*({_COORDINATE})(?:\s+|(?=[-+]))({_COORDINATE})(?:\s+|(?=[-+]))({_COORDINATE})\s*")
_RANGE = re.compile(r"\s*(\S*?)\s*(-?\d+)([A-Za-z]?)\s+(\S*?)\s*(-?\d+)([A-Za-z]?)\s*")
"""Chain, number and insertion code of both ends; a chain is any characters, or none where its column is blank."""
_NUMBER_OF_GROUPS = re.compile(r"\s*NUMBER OF TLS GROUPS\s*:\s*(\d+)")


def tls_of_remarks(lines: list[str]) -> TlsRecords | None:
    """TLS groups of the REMARK 3 lines of a PDB file; None where they speak neither of groups nor of residual B."""
    remarks = [line[10:].rstrip() for line in lines]
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
    return collected(found, programs[0] if programs else "", content, statement)


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
