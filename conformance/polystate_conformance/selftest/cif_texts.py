"""Random entries as mmCIF: columns in any order, under one numbering or both, quoted or not, as loops or as pairs."""

from __future__ import annotations

import random
from collections.abc import Callable

from polystate_conformance.selftest.entry_parts import Entry, Matrix, Row

Table = dict[str, list[str]]
SPECIAL = ("_", "#", "$", "'", '"', "[", "]", ";")
WORDS = ("loop_", "data_", "save_", "stop_", "global_")
U = ("[1][1]", "[2][2]", "[3][3]", "[1][2]", "[1][3]", "[2][3]")


def text(rng: random.Random, made: Entry) -> str:
    """The file."""
    block = [f"data_{(made.id or 'entry').lower()}"]
    tables = [*_about(made), *_molecules(rng, made), *_crystal(made), *_tls(rng, made)]
    tables.append(("struct_conn", _links(rng, made)))
    atoms = [("atom_site", _atoms(rng, made))]
    if any(row.u for row in made.rows):
        if rng.random() < 0.7:
            atoms.append(("atom_site_anisotrop", _tensors(rng, made, atoms[0][1]["id"])))
        else:
            atoms[0][1].update(_tensor_columns(made, "aniso_U"))
            made.has("U beside the coordinates")
    if rng.random() < 0.2:
        rng.shuffle(tables)
        made.has("categories in another order")
    shout = rng.random() < 0.15
    if shout:
        made.has("names in capitals")
    for name, table in tables + atoms:
        if table:
            block.append(_category(rng, name, table, shout))
    return "\n#\n".join(block) + "\n"


def _category(rng: random.Random, name: str, table: Table, shout: bool) -> str:
    tags = list(table)
    spelled = {tag: f"_{name}.{tag}".upper() if shout else f"_{name}.{tag}" for tag in tags}
    rows = len(table[tags[0]])
    if rows == 1 and (name != "atom_site" or rng.random() < 0.5):
        return "\n".join(f"{spelled[tag]} {_value(rng, table[tag][0])}" for tag in tags)
    lines = ["loop_", *(spelled[tag] for tag in tags)]
    lines += [" ".join(_value(rng, table[tag][k]) for tag in tags) for k in range(rows)]
    return "\n".join(lines)


def _value(rng: random.Random, value: str) -> str:
    """A value as CIF has it; "?" and "." are what they say, and are not quoted here."""
    if value in ("?", "."):
        return value
    if (
        value == ""
        or not value.isascii()
        or value.startswith(SPECIAL)
        or " " in value
        or value.lower().startswith(WORDS)
    ):
        quote = next((q for q in "'\"" if f"{q} " not in value and not value.endswith(q)), "")
        return f"{quote}{value}{quote}" if quote else f"\n;{value}\n;"
    return f"'{value}'" if value.isalpha() and rng.random() < 0.02 else value


def _about(made: Entry) -> list[tuple[str, Table]]:
    found: list[tuple[str, Table]] = []
    if made.id:
        found.append(("entry", {"id": [made.id]}))
        found.append(("exptl", {"entry_id": [made.id], "method": [made.method]}))
    refine: Table = {}
    if made.id and made.resolution is not None:
        refine["ls_d_res_high"] = [f"{made.resolution:.2f}"]
    if made.content:
        refine["details"] = [made.content]
    if refine:
        found.append(("refine", {"pdbx_refine_id": ["X"], **refine}))
    if made.title:
        found.append(("struct", {"entry_id": [made.id or "X"], "title": [made.title]}))
    return found


def _molecules(rng: random.Random, made: Entry) -> list[tuple[str, Table]]:
    entities = list(made.entities)
    if rng.random() < 0.2:
        rng.shuffle(entities)
        made.has("entities in another order")
    sequences = [(entity.id, str(number), comp) for entity in entities
                 for number, comps in enumerate(entity.sequence, 1) for comp in comps]  # fmt: skip
    columns = map(list, zip(*sequences, strict=True))
    found = [
        ("entity", {"id": [e.id for e in entities], "type": [e.kind for e in entities],
                    "pdbx_description": [e.description for e in entities]}),
        ("entity_poly_seq", dict(zip(("entity_id", "num", "mon_id"), columns, strict=True))),
    ]  # fmt: skip
    if rng.random() < 0.3:
        found.append(
            ("struct_asym", {"id": [c.label for c in made.chains], "entity_id": [c.entity.id for c in made.chains]})
        )
    return found


def _matrix(matrices: list[Matrix]) -> Table:
    found: Table = {}
    for i in range(3):
        found |= {f"matrix[{i + 1}][{j + 1}]": [repr(m[i][j]) for m in matrices] for j in range(3)}
        found[f"vector[{i + 1}]"] = [repr(m[i][3]) for m in matrices]
    return found


def _crystal(made: Entry) -> list[tuple[str, Table]]:
    found: list[tuple[str, Table]] = []
    if made.cell:
        names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
        found.append(("cell", {name: [repr(value)] for name, value in zip(names, made.cell, strict=True)}))
        found.append(("symmetry", {"space_group_name_H-M": [made.space_group]}))
    if made.ncs:
        codes = ["given" if given else "generate" for _, given in made.ncs]
        ids = [str(number) for number in range(1, len(codes) + 1)]
        found.append(("struct_ncs_oper", {"id": ids, "code": codes, **_matrix([matrix for matrix, _ in made.ncs])}))
    if made.assemblies:
        ids = [str(number) for number in range(1, len(made.operators) + 1)]
        found.append(("pdbx_struct_oper_list", {"id": ids, "type": ["?"] * len(ids), **_matrix(made.operators)}))
        found.append(("pdbx_struct_assembly", {
            "id": [a.id for a in made.assemblies], "details": ["author_defined_assembly"] * len(made.assemblies),
            "method_details": ["?"] * len(made.assemblies),
            "oligomeric_details": [a.details or "?" for a in made.assemblies],
            "oligomeric_count": ["?"] * len(made.assemblies)}))  # fmt: skip
        generators = [(a.id, ids, labels) for a in made.assemblies for ids, labels in a.generators]
        found.append(("pdbx_struct_assembly_gen", {
            "assembly_id": [id for id, _, _ in generators],
            "oper_expression": [",".join(str(n + 1) for n in numbers) for _, numbers, _ in generators],
            "asym_id_list": [",".join(labels) for _, _, labels in generators]}))  # fmt: skip
    return found


def _tls(rng: random.Random, made: Entry) -> list[tuple[str, Table]]:
    if not made.tls:
        return []
    rows: Table = {"id": [str(n) for n in range(1, len(made.tls) + 1)], "pdbx_refine_id": ["X"] * len(made.tls)}
    for k, axis in enumerate("xyz"):
        rows[f"origin_{axis}"] = [repr(group.origin[k]) for group in made.tls]
    for k, place in enumerate(U):
        rows[f"T{place}"] = [repr(group.T[k]) for group in made.tls]
        rows[f"L{place}"] = [repr(group.L[k]) for group in made.tls]
    for k in range(9):
        rows[f"S[{k // 3 + 1}][{k % 3 + 1}]"] = [repr(group.S[k]) for group in made.tls]
    words: list[dict[str, str]] = []
    for number, group in enumerate(made.tls, 1):
        if group.selection:
            words.append({"refine_tls_id": str(number), "selection_details": group.selection})
        for chain, first, last in group.ranges:
            words.append({"refine_tls_id": str(number), "beg_auth_asym_id": chain, "beg_auth_seq_id": str(first),
                          "end_auth_asym_id": chain, "end_auth_seq_id": str(last)})  # fmt: skip
    names = list(dict.fromkeys(name for row in words for name in row))
    groups = {"id": [str(n) for n in range(1, len(words) + 1)]}
    groups |= {name: [row.get(name, "?") for row in words] for name in names}
    return [("pdbx_refine_tls", rows), ("pdbx_refine_tls_group", groups)]


def _number(rng: random.Random, value: float, places: int) -> str:
    """A number of so many decimals, now and then with an exponent or a standard uncertainty."""
    roll = rng.random()
    if roll < 0.01:
        return f"{value:.{places + 4}E}"
    return f"{value:.{places}f}" + (f"({rng.randint(1, 9)})" if roll > 0.99 else "")


def _atoms(rng: random.Random, made: Entry) -> Table:
    """`_atom_site`: what one numbering does not give is in the other."""
    rows = made.rows
    serial = rng.choice((1, 1, 101))
    columns: dict[str, Callable[[Row], str]] = {
        "group_PDB": lambda r: "HETATM" if r.residue.het else "ATOM",
        "type_symbol": lambda r: r.spot.element.capitalize() if capital else r.spot.element,
        "label_atom_id": lambda r: r.spot.name,
        "label_alt_id": lambda r: r.alt or ".",
        "label_comp_id": lambda r: r.residue.comp,
        "label_asym_id": lambda r: r.residue.chain.label,
        "label_entity_id": lambda r: r.residue.chain.entity.id,
        "label_seq_id": lambda r: "." if r.residue.seq is None else str(r.residue.seq),
        "pdbx_PDB_ins_code": lambda r: r.residue.ins or "?",
        "Cartn_x": lambda r: _number(rng, r.xyz[0], 3),
        "Cartn_y": lambda r: _number(rng, r.xyz[1], 3),
        "Cartn_z": lambda r: _number(rng, r.xyz[2], 3),
        "occupancy": lambda r: "?" if r.occupancy is None else f"{r.occupancy:.2f}",
        "B_iso_or_equiv": lambda r: "?" if r.b is None else _number(rng, r.b, 2),
        "pdbx_formal_charge": lambda r: str(r.spot.charge) if r.spot.charge else "?",
        "auth_seq_id": lambda r: str(r.residue.number),
        "auth_comp_id": lambda r: r.residue.comp,
        "auth_asym_id": lambda r: r.residue.chain.auth,
        "auth_atom_id": lambda r: r.spot.name,
        "pdbx_PDB_model_num": lambda r: str(r.model),
    }
    capital = rng.random() < 0.3
    _leave_out(rng, made, columns)
    names = list(columns)
    if rng.random() < 0.4:
        rng.shuffle(names)
        made.has("columns in another order")
    table = {"id": [str(serial + k) for k in range(len(rows))]}
    table |= {name: [columns[name](row) for row in rows] for name in names}
    if rng.random() < 0.2 and "auth_comp_id" in table and "label_comp_id" in table:
        table["label_comp_id"][-1] = "?"
        made.has("a name that one numbering lacks")
    return table


def _leave_out(rng: random.Random, made: Entry, columns: dict[str, Callable[[Row], str]]) -> None:
    """Take away columns that say nothing here, or what another says as well."""
    if all(row.occupancy == 1 for row in made.rows):
        columns.pop("occupancy")
        made.has("no column of occupancies")
    if made.models == [1] and rng.random() < 0.5:
        columns.pop("pdbx_PDB_model_num")
    if rng.random() < 0.3:
        columns.pop("auth_comp_id")
        columns.pop("auth_atom_id")
    elif rng.random() < 0.2:
        columns.pop(rng.choice(("label_comp_id", "label_atom_id")))
        made.has("names of the author alone")
    same = all(row.residue.chain.label == row.residue.chain.auth for row in made.rows)
    if same and rng.random() < 0.5:
        columns.pop(rng.choice(("label_asym_id", "auth_asym_id")))
        made.has("one column of chains")
    if not any(row.residue.ins for row in made.rows) and rng.random() < 0.5:
        columns.pop("pdbx_PDB_ins_code")
    if not any(row.alt for row in made.rows):
        columns.pop("label_alt_id")
    if not any(row.spot.charge for row in made.rows):
        columns.pop("pdbx_formal_charge")


def _tensor_columns(made: Entry, prefix: str) -> Table:
    return {f"{prefix}{place}": [f"{row.u[k]:.4f}" if row.u else "?" for row in made.rows] for k, place in enumerate(U)}


def _tensors(rng: random.Random, made: Entry, ids: list[str]) -> Table:
    table = {"id": ids, **_tensor_columns(made, "U")}
    kept = [k for k, row in enumerate(made.rows) if row.u]
    if rng.random() < 0.3:
        rng.shuffle(kept)
        made.has("U in another order")
    return {name: [values[k] for k in kept] for name, values in table.items()}


def _links(rng: random.Random, made: Entry) -> Table:
    links = made.links
    if not links:
        return {}
    table: Table = {
        "id": [f"{link.kind}{k}" for k, link in enumerate(links, 1)],
        "conn_type_id": [x.kind for x in links],
    }
    numbering = rng.choice(("both", "auth", "label"))
    if any(end.residue.seq is None for link in links for end in link.ends):
        numbering = rng.choice(("both", "auth"))
    made.has(f"links by {numbering} numbering")
    for n in (1, 2):
        ends = [link.ends[n - 1] for link in links]
        table |= {
            f"ptnr{n}_label_atom_id": [end.spot.name for end in ends],
            f"ptnr{n}_label_comp_id": [end.residue.comp for end in ends],
            f"pdbx_ptnr{n}_label_alt_id": [link.alts[n - 1] or "?" for link in links],
            f"ptnr{n}_symmetry": ["1_555" if n == 1 else link.symmetry for link in links],
        }
        if numbering != "auth":
            table[f"ptnr{n}_label_asym_id"] = [end.residue.chain.label for end in ends]
            table[f"ptnr{n}_label_seq_id"] = [_or_dot(end.residue.seq) for end in ends]
        if numbering != "label":
            table[f"ptnr{n}_auth_asym_id"] = [end.residue.chain.auth for end in ends]
            table[f"ptnr{n}_auth_seq_id"] = [str(end.residue.number) for end in ends]
            table[f"pdbx_ptnr{n}_PDB_ins_code"] = [end.residue.ins or "?" for end in ends]
    if any(link.order for link in links):
        table["pdbx_value_order"] = [link.order or "?" for link in links]
    return table


def _or_dot(number: int | None) -> str:
    return "." if number is None else str(number)
