"""Values of the text form: taken as what they are, or refused."""

from __future__ import annotations

import numpy as np
import pytest

import polystate
from polystate.editing.text_form import array
from polystate.errors import SchemaError

HEAD = """
hierarchy:
  atoms: {{residue: [0], name: [{name}], element: [C]}}
  residues: {{chain: [0], comp: [GLY], label_seq: [1], auth_seq: [1]}}
  chains: {{entity: [0], label_asym: [A], auth_asym: [A]}}
  entities: {{type: [polymer], description: [""], sequence: [""]}}
reference: {{x_ref: [[0.0, 0.0, 0.0]]}}
descriptors: {{a: {{tables: {{states: {{label: [{label}]}}}}}}}}
"""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weight", [1e300]),
        ("atom_id", ["5"]),
        ("atom_id", [True]),
        ("atom_id", [1.5]),
        ("atom_id", [-1]),
        ("atom_id", [2**32]),
        ("atom_id", ["NaN"]),
        ("x", ["1_0"]),
        ("x", ["inf"]),
        ("x", [" 5 "]),
        ("x", [None]),
        ("x", [True]),
        ("x", [[1, 2], [3]]),
        ("x", "NaN"),
        ("x", {"dtype": "float64"}),
        ("x", {"dtype": "float32", "data": [1e39]}),
        ("x", {"dtype": "bool", "data": [2]}),
        ("x", {"dtype": "bool", "data": [0.5]}),
        ("x", {"dtype": "complex128", "data": [1]}),
        ("x", {"dtype": "object", "data": [1]}),
        ("x", {"dtype": "<f8", "data": [1]}),
        ("x", {"dtype": "int64", "data": [2**63]}),
    ],
)
def test_what_an_array_cannot_hold_is_refused(name, value):
    with pytest.raises(SchemaError):
        array(name, value, "there")


def test_what_an_array_can_hold_is_taken():
    assert array("atom_id", [1.0, 2], "there").tolist() == [1, 2]
    assert array("x", {"dtype": "bool", "data": [True, False]}, "there").tolist() == [True, False]
    assert array("x", {"dtype": "int64", "data": [2**53 + 1]}, "there").tolist() == [2**53 + 1]
    assert array("x", ["NaN", "-Infinity", 1], "there").tobytes() == np.array([np.nan, -np.inf, 1]).tobytes()
    assert array("weight", ["Infinity", 0.1], "there").dtype == np.float32
    assert array("x", np.ones((2, 3)), "there").shape == (2, 3)
    assert array("x", [[], []], "there").shape == (2, 0)


@pytest.mark.parametrize("value", ["true", "1.0", "1.50", "1e3", "null", "~", ".nan", ".inf", "[A]"])
def test_text_that_yaml_reads_as_something_else_has_to_be_quoted(value):
    for text in (HEAD.format(name="CA", label=value), HEAD.format(name=value, label="A")):
        with pytest.raises(SchemaError):
            polystate.build(text)
    quoted = polystate.build(HEAD.format(name="CA", label=f"'{value}'"))
    assert quoted["descriptors/a"].tables["states"]["label"] == [value]


def test_integers_are_their_digits():
    assert polystate.build(HEAD.format(name="CA", label="12"))["descriptors/a"].tables["states"]["label"] == ["12"]


@pytest.mark.parametrize("text", [
    "[1]", "hierarchy: [1]", "hierarchy: {atoms: 3}", "hierarchy: {atoms: {vocabularies: 3}}", "groupings: [1]",
    "hierarchy: {assemblies: 3}", "hierarchy: {assemblies: {a: 3}}", "hierarchy: {ncs: 3}", "groupings: {a/v1: 3}",
    "axes: {a: x}", "descriptors: {a: 3}", "descriptors: {a: {arrays: 3}}", "descriptors: {a: {tables: [1]}}",
    "descriptors: {a: {tables: {states: 3}}}", "operators: {a: 3}", "operators: {a: {body: 3}}", "provenance: {a: 3}",
    "annotations: {a: [1]}", "landmarks: {a: 3}", "a: [", "a: 0x" + "f" * 5000,
])  # fmt: skip
def test_what_stands_where_a_mapping_is_due_is_named(text):
    with pytest.raises(SchemaError) as found:
        polystate.build(text)
    assert found.value.where


@pytest.mark.parametrize("descriptor", [
    "{derived_from: {inputs: 3}}", "{derived_from: {inputs: [{path: 3}]}}", "{derived_from: {inputs: [3]}}",
    "{operator: {id: {}}}", "{operator: {id: [1]}, assignment: {id: 3}}", "{reference: {}, scope: 3}",
])  # fmt: skip
def test_what_validation_refuses_is_built(descriptor):
    assert "descriptors/a" in polystate.build(f"descriptors: {{a: {descriptor}}}")


COLUMNS = {
    "atoms": {"residue": {"dtype": "int32", "data": [0, 0]}, "element": {"dtype": "uint8", "data": ["N", 6]}},
    "residues": {"chain": {"dtype": "int32", "data": [0]}},
}


def test_columns_with_a_stated_type_count_for_defaults_and_take_symbols():
    tree = polystate.build({"hierarchy": COLUMNS})  # TXT-10, TXT-11
    atoms = tree["hierarchy/atoms"].arrays
    assert {name: atoms[name].tolist() for name in ("atom_id", "charge", "element")} == {
        "atom_id": [1, 2], "charge": [0, 0], "element": [7, 6],
    }  # fmt: skip
    assert tree["hierarchy/residues"].arrays["ins"].tolist() == [0]
    assert (
        polystate.build({"hierarchy": {"atoms": {"residue": np.zeros(3, np.int32)}}})["hierarchy/atoms"]
        .arrays["charge"]
        .size
        == 3
    )
    with pytest.raises(SchemaError):
        polystate.build({"hierarchy": {"atoms": {"element": {"dtype": "uint8", "data": ["Qq"]}}}})


def test_keys_that_are_no_arrays_are_kept_as_payload():
    tree = polystate.build({"hierarchy": {**COLUMNS, "note": {"k": 1}}, "reference": {"frame": "crystal"}})  # TXT-4
    assert tree["hierarchy"].attributes == {"note": {"k": 1}}
    assert (tree["reference"].attributes, tree["reference"].arrays) == ({"frame": "crystal"}, {})
    assert "reference" not in polystate.build({"hierarchy": COLUMNS})


def test_a_column_is_a_list_of_numbers():
    rows = {"site": [[0], [0]], "state": [0, 1]}
    with pytest.raises(SchemaError):
        polystate.build({"hierarchy": COLUMNS, "descriptors": {"a": {"tables": {"absent": rows}}}})
