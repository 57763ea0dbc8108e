"""The registry holds what the design lists, its hashes are those of RFC 8785, and what is published cannot change."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polystate_schemas import lock, registry, yaml12
from polystate_schemas.registry import RegistryError, content_hash, entries

LISTED = {
    "parametric_gaussian/tls_v1", "parametric_gaussian/iadp_v1", "parametric_gaussian/aadp_v1",
    "parametric_gaussian/nm_covariance_v1", "basis/nm_v1", "basis/pca_v1", "rigid_body/quat_v1",
    "symmetry/space_group_v1", "ensemble/occupancy_weighted_mean_v1", "identity/noop_v1", "neural_decoder/mlp_v1",
    "neural_decoder/torchscript_v1", "neural_decoder/onnx_v1", "external_reference/h5md_v1",
    "external_reference/zarr_trajectory_v1", "coarse_grain/weighted_sum_v1", "assignment/nearest_landmark_v1",
    "lookup_table/nearest_v1", "basis/gaussian_mixture_v1",
}  # fmt: skip


def test_every_listed_operator_is_there_and_sound():
    assert set(entries()) >= LISTED
    assert lock.check() == []


def test_vectors_are_what_their_script_computes():
    pytest.importorskip("mpmath")
    from tests.schemas.registry import make_vectors

    for path, text in make_vectors.files().items():
        assert path.read_text("utf-8") == text, path.name


def test_numeric_operators_have_at_least_three_vectors():
    for name, entry in entries().items():
        assert len(entry.vectors) >= (0 if entry.runs_code else 3), name
        assert len({vector["name"] for vector in entry.vectors}) == len(entry.vectors)


def test_the_hash_is_of_the_canonical_form():
    document = {
        "id": "x/y_v1", "algebra": "independent", "latex": "",
        "signature": {"inputs": [], "parameters": [], "outputs": []}, "defaults": {"b": 1e-9, "a": 1.0},
        "formula": {"text": "Å"},
    }  # fmt: skip
    import hashlib

    canonical = (
        '{"algebra":"independent","defaults":{"a":1,"b":1e-9},"formula":{"text":"Å"},"id":"x/y_v1",'
        '"signature":{"inputs":[],"outputs":[],"parameters":[]}}'
    )
    assert content_hash(document) == "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
    for beside in ({"vectors": [1]}, {"latex": "x"}, {"status": "published"}, {"since": "0.2.0"}):
        assert content_hash(document | beside) == content_hash(document)
    with pytest.raises(RegistryError, match="formula"):
        content_hash({key: value for key, value in document.items() if key != "formula"})


scalars = (
    st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
trees = st.recursive(
    scalars | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abÅ", max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(trees, st.randoms())
def test_the_hash_does_not_depend_on_the_order_of_keys(value, random):
    document = entries()["identity/noop_v1"].document | {"defaults": {"value": value, "other": 1}}
    keys = list(document)
    random.shuffle(keys)
    shuffled = {key: document[key] for key in keys}
    shuffled["defaults"] = dict(reversed(document["defaults"].items()))
    assert content_hash(shuffled) == content_hash(json.loads(json.dumps(document)))


def test_every_key_of_an_entry_is_in_its_hash():
    entry = entries()["parametric_gaussian/tls_v1"]
    for key in registry.KEYS:
        changed = copy.deepcopy(entry.document)
        changed[key] = "something else"
        assert content_hash(changed) != entry.hash, key


def test_files_are_plain_yaml():
    for entry in entries().values():
        assert yaml12.load(entry.path) == entry.document
