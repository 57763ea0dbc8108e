"""The report of a run: JSON lines with a footer, its summary, and the comparison with an earlier one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from polystate_conformance import protocol, sentences
from polystate_conformance.case import Case
from polystate_conformance.runner import Result, Run

VERSION = 1


class BadReport(Exception):
    """A report that cannot be read: it has no footer, so the run did not end."""


def profiles(results: list[Result]) -> dict[str, dict[str, int]]:
    """Cases, passed, failed, unsupported and negative of every profile that has cases."""
    table = {}
    for profile in protocol.PROFILES:
        mine = [result for result in results if result["profile"] == profile]
        if mine:
            table[profile] = {
                "cases": len(mine),
                **{name: sum(r["outcome"] == name for r in mine) for name in ("passed", "failed", "unsupported")},
                "negative": sum(r["negative"] for r in mine),
            }
    return table


def validity(results: list[Result]) -> dict[str, float | None]:
    """True positive rate, true negative rate, and their sum minus 1, which guessing leaves at 0.

    A positive case counts if it was answered at all, a negative one if it was refused; a crash counts for neither.
    """
    asked = [result for result in results if result["outcome"] != "unsupported"]
    positive = [result.get("accepted") is True for result in asked if not result["negative"]]
    negative = [result.get("accepted") is False for result in asked if result["negative"]]
    tpr = sum(positive) / len(positive) if positive else None
    tnr = sum(negative) / len(negative) if negative else None
    informedness = None if tpr is None or tnr is None else tpr + tnr - 1
    return {name: None if value is None else round(value, 6)
            for name, value in (("tpr", tpr), ("tnr", tnr), ("informedness", informedness))}  # fmt: skip


def named(results: list[Result]) -> dict[str, dict[str, int]]:
    """Of the negative cases that were refused: how many named stage, code and place as the specification does."""
    told = [result["named"] for result in results if result.get("named")]
    return {part: {"agree": sum(n[part] for n in told if part in n), "of": sum(part in n for n in told)}
            for part in ("stage", "code", "where")}  # fmt: skip


def summary(run: Run, cases: list[Case], collection: list[Case] | None = None) -> dict[str, Any]:
    """The footer: what `polystate score --json` promises, and what makes the run repeatable.

    `collection` are all cases, of which the run may have been given a part."""
    spec = sentences.read()
    return {
        "implementation": {key: run.hello.get(key) for key in ("name", "version", "language", "profiles", "rng")},
        "profiles": profiles(run.results),
        "negative_cases": sum(case.negative for case in cases),
        "variants": sum(case.base is not None for case in cases),
        "validity": validity(run.results),
        "rejections": named(run.results),
        "sentences": sentences.summary(spec, collection or cases, sentences.read_untestable()),
        "seed": run.seed,
        "restarts": run.restarts,
        "seconds": round(run.seconds, 2),
    }


def good(footer: dict[str, Any]) -> bool:
    """Whether nothing failed (unsupported profiles are not failures)."""
    return all(table["failed"] == 0 for table in footer["profiles"].values()) and bool(footer["profiles"])


def write(path: Path, run: Run, footer: dict[str, Any]) -> None:
    """A header, one line a case, the footer as last line."""
    lines = [
        {"report": VERSION, "seed": str(run.seed), "hello": run.hello},
        *run.results,
        {"footer": True, **footer},
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


def read(path: Path) -> tuple[list[Result], dict[str, Any]]:
    """Results and footer of a report; BadReport without a footer."""
    try:
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise BadReport(f"{path}: not a report: {error}") from None
    if len(lines) < 2 or lines[0].get("report") != VERSION or lines[-1].get("footer") is not True:
        raise BadReport(f"{path}: no footer: the run did not end")
    return lines[1:-1], lines[-1]


def against(old: list[Result], new: list[Result]) -> dict[str, list[str]]:
    """What changed between two runs, as case ids."""
    before = {result["case"]: result["outcome"] for result in old}
    after = {result["case"]: result["outcome"] for result in new}
    both = sorted(before.keys() & after.keys())
    return {
        "fixed": [id for id in both if before[id] != "passed" and after[id] == "passed"],
        "broken": [id for id in both if before[id] == "passed" and after[id] != "passed"],
        "new": sorted(after.keys() - before.keys()),
        "gone": sorted(before.keys() - after.keys()),
    }
