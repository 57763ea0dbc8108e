"""The three proposed heterogeneity extensions: read alike, written with a loss list."""

from __future__ import annotations

import numpy as np
import pytest

from polystate.deposition import Deposition
from polystate.errors import IllegalState, PolystateError
from polystate_tools.formats.exporting import ExportOptions, export_bytes
from polystate_tools.formats.importing import tree_of_records
from polystate_tools.formats.mmcif.reader import records_of_mmcif
from polystate_tools.formats.records.records import Records
from tests.tools.formats.examples import apo_bound, mmcif_text

LEGAL = [
    {"het.0/apo-bound": "apo"},
    {"het.0/apo-bound": "bound", "het.1/lig_a-lig_b": "lig_a"},
    {"het.0/apo-bound": "bound", "het.1/lig_a-lig_b": "lig_b"},
]


def read(text: bytes):
    tree, report = tree_of_records(records_of_mmcif(text))
    return Deposition(tree), report


def by_name(dep: Deposition) -> list[dict[str, str]]:
    return [{k if isinstance(k, str) else "/".join(k): v for k, v in joint.items()} for joint in dep.states.legal()]


def written(dep: Deposition, dialect: str):
    return export_bytes(dep, "mmcif", ExportOptions(gaussian="records", het_dialect=dialect))


def test_d1_is_nesting_with_exact_joint_states():
    dep, report = read(mmcif_text(*apo_bound()))
    assert report.dialect == "d1" and dep.validate().valid
    assert by_name(dep) == LEGAL and dep.states.count() == 3
    population = dep.tree["descriptors/het.1"].tables["states"]["population"]
    assert np.allclose(population, [2 / 3, 1 / 3])
    assert dep.render(state={"het.0": "apo"}).present.tolist() == [True, True, True, False, False]
    with pytest.raises(IllegalState):
        dep.render(state={"het.0": "apo", "het.1": "lig_a"})


@pytest.mark.parametrize("dialect", ["d1", "d2", "d3"])
def test_every_dialect_comes_back_with_the_same_joint_states(dialect):
    dep, _ = read(mmcif_text(*apo_bound()))
    text, _ = written(dep, dialect)
    again, report = read(text)
    assert report.dialect == dialect and again.validate().valid
    legal = [{k: v for k, v in joint.items() if not k.startswith("joint")} for joint in by_name(again)]
    assert legal == LEGAL
    for first, second in zip(LEGAL, by_name(again), strict=True):
        one, two = dep.render(state=first), again.render(state=second)
        assert np.array_equal(one.present, two.present)
        assert np.allclose(one.xyz[one.present], two.xyz[two.present], atol=1e-9)
    once_more, _ = read(written(again, dialect)[0])
    assert once_more.digest() == again.digest()


def test_d3_holds_joint_occupancies():
    dep, _ = read(written(read(mmcif_text(*apo_bound()))[0], "d3")[0])
    states = dep.tree["descriptors/joint"].tables["states"]
    assert np.allclose(states["population"], [0.7, 0.2, 0.1])
    text, report = written(dep, "d1")
    assert any(loss["what"] == "joint occupancies" for loss in report.losses)


def test_d3_correlates_residues_that_d1_leaves_independent():
    """Case B: two residues that flip together, as one joint variable over two."""
    names = ["asp_A", "asp_B", "his_A", "his_B"]
    records = Records.of(
        xyz=np.arange(12.0).reshape(4, 3),
        name=["OD1", "OD1", "ND1", "ND1"],
        comp=["ASP", "ASP", "HIS", "HIS"],
        auth_seq=[30, 30, 88, 88],
        altloc=["A", "B"] * 2,
        occupancy=0.5,
        heterogeneity=names,
        element=[8, 8, 7, 7],
    )
    loops = {
        "pdbx_heterogeneity_hierarchy": {
            "id": ["base", *names],
            "name": ["base", *names],
            "parent": [".", *["base"] * 4],
            "details": [""] * 5,
        },
        "pdbx_forbidden_states": {"heterogeneity_id": ["asp_A", "his_A"], "heterogeneity_ids": ["asp_B", "his_B"]},
    }
    assert read(mmcif_text(records, loops))[0].states.count() == 4
    loops |= {
        "pdbx_het_state": {
            "id": ["net_1", "net_2"],
            "occupancy": ["0.5", "0.5"],
            "bundle_id": ["1", "1"],
            "provenance": ["fit", "fit"],
        },
        "pdbx_het_state_members": {
            "het_state_id": ["net_1", "net_1", "net_2", "net_2"],
            "heterogeneity_id": ["asp_A", "his_A", "asp_B", "his_B"],
        },
    }
    dep, report = read(mmcif_text(records, loops))
    assert report.dialect == "d3" and dep.states.count() == 2
    assert dep.tree["descriptors/joint"].tables["states"]["source"] == ["fit", "fit"]


def test_exclusion_across_branches_becomes_a_condition():
    records, loops = apo_bound()
    loops["pdbx_heterogeneity_hierarchy"] = {
        "id": ["base", "apo", "bound", "lig_a", "lig_b"],
        "name": [""] * 5,
        "parent": [".", "base", "base", "base", "base"],
        "details": [""] * 5,
    }
    loops["pdbx_state_coexistence"] = {
        "rule": ["NOT"] * 3,
        "heterogeneity_id": ["apo", "lig_a", "apo"],
        "heterogeneity_ids": ["bound", "lig_b", "lig_a"],
    }
    dep, report = read(mmcif_text(records, loops))
    assert dep.validate().valid
    legal = {tuple(joint.values()) for joint in by_name(dep)}
    assert legal == {("apo", "lig_b"), ("bound", "lig_a"), ("bound", "lig_b")}
    assert [w.code for w in report.warnings] == ["exclusion-across"]


@pytest.mark.parametrize(
    ("column", "row", "value", "found"),
    [("parent", 3, "nowhere", "nowhere"), ("id", 4, "lig_a", "twice"), ("parent", 1, "lig_a", "circle")],
)
def test_a_hierarchy_that_contradicts_itself_is_refused(column, row, value, found):
    records, loops = apo_bound()
    table = loops["pdbx_heterogeneity_hierarchy"]
    table[column][row] = value
    if found == "circle":
        table["parent"][3] = "apo"
    with pytest.raises(PolystateError) as error:
        read(mmcif_text(records, loops))
    assert error.value.code == "heterogeneity-extension" and found in str(error.value)


def test_a_state_that_atoms_have_and_the_hierarchy_has_not_is_refused():
    records, loops = apo_bound()
    whole = apo_bound()[1]["pdbx_heterogeneity_hierarchy"]
    loops["pdbx_heterogeneity_hierarchy"] = {k: v[:4] for k, v in whole.items()}
    loops.pop("pdbx_state_coexistence")
    with pytest.raises(PolystateError) as error:
        read(mmcif_text(records, loops))
    assert error.value.code == "heterogeneity-extension"


def test_the_extension_can_be_left_unread():
    from polystate_tools.formats.importing import ImportOptions

    records = records_of_mmcif(mmcif_text(*apo_bound()))
    tree, report = tree_of_records(records, ImportOptions(het=False))
    assert report.dialect == "" and "descriptors/altloc" in tree


def test_d2_says_what_membership_by_residue_cannot():
    records, loops = apo_bound()
    records.altloc.codes[:] = 0  # every record without a letter
    dep, _ = read(mmcif_text(*apo_bound()))
    _, report = written(dep, "d2")
    assert not any("one residue" in loss["what"] for loss in report.losses)
    with pytest.raises(PolystateError):
        export_bytes(dep, "pdb", ExportOptions(het_dialect="d2"))
