"""What is recorded of other implementations: from their reports, by operator, as long as the operator is the same."""

from __future__ import annotations

import json

import pytest

from polystate_conformance.reports import recorded
from polystate_conformance.suite.collection import Choice, load
from polystate_schemas.registry import entries

TLS = "parametric_gaussian/tls_v1"


def test_what_is_recorded_is_of_the_operators_as_they_are():
    rows = json.loads(recorded.FILE.read_text("utf-8"))
    assert {row["implementation"] for row in rows} == {"polystate-javascript", "polystate-cpp"}
    assert all(entries()[row["operator"]].hash == row["hash"] for row in rows)
    assert {row["language"] for row in recorded.recorded(TLS)} == {"JavaScript", "C++17"}


def test_an_operator_with_one_failure_is_not_recorded():
    cases = load(Choice.of(None, ["registry.0003", "registry.0001"]))
    assert recorded.operators_of(cases[1]) == {TLS}
    results = [result(cases[0], "passed"), result(cases[1], "failed")]
    iadp = "parametric_gaussian/iadp_v1"
    hello = {"name": "x", "language": "y", "operators": {iadp: entries()[iadp].hash, TLS: entries()[TLS].hash}}
    assert [row["operator"] for row in recorded.rows(results, hello, cases)] == [iadp]
    assert recorded.rows(results, {**hello, "operators": {iadp: "sha256:other"}}, cases) == []


def test_a_report_of_a_part_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded.footer, "read", lambda path: ([], {"chosen": {"options": "--case tls"}}))
    with pytest.raises(ValueError, match="--case tls"):
        recorded.made([tmp_path / "r.jsonl"])


def result(case, outcome):
    return {"case": case.id, "outcome": outcome}
