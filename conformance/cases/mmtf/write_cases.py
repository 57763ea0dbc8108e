"""Writes the cases of the profile `mmtf`: case.yaml and the file beside it, from the definitions in this module.

    python conformance/cases/mmtf/write_cases.py

Files are put together here with msgpack and struct, value by value; no decoder or encoder of ours takes part.
What is expected is the published text (rcsb/mmtf, spec.md v0.1 and v1.0/1.1), with its misprints corrected, or
arithmetic that can be done by hand; each case says which.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from case_list import CASES, KILLS, Expect, Made

from polystate_conformance.suite import sentences

HERE = Path(__file__).resolve().parent
FLOAT_BECAUSE = "one rounding to float32 (MMTF-21): the nearest float32 is the only right answer"


def main() -> None:
    """Write all cases anew; folders that are no longer defined go."""
    known = sentences.read()
    numbers = numbered([made.key for made in CASES])
    folders = {write(made, numbers, known) for made in CASES}
    for folder in HERE.iterdir():
        if folder.is_dir() and folder.name not in folders and folder.name[0].isdigit():
            shutil.rmtree(folder)


def numbered(keys: list[str]) -> dict[str, int]:
    """Each key's number: the one its folder has, else the next: a number never changes its meaning."""
    assert len(set(keys)) == len(keys), "keys are unique"
    taken = {folder.name[5:]: int(folder.name[:4]) for folder in HERE.glob("[0-9][0-9][0-9][0-9]-*")}
    free = max(taken.values(), default=0) + 1
    for key in keys:
        if key not in taken:
            taken[key], free = free, free + 1
    return taken


def write(made: Made, numbers: dict[str, int], known: dict[str, Any]) -> str:
    """One case; returns the name of its folder."""
    name = f"{numbers[made.key]:04d}-{made.key}"
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    file = f"{made.key}.mmtf" + (".gz" if made.data[:2] == b"\x1f\x8b" else "")
    for old in folder.iterdir():
        old.unlink()
    (folder / file).write_bytes(made.data)
    lines = [
        f"id: mmtf.{numbers[made.key]:04d}",
        f"title: {json.dumps(made.title, ensure_ascii=False)}",
        "kind: decode",
        "sentences:",
        *(f'  MMTF-{n}: "{known[f"MMTF-{n}"].hash}"' for n in made.sentences),
        "level: must",
        "profile: mmtf",
        f"deposition: {{file: {file}}}",
        f"request: {{outputs: {json.dumps([*made.expect, *made.absent])}}}"
        if made.reject is None
        else "request: {outputs: [numAtoms]}",
        "expect:",
        *([reject(made.reject)] if made.reject else [expectation(k, v) for k, v in made.expect.items()]),
        "oracle:",
        f"  how: {json.dumps(made.how, ensure_ascii=False)}",
    ]
    if made.source:
        lines.append(f"  source: {json.dumps(made.source, ensure_ascii=False)}")
    if made.twin:
        lines.append(f"twin: mmtf.{numbers[made.twin]:04d}")
    if made.key in KILLS:
        lines.append(f"kills: [{', '.join(KILLS[made.key])}]")
    (folder / "case.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    return name


def reject(where: tuple[str, str, str]) -> str:
    """The expected rejection."""
    stage, code, field = where
    place = f", where: {json.dumps(field)}" if field else ""
    return f"  reject: {{stage: {stage}, code: {code}{place}}}"


def expectation(name: str, want: Expect) -> str:
    """One expected field: an array with its dtype, or text and JSON as they are."""
    if want.dtype is None:
        return f"  {name}: {json.dumps(want.value, ensure_ascii=False)}"
    tolerance = f", abs: 0, rel: 0, because: {json.dumps(FLOAT_BECAUSE)}" if want.dtype == "float32" else ""
    return f"  {name}: {{value: {json.dumps(want.value)}, dtype: {want.dtype}{tolerance}}}"


if __name__ == "__main__":
    main()
