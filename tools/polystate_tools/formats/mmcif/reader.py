"""mmCIF files into atom records: `_atom_site` as columns at the level of CIF, the rest through gemmi."""

from __future__ import annotations

from dataclasses import replace

import gemmi
import numpy as np

from polystate_tools.formats.errors import NoAtoms, UnreadableFile
from polystate_tools.formats.mmcif import connections, plain
from polystate_tools.formats.mmcif.anisotropic import with_anisotropic
from polystate_tools.formats.mmcif.categories import category
from polystate_tools.formats.mmcif.columns import (
    IN_SITE,
    KNOWN,
    Columns,
    atom_records,
    columns_of_block,
    named_columns,
)
from polystate_tools.formats.mmcif.names import CATEGORY, with_given_names
from polystate_tools.formats.mmcif.operators import assemblies, check_operators
from polystate_tools.formats.mmcif.tls import tls_of_block
from polystate_tools.formats.opening.files import text_of
from polystate_tools.formats.records.gemmi_metadata import described
from polystate_tools.formats.records.records import Component, Entity, Records
from polystate_tools.formats.records.text import Text

SITES, TENSORS = "atom_site", "atom_site_anisotrop"
EXTENSION_LOOPS = (
    "pdbx_heterogeneity_hierarchy",
    "pdbx_state_coexistence",
    "pdbx_forbidden_states",
    "pdbx_alt_groups",
    "pdbx_het_state",
    "pdbx_het_state_members",
)
READ_CATEGORIES = {
    SITES,
    TENSORS,
    "atom_type",
    "chem_comp",
    "cell",
    "entity",
    "entity_poly",
    "entity_poly_seq",
    "entry",
    "exptl",
    "pdbx_refine_tls",
    "pdbx_refine_tls_group",
    "ccp4_refine_tls",
    "pdbx_struct_assembly",
    "pdbx_struct_assembly_gen",
    "pdbx_struct_oper_list",
    "struct",
    "struct_asym",
    "struct_conn",
    "struct_conn_type",
    "struct_ncs_oper",
    "symmetry",
    CATEGORY,
    connections.CATEGORY,
    *EXTENSION_LOOPS,
}


def records_of_mmcif(content: bytes, where: str = "input") -> Records:
    """Records of the bytes of an mmCIF file; the first block with atoms is read."""
    text = text_of(content, where)
    records = _of_plain_loops(text, where)
    if records is not None:
        return records
    try:
        document = gemmi.cif.read_string(text.decode("utf-8-sig"))
    except (ValueError, RuntimeError, UnicodeDecodeError) as error:
        raise UnreadableFile(where, error, "a CIF document") from error
    blocks = [(block, columns_of_block(block, SITES, where)) for block in document]
    with_atoms = [(block, columns) for block, columns in blocks if len(columns)]
    if not with_atoms:
        raise NoAtoms(where, "no block with _atom_site", "a macromolecular mmCIF file")
    records = records_of_block(*with_atoms[0], where)
    records.notes += [unread_block(block.name, len(columns)) for block, columns in with_atoms[1:]]
    return records


def _of_plain_loops(text: bytes, where: str) -> Records | None:
    """Records of a file of one block whose atoms are a plain loop; None of others, and of what is no CIF without it."""
    loops: dict[str, Columns] = {}
    for name in (SITES, TENSORS):
        found = plain.cut(text, name)
        if found is not None:
            text, columns = found
            loops[name] = named_columns(list(columns), list(columns.values()), name, where)
    if SITES not in loops:
        return None
    try:
        document = gemmi.cif.read_string(text.decode("utf-8-sig"))
    except (ValueError, RuntimeError, UnicodeDecodeError):
        return None
    if len(document) != 1 or any(len(document[0].find_mmcif_category(f"_{name}.")) for name in loops):
        return None
    return records_of_block(document[0], loops[SITES], where, loops.get(TENSORS))


def unread_block(name: str, atoms: int) -> dict:
    """What is said of a further block with atoms: one file is one structure, and the first is taken."""
    because = "one file is one structure: only the first data block with atoms is read"
    return {"what": f"atoms of data block {name}", "count": atoms, "because": because}


def records_of_block(block: gemmi.cif.Block, atoms: Columns, where: str, tensors: Columns | None = None) -> Records:
    """Records of the columns of `_atom_site` and the rest of the block. Erases the atom loops.

    tensors: the columns of `_atom_site_anisotrop` where the block does not hold them."""
    if not len(atoms):
        raise NoAtoms(where, "an empty _atom_site", "at least one atom")
    tensors = columns_of_block(block, TENSORS, where) if tensors is None else tensors
    records = with_anisotropic(atom_records(atoms, where), tensors, atoms)
    notes = [
        {"what": f"column _atom_site.{name}", "count": len(records), "because": "not part of a deposition"}
        for name in atoms.names
        if name not in KNOWN | IN_SITE and not name.startswith("auth_") and any(atoms.text(name).values)
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
    for name in (SITES, TENSORS):
        table = block.find_mmcif_category(f"_{name}.")
        if len(table):
            table.erase()
    return with_given_names(with_metadata(replace(records, notes=[*records.notes, *notes]), block, atoms, where), block)


def _differing(one: Text, other: Text) -> int:
    """How many rows have another text, where the other has any."""
    pairs = np.unique(one.codes * np.int64(len(other.values)) + other.codes, return_counts=True)
    count = 0
    for pair, times in zip(*(part.tolist() for part in pairs), strict=True):
        a, b = divmod(pair, len(other.values))
        count += times if other.values[b] not in ("", one.values[a]) else 0
    return count


def with_metadata(records: Records, block: gemmi.cif.Block, atoms: Columns, where: str) -> Records:
    """The records with everything that the other categories of a block say."""
    links = gemmi.cif.Document().add_new_block("links")
    _move(block, links, "_struct_conn.")
    check_operators(block, where)
    stated = assemblies(block)
    structure = gemmi.make_structure_from_block(block)
    records = described(records, structure)
    unread = [name for name in stated if name not in {assembly.name for assembly in structure.assemblies}]
    if unread:
        because = "of another kind than assemblies of authors and programs: " + ", ".join(unread)
        records.notes.append({"what": "assemblies", "count": len(unread), "because": because})  # EXP-22
    left = [name.strip("_.") for name in block.get_mmcif_category_names() if name.strip("_.") not in READ_CATEGORIES]
    if left:
        records.notes.append(
            {
                "what": "categories",
                "count": len(left),
                "because": "not part of a deposition: " + ", ".join(sorted(left)),
            }
        )
    records = replace(
        records,
        components=_components(block),
        entities=_entities(records, block, structure),
        tls=tls_of_block(block, records, atoms),
    )
    loops = {name: category(block, f"_{name}.") for name in EXTENSION_LOOPS}
    others = category(block, f"_{connections.CATEGORY}.")
    bonds = connections.bonds_of_block(records, links, others, _ids(atoms) if others.n_rows else [])
    return replace(records, bonds=bonds, loops={name: table for name, table in loops.items() if table})


def _ids(atoms: Columns) -> list[str]:
    return atoms.text("id").tolist() if "id" in atoms.names else []


def _move(block: gemmi.cif.Block, other: gemmi.cif.Block, name: str) -> None:
    """Move a category: gemmi reads it in author numbering only, and refuses files without."""
    table = block.find_mmcif_category(name)
    if len(table):
        columns = [list(table.column(k)) for k in range(len(table.tags))]
        loop = other.init_loop(name, [tag[len(name) :] for tag in table.tags])
        loop.set_all_values(columns)
        table.erase()


def _components(block: gemmi.cif.Block) -> dict[str, Component]:
    """Types and letters of residue types; names and formulas are the dictionary's."""
    table = category(block, "_chem_comp.")
    columns = (table.cells(name) for name in ("id", "type", "one_letter_code"))
    return {comp: Component(kind.upper(), letter) for comp, kind, letter in zip(*columns, strict=True)}


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
    missing = [name for name in records.entity.used() if name and name not in known]
    return made + [Entity(name, "", "", sequences.get(name, "")) for name in missing]
