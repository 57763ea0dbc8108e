"""Two residue types at one position without altlocs exclude each other, and say so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from polystate.deposition import Deposition
from polystate_tools.formats.exporting import ExportOptions, export_bytes
from polystate_tools.formats.importing import ImportOptions, tree_of_records
from polystate_tools.formats.mmcif.reader import records_of_mmcif
from polystate_tools.formats.pdb.reader import records_of_pdb
from polystate_tools.formats.records.records import Records
from tests.tools.formats.pdb_text import atom_line

NAMES = ["N", "CA", "C"]


def chain(*residues: tuple[int, str, float, str], model: int = 1) -> Records:
    """Residues of three atoms. residues: number, type, occupancy, altloc."""
    seq, comp, occupancy, altloc = (np.repeat(np.array(column), 3) for column in zip(*residues, strict=True))
    n = len(seq)
    return Records.of(
        xyz=np.arange(3 * n, dtype=float).reshape(n, 3) % 97,
        model=model,
        name=NAMES * (n // 3),
        comp=comp.tolist(),
        altloc=altloc.tolist(),
        label_seq=seq,
        auth_seq=seq,
        occupancy=occupancy,
        b=20.0,
        element=[7, 6, 6] * (n // 3),
    )


def imported(records: Records, **options):
    tree, report = tree_of_records(records, ImportOptions(**options))
    dep = Deposition(tree)
    assert dep.validate().valid
    return dep, report, {w.code: w.where for w in report.warnings}


def test_types_without_letters_are_states_of_one_variable():
    dep, report, warned = imported(
        chain((1, "ALA", 1, ""), (2, "ALA", 0.6, ""), (2, "SER", 0.4, ""), (3, "ALA", 1, ""))
    )
    assert warned["unlettered-types"] == ["A/2 ALA is A", "A/2 SER is B"]
    states = dep.tree["descriptors/altloc"].tables["states"]
    assert states["label"] == ["A", "B"] and np.allclose(states["population"], [0.6, 0.4])
    assert "descriptors/partial" not in dep.tree and str(dep.states.count()) == "2"
    position = dep.hierarchy.column("residues", "position")
    assert position[1] == position[2] and len(set(position)) == 3
    comps = dep.hierarchy.text("residues", "comp")[dep.hierarchy.of_atoms("residue")]
    for state in dep.states.legal():
        there = set(comps[dep.render(state=state).present][3:-3])
        assert there == ({"ALA"} if state["altloc/A.2"] == "A" else {"SER"})
    text, _ = export_bytes(dep, "mmcif", ExportOptions(gaussian="records"))
    assert imported(records_of_mmcif(text))[0].digest() == dep.digest()


def test_neighbours_stay_independent_and_letters_of_the_file_are_left_to_it():
    records = chain(
        (1, "ALA", 0.6, ""), (1, "SER", 0.4, ""), (2, "GLY", 0.5, ""), (2, "VAL", 0.5, ""), (5, "ILE", 0.5, "A")
    )
    dep, _, warned = imported(records)
    assert warned["unlettered-types"] == ["A/1 ALA is B", "A/1 SER is C", "A/2 GLY is D", "A/2 VAL is E"]
    assert str(dep.states.count()) == "8"


def test_a_type_without_a_letter_excludes_one_with_a_letter():
    dep, _, warned = imported(chain((1, "ALA", 0.6, ""), (1, "SER", 0.4, "B")))
    assert warned["unlettered-types"] == ["A/1 ALA is A"]
    assert dep.tree["descriptors/altloc"].tables["states"]["label"] == ["A", "B"]


def test_types_that_are_there_at_the_same_time_are_told():
    dep, _, warned = imported(chain((1, "ALA", 1, ""), (1, "SER", 1, "")))
    assert warned["overlapping-types"] == ["A/1 ALA", "A/1 SER"] and str(dep.states.count()) == "1"


def test_a_type_that_changes_between_models_is_no_alternate():
    from polystate_tools.formats.unbuilding.unbuild import joined

    records = joined([chain((1, "ALA", 1, "")), chain((1, "SER", 1, ""), model=2)])
    assert not {"unlettered-types", "overlapping-types"} & set(imported(records)[2])


def test_a_pdb_file_says_the_same():
    lines = [
        atom_line(k + 1, name, comp, seq, (k, seq, 0.5), occupancy=occupancy, element=name[0])
        for k, (name, comp, seq, occupancy) in enumerate(
            (name, *residue)
            for residue in (("ALA", 1, 1.0), ("ALA", 2, 0.6), ("SER", 2, 0.4), ("ALA", 3, 1.0))
            for name in NAMES
        )
    ]
    dep, _, warned = imported(records_of_pdb("\n".join([*lines, "END", ""]).encode()))
    assert warned["unlettered-types"] == ["A/2 ALA is A", "A/2 SER is B"] and str(dep.states.count()) == "2"
    text, _ = export_bytes(dep, "pdb", ExportOptions(gaussian="records"))
    assert imported(records_of_pdb(text))[0].digest() == dep.digest()


@pytest.mark.parametrize("choice", ["altloc", "none"])
def test_what_has_no_number_or_one_type_is_left_alone(choice):
    records = chain((1, "ALA", 0.6, "A"), (1, "SER", 0.4, "B"))
    if choice == "none":
        records = replace(chain((1, "ALA", 0.5, ""), (1, "SER", 0.5, "")), label_seq=np.full(6, -1, np.int32))
    assert not {"unlettered-types", "overlapping-types"} & set(imported(records)[2])
