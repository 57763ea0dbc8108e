"""explain: the atoms that an address names, their states, and means over those that are there."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

import polystate
from polystate_conformance.paths import CORPUS
from polystate_tools.cli import application

CRAMBIN = str(CORPUS / "1ejg.zarr.zip")


def explain(*words: str) -> Result:
    done = CliRunner().invoke(application("explain"), ["explain", CRAMBIN, *words])
    assert done.exit_code == 0, done.output
    return done


def test_b_is_that_of_the_atoms_which_are_there():
    dep = polystate.open(CRAMBIN)
    rows = {r["descriptor"]: r for r in dep.explain("A/22/CB")}
    assert rows["aadp"]["present"] == 1 and abs(rows["aadp"]["mean_b"] - 2.858) < 1e-3
    serine = str(int(dep.hierarchy.atom_id[dep.hierarchy.find("A/22/CB")[1]]))
    absent = {r["descriptor"]: r for r in dep.explain(serine)}["iadp"]
    assert (absent["present"], absent["u"], absent["b"]) == (0, None, None)
    there = {r["descriptor"]: r for r in dep.explain(serine, state={"altloc/A.22": "B"})}["iadp"]
    assert abs(there["b"] - 2.60) < 1e-9


def test_several_atoms_are_named():
    found = explain("--atom", "A/22/CB", "--json")
    assert "2 atoms: A/22/CB of PRO" in found.stderr and "A/22/CB of SER (atom_id 325, absent)" in found.stderr
    assert len(json.loads(found.stdout)) == 3
    assert not explain("--atom", "A/22/N", "--json").stderr
    assert explain("--atom", "A/22").stdout.startswith("20 atoms: A/22/N of PRO")


@pytest.mark.parametrize("words, shown", [
    (["--atom", "A/22/CB", "--state", "altloc/A.22=B"], "A.22=B"), ([], "A.13=A, and 10 more"),
])  # fmt: skip
def test_states_are_those_of_the_atoms_asked_for(words, shown):
    said = explain(*words).stdout
    assert shown in said and ("A.1=A" in said) == (not words)
