"""MMTF as a deposition and back: alternates, microheterogeneity, bundles, assemblies, states and B."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import polystate
from polystate_tools.formats import import_file, mmtf
from polystate_tools.formats.errors import BadOption, CannotHold, NoAtoms
from polystate_tools.formats.importing import tree_of_records
from polystate_tools.formats.mmcif.reader import records_of_mmcif
from polystate_tools.formats.mmtf.from_records import mmtf_of_records, structure_of_records
from polystate_tools.formats.mmtf.records import records_of_structure
from polystate_tools.formats.records.text import Text
from polystate_tools.formats.report import ExportReport
from tests.tools.formats.mmtf.mmtf_samples import dipeptide
from tests.tools.formats.mmtf.through_records import mmtf_of_deposition, tree_of_mmtf

ENTRIES = "173D 1AA6 1BNA 1CAG 1IGT 1LPV 1MSH 1R9V 1SKM 3NJW 3NJW-onlyrequired 4CK4 4CUP 4OPJ 5EMG".split()


def with_alternates() -> mmtf.Structure:
    """The dipeptide with the CB of ALA in two alternates, and a third model-free extra: B by alternate."""
    made = dipeptide()
    ala = made["groupList"][1]
    for name, value in (("atomNameList", "CB"), ("elementList", "C"), ("formalChargeList", 0)):
        ala[name] = [*ala[name], value]
    for name, value in (
        ("xCoordList", 7.5),
        ("yCoordList", 8),
        ("zCoordList", -8),
        ("occupancyList", 0.25),
        ("bFactorList", 20),
        ("altLocList", 66),
        ("atomIdList", 11),
    ):
        made.fields[name] = np.insert(made[name], 9, value)
    made.fields["altLocList"] = np.array([32, 0, 0, 0, 0, 0, 0, 0, 65, 66, 0], np.uint8)
    made.fields["occupancyList"] = np.array([1, 1, 1, 1, 1, 1, 1, 1, 0.75, 0.25, 1], np.float32)
    made.fields["numAtoms"] = 11
    return made


def test_an_alternate_becomes_a_state_with_its_own_b() -> None:
    tree, report = tree_of_mmtf(mmtf.encode(with_alternates()))
    dep = polystate.Deposition(tree)
    assert dep.validate().valid
    assert (report.atoms, report.alternates) == (10, 1)
    assert dep.states.count() == 2
    xyz = {}
    for letter in "AB":
        data, _ = mmtf_of_deposition(dep, state={"altloc/A.2A": letter})
        made = mmtf.decode(data)
        assert made["numAtoms"] == 10
        xyz[letter] = (float(made["xCoordList"][8]), float(made["bFactorList"][8]))
    assert xyz == {"A": (6.0, 12.5), "B": (7.5, 20.0)}
    assert [entry["what"] for entry in report.losses if entry["what"].startswith("field")] == [
        "field atomIdList",
        "field secStructList",
        "field depositionDate",
        "field releaseDate",
        "field rFree",
        "field rWork",
    ]


def test_everything_beside_the_atoms_is_kept() -> None:
    records = records_of_structure(dipeptide())
    assert records.cell == (10.0, 12.0, 30.0, 90.0, 90.0, 120.0)
    assert [entity.sequence for entity in records.entities] == ["GLY ALA", ""]
    assert records.label_seq.tolist() == [1] * 4 + [2] * 5 + [-1]
    assert (records.resolution, records.method) == (2.5, "X-RAY DIFFRACTION")
    assert records.assemblies[0].pairs == [(0, "A"), (0, "B")]
    assert len(records.ncs) == 1
    assert records.bonds[:3].tolist() == [[1, 0, 1], [2, 1, 1], [3, 2, 2]]
    assert records.charge[0] == 1
    assert records.xyz[2].tolist() == [40.75, 2.0, -2.0]
    back = structure_of_records(records, ExportReport())
    same = mmtf.differences(dipeptide(), back)
    assert set(same) == {
        "mmtfProducer", "depositionDate", "releaseDate", "rFree", "rWork", "secStructList", "title", "groupList",
    } - {"title"}  # fmt: skip


def test_a_space_group_that_is_no_symbol_is_listed_and_left_out() -> None:
    for stated, kept in (("P 61", "P 61"), ("P61", "P 61"), ("x", ""), ("P$21 21 21", "")):
        made = dipeptide()
        made.fields["spaceGroup"] = stated
        records = records_of_structure(made)
        assert records.space_group == kept
        assert [note["because"].endswith(stated) for note in records.notes if note["what"] == "space group"] == (
            [] if kept else [True]
        )


def test_an_unobserved_residue_is_expanded_from_its_letter() -> None:
    made = dipeptide()
    made["entityList"][0]["sequence"] = "GAWX"
    assert records_of_structure(made).entities[0].sequence == "GLY ALA TRP UNK"


def test_the_reference_and_a_deposition_without_b() -> None:
    made = dipeptide()
    del made.fields["bFactorList"]
    dep = polystate.Deposition(tree_of_mmtf(mmtf.encode(made))[0])
    back = mmtf.decode(mmtf_of_deposition(dep, reference=True)[0])
    assert "bFactorList" not in back
    assert mmtf.equal(back["xCoordList"], made["xCoordList"])
    with pytest.raises(BadOption):
        mmtf_of_deposition(dep, reference=True, at={"model": 0})


def test_orders_of_bonds_are_written_where_those_of_others_are_not_known() -> None:
    records = records_of_structure(dipeptide())
    records.bonds = np.array([[1, 0, 5], [2, 1, 2], [4, 2, 0], [5, 3, 3]], np.int32)
    report = ExportReport()
    back = structure_of_records(records, report)
    assert back["groupList"][0]["bondOrderList"] == [-1, 2]
    assert back["bondOrderList"].tolist() == [-1, 3]
    assert [loss["what"] for loss in report.losses] == ["aromatic bonds"]
    draft = ExportReport()
    assert "bondOrderList" not in structure_of_records(records, draft, "draft")
    assert [loss["what"] for loss in draft.losses] == ["aromatic bonds", "bond orders"]


def test_what_cannot_be_written_or_read_is_refused() -> None:
    records = records_of_structure(dipeptide())
    records.altloc = Text.of(["AA"] + [""] * 9)
    with pytest.raises(CannotHold, match="altLocList"):
        structure_of_records(records, ExportReport())
    records = records_of_structure(dipeptide())
    records.label_asym = Text.of(["CHAIN"] * 10)
    with pytest.raises(CannotHold, match="chainIdList"):
        mmtf_of_records(records, ExportReport())
    empty = mmtf.Structure({"numAtoms": 0})
    with pytest.raises(NoAtoms):
        records_of_structure(empty)


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_deposition_comes_back(real: Path, entry: str) -> None:
    data = (real / f"v1.0/{entry}.mmtf").read_bytes()
    dep = polystate.Deposition(tree_of_mmtf(data, entry)[0])
    assert dep.validate().valid
    for dialect in ("1.0", "draft"):
        written, report = mmtf_of_deposition(dep, dialect=dialect)
        again = polystate.Deposition(tree_of_mmtf(written)[0])
        assert dep.digest() == again.digest(), (dialect, report.losses)


@pytest.mark.parametrize("entry", ["3NJW", "4CUP", "4OPJ"])
def test_both_dialects_give_one_deposition(real: Path, entry: str) -> None:
    old, new = (tree_of_mmtf((real / f"{d}/{entry}.mmtf").read_bytes())[0] for d in ("draft-0.1", "v1.0"))
    assert old.keys() == new.keys()
    for path in ("reference", "hierarchy/atoms", "hierarchy/residues", "hierarchy/chains"):
        for name, values in new[path].arrays.items():
            if name != "charge":  # the draft's files have other charges
                assert np.array_equal(values, old[path].arrays[name]), (path, name)


def test_microheterogeneity_is_a_compositional_descriptor(real: Path) -> None:
    tree, _ = tree_of_mmtf((real / "v1.0/4CK4.mmtf").read_bytes())
    dep = polystate.Deposition(tree)
    residues = tree["hierarchy/residues"].arrays
    shared = np.flatnonzero(residues["position"] != np.arange(len(residues["position"])))
    assert len(shared)
    comps = dep.hierarchy.text("residues", "comp")
    position = residues["position"][shared[0]]
    assert comps[shared[0]] != comps[position]
    site = f"altloc/A.{residues['auth_seq'][position]}"
    present = []
    for row in dep.describe()["descriptors"]:
        if row["id"] == "altloc":
            assert row["signal_type"] == "categorical_state"
    of_residue = dep.hierarchy.of_atoms("residue")
    for letter in "AB":
        snapshot = dep.render(state={site: letter})
        present.append([bool(snapshot.present[of_residue == r].any()) for r in (position, shared[0])])
    assert sorted(present) == [[False, True], [True, False]]


def test_a_missing_chain_is_absent_in_its_model_only(real: Path) -> None:
    tree, report = tree_of_mmtf((real / "v1.0/1MSH.mmtf").read_bytes())
    dep = polystate.Deposition(tree)
    assert report.models == 30
    chain = dep.hierarchy.of_atoms("chain")
    assert set(chain.tolist()) == {0, 1}
    for model in range(30):
        present = dep.render(at={"model": model}).present
        # the last model has 67 of 72 residues of chain A, 1037 of 1111 atoms, and nothing of chain B
        assert present[chain == 0].sum() == (1111 if model < 29 else 1037)
        assert present[chain == 1].sum() == (1111 if model < 29 else 0)


def test_mmtf_and_mmcif_of_an_entry_agree(real: Path) -> None:
    cif = real.parent / "tls" / "4CUP.cif"
    theirs, _ = tree_of_records(records_of_mmcif(cif.read_bytes()))
    ours, _ = tree_of_mmtf((real / "v1.0/4CUP.mmtf").read_bytes())
    for path in ("hierarchy/atoms", "hierarchy/residues", "hierarchy/chains"):
        for name, values in theirs[path].arrays.items():
            if name == "charge":  # MMTF has those of the chemical component dictionary, this mmCIF has none
                continue
            assert np.array_equal(values, ours[path].arrays[name]), (path, name)
    assert np.array_equal(theirs["reference"].arrays["x_ref"], ours["reference"].arrays["x_ref"])
    for table, columns in theirs["descriptors/altloc"].tables.items():
        for name, values in columns.items():
            assert np.array_equal(values, ours["descriptors/altloc"].tables[table][name]), (table, name)


def test_the_import_of_every_format_reads_mmtf(real: Path) -> None:
    tree, report = import_file(real / "v1.0/3NJW.mmtf")
    assert (report.format, report.atoms) == ("mmtf", 169)
    assert polystate.Deposition(tree).n_atoms == 169
