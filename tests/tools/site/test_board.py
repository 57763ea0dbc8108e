"""The board of implementations: reports in columns, older ones below, and what a program says is only text."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from polystate_conformance.paths import ROOT

WHERE = ROOT / "tools" / "site" / "board.py"
spec = importlib.util.spec_from_file_location("board", WHERE)
board = importlib.util.module_from_spec(spec)
spec.loader.exec_module(board)


def written(folder: Path, name: str, version: str, date: str, **outcomes: str) -> Path:
    """A report in which each case has an outcome."""
    counts = {"cases": len(outcomes), "negative": 0, "unsupported": 0}
    counts |= {key: sum(v.split(":")[0] == key for v in outcomes.values()) for key in ("passed", "failed")}
    lines = [{"report": 1, "seed": "1", "hello": {}}]
    for case, outcome in outcomes.items():
        kind, _, why = outcome.partition(":")
        lines.append({"case": f"tls.{case}", "outcome": kind, "why": why, "title": f"what {case} holds"})
    lines.append({
        "footer": True, "implementation": {"name": name, "version": version, "language": "C"}, "date": date,
        "suite": "0.1.0", "chosen": None, "profiles": {"gaussian": counts},
    })  # fmt: skip
    path = folder / f"{name}-{version}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def made(*paths: Path) -> str:
    return board.board(paths, lambda id: f"[{id}](cases/{id}.md)")


def test_the_latest_of_each_stands_beside_the_others(tmp_path):
    text = made(
        written(tmp_path, "one", "2", "2026-02-01", a="passed", b="passed"),
        written(tmp_path, "one", "1", "2026-01-01", a="failed:zero", b="passed"),
        written(tmp_path, "two", "1", "2026-03-01", a="passed", b="failed:no"),
    )
    assert "| profile | one 2 (C) | two 1 (C) |" in text
    assert "| gaussian | 2 of 2 | **1** of 2 |" in text
    assert "| [tls.b](cases/tls.b.md) | what b holds | passed | **failed** `no` |" in text
    assert "what a holds" not in text  # only an older version fails it
    assert text.index("| 1 | 2026-01-01") < text.index("| 2 | 2026-02-01")
    assert "1 fixed: [tls.a](cases/tls.a.md)" in text


def test_what_a_program_says_breaks_no_table(tmp_path):
    text = made(written(tmp_path, "x", "1", "2026-01-01", a="failed:a | b\n`<script>`"))
    line = next(line for line in text.splitlines() if line.startswith("| [tls.a]"))
    assert line.count("|") - line.count("\\|") == 4 and "`a \\| b '<script>'`" in line


def test_without_reports_the_board_says_how_to_be_on_it():
    assert "No report was given" in made() and "--jsonl" in made()


def test_a_report_that_did_not_end_is_refused(tmp_path):
    path = written(tmp_path, "x", "1", "2026-01-01", a="passed")
    path.write_text(path.read_text().splitlines()[0])
    with pytest.raises(board.report.BadReport):
        made(path)
