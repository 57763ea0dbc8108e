"""mmCIF files into atom records: `_atom_site` as columns at the level of CIF, the rest through gemmi."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import gemmi
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from polystate_tools.formats.errors import NoAtoms, UnreadableFile, WrongColumns
from polystate_tools.formats.files import text_of
from polystate_tools.formats.gemmi_metadata import bonds_of_connections, described
from polystate_tools.formats.records import Entity, Records
from polystate_tools.formats.text import Text, element_numbers
from polystate_tools.formats.tls_records import category, tls_of_block

EXTENSION_LOOPS = (
    "pdbx_heterogeneity_hierarchy",
    "pdbx_state_coexistence",
    "pdbx_forbidden_states",
    "pdbx_alt_groups",
    "pdbx_het_state",
    "pdbx_het_state_members",
)
U_ELEMENTS = ("[1][1]", "[2][2]", "[3][3]", "[1][2]", "[1][3]", "[2][3]")
READ_CATEGORIES = {
    "atom_site",
    "atom_site_anisotrop",
    "atom_type",
    "cell",
    "entity",
    "entity_poly",
    "entity_poly_seq",
    "entry",
    "exptl",
    "pdbx_refine_tls",
    "pdbx_refine_tls_group",
    "pdbx_struct_assembly",
    "pdbx_struct_assembly_gen",
    "pdbx_struct_oper_list",
    "struct",
    "struct_asym",
    "struct_conn",
    "struct_conn_type",
    "struct_ncs_oper",
    "symmetry",
    *EXTENSION_LOOPS,
}
ORDERS = {"sing": 1, "doub": 2, "trip": 3, "quad": 4}
KNOWN = {
    "group_PDB",
    "id",
    "type_symbol",
    "label_atom_id",
    "label_alt_id",
    "label_comp_id",
    "label_asym_id",
    "label_entity_id",
    "label_seq_id",
    "pdbx_PDB_ins_code",
    "Cartn_x",
    "Cartn_y",
    "Cartn_z",
    "occupancy",
    "B_iso_or_equiv",
    "pdbx_formal_charge",
    "auth_seq_id",
    "auth_asym_id",
    "pdbx_PDB_model_num",
    "pdbx_heterogeneity_id",
}


class Columns(Protocol):
    """Columns of `_atom_site` by name, whatever they are stored as."""

    names: list[str]

    def __len__(self) -> int: ...
    def text(self, name: str) -> Text:
        """A text column, "" for . and ?."""
        ...

    def numbers(self, name: str, blank: float) -> np.ndarray:
        """(n,) float64, `blank` for . and ?."""
        ...


class CifColumns:
    """Columns of raw CIF values."""

    def __init__(self, values: dict[str, list[str]], where: str) -> None:
        self.values, self.where, self.names = values, where, list(values)

    def __len__(self) -> int:
        return len(next(iter(self.values.values()), []))

    def text(self, name: str) -> Text:
        raw = Text.of(self.values[name])
        return raw.replaced({v: "" if gemmi.cif.is_null(v) else gemmi.cif.as_string(v) for v in raw.values})

    def numbers(self, name: str, blank: float) -> np.ndarray:
        return _numbers(self.values[name], self.where, name, blank)


def records_of_mmcif(content: bytes, where: str = "input") -> Records:
    """Records of the bytes of an mmCIF file; the first block with atoms is read."""
    try:
        document = gemmi.cif.read_string(text_of(content, where).decode("utf-8"))
    except (ValueError, RuntimeError, UnicodeDecodeError) as error:
        raise UnreadableFile(where, error, "a CIF document") from error
    for block in document:
        loop = block.find_loop("_atom_site.id").get_loop() or block.find_loop("_atom_site.Cartn_x").get_loop()
        if loop is not None:
            return records_of_block(block, CifColumns(_columns_of_loop(loop, "_atom_site."), where), where)
        if block.find_value("_atom_site.Cartn_x"):
            return records_of_block(block, CifColumns(_columns_of_pairs(block), where), where)
    raise NoAtoms(where, "no block with _atom_site", "a macromolecular mmCIF file")


def _columns_of_loop(loop: gemmi.cif.Loop, prefix: str) -> dict[str, list[str]]:
    values, width = loop.values, len(loop.tags)
    return {tag[len(prefix) :]: values[k::width] for k, tag in enumerate(loop.tags)}


def _columns_of_pairs(block: gemmi.cif.Block) -> dict[str, list[str]]:
    table = block.find_mmcif_category("_atom_site.")
    return {tag[len("_atom_site.") :]: list(table.column(k)) for k, tag in enumerate(table.tags)}


def records_of_block(block: gemmi.cif.Block, atoms: Columns, where: str) -> Records:
    """Records of the columns of `_atom_site` and the rest of the block. Erases the atom loops."""
    if not len(atoms):
        raise NoAtoms(where, "an empty _atom_site", "at least one atom")
    records = _with_anisotropic(_atom_columns(atoms, where), block, atoms)
    notes = [
        {"what": f"column _atom_site.{name}", "count": len(records), "because": "not part of a deposition"}
        for name in atoms.names
        if name not in KNOWN and not name.startswith("auth_") and any(atoms.text(name).values)
    ]
    for kept, auth in ((records.comp, "auth_comp_id"), (records.name, "auth_atom_id")):
        if auth in atoms.names:
            differ = _differing(kept, atoms.text(auth))
            if differ:
                notes.append(
                    {
                        "what": f"column _atom_site.{auth}",
                        "count": differ,
                        "because": "differs from the label, which is kept",
                    }
                )
    for name in ("_atom_site.", "_atom_site_anisotrop."):
        table = block.find_mmcif_category(name)
        if len(table):
            table.erase()
    return with_metadata(replace(records, notes=[*records.notes, *notes]), block)


def _differing(one: Text, other: Text) -> int:
    """How many rows have another text, where the other has any."""
    pairs = np.unique(one.codes * np.int64(len(other.values)) + other.codes, return_counts=True)
    count = 0
    for pair, times in zip(*(part.tolist() for part in pairs), strict=True):
        a, b = divmod(pair, len(other.values))
        count += times if other.values[b] not in ("", one.values[a]) else 0
    return count


def with_metadata(records: Records, block: gemmi.cif.Block) -> Records:
    """The records with everything that the other categories of a block say."""
    structure = gemmi.make_structure_from_block(block)
    records = described(records, structure)
    left = [name.strip("_.") for name in block.get_mmcif_category_names() if name.strip("_.") not in READ_CATEGORIES]
    if left:
        records.notes.append(
            {
                "what": "categories",
                "count": len(left),
                "because": "not part of a deposition: " + ", ".join(sorted(left)),
            }
        )
    records = replace(records, entities=_entities(records, block, structure), tls=tls_of_block(block))
    loops = {name: category(block, f"_{name}.") for name in EXTENSION_LOOPS}
    links = category(block, "_struct_conn.")
    orders = {
        name: ORDERS.get(order.lower()[:4], 0)
        for name, order in zip(links.get("id", []), links.get("pdbx_value_order", []), strict=False)
    }
    bonds = bonds_of_connections(records, structure, orders)
    return replace(records, bonds=bonds, loops={name: table for name, table in loops.items() if table})


def _atom_columns(atoms: Columns, where: str) -> Records:
    n = len(atoms)

    def text(*names: str, default: str = "") -> Text:
        for name in names:
            if name in atoms.names:
                return atoms.text(name)
        return Text.constant(default, n)

    def integers(default: int, *names: str) -> np.ndarray:
        for name in names:
            if name in atoms.names:
                values = atoms.numbers(name, float(default))
                if (values != np.round(values)).any():
                    raise WrongColumns(f"{where} _atom_site.{name}", "a fraction", "integers")
                return values.astype(np.int32)
        return np.full(n, default, np.int32)

    def numbers(name: str, blank: float) -> np.ndarray:
        return atoms.numbers(name, blank) if name in atoms.names else np.full(n, blank)

    for axis in ("Cartn_x", "Cartn_y", "Cartn_z"):
        if axis not in atoms.names:
            raise WrongColumns(f"{where} _atom_site.{axis}", "no such column", "x, y and z in Å")
    het = "pdbx_heterogeneity_id"
    return Records.of(
        xyz=np.stack([numbers(axis, np.nan) for axis in ("Cartn_x", "Cartn_y", "Cartn_z")], axis=1),
        model=integers(1, "pdbx_PDB_model_num"),
        label_asym=text("label_asym_id", "auth_asym_id"),
        auth_asym=text("auth_asym_id", "label_asym_id"),
        entity=text("label_entity_id"),
        comp=text("label_comp_id", "auth_comp_id", default="UNK"),
        label_seq=integers(-1, "label_seq_id"),
        auth_seq=integers(-1, "auth_seq_id", "label_seq_id"),
        ins=text("pdbx_PDB_ins_code"),
        name=text("label_atom_id", "auth_atom_id", default="X"),
        altloc=text("label_alt_id"),
        element=element_numbers(text("type_symbol")),
        charge=integers(0, "pdbx_formal_charge").astype(np.int8),
        het=text("group_PDB").equals("HETATM"),
        occupancy=numbers("occupancy", 1.0),
        b=numbers("B_iso_or_equiv", np.nan),
        heterogeneity=text(het) if het in atoms.names else None,
    )


def _numbers(values: list[str], where: str, name: str, blank: float) -> np.ndarray:
    """(N,) float64 of raw CIF values; . and ? become `blank`, a standard uncertainty is cut off."""
    try:
        return pc.cast(pa.array(values, pa.string()), pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        pass
    raw = Text.of(values)
    made = [_number(value, where, name, blank) for value in raw.values]
    return np.array([*made, 0.0])[raw.codes]


def _number(value: str, where: str, name: str, blank: float) -> float:
    if gemmi.cif.is_null(value):
        return blank
    number = gemmi.cif.as_number(value)
    if np.isnan(number) and value.lower() != "nan":
        raise WrongColumns(f"{where} _atom_site.{name}", repr(value), "a number")
    return number


def _with_anisotropic(records: Records, block: gemmi.cif.Block, atoms: Columns) -> Records:
    """U of `_atom_site_anisotrop`, joined by atom id; B-form tensors are divided by 8 pi squared."""
    loop = block.find_loop("_atom_site_anisotrop.id").get_loop()
    if loop is None or "id" not in atoms.names:
        return records
    columns = _columns_of_loop(loop, "_atom_site_anisotrop.")
    form, scale = ("U", 1.0) if f"U{U_ELEMENTS[0]}" in columns else ("B", 1 / (8 * np.pi**2))
    if f"{form}{U_ELEMENTS[0]}" not in columns:
        return records
    row_of = {atom: row for row, atom in enumerate(atoms.text("id").tolist())}
    rows = np.array([row_of.get(atom, -1) for atom in columns["id"]])
    u = np.stack([_numbers(columns[form + e], "_atom_site_anisotrop", form + e, np.nan) for e in U_ELEMENTS], 1)
    good = (rows >= 0) & np.isfinite(u).all(axis=1)
    records.u[rows[good]] = u[good] * scale if scale != 1.0 else u[good]
    records.has_u[rows[good]] = True
    lost = int((~good).sum())
    if lost:
        records.refused.append(
            {
                "count": 0,
                "because": f"{lost} rows of _atom_site_anisotrop without an atom or without numbers",
                "where": "_atom_site_anisotrop",
            }
        )
    return records


def _entities(records: Records, block: gemmi.cif.Block, structure: gemmi.Structure) -> list[Entity]:
    """Rows of `_entity` in order, with the polymer's sequence."""
    table = category(block, "_entity.")
    sequences = {entity.name: " ".join(entity.full_sequence) for entity in structure.entities}
    described_by = table.get("pdbx_description", [""] * len(table.get("id", [])))
    types = table.get("type", [""] * len(table.get("id", [])))
    made = [
        Entity(name, kind, " ".join(description.split()), sequences.get(name, ""))
        for name, kind, description in zip(table.get("id", []), types, described_by, strict=True)
    ]
    known = {entity.id for entity in made}
    missing = [name for name in records.entity.vocabulary()[1] if name and name not in known]
    return made + [Entity(name, "", "", sequences.get(name, "")) for name in missing]
