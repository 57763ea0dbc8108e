"""Reports: JSON lines with a footer, HTML, JUnit, comparison."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from polystate_conformance.reports import footer as report
from polystate_conformance.reports import junit
from polystate_conformance.reports import page as report_html
from polystate_conformance.scoring import runner
from tests.browser import OUTSIDE, look


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


def both(tiny, liar, first="accept_all", second="reject_all"):
    """Two runs of the tiny cases, each with its footer."""
    runs = [runner.run(liar(name), tiny, seed=5) for name in (first, second)]
    return [(run.results, report.summary(run, tiny)) for run in runs]


def test_every_case_id_leads_to_what_the_case_asks_and_expects(run, tiny):
    page = report_html.page(run.results, report.summary(run, tiny), traces=[], cases=tiny)
    failed = [r["case"] for r in run.results if r["outcome"] == "failed"]
    for id in failed:
        assert page.count(f'href="#c-{id}"') == 1 and page.count(f'<section class=case id="c-{id}"') == 1
    assert "<summary>Request</summary>" in page and "<summary>Expected</summary>" in page
    passed = next(r["case"] for r in run.results if r["outcome"] == "passed")
    assert f'id="c-{passed}"' not in page  # nobody asked for it


def test_a_page_without_room_names_the_case_without_a_link(run, tiny, monkeypatch):
    monkeypatch.setattr("polystate_conformance.reports.case_parts.MOST_CASES", 1)
    page = report_html.page(run.results, report.summary(run, tiny), traces=[], cases=tiny)
    links = set(re.findall(r'href="#(c-[^"]+)"', page))
    assert len(links) == 1 and all(f'id="{id}"' in page for id in links)


def test_broken_sentences_stand_open_with_their_words(run, tiny):
    failed = next(r for r in run.results if r["outcome"] == "failed")
    row = {"id": "STO-1", "level": "must", "text": "A [store](01-x.md) MUST be `one`.", "tests": [], "violates": [],
           "stale": [], "untestable": "", "broken": [failed["case"]]}  # fmt: skip
    page = report_html.page(run.results, report.summary(run, tiny), traces=[row], cases=tiny)
    assert "Broken or stale: 1" in page and "A store MUST be <code>one</code>." in page


def test_implementations_stand_side_by_side(tiny, liar):
    (results, footer), other = both(tiny, liar)
    page = report_html.page(results, footer, traces=[], cases=tiny, beside=[other])
    assert "Side by side" in page and "Failed by some: 6 of 7 shared cases" in page
    same = report_html.page(results, footer, traces=[], cases=tiny, beside=[(results, footer)])
    assert "None of the 7 cases that they share is failed by some alone" in same


def test_the_trend_says_what_each_profile_gained(tiny, liar):
    (results, footer), (old, earlier) = both(tiny, liar)
    changes = report.against(old, results)
    page = report_html.page(results, footer, traces=[], cases=tiny, changes=changes, earlier=earlier)
    assert "Since the earlier run" in page and 'href="#c-tiny.0001"' in page
    assert page.index("<td class=n>3 of 6</td><td class=n>3 of 6</td>")


def test_text_of_a_program_is_text_beside_others(tiny, liar):
    (results, footer), (others, other) = both(tiny, liar)
    hostile = "<img src=x onerror=alert(1)>"
    other["implementation"]["name"] = other["implementation"]["version"] = hostile
    others[0]["why"], others[0]["title"] = hostile, hostile
    page = report_html.page(results, footer, traces=[], cases=tiny, beside=[(others, other)])
    assert "<img" not in page


def test_a_score_page_holds_at_any_width(browser, tiny, liar, tmp_path):
    (results, footer), other = both(tiny, liar)
    changes = report.against(other[0], results)
    page = report_html.page(
        results, footer, traces=[], cases=tiny, beside=[other], changes=changes, earlier=other[1]
    )  # fmt: skip
    (tmp_path / "page.html").write_text(page)
    for width, dark in ((1400, False), (400, True)):
        look(browser, tmp_path / "page.html", width, dark)
        assert browser.execute_script(OUTSIDE) == [] and browser.get_log("browser") == []
        browser.execute_script("document.querySelector('a[href^=\"#c-\"]').click()")
        assert browser.execute_script("return document.querySelector(':target .soft').textContent").strip()
