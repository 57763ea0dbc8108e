"""Faults that `make fuzz` found, each by what it is about."""

from __future__ import annotations

import struct
import tracemalloc

import gemmi
import h5py
import msgpack
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
from polystate_tools.formats.errors import CannotHold, NoAtoms, RecordRange, UnreadableFile
from polystate_tools.formats.exporting import export_bytes
from polystate_tools.formats.importing import records_of_file
from polystate_tools.formats.mmtf.decoder import decode
from polystate_tools.formats.mmtf.records import records_of_structure
from polystate_tools.formats.opening.files import InputFile
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


@pytest.mark.parametrize("format", ["pdb", "mmcif", "bcif", "mmtf"])
def test_a_state_without_atoms_is_a_file_without_atoms(format):
    if format == "bcif":
        pytest.importorskip("biotite")
    sites = small.sites([{"site": 0, "states": [(0, "there", -1, 0.4), (1, "absent", -1, 0.6)]}])
    sites["tables"]["absent"] = {"site": [0], "state": [1], "atom_id": [1]}
    dep = polystate.Deposition(polystate.build(small.deposition(1, {"alt": sites})))
    assert dep.validate().valid and not dep.render().present.any()
    content, report = export_bytes(dep, format, ExportOptions(one_state=True))
    assert report.records == 0
    with pytest.raises(NoAtoms):
        records_of_file(InputFile(f"x.{format}", content, "0" * 64, format))


@pytest.mark.parametrize("part", ["data", "mask"])
def test_a_column_of_binarycif_with_fewer_values_than_atoms_is_refused_by_name(part):
    pytest.importorskip("biotite")
    tree = msgpack.unpackb(seeds.structures("bcif")[0])
    categories = {category["name"]: category["columns"] for category in tree["dataBlocks"][0]["categories"]}
    column = next(column for column in categories["_atom_site"] if column["name"] == "type_symbol")
    bytes_of_two = {"data": b"\0\0", "encoding": [{"kind": "ByteArray", "type": 4}]}
    column[part] = categories["_struct_asym"][0]["data"] if part == "data" else bytes_of_two
    with pytest.raises(UnreadableFile, match="type_symbol"):
        records_of_file(InputFile("x.bcif", msgpack.packb(tree), "0" * 64, "bcif"))


def test_moments_of_a_variable_of_three_parents_with_more_values_than_all_others():
    """y where p = b, q = a and s = a, z where s = b, x always: 0.42 · (5/7) · (0.5 · 1 Å + 0.5 · 2 Å)."""
    a_or_b = {name: [(0, "a", -1, 1 - p), (1, "b", -1, p)] for name, p in (("p", 0.6), ("q", 0.3), ("s", 0.5))}
    made = {
        name: {**small.sites([{"site": 0, "states": states}], key), "scope": {"level": "deposition"}}
        for key, (name, states) in enumerate(a_or_b.items(), 1)
    }
    made["r"] = small.sites([{"site": 0, "states": [(0, "x", -1, 0.2), (1, "y", 0, 0.5), (2, "z", 1, 0.5)]}], 4)
    made["r"]["algebra"] = "nested_under"
    holds = [(number, name, 0, state) for number in (0, 1) for name, state in (("p", 1), ("q", 0), ("s", number))]
    made["r"]["tables"] |= {
        "conditions": small.conditions(holds),
        "deltas": {
            "site": [0, 0],
            "state": [1, 2],
            "atom_id": [1, 1],
            "dx": [1.0, 2.0],
            "dy": [0.0] * 2,
            "dz": [0.0] * 2,
        },
    }
    dep = polystate.Deposition(polystate.build(small.deposition(2, made)))
    assert dep.validate().valid
    np.testing.assert_allclose(dep.moments().mean - dep.x_ref, [[0.45, 0, 0], [0, 0, 0]], atol=1e-12)


@pytest.mark.parametrize("ask", ["iterate", "joint_states", "variables"])
def test_what_is_made_one_after_the_other_is_refused_as_validation_does(ask):
    text = small.deposition(2, {"d": small.sites([{"site": 0, "states": [(0, "A", 0, 0.5), (1, "B", 0, 0.5)]}])})
    if ask == "iterate":
        text["axes"] = {"frame": {"length": ".."}}
    tree = dict(polystate.build(text))
    if ask != "iterate":
        table = tree["descriptors/d"].tables["states"]
        tree["descriptors/d"].tables = {"states": {n: v for n, v in table.items() if n != "state"}}
    wrong = polystate.Deposition(tree).validate().errors
    assert wrong
    with pytest.raises(PolystateError) as caught:
        list(getattr(polystate.Deposition(tree), ask)(*["frame"] * (ask == "iterate")))
    assert (caught.value.where, caught.value.code) in [(error.where, error.code) for error in wrong]
