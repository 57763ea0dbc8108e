"""The header of a PDB file: entry, sequence, cell, assemblies, NCS operators, TLS, and the account of the export."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import numpy as np

from polystate_tools.formats.policies import said
from polystate_tools.formats.records.records import Records, TlsRecords
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.tls.records import STATEMENT
from polystate_tools.formats.tls.selections import ranges_of, selected


def header_lines(records: Records, report: ExportReport) -> Iterator[str]:
    """Everything before the links and atoms."""
    if records.entry_id:
        yield f"HEADER    {'':40s}{'':9s}   {records.entry_id[:4]:4s}"
        if len(records.entry_id) > 4:
            report.lose("entry id", 1, f"{records.entry_id} is longer than four characters")
    yield from _continued("TITLE ", records.title)
    yield from _compounds(records)
    if records.method:
        yield from _continued("EXPDTA", records.method)
    if records.resolution:
        yield "REMARK   2"
        yield f"REMARK   2 RESOLUTION. {records.resolution:7.2f} ANGSTROMS."
        if round(records.resolution, 2) != records.resolution:
            report.lose("resolution", 1, f"{records.resolution} Å is written with two decimals")
    if records.tls is not None:
        yield from _tls(records, records.tls, report)
    yield from _assemblies(records)
    yield from _account(report)
    yield from _sequences(records)
    yield from _components(records)
    yield from _crystal(records)


def _continued(name: str, text: str, width: int = 70) -> Iterator[str]:
    for k, part in enumerate(textwrap.wrap(text, width - 1, break_on_hyphens=False)):
        yield f"{name}    {part}" if k == 0 else f"{name}  {k + 1:2d} {part}"


def _compounds(records: Records) -> Iterator[str]:
    chains: dict[str, list[str]] = {}
    for name, chain in dict.fromkeys(zip(records.entity.tolist(), records.auth_asym.tolist(), strict=True)):
        chains.setdefault(name, []).append(chain)
    parts = []
    polymers = [e for e in records.entities if e.type == "polymer" and e.id in chains]
    several = any(len(chains[e.id]) > 1 and not e.sequence for e in polymers)
    if several or any(e.description for e in polymers):
        for number, entity in enumerate(polymers, 1):
            parts += [f"MOL_ID: {number};", *([f"MOLECULE: {entity.description};"] if entity.description else [])]
            parts.append(f"CHAIN: {', '.join(chains[entity.id])};")
    lines = [line for part in parts for line in textwrap.wrap(part, 68, break_on_hyphens=False)]
    for k, line in enumerate(lines):
        yield f"COMPND    {line}" if k == 0 else f"COMPND  {k + 1:2d} {line}"


def _account(report: ExportReport) -> Iterator[str]:
    """REMARK 999: the policy for Gaussian disorder, the choice of states, and what was lost."""
    yield "REMARK 999"
    texts = [
        "POLYSTATE EXPORT",
        f"GAUSSIAN {report.gaussian}: {said(report.gaussian)}",
        f"STATES {report.choice}",
    ]
    texts += [f"MODEL {row['model']} POPULATION {row['population']:.6g}: {row['state']}" for row in report.states]
    texts += [f"LOSS {loss['what']} ({loss['count']}): {loss['because']}" for loss in report.losses]
    for text in texts:
        for line in textwrap.wrap(text.encode("ascii", "replace").decode(), 68):
            yield f"REMARK 999 {line}"


def _sequences(records: Records) -> Iterator[str]:
    sequence = {entity.id: entity.sequence.split() for entity in records.entities if entity.sequence}
    done = set()
    pairs = dict.fromkeys(zip(records.entity.tolist(), records.auth_asym.tolist(), strict=True))
    for entity, chain in pairs:
        if entity not in sequence or chain in done:
            continue
        done.add(chain)
        comps = [position.split(",")[0] for position in sequence[entity]]
        for k in range(0, len(comps), 13):
            row = " ".join(f"{comp:>3s}" for comp in comps[k : k + 13])
            yield f"SEQRES {k // 13 + 1:3d}{chain:>2s} {len(comps):4d}  {row}"


def _components(records: Records) -> Iterator[str]:
    """HETNAM of the entities that are one component with a name of its own."""
    comps = dict(zip(records.entity.tolist(), records.comp.tolist(), strict=True))
    done: set[str] = set()
    for entity in records.entities:
        comp = comps.get(entity.id, "")
        if entity.type in ("non-polymer", "water") and entity.description not in ("", comp) and comp not in done:
            done.add(comp)
            for k, part in enumerate(textwrap.wrap(entity.description, 54, break_on_hyphens=False)):
                yield f"HETNAM  {'' if k == 0 else k + 1:>2} {comp:>3s} {part if k == 0 else ' ' + part}"


def _crystal(records: Records) -> Iterator[str]:
    if records.cell is not None:
        a, b, c, alpha, beta, gamma = records.cell
        yield f"CRYST1{a:9.3f}{b:9.3f}{c:9.3f}{alpha:7.2f}{beta:7.2f}{gamma:7.2f} {records.space_group:<11s}{'':4s}"
    for k, op in enumerate(records.ncs, 1):
        for i in range(3):
            values = "".join(f"{op.matrix[i, j]:10.6f}" for j in range(3))
            yield f"MTRIX{i + 1} {k:3d}{values}     {op.matrix[i, 3]:10.5f}    {'1' if op.given else ' '}"


def _assemblies(records: Records) -> Iterator[str]:
    """REMARK 350; chains are the author's, so an operator on part of a chain acts on all of it."""
    if not records.assemblies:
        return
    auth = dict(zip(records.label_asym.tolist(), records.auth_asym.tolist(), strict=True))
    yield "REMARK 350"
    for assembly in records.assemblies:
        yield f"REMARK 350 BIOMOLECULE: {assembly.id}"
        if assembly.details:
            yield f"REMARK 350 AUTHOR DETERMINED BIOLOGICAL UNIT: {assembly.details.upper()}"
        chains: dict[int, list[str]] = {}
        for k, chain in assembly.pairs:
            if chain in auth:
                chains.setdefault(k, []).append(auth[chain])
        for k, names in chains.items():
            names = list(dict.fromkeys(names))
            for first in range(0, len(names), 10):
                lead = "APPLY THE FOLLOWING TO CHAINS:" if first == 0 else "                   AND CHAINS:"
                more = "," if first + 10 < len(names) else ""
                yield f"REMARK 350 {lead} {', '.join(names[first : first + 10])}{more}"
            matrix = assembly.operators[k]
            for i in range(3):
                values = "".join(f"{matrix[i, j]:10.6f}" for j in range(3))
                yield f"REMARK 350   BIOMT{i + 1} {k + 1:3d}{values}{matrix[i, 3]:15.5f}"


def _tls(records: Records, tls: TlsRecords, report: ExportReport) -> Iterator[str]:
    """REMARK 3 in the layout of REFMAC, or of phenix where a selection is an expression."""
    yield "REMARK   3"
    if tls.program:
        yield f"REMARK   3   PROGRAM     : {tls.program}"
    if tls.groups:
        yield "REMARK   3  TLS DETAILS"
        yield f"REMARK   3   NUMBER OF TLS GROUPS  : {len(tls.groups)}"
    exact = True
    for group in tls.groups:
        yield f"REMARK   3   TLS GROUP : {group.id}"
        if group.records is not None:
            apart = np.setxor1d(np.flatnonzero(selected(records, group.selection)), group.records)
            if len(apart):
                report.lose(f"atoms of TLS group {group.id}", len(apart), "REMARK 3 names ranges of residues")
        ranges = ranges_of(group.selection)
        if ranges:
            yield f"REMARK   3    NUMBER OF COMPONENTS GROUP : {len(ranges)}"
            yield "REMARK   3    COMPONENTS        C SSSEQI   TO  C SSSEQI"
            for c1, n1, i1, c2, n2, i2 in ranges:
                yield f"REMARK   3    RESIDUE RANGE :  {c1:>2s} {n1 + i1:>5s}       {c2:>2s} {n2 + i2:>5s}"
        else:
            for k, line in enumerate(textwrap.wrap(group.selection, 55, break_on_hyphens=False)):
                yield f"REMARK   3    {'SELECTION: ' if k == 0 else '           '}{line}"
        origin = "".join(f" {value:8.4f}" if abs(value) > 999 else f"{value:9.4f}" for value in group.origin)
        yield f"REMARK   3    ORIGIN FOR THE GROUP (A):{origin}"
        for name, values in (("T", group.T), ("L", group.L)):
            yield f"REMARK   3    {name} TENSOR"
            for (i, x), (j, y) in zip(
                (("11", 0), ("33", 2), ("13", 4)), (("22", 1), ("12", 3), ("23", 5)), strict=True
            ):
                yield f"REMARK   3      {name}{i}:{values[x]:9.4f} {name}{j}:{values[y]:9.4f}"
        yield "REMARK   3    S TENSOR"
        for row in range(3):
            parts = " ".join(f"S{row + 1}{j + 1}:{group.S[3 * row + j]:9.4f}" for j in range(3))
            yield f"REMARK   3      {parts}"
        numbers = np.concatenate([group.T, group.L, group.S, group.origin])
        exact = exact and bool((np.abs(numbers - np.round(numbers, 4)) < 1e-9).all())
    yield f"REMARK   3  {STATEMENT.get(tls.adp_content, '')}"
    if not exact:
        report.lose("TLS numbers beyond four decimals", len(tls.groups), "REMARK 3 has four")
