"""SQL over a deposition: the right numbers, and nothing outside it."""

from __future__ import annotations

import numpy as np
import pytest

import polystate
from polystate.errors import BadRequest
from polystate.store import memory
from polystate_conformance.paths import CORPUS
from tests.reference.small import deposition, iadp

duckdb = pytest.importorskip("duckdb")
from polystate_tools.bridges.query import TABLES, query  # noqa: E402


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


def test_an_absent_alternate_has_no_b():
    """Residue 22 of 1ejg is PRO or SER: the B of the one that the state lacks is unknown, not zero."""
    dep = polystate.open(CORPUS / "1ejg.zarr.zip")
    atoms = query(dep, "SELECT comp, present, b, b_aadp FROM atoms WHERE number = 22 AND name = 'CB'").to_pylist()
    assert [(a["comp"], a["present"], a["b"] is None) for a in atoms] == [("PRO", True, False), ("SER", False, True)]
    assert abs(atoms[0]["b"] - 2.858) < 1e-3 and atoms[1]["b_aadp"] is None
    found = query(dep, "SELECT comp, atoms, present, b FROM RESIDUES WHERE number = 22").to_pydict()
    assert found["present"] == [14, 0] and found["b"][1] is None and abs(found["b"][0] - 2.5394) < 1e-3
    whole = query(dep, "SELECT sum(atoms) AS a, sum(present) AS p FROM groups WHERE descriptor = 'iadp'").to_pydict()
    assert whole["p"] == [sum(query(dep, "SELECT present FROM atoms")["present"].to_pylist())] < whole["a"]


def test_all_tables_are_listed():
    dep = polystate.Deposition(polystate.build(deposition(1, {})))
    assert query(dep, "show tables").to_pydict()["name"] == sorted(TABLES)
    assert query(dep, "SELECT count(*) AS n FROM groups").to_pydict() == {"n": [0]}


@pytest.mark.parametrize("sql", ["", "-- nothing", "SELECT 1; SELECT 2", "CREATE TABLE x AS SELECT 1"])
def test_a_query_is_one_select(sql):
    with pytest.raises(BadRequest, match="expected one SELECT"):
        query(polystate.Deposition(polystate.build(deposition(1, {}))), sql)


@pytest.mark.parametrize("sql", ["SELECT * FROM read_csv('/etc/passwd')", "COPY atoms TO 'x.csv'", "nonsense"])
def test_a_query_reads_and_writes_nothing_else(sql, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dep = polystate.Deposition(polystate.build(deposition(1, {})))
    with pytest.raises(BadRequest):
        query(dep, sql)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("setting, value", [
    ("enable_external_access", False), ("autoinstall_known_extensions", False), ("autoload_known_extensions", False),
    ("allow_community_extensions", False), ("python_enable_replacements", False), ("lock_configuration", True),
])  # fmt: skip
def test_the_configuration_is_closed_and_locked(setting, value):
    dep = polystate.open(CORPUS / "nested-loop.zarr.zip")
    assert query(dep, f"SELECT current_setting('{setting}') AS s").to_pydict() == {"s": [value]}
    for sql in (f"SET {setting} = {not value}", f"RESET {setting}", "INSTALL httpfs", "LOAD json"):
        with pytest.raises(BadRequest):
            query(dep, sql)


def test_a_query_sees_no_variable_of_the_program():
    with pytest.raises(BadRequest):
        query(polystate.open(CORPUS / "nested-loop.zarr.zip"), "SELECT * FROM statements")


def test_moments_a_residue_are_a_table():
    """Residue 22 is PRO in A (0.6), or SER in B (0.25) or C (0.15)."""
    dep = polystate.open(CORPUS / "altloc-microheterogeneity.zarr.zip")
    found = query(dep, "SELECT comp, presence, rmsf, conformers, entropy FROM moments WHERE number = 22").to_pylist()
    assert [(row["comp"], round(row["presence"], 12)) for row in found] == [("PRO", 0.6), ("SER", 0.4)]
    p = np.array([0.6, 0.25, 0.15])
    assert all(abs(row["entropy"] + (p * np.log(p)).sum()) < 1e-12 and row["conformers"] == 3 for row in found)
    assert found[0]["rmsf"] == 0 < found[1]["rmsf"]


ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT "


@pytest.mark.parametrize("sql", [ENDLESS + "n FROM t", ENDLESS + "count(*) FROM t", "FROM range(1000000000000)"])
def test_a_query_without_an_end_is_given_up(sql):
    dep = polystate.Deposition(polystate.build(deposition(1, {})))
    with pytest.raises(BadRequest, match=r"no answer within 0\.3 s.*--time-limit"):
        query(dep, sql, limit_s=0.3)
    assert query(dep, "SELECT count(*) AS n FROM atoms").to_pydict() == {"n": [1]}


def test_an_answer_that_memory_has_no_room_for_is_refused(monkeypatch):
    dep = polystate.Deposition(polystate.build(deposition(1, {})))
    monkeypatch.setattr(memory, "room", lambda: 1 << 23)
    with pytest.raises(BadRequest, match="an answer of more than"):
        query(dep, "FROM range(10000000)")


def test_what_goes_wrong_while_an_answer_is_read_is_named():
    dep = polystate.Deposition(polystate.build(deposition(1, {})))
    with pytest.raises(BadRequest, match="not convert"):
        query(dep, "SELECT CAST(CASE WHEN range > 500000 THEN 'x' ELSE '1' END AS INT) AS n FROM range(1000000)")
