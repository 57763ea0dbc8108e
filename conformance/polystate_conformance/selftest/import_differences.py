"""Random structure files, put to two importers: what of the depositions they make, and of the files written of these,
differs.

    python -m polystate_conformance.selftest.import_differences --examples 200 -- python my-adapter.py

The one is the importer of these tools, the other a program that is an adapter of the profile `exchange`. An entry is
named by its number. Neither answer is the expected value: that comes from the sentence."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from polystate_conformance import protocol
from polystate_conformance.scoring.digest import digest
from polystate_conformance.scoring.exchange import NEAR, NEAR_U, TEXTS
from polystate_conformance.scoring.session import Session
from polystate_conformance.selftest import answering, import_asks
from polystate_conformance.selftest.differences import Side, program
from polystate_conformance.selftest.entry_parts import Entry
from polystate_conformance.selftest.structure_texts import SUFFIXES, drawn

ROUNDED = 3e-8
"""Å² by which covariances may differ: what TLS leaves of an ADP may be stored in some eight decimals."""


def ours(message: dict[str, Any]) -> dict[str, Any]:
    """What the importer of these tools answers."""
    return answering.adapter(answering.EXCHANGE).handle(message)  # type: ignore[no-any-return]


def request_of(made: Entry, format: str) -> dict[str, Any]:
    """The request of an import that also writes the records again."""
    outputs = ["store", "file", "again", "losses"]
    return {"outputs": outputs, "export": {"format": format, "gaussian": "records"}, **made.options}


def imported(side: Side, file: Path, request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The answer of a program about a file, in a folder of its own."""
    folder.mkdir()
    return side(protocol.run(1, "import", "exchange", str(file), request, None, str(folder)))


def differences(one: Side, other: Side, seed: int, format: str) -> list[str]:
    """In what two programs differ about the entry of a number."""
    made, text = drawn(seed, format)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"entry{SUFFIXES[format]}"
        file.write_text(text, "utf-8")
        folders = [Path(folder) / name for name in ("one", "other")]
        answers = [imported(side, file, request_of(made, format), out)
                   for side, out in zip((one, other), folders, strict=True)]  # fmt: skip
        a, b = answers
        if "ok" not in a or "ok" not in b:
            return [] if _refusal(a) == _refusal(b) and "rejected" in a else [f"{_refusal(a)} against {_refusal(b)}"]
        return list(_compared(made, format, *([out / answer["ok"][name]["file"] for name in ("store", "file", "again")]
                                              for out, answer in zip(folders, answers, strict=True))))  # fmt: skip


def _refusal(answer: dict[str, Any]) -> str:
    if "rejected" in answer:
        return f"rejected {answer['rejected']['stage']}/{answer['rejected']['code']}"
    return "an answer" if "ok" in answer else f"error {answer.get('error', answer)}"


def _compared(made: Entry, format: str, one: list[Path], other: list[Path]) -> list[str]:
    found = []
    for ask in import_asks.asks(made, format):
        a, b = (import_asks.there(import_asks.answered(files[0], ask)) for files in (one, other))
        found += [f"{name}: {_shown(a.get(name), b.get(name))}" for name in sorted({*a, *b})
                  if not _same(a.get(name), b.get(name), ROUNDED if name == "covariance" else 1e-9)]  # fmt: skip
    for name, files in (("one", one), ("other", other)):
        if digest(files[0]) != digest(files[2]):
            found.append(f"again: {name} does not return")
    a, b = (import_asks.written(files[1]) for files in (one, other))
    found += [f"bonds: {_shown(a['bonds'], b['bonds'])}"] if a["bonds"] != b["bonds"] else []
    if "types without letters" in made.features:
        return found  # each importer chooses letters of its own
    return found + [f"written: {_shown(x, y)}" for x, y in _rows(a, b) if not _same_row(x, y)][:3]


def _rows(a: dict[str, Any], b: dict[str, Any]) -> list[tuple[Any, Any]]:
    if len(a["atoms"]) != len(b["atoms"]):
        return [(len(a["atoms"]), len(b["atoms"]))]
    return list(zip(zip(a["atoms"], a["u"], strict=True), zip(b["atoms"], b["u"], strict=True), strict=True))


def _same_row(one: Any, other: Any) -> bool:
    if isinstance(one, int):
        return False
    (a, u), (b, v) = one, other
    n = len(TEXTS)
    near = all(abs(x - y) <= width for x, y, width in zip(a[n:], b[n:], NEAR, strict=True))
    same = (u is None) == (v is None) and all(abs(x - y) <= NEAR_U for x, y in zip(u or (), v or (), strict=True))
    return bool(a[:n] == b[:n] and near and same)


def _same(a: Any, b: Any, near: float = 1e-9) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        return bool(np.allclose(a, b, rtol=1e-9, atol=near) if a.dtype.kind == "f" else (a == b).all())
    if isinstance(a, dict) and isinstance(b, dict) and "rejected" not in a:
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return type(a) is type(b) and bool(a == b)


def _shown(a: Any, b: Any) -> str:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.shape == b.shape and a.ndim:
        where = np.argwhere(~np.isclose(a.astype(float), b.astype(float), rtol=1e-9, atol=1e-9))
        rows = sorted({int(place[0]) for place in where})
        return "; ".join(f"row {row}: {a[row].tolist()} against {b[row].tolist()}" for row in rows[:3])
    return f"{str(a)[:300]} against {str(b)[:300]}"


def main(arguments: list[str]) -> int:
    """Status 0 where nothing differs, 1 where something does."""
    own, command = arguments, list[str]()
    if "--" in arguments:
        own, command = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    parser = argparse.ArgumentParser(prog="import_differences", description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first entry")
    parser.add_argument("--format", choices=sorted(SUFFIXES), action="append")
    parser.add_argument("--show", action="store_true", help="print the text of one entry")
    options = parser.parse_args(own)
    if options.show:
        for format in options.format or ["mmcif"]:
            print(drawn(options.seed, format)[1], end="")
        return 0
    if not command:
        parser.error("-- COMMAND")
    session, different = Session(command), 0
    try:
        for seed in range(options.seed, options.seed + options.examples):
            for format in options.format or sorted(SUFFIXES):
                found = differences(ours, program(session), seed, format)
                different += bool(found)
                for line in found:
                    print(f"{format} {seed}: {line}", flush=True)
    finally:
        session.stop()
    print(f"{options.examples} entries from {options.seed} on: {different} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
