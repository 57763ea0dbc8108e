"""rebase and history: 6vxx on a revised copy of itself, and what goes wrong in one line."""

from __future__ import annotations

import json
from pathlib import Path

import gemmi
import numpy as np
import pytest
from typer.testing import CliRunner, Result

import polystate
from polystate.store.writing import write
from polystate_conformance.paths import CORPUS
from polystate_tools.cli import application
from polystate_tools.corpus.scenarios import ARTIFACT
from polystate_tools.formats import export_file, import_file

SPIKE, ECHT = CORPUS / "6vxx.zarr.zip", CORPUS / "6vxx-echt.zarr.zip"
SHIFT = 10  # of the numbers of chain A


def run(*words: object) -> Result:
    return CliRunner().invoke(application(str(words[0])), list(map(str, words)))


@pytest.fixture(scope="module")
def revised(tmp_path_factory) -> Path:
    """6vxx with chain A renumbered, B without 100 to 110, and Tyr 200 of C an alanine: made by gemmi."""
    folder = tmp_path_factory.mktemp("revised")
    export_file(polystate.open(SPIKE), folder / "6vxx.pdb")
    structure = gemmi.read_structure(str(folder / "6vxx.pdb"))
    model = structure[0]
    for residue in model["A"]:
        residue.seqid.num += SHIFT
    for k in reversed([k for k, residue in enumerate(model["B"]) if 100 <= residue.seqid.num <= 110]):
        del model["B"][k]
    (tyrosine,) = (residue for residue in model["C"] if residue.seqid.num == 200)
    assert tyrosine.name == "TYR"
    for k in reversed([k for k, atom in enumerate(tyrosine) if atom.name not in ("N", "CA", "C", "O", "CB")]):
        del tyrosine[k]
    tyrosine.name = "ALA"
    structure.write_pdb(str(folder / "revised.pdb"))
    write(import_file(folder / "revised.pdb")[0], folder / "revised.zarr")
    return folder / "revised.zarr"


@pytest.mark.parametrize("old", [SPIKE, ECHT])
def test_6vxx_on_a_revised_copy(revised: Path, tmp_path: Path, old: Path) -> None:
    done = run("rebase", old, revised, tmp_path / "out.zarr", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    lost = polystate.open(old).n_atoms - polystate.open(revised).n_atoms
    assert found["atoms"] == {"both": polystate.open(revised).n_atoms, "only_old": lost, "only_new": 0}
    carried = {entry["what"]: entry["said"] for entry in found["carried"]}
    stale = {entry["what"]: entry["said"] for entry in found["stale"]}
    dropped = {entry["what"]: entry["said"] for entry in found["dropped"]}
    out = polystate.open(tmp_path / "out.zarr")
    assert set(carried) >= {d.path for d in out.descriptors.values()} and out.validate().valid
    assert all("C.200 TYR of another type in NEW" in said for said in stale.values()) and stale
    assert dropped["residues B.100 to B.110"] == "not in NEW"
    if old == ECHT:
        assert carried["groupings/echt.residue/v1"] == "2905 of 2916 residues"
        assert "descriptors/iadp" not in stale  # the sugars, none of which has changed


def places(dep: polystate.Deposition, shift: int) -> dict[tuple[str, int, str], int]:
    """Author chain, number and name of each atom, and its row; chain A counts on from `shift`."""
    h = dep.hierarchy
    residue = h.column("atoms", "residue")
    chain = h.text("chains", "auth_asym")[h.column("residues", "chain")[residue]]
    number = h.column("residues", "auth_seq")[residue]
    keys = ((c, int(n) + shift * (c == "A"), a) for c, n, a in zip(chain, number, h.text("atoms", "name"), strict=True))
    return {key: row for row, key in enumerate(keys)}


def test_each_atom_keeps_its_u_by_level(revised: Path, tmp_path: Path) -> None:
    assert run("rebase", ECHT, revised, tmp_path / "out.zarr").exit_code == 0
    old, new = polystate.open(ECHT), polystate.open(tmp_path / "out.zarr")
    before, now = places(old, SHIFT), places(new, 0)
    shared = sorted(set(before) & set(now))
    assert len(shared) == new.n_atoms
    one, other = (np.array([rows[key] for key in shared]) for rows in (before, now))
    u, v = old.covariance(by_level=True)[:, one], new.covariance(by_level=True)[:, other]
    assert np.abs(u - v).max() < 1e-12


def test_validate_calls_what_went_stale_stale(revised: Path, tmp_path: Path) -> None:
    run("rebase", ECHT, revised, tmp_path / "out.zarr")
    done = run("validate", tmp_path / "out.zarr", "--json")
    assert done.exit_code == 0
    stale = {w["where"] for w in json.loads(done.stdout)["warnings"] if w["code"] == "stale"}
    assert any("echt.domain" in where for where in stale) and not any("iadp" in where for where in stale)
    assert run("validate", tmp_path / "out.zarr", "--strict").exit_code == 1


def test_history_goes_back_by_digest(revised: Path, tmp_path: Path) -> None:
    run("rebase", SPIKE, revised, tmp_path / "out.zarr")
    run("rebase", tmp_path / "out.zarr", revised, tmp_path / "again.zarr")
    found = json.loads(run("history", tmp_path / "again.zarr", "--json").stdout)
    files = (tmp_path / "again.zarr", tmp_path / "out.zarr", SPIKE)
    assert [row["digest"] for row in found] == [f"sha256:{polystate.open(f).digest()}" for f in files]
    table = run("history", tmp_path / "again.zarr").stdout
    assert found[2]["digest"] in table and "6VXX" in table


def test_files_beside_the_old_one_come_along(tmp_path: Path) -> None:
    source = CORPUS / "mixed.zarr.zip"
    done = run("rebase", source, source, tmp_path / "out.zarr")
    assert done.exit_code == 0 and (tmp_path / ARTIFACT).is_file()
    polystate.open(tmp_path / "out.zarr").render(at={"frame": 1})


def test_an_output_that_is_an_input_is_refused(tmp_path: Path) -> None:
    write(polystate.read(CORPUS / "altloc-nested.zarr.zip"), tmp_path / "a.zarr")
    for words in (("a.zarr", SPIKE), (SPIKE, "a.zarr")):
        given = [tmp_path / word if isinstance(word, str) else word for word in words]
        assert run("rebase", *given, tmp_path / "a.zarr", "-y").exception.code == "already-exists"
    assert polystate.open(tmp_path / "a.zarr").validate().valid
    assert run("rebase", tmp_path / "none.zarr", SPIKE, tmp_path / "b.zarr").exception.code == "not-a-store"
    assert not (tmp_path / "b.zarr").exists()
