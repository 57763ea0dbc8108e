"""A scored run: what it is given, what it says when it is a part, and when it cannot begin."""

from __future__ import annotations

import json
import re
import stat
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from polystate_conformance import score as scoring
from polystate_conformance.reports import footer as report
from polystate_conformance.reports import page as report_html
from polystate_conformance.scoring import runner
from polystate_conformance.selftest import kill
from polystate_conformance.suite import case as cases
from polystate_conformance.suite import collection as choose
from polystate_tools.cli import application
from polystate_tools.commands import conformance as conformance_cli


@pytest.fixture
def root(tiny, tmp_path) -> Path:
    """The folder of the tiny cases."""
    return tmp_path


@pytest.fixture
def app():
    return application("score")


def invoke(app, *arguments: str):
    return CliRunner().invoke(app, ["score", *arguments])


def test_a_choice_reads_nothing_but_what_is_chosen(root):
    broken = root / "other" / "0001-x"
    broken.mkdir(parents=True)
    (broken / "case.yaml").write_text("id: [")
    chosen = choose.load(choose.Choice.of(None, ["tiny.0001", "tiny.0004"]), root)
    assert [case.id for case in chosen] == ["tiny.0001", "tiny.0004"]
    (broken / "case.yaml").write_text("profile: mmtf\nid: [")
    assert [case.id for case in choose.load(choose.Choice.of(["gaussian"], None), root)] == ["tiny.0007"]
    with pytest.raises(cases.BadCase, match="other/0001-x"):
        choose.load(choose.Choice(), root)


@pytest.mark.parametrize(
    "line",
    [
        "profile: gaussian", 'profile: "gaussian"', "profile: 'gaussian'", "profile:   gaussian  ",
        "profile: gaussian # one", "profile: >-\n  gaussian", "{}profile: gaussian", '"profile": gaussian',
    ],
)  # fmt: skip
def test_a_profile_is_found_however_it_is_written(root, line):
    file = next(file for file in cases.files(root) if file.parent.name.startswith("0007"))
    file.write_text(file.read_text().replace("profile: gaussian", line.format("")))
    assert [case.id for case in choose.load(choose.Choice.of(["gaussian"], None), root)] == ["tiny.0007"]
    assert len(choose.load(choose.Choice.of(["validate"], None), root)) == 6


@pytest.mark.parametrize(
    ("profiles", "ids", "said"),
    [
        (None, ["nosuch"], "no case or area nosuch"),
        (None, ["tiny", "nosuch"], "no case or area nosuch"),
        (None, ["tiny.0099"], "no case or area tiny.0099"),
        (None, ["tiny.0001-4"], "no case"),
        (None, ["../tiny"], "no case or area ../tiny"),
        (None, [""], "no case or area"),
        (["nosuch"], None, "no profile nosuch"),
        (["mmtf"], None, "no case of --profile mmtf"),
        (["gaussian"], ["tiny.0001"], "no case of --profile gaussian --case tiny.0001"),
        (["gaussian"], ["tiny.0001", "tiny.0007"], "no case tiny.0001 of these profiles"),
    ],
)
def test_a_name_that_nothing_has_is_refused(root, profiles, ids, said):
    with pytest.raises(cases.BadCase) as raised:
        choose.load(choose.Choice.of(profiles, ids), root)
    assert said in str(raised.value)


def test_cases_are_counted_as_they_are_loaded():
    assert choose.count() == len(choose.load(choose.Choice()))


def script(folder: Path, text: str, mode: int = 0o755) -> str:
    file = folder / "adapter"
    file.write_text(text)
    file.chmod(mode)
    return str(file)


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (None, 0, "No such file or directory"),
        ("#!/bin/sh\n", stat.S_IRUSR, "Permission denied"),
        ("#!/bin/sh\nexit 3\n", 0o755, "ended with status 3"),
        ("#!/bin/sh\nkill -SEGV $$\n", 0o755, "ended by SIGSEGV"),
        ("#!/bin/sh\necho one >&2; echo two >&2; exit 1\n", 0o755, "ended with status 1: two\n  one\n  two"),
        ("#!/bin/sh\necho hello; sleep 60\n", 0o755, "no hello (garbage)"),
    ],
)
def test_a_program_that_does_not_start_is_told_with_its_reason_before_any_case(root, tmp_path, text, mode, said):
    program = str(tmp_path / "nothing") if text is None else script(tmp_path, text, mode)
    seen: list[runner.Result] = []
    with pytest.raises(scoring.NotStarted) as raised:
        scoring.score([program], root=root, progress=seen.append)
    assert said in str(raised.value) and program in str(raised.value) and not seen


def test_the_command_stops_when_the_program_does_not_start(app, tmp_path):
    result = invoke(app, "--case", "tls.0001", "--", str(tmp_path / "nothing"))
    assert result.exit_code == 2
    assert result.output.startswith(f"polystate: {tmp_path}/nothing: does not start: ")


def test_a_run_of_a_part_says_which_part_everywhere(root, liar, tmp_path):
    scored = scoring.score(liar("accept_all"), profiles=["validate"], ids=["tiny.0001", "tiny.0002"], root=root)
    chosen = scored.footer["chosen"]
    assert (chosen["count"], chosen["of"]) == (2, 7)
    assert chosen["options"] == "--profile validate --case tiny.0001 --case tiny.0002"
    files = {"json": tmp_path / "r.json", "html": tmp_path / "r.html", "junit_xml": tmp_path / "r.xml",
             "badge": tmp_path / "b.svg"}  # fmt: skip
    scoring.write_reports(scored, **files)
    _, footer = report.read(files["json"])
    assert footer["chosen"] == chosen
    page = files["html"].read_text()
    assert "2 of the 7 cases" in page and chosen["options"] in page
    assert "are tested by the chosen cases" in page and "have a case or a written reason" not in page
    assert chosen["options"] in files["junit_xml"].read_text()
    assert "validate; tiny.0001, tiny.0002: 2 of 2" in files["badge"].read_text()


def test_a_run_of_everything_names_no_part(root, liar):
    scored = scoring.score(liar("accept_all"), root=root)
    assert scored.footer["chosen"] is None
    assert 'aria-label="polystate: 3 of 7"' in report_html.badge(scored.footer)


CLAIMS_READ = """
import json, sys
for line in sys.stdin:
    m = json.loads(line)
    if m["cmd"] == "hello":
        who = {"protocol": 1, "name": "reader", "version": "1", "language": "x", "profiles": %s}
        print(json.dumps(who), flush=True)
    elif m["cmd"] == "run":
        print(json.dumps({"seq": m["seq"], "unsupported": {"profile": m["profile"]}}), flush=True)
"""


@pytest.mark.parametrize(("claims", "named"), [('["read"]', "reader claims read"), ("[]", "reader claims no profile")])
def test_a_run_in_which_nothing_is_claimed_is_not_good(root, claims, named):
    scored = scoring.score([sys.executable, "-c", CLAIMS_READ % claims], root=root)
    assert not scored.good
    said = report.nothing_claimed(scored.footer)
    assert said is not None and "the 7 cases are of validate, gaussian" in said and named in said
    page = report_html.page(scored.run.results, scored.footer, traces=[])
    assert named in page and ">None.<" not in page


def test_reports_are_not_overwritten_unasked_nor_after_the_work(app, tmp_path):
    there = tmp_path / "there.json"
    there.write_text("mine")
    result = invoke(app, "--case", "tls.0001", "--jsonl", str(there))
    assert result.exit_code != 0 and there.read_text() == "mine"
    done = invoke(app, "--case", "tls.0001", "--jsonl", str(there), "--badge", str(tmp_path / "new" / "b.svg"), "-y")
    assert done.exit_code == 0, done.output
    assert json.loads(there.read_text().splitlines()[-1])["chosen"]["cases"] == ["tls.0001"]
    assert "tls.0001: 1 of 1" in (tmp_path / "new" / "b.svg").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "there.json"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--limit", "0"], ["--limit", "-1"], ["--limit", "nan"], ["--every"], ["--family", "hand"],
        ["--faults", "--family", "nosuch"], ["--jsonl", "same", "--html", "same"], ["--jsonl", "/dev/null/r.json"],
    ],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused_before_the_work(app, monkeypatch, arguments):
    monkeypatch.setattr(scoring, "score", None)
    result = invoke(app, *arguments)
    assert result.exit_code != 0 and result.exception is not None
    assert getattr(result.exception, "stage", "") in ("evaluate", "container")


def test_tables_are_whole_where_no_terminal_says_how_wide_it_is(root, liar, monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    scored = scoring.score(liar("accept_all"), root=root)
    scored.footer["profiles"] = {"sampling-statistical": scored.footer["profiles"]["validate"]}
    scored.run.results[4]["why"] = "x" * 300
    conformance_cli.show(scored, conformance_cli.console_for(sys.stdout))
    printed = capsys.readouterr().out
    assert " sampling-statistical " in printed and "x" * 300 in printed


def test_a_part_of_the_cases_is_held_to_the_faults_it_claims_or_alone_could_catch():
    everything = choose.load(choose.Choice())
    assert len(kill.judged(everything, everything)) == sum(len(load()) for load in kill.FAMILIES.values())
    part = [case for case in everything if case.id == "tls.0001"]
    tasks = kill.judged(part, everything)
    assert {id for family, id in tasks if family == "hand"} >= set(part[0].kills)
    assert not [task for task in tasks if task[0] != "hand"]
    refused = next(case for case in everything if case.negative and case.base is None)
    want = refused.expect["reject"]
    assert ("blind", f"{want['stage']}/{want['code']}") in kill.judged([refused], everything, ["blind"])
    assert kill.left_out(tasks, ["blind"]) == {"blind": len(kill.FAMILIES["blind"]())}
    validate = [case for case in everything if case.profile == "validate"]
    assert any(family == "schema" for family, _ in kill.judged(validate, everything, ["schema"]))


def test_a_badge_does_not_hide_what_was_chosen_and_not_claimed(root, tmp_path):
    program = script(tmp_path, f"#!{sys.executable}\n" + CLAIMS_READ % '["validate"]')
    scored = scoring.score([program], ids=["tiny"], root=root)
    assert 'aria-label="polystate: tiny: 0 of 6, 1 not claimed"' in report_html.badge(scored.footer)
    page = report_html.page(
        scored.run.results, scored.footer, traces=[], board=[{"name": "x", "footer": scored.footer}]
    )
    assert scored.footer["command"] in page and "0 of 6" in page


def test_the_page_shows_claims_in_vain_and_kinds_not_asked_for(root, liar):
    scored = scoring.score(liar("accept_all"), root=root)
    vain = kill.Kill("one", "hand", "a mistake", (), ("tiny.0002",), None, claimed_in_vain=("tiny.0001",))
    scored.footer["faults"] = {"hand": kill.counts([vain])["hand"] | {"left_out": 0}}
    scored.footer["unbroken_cases"] = ["tiny.0003"]
    page = report_html.page(scored.run.results, scored.footer, traces=[], kills=[vain.to_json()])
    text = re.sub(r"<[^>]*>", "", page)
    assert "claimed in vain by tiny.0001" in text and "<details open><summary>Wrong evaluators" in page
    assert "Not asked for: schema constraints dropped, error codes never reported." in page
    assert "None of these faults breaks tiny.0003" in text
