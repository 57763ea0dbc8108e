"""What eighty columns cannot say is refused, renamed or listed, never written into the next column."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from polystate.deposition import Deposition
from polystate.errors import PolystateError
from polystate_tools.formats.exporting import ExportOptions, export_bytes
from polystate_tools.formats.importing import tree_of_records
from polystate_tools.formats.pdb.reader import records_of_pdb
from polystate_tools.formats.pdb.writer import pdb_of_records
from polystate_tools.formats.records.records import Assembly, Entity, NcsOperator, Records, TlsGroup, TlsRecords
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.tls.selections import selected

KEPT = np.array([[1.5, 2.25, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
SHIFT = np.eye(4)
SHIFT[0, 3] = -1000.0
FAR = np.eye(4)
FAR[2, 3] = -1e8


def three_atoms(**columns) -> Records:
    texts = {"name": ["N", "CA", "C"], "comp": "ALA", "auth_asym": "A", "label_asym": "A", "element": [7, 6, 6]}
    numbers = {"xyz": KEPT, "auth_seq": [1, 2, 3], "b": [20.0, 21.0, 22.0]}
    return Records.of(**{**texts, **numbers, **columns})


def written(records: Records) -> tuple[str, dict[str, str]]:
    """The text, and losses by what."""
    report = ExportReport(gaussian="records")
    text = pdb_of_records(records, report)
    return text, {loss["what"]: loss["because"] for loss in report.losses}


def test_rounding_is_listed_with_its_size():
    cell = (20.12345, 30.0, 40.0, 90.0, 90.004, 90.0)
    records = three_atoms(xyz=KEPT + [[0.0004, 0, 0], [0, 0, 0], [0, 0.0001, 0]], occupancy=[0.333, 1, 1])
    records = replace(records, b=np.array([12.3456, 1.0, np.nan]), cell=cell, space_group="P 1")
    text, losses = written(records)
    assert losses["x, y, z"] == "rounded to 0.001 Å, by at most 0.0004 Å"
    assert losses["occupancy"] == "rounded to 0.01, by at most 0.003"
    assert losses["B"] == "rounded to 0.01 Å², by at most 0.0044 Å²"
    assert losses["cell lengths"].endswith("0.00045 Å") and losses["cell angles"].endswith("0.004°")
    assert "LOSS x, y, z (2)" in text


def test_what_fits_is_not_listed():
    _, losses = written(three_atoms(occupancy=[0.33, 0.5, 1.0]))
    assert list(losses) == ["label_asym ids and entity ids"]


def test_b_beyond_its_columns_is_cut_and_listed():
    text, losses = written(three_atoms(b=[-123.45, 12345.6, 5.0]))
    assert losses["B below -99.99"] == "written as -99.99" and losses["B above 999.99"] == "written as 999.99"
    atoms = [line for line in text.split("\n") if line.startswith("ATOM")]
    assert [line[60:66] for line in atoms] == ["-99.99", "999.99", "  5.00"] and {len(line) for line in atoms} == {80}


@pytest.mark.parametrize(
    ("what", "records"),
    [
        ("residue type", three_atoms(comp="A1AA6")),
        ("U", three_atoms(u=np.tile([1000.0, 1, 1, 0, 0, 0], (3, 1)), has_u=True)),
        ("occupancy", three_atoms(occupancy=[1000.0, 1, 1])),
        ("cell length", replace(three_atoms(), cell=(100000.0, 1, 1, 90, 90, 90))),
        ("space group", replace(three_atoms(), cell=(10.0, 10, 10, 90, 90, 90), space_group="I 41/a m d :1")),
        ("operator translation", replace(three_atoms(), ncs=[NcsOperator(SHIFT)])),
        ("operator translation of an assembly", replace(three_atoms(), assemblies=[Assembly("1", [FAR], [(0, "A")])])),
    ],
)
def test_what_has_no_room_is_refused(what, records):
    records = replace(records, entities=[Entity("1", "polymer", "", "ALA A1AA6 GLY")])
    with pytest.raises(PolystateError) as found:
        written(records)
    assert found.value.code == "cannot-hold" and found.value.where == what


def test_a_sequence_without_room_is_left_out_and_listed():
    entity = Entity("1", "polymer", "", "ALA A1AA6 GLY")
    text, losses = written(replace(three_atoms(entity="1"), entities=[entity]))
    assert "\nSEQRES" not in text and "A1AA6" in losses["sequence of entity 1"]


@pytest.mark.parametrize("selection", ["{0} 1 - {0} 2", "chain {0} and resid 1:2", "{{ {0}|1 - {0}|2 }}"])
@pytest.mark.parametrize("chain", ["A", "AA", "AAA", "HEAVY"])
def test_tls_selections_follow_their_chains(chain, selection):
    group = TlsGroup(
        "1", np.full(6, 0.1), np.ones(6), np.zeros(9), np.array([1.0, -1000.0, 3.0]), selection.format(chain)
    )
    records = replace(three_atoms(auth_asym=chain), tls=TlsRecords([group], "REFMAC", "residual"))
    dep = Deposition(tree_of_records(records)[0])
    text, _ = export_bytes(dep, "pdb", ExportOptions(gaussian="records"))
    again = records_of_pdb(text)
    assert selected(again, again.tls.groups[0].selection).tolist() == [True, True, False]
    assert np.array_equal(again.tls.groups[0].origin, group.origin)
    found = Deposition(tree_of_records(again)[0])
    assert np.allclose(found.covariance(), dep.covariance(), atol=1e-5)


def test_a_range_of_the_chain_of_no_name_comes_back():
    group = TlsGroup("1", np.full(6, 0.1), np.ones(6), np.zeros(9), np.ones(3), "1 - 2")
    records = replace(three_atoms(auth_asym=""), tls=TlsRecords([group], "REFMAC", "residual"))
    dep = Deposition(tree_of_records(records)[0])
    again = records_of_pdb(export_bytes(dep, "pdb", ExportOptions(gaussian="records"))[0])
    assert again.tls.groups[0].selection == "1 - 2"
    assert selected(again, "1 - 2").tolist() == [True, True, False]
