"""What is published cannot change, and publishing changes no hash."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date

import pytest

from polystate_schemas import lock, registry
from polystate_schemas.registry import REGISTRY, RegistryError, entries

DAY = date(2026, 11, 29)
NM, PCA = "basis/nm_v1", "basis/pca_v1"


def test_all_operators_of_this_version_are_published_and_nothing_contradicts_that():
    assert lock.check() == []
    assert {lock.lock().row(name).status for name in entries()} == {"published"}


@pytest.fixture
def drafts(tmp_path):
    """A registry of two drafts."""
    folder = tmp_path / "registry"
    for name in (NM, PCA):
        source = REGISTRY / name
        lock.add(source.with_suffix(".yaml"), source.with_suffix(".vectors.yaml"), "0.1.0", folder)
    assert lock.check(folder) == []
    yield folder
    entries.cache_clear()


def test_an_entry_that_was_written_in_its_place_is_taken(drafts):
    (drafts / lock.FILE).unlink()
    for name in (NM, PCA):
        own = drafts / f"{name}.yaml"
        lock.add(own, own.with_suffix(".vectors.yaml"), "0.1.0", drafts)
    assert lock.check(drafts) == []


@pytest.fixture
def published(drafts):
    """The same, frozen."""
    for name in (NM, PCA):
        lock.publish(name, DAY, drafts)
    return drafts


def edit(folder, name, old, new):
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    entries.cache_clear()


def test_publishing_and_deprecating_change_no_hash(drafts):
    before = {name: entry.hash for name, entry in entries(drafts).items()}
    row = lock.publish(NM, DAY, drafts)
    assert (row.status, row.hash, row.published) == ("published", before[NM], "2026-11-29")
    assert not lock.lock(drafts).row(PCA).is_frozen
    row = lock.deprecate(NM, DAY, PCA, drafts)
    assert (row.status, row.hash, row.superseded_by) == ("deprecated", before[NM], PCA)
    assert {name: entry.hash for name, entry in entries(drafts).items()} == before and lock.check(drafts) == []


@pytest.mark.parametrize("old, new", [("Σ_m", "Σ_k"), ("[k, M, 3]", "[M, k, 3]"), ("unit: Å", "unit: nm")])
def test_a_changed_published_entry_fails(published, old, new):
    edit(published, f"{NM}.yaml", old, new)
    (problem,) = lock.problems(published)
    assert "basis/nm_v1 is published" in problem and "may not change" in problem


def test_a_draft_may_change(drafts):
    before = entries(drafts)[NM].hash
    edit(drafts, f"{NM}.yaml", "Σ_m", "Σ_k")
    assert lock.problems(drafts) == [] and entries(drafts)[NM].hash != before


def test_the_formula_for_print_may_be_mended(published):
    edit(published, f"{NM}.yaml", "latex: |-\n", "latex: |-\n  %\n")
    assert lock.problems(published) == []


def test_a_removed_published_entry_fails(published):
    (published / f"{NM}.yaml").unlink()
    entries.cache_clear()
    assert lock.problems(published) == ["basis/nm_v1 is published and may not be removed"]


def test_a_published_vector_may_get_another_name_and_may_not_change(published):
    vectors = f"{NM}.vectors.yaml"
    before = entries(published)[NM]
    edit(published, vectors, "name: cancel", "name: cancelled")
    edit(published, f"{NM}.yaml", "id: ", "# a comment\nid: ")
    assert lock.problems(published) == [] and entries(published)[NM].hash == before.hash
    edit(published, vectors, "coefficients: [0.0, 0.0]", "coefficients: [0.5, 0.0]")
    assert lock.problems(published) == ["basis/nm_v1: the vector at-rest is published and may not change or go"]


def test_an_entry_without_a_row_is_named(drafts):
    (drafts / "basis" / "nm_v2.yaml").write_text((drafts / f"{NM}.yaml").read_text("utf-8").replace("nm_v1", "nm_v2"))
    entries.cache_clear()
    assert lock.problems(drafts) == ["basis/nm_v2 has no row in registry.lock.json"]


def test_what_may_not_be_done_is_refused_by_name(published, drafts):
    files = (REGISTRY / f"{NM}.yaml", REGISTRY / f"{NM}.vectors.yaml")
    for what, said in (
        (lambda: lock.publish(NM, DAY, published), "published already"),
        (lambda: lock.publish("basis/nm_v9", DAY, published), "basis/nm_v9"),
        (lambda: lock.add(*files, "0.1.0", published), "a correction is a new version"),
        (lambda: lock.deprecate(NM, DAY, "basis/nm_v9", published), "basis/nm_v9"),
    ):
        with pytest.raises(RegistryError, match=said):
            what()


def test_a_lock_that_is_none_is_refused(drafts):
    (drafts / lock.FILE).write_text('{"lock_version": 1, "published": []}')
    with pytest.raises(RegistryError, match="lock_version"):
        lock.lock(drafts)


def test_each_exported_hash_names_the_bytes_that_were_hashed(published, tmp_path):
    out = tmp_path / "out"
    lock.export(out, published)
    listed = json.loads((out / "registry.json").read_text("utf-8"))["operators"]
    assert [row["id"] for row in listed] == [NM, PCA]
    for row in listed:
        digest = row["hash"].removeprefix("sha256:")
        assert hashlib.sha256((out / digest).read_bytes()).hexdigest() == digest
        whole = json.loads((out / f"{digest}.json").read_text("utf-8"))
        assert registry.content_hash(whole["entry"]) == row["hash"] and len(whole["vectors"]) >= 3


def test_an_entry_in_the_wrong_file_is_refused(published):
    shutil.move(published / f"{NM}.yaml", published / "basis" / "other_v1.yaml")
    entries.cache_clear()
    with pytest.raises(RegistryError, match="another file"):
        entries(published)


def test_a_vector_that_does_not_fit_its_signature_is_named(drafts):
    edit(drafts, f"{NM}.vectors.yaml", "coefficients: [0.0, 0.0]", "amplitudes: [0.0, 0.0]")
    problems = "\n".join(lock.check(drafts))
    assert "at-rest gives amplitudes" in problems and "at-rest lacks coefficients" in problems
    with pytest.raises(RegistryError, match="amplitudes"):
        lock.publish(NM, DAY, drafts)
