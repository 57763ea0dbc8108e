"""Real entries: everything counted, one digest after a round trip, U as gemmi has it."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest

from polystate.deposition import Deposition
from polystate.numbers.tensors import six_components
from polystate_tools.formats import export_file, import_file
from polystate_tools.formats.opening.files import read_input
from tests.tools.formats.examples import OPTIONS, structures


def gemmi_records(path) -> int:
    """How many atom records gemmi reads."""
    file = read_input(path)
    if file.format == "pdb":
        structure = gemmi.read_pdb_string(file.content.decode("latin-1"))
    else:
        structure = gemmi.make_structure_from_block(gemmi.cif.read_string(file.content.decode()).sole_block())
    return sum(len(r) for m in structure for c in m for r in c)


@pytest.mark.parametrize("name", structures("altloc", "echt", "nmr", "tls"))
def test_every_record_is_kept_and_comes_back_with_the_same_digest(name, shared_data, tmp_path):
    tree, report = import_file(shared_data / name, **OPTIONS.get(name, {}))
    dep = Deposition(tree)
    assert report.kept + report.refused == report.read
    assert report.atoms + report.alternates == report.kept
    if not name.endswith((".bcif", ".bcif.gz")):
        assert report.read == gemmi_records(shared_data / name)
    found = dep.validate()
    assert found.valid, found.errors
    export_file(dep, tmp_path / "again.cif", gaussian="records")
    again, _ = import_file(tmp_path / "again.cif", **OPTIONS.get(name, {}))
    assert Deposition(again).digest() == dep.digest()
    if name.endswith(".pdb"):
        export_file(dep, tmp_path / "again.pdb", gaussian="records")
        again, _ = import_file(tmp_path / "again.pdb", **OPTIONS.get(name, {}))
        assert Deposition(again).digest() == dep.digest()


@pytest.mark.parametrize(("text", "binary"), [("3JQH.cif", "3jqh.bcif.gz"), ("4i39.cif", "4i39.bcif")])
def test_binary_cif_says_what_the_text_says(text, binary, shared_data):
    pytest.importorskip("biotite")
    one, two = (Deposition(import_file(shared_data / "altloc" / name)[0]) for name in (text, binary))
    assert one.digest() == two.digest()


@pytest.mark.parametrize("name", ["echt/6vxx.pdb", "echt/7k3t-prepared-H.pdb", "altloc/1ejg.pdb", "nmr/1LCD.cif"])
@pytest.mark.parametrize("suffix", [".cif", ".pdb"])
def test_coordinates_and_u_survive_export(name, suffix, shared_data, tmp_path):
    one = Deposition(import_file(shared_data / name)[0])
    export_file(one, tmp_path / f"again{suffix}")
    two = Deposition(import_file(tmp_path / f"again{suffix}")[0])
    assert np.abs(one.x_ref - two.x_ref).max() < 0.0005
    assert np.abs(one.covariance() - two.covariance()).max() < 0.00005
    assert str(one.states.count()) == str(two.states.count())


@pytest.mark.parametrize("name", [*structures("tls"), "altloc/5g27.cif"])
def test_tls_is_what_gemmi_calculates(name, shared_data):
    """`calculate_u_from_tls` of gemmi on its own reading of the file, 1e-6 Å²."""
    file = read_input(shared_data / name)
    dep = Deposition(import_file(shared_data / name, **OPTIONS.get(name, {}))[0])
    tls = dep.descriptors["tls"]
    from polystate_tools.formats.importing import records_of_file

    groups = {g.id: g for g in records_of_file(file).tls.groups}
    ours = six_components(dep.covariance(levels=["tls"]))
    worst = 0.0
    for label, group_id in enumerate(tls.label_names):
        group = groups[group_id]
        theirs = gemmi.TlsGroup()
        theirs.origin = gemmi.Position(*group.origin)
        theirs.T = gemmi.SMat33d(*group.T)
        theirs.L = gemmi.SMat33d(*group.L)
        theirs.S = gemmi.Mat33(group.S.reshape(3, 3).tolist())
        for row in np.flatnonzero(tls.label_of_atom == label):
            u = gemmi.calculate_u_from_tls(theirs, gemmi.Position(*dep.x_ref[row]))
            worst = max(worst, np.abs(np.array(u.elements_pdb()) - ours[row]).max())
    assert worst < 1e-6


def test_the_header_of_3p3w_is_contradicted_by_its_anisou(shared_data):
    _, report = import_file(shared_data / "tls/3p3w.pdb")
    assert report.adp["declared"] == "residual"
    assert report.adp["shown_by_anisou"] == "total" == report.adp["used"]
    assert report.adp["exact_within_0.001"] == 1.0
    assert any(w.code == "adp-content-disputed" for w in report.warnings)


def test_total_b_factors_are_counted_once(shared_data):
    """U_total of a file whose ANISOU are totals is the ANISOU."""
    file = read_input(shared_data / "tls/3dg1_final.cif")
    from polystate_tools.formats.importing import records_of_file

    records = records_of_file(file)
    dep = Deposition(import_file(shared_data / "tls/3dg1_final.cif")[0])
    u = six_components(dep.covariance())
    rows = np.flatnonzero(records.has_u)
    assert np.abs(u[rows] - records.u[rows]).max() < 1e-7


def test_microheterogeneity_is_residues_at_one_position(shared_data):
    tree, _ = import_file(shared_data / "altloc/1ejg.pdb")
    dep = Deposition(tree)
    position = dep.hierarchy.column("residues", "position")
    comps = dep.hierarchy.text("residues", "comp")
    pairs = {tuple(sorted(comps[np.flatnonzero(position == p)])) for p in set(position) if (position == p).sum() > 1}
    assert pairs == {("PRO", "SER"), ("ILE", "LEU")}
    # the two positions are bonded through a chain of alternates or on their own; each has the letters A, B, C
    labels = [str(x) for x in dep.states.dag.state_labels(dep.states.variable("altloc/A.22"))]
    assert labels == ["A", "B", "C"]


def test_the_bundle_of_1lcd_has_atoms_that_some_models_lack(shared_data):
    tree, report = import_file(shared_data / "nmr/1LCD.cif")
    dep = Deposition(tree)
    assert report.models == 3
    counts = [int(s.present.sum()) for s in dep.iterate("model")]
    assert counts == sorted(counts) or len(set(counts)) > 1
    assert sum(counts) == report.kept
