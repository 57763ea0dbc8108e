"""The report of a run: JSON lines with a footer, its summary, and the comparison with an earlier one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from polystate.store.outputs import replacing
from polystate_conformance import protocol
from polystate_conformance.scoring.runner import Result, Run
from polystate_conformance.suite import sentences
from polystate_conformance.suite.case import Case
from polystate_conformance.suite.collection import Choice

VERSION = 1


@dataclass(frozen=True)
class Chosen:
    """Which part of the cases a run was given: the options that chose, so many cases `of` so many."""

    choice: Choice
    cases: int
    of: int

    def to_json(self) -> dict[str, Any]:
        return {**self.choice.to_json(), "options": str(self.choice), "count": self.cases, "of": self.of}


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


def summary(run: Run, cases: list[Case], chosen: Chosen | None = None) -> dict[str, Any]:
    """The footer: what `polystate score --jsonl` promises, and what makes the run repeatable.

    `chosen` says of a run of a part of the cases which part; sentences are then counted where these cases test them.
    """
    spec = sentences.read()
    untestable = {} if chosen else sentences.read_untestable()
    return {
        "implementation": {key: run.hello.get(key) for key in ("name", "version", "language", "profiles", "rng")},
        "chosen": chosen.to_json() if chosen else None,
        "profiles": profiles(run.results),
        "negative_cases": sum(case.negative for case in cases),
        "variants": sum(case.base is not None for case in cases),
        "validity": validity(run.results),
        "rejections": named(run.results),
        "sentences": sentences.summary(spec, cases, untestable),
        "command": run.command,
        "date": run.date,
        "suite": version("polystate"),
        "seed": run.seed,
        "restarts": run.restarts,
        "seconds": round(run.seconds, 2),
    }


def good(footer: dict[str, Any]) -> bool:
    """Whether something was passed and nothing failed (unsupported profiles are not failures)."""
    sums = totals(footer)
    return sums["failed"] == 0 and sums["passed"] > 0


def totals(footer: dict[str, Any]) -> dict[str, int]:
    """Cases, passed, failed, unsupported and negative over all profiles."""
    names = ("cases", "passed", "failed", "unsupported", "negative")
    return {name: sum(table[name] for table in footer["profiles"].values()) for name in names}


def nothing_claimed(footer: dict[str, Any]) -> str | None:
    """What to say of a run in which nothing was asked that the implementation claims, else None."""
    sums = totals(footer)
    if sums["unsupported"] < sums["cases"]:
        return None
    who = footer["implementation"]
    claimed = ", ".join(who["profiles"] or ()) or "no profile"
    return (f"nothing was scored: the {sums['cases']} cases are of {', '.join(footer['profiles'])};"
            f" {who['name'] or 'the program'} claims {claimed}")  # fmt: skip


def scope(footer: dict[str, Any]) -> str | None:
    """Of which cases a run is, in a few words for a badge: what was chosen, or the profiles claimed of all; or None."""
    chosen, tables = footer.get("chosen"), footer["profiles"]
    if chosen:
        return "; ".join(_few(names, of) for names, of in ((chosen["profiles"], "profiles"), (chosen["cases"], "areas"))
                         if names)  # fmt: skip
    claimed = [name for name, table in tables.items() if table["unsupported"] < table["cases"]]
    return None if len(claimed) == len(tables) else _few(claimed, f"of {len(tables)} profiles")


def _few(names: list[str], of: str) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} {of}"


def sentences_said(footer: dict[str, Any]) -> str:
    """How many MUST sentences are covered: by a case or a reason, or in a part of the cases by these."""
    counts = footer["sentences"]
    covered = f"{counts['traced']} of {counts['must']} MUST sentences"
    return f"{covered} are tested by the chosen cases" if footer.get("chosen") else (
        f"{covered} have a case or a written reason")  # fmt: skip


def write_text(path: Path, text: str, overwrite: bool = False) -> None:
    """A report, whole or not at all; AlreadyExists where something is there that may not be overwritten."""
    with replacing(path, overwrite) as partial:
        partial.write_text(text, "utf-8")


def write(path: Path, run: Run, footer: dict[str, Any], overwrite: bool = False) -> None:
    """A header, one line a case, the footer as last line."""
    lines = [
        {"report": VERSION, "seed": str(run.seed), "hello": run.hello},
        *run.results,
        {"footer": True, **footer},
    ]
    write_text(path, "".join(json.dumps(line) + "\n" for line in lines), overwrite)


def read(path: Path) -> tuple[list[Result], dict[str, Any]]:
    """Results and footer of a report; BadReport without a footer, or where a line is not what it is read as."""
    try:
        lines = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]
    except (OSError, ValueError, RecursionError) as error:
        raise BadReport(f"{path}: not a report: {error}") from None
    for number, line in enumerate(lines, 1):
        if not isinstance(line, dict):
            raise BadReport(f"{path}:{number}: not a report: {line!r:.60}, expected an object")
    for number, line in enumerate(lines[1:-1], 2):
        if not all(isinstance(line.get(key), str) for key in ("case", "outcome")):
            raise BadReport(f"{path}:{number}: not a report: a result without a case and an outcome")
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
