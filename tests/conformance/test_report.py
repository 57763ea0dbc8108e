"""Reports: JSON lines with a footer, HTML, JUnit, comparison."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from polystate_conformance.reports import footer as report
from polystate_conformance.reports import junit
from polystate_conformance.reports import page as report_html
from polystate_conformance.scoring import runner


@pytest.fixture
def run(tiny, liar):
    return runner.run(liar("accept_all"), tiny, seed=5)


def test_a_report_has_a_line_a_case_and_a_footer(run, tiny, tmp_path):
    footer = report.summary(run, tiny)
    report.write(tmp_path / "r.json", run, footer)
    results, read = report.read(tmp_path / "r.json")
    assert [r["case"] for r in results] == [case.id for case in tiny]
    assert read["profiles"]["validate"] == {"cases": 6, "passed": 3, "failed": 3, "unsupported": 0, "negative": 3}
    assert read["negative_cases"] == 3 and read["seed"] == 5


def test_a_report_that_was_cut_off_is_invalid(run, tiny, tmp_path):
    report.write(tmp_path / "r.json", run, report.summary(run, tiny))
    lines = (tmp_path / "r.json").read_text().splitlines()
    (tmp_path / "cut.json").write_text("\n".join(lines[:-1]))
    with pytest.raises(report.BadReport, match="no footer"):
        report.read(tmp_path / "cut.json")


def test_two_runs_compare_by_case(run, tiny, liar):
    other = runner.run(liar("reject_all"), tiny, seed=6)
    changes = report.against(run.results, other.results)
    assert changes["broken"] == ["tiny.0001", "tiny.0002", "tiny.0003"]
    assert changes["fixed"] == ["tiny.0004", "tiny.0005", "tiny.0006"]


def test_the_page_is_self_contained_and_escapes_what_a_program_says(run, tiny):
    run.results[0]["outcome"], run.results[0]["why"] = "failed", "<script>alert(1)</script>"
    run.results[0]["stderr"] = "</pre><img src=x>"
    page = report_html.page(run.results, report.summary(run, tiny), traces=[])
    assert "<script" not in page and "<img" not in page and "http-equiv" not in page
    assert "src=" not in page.replace("&lt;img src=x&gt;", "")
    assert 'aria-label="polystate: ' in page


def test_junit_counts_failures_and_survives_control_characters(run, tmp_path):
    run.results[3]["why"] = "bell \x07 rings"
    junit.write(tmp_path / "x.xml", run.results, "liar")
    suites = ElementTree.parse(tmp_path / "x.xml").getroot()
    assert {suite.get("name"): suite.get("failures") for suite in suites} == {"validate": "3", "gaussian": "1"}


def test_an_order_depends_on_the_seed_only_and_numbers_say_nothing(tiny):
    one, same, other = (runner.shuffled(tiny, seed) for seed in (1, 1, 2))
    assert [(n, case.id) for n, case in one] == [(n, case.id) for n, case in same]
    assert [case.id for _, case in one] != [case.id for _, case in other]
    assert len({n for n, _ in one}) == len(tiny)


def test_every_line_is_json(run, tiny, tmp_path):
    report.write(tmp_path / "r.json", run, report.summary(run, tiny))
    for line in (tmp_path / "r.json").read_text().splitlines():
        json.loads(line)
