"""Several inputs at once, tables of what varies, and sums with units."""

from __future__ import annotations

import json
import sys

import pytest

import polystate
from polystate_conformance.paths import CORPUS
from polystate_tools import cli

CRAMBIN, CAGE = str(CORPUS / "1ejg.zarr.zip"), str(CORPUS / "1l2y.zarr.zip")


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("POLYSTATE_QUIET", "")
        monkeypatch.setattr(sys, "argv", ["polystate", *arguments])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
        said = capsys.readouterr()
        return int(leaving.value.code or 0), said.out, said.err

    return call


def test_failures_do_not_stop_the_rest_and_are_named_at_the_end(run, tmp_path):
    assert run("examples", str(tmp_path))[0] == 0
    good, bad, missing = tmp_path / "1ejg.cif", tmp_path / "bad.cif", tmp_path / "missing.pdb"
    bad.write_text("not a structure")
    status, out, err = run("import", str(bad), str(good), str(missing), f"{tmp_path}/out/")
    assert status == 1 and "1ejg.zarr: 831 records read" in out
    last = err.splitlines()[-3:]
    assert last[0].startswith(f"failed: {bad}") and last[1].startswith(f"failed: {missing}")
    assert last[2] == "3 inputs: 1 good, 2 failed"
    assert polystate.open(tmp_path / "out" / "1ejg.zarr").n_atoms == 660


def test_two_inputs_of_one_name_would_replace_each_other(run, tmp_path):
    status, _, err = run("import", "a/x.cif", "b/x.pdb", f"{tmp_path}/")
    assert status == 2 and "names differ" in err and not list(tmp_path.iterdir())


def test_validate_describe_and_digest_take_several(run, tmp_path):
    assert run("validate", CRAMBIN, CAGE)[:2] == (0, f"{CRAMBIN}: valid\n{CAGE}: valid\n")
    status, out, _ = run("validate", CRAMBIN, str(tmp_path), "--json")
    assert status == 1 and [json.loads(line)["valid"] for line in out.splitlines()] == [True, False]
    assert [line.split("  ")[1] for line in run("digest", CRAMBIN, CAGE)[1].splitlines()] == [CRAMBIN, CAGE]
    assert "304 atoms" in run("describe", CRAMBIN, CAGE)[1]


def test_states_are_a_table_of_sites_first(run):
    out = run("states", str(CORPUS / "altloc-microheterogeneity.zarr.zip"), "--list", "1")[1]
    rows = [line.split() for line in out.splitlines()]
    assert rows[1] == ["altloc/A.22", "A", "A.22", "PRO", "3", "0.6"]
    assert rows[2] == ["B", "A.22", "SER", "3", "0.25"]
    assert "probability 0.6" in out
    nested = json.loads(run("states", str(CORPUS / "altloc-nested.zarr.zip"), "--json", "--list", "99")[1])
    assert abs(sum(nested["probabilities"]) - 1) < 1e-12 and len(nested["states"]) == nested["count"] == 5
    loop = nested["sites"][1]["states"]
    assert loop[0]["when"] == {"ligand/A.201": ["bound"]} and loop[2]["when"] == {"ligand/A.201": ["absent"]}


def test_many_sites_are_folded(run):
    store = str(CORPUS / "7gsa.zarr.zip")
    assert "and 11 more sites (--all)" in run("states", store)[1]
    assert "more sites" not in run("states", store, "--all")[1]


def test_explain_gives_the_sum_its_order_and_units(run):
    out = run("explain", str(CORPUS / "mixed.zarr.zip"), "--at", "frame=1", "--atom", "B/3/CA")[1]
    assert "sum of tls + b: U=(" in out and "B=20.42 Å²" in out and "in the order 11, 22, 33, 12, 13, 23" in out


def test_every_verb_has_a_short_help_and_can_be_quiet(run):
    assert "--overwrite" in run("import", "-h")[1]
    assert run("--quiet", "digest", CAGE)[1] == run("digest", CAGE, "--quiet")[1]
