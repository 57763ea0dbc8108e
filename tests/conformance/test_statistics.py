"""The statistical track in short: uniform p-values, power, wrong samplers; at length: `make verify-statistics`."""

from __future__ import annotations

import json

import numpy as np
import pytest

from polystate_conformance.reports import statistics as report_statistics
from polystate_conformance.scoring import exact_tests, laws
from polystate_conformance.selftest import verify_statistics

SHORT = ("statistics.0001", "statistics.0007", "statistics.0020", "statistics.0024", "statistics.0028")
ALL = {case.id: case for case in verify_statistics.collection()}
RATE = laws.SUITE_RATE / len(ALL)
SEED = 20240501


@pytest.mark.parametrize("sampler", verify_statistics.SAMPLERS)
def test_p_values_of_right_samplers_are_uniform(sampler):
    tables = {id: verify_statistics.p_values(ALL[id], sampler, 200, SEED) for id in SHORT}
    found = verify_statistics.uniformity(tables)
    assert found["adjusted_ks"] > 1e-3
    assert found["tests"] > 40


@pytest.mark.parametrize("id", [f"statistics.{number:04d}" for number in (1, 11, 12, 14, 18, 21)])
def test_a_stated_fault_is_found(id):
    row = verify_statistics.missed(ALL[id], RATE, 200, SEED)
    assert row["missed"] <= 3  # 0.2 are expected


def test_a_fault_that_is_smaller_than_stated_is_often_missed():
    _, law = laws.law_of(ALL["statistics.0001"])
    generator = np.random.default_rng(SEED)
    n, d = laws.draws_needed(law, RATE), laws.components(law)
    kept = 0
    for _ in range(50):
        z = verify_statistics.faulty("sd", 0.02, n, d, generator)
        values = exact_tests.normal(z, np.arange(d) // 3, np.arange(d) % 3)
        kept += values["scale"] >= RATE / 2
    assert kept > 25


def test_every_case_states_a_fault_and_its_number_of_draws_follows():
    assert len(ALL) >= 20
    for case in ALL.values():
        _, law = laws.law_of(case)
        assert laws.fault(law)[2] == 0.999
        assert 64 <= laws.draws_needed(law, RATE) < 100_000


def test_committed_figures_are_those_of_the_cases_and_show_no_problem():
    found = report_statistics.figures()
    assert found is not None
    assert found["problems"] == []
    assert {row["case"]: row["draws"] for row in found["power"]} == {
        id: laws.draws_needed(laws.law_of(case)[1], RATE) for id, case in ALL.items()
    }
    claimed = {(fault, case.id) for case in ALL.values() for fault in case.kills}
    assert {(row["fault"], row["case"]) for row in found["wrong_samplers"]["claims"]} == claimed


def test_the_report_shows_the_figures_beside_the_claims():
    found = report_statistics.figures()
    result = {"case": "statistics.0001", "profile": "sampling-statistical", "outcome": "passed", "draws": 1320,
              "p_values": {"scale": 0.25}}  # fmt: skip
    page = report_statistics.section([result], found)
    assert "statistics.0001" in page
    assert "0.25" in page
    assert report_statistics.section([], found) == ""
    assert json.dumps(found)


def test_a_wrong_sampler_is_caught_by_the_cases_that_claim_it():
    verify_statistics._initialise(ALL)
    rows = verify_statistics.caught("own-levels-same-numbers", 2)
    assert rows == [
        {"fault": "own-levels-same-numbers", "case": case, "caught": 2, "of": 2}
        for case in ("statistics.0006", "statistics.0029")
    ]
