"""Links of `_struct_conn` between records, in the numbering of the author or by labels (20.6)."""

from __future__ import annotations

from collections.abc import Iterable

from entry import Atom, End, Record

ORDERS = {"sing": 1, "doub": 2, "trip": 3, "quad": 4, "arom": 5}
BONDED = ("covale", "disulf", "metalc")
Row = dict[str, str]


def of_rows(rows: Iterable[Row], records: list[Record], losses: list[str]) -> list[tuple[End, End, int]]:
    """Bonds of rows; those that are none are losses."""
    made = []
    for row in rows:
        kind = row.get("conn_type_id", "").lower()
        copies = {row.get(f"ptnr{n}_symmetry", "") for n in "12"} - {""}
        ends = [_end(row, n, records) for n in "12"]
        if (kind and not kind.startswith(BONDED)) or len(copies) > 1:
            losses.append(f"link {row.get('id')}: no bond of the file's unit")
        elif not all(ends):
            losses.append(f"link {row.get('id')}: an end that no record has")
        else:
            made.append((ends[0], ends[1], ORDERS.get(row.get("pdbx_value_order", "").lower()[:4], 0)))
    return made


def _end(row: Row, n: str, records: list[Record]) -> End | None:
    """The atom that a row names at one of its ends, and the alternate that it asks for."""
    comp = row.get(f"ptnr{n}_label_comp_id") or row.get(f"ptnr{n}_auth_comp_id")
    name, alt = row.get(f"ptnr{n}_label_atom_id"), row.get(f"pdbx_ptnr{n}_label_alt_id", "")
    chain, number = row.get(f"ptnr{n}_auth_asym_id"), row.get(f"ptnr{n}_auth_seq_id")
    found: set[Atom] = set()
    for r in records:
        if r.name != name or (comp and r.comp != comp) or (alt and r.alt != alt):
            continue
        if chain and number:
            same = (r.chain, str(r.number), r.ins) == (chain, number, row.get(f"pdbx_ptnr{n}_PDB_ins_code".lower(), ""))
        else:
            asked = row.get(f"ptnr{n}_label_asym_id"), row.get(f"ptnr{n}_label_seq_id") or "-1"
            same = (r.label, str(r.label_seq)) == asked
        if same:
            found.add(r.atom)
    return (found.pop(), alt) if len(found) == 1 else None
