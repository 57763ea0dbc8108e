"""The registry holds what the design lists, its hashes are those of RFC 8785, and what is published cannot change."""

import copy
import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polystate_schemas import registry, yaml12
from polystate_schemas.registry import REGISTRY, RegistryError, content_hash, entries

LISTED = {
    "parametric_gaussian/tls_v1", "parametric_gaussian/iadp_v1", "parametric_gaussian/aadp_v1",
    "parametric_gaussian/nm_covariance_v1", "basis/nm_v1", "basis/pca_v1", "rigid_body/quat_v1",
    "symmetry/space_group_v1", "ensemble/occupancy_weighted_mean_v1", "identity/noop_v1", "neural_decoder/mlp_v1",
    "neural_decoder/torchscript_v1", "neural_decoder/onnx_v1", "external_reference/h5md_v1",
    "external_reference/zarr_trajectory_v1", "coarse_grain/weighted_sum_v1", "assignment/nearest_landmark_v1",
}  # fmt: skip


def test_every_listed_operator_is_there_and_sound():
    assert set(entries()) >= LISTED
    assert registry.check() == []


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
        "id": "x/y_v1", "subcase": "x", "algebra": "independent", "since": "0.1.0", "status": "draft",
        "signature": {"inputs": [], "parameters": [], "outputs": []}, "defaults": {"b": 1e-9, "a": 1.0},
        "formula": {"text": "Å", "latex": ""},
    }  # fmt: skip
    import hashlib

    canonical = (
        '{"algebra":"independent","defaults":{"a":1,"b":1e-9},"formula":{"latex":"","text":"Å"},"id":"x/y_v1",'
        '"signature":{"inputs":[],"outputs":[],"parameters":[]},"since":"0.1.0","status":"draft","subcase":"x"}'
    )
    assert content_hash(document) == "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
    assert content_hash(document | {"vectors": [1]}) == content_hash(document)
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


@pytest.fixture
def published(tmp_path):
    """A registry of two entries, both published and frozen."""
    folder = tmp_path / "registry"
    (folder / "basis").mkdir(parents=True)
    for name in ("nm_v1", "pca_v1"):
        text = (REGISTRY / "basis" / f"{name}.yaml").read_text("utf-8")
        (folder / "basis" / f"{name}.yaml").write_text(text.replace("status: draft", "status: published"), "utf-8")
        shutil.copy(REGISTRY / "basis" / f"{name}.vectors.yaml", folder / "basis")
    (folder / "registry.lock.json").write_text('{"lock_version": 1, "published": []}')
    assert len(registry.check_lock(folder)) == 2  # published, but not frozen
    assert registry.publish(folder) == ["basis/nm_v1", "basis/pca_v1"]
    entries.cache_clear()
    assert registry.check_lock(folder) == []
    yield folder
    entries.cache_clear()


@pytest.mark.parametrize(
    "old, new", [("status: published", "status: draft"), ("Σ_m", "Σ_k"), ("[k, M, 3]", "[M, k, 3]")]
)
def test_a_changed_published_entry_fails(published, old, new):
    path = published / "basis" / "nm_v1.yaml"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    entries.cache_clear()
    (problem,) = registry.check_lock(published)
    assert "basis/nm_v1 is published" in problem and "may not change" in problem
    with pytest.raises(RegistryError):
        registry.publish(published)


def test_a_removed_published_entry_fails(published):
    (published / "basis" / "nm_v1.yaml").unlink()
    entries.cache_clear()
    assert registry.check_lock(published) == ["basis/nm_v1 is published and may not be removed"]


def test_a_new_vector_or_a_comment_changes_no_hash(published):
    path = published / "basis" / "nm_v1.vectors.yaml"
    before = entries(published)["basis/nm_v1"]
    vectors_before = before.vectors_hash
    path.write_text(path.read_text("utf-8").replace("name: cancel", "name: cancelled"), "utf-8")
    entry = published / "basis" / "nm_v1.yaml"
    entry.write_text("# a comment\n" + entry.read_text("utf-8"), "utf-8")
    entries.cache_clear()
    after = entries(published)["basis/nm_v1"]
    assert after.hash == before.hash and registry.check_lock(published) == []
    assert after.vectors_hash != vectors_before


def test_an_entry_in_the_wrong_file_is_refused(published):
    (published / "basis" / "nm_v1.yaml").rename(published / "basis" / "other_v1.yaml")
    entries.cache_clear()
    with pytest.raises(RegistryError, match="another file"):
        entries(published)


def test_a_vector_that_does_not_fit_its_signature_is_named(published):
    path = published / "basis" / "nm_v1.vectors.yaml"
    path.write_text(path.read_text("utf-8").replace("coefficients: [0.0, 0.0]", "amplitudes: [0.0, 0.0]"), "utf-8")
    entries.cache_clear()
    problems = "\n".join(registry.check(published))
    assert "at-rest gives amplitudes" in problems and "at-rest lacks coefficients" in problems


def test_parameters_are_judged_by_the_signature():
    mlp = entries()["neural_decoder/mlp_v1"]
    assert mlp.parameter_violations({}) == [] and mlp.parameter_violations({"activation": "relu"}) == []
    assert [v.pointer for v in mlp.parameter_violations({"activation": "gelu", "x": 1})] == ["/activation", "/x"]
    symmetry = entries()["symmetry/space_group_v1"]
    assert [v.pointer for v in symmetry.parameter_violations({})] == ["/triplets"]
    assert [v.pointer for v in symmetry.parameter_violations({"triplets": "x,y,z"})] == ["/triplets"]
    h5md = entries()["external_reference/h5md_v1"]
    assert h5md.parameter_violations({}) == [] and h5md.needs_body and not h5md.runs_code
    beads = entries()["coarse_grain/weighted_sum_v1"]
    assert [v.pointer for v in beads.parameter_violations({"labels": True})] == ["/labels"]


def test_files_are_plain_yaml():
    for entry in entries().values():
        assert yaml12.load(entry.path) == entry.document
