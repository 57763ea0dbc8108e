"""Numbers of any length come back from mmCIF to the last bit; text stays as short as it can be."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polystate.deposition import Deposition
from polystate_tools.formats import export_file, import_file
from polystate_tools.formats.records.numbers import texts
from polystate_tools.formats.unbuilding.restored import moved_from, with_few_decimals
from tests.tools.formats.cif_text import anisotropic, cif, imported

NUMBERS = st.one_of(
    st.floats(-9999, 9999),
    st.integers(-9_999_999, 9_999_999).map(lambda n: n / 1000),
    st.floats(-1e-9, 1e-9),
)


def again(tmp_path, dep: Deposition) -> Deposition:
    export_file(dep, tmp_path / "again.cif", gaussian="records", overwrite=True)
    return Deposition(import_file(tmp_path / "again.cif")[0])


@given(st.lists(NUMBERS, min_size=1, max_size=6))
def test_texts_read_back_to_the_last_bit(values):
    array = np.array(values)
    assert np.array_equal([float(text) for text in texts(array, 3)], array)


def test_texts_are_short_and_of_one_width_where_they_can_be():
    assert texts(np.array([1.5, 2.25, -0.0, np.nan]), 3) == ["1.500", "2.250", "0.000", "?"]
    assert texts(np.array([1.5, 2.00005]), 3) == ["1.50000", "2.00005"]
    assert texts(np.array([1.5, 12.345000267028809]), 3) == ["1.500", "12.345000267028809"]


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=8))
def test_a_place_is_found_again_from_its_displacement(pairs):
    base, place = np.array(pairs).T
    moved = place - base
    assert np.array_equal(moved_from(base, moved) - base, moved)


@given(st.lists(st.integers(0, 10**9).map(lambda n: n / 10**7), min_size=1, max_size=6), st.floats(0, 50))
def test_what_was_subtracted_is_added_without_a_trace(values, part):
    array = np.array(values)
    assert np.array_equal(with_few_decimals(np.round(array - part, 8) + part), array)


def test_long_decimals_keep_the_digest(tmp_path):
    text = cif(
        {"Cartn_x": "12.345000267028809", "B_iso_or_equiv": "20.123456789012345"},
        {"Cartn_x": "5.779999999999999", "occupancy": "0.3333333333333333"},
        {"Cartn_y": "1e-9"},
        tail=anisotropic(("3", "0.123456789012345", "0.2", "0.3", "0.01", "1.2345678901e-3", "0.03")),
    )
    dep = Deposition(imported(tmp_path, text)[0])
    assert again(tmp_path, dep).digest() == dep.digest()
    block = gemmi.cif.read(str(tmp_path / "again.cif")).sole_block()
    assert list(block.find_values("_atom_site.Cartn_x")) == ["12.345000267028809", "5.779999999999999", "3.000"]


@settings(max_examples=30, deadline=None)
@given(st.lists(NUMBERS, min_size=9, max_size=9), st.integers(1, 2))
def test_alternates_keep_the_digest_whatever_their_coordinates(tmp_path_factory, numbers, models):
    folder = tmp_path_factory.mktemp("x")
    atoms = []
    for model in range(1, models + 1):
        for letter, occupancy, xyz in zip("ABC", ("0.5", "0.3", "0.2"), np.reshape(numbers, (3, 3)), strict=True):
            place = {f"Cartn_{axis}": repr(float(v) + model - 1) for axis, v in zip("xyz", xyz, strict=True)}
            common = {"label_seq_id": "1", "auth_seq_id": "1", "pdbx_PDB_model_num": str(model)}
            atoms.append({"label_alt_id": letter, "occupancy": occupancy, **common, **place})
        atoms.append({"label_atom_id": "N", **common})
    dep = Deposition(imported(folder, cif(*atoms))[0])
    assert again(folder, dep).digest() == dep.digest()


@pytest.mark.parametrize("policy", ["marginal", "records"])
def test_coordinates_of_short_decimals_stay_short(tmp_path, policy):
    rows = [{"label_alt_id": "A", "Cartn_x": "0.100", "occupancy": "0.70"},
            {"label_alt_id": "B", "Cartn_x": "1.300", "occupancy": "0.30"}]  # fmt: skip
    text = cif(*({**row, "label_seq_id": "1", "auth_seq_id": "1"} for row in rows))
    dep = Deposition(imported(tmp_path, text)[0])
    export_file(dep, tmp_path / "b.cif", gaussian=policy)
    export_file(dep, tmp_path / "c.cif", state={"altloc/A.1": "B"})
    block = gemmi.cif.read(str(tmp_path / "b.cif")).sole_block()
    assert list(block.find_values("_atom_site.Cartn_x")) == ["0.100", "1.300"]
    assert list(block.find_values("_atom_site.occupancy")) == ["0.70", "0.30"]
    block = gemmi.cif.read(str(tmp_path / "c.cif")).sole_block()
    assert list(block.find_values("_atom_site.Cartn_x")) == ["1.300"]
