"""What became of mutants, a line of a file each, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

from polystate_conformance.selftest.mutant import Mutant


def recall(file: Path | None, found: Iterable[Mutant]) -> list[Mutant]:
    """Tell mutants what a file says became of them; those of which it says nothing.

    Of two lines about one mutant the later one holds. A line that was not written to its end is none."""
    told = {}
    if file is not None and file.exists():
        for line in file.read_text("utf-8").splitlines():
            with contextlib.suppress(ValueError):
                fate = json.loads(line)
                told[fate["mutant"]] = fate
    rest = []
    for mutant in found:
        if fate := told.get(mutant.key):
            mutant.killed_by, mutant.cases = fate["killed_by"], fate["cases"]
        else:
            rest.append(mutant)
    return rest


def keep(file: Path, mutant: Mutant) -> None:
    """Add what became of a mutant to a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fate = {"mutant": mutant.key, "cases": mutant.cases, "killed_by": mutant.killed_by}
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(fate, ensure_ascii=False) + "\n")
