"""Random structure files put to two importers: what is drawn is read by both, and what differs is found."""

from __future__ import annotations

import gemmi
import pytest

from polystate_conformance.selftest import import_differences, planting
from polystate_conformance.selftest.structure_texts import SUFFIXES, drawn

BOTH = pytest.mark.parametrize("format", sorted(SUFFIXES))


def faulty(message):
    """The importer of these tools that makes letters one variable wherever they are."""
    (item,) = [item for item in planting.load() if item.id == "letters-across-the-file"]
    with planting.planted(item):
        return import_differences.ours(message)


@BOTH
def test_an_entry_is_named_by_its_number(format):
    assert drawn(4, format)[1] == drawn(4, format)[1] != drawn(5, format)[1]


@BOTH
def test_gemmi_reads_the_records_that_were_drawn(format):
    made, text = drawn(7, format)
    found = gemmi.read_pdb_string(text) if format == "pdb" else gemmi.make_structure_from_block(
        gemmi.cif.read_string(text).sole_block())  # fmt: skip
    atoms = [(number, residue, atom) for number, model in enumerate(found, 1)
             for chain in model for residue in chain for atom in residue]  # fmt: skip
    rows = [(n, residue.name, residue.seqid.num, atom.name, round(atom.pos.x, 3)) for n, residue, atom in atoms]
    drawn_rows = [(row.model, row.residue.comp, row.residue.number, row.spot.name, row.xyz[0]) for row in made.rows]
    assert sorted(rows) == sorted(drawn_rows)


@BOTH
def test_an_importer_does_not_differ_from_itself(format):
    ours = import_differences.ours
    assert all(import_differences.differences(ours, ours, seed, format) == [] for seed in (1, 2))


def test_a_fault_is_found():
    found = [import_differences.differences(import_differences.ours, faulty, seed, "pdb") for seed in range(6)]
    assert any(line.startswith("count: ") for lines in found for line in lines)


def test_entries_have_many_features_together():
    features = [drawn(seed, format)[0].features for format in SUFFIXES for seed in range(40)]
    assert len(set().union(*features)) > 45
    assert sum(map(len, features)) / len(features) > 10
