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
