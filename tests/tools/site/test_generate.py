"""The pages of the site that are made of specification, cases and registry."""

from __future__ import annotations

import importlib

import pytest

from polystate_conformance.paths import ROOT
from polystate_conformance.suite import collection, sentences


@pytest.fixture
def generate(monkeypatch):
    folder = ROOT / "tools" / "site"
    monkeypatch.syspath_prepend(folder)  # it is a script, which finds what lies beside it
    return importlib.import_module("generate")


def test_a_sentence_about_a_formula_shows_the_formula(generate):
    known = sentences.read()
    assert any("T + K L" in line for line in generate._formula(known["TLS-1"]))
    assert generate._formula(known["DAG-21"]) == []


def test_a_sentence_has_one_anchor_though_a_remark_begins_with_its_id(generate, tmp_path):
    generate._chapters(tmp_path, sentences.read())
    for name, anchor in (("05-scope-dag", "{#dag-21}"), ("16-mmtf", "{#mmtf-7}")):
        assert (tmp_path / "spec" / f"{name}.md").read_text().count(anchor) == 1


def test_an_operator_names_the_cases_that_use_it(generate, tmp_path):
    cases = [case for case in collection.load_all() if case.area == "tls"]
    generate._registry(tmp_path, cases)
    text = (tmp_path / "registry" / "parametric_gaussian.tls_v1.md").read_text()
    assert "[tls.0001](../cases/tls.md#tls-0001): the worked example" in text


def test_links_of_a_sentence_lead_from_its_page_too(generate):
    text = "as in [9.8](#98-unknown) and [chapter 4](04-descriptors.md)"
    words = generate._from_sentence(sentences.Sentence("OPR-1", text, "09-operators.md", 1))
    assert words == "as in [9.8](../spec/09-operators.md#98-unknown) and [chapter 4](../spec/04-descriptors.md)"
