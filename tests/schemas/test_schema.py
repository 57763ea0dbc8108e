"""The schema accepts what the format allows, and says of each refusal where, what and why."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polystate_schemas import documents, schema
from polystate_schemas.generated import model

HASH = "sha256:" + "0" * 64
TLS = {
    "id": "tls", "regime": "continuous", "mode": "C", "scope": {"grouping": "echt.residue/v1"},
    "signal_type": "gaussian_disorder", "algebra": "additive_covariance", "sample_axis": None,
    "operator": {"id": "parametric_gaussian/tls_v1", "venue": "registry", "hash": HASH},
    "reference": {"hash": HASH, "frame": "deposition", "offset": {"kind": "none"}},
    "adp_content": "residual", "provenance": "echt",
}  # fmt: skip
ALTLOC = {
    "id": "altloc", "regime": "discrete", "mode": "B", "scope": {"level": "residue"},
    "signal_type": "categorical_state", "algebra": "nested_under", "active_when": 0,
}  # fmt: skip
BUNDLE = {
    "id": "models", "regime": "discrete", "mode": "A", "scope": {"level": "deposition"}, "state_axis": "model",
    "signal_type": "coordinates", "algebra": "independent",
}  # fmt: skip
TRAJECTORY = {
    "id": "md", "regime": "trajectory", "mode": "C", "scope": {"level": "deposition"}, "sample_axis": "frame",
    "signal_type": "coordinates", "algebra": "additive_displacement",
    "operator": {"id": "external_reference/h5md_v1", "venue": "external", "hash": HASH, "uri": "file:md.h5"},
    "artifact": {"uri": "file:md.h5", "sha256": "0" * 64, "unit": "nanometer", "dataset": "particles/protein"},
    "atom_identity": {"kind": "mapped"},
}  # fmt: skip
MOTION = {
    "id": "domain", "regime": "continuous", "mode": "C", "scope": {"grouping": "domain/v1"}, "acts_as": "transform",
    "signal_type": "deterministic_displacement", "algebra": "additive_displacement",
    "operator": {"id": "rigid_body/quat_v1", "venue": "registry", "hash": HASH},
    "derived_from": {
        "pipeline": {"name": "domains", "version": "1"}, "inputs": [{"path": "descriptors/md", "hash": HASH}],
    },
}  # fmt: skip


@pytest.mark.parametrize("document", [TLS, ALTLOC, BUNDLE, TRAJECTORY, MOTION], ids=lambda d: d["id"])
def test_descriptors_of_every_regime_are_accepted(document):
    assert schema.validate("descriptor", document) == []
    assert schema.unknown_keys("descriptor", document) == []
    assert documents.descriptor_payload(document) is not None
    model.Descriptor.model_validate(document)


def change(document, path, value):
    """A copy with the value at a JSON pointer set, or deleted where the value is `...`."""
    document = copy.deepcopy(document)
    *parents, key = path.strip("/").split("/")
    here = document
    for parent in parents:
        here = here[parent]
    if value is ...:
        del here[key]
    else:
        here[key] = value
    return document


REFUSED = [
    (TLS, "/operator", ..., "/operator", "mode C has an operator"),
    (TLS, "/regime", ..., "/regime", "the key regime"),
    (TLS, "/regime", "discreet", "/regime", "one of discrete, trajectory, continuous"),
    (TLS, "/algebra", "sum", "/algebra", "additive_covariance"),
    (TLS, "/algebra", "independent", "/algebra", "Gaussian disorder is added as covariance"),
    (TLS, "/id", "Tls", "/id", "a-z0-9"),
    (TLS, "/id", "tls\n", "/id", "a-z0-9"),
    (TLS, "/id", "a" * 65, "/id", "a-z0-9"),
    (TLS, "/scope", {}, "/scope", "exactly one of grouping, level"),
    (TLS, "/scope/level", "atom", "/scope", "exactly one of grouping, level"),
    (TLS, "/scope/grouping", "echt.residue", "/scope/grouping", "/v"),
    (TLS, "/operator/hash", "0" * 64, "/operator/hash", "sha256:"),
    (TLS, "/operator/venue", "inline", "/operator/uri", "has an address"),
    (TLS, "/operator/uri", "file.bin", "/operator/uri", "no such key"),
    (TLS, "/operator/id", "tls_v1", "/operator/id", "text like"),
    (TLS, "/operator", 3, "/operator", "an object"),
    (TLS, "/operator/id", "basis/nm_v1", "/operator/id", "a covariance comes from a parametric Gaussian"),
    (TLS, "/sample_axis", 1, "/sample_axis", "a text"),
    (TLS, "/state_axis", "model", "/state_axis", "only a discrete descriptor has a state axis"),
    (TLS, "/adp_content", "all", "/adp_content", "one of total, residual, unknown"),
    (TLS, "/operator", None, "/operator", "mode C has an operator"),
    (TLS, "/regime", None, "/regime", "the key regime"),
    (TLS, "/reference/offset", None, "/reference/offset", "an object"),
    (TLS, "/active_when", -2, "/active_when", "at least -1"),
    (TLS, "/active_when", True, "/active_when", "a whole number"),
    (TLS, "/acts_as", "transform", "/operator/id", "only a rigid body acts as a transform"),
    (TLS, "/reference/frame", ..., "/reference/frame", "the key frame"),
    (TLS, "/reference/offset/translation", [0, 0, 1], "/reference/offset/translation", "no such key"),
    (TLS, "/reference/offset/kind", "translation", "/reference/offset/translation", "a translation has d alone"),
    (ALTLOC, "/operator", MOTION["operator"], "/operator", "modes A and B have no operator"),
    (ALTLOC, "/adp_content", "total", "/algebra", "adp_content is a word about covariance"),
    (ALTLOC, "/regime", "continuous", "/regime", "categorical states belong to a discrete descriptor"),
    (ALTLOC, "/algebra", "additive_displacement", "/algebra", "independent, nested_under"),
    (TRAJECTORY, "/sample_axis", ..., "/sample_axis", "a trajectory has a sample axis"),
    (TRAJECTORY, "/sample_axis", None, "/sample_axis", "a trajectory has a sample axis"),
    (TRAJECTORY, "/artifact", ..., "/artifact", "an external reference names its artifact"),
    (TRAJECTORY, "/artifact/unit", ..., "/artifact/unit", "says the unit"),
    (TRAJECTORY, "/artifact/unit", "nm", "/artifact/unit", "nanometer"),
    (MOTION, "/derived_from/pipeline", ..., "/derived_from", "exactly one of operator, pipeline"),
    (MOTION, "/derived_from/inputs", [], "/derived_from/inputs", "at least 1 item"),
]  # fmt: skip


@pytest.mark.parametrize("document, path, value, pointer, expected", REFUSED)
def test_one_mistake_is_one_violation_at_its_place(document, path, value, pointer, expected):
    found = schema.validate("descriptor", change(document, path, value))
    assert [violation.pointer for violation in found] == [pointer]
    assert expected in found[0].expected and found[0].message


def test_a_rigid_offset_is_a_3x3_rotation_and_a_translation_of_finite_numbers():
    offset = {"kind": "rigid", "rotation": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "translation": [0, 0, 1.5]}
    document = change(TLS, "/reference/offset", offset)
    assert schema.validate("descriptor", document) == []
    document = change(document, "/reference/offset/translation", [0, float("nan")])
    pointers = [violation.pointer for violation in schema.validate("descriptor", document)]
    assert pointers == ["/reference/offset/translation", "/reference/offset/translation/1"]


def test_unknown_keys_are_kept_and_named():
    document = change(TLS, "/operator/x~y", 1) | {"colour": "red"}
    assert schema.validate("descriptor", document) == []
    assert schema.unknown_keys("descriptor", document) == ["/colour", "/operator/x~0y"]
    parameters = change(TLS, "/operator/parameters", {"anything": 1})
    assert schema.unknown_keys("descriptor", parameters) == []


FIT = {
    "kind": "fit", "software": [{"name": "polystate", "version": "0.1.0"}], "method": {"name": "echt"},
    "target": {"name": "isotropic B-factors", "atoms": 22812}, "input_digest": HASH, "seed": "18446744073709551615",
    "regularizer": {"name": "echt", "gamma": 0.9, "delta": 0.8, "epsilon": 1e-9},
    "certificate": {"objective": 6.1, "bound": 6.099, "relative_gap": 1.6e-4}, "wall_time_s": 20.5,
}  # fmt: skip

OTHERS = [
    ("deposition", {"format_version": "0.1.0", "entry": {"id": "6VXX", "resolution": 2.8}}, None),
    ("deposition", {}, "/format_version"),
    ("deposition", {"format_version": "0.1"}, "/format_version"),
    ("deposition", {"format_version": "0.1.0", "entry": {"id": "6VXX", "resolution": 0}}, "/entry/resolution"),
    ("atoms", {"vocabularies": {"name": ["C", "CA"]}}, None),
    ("atoms", {"vocabularies": {"name": ["C", "C"]}}, "/vocabularies/name"),
    ("atoms", {"vocabularies": {}}, "/vocabularies/name"),
    ("hierarchy", {"cell": {"a": 1, "b": 1, "c": 1, "alpha": 90, "beta": 90, "gamma": 180}}, "/cell/gamma"),
    ("hierarchy", {"space_group": "P 21 21 21"}, None),
    ("hierarchy", {"space_group": "P212121"}, "/space_group"),
    ("grouping", {"kind": "partition", "child_level": "atom", "labels": ["a", "a"]}, None),
    ("grouping", {"kind": "partition", "child_level": "atom"}, ""),
    ("grouping", {"kind": "partition", "child_level": "deposition", "labels": []}, "/child_level"),
    ("axis", {"length": 3, "unit": "ns"}, None),
    ("axis", {"length": 0}, "/length"),
    ("axis", {"length": 3, "title": 7}, "/title"),
    ("operator_body", {"media_type": "application/onnx", "sha256": "0" * 64}, None),
    ("operator_body", {"media_type": "application/onnx", "sha256": HASH}, "/sha256"),
    ("provenance", FIT, None),
    ("provenance", {k: v for k, v in FIT.items() if k != "certificate"}, ""),
    ("provenance", {k: v for k, v in FIT.items() if k != "input_digest"}, "/input_digest"),
    ("provenance", {"kind": "assertion"}, None),
    ("annotation", {"items": [{"selector": {"target": "atoms", "atoms": [1]}, "body": None}]}, None),
    ("annotation", {"items": [{"selector": {"target": "atoms"}, "body": "x"}]}, "/items/0/selector/atoms"),
    ("annotation", {"items": [{"selector": {"target": "deposition"}}]}, "/items/0/body"),
    ("ncs", {"given": [True, False]}, None),
    ("reference", {}, None),
    ("bonds", {}, None),
]  # fmt: skip


@pytest.mark.parametrize("kind, document, pointer", OTHERS)
def test_other_documents(kind, document, pointer):
    found = [violation.pointer for violation in schema.validate(kind, document)]
    assert found == ([] if pointer is None else [pointer])


TEXT = {
    "format_version": "0.1.0",
    "hierarchy": {
        "atoms": {"residue": [0], "name": ["CA"], "element": ["C"]}, "cell": {"a": 1},
        "assemblies": {"1": {"operators": [[[1]]], "name": "x"}},
    },
    "reference": {"x_ref": {"dtype": "float32", "data": [[0, "NaN", 0]]}},
    "groupings": {"g/v1": {"kind": "partition", "child": [0]}},
    "descriptors": {"tls": {"algebra": "anything", "arrays": {"tls": [[1]]}, "tables": {"states": {"site": [0]}}}},
    "operators": {"body": {"media_type": "application/onnx", "body": "AAEC"}},
}  # fmt: skip


def test_the_text_form_is_judged_by_structure_alone():
    assert schema.validate("text_deposition", TEXT) == []


@pytest.mark.parametrize(
    "path, value, pointer",
    [
        ("/reference/x_ref", {"data": [1]}, "/reference/x_ref/dtype"),
        ("/reference/x_ref", {"dtype": "f8", "data": [1]}, "/reference/x_ref/dtype"),
        ("/reference/x_ref", None, "/reference/x_ref"),
        ("/reference/x_ref", {"dtype": "int8", "data": [1], "shape": [1]}, "/reference/x_ref/shape"),
        ("/hierarchy/atoms/name", None, "/hierarchy/atoms/name"),
        ("/hierarchy/atoms", [1], "/hierarchy/atoms"),
        ("/groupings", {"g": {}}, "/groupings/g"),
        ("/descriptors/tls/tables/states", [1], "/descriptors/tls/tables/states"),
        ("/descriptors", [], "/descriptors"),
        ("/operators/body/body", "&", "/operators/body/body"),
    ],
)
def test_text_that_cannot_be_built_is_refused(path, value, pointer):
    assert [v.pointer for v in schema.validate("text_deposition", change(TEXT, path, value))] == [pointer]


def test_payload_of_a_discrete_operator_has_states_and_arrays():
    payload = documents.descriptor_payload(MOTION | {"regime": "discrete"})
    assert {"states", "variables"} <= set(payload["tables"]) and "quaternion" in payload["arrays"]
    assert documents.descriptor_payload(MOTION | {"mode": "A"}) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "scope", "operator", "mode", "z"]), inner)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(TLS)), anything)
def test_any_value_at_any_key_is_judged_without_a_crash(key, value):
    for violation in schema.validate("descriptor", TLS | {key: value}):
        assert violation.pointer == "" or violation.pointer.startswith("/")
        assert violation.message and violation.expected


@given(st.sampled_from(documents.kinds()), anything)
def test_any_document_is_judged_without_a_crash(kind, value):
    schema.validate(kind, value)
    schema.unknown_keys(kind, value)
