"""Random entries as PDB: every record in its columns, numbers without room as hybrid-36."""

from __future__ import annotations

import random
from collections.abc import Iterator

from polystate_conformance.selftest.entry_parts import Entry, Link, Residue, Row, Tls

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def text(rng: random.Random, made: Entry) -> str:
    """The file."""
    serials = _serials(rng, made)
    lines = [*_about(made), *_molecules(made), *_remarks(rng, made), *_sequences(rng, made)]
    named = [comp for comp in dict.fromkeys(row.residue.comp for row in made.rows if row.residue.seq is None)
             if comp not in ("HOH", "DOD") and rng.random() < 0.7]  # fmt: skip
    names = {row.residue.comp: row.residue.chain.entity.description for row in made.rows if row.residue.seq is None}
    lines += [f"HETNAM     {comp:>3s} {names[comp]}" for comp in named]
    lines += _links(made)
    if made.cell:
        a, b, c, alpha, beta, gamma = made.cell
        lines.append(f"CRYST1{a:9.3f}{b:9.3f}{c:9.3f}{alpha:7.2f}{beta:7.2f}{gamma:7.2f} {made.space_group:<11s}   4")
    for number, (matrix, given) in enumerate(made.ncs, 1):
        lines += [f"MTRIX{i + 1} {number:3d}{_ten(row)}    {1 if given else ' '}" for i, row in enumerate(matrix)]
    lines += _models(rng, made, serials)
    lines += _conect(rng, made, serials)
    lines.append("END")
    if rng.random() < 0.1:
        lines = [line.rstrip() for line in lines]
        made.has("lines that end early")
    else:
        lines = [line.ljust(80) for line in lines]
    return "\n".join(lines) + "\n"


def _serials(rng: random.Random, made: Entry) -> list[str]:
    """Serial numbers of all rows, those of each model from the same number on."""
    start = rng.choice((1, 1, 1, 99998))
    if start > 1:
        made.has("hybrid-36")
    found, number, model = [], start, 0
    for row in made.rows:
        if row.model != model:
            number, model = start, row.model
        found.append(hybrid(number, 5))
        number += 1
    return found


def hybrid(number: int, width: int) -> str:
    """A number in so many columns: decimal where it has room, else of 36 digits from A000 on."""
    if number < 10**width:
        return f"{number:{width}d}"
    number += 10 * 36 ** (width - 1) - 10**width
    found = ""
    while number:
        number, digit = divmod(number, 36)
        found = DIGITS[digit] + found
    return found


def _about(made: Entry) -> Iterator[str]:
    if made.id:
        yield f"HEADER    {'HYDROLASE':<40s}01-JAN-20   {made.id}"
    for number, part in enumerate(_cut(made.title.encode("ascii", "replace").decode(), 55), 1):
        yield f"TITLE   {'' if number == 1 else number:>2} {'' if number == 1 else ' '}{part}"
    if made.id and made.method:
        yield f"EXPDTA    {made.method}"


def _cut(words: str, width: int) -> list[str]:
    """Lines of whole words."""
    found: list[str] = []
    for word in words.split():
        if found and len(found[-1]) + 1 + len(word) <= width:
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def _molecules(made: Entry) -> Iterator[str]:
    """COMPND of the polymers, each with all its chains."""
    words: list[str] = []
    for number, entity in enumerate([entity for entity in made.entities if entity.kind == "polymer"], 1):
        chains = [chain.auth for chain in made.chains if chain.entity is entity]
        words += [f"MOL_ID: {number};", f"MOLECULE: {entity.description.encode('ascii', 'replace').decode()};",
                  f"CHAIN: {', '.join(chains)};"]  # fmt: skip
    for number, word in enumerate(words, 1):
        yield f"COMPND  {'' if number == 1 else number:>2} {'' if number == 1 else ' '}{word}"


def _remarks(rng: random.Random, made: Entry) -> Iterator[str]:
    if made.id and made.resolution is not None:
        yield f"REMARK   2 RESOLUTION. {made.resolution:7.2f} ANGSTROMS."
    if made.tls:
        yield from (f"REMARK   3  {line}" for line in _tls(made.tls))
    if made.content:
        yield f"REMARK   3  {made.content.upper()}"
    for assembly in made.assemblies:
        yield f"REMARK 350 BIOMOLECULE: {assembly.id}"
        if assembly.details:
            yield f"REMARK 350 AUTHOR DETERMINED BIOLOGICAL UNIT: {assembly.details.upper()}"
        of_label = {chain.label: chain.auth for chain in made.chains}
        for numbers, labels in assembly.generators:
            chains = list(dict.fromkeys(of_label[label] for label in labels))
            yield f"REMARK 350 APPLY THE FOLLOWING TO CHAINS: {', '.join(chains)}"
            for k in numbers:
                for i, row in enumerate(made.operators[k]):
                    yield f"REMARK 350   BIOMT{i + 1} {k + 1:3d}{_ten(row[:3])}{row[3]:15.5f}"


def _ten(row: list[float]) -> str:
    turn = "".join(f"{value:10.6f}" for value in row[:3])
    return turn + (f"     {row[3]:10.5f}" if len(row) > 3 else "")


def _tls(groups: list[Tls]) -> Iterator[str]:
    yield "TLS DETAILS"
    yield f" NUMBER OF TLS GROUPS  : {len(groups):4d}"
    for number, group in enumerate(groups, 1):
        yield f" TLS GROUP : {number:5d}"
        if group.ranges:
            yield f"  NUMBER OF COMPONENTS GROUP : {len(group.ranges):4d}"
            yield "  COMPONENTS        C SSSEQI   TO  C SSSEQI"
            for chain, first, last in group.ranges:
                yield f"  RESIDUE RANGE : {chain:>3s} {first:5d}      {chain:>3s} {last:5d}"
        else:
            word = "SET" if group.selection.startswith("{") else "SELECTION"
            yield f"  {word} : {group.selection}"
        x, y, z = group.origin
        yield f"  ORIGIN FOR THE GROUP (A):{x:9.4f}{y:9.4f}{z:9.4f}"
        for name, values in (("T", group.T), ("L", group.L)):
            yield f"  {name} TENSOR"
            numbers = [f"{name}{place}:{value:9.4f}" for place, value in
                       zip(("11", "22", "33", "12", "13", "23"), values, strict=True)]  # fmt: skip
            yield from (f"    {' '.join(numbers[k : k + 2])}" for k in (0, 2, 4))
        yield "  S TENSOR"
        numbers = [f"S{k // 3 + 1}{k % 3 + 1}:{value:9.4f}" for k, value in enumerate(group.S)]
        yield from (f"    {' '.join(numbers[k : k + 3])}" for k in (0, 3, 6))


def _sequences(rng: random.Random, made: Entry) -> Iterator[str]:
    """SEQRES of the polymers; of a position with several types the first."""
    if rng.random() < 0.2:
        made.has("no SEQRES")
        return
    for chain in made.chains:
        comps = [comps[0] for comps in chain.entity.sequence]
        for number in range(0, len(comps), 13):
            part = " ".join(f"{comp:>3s}" for comp in comps[number : number + 13])
            yield f"SEQRES {number // 13 + 1:3d}{chain.auth:>2s} {len(comps):4d}  {part}"


def _place(residue: Residue) -> str:
    return f"{residue.comp:>3s}{residue.chain.auth:>2s}{hybrid(residue.number, 4)}{residue.ins or ' '}"


def _name(row: Row) -> str:
    name, element = row.spot.name, row.spot.element
    return f"{name:<4s}" if len(element) == 2 or len(name) == 4 else f" {name:<3s}"


def _models(rng: random.Random, made: Entry, serials: list[str]) -> Iterator[str]:
    """The atoms; a chain of a polymer ends with TER."""
    several, before = len(made.models) > 1, None
    symbols = rng.random() > 0.1
    if not symbols:
        made.has("no symbols")
    for row, serial in zip(made.rows, serials, strict=True):
        if before is not None and before.residue.chain is not row.residue.chain and before.residue.seq is not None:
            yield "TER"
        if several and (before is None or before.model != row.model):
            if before is not None:
                yield "ENDMDL"
            yield f"MODEL     {row.model:4d}"
        start = f"{serial} {_name(row)}{row.alt or ' '}{_place(row.residue)}"
        charge = f"{abs(row.spot.charge)}{'+' if row.spot.charge > 0 else '-'}" if row.spot.charge else "  "
        end = f"{row.spot.element if symbols else '':>2s}{charge}"
        x, y, z = row.xyz
        occupancy = "      " if row.occupancy is None else f"{row.occupancy:6.2f}"
        b = "      " if row.b is None else f"{row.b:6.2f}"
        kind = "HETATM" if row.residue.het else "ATOM  "
        yield f"{kind}{start}   {x:8.3f}{y:8.3f}{z:8.3f}{occupancy}{b}          {end}"
        if row.u:
            yield f"ANISOU{start} {''.join(f'{round(u * 10000):7d}' for u in row.u)}      {end}"
        before = row
    if several:
        yield "ENDMDL"


def _links(made: Entry) -> Iterator[str]:
    """SSBOND of two SG, LINK of all others that CONECT does not say."""
    number = 0
    for link in made.links:
        one, other = link.ends
        if _by_conect(link):
            continue
        if one.spot.name == other.spot.name == "SG" and not any(link.alts):
            number += 1
            a, b = (f"{end.residue.comp:>3s}{end.residue.chain.auth:>2s} {hybrid(end.residue.number, 4)}"
                    f"{end.residue.ins or ' '}" for end in (one, other))  # fmt: skip
            yield f"SSBOND {number:3d} {a}   {b}".ljust(59) + f"  1555 {link.symmetry.replace('_', ''):>6s}  2.04"
            continue
        ends = [f"{_name(end)}{alt or ' '}{_place(end.residue)}" for end, alt in zip(link.ends, link.alts, strict=True)]
        yield f"LINK        {ends[0]:<30s}{ends[1]:<17s}  1555 {link.symmetry.replace('_', ''):>6s}  1.90"


def _by_conect(link: Link) -> bool:
    """Whether a link is between the very records that it names, of this copy, and in a numbering that CONECT shares."""
    inside = link.symmetry == "1_555" and all(end.alt == alt for end, alt in zip(link.ends, link.alts, strict=True))
    return inside and link.kind == "covale"


def _conect(rng: random.Random, made: Entry, serials: list[str]) -> Iterator[str]:
    of_row = {id(row): serial for row, serial in zip(made.rows, serials, strict=True)}
    for link in made.links:
        if _by_conect(link):
            made.has("CONECT")
            one, other = (of_row[id(end)] for end in link.ends)
            yield f"CONECT{one}{other}"
            if rng.random() < 0.5:
                yield f"CONECT{other}{one}"
