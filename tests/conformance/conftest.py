"""Small cases of our own for tests of the harness: the harness is trusted because it was lied to."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from polystate_conformance.suite import case as cases
from polystate_conformance.suite import collection

VALIDATE = "kind: validate\nprofile: validate\nrequest: {outputs: [valid]}\n"
SENTENCE = '{STO-1: ""}'


def write_case(root: Path, number: int, body: str) -> None:
    folder = root / "tiny" / f"{number:04d}-x"
    folder.mkdir(parents=True)
    head = f"id: tiny.{number:04d}\ntitle: tiny fact number {number}\nsentences: {SENTENCE}\nlevel: must\n"
    (folder / "case.yaml").write_text(head + body + "oracle: {how: counted on one hand}\n")


@pytest.fixture
def tiny(tmp_path: Path) -> list[cases.Case]:
    """Six cases that need no evaluator: three positive, three negative, each about a file of a few bytes."""
    (tmp_path / "raw.bin").write_bytes(b"raw")
    for number in (1, 2, 3):
        write_case(
            tmp_path, number,
            f"{VALIDATE}deposition: {{file: {tmp_path}/raw.bin}}\n"
            "expect: {valid: true}\n",
        )  # fmt: skip
        write_case(
            tmp_path, number + 3,
            f"{VALIDATE}deposition: {{file: {tmp_path}/raw.bin}}\n"
            f"expect: {{reject: {{stage: schema, code: missing-layer}}}}\ntwin: tiny.{number:04d}\n",
        )  # fmt: skip
    write_case(
        tmp_path, 7,
        f"kind: evaluate\nprofile: gaussian\ndeposition: {{file: {tmp_path}/raw.bin}}\nrequest: {{outputs: [mean]}}\n"
        "expect: {mean: {value: [[1.0, 2.0, 3.0]], abs: 1.0e-9, rel: 0, because: typed by hand}}\n",
    )  # fmt: skip
    return collection.load_all(tmp_path)


@pytest.fixture
def liar():
    """The command of a liar by name."""
    return lambda name: [sys.executable, "-m", f"polystate_conformance.implementations.liars.{name}"]
