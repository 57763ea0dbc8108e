"""Faults that `make fuzz` found, each by what it is about."""

from __future__ import annotations

import struct
import tracemalloc

import gemmi
import h5py
import numpy as np
import pytest
import zstandard

import polystate
from polystate.artifacts.h5md import H5md
from polystate.errors import (
    ArtifactMismatch,
    DanglingRow,
    MissingArray,
    NoPopulation,
    PolystateError,
    SchemaError,
    UnreadableArray,
)
from polystate.store.inflate import unzstd
from polystate_tools.formats.errors import CannotHold, RecordRange
from polystate_tools.formats.exporting import export_bytes
from polystate_tools.formats.mmtf.decoder import decode
from polystate_tools.formats.mmtf.records import records_of_structure
from polystate_tools.formats.options import ExportOptions
from polystate_tools.formats.pdb.entities import set_up_entities
from polystate_tools.report.entry import page
from tests.reference import small
from tests.robustness import seeds
from tests.robustness.targets import opened


def stored(text):
    """The files of a store."""
    return seeds.files_of(polystate.build(text))


@pytest.mark.parametrize("lacking", ["residue", "ins", "element"])
def test_a_deposition_that_nobody_validated_is_exported_or_refused_as_validation_does(lacking):
    tree = dict(polystate.build(small.deposition(2, {"b": small.iadp([1.0, 2.0])})))
    table = "residues" if lacking == "ins" else "atoms"
    group = tree[f"hierarchy/{table}"]
    group.arrays = {name: values for name, values in group.arrays.items() if name != lacking}
    wrong = polystate.Deposition(tree).validate().errors
    assert isinstance(wrong[0], MissingArray)
    for ask in (lambda d: export_bytes(d, "mmcif", ExportOptions()), page):
        with pytest.raises(PolystateError) as caught:
            ask(polystate.Deposition(tree))
        assert (caught.value.where, caught.value.code) in [(error.where, error.code) for error in wrong]


def test_an_array_that_no_rule_looks_into_is_refused_by_what_needs_it():
    """[STO-61] Valid, and without a digest."""
    text = small.deposition(2, {"b": {**small.iadp([1.0, 2.0]), "signal_type": "unknown"}})
    files = stored(text)
    assert opened(files).validate().valid
    files["descriptors/b/b/c/0"] = b"no zstd frame"
    assert opened(files).validate().valid
    with pytest.raises(UnreadableArray):
        opened(files).digest()


@pytest.mark.parametrize("content", ["28b52ffd0004210000010030195153cb1f", "28b52ffd2004210000010000005153cb1f"])
def test_bytes_after_a_zstd_frame_are_refused_whether_or_not_it_says_its_length(content):
    with pytest.raises((ValueError, zstandard.ZstdError)):
        unzstd(bytes.fromhex(content), 1000)
    assert len(unzstd(bytes.fromhex(content)[:-4], 1000)) == 4


@pytest.mark.parametrize("number, columns", [(-999, "-999"), (10_000, "A000"), (2_436_111, "zzzz")])
def test_residue_numbers_of_four_columns_are_written(number, columns):
    """Hybrid-36 from A000 to zzzz, as cctbx has it."""
    content = export_bytes(_numbered(number), "pdb", ExportOptions())[0].decode()
    assert [line[22:26] for line in content.split("\n") if line.startswith("ATOM")] == ["   1", columns]


@pytest.mark.parametrize("number", [-1000, 2_436_112])
def test_residue_numbers_that_four_columns_have_no_room_for_are_named(number):
    with pytest.raises(CannotHold, match="residue number"):
        export_bytes(_numbered(number), "pdb", ExportOptions())


def _numbered(number: int) -> polystate.Deposition:
    text = small.deposition(2, {})
    text["hierarchy"]["residues"]["auth_seq"] = [1, number]
    dep = polystate.Deposition(polystate.build(text))
    assert dep.validate().valid
    return dep


def test_entities_are_those_of_gemmi():
    """`set_up_entities` takes another way to what `setup_entities` makes."""
    lines = seeds.RICH_PDB.split("\n")
    more = [line[:22] + f"{k:4d}" + line[26:] for k in range(4, 9) for line in lines if line.startswith("HETATM   11")]
    text = "\n".join([*lines[:-2], *more, "END", ""])
    ours, theirs = gemmi.read_pdb_string(text), gemmi.read_pdb_string(text)
    set_up_entities(ours)
    theirs.setup_entities()

    def told(structure: gemmi.Structure) -> list:
        residues = [(r.subchain, r.entity_id, r.entity_type) for chain in structure[0] for r in chain]
        return [(e.name, e.entity_type, e.polymer_type, list(e.subchains)) for e in structure.entities] + residues

    assert told(ours) == told(theirs)
    assert len(np.unique([r.subchain for chain in ours[0] for r in chain if r.name == "ZN"])) == 6


def test_columns_of_a_table_that_differ_in_length_are_refused_where_they_are_given():
    """[TXT-19]"""
    text = small.deposition(2, {"b": {**small.iadp([1.0, 2.0]), "tables": {"latents": {"a": [1, 2], "label": ["x"]}}}})
    with pytest.raises(SchemaError, match="of one length"):
        polystate.build(text)


@pytest.mark.parametrize("format", ["mmcif", "pdb", "mmtf"])
@pytest.mark.parametrize("table, column", [("chains", "entity"), ("chains", "label_asym"), ("atoms", "name")])
def test_a_row_far_outside_of_its_table_is_refused_before_anything_is_made_of_it(format, table, column):
    tree = dict(polystate.build(small.deposition(2, {"b": small.iadp([1.0, 2.0])})))
    group = tree[f"hierarchy/{table}"]
    rows = np.array(group.arrays[column])
    rows[0] = 2**30
    group.arrays = {**group.arrays, column: rows}
    tracemalloc.start()
    try:
        with pytest.raises(DanglingRow, match=f"hierarchy/{table}/{column}"):
            export_bytes(polystate.Deposition(tree), format, ExportOptions())
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


def test_a_sequence_index_that_no_residue_number_follows_is_refused():
    structure = decode(seeds.structures("mmtf")[0])
    for last, is_good in ((2**31 - 2, True), (2**31 - 1, False)):
        structure.fields["sequenceIndexList"] = np.full(structure["numGroups"], last, np.int32)
        if is_good:
            assert records_of_structure(structure).label_seq.max() in (2**31 - 1, -1)
        else:
            with pytest.raises(RecordRange, match="sequenceIndexList"):
                records_of_structure(structure)


def without_population() -> polystate.Deposition:
    """Two independent sites, one of which has no state with a population."""
    rows = [(0, "A", -1, 0.0), (1, "B", -1, 0.0)], [(0, "A", -1, 1.0), (1, "B", -1, 0.0)]
    sites = small.sites([{"site": k, "states": states} for k, states in enumerate(rows)])
    dep = polystate.Deposition(polystate.build(small.deposition(2, {"alt": sites})))
    assert dep.validate().valid
    return dep


def test_a_joint_state_that_no_draw_gives_has_no_probability():
    """[RNG-22]"""
    dep = without_population()
    found = list(dep.joint_states())
    assert [state.probability for state in found] == [None, 0.0, None, 0.0]
    with pytest.raises(NoPopulation):
        dep.render(draw=polystate.Draw(1, 0))


def test_observables_of_a_link_that_leads_back_come_to_an_end(tmp_path):
    path = tmp_path / "d.h5md"
    with h5py.File(path, "w") as file:
        file.create_group("particles")
        file.create_group("observables/x")
        for name, target in (("again", "/observables"), ("x/again", "/observables/x"), ("all", "/")):
            file[f"observables/{name}"] = h5py.SoftLink(target)
    with H5md(path) as file:
        assert file.observables() == ({}, {})


@pytest.mark.parametrize("target", ["attribute", "value", "step"])
def test_text_of_h5md_that_says_it_is_larger_than_the_file_is_refused(tmp_path, target):
    path = tmp_path / "d.h5md"
    with h5py.File(path, "w") as file:
        position = file.create_group("particles/all/position")
        position["value"] = np.zeros((1, 2, 3)) if target != "value" else np.full((1, 2, 3), b"12345678", object)
        position["step"] = np.zeros(1, int) if target != "step" else np.full(1, b"12345678", object)
        position.attrs["unit"] = "12345678"
    content = path.read_bytes()
    heap = content.index(b"GCOL")
    text = struct.pack("<IQ", 8, heap)  # its length, and where it is
    assert text in content
    path.write_bytes(content.replace(text, struct.pack("<IQ", 2**31, heap + 8)))
    with pytest.raises(ArtifactMismatch, match="text|numbers"), H5md(path) as file:
        file.position("all")
