"""Commands on a deposition with an unknown operator: they answer, leave it out, and say so."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import polystate
from polystate.store.writing import write
from polystate_tools.cli import application
from polystate_tools.formats.exporting import export_file
from tests.reference.questions.test_unknown_operators import GAUSSIAN, SPLINE, B, deposition


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "x.zarr"
    write(polystate.build(deposition(4, {"b": B, "g": GAUSSIAN, "s": SPLINE})), path)
    return path


def run(*words):
    return CliRunner().invoke(application(words[0]), [str(word) for word in words])


def test_describe_explain_and_validate_exit_with_0(store):
    said = run("describe", store)
    assert said.exit_code == 0 and "unknown operator: descriptors/g: parametric_gaussian/cumulants_v1" in said.output
    assert json.loads(run("describe", store, "--json").stdout)["levels"] == ["b", "g"]
    assert "unknown operator" in run("explain", store).stdout
    valid = run("validate", store)
    assert valid.exit_code == 0 and "[operator/unknown-operator]" in valid.output


def test_covariance_is_refused_where_it_needs_the_operator(store, tmp_path):
    refused = run("covariance", store, "-o", tmp_path / "u.npy")
    assert refused.exit_code != 0 and "descriptors/g#/operator/id" in str(refused.exception)
    assert not (tmp_path / "u.npy").exists()


def test_an_export_names_what_it_leaves_out(store, tmp_path):
    report = export_file(polystate.open(store), tmp_path / "x.pdb")
    assert [loss["what"] for loss in report.losses[:2]] == ["descriptors/g", "descriptors/s"]
    assert "10.00" in (tmp_path / "x.pdb").read_text()


def test_a_query_has_null_where_it_is_not_known(store):
    pytest.importorskip("duckdb")
    from polystate_tools.bridges.query import query

    dep = polystate.open(store)
    found = query(dep, "SELECT b, b_b, b_g FROM atoms ORDER BY atom_id").to_pydict()
    assert found["b"][2:] == [None, None] and found["b"][:2] == pytest.approx([10, 20])
    assert found["b_b"] == pytest.approx([10, 20, 30, 40]) and found["b_g"] == [0, 0, None, None]
    moments = query(dep, "SELECT rmsf, presence FROM moments").to_pydict()
    assert [r is None for r in moments["rmsf"]] == [False, False, True, True] and moments["presence"] == [1] * 4
    assert query(dep, "SELECT amplitude FROM groups WHERE descriptor = 'g'").to_pydict()["amplitude"] == [
        0, 0, None, None,
    ]  # fmt: skip


def test_a_report_warns_of_it(store, tmp_path):
    said = run("report", store, "-o", tmp_path / "x.html")
    assert (
        said.exit_code == 0 and "parametric_gaussian/cumulants_v1 is unknown here" in (tmp_path / "x.html").read_text()
    )
