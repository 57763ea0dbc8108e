"""The page of any deposition, in a real browser where one is here: states switch, nothing is said in the console."""

from __future__ import annotations

import sys
from html.parser import HTMLParser

import pytest

import polystate
from polystate_conformance.paths import CORPUS
from polystate_tools import cli
from polystate_tools.report.entry import has_fit, page, write_entry
from polystate_tools.report.page import write_stored
from tests.browser import OUTSIDE, look


def of(name: str) -> polystate.Deposition:
    return polystate.open(CORPUS / f"{name}.zarr.zip")


class Addresses(HTMLParser):
    """What a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for key, value in attrs if key in ("src", "href")]


@pytest.mark.parametrize("name", ["1ejg", "mixed", "1l2y", "nested-loop", "scenario-crystal"])
def test_a_page_is_one_file_and_fetches_nothing(name):
    text = page(of(name))
    found = Addresses()
    found.feed(text[: text.index('<script type="application/json"')])
    assert found.found == ["data:,"] and "@import" not in text


def test_a_page_says_what_varies():
    text = page(of("altloc-nested"))
    for said in ("ligand/A.201", "A.201 LIG", "ligand/A.201 = bound", "Sites that depend on sites", "0.25"):
        assert said in text
    assert "REMARK" in page(of("1l2y")) or "lost" in page(of("1l2y"))


def test_text_of_a_deposition_is_text_on_its_page():
    tree = dict(of("altloc-nested").tree)
    root = tree[""]
    hostile = "</script><script>alert(1)</script>"
    tree[""] = polystate.Group({**root.attributes, "title": hostile}, root.arrays, root.tables)
    assert hostile not in page(polystate.Deposition(tree))


def test_a_deposition_with_a_fit_has_two_pages(tmp_path, monkeypatch):
    assert has_fit(of("6vxx-echt")) and not has_fit(of("1ejg"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["polystate", "report", str(CORPUS / "1ejg.zarr.zip")])
    with pytest.raises(SystemExit) as leaving:
        cli.main()
    assert not leaving.value.code and (tmp_path / "1ejg.html").stat().st_size < 2_000_000


@pytest.mark.parametrize("name", ["1ejg", "mixed", "1l2y", "altloc-nested"])
def test_pages_hold_at_any_width_and_say_nothing_in_the_console(browser, tmp_path, name):
    write_entry(of(name), tmp_path / "page.html")
    for width, dark in ((1400, False), (400, True)):
        look(browser, tmp_path / "page.html", width, dark)
        assert browser.execute_script("return document.body.dataset.shown") == str(int(of(name).render(
            at={"frame": 0} if name == "mixed" else None, psd="clip").present.sum()))  # fmt: skip
        assert browser.execute_script(OUTSIDE) == []
        colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (colour == "rgb(17, 24, 31)") == dark
    assert browser.get_log("browser") == []


def test_states_switch_and_take_along_what_they_need(browser, tmp_path):
    write_entry(of("altloc-nested"), tmp_path / "page.html")
    look(browser, tmp_path / "page.html", 1400, False)
    labels = "return [...document.querySelectorAll('#switches select')].map(s => s.selectedOptions[0].text)"
    choose = """const s = document.querySelectorAll('#switches select')[arguments[0]];
        s.value = [...s.options].findIndex(o => o.text == arguments[1]); s.dispatchEvent(new Event('change'))"""
    assert browser.execute_script(labels) == ["bound", "A", "m"]
    browser.execute_script(choose, 0, "absent")
    assert browser.execute_script(labels)[:2] == ["absent", "C"]  # the loop has A and B only with the ligand
    assert browser.execute_script("return document.body.dataset.shown") == "3"
    browser.execute_script(choose, 1, "B")
    assert browser.execute_script(labels)[:2] == ["bound", "B"]
    browser.find_element("id", "reset").click()
    assert browser.execute_script(labels) == ["bound", "A", "m"]
    assert browser.execute_script("return document.body.dataset.shown") == "5"


def test_a_residue_of_the_profile_is_marked_and_draws_play(browser, tmp_path):
    write_entry(of("1ejg"), tmp_path / "page.html")
    look(browser, tmp_path / "page.html", 1400, False)
    browser.execute_script("document.querySelectorAll('rect.r')[4].dispatchEvent(new Event('click'))")
    assert "A.5 PRO" in browser.find_element("id", "info").text
    assert browser.execute_script("return document.querySelectorAll('rect.r.on').length") == 1
    for style in ("sides", "sticks", "spheres"):
        choose = "s = document.getElementById('style'); s.value = arguments[0]; s.dispatchEvent(new Event('change'))"
        browser.execute_script(choose, style)
    browser.find_element("id", "play").click()
    browser.execute_async_script("setTimeout(arguments[0], 900)")
    assert browser.find_element("id", "draw").get_attribute("value") != "-1"
    browser.find_element("id", "play").click()
    assert browser.get_log("browser") == []


def test_a_page_of_a_fit_holds_at_any_width_dark_and_light(browser, tmp_path):
    write_stored(of("7k3t-echt"), tmp_path / "page.html")
    for width, dark in ((1400, False), (400, True)):
        look(browser, tmp_path / "page.html", width, dark)
        assert browser.execute_script(OUTSIDE) == []
        colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (colour == "rgb(18, 24, 30)") == dark
    assert browser.get_log("browser") == []


def test_a_page_says_a_title_and_a_loss_once():
    text = page(of("mixed"))
    title = str(of("mixed").document["title"])
    assert text.count(f"<h1>{title}</h1>") == 1 and f"<p>{title}</p>" not in text
    found = page(of("1ejg"))
    said = found[found.index("Warnings and losses") :]
    assert said[: said.index("</section>")].count("not part of a deposition") == 1
