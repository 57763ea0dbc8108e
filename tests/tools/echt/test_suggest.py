"""Domains found: elements of like disorder that follow each other."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from polystate.errors import BadRequest
from polystate_tools.cli import application
from polystate_tools.echt.fit import fit
from polystate_tools.echt.levels.domains import read_domains
from polystate_tools.echt.solver.points import Settings
from polystate_tools.echt.suggest import joined, suggest
from tests.tools.echt.conftest import peptide


@pytest.fixture
def halves(tmp_path):
    """One chain of 64 residues, the second half of which has 25 Å² more, in elements of 8 residues; its table."""
    lines = peptide(residues=64, chains="A").splitlines()
    for k, line in enumerate(lines):
        if line.startswith("ATOM"):
            r = int(line[22:26])
            lines[k] = f"{line[:60]}{(15.0 if r <= 32 else 40.0) + (r % 8) / 4:6.2f}{line[66:]}"
    path, table = tmp_path / "halves.pdb", tmp_path / "levels.csv"
    path.write_text("\n".join(lines) + "\n")
    atoms = [(line[22:26].strip(), line[12:16].strip()) for line in lines if line.startswith("ATOM")]
    rows = [f"A,{r},{name},{(int(r) - 1) // 8},{r}" for r, name in atoms]
    table.write_text("\n".join(["chain,residue,atom,secondary_structure,residue_group", *rows]) + "\n")
    return path, table


def test_halves_of_unlike_disorder_are_found_and_what_they_bring(halves, tmp_path):
    path, table = halves
    result = fit(path, groups=table, settings=Settings(max_steps=30, final_tolerance=1e-5))
    found = suggest(result)
    assert [(d.name, d.selection, d.residues) for d in found.domains] == [("A1", "A/1-32", 32), ("A2", "A/33-64", 32)]
    assert found.domains[1].b - found.domains[0].b == pytest.approx(25, abs=1.5)
    assert 0 < max(d.gain for d in found.domains) <= found.gain * 1.001 and found.gain < found.objective
    found.write(tmp_path / "domains.yaml")
    assert read_domains(tmp_path / "domains.yaml")["domain"].groups == {"A1": "A/1-32", "A2": "A/33-64"}


def test_short_elements_join_the_neighbour_most_like_them():
    """Five elements of 30, 5, 30, 5 and 30 residues of one atom, B 10, 11, 30, 29, 50."""
    size, b = np.array([30, 5, 30, 5, 30]), np.array([10.0, 11, 30, 29, 50])
    element = np.repeat(np.arange(5), size)
    groups = joined([(element == k, b[element], np.arange(len(element))) for k in range(5)])
    assert [int(g.sum()) for g in groups] == [35, 35, 30]
    assert joined([]) == []


def test_what_nothing_can_be_proposed_for_is_refused(pdb, tmp_path):
    quick = Settings(max_steps=3, final_tolerance=1e-2)
    with pytest.raises(BadRequest, match="level secondary_structure"):
        suggest(fit(pdb, levels=["chain", "residue"], settings=quick))
    path = tmp_path / "domains.yaml"
    call = ["fit", str(pdb), str(tmp_path / "out.zarr"), "--many", "x", "--suggest-domains", str(path)]
    assert CliRunner().invoke(application("fit"), call).exception.code == "bad-request"


def test_the_command_writes_a_file_and_says_what_it_brings(halves, tmp_path):
    path, table = halves
    out, file = tmp_path / "out.zarr", tmp_path / "domains.yaml"
    call = ["fit", path, out, "--groups", table, "--steps", "20", "--suggest-domains", file, "--json"]
    done = CliRunner().invoke(application("fit"), list(map(str, call)))
    rows = json.loads(done.stdout)["suggested"]["domains"]
    assert len(rows) == 2 == len(read_domains(file)["domain"].groups) and rows[0]["gain"] >= 0
