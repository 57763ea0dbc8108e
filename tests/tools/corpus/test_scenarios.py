"""The mixing scenarios: five backends in one call, the same numbers in any order, entries built again from sources."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import polystate
from polystate.editing.text_form import build_file
from polystate.errors import AxisNotGiven
from polystate_conformance.paths import CORPUS
from polystate_tools.corpus import hinge as train_hinge
from polystate_tools.corpus import scenarios as corpus_scenarios

NAMES = ("mixed", "scenario-bundle", "scenario-classes", "scenario-crystal", "scenario-dynamics",
         "scenario-multiconformer")  # fmt: skip


@pytest.fixture
def mixed(tmp_path: Path) -> polystate.Deposition:
    """The mixed entry as a store, with its artifact beside it."""
    polystate.write(build_file(CORPUS / "sources" / "mixed.yaml"), tmp_path / "mixed.zarr")
    shutil.copy(CORPUS / corpus_scenarios.ARTIFACT, tmp_path)
    return polystate.open(tmp_path / "mixed.zarr")


def test_one_render_touches_five_backends(mixed: polystate.Deposition) -> None:
    """Zarr (weights, TLS), Arrow (deltas), HDF5 (ligand), a decoder, TLS."""
    rows = {r["descriptor"]: r for r in mixed.explain(at={"frame": 2}, state={"rotamer": "t"},
                                                       components={"hinge": "bent"})}  # fmt: skip
    assert {r["acts_as"] for r in rows.values()} == {"base", "displacement", "covariance"}
    assert all(r["active"] for r in rows.values()) and len(rows) == 5
    assert "file:mixed-ligand.h5md" in rows["ligand"]["from"]
    assert "descriptors/rotamer/deltas" in rows["rotamer"]["from"] and "descriptors/hinge/w0" in rows["hinge"]["from"]
    request = {"at": {"frame": 2}, "state": {"rotamer": "t"}, "components": {"hinge": "bent"}}
    drawn = mixed.render(draw=polystate.Draw(11, 5), **request)
    still = mixed.render(**request)
    moved = np.abs(still.xyz - mixed.x_ref).max(axis=1)
    assert (moved[:4] == 0).all() and (moved[4:17] > 0).all() and (moved[17:] > 0).all()
    assert np.array_equal(drawn.mean, still.xyz) and (np.abs(drawn.xyz - drawn.mean).max(axis=1) > 0).all()


def test_rotamers_are_drawn_by_their_populations(mixed: polystate.Deposition) -> None:
    found = [mixed.states.draw(polystate.Draw(5, k))[0] for k in range(2000)]
    shares = np.bincount(found, minlength=3) / 2000
    assert np.abs(shares - [0.5, 0.3, 0.2]).max() < 0.06  # five standard deviations


def test_the_hinge_goes_where_the_motion_goes(mixed: polystate.Deposition) -> None:
    atoms = list(range(5, 18))
    x_ref = mixed.x_ref[4:17]
    for name, angle in (("back", -40.0), ("straight", 0.0), ("bent", 40.0)):
        xyz = mixed.render(at={"frame": 0}, atoms=atoms, components={"hinge": name}).xyz
        assert np.sqrt(((xyz - train_hinge.hinge(x_ref, angle)) ** 2).sum(axis=1).mean()) < 0.02


@pytest.mark.parametrize("name", NAMES)
def test_steps_have_the_same_numbers_in_any_order(name: str) -> None:
    dep = polystate.Deposition(build_file(CORPUS / "sources" / f"{name}.yaml"), CORPUS)
    assert dep.validate(strict=True, regenerate=True).valid
    for axis in dep.axes:
        draw = polystate.Draw(9, 3)
        forward = [s.xyz for s in dep.iterate(axis, draw=draw)]
        for k in np.random.default_rng(1).permutation(len(forward)).tolist():
            (alone,) = dep.iterate(axis, draw=draw, steps=slice(k, k + 1))
            assert np.array_equal(alone.xyz, forward[k])
            (few,) = dep.iterate(axis, draw=draw, steps=slice(k, k + 1), atoms=[2])
            assert np.array_equal(few.xyz[0], forward[k][1])


def test_broadcast_b_factors_do_not_depend_on_the_frame() -> None:
    dep = polystate.Deposition(build_file(CORPUS / "sources" / "scenario-dynamics.yaml"))
    u = [dep.covariance(at={"frame": k}) for k in range(6)]
    assert all(np.array_equal(u[0], other) for other in u)
    with pytest.raises(AxisNotGiven):
        dep.render()


def test_the_model_that_is_chosen_is_the_step_of_its_axis() -> None:
    dep = polystate.Deposition(build_file(CORPUS / "sources" / "scenario-bundle.yaml"))
    snap = dep.render(state={"model": "3"})
    assert dict(snap.at) == {"model": 2}
    assert np.array_equal(snap.xyz, dep.render(at={"model": 2}).xyz)
    assert np.array_equal(snap.covariance, dep.covariance(at={"model": 2}))


@pytest.mark.parametrize("name", NAMES)
def test_entries_are_what_their_sources_build(name: str) -> None:
    """The provenance that says from which text, by which version, is the entry's own."""
    built = polystate.Deposition(build_file(CORPUS / "sources" / f"{name}.yaml"))
    tree = polystate.open(CORPUS / f"{name}.zarr.zip").tree
    kept = {path: node for path, node in tree.items() if path != "provenance/text"}
    assert built.digest(full=True) == polystate.Deposition(kept).digest(full=True)


def test_the_artifact_is_written_the_same_again(tmp_path: Path) -> None:
    sha256 = corpus_scenarios.write_ligand(tmp_path / "ligand.h5md")
    source = build_file(CORPUS / "sources" / "mixed.yaml")["descriptors/ligand"]
    assert source.attributes["artifact"]["sha256"] == sha256


def test_training_reaches_the_motion() -> None:
    trained = train_hinge.train(train_hinge.reference(), steps=1500)
    assert trained.rms < 0.005 and trained.rms_between < 0.02
    assert abs(trained.latent.mean()) < 1e-9 and abs(trained.latent.std() - 1) < 1e-9
    assert (np.diff(trained.latent) > 0).all()
    again = train_hinge.train(train_hinge.reference(), steps=1500)
    assert all(np.array_equal(again.layers[k], trained.layers[k]) for k in trained.layers)
