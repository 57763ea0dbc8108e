"""Atom records as an mmCIF document that today's programs read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import gemmi
import numpy as np

from polystate.structure.hierarchy import ELEMENTS
from polystate_tools.formats.mmcif import connections
from polystate_tools.formats.mmcif.columns import U_ELEMENTS
from polystate_tools.formats.mmcif.names import CATEGORY, with_chain_names
from polystate_tools.formats.options import ExportOptions
from polystate_tools.formats.policies import said
from polystate_tools.formats.records.numbers import shortest, texts
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.records.text import Text
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.tls.records import NINE, SIX, STATEMENT
from polystate_tools.formats.tls.selections import ranges_of


def content(records: Records, report: ExportReport, options: ExportOptions) -> bytes:
    """The bytes of an mmCIF file; heterogeneity extensions are the records' loops."""
    return mmcif_of_records(records, report, records.loops).encode()


def mmcif_of_records(records: Records, report: ExportReport, loops: dict[str, dict[str, list[str]]]) -> str:
    """The text of an mmCIF file. loops: further categories (heterogeneity extensions), column -> values."""
    records, names = with_chain_names(records, report)
    document = gemmi.cif.Document()
    name = records.entry_id or "polystate"
    block = document.add_new_block("".join(c if c.isalnum() or c in "_-." else "_" for c in name))
    _entry(block, records, name)
    _entities(block, records)
    _components(block, records)
    _crystal(block, records)
    _assemblies(block, records)
    if records.tls is not None:
        _tls(block, records, name)
    links, others = connections.connections(records, report)
    _loop(block, "_struct_conn.", links)
    _loop(block, f"_{connections.CATEGORY}.", others)
    for category, columns in loops.items():
        _loop(block, f"_{category}.", columns)
    _account(block, report)
    _loop(block, f"_{CATEGORY}.", names)
    _atoms(block, records)
    return document.as_string()


def _loop(block: gemmi.cif.Block, prefix: str, columns: Mapping[str, Iterable[str]], quote: bool = True) -> None:
    """A loop of columns; "" is written as ?. quote=False: values are CIF tokens already."""
    made = [list(values) for values in columns.values()]
    if not made or not made[0]:
        return
    loop = block.init_loop(prefix, list(columns))
    loop.set_all_values([[token(v) for v in values] for values in made] if quote else made)


def token(text: str) -> str:
    """A CIF value: quoted where it must be, ? for nothing, . as it is (not applicable)."""
    return gemmi.cif.quote(text) if text not in ("", ".") else text or "?"


def _pairs(block: gemmi.cif.Block, values: dict[str, str]) -> None:
    for tag, value in values.items():
        if value:
            block.set_pair(tag, gemmi.cif.quote(value))


def _entry(block: gemmi.cif.Block, records: Records, name: str) -> None:
    _pairs(
        block, {"_entry.id": name if records.entry_id else "", "_struct.entry_id": name, "_struct.title": records.title}
    )
    methods = [part.strip() for part in records.method.split(";") if part.strip()]
    _loop(block, "_exptl.", {"entry_id": [name] * len(methods), "method": methods})
    if records.resolution or records.tls is not None:
        _pairs(
            block,
            {
                "_refine.entry_id": name,
                "_refine.pdbx_refine_id": methods[0] if methods else "1",
                "_refine.ls_d_res_high": repr(records.resolution) if records.resolution else "",
            },
        )


def _entities(block: gemmi.cif.Block, records: Records) -> None:
    entities = records.entities
    _loop(
        block,
        "_entity.",
        {
            "id": [e.id for e in entities],
            "type": [e.type for e in entities],
            "pdbx_description": [e.description for e in entities],
        },
    )
    polymers = [e for e in entities if e.sequence]
    kinds = [_polymer_type(e.sequence) for e in polymers]
    _loop(block, "_entity_poly.", {"entity_id": [e.id for e in polymers], "type": kinds})
    rows: dict[str, list[str]] = {"entity_id": [], "num": [], "mon_id": [], "hetero": []}
    for entity in polymers:
        for number, position in enumerate(entity.sequence.split(), 1):
            for comp in position.split(","):
                values = (entity.id, str(number), comp, "y" if "," in position else "n")
                for column, value in zip(rows.values(), values, strict=True):
                    column.append(value)
    _loop(block, "_entity_poly_seq.", rows)
    pairs = dict(zip(records.label_asym.tolist(), records.entity.tolist(), strict=True))
    _loop(block, "_struct_asym.", {"id": list(pairs), "entity_id": list(pairs.values())})


def _components(block: gemmi.cif.Block, records: Records) -> None:
    used = [comp for comp in records.comp.used() if comp in records.components]
    found = [records.components[comp] for comp in used]
    columns = {"id": used, "type": [c.type for c in found]}
    if any(c.letter for c in found):
        columns["one_letter_code"] = [c.letter for c in found]
    _loop(block, "_chem_comp.", columns)


def _polymer_type(sequence: str) -> str:
    """`polypeptide(L)` and so on by what most residues are."""
    counts = {"polypeptide(L)": 0, "polyribonucleotide": 0, "polydeoxyribonucleotide": 0}
    for comp in sequence.replace(",", " ").split():
        residue = gemmi.find_tabulated_residue(comp)
        if residue.is_amino_acid():
            counts["polypeptide(L)"] += 1
        elif residue.is_nucleic_acid():
            counts["polydeoxyribonucleotide" if comp.startswith("D") else "polyribonucleotide"] += 1
    best = max(counts, key=lambda kind: counts[kind])
    return best if counts[best] else "other"


def _crystal(block: gemmi.cif.Block, records: Records) -> None:
    if records.cell is not None:
        names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
        _pairs(block, {f"_cell.{k}": repr(float(v)) for k, v in zip(names, records.cell, strict=True)})
    _pairs(block, {"_symmetry.space_group_name_H-M": records.space_group})
    if records.ncs:
        columns = {
            "id": [str(k + 1) for k in range(len(records.ncs))],
            "code": ["given" if op.given else "generate" for op in records.ncs],
        }
        _loop(block, "_struct_ncs_oper.", columns | _matrices([op.matrix for op in records.ncs]))


def _matrices(matrices: list[np.ndarray]) -> dict[str, list[str]]:
    columns = {}
    for i in range(3):
        for j in range(3):
            columns[f"matrix[{i + 1}][{j + 1}]"] = [repr(float(m[i, j])) for m in matrices]
        columns[f"vector[{i + 1}]"] = [repr(float(m[i, 3])) for m in matrices]
    return columns


def _assemblies(block: gemmi.cif.Block, records: Records) -> None:
    """Operators are numbered through all assemblies; those that act on the same chains share a row."""
    made: dict[str, list[str]] = {"assembly_id": [], "oper_expression": [], "asym_id_list": []}
    operators: list[np.ndarray] = []
    for assembly in records.assemblies:
        chains: dict[int, list[str]] = {}
        for k, chain in assembly.pairs:
            chains.setdefault(k, []).append(chain)
        offset = len(operators)
        operators += assembly.operators
        runs: list[tuple[list[str], list[str]]] = []
        for k in sorted(chains):
            if runs and runs[-1][0] == chains[k]:
                runs[-1][1].append(str(offset + k + 1))
            else:
                runs.append((chains[k], [str(offset + k + 1)]))
        for names, numbers in runs:
            made["assembly_id"].append(assembly.id)
            made["oper_expression"].append(",".join(numbers))
            made["asym_id_list"].append(",".join(names))
    _loop(
        block,
        "_pdbx_struct_assembly.",
        {
            "id": [a.id for a in records.assemblies],
            "details": [a.name for a in records.assemblies],
            "method_details": [""] * len(records.assemblies),
            "oligomeric_details": [a.details for a in records.assemblies],
            "oligomeric_count": [""] * len(records.assemblies),
        },
    )
    _loop(block, "_pdbx_struct_assembly_gen.", made)
    columns = {"id": [str(k + 1) for k in range(len(operators))], "type": [""] * len(operators)}
    _loop(block, "_pdbx_struct_oper_list.", columns | _matrices(operators))


def _tls(block: gemmi.cif.Block, records: Records, name: str) -> None:
    tls = records.tls
    assert tls is not None
    methods = [part.strip() for part in records.method.split(";") if part.strip()]
    refine = methods[0] if methods else "1"
    _pairs(
        block,
        {
            "_refine.details": STATEMENT.get(tls.adp_content, ""),
            "_software.name": tls.program,
            "_software.classification": "refinement" if tls.program else "",
        },
    )
    columns: dict[str, list[str]] = {"id": [g.id for g in tls.groups], "pdbx_refine_id": [refine] * len(tls.groups)}
    for k, axis in enumerate("xyz"):
        columns[f"origin_{axis}"] = [shortest(float(g.origin[k])) for g in tls.groups]
    for tensor, elements in (("T", SIX), ("L", SIX), ("S", NINE)):
        for k, e in enumerate(elements):
            columns[f"{tensor}[{e[0]}][{e[1]}]"] = [shortest(float(getattr(g, tensor)[k])) for g in tls.groups]
    _loop(block, "_pdbx_refine_tls.", columns)
    rows: dict[str, list[str]] = {
        key: []
        for key in (
            "id",
            "refine_tls_id",
            "pdbx_refine_id",
            "beg_auth_asym_id",
            "beg_auth_seq_id",
            "beg_PDB_ins_code",
            "end_auth_asym_id",
            "end_auth_seq_id",
            "end_PDB_ins_code",
            "selection_details",
        )
    }
    for group in tls.groups:
        by_atom = group.records is not None
        for c1, n1, i1, c2, n2, i2 in () if by_atom else ranges_of(group.selection) or [("",) * 6]:
            text = "" if c1 else group.selection
            values = (str(len(rows["id"]) + 1), group.id, refine, c1, n1, i1, c2, n2, i2, text)
            for column, value in zip(rows.values(), values, strict=True):
                column.append(value)
    _loop(block, "_pdbx_refine_tls_group.", rows)


def _account(block: gemmi.cif.Block, report: ExportReport) -> None:
    """What this file is: the policy for Gaussian disorder, the choice of states, and what was lost."""
    _pairs(
        block,
        {
            "_polystate_export.gaussian_policy": report.gaussian,
            "_polystate_export.gaussian_meaning": said(report.gaussian),
            "_polystate_export.states": report.choice,
        },
    )
    keys = {"model_num": "model", "population": "population", "states": "state"}
    _loop(
        block,
        "_polystate_export_model.",
        {name: [str(row[key]) for row in report.states] for name, key in keys.items()},
    )
    _loop(
        block,
        "_polystate_export_loss.",
        {key: [str(loss[key]) for loss in report.losses] for key in ("what", "count", "because")},
    )


def _atoms(block: gemmi.cif.Block, records: Records) -> None:
    n = len(records)
    symbols = np.array([s.upper() for s in ELEMENTS], object)[records.element].tolist()
    charge = ["?" if c == 0 else str(c) for c in records.charge.tolist()]
    seq = ["." if s < 0 else str(s) for s in records.label_seq.tolist()]
    name, comp = _tokens(records.name, "?"), _tokens(records.comp, "?")
    auth = _tokens(records.auth_asym, ".")
    columns = {
        "group_PDB": ["HETATM" if het else "ATOM" for het in records.het.tolist()],
        "id": [str(k) for k in range(1, n + 1)],
        "type_symbol": symbols,
        "label_atom_id": name,
        "label_alt_id": _tokens(records.altloc, "."),
        "label_comp_id": comp,
        "label_asym_id": _tokens(records.label_asym, "."),
        "label_entity_id": _tokens(records.entity, "?"),
        "label_seq_id": seq,
        "pdbx_PDB_ins_code": _tokens(records.ins, "?"),
    }
    for k, axis in enumerate("xyz"):
        columns[f"Cartn_{axis}"] = texts(records.xyz[:, k], 3)
    columns |= {
        "occupancy": texts(records.occupancy, 2),
        "B_iso_or_equiv": texts(records.b, 2),
        "pdbx_formal_charge": charge,
        "auth_seq_id": [str(s) for s in records.auth_seq.tolist()],
        "auth_comp_id": comp,
        "auth_asym_id": auth,
        "auth_atom_id": name,
        "pdbx_PDB_model_num": [str(m) for m in records.model.tolist()],
    }
    if records.tls is not None and any(group.records is not None for group in records.tls.groups):
        of_atom = np.full(n, "?", object)
        for group in records.tls.groups:
            of_atom[group.records] = gemmi.cif.quote(group.id)
        columns["pdbx_tls_group_id"] = of_atom.tolist()
    if records.heterogeneity is not None:
        columns["pdbx_heterogeneity_id"] = _tokens(records.heterogeneity, ".")
    _loop(block, "_atom_site.", columns, quote=False)
    rows = np.flatnonzero(records.has_u)
    if len(rows):
        columns = {"id": [str(k + 1) for k in rows.tolist()], "type_symbol": [symbols[k] for k in rows.tolist()]}
        for k, element in enumerate(U_ELEMENTS):
            columns[f"U{element}"] = texts(records.u[rows, k], 4)
        _loop(block, "_atom_site_anisotrop.", columns, quote=False)


def _tokens(column: Text, none: str) -> list[str]:
    """CIF values of a text column."""
    values = [gemmi.cif.quote(value) if value else none for value in column.values]
    return [values[code] for code in column.codes.tolist()]
