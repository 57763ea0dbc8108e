"""PDB and mmCIF files as entries, read by gemmi."""

from __future__ import annotations

import math
import re
from operator import itemgetter
from pathlib import Path

import bcif
import gemmi
import links
import numpy as np
from columns import prepare
from crystal import Crystal, complete
from entry import End, Entity, Entry, Record, Refused, TlsGroup, content_said
from pdb_header import check_fields, named
from pdb_lines import Tensors, int_of, readable, shifts_of_assemblies

ENDS = ("auth_asym_id", "auth_seq_id", "pdb_ins_code")
ANY = 0
"""The model of tensors that are of the atoms of a number, whatever their model."""
PRESENT = ("polymer", "non-polymer", "branched", "water")


def read(path: Path) -> Entry:
    """The entry of a .pdb, .cif or .bcif file."""
    try:
        if path.suffix == ".pdb":
            return _of_pdb(path.read_text("latin-1"))
        return _of_cif(bcif.document(path) if path.suffix == ".bcif" else gemmi.cif.read(str(path)))
    except (RuntimeError, ValueError) as error:
        raise Refused("container", "unreadable-file", f"{path.name}: {error}") from None


def _of_pdb(text: str) -> Entry:
    check_fields(text)
    text, tensors, losses = readable(text)
    serials = [int_of(line[6:11]) for line in text.splitlines() if line.startswith(("ATOM", "HETATM"))]
    structure = gemmi.read_pdb_string(text)
    for assembly, shifts in shifts_of_assemblies(text.splitlines()).items():
        for found in (a for a in structure.assemblies if a.name == assembly):
            for operator in (o for g in found.generators for o in g.operators if o.name in shifts):
                operator.transform.vec.fromlist(shifts[operator.name][:3])
    structure.setup_entities()
    structure.assign_label_seq_id()
    found = Entry(_numbered(_records(structure, {}, tensors, serials)), _entities(structure), losses=losses)
    found.crystal, found.bonds = Crystal.of(structure), _bonds(structure, found)
    _of_remarks(structure.raw_remarks, found)
    found.entities = named(found.records, found.entities, text.splitlines())
    found.bonds += _conect(structure, text, losses)
    return found.check()


def _numbered(records: list[Record]) -> list[Record]:
    """A residue type that no sequence has takes the number of another at its place."""
    at_place = {record.place: record.label_seq for record in records if record.label_seq >= 0}
    for record in records:
        if record.label_seq < 0:
            record.label_seq = at_place.get(record.place, -1)
    return records


def _of_cif(document: gemmi.cif.Document) -> Entry:
    losses: list[str] = []
    original = gemmi.cif.read_string(document.as_string()).sole_block()
    block = document.sole_block()
    alternates = _single_letters(block)
    complete(block)
    tensors = {(ANY, number): u for number, u in prepare(block, losses).items()}
    serials = [gemmi.cif.as_int(value, -1) for value in block.find_values("_atom_site.id")]
    structure = gemmi.make_structure_from_block(block)
    structure.setup_entities()
    records = _records(structure, alternates, tensors, serials, _unknown_b(block))
    found = Entry(records, _entities(structure), losses=losses)
    found.crystal = Crystal.of(structure)
    if structure.cell.is_crystal() and "cell" not in found.crystal.payload:
        losses.append("cell: that of no cell")
    _of_block(block, found)
    found.bonds = links.of_rows(_rows(original, "_struct_conn."), found.records, losses)
    found.entities = _entities_of_block(block, found.entities)
    return found.check()


def _single_letters(block: gemmi.cif.Block) -> dict[str, str]:
    """Put a character that is free for each alternate of several, which gemmi does not hold: character to alternate."""
    columns = [block.find_values("_atom_site.label_alt_id")]
    columns += [block.find_values(f"_struct_conn.pdbx_ptnr{i}_label_alt_id") for i in "12"]
    words = {value for column in columns for value in column}
    free = (chr(code) for code in range(0x7E, 0x21, -1) if chr(code) not in words and chr(code) not in "'\"#;_$[]?.")
    made = {word: next(free) for word in sorted(words) if len(gemmi.cif.as_string(word)) > 1}
    for column in columns:
        for at, value in enumerate(column):
            column[at] = made.get(value, value)
    return {character: gemmi.cif.as_string(word) for word, character in made.items()}


def _decimal(value: float) -> float:
    """The number that a file wrote in few digits, where gemmi holds the nearest of 32 bits."""
    return float(str(np.float32(value)))


def _unknown_b(block: gemmi.cif.Block) -> frozenset[str]:
    """The ids of atom records whose B-factor is said to be unknown, for which gemmi has a number."""
    rows = block.find("_atom_site.", ["id", "B_iso_or_equiv"])
    return frozenset(row[0] for row in rows if row[1] in ("?", "."))


def _records(
    structure: gemmi.Structure, alternates: dict[str, str], tensors: Tensors, serials: list[int],
    unknown: frozenset[str] = frozenset()
):  # fmt: skip
    """In the order of the file, which gemmi keeps within residues; where serial numbers repeat, as gemmi has it."""
    first = {serial: row for row, serial in reversed(list(enumerate(serials)))}
    made = [((number, first.get(serial, -1)), record) for number, serial, record in
            _by_residue(structure, alternates, tensors, unknown)]  # fmt: skip
    several = len({place for place, _ in made}) < len(made)
    return [record for _, record in (made if several else sorted(made, key=itemgetter(0)))]


def _by_residue(structure: gemmi.Structure, alternates: dict[str, str], tensors: Tensors, unknown: frozenset[str]):
    of_subchain = {name: entity for entity in structure.entities for name in entity.subchains}
    for number, model in enumerate(structure, 1):
        for chain in model:
            for residue in chain:
                entity = of_subchain.get(residue.subchain)
                for atom in residue:
                    u = tensors.get((number, atom.serial)) or tensors.get((ANY, atom.serial))
                    alt = atom.altloc.strip("\0")
                    yield number, atom.serial, Record(
                        number, chain.name, residue.subchain or chain.name, entity.name if entity else "", residue.name,
                        residue.seqid.num, residue.seqid.icode.strip(), residue.label_seq or -1, atom.name,
                        alternates.get(alt, alt), _element(atom.element), atom.charge, residue.het_flag == "H",
                        tuple(atom.pos.tolist()), _decimal(atom.occ),
                        None if str(atom.serial) in unknown else _decimal(atom.b_iso), u,
                        str(atom.tls_group_id) if atom.tls_group_id > 0 else "",
                    )  # fmt: skip


def _element(element: gemmi.Element) -> int:
    return 119 if element.name == "D" else element.atomic_number


def _entities(structure: gemmi.Structure) -> dict[str, Entity]:
    made = {}
    for entity in structure.entities:
        name = entity.entity_type.name.lower().replace("nonpolymer", "non-polymer")
        kind = name if name in PRESENT else ""
        made[entity.name] = Entity(kind, "", " ".join(entity.full_sequence))
    return made


def _entities_of_block(block: gemmi.cif.Block, found: dict[str, Entity]) -> dict[str, Entity]:
    """Entities in the order of `_entity`, also those without atoms, with what they are called."""
    made = {}
    for row in _rows(block, "_entity."):
        said = found.get(row["id"], Entity(row.get("type", "")))
        said.type, said.description = row.get("type", said.type), " ".join(row.get("pdbx_description", "").split())
        made[row["id"]] = said
    return made | {name: entity for name, entity in found.items() if name not in made}


def _bonds(structure: gemmi.Structure, found: Entry) -> list[tuple[End, End, int]]:
    """Bonds of LINK and SSBOND within the unit of the file."""
    atoms = {(r.chain, r.number, r.ins, r.comp, r.name): r.atom for r in found.records}
    made = []
    for connection in structure.connections:
        ends = []
        for address in (connection.partner1, connection.partner2):
            seqid = address.res_id.seqid
            place = (address.chain_name, seqid.num, seqid.icode.strip(), address.res_id.name, address.atom_name)
            if place in atoms:
                ends.append((atoms[place], address.altloc.strip("\0")))
        if len(ends) < 2 or connection.asu == gemmi.Asu.Different:
            found.losses.append(f"link {connection.name}: to a copy, or an end that no record has")
        else:
            made.append((ends[0], ends[1], 0))
    return made


def _conect(structure: gemmi.Structure, text: str, losses: list[str]) -> list[tuple[End, End, int]]:
    """Bonds of CONECT records between residues, by the serial numbers of the first model that has both; those within
    residues are what programs take from the components."""
    of_model: list[dict[int, list[End]]] = []
    for model in structure:
        of_model.append({})
        for chain in model:
            for residue in chain:
                place = (residue.subchain or chain.name, residue.seqid.num, residue.seqid.icode.strip(), residue.name)
                for atom in residue:
                    end = ((*place, atom.name), atom.altloc.strip("\0"))
                    of_model[-1].setdefault(atom.serial, []).append(end)
    made = []
    for line in text.splitlines():
        if line.startswith("CONECT"):
            fields = [line[i : i + 5] for i in range(6, min(len(line.rstrip()), 31), 5)]
            first, *others = [int_of(field) for field in fields if field.strip()]
            for other in others:
                one, two = next(((m[first], m[other]) for m in of_model if first in m and other in m), ([], []))
                if len(one) != 1 or len(two) != 1:
                    losses.append(f"CONECT of a serial number of no atom or of several: {line.strip()}")
                elif one[0][0][:3] != two[0][0][:3]:
                    made.append((one[0], two[0], 0))
    return made


_NUMBER = r"\s*(-?[0-9.]+(?:[eE][-+]?[0-9]+)?|-?inf|nan)"


def _of_remarks(lines: list[str], found: Entry) -> None:
    """TLS groups of REMARK 3, and what it says of the B-factors."""
    text = "\n".join(line[11:].strip() for line in lines if line.startswith("REMARK   3"))
    found.content = content_said(text)
    parts = re.split(r"TLS GROUP\s*:", text)[1:]
    announced = max(map(int, re.findall(r"NUMBER OF TLS GROUPS\s*:\s*(\d+)", text)), default=0)
    found.losses += [f"TLS group {k + 1}: not in the file" for k in range(len(parts), announced)]
    for part in parts:
        numbers = {name: float(value) for name, value in re.findall(rf"\b([TLS][123][123])\s*:{_NUMBER}", part)}
        origin = re.search(rf"ORIGIN FOR THE GROUP \(A\)\s*:{_NUMBER}{_NUMBER}{_NUMBER}", part)
        numbers.setdefault("S33", -numbers.get("S11", math.nan) - numbers.get("S22", math.nan))
        group = _group([float(x) for x in origin.groups()] if origin else None, numbers)
        if group is None:
            found.losses.append("a TLS group with a number that is missing")
            continue
        residue = r"(\S+)\s+(-?\d+[A-Za-z]?)"
        ranges = re.findall(rf"RESIDUE RANGE\s*:\s*{residue}\s+{residue}", part)
        words = re.search(r"(?:SELECTION|SET)\s*:(.*?)ORIGIN", part, re.S)
        group.selection = "; ".join(f"{a} {n} - {b} {m}" for a, n, b, m in ranges) or (words[1] if words else "")
        group.selection, group.name = " ".join(group.selection.split()), part.split()[0]
        found.groups.append(group)


def _group(origin: list[float] | None, numbers: dict[str, float]) -> TlsGroup | None:
    names = [["T11", "T22", "T33", "T12", "T13", "T23"], ["L11", "L22", "L33", "L12", "L13", "L23"]]
    names.append([f"S{i}{j}" for i in "123" for j in "123"])
    if origin is None or any(name not in numbers for part in names for name in part):
        return None
    return TlsGroup(origin, *([numbers[name] for name in part] for part in names))


def _of_block(block: gemmi.cif.Block, found: Entry) -> None:
    """TLS groups of _pdbx_refine_tls, what the block says of the B-factors, and operators."""
    for category in ("_pdbx_struct_oper_list.", "_struct_ncs_oper."):
        for row in _rows(block, category):
            said = [text for tag, text in row.items() if tag.startswith(("matrix[", "vector[")) and text]
            found.operators.append([gemmi.cif.as_number(text) for text in said])
            if len(said) < 12:
                found.losses.append(f"operator {row.get('id')} of {category}")
    for tag in ("_refine.details", "_ccp4_refine_tls.details"):
        for value in block.find_values(tag):
            found.content = found.content or content_said(gemmi.cif.as_string(value))
    groups = {}
    for row in _rows(block, "_pdbx_refine_tls."):
        numbers = {
            f"{kind}{i}{j}": gemmi.cif.as_number(row[f"{kind.lower()}[{i}][{j}]"])
            for kind in "TLS" for i in "123" for j in "123" if row.get(f"{kind.lower()}[{i}][{j}]", "?") not in "?."
        }  # fmt: skip
        if "S33" not in numbers and {"S11", "S22"} <= set(numbers):
            numbers["S33"] = -numbers["S11"] - numbers["S22"]
        group = _group([gemmi.cif.as_number(row.get(f"origin_{axis}", "?")) for axis in "xyz"], numbers)
        if group is None:
            found.losses.append(f"TLS group {row.get('id')}: a number is missing")
        else:
            groups[row["id"]], group.name = group, row["id"]
    for row in _rows(block, "_pdbx_refine_tls_group."):
        group = groups.get(row.get("refine_tls_id", ""))
        if group is not None:
            words = " ".join((row.get("selection_details") or row.get("selection") or "").split())
            if not words or words.upper() == "ALL":
                ends = [[row.get(f"{end}_{what}", "") for what in ENDS] for end in ("beg", "end")]
                words = (
                    " - ".join(f"{chain} {number}{ins}".strip() for chain, number, ins in ends) if ends[0][1] else words
                )
            group.selection = "; ".join(filter(None, (group.selection, words)))
    found.groups += groups.values()
    strange = {r.group for r in found.records if r.group and r.group not in groups} if groups else set()
    found.losses += [f"TLS group {name}, which atoms name and nothing describes" for name in sorted(strange)]


def _rows(block: gemmi.cif.Block, category: str):
    tags = {tag.lower(): values for tag, values in block.get_mmcif_category(category, True).items()}
    for number in range(len(next(iter(tags.values()), ()))):
        yield {tag: gemmi.cif.as_string(values[number]) for tag, values in tags.items()}
