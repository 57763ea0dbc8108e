"""Fits side by side: what was changed is what differs, and what is not one molecule is refused."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import polystate
from polystate.errors import BadRequest
from polystate_conformance.paths import CORPUS
from polystate_tools.cli import application
from polystate_tools.echt.compare import aligned, between, compare, copies, summary, within
from polystate_tools.echt.fit import fit
from polystate_tools.echt.stored import stored
from tests.tools.echt.conftest import peptide

LEVELS = ["chain", "residue", "atomic"]


def scaled(text: str, factor: float, residues: range) -> str:
    """The B of some residues of chain A times a factor."""
    lines = text.splitlines()
    for k, line in enumerate(lines):
        if line.startswith("ATOM") and line[21] == "A" and int(line[22:26]) in residues:
            lines[k] = f"{line[:60]}{factor * float(line[60:66]):6.2f}{line[66:]}"
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    """Three depositions: as it is, residues 10 to 13 of chain A 1.3 times, and everything 1.3 times."""
    folder = tmp_path_factory.mktemp("fits")
    for name, factor, residues in (("plain", 1.0, range(0)), ("part", 1.3, range(10, 14)), ("all", 1.3, range(99))):
        path = folder / f"{name}.pdb"
        path.write_text(scaled(peptide(), factor, residues))
        polystate.write(fit(path, levels=LEVELS, only="polymer").deposition_tree(), folder / f"{name}.zarr")
    return folder


def read(fits, name: str):
    return copies(stored(polystate.open(fits / f"{name}.zarr")), name)


def run(*arguments: object):
    return CliRunner().invoke(application("compare"), ["compare", *map(str, arguments)])


def test_a_fit_does_not_differ_from_itself(fits):
    for one in between(read(fits, "plain"), read(fits, "plain")):
        assert not one.difference.any() and one.identity == 100 and one.scale == 1
        assert all(level.correlation in (None, pytest.approx(1)) for level in one.levels)


def test_residues_whose_b_were_changed_are_those_that_differ(fits):
    one, other = between(read(fits, "plain"), read(fits, "part"))
    assert one.error < 1.0
    total = one.difference.sum(axis=0)
    changed = np.isin(np.arange(len(total)), range(9, 13))
    expected = 0.3 * one.a.b.sum(axis=0)
    np.testing.assert_allclose(total[changed], expected[changed], atol=0.6)
    assert np.abs(total[~changed]).max() < 0.6 < total[changed].min()
    assert {row["a"] for row in one.largest(4)} == {"A.10", "A.11", "A.12", "A.13"}
    assert np.abs(other.difference.sum(axis=0)).max() < 0.6  # chain B


def test_a_common_factor_can_be_taken_out(fits):
    one = between(read(fits, "plain"), read(fits, "all"), scaled=True)[0]
    assert one.scale == pytest.approx(1 / 1.3, rel=0.01)
    assert np.abs(one.difference.sum(axis=0)).max() < 0.6


def test_chains_of_one_fit_are_copies(fits):
    (one,) = within(read(fits, "plain"))
    assert (one.a.chain, one.b.chain) == ("A", "B") and len(one.at) == 24
    assert one.b.mean_b - one.a.mean_b == pytest.approx(5, abs=0.5)  # as they were made


def test_alignment_pairs_what_is_there_in_both(fits):
    sequence = "MET LYS THR ALA TYR ILE ALA LYS GLN ARG GLN ILE SER PHE VAL LYS SER HIS PHE SER ARG GLN LEU GLU".split()
    a = dataclasses.replace(read(fits, "plain")[0], comp=sequence)
    keep = [k for k in range(24) if k not in (6, 7, 8)]
    shorter = dataclasses.replace(
        a, name="short", labels=[a.labels[k] for k in keep], comp=[a.comp[k] for k in keep], b=a.b[:, keep],
        size=a.size[keep],
    )  # fmt: skip
    at, identity = aligned(a, shorter)
    assert identity == 100 and len(at) == 21
    assert not compare(a, shorter).difference[:, :6].any() and at[-1].tolist() == [23, 20]
    with pytest.raises(BadRequest, match="at least 50 %"):
        compare(a, dataclasses.replace(a, comp=["TRP"] * 24))
    with pytest.raises(BadRequest, match="no common level"):
        compare(a, dataclasses.replace(a, levels=["one", "two", "three"]))


def test_the_summary_is_over_the_pairs(fits):
    found = between(read(fits, "plain"), read(fits, "part")) + between(read(fits, "plain"), read(fits, "all"))
    row = next(r for r in summary(found) if r["level"] == "residue")
    means = [level.mean_difference for one in found for level in one.levels if level.level == "residue"]
    assert row["pairs"] == 4 and row["mean_difference"] == pytest.approx(np.mean(means))
    assert row["mean_difference_sd"] == pytest.approx(np.std(means))


def test_the_command_writes_json_table_and_page(fits, tmp_path):
    page, table = tmp_path / "page.html", tmp_path / "rows.parquet"
    done = run(fits / "plain.zarr", fits / "part.zarr", "--json", "-o", page, "--table", table)
    found = json.loads(done.stdout)
    assert [c["a"] for c in found["comparisons"]] == ["plain A", "plain B"] and len(found["summary"]) == 3
    rows = pq.read_table(table).to_pylist()
    assert len(rows) == 2 * 3 * 24 and {r["level"] for r in rows} == set(LEVELS)
    html = page.read_text()
    assert (
        html.count("<svg") == 6
        and "Residues that differ most" in html
        and "http" not in html.replace("http://www.w3", "")
    )
    assert run(fits / "plain.zarr", "-o", page).exception.code == "already-exists"


def test_pairs_come_from_a_table_and_its_lines_are_named(fits):
    table = fits / "pairs.csv"
    table.write_text("a,b\nplain.zarr,part.zarr\nplain.zarr,all.zarr\n")
    done = run("--pairs", table, "--chains", "A", "--json")
    assert [c["b"] for c in json.loads(done.stdout)["comparisons"]] == ["part A", "all A"]
    for text, named in (("a,b\nplain.zarr,\n", "pairs.csv:2"), ("x,y\n1,2\n", "pairs.csv:2"), ("a,b\n", "no pair")):
        table.write_text(text)
        assert named in str(run("--pairs", table).exception)
    assert "--chains" in str(run(fits / "plain.zarr", "--chains", "Z").exception)
    assert "no fit" in str(run().exception)


def test_the_protomers_of_the_spike_are_alike():
    found = within(copies(stored(polystate.open(CORPUS / "6vxx-echt.zarr.zip")), "6vxx"))
    assert [(one.a.chain, one.b.chain) for one in found] == [("A", "B"), ("A", "C"), ("B", "C")]
    for one in found:
        domain = next(level for level in one.levels if level.level == "domain")
        assert domain.correlation > 0.99 and len(one.at) == 972
