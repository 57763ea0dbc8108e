"""Datasets for torch: each sample is what `render` gives, however many workers make them and in whatever order."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polystate
from polystate.errors import BadRequest
from polystate_conformance import paths

torch = pytest.importorskip("torch", reason="SKIPPED: torch is not installed (extra `torch`)")

from torch.utils.data import DataLoader  # noqa: E402

from polystate.torch import Draws, Frames, States, Stream, packed, padded  # noqa: E402
from polystate.torch.features import RESIDUES  # noqa: E402

CORPUS = paths.CONFORMANCE / "corpus"
PATHS = [CORPUS / "nmr-bundle.zarr.zip", CORPUS / "altloc-split.zarr.zip", CORPUS / "scenario-classes.zarr.zip"]


def key(sample: Any) -> tuple[int, int, bytes]:
    return int(sample["entry"]), int(sample["index"]), sample["xyz"].numpy().tobytes()


def test_samples_are_renderings() -> None:
    data = Draws(PATHS, n=3, seed=7, dtype=torch.float64)
    assert len(data) == 9
    for number in (0, 4, 8, -1):
        entry, index = data.place(number)
        dep = polystate.open(PATHS[entry])
        snap = dep.render(draw=data.draw(number), backend="numpy")
        sample = data[number]
        np.testing.assert_allclose(sample["xyz"].numpy(), snap.xyz, atol=1e-9)
        assert (sample["present"].numpy() == snap.present).all()
        assert (sample["entry"], sample["index"]) == (entry, index)
    with pytest.raises(IndexError, match="sample 9 of 9"):
        data[9]


def test_entries_do_not_share_their_normals() -> None:
    data = Draws([PATHS[1], PATHS[1]], n=1, seed=7)
    assert data.draw(0).seed != data.draw(1).seed
    assert not torch.equal(data[0]["xyz"], data[1]["xyz"])


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("shuffle", [False, True])
def test_workers_do_not_change_the_samples(shuffle: bool) -> None:
    data = Draws(PATHS, n=5, seed=7)
    found = []
    for workers in (0, 1, 4):
        maps = DataLoader(data, batch_size=None, num_workers=workers, shuffle=shuffle)
        streamed = DataLoader(Stream(data, seed=1, shuffle=shuffle), batch_size=None, num_workers=workers)
        found += [Counter(map(key, maps)), Counter(map(key, streamed))]
    assert all(one == found[0] for one in found)
    assert sum(found[0].values()) == len(data) == len(found[0])


def test_processes_and_epochs_share_a_stream() -> None:
    data = Draws(PATHS, n=5, seed=7)
    parts = [Stream(data, seed=1, rank=r, world=4) for r in range(4)]
    numbers = [[(s["entry"], s["index"]) for s in part] for part in parts]
    assert [len(n) for n in numbers] == [len(part) for part in parts] == [4, 4, 4, 3]
    assert sorted(sum(numbers, [])) == sorted(data.place(k) for k in range(15))
    later = Stream(data, seed=1)
    first = [(s["entry"], s["index"]) for s in later]
    later.set_epoch(1)
    second = [(s["entry"], s["index"]) for s in later]
    assert first != second
    assert sorted(first) == sorted(second)
    with pytest.raises(BadRequest):
        Stream(data, seed=1, rank=2)


def test_states_have_their_probabilities() -> None:
    data = States(PATHS[1])
    dep = polystate.open(PATHS[1])
    expected = list(dep.joint_states())
    assert len(data) == len(expected) > 1
    assert [data[k]["weight"] for k in range(len(data))] == [found.probability for found in expected]
    np.testing.assert_allclose(data[1]["xyz"], dep.render(state=expected[1].state).mean.astype(np.float32))
    with pytest.raises(BadRequest, match="at most 1"):
        States(PATHS[1], most=1)


def test_frames_are_the_steps_of_an_axis() -> None:
    dep = polystate.open(CORPUS / "scenario-dynamics.zarr.zip")
    name = next(iter(dep.axes))
    data = Frames(dep, axis=name)
    assert len(data) == dep.axes[name].length
    np.testing.assert_allclose(data[1]["xyz"], dep.render(at={name: 1}).mean.astype(np.float32))
    with pytest.raises(BadRequest, match="axis"):
        Frames(PATHS[1])


def test_features_say_what_the_atoms_are() -> None:
    dep = polystate.open(CORPUS / "1ejg.zarr.zip")
    sample = Draws(dep, n=1, seed=1, psd="clip", atoms="A/1-3")[0]
    h, n = dep.hierarchy, len(sample["xyz"])
    rows = h.rows_of(sample["atom_id"].numpy(), "atoms")
    assert len(rows) == n > 20
    assert (sample["atomic_number"].numpy() == h.column("atoms", "element")[rows]).all()
    named = [RESIDUES[k - 1] for k in sample["residue_type"].tolist()]
    assert named == h.text("residues", "comp")[h.of_atoms("residue")[rows]].tolist()
    assert set(sample["residue"].tolist()) == {0, 1, 2}
    a, b = sample["bonds"].numpy()
    stored = set(zip(h.column("bonds", "atom_a").tolist(), h.column("bonds", "atom_b").tolist(), strict=True))
    mine, there = set(rows.tolist()), dict(zip(rows.tolist(), sample["present"].tolist(), strict=True))
    expected = {(x, y) for x, y in stored if x in mine and y in mine and there[x] and there[y]}
    assert set(zip(rows[a].tolist(), rows[b].tolist(), strict=True)) == expected


def test_bonds_of_absent_atoms_are_left_out() -> None:
    data = Draws(CORPUS / "altloc-partial-water.zarr.zip", n=40, seed=3)
    samples = [data[k] for k in range(40)]
    for sample in samples:
        assert sample["present"][sample["bonds"]].all()
    assert any(not sample["present"].all() for sample in samples)


def test_batches_hold_what_their_samples_hold() -> None:
    data = Draws(PATHS, n=2, seed=7)
    samples = [data[0], data[2], data[5]]
    sizes = [len(s["xyz"]) for s in samples]
    assert len(set(sizes)) > 1
    batch, flat = padded(samples), packed(samples)
    for k, sample in enumerate(samples):
        n, m = sizes[k], sample["bonds"].shape[1]
        first = int(flat["ptr"][k])
        for name in ("xyz", "present", "atomic_number", "residue_type", "atom_id"):
            assert torch.equal(batch[name][k, :n], sample[name])
            assert not batch[name][k, n:].any()
            assert torch.equal(flat[name][first : first + n], sample[name])
        assert torch.equal(batch["mask"][k], torch.arange(max(sizes)) < n)
        assert torch.equal(batch["bonds"][k, :, :m], sample["bonds"])
        assert (batch["bonds"][k, :, m:] == -1).all()
        here = (flat["bonds"][0] >= first) & (flat["bonds"][0] < first + n)
        assert torch.equal(flat["bonds"][:, here] - first, sample["bonds"])
        assert (flat["batch"][first : first + n] == k).all()
        assert batch["entry"][k] == flat["entry"][k] == sample["entry"]
    pairs = set(zip(flat["batch"].tolist(), flat["residue"].tolist(), strict=True))
    assert len({residue for _, residue in pairs}) == len(pairs)


def test_few_entries_stay_open() -> None:
    data = Draws(PATHS, n=1, seed=7, keep=1)
    before = data[0]["xyz"]
    _ = data[1], data[2]
    assert len(data._open) == 1
    assert torch.equal(data[0]["xyz"], before)


def test_a_missing_entry_is_named(tmp_path: Path) -> None:
    with pytest.raises(polystate.PolystateError, match="gone"):
        Draws(tmp_path / "gone.zarr", n=1, seed=7)[0]
