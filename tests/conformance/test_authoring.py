"""A case that `polystate case new` writes can be loaded, scored and checked; what cannot be a case is not written."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from polystate_conformance.authoring import cases as authoring
from polystate_conformance.implementations import reference
from polystate_conformance.scoring.runner import run_in_process
from polystate_conformance.selftest import check
from polystate_conformance.suite import case as cases
from polystate_conformance.suite import collection, sentences
from polystate_conformance.suite.kinds import KINDS
from polystate_conformance.suite.materialise import Materials
from polystate_tools.cli import application

TITLE = 'a "distant" origin: its digits, {all} of them # and more'


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_case_of_each_kind_is_one_that_can_be_scored(tmp_path, kind):
    profile = {"decode": "mmtf", "import": "exchange", "export": "exchange"}.get(kind, "gaussian")
    file = authoring.new("tls", "origin-far-away", TITLE, kind, profile, ["TLS-1"], root=tmp_path)
    assert file == tmp_path / "tls" / "0001-origin-far-away" / "case.yaml"
    (case,) = collection.load_all(tmp_path)
    assert (case.id, case.title, case.kind) == ("tls.0001", TITLE, kind)
    assert case.sentences == {"TLS-1": sentences.read()["TLS-1"].hash}
    assert case.level == sentences.read()["TLS-1"].level
    check._case_problems(case, {case.id: case})
    with Materials() as materials:
        (result,) = run_in_process(reference.handle, reference.hello(), [case], materials)
    assert result["outcome"] in ("failed" if kind not in ("validate", "describe") else "passed", "unsupported")
    assert "Error" not in result.get("why", "")


def test_the_next_free_number_is_taken(tmp_path):
    for number in (1, 2):
        file = authoring.new("tls", "origin", "eight letters or more", "evaluate", "gaussian", [], root=tmp_path)
        assert file.parent.name == f"{number:04d}-origin"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"profile": "nosuch"}, "expected one of read, validate"),
        ({"kind": "foo"}, "expected one of validate, describe"),
        ({"name": "bad name/../x"}, "found name 'bad name/../x'"),
        ({"area": "../../x"}, "found area '../../x'"),
        ({"area": ""}, "found area ''"),
        ({"title": "short"}, "title"),
        ({"title": "x" * 150}, "title"),
        ({"ids": ["TLS-999"]}, "no such sentence: TLS-999"),
    ],
)
def test_what_cannot_be_a_case_is_not_written(tmp_path, change, said):
    given = {"area": "tls", "name": "origin", "title": "eight letters or more", "kind": "evaluate",
             "profile": "gaussian", "ids": ["TLS-1"], "root": tmp_path / "cases"} | change  # fmt: skip
    with pytest.raises(ValueError, match=".") as raised:
        authoring.new(**given)
    assert said in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_is_wrong_in_one_line(monkeypatch, tmp_path):
    result = CliRunner().invoke(application("case"), ["case", "new", "tls", "x", "--title", "a fact that holds",
                                                      "--profile", "gaussian", "--kind", "foo"])  # fmt: skip
    assert result.exit_code == 2
    assert result.output.startswith("polystate: found kind 'foo', expected one of validate, ")


def test_a_case_that_cannot_be_read_is_named_by_stale(monkeypatch):
    def unreadable(*_: Path) -> list[cases.Case]:
        raise cases.BadCase("cases/tls/0023-x/case.yaml: oracle: no")

    monkeypatch.setattr(collection, "load_all", unreadable)
    result = CliRunner().invoke(application("case"), ["case", "stale"])
    assert result.exit_code == 2 and result.output.startswith("polystate: cases/tls/0023-x/case.yaml: oracle")
