"""What means, draws and covariances of a few atoms read where a basis moves them: a chunk with their vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import polystate
from polystate.errors import PolystateError
from polystate.store.sources import DirectorySource, ZipSource
from polystate.store.tree import Group
from polystate.store.writing import write
from polystate_schemas.registry import entries
from tests.reference.store.test_measured_levels import held
from tests.reference.store.test_measured_reads import ATOMS, PER_RESIDUE, SELECTION, Ranges, address, counted_reads
from tests.reference.store.test_measured_reads import still as chain

MODES = 3
NM = "parametric_gaussian/nm_covariance_v1"
ROWS = (np.arange(50, 81) - 1) * PER_RESIDUE + 1
MOTION, SPREAD = "descriptors/motion/basis/c/", "descriptors/spread/basis/c/"
__all__ = ["address"]


def tree(motion: np.ndarray, spread: np.ndarray) -> dict[str, Group]:
    """The chain with a basis whose amplitudes are drawn, and another that makes a covariance; (k, N, 3) of both."""
    made = chain()
    del made["descriptors/adp"]
    one = np.ones(MODES)
    latents = {"component": np.arange(MODES), "draw_key": np.arange(1, MODES + 1), "variance": one}
    latents = {name: values.astype(t) for (name, values), t in zip(latents.items(), ("i4", "u4", "f8"), strict=True)}
    made["descriptors/motion"] = descriptor(
        "motion", "basis/nm_v1", "deterministic_displacement", "additive_displacement", motion, {}, {"latents": latents}
    )
    made["descriptors/spread"] = descriptor(
        "spread", NM, "gaussian_disorder", "additive_covariance", spread, {"variance": one}, {}
    )
    return made


def descriptor(
    name: str, operator: str, signal: str, algebra: str, basis: np.ndarray, arrays: dict, tables: dict
) -> Group:
    return Group(
        {"id": name, "regime": "continuous", "mode": "C", "scope": {"level": "deposition"}, "signal_type": signal,
         "algebra": algebra, "provenance": "p",
         "operator": {"id": operator, "venue": "registry", "hash": entries()[operator].hash}},
        {"atom_id": np.arange(1, ATOMS + 1, dtype=np.uint32), "basis": basis, **arrays},
        tables,
    )  # fmt: skip


@pytest.fixture(scope="module")
def bases() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    motion, spread = rng.integers(-8, 9, (2, MODES, ATOMS, 3)) / 8
    spread[:, :, :] += [[[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]]]
    return motion, spread


@pytest.fixture(scope="module")
def stored(tmp_path_factory, bases) -> Path:
    """A folder with large.zarr and large.zarr.zip."""
    folder = tmp_path_factory.mktemp("bases")
    for name in ("large.zarr", "large.zarr.zip"):
        write(tree(*bases), folder / name)
    return folder


@pytest.mark.parametrize(("kind", "name"), [(DirectorySource, "large.zarr"), (ZipSource, "large.zarr.zip")])
@pytest.mark.parametrize("backend", ["numpy", "auto", "numba"])
def test_covariances_read_the_vectors_of_their_atoms(stored, bases, monkeypatch, kind, name, backend):
    read = counted_reads(monkeypatch, kind)
    found = polystate.open(stored / name).covariance(atoms=SELECTION, backend=backend)
    assert held(read, SPREAD) == {"0/0/0"} and held(read, MOTION) == set()
    vectors = bases[1][:, ROWS]
    np.testing.assert_allclose(found, np.einsum("kni,knj->nij", vectors, vectors), rtol=1e-14)


@pytest.mark.parametrize(("kind", "name"), [(DirectorySource, "large.zarr"), (ZipSource, "large.zarr.zip")])
def test_means_read_the_vectors_of_their_atoms(stored, bases, monkeypatch, kind, name):
    x_ref = polystate.open(stored / name).x_ref[ROWS]
    amplitudes = np.array([0.5, -1.0, 2.0])
    read = counted_reads(monkeypatch, kind)
    found = polystate.open(stored / name).render(atoms=SELECTION, components={"motion": amplitudes}).xyz
    assert held(read, MOTION) == {"0/0/0"} and held(read, SPREAD) == set()
    np.testing.assert_allclose(found, x_ref + np.einsum("k,kni->ni", amplitudes, bases[0][:, ROWS]), rtol=1e-14)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_draws_read_the_vectors_of_their_atoms(stored, monkeypatch, backend):
    whole = polystate.open(stored / "large.zarr").draws(1, seed=7, backend=backend).xyz[:, ROWS]
    read = counted_reads(monkeypatch, DirectorySource)
    found = polystate.open(stored / "large.zarr").draws(1, seed=7, atoms=SELECTION, backend=backend)
    assert held(read, MOTION) == {"0/0/0"} and held(read, SPREAD) == {"0/0/0"}
    np.testing.assert_array_equal(found.xyz, whole)


def test_over_http_a_chunk_of_each_basis_is_sent(stored, address):
    found = polystate.open(f"{address}/large.zarr").draws(1, seed=7, atoms=SELECTION).xyz
    sent = {path.removeprefix("/large.zarr/"): size for path, size in Ranges.requests}
    assert [{k for k in sent if k.startswith(p) and sent[k]} for p in (MOTION, SPREAD)] == [
        {f"{p}0/0/0"} for p in (MOTION, SPREAD)
    ]
    np.testing.assert_array_equal(found, polystate.open(stored / "large.zarr").draws(1, seed=7).xyz[:, ROWS])


def test_no_atom_and_atoms_far_apart_read_what_they_need(stored, bases):
    ends = np.array([1, ATOMS])
    dep = polystate.open(stored / "large.zarr")
    assert dep.covariance(atoms=[]).shape == (0, 3, 3)
    vectors = bases[1][:, ends - 1]
    np.testing.assert_allclose(dep.covariance(atoms=ends), np.einsum("kni,knj->nij", vectors, vectors), rtol=1e-14)


def test_a_part_of_a_basis_that_looks_wrong_is_judged_with_all(bases, tmp_path):
    wrong = bases[1].copy()
    wrong[1, 7, 2] = np.nan
    write(tree(bases[0], wrong), tmp_path / "wrong.zarr")
    with pytest.raises(PolystateError, match=r"descriptors/spread/basis\[1\]\[7\]\[2\]"):
        polystate.open(tmp_path / "wrong.zarr").covariance(atoms=[5])
    with pytest.raises(PolystateError, match=r"descriptors/spread/basis\[1\]\[7\]\[2\]"):
        polystate.open(tmp_path / "wrong.zarr").covariance()
