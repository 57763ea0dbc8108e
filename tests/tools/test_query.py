"""SQL over a deposition: the right numbers, and nothing outside it."""

from __future__ import annotations

import numpy as np
import pytest
from small import deposition, iadp

import polystate
from polystate.errors import BadRequest
from polystate_conformance.paths import CORPUS

duckdb = pytest.importorskip("duckdb")
from polystate_tools.query import query  # noqa: E402


def test_means_are_those_of_the_atoms():
    dep = polystate.Deposition(polystate.build(deposition(4, {"b": iadp([10.0, 20.0, 30.0, 40.0])})))
    found = query(dep, "SELECT number, b FROM residues WHERE b > 25 ORDER BY b DESC").to_pydict()
    assert found["number"] == [4, 3] and np.allclose(found["b"], [40, 30])
    assert query(dep, "SELECT count(*) AS n FROM groups WHERE descriptor = 'b'").to_pydict() == {"n": [4]}


def test_the_top_tenth_of_6vxx_is_a_tenth():
    dep = polystate.open(CORPUS / "6vxx.zarr.zip")
    sql = "SELECT chain, number, b FROM residues QUALIFY percent_rank() OVER (ORDER BY b) >= 0.9"
    found = query(dep, sql)
    assert abs(found.num_rows - dep.hierarchy.size("residue") / 10) < 5
    assert min(found["b"].to_pylist()) > 40


@pytest.mark.parametrize("sql", ["SELECT * FROM read_csv('/etc/passwd')", "COPY atoms TO 'x.csv'", "nonsense"])
def test_a_query_reads_and_writes_nothing_else(sql, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dep = polystate.Deposition(polystate.build(deposition(1, {})))
    with pytest.raises(BadRequest):
        query(dep, sql)
    assert not list(tmp_path.iterdir())
