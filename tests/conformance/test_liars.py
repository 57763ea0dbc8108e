"""Implementations that lie, against the harness."""

from __future__ import annotations

import sys
import textwrap

import pytest

from polystate_conformance.reports import footer as report
from polystate_conformance.scoring import runner


def outcome(command, cases, **options):
    """{case number: (outcome, how)} of a run, and the run."""
    run = runner.run(command, cases, seed=5, start_limit_s=30, **options)
    return {int(r["case"][-4:]): (r["outcome"], r.get("how")) for r in run.results}, run


def test_accept_all_passes_the_positive_cases_and_guesses(tiny, liar):
    found, run = outcome(liar("accept_all"), tiny)
    assert [found[n][0] for n in range(1, 8)] == ["passed"] * 3 + ["failed"] * 4
    assert report.validity(run.results)["informedness"] == 0


def test_reject_all_passes_the_negative_cases_and_guesses(tiny, liar):
    found, run = outcome(liar("reject_all"), tiny)
    assert [found[n][0] for n in range(1, 8)] == ["failed"] * 3 + ["passed"] * 3 + ["failed"]
    assert report.validity(run.results)["informedness"] == 0
    assert report.named(run.results)["stage"] == {"agree": 3, "of": 3}
    assert report.named(run.results)["code"] == {"agree": 0, "of": 3}


def test_slow_costs_the_time_limit_of_its_own_cases(tiny, liar):
    found, run = outcome(liar("slow"), tiny[:2], limit_s=0.3)
    assert found == {1: ("failed", "hang"), 2: ("failed", "hang")}
    assert run.restarts == 1


def test_garbage_is_not_an_answer(tiny, liar):
    found, _ = outcome(liar("garbage"), tiny[:3])
    assert set(found.values()) == {("failed", "garbage")}


def test_wrong_shape_is_a_failure_with_both_shapes(tiny, liar):
    _, run = outcome(liar("wrong_shape"), tiny[6:])
    assert run.results[0]["why"] == "mean: expected shape [1, 3], found [0, 3]"


def test_all_zero_is_caught_with_the_largest_difference_and_its_place(tiny, liar):
    _, run = outcome(liar("all_zero"), tiny[6:])
    assert run.results[0]["differences"][0]["place"] == [0, 2]
    assert run.results[0]["differences"][0]["difference"] == 3.0


def test_mean_only_answers_in_the_right_shape(tiny, liar):
    _, run = outcome(liar("mean_only"), tiny[6:])
    assert "largest difference 3 at [0, 2]" in run.results[0]["why"]


def test_crash_costs_only_its_own_cases(tiny, liar):
    _, run = outcome(liar("crash"), tiny)
    crashed = {r["case"] for r in run.results if r.get("how") == "crash"}
    numbers = {case.id: seq for seq, case in runner.shuffled(tiny, 5)}
    assert crashed == {id for id, seq in numbers.items() if seq % 3 == 0} and crashed
    assert all(
        "status 139" in r["why"] and "segmentation fault" in r["stderr"] for r in run.results if r["case"] in crashed
    )
    assert any(r["outcome"] == "passed" for r in run.results)
    assert run.restarts == len(crashed) or run.restarts == len(crashed) - 1


def test_answers_out_of_order_belong_to_nobody(tiny, liar):
    found, _ = outcome(liar("out_of_order"), tiny[:2])
    assert set(found.values()) == {("failed", "garbage")}


def script(text: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(text)]


HELLO = '{"protocol":1,"name":"x","version":"1","language":"sh","profiles":%s}'


@pytest.mark.parametrize(
    ("claims", "answer", "wanted"),
    [
        ('["validate"]', '{"unsupported":{"profile":"validate"}', "failed"),
        ('["read"]', '{"unsupported":{"profile":"validate"}', "unsupported"),
        ('["read"]', '{"unsupported":{"profile":"read"}', "failed"),
        ('["read"]', '{"ok":{"valid":true}', "failed"),
        ('["validate"]', '{"error":{"message":"boom"}', "failed"),
        ('["validate"]', '{"ok":{"valid":NaN}', "failed"),
        ('["validate"]', '{"ok":{"valid":1}', "failed"),
    ],
)
def test_unsupported_must_agree_with_hello_and_answers_with_the_schema(tiny, claims, answer, wanted):
    program = script(f"""
        import json, sys
        for line in sys.stdin:
            m = json.loads(line)
            if m["cmd"] == "hello": print('{HELLO % claims}', flush=True)
            elif m["cmd"] == "run": print('{answer}, "seq":"' + m["seq"] + '"}}', flush=True)
        """)
    assert outcome(program, tiny[:1])[0][1][0] == wanted


def test_a_program_that_does_not_start_fails_every_case(tiny):
    found, run = outcome(["/nonexistent/adapter"], tiny)
    assert {value for value in found.values()} == {("failed", "start")}
    assert not report.good(report.summary(run, tiny))


def test_parallel_workers_give_the_same_results(tiny, liar):
    one, _ = outcome(liar("crash"), tiny)
    two, _ = outcome(liar("crash"), tiny, jobs=2)
    assert one == two


def test_children_of_an_adapter_end_with_it(tiny):
    program = script("""
        import subprocess, sys
        child = subprocess.Popen(["sleep", "600"])
        print(child.pid, file=sys.stderr, flush=True)
        sys.stdin.readline(); print("no hello", flush=True); sys.stdin.read()
        """)
    from polystate_conformance.scoring.session import AdapterFailure, Session

    session = Session(program)
    with pytest.raises(AdapterFailure):
        session.start()
    pid = int(session.stderr().split()[0])
    import psutil

    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
