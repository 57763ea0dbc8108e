"""What B and U an export writes, by policy."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest

from polystate.deposition import Deposition
from polystate.numbers.tensors import EIGHT_PI_SQUARED
from polystate.store.tree import Group
from polystate_tools.formats import export_file, import_file
from polystate_tools.formats.importing import tree_of_records
from polystate_tools.formats.records.records import Records
from tests.tools.formats.examples import mmcif_text


def contradicting() -> Records:
    """Three atoms: B that is not 8 pi^2/3 Tr U, B that is, and no B beside U."""
    u = np.array([[0.2, 0.3, 0.4, 0.01, 0.02, 0.03]] * 3)
    return Records.of(
        xyz=np.eye(3),
        name=["N", "CA", "C"],
        comp="ALA",
        element=[7, 6, 6],
        b=np.array([51.5, np.round(EIGHT_PI_SQUARED * 0.3, 2), np.nan]),
        u=u,
    )


@pytest.mark.parametrize("policy", ["marginal", "atomic-only", "refuse"])
@pytest.mark.parametrize("suffix", [".cif", ".pdb"])
def test_b_is_the_trace_of_the_u_beside_it_under_every_policy_but_records(tmp_path, policy, suffix):
    dep = Deposition(tree_of_records(contradicting())[0])
    assert "deposited_b" in dep.tree["descriptors/aadp"].arrays
    export_file(dep, tmp_path / f"x{suffix}", gaussian=policy)
    for atom in (cra.atom for cra in gemmi.read_structure(str(tmp_path / f"x{suffix}"))[0].all()):
        assert atom.aniso.nonzero()
        assert abs(atom.b_iso - EIGHT_PI_SQUARED / 3 * atom.aniso.trace()) < 0.01


def test_records_keeps_a_b_that_contradicts_and_a_b_that_was_not_given(tmp_path):
    (tmp_path / "a.cif").write_bytes(mmcif_text(contradicting(), {}))
    dep = Deposition(import_file(tmp_path / "a.cif")[0])
    export_file(dep, tmp_path / "b.cif", gaussian="records")
    block = gemmi.cif.read(str(tmp_path / "b.cif")).sole_block()
    assert list(block.find_values("_atom_site.B_iso_or_equiv")) == ["51.50", "23.69", "?"]
    assert Deposition(import_file(tmp_path / "b.cif")[0]).digest() == dep.digest()


def test_an_atom_with_b_and_u_rows_of_its_own_has_the_b_of_their_sum(tmp_path):
    tree, _ = tree_of_records(contradicting())
    plain, _ = tree_of_records(Records.of(xyz=np.eye(3), name=["N", "CA", "C"], comp="ALA", b=np.full(3, 20.0)))
    tree["descriptors/iadp"] = plain["descriptors/iadp"]
    for group in (tree["descriptors/iadp"], tree["descriptors/aadp"]):
        group.attributes["adp_content"] = "residual"
    export_file(Deposition(tree), tmp_path / "x.cif")
    atom = next(iter(gemmi.read_structure(str(tmp_path / "x.cif"))[0].all())).atom
    assert abs(atom.b_iso - (20 + EIGHT_PI_SQUARED * 0.3)) < 0.01


def test_a_state_leaves_the_b_of_an_atom_empty_that_nothing_covers(tmp_path):
    tree, _ = tree_of_records(Records.of(xyz=np.eye(3), name=["N", "CA", "C"], comp="ALA", b=np.array([20, 0, np.nan])))
    export_file(Deposition(tree), tmp_path / "x.cif", one_state=True)
    block = gemmi.cif.read(str(tmp_path / "x.cif")).sole_block()
    first, second, last = block.find_values("_atom_site.B_iso_or_equiv")
    assert (round(float(first), 2), float(second), last) == (20, 0, "?")


def test_a_level_is_in_the_records_of_the_states_in_which_it_is_in_force(tmp_path):
    records = Records.of(
        xyz=np.array([[0, 0, 0], [5, 0, 0], [6, 0, 0.0]]), name=["N", "CB", "CB"], comp="ALA",
        altloc=["", "A", "B"], occupancy=np.array([1, 0.6, 0.4]), b=np.full(3, 20.0),
    )  # fmt: skip
    tree, _ = tree_of_records(records)
    conditions = tree["descriptors/iadp"].tables["conditions"]
    tree["descriptors/more"] = Group(
        {**tree["descriptors/iadp"].attributes, "id": "more", "active_when": 1},
        {"atom_id": np.array([1], "u4"), "b": np.array([5.0]), "condition": np.array([-1], "i4")},
        {"conditions": conditions},
    )
    export_file(Deposition(tree), tmp_path / "x.cif")
    model = gemmi.read_structure(str(tmp_path / "x.cif"))[0]
    found = [(cra.atom.name, cra.atom.altloc, round(cra.atom.occ, 2), round(cra.atom.b_iso, 2)) for cra in model.all()]
    assert found == [("N", "A", 0.6, 20), ("N", "B", 0.4, 25), ("CB", "A", 0.6, 20), ("CB", "B", 0.4, 20)]
