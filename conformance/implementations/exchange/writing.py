"""Contents as PDB and mmCIF files, written by gemmi; B, U and remarks are put in as they are due."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import crystal
import gemmi
import links
import tls
from entry import Refused
from evaluation import Deposition
from exporting import Content
from store import Group

ORDERS = {number: word for word, number in links.ORDERS.items()}
TYPES = {"polymer": gemmi.EntityType.Polymer, "water": gemmi.EntityType.Water, "branched": gemmi.EntityType.Branched}


class Names:
    """The texts of the hierarchy by row."""

    def __init__(self, dep: Deposition):
        tree = dep.tree
        self.atoms, self.residues, self.chains, self.entities = (
            tree[f"hierarchy/{level}"] for level in ("atoms", "residues", "chains", "entities")
        )
        self.name, self.comp, self.ins = (
            self._of("atoms", "name"),
            self._of("residues", "comp"),
            self._of("residues", "ins"),
        )
        self.label, self.auth = self._of("chains", "label_asym"), self._of("chains", "auth_asym")
        self.type, self.sequence = self._of("entities", "type"), self._of("entities", "sequence")
        self.description = self._of("entities", "description")
        self.residue = self.atoms.arrays["residue"].tolist()
        self.chain = self.residues.arrays["chain"].tolist()
        self.number = self.residues.arrays["auth_seq"].tolist()
        self.label_seq = self.residues.arrays["label_seq"].tolist()
        self.entity = self.chains.arrays["entity"].tolist()

    def _of(self, level: str, column: str) -> list[str]:
        group = getattr(self, level)
        words = group.payload["vocabularies"][column]
        return [words[code] if code >= 0 else "" for code in group.arrays[column]]

    def element(self, row: int) -> gemmi.Element:
        number = int(self.atoms.arrays["element"][row])
        return gemmi.Element("D") if number == 119 else gemmi.Element(number)


def structure(dep: Deposition, content: Content, by_author: bool = False) -> gemmi.Structure:
    """Models, chains, residues and atoms of a content, in its order; entities, links, crystal.

    by_author: assemblies name chains as the author does."""
    names, made = Names(dep), gemmi.Structure()
    for row, kind in enumerate(names.type):
        entity = gemmi.Entity(str(row + 1))
        entity.entity_type = TYPES.get(kind, gemmi.EntityType.NonPolymer)
        entity.subchains = [names.label[c] for c, e in enumerate(names.entity) if e == row]
        entity.full_sequence = names.sequence[row].split()
        made.entities.append(entity)
    made.entities = gemmi.EntityList(made.entities)
    before: tuple[int, int] | None = None
    for record in content.records:
        residue = names.residue[record.row]
        chain = names.chain[residue]
        if before is None or before[0] != record.model:
            made.add_model(gemmi.Model(record.model))
        if before is None or (before[0], names.auth[names.chain[before[1]]]) != (record.model, names.auth[chain]):
            made[-1].add_chain(gemmi.Chain(names.auth[chain]))
        if before != (record.model, residue):
            made[-1][-1].add_residue(_residue(names, residue, chain))
        made[-1][-1][-1].add_atom(_atom(names, record))
        before = record.model, residue
    for number, (a, left, b, right) in enumerate(content.bonds, 1):
        made.connections.append(_connection(names, number, (a, left), (b, right)))
    crystal.describe(made, dep.tree, names.label, names.auth if by_author else None)
    return made


def _residue(names: Names, row: int, chain: int) -> gemmi.Residue:
    made = gemmi.Residue()
    made.name, made.subchain = names.comp[row], names.label[chain]
    made.seqid = gemmi.SeqId(names.number[row], names.ins[row] or " ")
    made.label_seq = names.label_seq[row] if names.label_seq[row] >= 0 else None
    polymer = names.entity[chain] >= 0 and names.type[names.entity[chain]] == "polymer"
    made.het_flag = "A" if polymer else "H"
    if polymer:
        made.entity_type = gemmi.EntityType.Polymer
    made.entity_id = str(names.entity[chain] + 1)
    return made


def _atom(names: Names, record) -> gemmi.Atom:
    made = gemmi.Atom()
    made.name, made.element = names.name[record.row], names.element(record.row)
    made.charge, made.altloc = int(names.atoms.arrays["charge"][record.row]), (record.alt or "\0")[0]
    made.pos, made.occ = gemmi.Position(*record.xyz), record.occ
    made.b_iso = record.b or 0.0
    if record.u is not None:
        made.aniso = gemmi.SMat33f(*tls.six_of(record.u).tolist())
    return made


def _connection(names: Names, number: int, *ends: tuple[int, str]) -> gemmi.Connection:
    made = gemmi.Connection()
    made.name, made.type = f"covale{number}", gemmi.ConnectionType.Covale
    for name, (row, alt) in zip(("partner1", "partner2"), ends, strict=True):
        residue = names.residue[row]
        seqid = gemmi.SeqId(names.number[residue], names.ins[residue] or " ")
        address = gemmi.AtomAddress(
            names.auth[names.chain[residue]], seqid, names.comp[residue], names.name[row], alt or "\0"
        )
        setattr(made, name, address)
    return made


def mmcif(dep: Deposition, content: Content) -> str:
    document = structure(dep, content).make_mmcif_document()
    block, names = document.sole_block(), Names(dep)
    table = block.find("_atom_site.", ["Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv", "label_alt_id"])
    for row, record in zip(table, content.records, strict=True):
        values = [*map(_number, record.xyz), _number(record.occ), "?" if record.b is None else _number(record.b)]
        for column, value in enumerate([*values, gemmi.cif.quote(record.alt) if record.alt else "."]):
            row[column] = value
    tensors = block.find("_atom_site_anisotrop.", [f"U[{i}][{j}]" for i, j in ("11", "22", "33", "12", "13", "23")])
    for row, record in zip(tensors, [r for r in content.records if r.u is not None], strict=True):
        for column, value in enumerate(tls.six_of(record.u).tolist()):
            row[column] = _number(value)
    if content.bonds:
        words = [ORDERS.get(_order(dep, a, b), "?") for a, _, b, _ in content.bonds]
        linked = structure(dep, _in_one_model(dep, content)).make_mmcif_document().sole_block()
        ends = {f"pdbx_ptnr{n}_label_alt_id": [gemmi.cif.quote(bond[2 * n - 1]) if bond[2 * n - 1] else "?"
                for bond in content.bonds] for n in (1, 2)}  # fmt: skip
        connections = linked.get_mmcif_category("_struct_conn.", True) | ends
        block.set_mmcif_category("_struct_conn.", {**connections, "pdbx_value_order": words}, True)
    described = block.find("_entity.", ["id"])
    if any(names.description):
        words = [names.description[int(row[0]) - 1] for row in described]
        known = block.get_mmcif_category("_entity.", True)
        quoted = [gemmi.cif.quote(word) if word else "?" for word in words]
        block.set_mmcif_category("_entity.", {**known, "pdbx_description": quoted}, True)
    if "entry" not in dep.tree[""].payload:
        block.find(["_entry.id"]).erase()  # gemmi names what has no name
    if made := dep.tree[""].payload.get("entry", {}).get("resolution"):
        block.set_pair("_refine.pdbx_refine_id", "1")
        block.set_pair("_refine.ls_d_res_high", repr(made))
    block.set_pair("_refine.details", gemmi.cif.quote("; ".join(content.remarks)))
    if content.groups:
        _tls_loops(block, names, content)
    return document.as_string()


def _in_one_model(dep: Deposition, content: Content) -> Content:
    """The records of all models as one: gemmi looks for the ends of bonds in the first."""
    residue = dep.tree["hierarchy/atoms"].arrays["residue"]
    first = {(r.row, r.alt): replace(r, model=1) for r in reversed(content.records)}
    return replace(content, records=sorted(first.values(), key=lambda r: (residue[r.row], r.row)))


def _order(dep: Deposition, a: int, b: int) -> int:
    arrays = dep.tree["hierarchy/bonds"].arrays
    rows = zip(arrays["atom_a"], arrays["atom_b"], arrays["order"], strict=True)
    return next((int(order) for one, other, order in rows if (one, other) == (a, b)), 0)


def _number(value: float) -> str:
    """Digits enough that what was read in a file is written as it stood there."""
    return f"{value + 0.0:.9g}" if abs(value) > 1e-9 else "0"


def _tls_loops(block: gemmi.cif.Block, names: Names, content: Content) -> None:
    tags = [f"origin_{axis}" for axis in "xyz"]
    tags += [f"{kind}[{i}][{j}]" for kind in "TL" for i, j in ("11", "22", "33", "12", "13", "23")]
    tags += [f"S[{i}][{j}]" for i in "123" for j in "123"]
    loop = block.init_loop("_pdbx_refine_tls.", ["id", *tags])
    for number, (group, _) in enumerate(content.groups, 1):
        loop.add_row([str(number), *map(_number, (*group.origin, *group.translation, *group.libration, *group.screw))])
    ends = [f"{end}_{what}" for end in ("beg", "end") for what in ("auth_asym_id", "auth_seq_id", "PDB_ins_code")]
    loop = block.init_loop("_pdbx_refine_tls_group.", ["id", "refine_tls_id", *ends])
    for number, chain, (begin, first), (end, last) in _ranges(names, content):
        row = [str(loop.length() + 1), str(number), chain, str(begin), first or "?", chain, str(end), last or "?"]
        loop.add_row(row)


def _ranges(names: Names, content: Content):
    """Ranges of residues of each group: its number, chain, number and insertion code of the first and the last."""
    for number, (_, rows) in enumerate(content.groups, 1):
        found: list[list] = []
        for residue in dict.fromkeys(names.residue[row] for row in rows):
            chain, place = names.auth[names.chain[residue]], (names.number[residue], names.ins[residue])
            if found and found[-1][0] == chain and place[0] - found[-1][2][0] in (0, 1):
                found[-1][2] = place
            else:
                found.append([chain, place, place])
        yield from ((number, *one) for one in found)


def pdb(dep: Deposition, content: Content) -> str:
    names = Names(dep)
    _fits(names, content, dep.tree.get("hierarchy/ncs"))
    cell = dep.tree["hierarchy"].payload.get("cell", {})
    for edge in "abc":
        if cell.get(edge, 0.0) >= 99999.9995:
            raise Refused("evaluate", "cannot-hold", f"cell {edge}")
    options = gemmi.PdbWriteOptions(minimal=False, cryst1_record="cell" in dep.tree["hierarchy"].payload)
    lines = structure(dep, replace(content, bonds=[]), by_author=True).make_pdb_string(options).splitlines()
    linked = structure(dep, _in_one_model(dep, content), by_author=True).make_pdb_string(options).splitlines()
    lines = [line for line in linked if line.startswith("LINK")] + lines
    number, bonds = -1, iter(content.bonds)
    for at, line in enumerate(lines):
        if line.startswith(("ATOM", "HETATM", "ANISOU")):
            number += not line.startswith("ANISOU")
            record = content.records[number]
            lines[at] = _with(lines[at], 16, record.alt or " ")  # gemmi writes alternates in capitals
            if record.b is None:
                lines[at] = _with(lines[at], 60, " " * 6)
        elif line.startswith("LINK"):
            _, left, _, right = next(bonds)
            lines[at] = _with(_with(line, 16, left or " "), 46, right or " ")
    title = dep.tree[""].payload.get("title", "")
    lines = [line for line in lines if not line.startswith("TITLE")]  # gemmi writes it in capitals
    head = [*_title(title), *_tls_remarks(names, content), *(f"REMARK   3  {remark}" for remark in content.remarks)]
    return "\n".join([*head, *_names(names), *lines]) + "\n"


def _with(line: str, column: int, text: str) -> str:
    return line[:column] + text + line[column + len(text) :]


def _title(text: str) -> list[str]:
    """TITLE in lines of whole words."""
    parts = textwrap.wrap(text, 68, break_on_hyphens=False)
    return [f"TITLE   {'' if k == 0 else k + 1:>2}{' ' if k else ''}{part}" for k, part in enumerate(parts)]


def _names(names: Names) -> list[str]:
    """COMPND of polymers and HETNAM of ligands, a line for each name: those that are longer are cut."""
    compnd, hetnam = [], []
    for row, (kind, text) in enumerate(zip(names.type, names.description, strict=True)):
        chains = [c for c, entity in enumerate(names.entity) if entity == row]
        if kind == "polymer" and chains:
            compnd += [f"MOL_ID: {row + 1};", *([f"MOLECULE: {text};"] if text else [])]
            compnd.append(f"CHAIN: {', '.join(dict.fromkeys(names.auth[c] for c in chains))};")
        elif kind == "non-polymer" and text and chains:
            comp = names.comp[names.chain.index(chains[0])]
            if comp != text:
                hetnam.append(f"HETNAM     {comp:>3s} {text[:55]}")
    return [
        f"COMPND  {'' if k == 0 else k + 1:>2}{' ' if k else ''}{part[:70]}" for k, part in enumerate(compnd)
    ] + hetnam


def _fits(names: Names, content: Content, ncs: Group | None) -> None:
    """Refuse what has no columns (EXP-23)."""
    for shift in ncs.arrays["operators"][:, :3, 3].ravel() if ncs else ():
        if not -999.999995 < shift < 9999.999995:
            raise Refused("evaluate", "cannot-hold", f"shift of NCS {shift}")
    for record in content.records:
        residue = names.residue[record.row]
        if not -999 <= names.number[residue] <= 9999 + 2 * 26 * 36**3:
            raise Refused("evaluate", "cannot-hold", f"residue number {names.number[residue]}")
        limits = (
            (names.name[record.row], 4, "atom name"), (names.comp[residue], 3, "component"),
            (record.alt, 1, "alternate"), (names.auth[names.chain[residue]], 2, "chain"),
            (names.ins[residue], 1, "insertion code"),
        )  # fmt: skip
        u = [] if record.u is None else tls.six_of(record.u).tolist()
        for values, low, high, what in (
            (record.xyz, -999.9995, 9999.9995, "coordinate"), (u, -99.99995, 999.99995, "U"),
            ([record.occ], -99.995, 999.995, "occupancy"),
        ):  # fmt: skip
            if any(not low < value < high for value in values):
                raise Refused("evaluate", "cannot-hold", what)
        if record.b is not None and not -99.995 < record.b < 999.995:
            content.losses.append(f"B {record.b}: written as the nearest number that has room")
            record.b = min(max(record.b, -99.99), 999.99)
        digits = [(record.xyz, 3), (u, 4), ([record.b or 0.0, record.occ], 2)]
        if any(abs(value - round(value, places)) > 1e-7 for values, places in digits for value in values):
            content.losses.append(f"digits of record {record.row} are rounded")
        for text, columns, what in limits:
            if len(text) > columns:
                raise Refused("evaluate", "cannot-hold", f"{what} {text}")


def _tls_remarks(names: Names, content: Content) -> list[str]:
    """Groups as REMARK 3 has them, with more digits than refinement programs write."""
    ranges = list(_ranges(names, content))
    lines = ["  TLS DETAILS", f"   NUMBER OF TLS GROUPS  : {len(content.groups)}"] if content.groups else []
    for number, (group, _) in enumerate(content.groups, 1):
        own = [r for r in ranges if r[0] == number]
        lines += [
            f"   TLS GROUP : {number}",
            f"    NUMBER OF COMPONENTS GROUP : {len(own)}",
            "    COMPONENTS        C SSSEQI   TO  C SSSEQI",
        ]
        lines += [
            f"    RESIDUE RANGE :   {chain} {begin:5d}{first}        {chain} {end:5d}{last}"
            for _, chain, (begin, first), (end, last) in own
        ]
        lines.append("    ORIGIN FOR THE GROUP (A): " + " ".join(map(_number, group.origin)))
        lines += _tensor("T", group.translation) + _tensor("L", group.libration)
        lines.append("    S TENSOR")
        for i in range(3):
            lines.append("      " + " ".join(f"S{i + 1}{j + 1}: {_number(group.screw[3 * i + j])}" for j in range(3)))
    return [f"REMARK   3{line}" for line in lines]


def _tensor(kind: str, values: list[float]) -> list[str]:
    found = [f"{kind}{ij}: {_number(v)}" for ij, v in zip(("11", "22", "33", "12", "13", "23"), values, strict=True)]
    return [f"    {kind} TENSOR", *(f"      {found[i]} {found[i + 1]}" for i in (0, 2, 4))]
