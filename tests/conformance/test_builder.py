"""The text form: what the builder writes, fills in and refuses (spec, chapter 15)."""

from __future__ import annotations

import copy
import hashlib

import numpy as np
import pytest

import polystate
from polystate import errors
from polystate_schemas import registry

TEXT = {
    "hierarchy": {
        "atoms": {"residue": [0, 0], "name": ["N", "CA"], "element": ["N", 6]},
        "residues": {"chain": [0], "comp": ["ALA"], "label_seq": [1], "auth_seq": [1]},
        "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
        "entities": {"type": ["polymer"], "description": [""], "sequence": ["A"]},
    },
    "reference": {"x_ref": [[0, 0, 0], [1.5, 0, 0]]},
}
ADP = {
    "regime": "continuous", "mode": "C", "scope": {"level": "atom"}, "signal_type": "gaussian_disorder",
    "algebra": "additive_covariance", "operator": {"id": "parametric_gaussian/iadp_v1", "venue": "registry"},
    "arrays": {"atom_id": [1], "condition": [-1], "b": [10]},
}  # fmt: skip


def build(**more):
    return polystate.build({**copy.deepcopy(TEXT), **copy.deepcopy(more)})


def test_a_version_is_written_where_the_text_gives_none():
    assert build()[""].attributes["format_version"] == "0.1.0"  # TXT-3


def test_payloads_are_written_as_given_and_nothing_else_is_made():
    tree = build(title="x", descriptors={"b": {**ADP, "note": {"k": [1, None]}}})  # TXT-4, TXT-5
    assert set(tree[""].attributes) == {"format_version", "title"}
    assert set(tree) == {"", "reference", "descriptors/b"} | {f"hierarchy/{t}" for t in TEXT["hierarchy"]}
    wanted = {key: value for key, value in ADP.items() if key not in ("arrays", "operator")} | {"id": "b"}
    document = dict(tree["descriptors/b"].attributes)
    assert document.pop("note") == {"k": [1, None]}
    assert document.pop("operator")["id"] == ADP["operator"]["id"]
    assert document == wanted


def test_hashes_are_filled_in():
    adp = {**ADP, "reference": {"frame": "deposition"}}
    body = {"media_type": "application/octet-stream", "body": "AAEC"}
    tree = build(descriptors={"b": adp}, operators={"x": body})  # TXT-13, TXT-14, TXT-15
    document = tree["descriptors/b"].attributes
    assert document["operator"]["hash"] == registry.entries()["parametric_gaussian/iadp_v1"].hash
    x_ref = np.array(TEXT["reference"]["x_ref"], "<f8")
    assert document["reference"]["hash"] == "sha256:" + hashlib.sha256(x_ref.tobytes()).hexdigest()
    assert tree["operators/x"].attributes["sha256"] == hashlib.sha256(b"\x00\x01\x02").hexdigest()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("hierarchy", "atoms", "charge"), [0, 200]),
        (("hierarchy", "atoms", "atom_id"), [-1, 2]),
        (("hierarchy", "atoms", "residue"), [0, 2**31]),
        (("hierarchy", "atoms", "residue"), [0, 0.5]),
        (("hierarchy", "atoms", "element"), ["N", "Qq"]),
        (("reference", "x_ref"), [[0, 0, 0], [1, 0]]),
        (("reference", "x_ref"), [[0, 0, 0], [1, 0, "far"]]),
    ],
)
def test_values_that_their_type_cannot_hold_are_refused(place, value):
    text = copy.deepcopy(TEXT)
    *path, last = place
    target = text
    for key in path:
        target = target[key]
    target[last] = value
    with pytest.raises(errors.PolystateError):  # TXT-8
        polystate.build(text)


def test_words_are_in_order_of_their_bytes_and_not_of_code_units():
    text = copy.deepcopy(TEXT)
    text["hierarchy"]["atoms"]["name"] = ["\U0001d11e", "\uff5e"]
    built = polystate.build(text)["hierarchy/atoms"]
    assert built.attributes["vocabularies"]["name"] == ["\uff5e", "\U0001d11e"]
    assert built.arrays["name"].tolist() == [1, 0]


def test_symbols_are_spelled_with_one_capital_letter():
    text = copy.deepcopy(TEXT)
    text["hierarchy"]["atoms"]["element"] = ["D", "Ca"]
    assert polystate.build(text)["hierarchy/atoms"].arrays["element"].tolist() == [119, 20]
    text["hierarchy"]["atoms"]["element"] = ["D", "CA"]
    with pytest.raises(errors.SchemaError):
        polystate.build(text)


def test_an_id_that_is_given_stays():
    assert build(descriptors={"b": {**ADP, "id": "other"}})["descriptors/b"].attributes["id"] == "other"  # TXT-12


def test_a_reference_hash_is_of_the_atoms_of_the_scope():
    parts = {"kind": "partition", "child_level": "atom", "labels": ["one"], "child": [1], "parent": [0]}
    adp = {**ADP, "scope": {"grouping": "made.parts/v1"}, "reference": {"frame": "deposition"}}
    tree = build(groupings={"made.parts/v1": parts}, descriptors={"b": adp})  # TXT-14
    second = np.array(TEXT["reference"]["x_ref"][1], "<f8")
    assert (
        tree["descriptors/b"].attributes["reference"]["hash"]
        == "sha256:" + hashlib.sha256(second.tobytes()).hexdigest()
    )


def test_columns_of_a_table_have_one_length():
    tables = {"tables": {"conditions": {"condition": [0, 1], "site": [0]}}}
    with pytest.raises(errors.SchemaError):
        build(descriptors={"b": {**ADP, **tables}})  # TXT-19


def test_hashes_that_are_given_stay():
    given = "sha256:" + "0" * 64
    operator = {**ADP["operator"], "hash": given}
    adp = {**ADP, "operator": operator, "reference": {"frame": "deposition", "hash": given}}
    tree = build(descriptors={"b": adp}, operators={"x": {"body": "AAEC", "sha256": "1" * 64}})
    document = tree["descriptors/b"].attributes
    assert (document["operator"]["hash"], document["reference"]["hash"]) == (given, given)  # TXT-13, TXT-14
    assert tree["operators/x"].attributes["sha256"] == "1" * 64  # TXT-15


def test_labels_keep_their_blanks_and_whole_numbers_are_floats():
    tables = {"t": {"label": [" A "], "parent": ["1"], "n": [1]}}
    made = build(descriptors={"b": {**ADP, "tables": tables}})["descriptors/b"].tables["t"]
    assert (made["label"], made["parent"], made["n"].dtype) == ([" A "], ["1"], np.float64)  # TXT-7, 15.3


def test_what_is_filled_in_hangs_on_its_own_column_alone():
    text = copy.deepcopy(TEXT)
    text["hierarchy"]["atoms"]["atom_id"] = [5, 7]
    text["landmarks"] = {"p": {"arrays": {"point": [[1]]}}}
    tree = polystate.build(text)
    atoms = tree["hierarchy/atoms"].arrays
    assert (atoms["charge"].tolist(), atoms["element"].tolist(), atoms["charge"].dtype) == ([0, 0], [7, 6], np.int8)
    assert "landmarks" not in tree[""].attributes  # TXT-10, TXT-11, 15.2
