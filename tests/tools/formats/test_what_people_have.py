"""Faults found on files of people: letters, conformers, bonds, order, TLS and elements, each against another source."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest

from polystate.deposition import Deposition
from polystate.errors import PolystateError
from polystate.store.tree import Group
from polystate_tools.formats.exporting import ExportOptions, export_bytes
from polystate_tools.formats.importing import tree_of_records
from polystate_tools.formats.mmcif.reader import records_of_mmcif
from polystate_tools.formats.mmtf.records import records_of_mmtf
from polystate_tools.formats.options import ImportOptions
from polystate_tools.formats.pdb.reader import records_of_pdb
from polystate_tools.formats.records.records import Records
from tests.tools.formats.cif_text import cif
from tests.tools.formats.pdb_text import atom_line, imported

READERS = {"pdb": records_of_pdb, "mmcif": records_of_mmcif, "mmtf": records_of_mmtf}
SHAPE = {"N": (0, 0, 0), "CA": (1.45, 0, 0), "C": (2, 1.4, 0), "O": (1.2, 2.3, 0), "CB": (2, -0.8, 1.2)}


def residue(seq: int, comp: str, conformers: dict[str, float] | None = None, **fields) -> list[str]:
    """A residue of a chain along x; conformers: letter -> occupancy, each moved by 0.2 Å along y."""
    lines = []
    for name, (x, y, z) in SHAPE.items():
        if name == "CB" and comp == "GLY":
            continue
        for k, (letter, occupancy) in enumerate((conformers or {" ": 1.0}).items()):
            at = (round(x + 3.3 * (seq - 1) + fields.get("dx", 0.0), 3), round(y + 0.2 * (k + bool(conformers)), 3), z)
            more = {key: value for key, value in fields.items() if key != "dx"}
            lines.append(atom_line(1, name, comp, seq, at, alt=letter, occupancy=occupancy, **more))
    return lines


def exported(dep: Deposition, format: str, **options) -> tuple[Records, list[dict], bytes]:
    content, report = export_bytes(dep, format, ExportOptions(**{"gaussian": "records", **options}))
    return READERS[format](content), report.losses, content


def again(dep: Deposition, format: str) -> Deposition:
    return Deposition(tree_of_records(exported(dep, format)[0])[0])


def rows(records: Records) -> set[tuple]:
    """Residue number, name, letter, coordinates and occupancy of every record."""
    xyz = np.round(records.xyz, 3).tolist()
    columns = (records.auth_seq.tolist(), records.name.tolist(), records.altloc.tolist())
    return {(*key, *at, round(q, 2)) for *key, at, q in zip(*columns, xyz, records.occupancy.tolist(), strict=True)}


SHARED = [
    *residue(1, "GLY"),
    *residue(2, "SER", {"A": 0.5, "B": 0.5}),
    *residue(3, "THR", {"B": 0.3, "C": 0.7}),
    *residue(4, "ALA"),
]
"""Bonded residues with the letters A, B and B, C: one site of three states, in which conformers are shared."""


@pytest.mark.parametrize("format", ["pdb", "mmcif", "mmtf"])
def test_a_conformer_that_several_states_share_keeps_the_letter_of_the_file(format):
    dep = Deposition(imported(SHARED)[0])
    assert rows(exported(dep, format)[0]) == rows(records_of_pdb("\n".join(SHARED).encode()))
    assert again(dep, format).digest() == dep.digest() or format == "mmtf"


@pytest.mark.parametrize(
    "item",
    [
        {"selector": {"target": "state", "descriptor": "altloc", "site": 0, "state": 1}, "body": {"letter_of": [[6]]}},
        {"selector": {"target": "state", "descriptor": "iadp", "site": 0, "state": 1}, "body": {"letter_of": [6]}},
        {"selector": {"target": "atoms", "atoms": [1, 2]}, "body": {"bonded_in": [5]}},
        {"selector": {"target": "atoms", "atoms": [1, 2]}, "body": {"bonded_in": [["altloc"]]}},
        {"selector": {"target": "atoms", "atoms": [1, 2]}, "body": {"bonded_in": [[["altloc", 0, {}]]]}},
        {"selector": {"target": "atoms", "atoms": [1, 2]}, "body": {"bonded_in": [[["altloc", True, [0]]]]}},
    ],
)
def test_an_annotation_of_another_form_is_a_remark(item):
    """EXP-42, EXP-43, ANN-1."""
    tree = dict(imported(SHARED)[0])
    del tree["annotations/alternates"]
    plain = exported(Deposition(dict(tree)), "pdb")[2]
    tree["annotations/alternates"] = Group({"items": [item]})
    assert exported(Deposition(tree), "pdb")[2] == plain


def test_letters_follow_occupancies_where_nothing_is_noted():
    tree = dict(imported(SHARED)[0])
    del tree["annotations/alternates"]
    assert rows(exported(Deposition(tree), "pdb")[0]) == rows(records_of_pdb("\n".join(SHARED).encode()))


@pytest.mark.parametrize("choice", ["first", "occupancy", "B"])
def test_one_conformer_is_one_legal_state(choice):
    lines = [*residue(183, "GLY"), *residue(184, "PHE", {" ": 0.6, "B": 0.4}), *residue(185, "ALA")]
    dep = Deposition(imported(lines)[0])
    records, _, content = exported(dep, "pdb", altloc=choice)
    state = "B" if choice == "B" else "."
    wanted, _, _ = exported(dep, "pdb", state={"altloc/A.184": state}, gaussian="marginal")
    assert len(records) == 14 and np.array_equal(records.xyz, wanted.xyz) and (records.occupancy == 1).all()
    assert f"A.184={state}".encode() in content  # the file says which


def test_conformers_of_bonded_residues_are_of_one_state():
    lines = [
        *residue(1, "GLY"),
        *residue(2, "SER", {"A": 0.6, "B": 0.4}),
        *residue(3, "THR", {"A": 0.45, "B": 0.55}),
        *residue(4, "ALA"),
    ]
    records = exported(Deposition(imported(lines)[0]), "pdb", altloc="occupancy")[0]
    moved = {seq: records.xyz[records.auth_seq == seq, 1][0] for seq in (2, 3)}
    assert moved == {2: 0.2, 3: 0.2}  # A of both: 0.525 on the mean, B 0.475


LIGAND = [
    *residue(1, "GLY"),
    *(line for line in residue(2, "CYS") if " CB " not in line),
    *(atom_line(1, n, "CYS", 2, (5.3, y, z), alt=a, occupancy=q) for n, a, q, y, z in (
        ("CB", "A", 0.6, -0.8, 1.2), ("CB", "B", 0.4, -0.3, 1.2),
        ("SG", "A", 0.6, -2.4, 1.4), ("SG", "B", 0.4, -1.9, 1.4),
    )),
    *residue(3, "GLY"),
    "TER",
]  # fmt: skip


def lig(letters: str, record: str = "HETATM") -> list[str]:
    at = {"A": -4.0, "B": -3.5}
    return [
        atom_line(
            1, name, "LIG", 501, (5.3, at[a] - k, 1.6 + k), alt=a, occupancy={"A": 0.6, "B": 0.4}[a], record=record
        )
        for k, name in enumerate(("C1", "C2"))
        for a in letters
    ]


def bonds_of(records: Records) -> set[tuple]:
    """Bonds between residues as pairs of (residue, atom, letter)."""
    ends = [tuple((int(records.auth_seq[k]), records.name[k], records.altloc[k]) for k in pair)
            for pair in records.bonds[:, :2].tolist()]  # fmt: skip
    return {tuple(sorted(pair)) for pair in ends}


@pytest.mark.parametrize("format", ["pdb", "mmcif", "mmtf"])
def test_a_link_keeps_its_alternates(format):
    link = "LINK         SG BCYS A   2                 C1 BLIG A 501     1555   1555  1.62"
    tree, report = imported([link, *LIGAND, *lig("B")])
    assert not [loss for loss in report.losses if "link" in loss["what"]]
    records = exported(Deposition(tree), format)[0]
    assert bonds_of(records) == {((2, "SG", "B"), (501, "C1", "B"))}


def test_a_bond_of_one_alternate_only_is_not_written_to_the_others():
    """A disulfide to B of a residue with A and B, whose partner has no alternates: 1L2Q, 341 SG - 428 SG.B."""
    lines = [
        atom_line(1, "SG", "CYS", 1, (0, 0, 0)),
        atom_line(1, "SG", "CYS", 9, (4.6, 0, 0), alt="A", occupancy=0.6),
        atom_line(1, "SG", "CYS", 9, (2.0, 0, 0), alt="B", occupancy=0.4),
    ]
    link = "LINK         SG  CYS A   1                 SG BCYS A   9     1555   1555  2.00"
    dep = Deposition(imported([link, *lines])[0])
    for format in ("pdb", "mmcif", "mmtf"):
        assert bonds_of(exported(dep, format)[0]) == {((1, "SG", ""), (9, "SG", "B"))}
        assert again(dep, format).digest() == dep.digest() or format == "mmtf"


@pytest.mark.parametrize("format", ["pdb", "mmcif"])
def test_bonds_of_conect_join_residues(format):
    lines = [*LIGAND, *lig("AB")]
    serials = {}
    numbered = []
    for k, line in enumerate(line for line in lines if line != "TER"):
        numbered.append(line[:6] + f"{k + 1:5d}" + line[11:])
        serials[line[12:16].strip(), line[16], line[22:26].strip()] = k + 1
    pairs = [((("SG", a, "2")), ("C1", a, "501")) for a in "AB"] + [(("C1", a, "501"), ("C2", a, "501")) for a in "AB"]
    conect = [f"CONECT{serials[one]:5d}{serials[other]:5d}" for one, other in pairs]
    tree, report = imported([*numbered, *conect])
    dep = Deposition(tree)
    assert dep.states.count() == 2  # as with a LINK: one site, letters A and B
    assert not [loss for loss in report.losses if "CONECT" in str(loss)]
    wanted = {tuple(sorted(((2, "SG", a), (501, "C1", a)))) for a in "AB"}
    wanted |= {((501, "C1", a), (501, "C2", a)) for a in "AB"}
    assert bonds_of(exported(dep, format)[0]) == wanted
    assert again(dep, format).digest() == dep.digest()


def test_bonds_are_of_every_model():
    lines = []
    for model in (1, 2):
        atoms = (atom_line(1, "SG", "CYS", seq, (2.0 * seq, model, 0)) for seq in (1, 9))
        lines += [f"MODEL     {model:4d}", *atoms, "ENDMDL"]
    link = "SSBOND   1 CYS A    1    CYS A    9                          1555   1555  2.03"
    dep = Deposition(imported([link, *lines])[0])
    records = exported(dep, "mmtf")[0]
    assert records.bonds[:, :2].tolist() == [[0, 1], [2, 3]]
    assert exported(dep, "pdb")[2].decode().count("SSBOND") == 1


def test_residues_of_later_models_stand_where_the_polymer_has_them():
    lines = []
    for model, comp in ((1, "SER"), (2, "THR")):
        lines += [f"MODEL     {model:4d}"]
        lines += [
            *residue(1, "GLY", dx=model),
            *residue(2, comp, dx=model),
            *residue(3, "GLY", dx=model),
            "TER",
            "ENDMDL",
        ]
    dep = Deposition(imported(lines)[0])
    for format in ("pdb", "mmcif"):
        records = exported(dep, format)[0]
        second = records.take(records.model == 2)
        assert list(dict.fromkeys(second.auth_seq.tolist())) == [1, 2, 3]
        assert list(dict.fromkeys(second.label_seq.tolist())) == [1, 2, 3]
        assert again(dep, format).digest() == dep.digest()


@pytest.mark.parametrize("format", ["pdb", "mmcif"])
def test_a_free_amino_acid_is_hetatm(format):
    lines = [*residue(1, "GLY"), *residue(2, "SER"), *residue(3, "GLY"), "TER", *residue(9, "GLU", record="HETATM")]
    records = exported(Deposition(imported(lines)[0]), format)[0]
    assert records.het.tolist() == [k >= 13 for k in range(18)]


SYMMETRIC = ((1, 1), (2, 2), (3, 3), (1, 2), (1, 3), (2, 3))
ALL = tuple((i, j) for i in (1, 2, 3) for j in (1, 2, 3))
TLS = {
    f"{tensor}[{i}][{j}]": value
    for tensor, elements, values in (
        ("T", SYMMETRIC, (0.15, 0.17, 0.13, 0.01, -0.02, 0.015)),
        ("L", SYMMETRIC, (2.5, 3.5, 1.5, 0.3, -0.2, 0.1)),
        ("S", ALL, (0.03, 0.02, -0.01, 0.015, -0.01, 0.025, -0.03, 0.005, -0.02)),
    )
    for (i, j), value in zip(elements, values, strict=True)
}


def tls_file(details: str, by_atom: bool, lower: bool = False) -> bytes:
    """Two residues, the first in a TLS group that the atoms name or a selection does."""
    atoms = [
        {"label_seq_id": str(1 + k // 2), "auth_seq_id": str(1 + k // 2), "label_atom_id": ("N", "CA")[k % 2],
         "Cartn_x": str(1.45 * k), "Cartn_y": "0.0", "Cartn_z": "0.0", "B_iso_or_equiv": "9.00",
         **({"pdbx_tls_group_id": "1" if k < 2 else "."} if by_atom else {})}
        for k in range(4)
    ]  # fmt: skip
    pairs = [f"_pdbx_refine_tls.{(k.lower() if lower else k)} {v}" for k, v in TLS.items()]
    pairs += ["_pdbx_refine_tls.id 1", "_pdbx_refine_tls.origin_x 5.0", "_pdbx_refine_tls.origin_y 1.0"]
    pairs += ["_pdbx_refine_tls.origin_z 0.0", details]
    if not by_atom:
        group = {"id": 1, "refine_tls_id": 1, "beg_auth_asym_id": "A", "beg_auth_seq_id": 1, "end_auth_asym_id": "A",
                 "end_auth_seq_id": 1}  # fmt: skip
        pairs += [f"_pdbx_refine_tls_group.{key} {value}" for key, value in group.items()]
    return cif(*atoms, tail="\n".join(pairs)).encode()


def u_of_gemmi(x: float) -> float:
    """Tr U/3 of the group at (x, 0, 0) by gemmi, Å²."""
    group = gemmi.TlsGroup()
    group.T = gemmi.SMat33d(0.15, 0.17, 0.13, 0.01, -0.02, 0.015)
    group.L = gemmi.SMat33d(2.5, 3.5, 1.5, 0.3, -0.2, 0.1)
    group.S = gemmi.Mat33([[0.03, 0.02, -0.01], [0.015, -0.01, 0.025], [-0.03, 0.005, -0.02]])
    group.origin = gemmi.Position(5.0, 1.0, 0.0)
    return gemmi.calculate_u_from_tls(group, gemmi.Position(x, 0, 0)).trace() / 3


@pytest.mark.parametrize(
    "content",
    [
        tls_file("_ccp4_refine_tls.details 'U values: residual only'", True),
        tls_file("_refine.details 'U VALUES : RESIDUAL ONLY'", False),
        tls_file("_refine.details 'U VALUES : RESIDUAL ONLY'", False, lower=True),
    ],
    ids=["by-atom", "by-selection", "lower-case"],
)
def test_tls_of_refinement_programs(content):
    dep = Deposition(tree_of_records(records_of_mmcif(content))[0])
    b = exported(dep, "mmcif", gaussian="marginal")[0].b
    wanted = [9.0 + 8 * np.pi**2 * u_of_gemmi(1.45 * k) for k in range(2)] + [9.0, 9.0]
    assert np.abs(b - wanted).max() < 0.005
    assert again(dep, "mmcif").digest() == dep.digest()


def test_a_group_that_atoms_and_a_selection_name_differently_is_said():
    text = tls_file("_refine.details 'U VALUES : RESIDUAL ONLY'", True)
    text += b"_pdbx_refine_tls_group.id 1\n_pdbx_refine_tls_group.refine_tls_id 1\n"
    text += b"_pdbx_refine_tls_group.selection_details 'chain A and resseq 1:2'\n"
    _, report = tree_of_records(records_of_mmcif(text))
    assert "tls-group-disputed" in [w.code for w in report.warnings]


def test_elements_come_from_names_where_there_is_no_symbol():
    atoms = [
        {"label_atom_id": name, "label_comp_id": comp, "label_asym_id": asym, "auth_asym_id": asym}
        for name, comp, asym in (
            ("N", "GLY", "A"), ("CA", "GLY", "A"), ("CA", "CA", "B"), ("HG", "HG", "C"), ("HG1", "THR", "A"),
            ("FE", "HEM", "D"), ("NA", "HEM", "D"), ("SE", "MSE", "A"),
        )
    ]  # fmt: skip
    records = records_of_mmcif(cif(*atoms, drop=("type_symbol",)).encode())
    assert records.element.tolist() == [7, 6, 20, 80, 1, 26, 7, 34]
    assert records.doubts[0]["code"] == "elements-by-name"


def test_a_symbol_of_no_element_is_never_another_element():
    line = atom_line(1, "EP", "LIG", 1, (0, 0, 0), element="EP", record="HETATM")
    records = records_of_pdb(line.encode())
    assert records.element.tolist() == [0] and records.doubts[0]["where"] == ["'EP'"]
    records = records_of_mmcif(cif({"type_symbol": "EP"}).encode())
    assert records.element.tolist() == [0] and records.doubts[0]["where"] == ["'EP'"]


def test_u_beside_the_coordinates_is_u():
    names = [f"aniso_U[{i}][{j}]" for i, j in ((1, 1), (2, 2), (3, 3), (1, 2), (1, 3), (2, 3))]
    given = ("0.11", "0.12", "0.13", "0.001", "0.002", "0.003")
    atoms = [
        dict(zip(names, given, strict=True)),
        dict.fromkeys(names, "?"),
        {**dict.fromkeys(names, "?"), names[0]: "0.1"},
    ]
    records = records_of_mmcif(cif(*atoms).encode())
    assert records.has_u.tolist() == [True, False, False]
    assert records.u[0].tolist() == [float(v) for v in given]
    assert [entry["count"] for entry in records.refused] == [1]  # one number of six


def test_numbers_of_records_come_back_as_imported():
    """B beside ANISOU that 8 pi^2/3 Tr U does not round to, TLS with ten decimals and a trace in S."""
    lines = [atom_line(1, "CA", "ALA", 1, (0, 0, 0), b=12.35)]
    lines.append("ANISOU    1  CA  ALA A   1     1564   1564   1564      0      0      0       C")
    dep = Deposition(imported(lines)[0])
    assert exported(dep, "pdb")[0].b.tolist() == [12.35]  # 8 pi^2 0.1564 is 12.349: rounds to it
    lines[0] = lines[0].replace("12.35", "12.36")
    dep = Deposition(imported(lines)[0])
    assert exported(dep, "pdb")[0].b.tolist() == [12.36] and again(dep, "pdb").digest() == dep.digest()
    text = tls_file("_refine.details 'U VALUES : RESIDUAL ONLY'", False).replace(
        b"[1][1] 0.15", b"[1][1] 0.15123456789012"
    )
    records = exported(Deposition(tree_of_records(records_of_mmcif(text))[0]), "mmcif")[0]
    group = records.tls.groups[0]
    assert group.T[0] == 0.15123456789012 and group.S.tolist() == [TLS[k] for k in TLS if k[0] == "S"]


def test_a_row_out_of_range_is_the_row_of_the_file():
    with pytest.raises(PolystateError) as found:
        records_of_mmcif(cif({}, {"label_seq_id": "-32767"}).encode(), "x.cif")
    assert "atom 2" in found.value.where and "-32767" in found.value.found and found.value.code == "wrong-columns"


def test_models_of_one_number_are_said():
    lines = []
    for dx in (0, 1, 2):
        lines += ["MODEL        1", *residue(1, "ALA", dx=dx), "ENDMDL"]
    _, report = imported(lines)
    assert "model-numbers" in [w.code for w in report.warnings] and report.models == 3


def test_entities_do_not_depend_on_what_an_exporter_adds():
    lines = [
        *residue(1, "GLY"),
        atom_line(5, "S", "SO4", 101, (20, 0, 0), record="HETATM"),
        *residue(1, "ALA", chain="B", dx=40),
    ]
    dep = Deposition(imported(lines)[0])
    content = exported(dep, "pdb")[2].decode()
    assert "SEQRES" not in content  # the file had none
    assert again(dep, "pdb").digest() == again(dep, "mmcif").digest() == dep.digest()
    compound = ["COMPND    MOL_ID: 1;", "COMPND   2 MOLECULE: ANTI-THING;", "COMPND   3 CHAIN: A, B;"]
    hetnam = ["HETNAM     SO4 SULFATE ION"]
    dep = Deposition(imported([*compound, *hetnam, *lines])[0])
    assert dep.hierarchy.text("entities", "description").tolist() == ["ANTI-THING", "SULFATE ION"]
    assert again(dep, "pdb").digest() == dep.digest()


def ensemble(occupancies: list[float], waters: dict[int, float]) -> list[str]:
    lines = []
    for k, occupancy in enumerate(occupancies):
        lines += [f"MODEL     {k + 1:4d}"]
        lines += [atom_line(1, n, "ALA", 1, (x, k, 0), occupancy=occupancy) for x, n in enumerate(("N", "CA", "C"))]
        if k in waters:
            lines.append(atom_line(9, "O", "HOH", 1, (9, k, 1), chain="W", occupancy=waters[k], record="HETATM"))
        lines.append("ENDMDL")
    return lines


def test_occupancies_over_models_are_populations_of_models():
    """As phenix.ensemble_refinement writes them: 1/n in each of n models; a water in two of four."""
    dep = Deposition(imported(ensemble([0.25] * 4, {0: 0.25, 2: 0.25}))[0])
    assert dep.states.count() == 4
    assert dep.descriptors["model"].column("states", "population").tolist() == [0.25] * 4
    assert [int(dep.render(state={"model": str(k)}).present.sum()) for k in (1, 2, 3, 4)] == [4, 3, 4, 3]
    records = exported(dep, "pdb")[0]
    assert set(records.occupancy.tolist()) == {0.25} and again(dep, "pdb").digest() == dep.digest()


def test_populations_of_models_need_not_be_equal():
    dep = Deposition(imported(ensemble([0.6, 0.3, 0.1], {0: 0.3}))[0])
    assert np.allclose(dep.descriptors["model"].column("states", "population"), [0.6, 0.3, 0.1])
    water = (
        dep.descriptors["model"].column("occupancy", "value") if dep.descriptors["model"].table("occupancy") else None
    )
    assert again(dep, "mmcif").digest() == dep.digest()
    assert water is None or 0.5 in water.tolist() or "partial" in dep.descriptors
    thirds = Deposition(imported(ensemble([0.33, 0.33, 0.33], {}))[0])
    assert (
        thirds.states.count() == 3
        and thirds.descriptors["model"].column("states", "population").tolist() == [1 / 3] * 3
    )
    partial = Deposition(imported(ensemble([0.5, 0.5, 0.5], {}))[0])
    assert partial.states.count() > 3  # half of the time in each of three models says nothing of the models


def test_weights_are_given_for_models():
    lines = ensemble([1.0, 1.0], {})
    dep = Deposition(imported(lines, weights=(3, 1))[0])
    assert dep.descriptors["model"].column("states", "population").tolist() == [0.75, 0.25]
    with pytest.raises(PolystateError):
        tree_of_records(records_of_pdb("\n".join(lines).encode()), ImportOptions(weights=(1.0,)))


def ligands(occupancies: tuple[float, float], letters: str = "AB", apart: float = 0.05) -> list[str]:
    """Two ligands in one place, in different residue numbers."""
    lines = residue(1, "GLY")
    for k, (comp, seq) in enumerate((("ATP", 301), ("ADP", 302))):
        lines += [
            atom_line(
                9, name, comp, seq, (20 + x, apart * k, 0), alt=letters[k], occupancy=occupancies[k], record="HETATM"
            )
            for x, name in ((0, "PA"), (1.6, "PB"))
        ]
    return lines


def test_alternatives_of_one_place_exclude_each_other():
    tree, report = imported(ligands((0.62, 0.38)))
    dep = Deposition(tree)
    assert dep.states.count() == 2 and report.sites == {"overlap": 1}
    assert next(w for w in report.warnings if w.code == "overlapping-alternatives").where == ["A/301 ATP and A/302 ADP"]
    assert again(dep, "pdb").digest() == dep.digest()
    apart = Deposition(imported(ligands((0.62, 0.38)), altloc="bonded")[0])
    assert apart.states.count() == 4


@pytest.mark.parametrize(
    ("occupancies", "letters", "apart"),
    [((0.62, 0.5), "AB", 0.05), ((0.62, 0.38), "AA", 0.05), ((0.62, 0.38), "AB", 3.0)],
)
def test_what_shows_no_exclusion_stays_apart(occupancies, letters, apart):
    tree, report = imported(ligands(occupancies, letters, apart))
    assert Deposition(tree).states.count() == 4
    assert ("overlapping-sites" in [w.code for w in report.warnings]) == (apart < 1)


def test_waters_that_leave_room_are_absent_at_times():
    """A 0.43 and B 0.38 of one water: the missing 0.19 is no water."""
    lines = [
        *residue(1, "GLY"),
        *(
            atom_line(9, "O", "HOH", 401, (20, 0.5 * k, 0), alt=letter, occupancy=q, record="HETATM")
            for k, (letter, q) in enumerate((("A", 0.43), ("B", 0.38)))
        ),
    ]
    dep = Deposition(imported(lines)[0])
    d = dep.descriptors["altloc"]
    assert d.table("states")["label"] == ["A", "B", "absent"]
    assert np.allclose(d.column("states", "population"), [0.43, 0.38, 0.19])
    assert not dep.render(state={"altloc/A.401": "absent"}).present[-1]
    assert again(dep, "pdb").digest() == dep.digest() and again(dep, "mmcif").digest() == dep.digest()


def test_populations_that_are_divided_are_said():
    _, report = imported([*residue(1, "GLY"), *residue(2, "SER", {" ": 0.5, "A": 0.5, "B": 0.5})])
    assert report.changed == 15 and report.changes == [
        {"count": 15, "because": "populations divided by their sum 1.5", "where": "A.2: . 0.5, A 0.5, B 0.5"}
    ]


def test_segment_ids_are_listed():
    lines = [line[:72].ljust(72) + "PROA" + line[76:] for line in residue(1, "GLY")]
    _, report = imported(lines)
    assert [loss["count"] for loss in report.losses if loss["what"] == "segment ids"] == [4]
    old = [f"HEADER    HYDROLASE                               07-MAR-91   {'1ABC':14s}"]
    old += [line[:72].ljust(72) + f"1ABC{k:4d}" for k, line in enumerate(residue(1, "GLY"))]
    tree, report = imported(old)
    assert not [loss for loss in report.losses if loss["what"] == "segment ids"]
    assert tree["hierarchy/atoms"].arrays["element"].tolist() == [7, 6, 6, 8]


def test_occupancies_that_are_all_zero_are_said():
    _, report = imported([atom_line(1, "CA", "ALA", 1, (0, 0, 0), occupancy=0.0)])
    assert "no-occupancy" in [w.code for w in report.warnings]


def test_numbers_that_no_molecule_has_are_refused_at_their_record():
    atoms = cif({"Cartn_y": "1e308"})
    with pytest.raises(PolystateError) as found:
        tree_of_records(records_of_mmcif(atoms.encode()))
    assert found.value.code == "out-of-range" and "CA" in found.value.where
    records = records_of_pdb("\n".join(residue(1, "GLY")).encode())
    from polystate_tools.formats.records.records import Assembly

    records.assemblies = [Assembly("1", [np.full((4, 4), np.inf)], [(0, "A")])]
    with pytest.raises(PolystateError) as found:  # an assembly without a copy is another molecule
        tree_of_records(records)
    assert found.value.code == "non-finite" and found.value.where == "assembly 1 operator 1"
