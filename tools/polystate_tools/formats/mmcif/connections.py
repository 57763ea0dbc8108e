"""`_struct_conn` into bonds and back: ends by author or by label numbering, whichever a file gives."""

from __future__ import annotations

import gemmi
import numpy as np

from polystate_tools.formats.mmcif.categories import ORDERS, Table, category
from polystate_tools.formats.records.bonding import along_polymers, kinds, note_models, once, within_residues
from polystate_tools.formats.records.gemmi_metadata import note_other_links
from polystate_tools.formats.records.links import AUTHOR, LABEL, End, Link, bonds_of_links
from polystate_tools.formats.records.records import NO_NUMBER, Records
from polystate_tools.formats.report import ExportReport

BONDED = ("", "covale", "disulf", "metalc")
"""Beginnings of `conn_type_id` of what is a bond; "" of files that do not say."""
CATEGORY = "polystate_export_bond"
NUMBER_OF_ORDER = {word: number for number, word in ORDERS.items()}


def bonds_of_block(records: Records, block: gemmi.cif.Block, others: Table, ids: list[str]) -> np.ndarray:
    """(B, 3) int32 record a, record b, order of the covalent, disulfide and metal links inside the unit.

    others: the category of our own that an export wrote; ids: `_atom_site.id` of the records.
    """
    table = category(block, "_struct_conn.")
    rows = [k for k in range(table.n_rows) if _is_bond(table, k)]
    note_other_links(records, table.n_rows - len(rows))
    orders = table.cells("pdbx_value_order")
    links = [
        Link((_ends(table, k, 1), _ends(table, k, 2)), NUMBER_OF_ORDER.get(orders[k].lower()[:4], 0)) for k in rows
    ]
    return np.concatenate([bonds_of_links(records, links), _by_id(records, others, ids)])


def _by_id(records: Records, table: Table, ids: list[str]) -> np.ndarray:
    if not table.n_rows:
        return np.empty((0, 3), np.int32)
    row = {name: k for k, name in enumerate(ids)}
    columns = zip(*(table.cells(key) for key in ("atom_site_id_1", "atom_site_id_2", "value_order")), strict=True)
    made = [
        (row[one], row[other], NUMBER_OF_ORDER.get(order, 0))
        for one, other, order in columns
        if one in row and other in row and one != other
    ]
    if len(made) < table.n_rows:
        lost = table.n_rows - len(made)
        records.notes.append({"what": f"rows of _{CATEGORY}", "count": lost, "because": "no atom has their ids"})
    return np.array(made, np.int32).reshape(-1, 3)


def _is_bond(table: Table, k: int) -> bool:
    kind = table.cells("conn_type_id")[k].lower()
    one, other = (table.cells(f"ptnr{n}_symmetry")[k] for n in (1, 2))
    return (kind == "" or kind.startswith(BONDED[1:])) and (one == other or not one or not other)


def _ends(table: Table, k: int, n: int) -> list[End]:
    """The ways in which a row names an end."""

    def cell(*names: str) -> str:
        return next((found for name in names if (found := table.cells(name)[k])), "")

    comp = cell(f"ptnr{n}_label_comp_id", f"ptnr{n}_auth_comp_id")
    name = cell(f"ptnr{n}_label_atom_id", f"ptnr{n}_auth_atom_id")
    altloc = cell(f"pdbx_ptnr{n}_label_alt_id")
    made = []
    for columns, chain, number in (
        (AUTHOR, f"ptnr{n}_auth_asym_id", f"ptnr{n}_auth_seq_id"),
        (LABEL, f"ptnr{n}_label_asym_id", f"ptnr{n}_label_seq_id"),
    ):
        seq = _integer(cell(number))
        if cell(chain) and (seq is not None or columns is LABEL):
            place: tuple[str | int, ...] = (cell(chain), NO_NUMBER if seq is None else seq)
            place += (cell(f"pdbx_ptnr{n}_PDB_ins_code"),) if columns is AUTHOR else ()
            if comp:
                made.append(End(columns, (*place, comp, name), altloc))
            else:
                made.append(End(tuple(c for c in columns if c != "comp"), (*place, name), altloc))
    return made


def _integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def connections(records: Records, report: ExportReport) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The columns of `_struct_conn`, and of a category of our own for the bonds that have no place there.

    Those are bonds within residues and along polymers, which programs take from the components: a loss to all but us.
    """
    if not len(records.bonds):
        return {}, {}
    inside, along = within_residues(records), along_polymers(records)
    said = ~inside & ~along
    note_models(records, said, report)
    return _links(records, records.bonds[once(records, said)]), _others(records.bonds[~said])


def _others(bonds: np.ndarray) -> dict[str, list[str]]:
    """Bonds by `_atom_site.id`, which number the records from 1."""
    columns = {f"atom_site_id_{k}": [str(row + 1) for row in bonds[:, k - 1].tolist()] for k in (1, 2)}
    return columns | {"value_order": [ORDERS.get(order, "") for order in bonds[:, 2].tolist()]}


def _links(records: Records, bonds: np.ndarray) -> dict[str, list[str]]:
    if not len(bonds):
        return {}
    found = kinds(records, bonds)
    columns = {"id": [f"{kind}{k + 1}" for k, kind in enumerate(found)], "conn_type_id": found}
    for k in (1, 2):
        rows = bonds[:, k - 1]
        seq = ["" if s < 0 else str(s) for s in records.label_seq[rows].tolist()]
        columns |= {
            f"ptnr{k}_label_asym_id": records.label_asym.take(rows).tolist(),
            f"ptnr{k}_label_comp_id": records.comp.take(rows).tolist(),
            f"ptnr{k}_label_seq_id": seq,
            f"ptnr{k}_label_atom_id": records.name.take(rows).tolist(),
            f"pdbx_ptnr{k}_label_alt_id": records.altloc.take(rows).tolist(),
            f"ptnr{k}_auth_asym_id": records.auth_asym.take(rows).tolist(),
            f"ptnr{k}_auth_seq_id": [str(s) for s in records.auth_seq[rows].tolist()],
            f"pdbx_ptnr{k}_PDB_ins_code": records.ins.take(rows).tolist(),
            f"ptnr{k}_symmetry": ["1_555"] * len(rows),
        }
    columns["pdbx_value_order"] = [ORDERS.get(order, "") for order in bonds[:, 2].tolist()]
    return columns
