"""What covariances and draws of a few atoms read where TLS levels lie over their ADPs: of positions the chunks of the
groups that hold the atoms, of U the chunk of the atoms."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import polystate
from polystate.errors import PolystateError
from polystate.store.sources import DirectorySource, ZipSource
from polystate.store.tree import Group
from polystate.store.writing import write
from polystate_schemas.registry import entries
from tests.reference.store.test_measured_reads import ATOMS, PER_RESIDUE, SELECTION, Ranges, U, address, counted_reads
from tests.reference.store.test_measured_reads import still as chain

TLS, X_REF = "parametric_gaussian/tls_v1", "reference/x_ref/c/"
DOMAINS, RESIDUES = 4, ATOMS // PER_RESIDUE
ROWS = (np.arange(50, 81) - 1) * PER_RESIDUE + 1
CHUNKS = {"numpy": 1, "auto": 1, "numba": 2}
"""Of positions: of the atoms alone, of their residues, or of the domain that Numba begins with."""
__all__ = ["address"]


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    """A folder with large.zarr and large.zarr.zip: domains of 50 000 atoms, residues within them, U of each atom."""
    folder, tree = tmp_path_factory.mktemp("levels"), chain()
    parent = np.repeat(np.arange(DOMAINS, dtype=np.int32), RESIDUES // DOMAINS)
    tree["groupings/large.domain/v1"] = Group(
        {"kind": "partition", "child_level": "residue", "labels": ["a", "b", "c", "d"]},
        {"child": np.arange(RESIDUES, dtype=np.int32), "parent": parent},
    )
    rng = np.random.default_rng(3)
    domain = np.zeros((DOMAINS, 24))
    domain[:, [0, 1, 2, 20]] = 1.0  # T = 1, which no position changes
    residue = rng.uniform(-0.02, 0.02, (RESIDUES, 24))
    residue[:, [0, 1, 2, 20]] = 3.0
    tree["descriptors/domain"] = level("domain", {"grouping": "large.domain/v1"}, domain)
    tree["descriptors/residue"] = level("residue", {"level": "residue"}, residue, normalised=False)
    write(tree, folder / "large.zarr")
    write(tree, folder / "large.zarr.zip")
    domain[2, 0] = 2.0
    write({**tree, "descriptors/domain": level("domain", {"grouping": "large.domain/v1"}, domain)}, folder / "off.zarr")
    return folder


def level(name: str, scope: dict, tls: np.ndarray, **more: bool) -> Group:
    return Group(
        {"id": name, "regime": "continuous", "mode": "C", "scope": scope, "signal_type": "gaussian_disorder",
         "algebra": "additive_covariance", "provenance": "p", **more,
         "operator": {"id": TLS, "venue": "registry", "hash": entries()[TLS].hash}},
        {"tls": tls},
    )  # fmt: skip


def held(read: Counter[str], prefix: str) -> set[str]:
    return {key.removeprefix(prefix) for key in read if key.startswith(prefix) and read[key]}


@pytest.mark.parametrize(("kind", "name"), [(DirectorySource, "large.zarr"), (ZipSource, "large.zarr.zip")])
@pytest.mark.parametrize("backend", list(CHUNKS))
def test_covariances_read_the_positions_of_the_groups_of_their_atoms(stored, monkeypatch, kind, name, backend):
    whole = polystate.open(stored / name).covariance(backend=backend)[ROWS]
    read = counted_reads(monkeypatch, kind)
    found = polystate.open(stored / name).covariance(atoms=SELECTION, backend=backend)
    assert held(read, X_REF) == {f"{k}/0" for k in range(CHUNKS[backend])} and held(read, U) == {"0/0"}
    np.testing.assert_array_equal(found, whole)


@pytest.mark.parametrize(("kind", "name"), [(DirectorySource, "large.zarr"), (ZipSource, "large.zarr.zip")])
@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_draws_read_what_their_atoms_need(stored, monkeypatch, kind, name, backend):
    whole = polystate.open(stored / name).draws(1, seed=7, backend=backend).xyz[:, ROWS]
    read = counted_reads(monkeypatch, kind)
    found = polystate.open(stored / name).draws(1, seed=7, atoms=SELECTION, backend=backend)
    assert held(read, X_REF) == {f"{k}/0" for k in range(CHUNKS[backend])} and held(read, U) == {"0/0"}
    np.testing.assert_array_equal(found.xyz, whole)


def test_covariances_over_http_read_a_chunk_of_positions_and_one_of_u(stored, address):
    found = polystate.open(f"{address}/large.zarr").covariance(atoms=SELECTION)
    sent = Counter({path.removeprefix("/large.zarr/"): size for path, size in Ranges.requests})
    assert held(sent, X_REF) == {"0/0"} and held(sent, U) == {"0/0"}
    assert max(Counter(path for path, _ in Ranges.requests).values()) == 1
    np.testing.assert_array_equal(found, polystate.open(stored / "large.zarr").covariance()[ROWS])


def test_the_normalisation_of_groups_is_judged_where_all_positions_are_read(stored):
    part = polystate.open(stored / "off.zarr")
    assert np.isfinite(part.covariance(atoms=SELECTION)).all()
    for answer in (part.covariance, part.plan, lambda: part.draws(1, seed=7)):
        with pytest.raises(PolystateError, match=r"descriptors/domain/tls\[2\]"):
            answer()
    assert not part.validate().valid


def test_no_atom_has_no_covariance(stored):
    for backend in CHUNKS:
        assert polystate.open(stored / "large.zarr").covariance(atoms=[], backend=backend).shape == (0, 3, 3)
