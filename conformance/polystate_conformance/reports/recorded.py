"""Which implementations of this repository pass every case of an operator: recorded from their reports.

    polystate score --jsonl js.jsonl -- node conformance/implementations/javascript/adapter.mjs
    python -m polystate_conformance.reports.recorded js.jsonl cpp.jsonl            writes recorded.json
    python -m polystate_conformance.reports.recorded --check js.jsonl cpp.jsonl    exit status 1: it differs

The reports of whole runs are the only source. `polystate registry show` prints what stands here beside the reference,
which it runs itself."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from polystate_conformance.reports import footer
from polystate_conformance.scoring.runner import Result
from polystate_conformance.suite.case import Case
from polystate_conformance.suite.collection import load_all
from polystate_schemas.registry import entries

FILE = Path(__file__).with_name("recorded.json")


def operators_of(case: Case) -> set[str]:
    """The operators of the registry that a case names: in its request, or in the deposition that it writes out."""
    found = {case.document["request"].get("operator")} if case.document["kind"] == "operator" else set()
    return (found | set(_named(case.document.get("deposition")))) & set(entries())


def _named(document: Any) -> Iterator[str]:
    if isinstance(document, Mapping):
        for key, value in document.items():
            if key in ("operator", "assignment") and isinstance(value, Mapping) and isinstance(value.get("id"), str):
                yield value["id"]
            yield from _named(value)
    elif isinstance(document, list):
        for part in document:
            yield from _named(part)


def rows(results: Sequence[Result], hello: Mapping[str, Any], cases: Sequence[Case]) -> list[dict[str, Any]]:
    """A row for each operator that an implementation lists, and of which it passes all cases that it claims."""
    used = {case.id: operators_of(case) for case in cases}
    passed: set[str] = set()
    failed: set[str] = set()
    for result in results:
        for operator in used.get(result["case"], ()):
            if result["outcome"] == "passed":
                passed.add(operator)
            elif result["outcome"] == "failed":
                failed.add(operator)
    return [
        {
            "operator": operator, "hash": entries()[operator].hash, "implementation": hello["name"],
            "language": hello["language"],
        }
        for operator in sorted(passed - failed)
        if hello["operators"].get(operator) == entries()[operator].hash
    ]  # fmt: skip


def recorded(operator: str) -> list[dict[str, Any]]:
    """What is recorded of an operator as the registry has it now: implementation and language."""
    found = json.loads(FILE.read_text("utf-8")) if FILE.exists() else []
    return [row for row in found if row["operator"] == operator and row["hash"] == entries()[operator].hash]


def made(reports: Sequence[Path]) -> str:
    """What recorded.json holds by these reports; refuses one of a part of the cases."""
    cases, found = load_all(), []
    for path in reports:
        results, about = footer.read(path)
        if about.get("chosen"):
            raise ValueError(f"{path}: found a run of {about['chosen']['options']}, expected one of all cases")
        with path.open(encoding="utf-8") as file:
            found += rows(results, json.loads(file.readline())["hello"], cases)
    lines = [json.dumps(row) for row in sorted(found, key=lambda row: (row["operator"], row["implementation"]))]
    return "[\n " + ",\n ".join(lines) + "\n]\n"


def main(arguments: list[str] | None = None) -> int:
    """Write recorded.json, or compare it."""
    parser = argparse.ArgumentParser(prog="python -m polystate_conformance.reports.recorded")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    parser.add_argument("reports", type=Path, nargs="+", metavar="REPORT.jsonl")
    chosen = parser.parse_args(arguments)
    text = made(chosen.reports)
    if not chosen.check:
        FILE.write_text(text, "utf-8")
    elif text != FILE.read_text("utf-8"):
        print(f"{FILE.name} is not what the reports say: write it again, without --check", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
