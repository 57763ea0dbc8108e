"""Random depositions and requests put to two exporters: in what the files that they write differ, read by gemmi.

    python -m polystate_conformance.selftest.export_differences --examples 200 -- python my-adapter.py
    python -m polystate_conformance.selftest.export_differences --seed 17 --case -- python my-adapter.py
    python -m polystate_conformance.selftest.export_differences --files --examples 50 -- python my-adapter.py

The one is the exporter of these tools, the other a program that is an adapter of the profile `exchange`. An example is
named by its number. Neither answer is the expected value: that comes from the sentence. `--case` prints an example that
both answer alike as the beginning of a case, with what the other program says as what is expected. `--files` takes
random structure files, which each program imports first; a name that the one refuses may be in a table of the other
(EXP-23)."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import yaml

import polystate
from polystate.errors import PolystateError
from polystate_conformance import protocol
from polystate_conformance.scoring import structure_files
from polystate_conformance.scoring.exchange import NEAR, NEAR_U, TEXTS
from polystate_conformance.scoring.session import Session
from polystate_conformance.selftest import answering
from polystate_conformance.selftest.differences import Side, program
from polystate_conformance.selftest.export_molecules import Document
from polystate_conformance.selftest.exports import POLICIES, asked
from polystate_conformance.selftest.structure_texts import SUFFIXES, drawn

Answer = dict[str, Any]
"""`rejected` as the program says it; else `atoms`, `u` where the format has it, `bonds`, and `losses`: the descriptors
that are named in one."""
DECIMALS = 6
"""Of numbers that gemmi holds in 32 bits, in a case."""


def ours(message: Document) -> Document:
    """What the exporter of these tools answers."""
    return answering.adapter(answering.EXCHANGE).handle(message)  # type: ignore[no-any-return]


def answers(document: Document, message: Document, *sides: Side) -> list[Answer] | None:
    """What each program writes of a deposition, read back; None where it is no deposition."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "d.zarr"
        try:
            polystate.write(polystate.build(document), store)
        except PolystateError:
            return None
        found = []
        for number, side in enumerate(sides):
            out = Path(folder) / str(number)
            out.mkdir()
            sent = protocol.run(1, "export", "exchange", str(store), message["request"], message["seed"], str(out))
            found.append(_read(side(sent), out, [*document.get("descriptors", {})]))
        return found


def of_file(seed: int, format: str, *sides: Side) -> list[Answer]:
    """What each program writes of the structure file of a number: all alternates or a conformer, by any policy."""
    made, text = drawn(seed, format)
    random = Random(f"export {format} {seed}")
    export = {"format": random.choice(("mmcif", "pdb", "mmtf"))} | random.choice(
        ({}, {}, {"conformer": "occupancy"}, {"conformer": random.choice("AB")})
    )
    if random.random() < 0.8:
        export["gaussian"] = random.choice(POLICIES)
    request = {"outputs": ["file", "losses"], "export": export, **made.options}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"entry{SUFFIXES[format]}"
        file.write_text(text, "utf-8")
        found = []
        for number, side in enumerate(sides):
            out = Path(folder) / str(number)
            out.mkdir()
            found.append(
                _read(side(protocol.run(1, "import", "exchange", str(file), request, None, str(out))), out, [])
            )
        return found


def _read(answer: Document, folder: Path, descriptors: list[str]) -> Answer:
    if "ok" not in answer:
        return answer
    file = folder / answer["ok"]["file"]["file"]
    atoms, losses = structure_files.rows(file), answer["ok"]["losses"]
    found: Answer = {"atoms": atoms, "bonds": sorted(map(sorted, structure_files.bonds(file)))}
    if file.suffix != ".mmtf":
        found["u"] = structure_files.anisotropic(file)
    return {**found, "losses": [id for id in descriptors if any(id in text for text in losses)]}


def difference(one: Answer, other: Answer) -> str | None:
    """How two answers differ. More losses than the other names are none, nor is the letter of an atom's only record."""
    if "atoms" not in one or "atoms" not in other:
        refusals = [_refusal(one), _refusal(other)]
        return None if refusals[0] == refusals[1] and "rejected" in one else " against ".join(refusals)
    if len(one["atoms"]) != len(other["atoms"]):
        return f"{len(one['atoms'])} records against {len(other['atoms'])}"
    for a, b in zip(_lettered(one), _lettered(other), strict=True):
        if not _same(a, b):
            return f"{a} against {b}"
    for row, (u, v) in enumerate(zip(one.get("u", ()), other.get("u", ()), strict=True)):
        if (u is None) != (v is None) or any(abs(x - y) > 2 * NEAR_U for x, y in zip(u or (), v or (), strict=True)):
            return f"U of record {row}: {u} against {v}"
    bonds, others = _bonds_lettered(one), _bonds_lettered(other)
    if bonds != others:
        return f"bonds {[x for x in bonds if x not in others]} against {[x for x in others if x not in bonds]}"
    missing = [id for id in other["losses"] if id not in one["losses"]]
    return f"losses: {missing} is not named" if missing else None


def _refusal(answer: Answer) -> str:
    if "rejected" in answer:
        return f"rejected {answer['rejected']['stage']}/{answer['rejected']['code']}"
    return "a file" if "atoms" in answer else f"error {str(answer.get('error', answer))[-300:]}"


def _same(a: list[Any], b: list[Any]) -> bool:
    n = len(TEXTS)
    return a[:n] == b[:n] and all(abs(x - y) <= 2 * near for x, y, near in zip(a[n:], b[n:], NEAR, strict=True))


def _lettered(answer: Answer) -> list[list[Any]]:
    """The records, without the letter of one that is the only record of its atom in its model."""
    count = Counter(tuple(row[:5]) for row in answer["atoms"])
    return [[*row[:5], row[5] if count[tuple(row[:5])] > 1 else "", *row[6:]] for row in answer["atoms"]]


def _bonds_lettered(answer: Answer) -> list[list[list[str]]]:
    count = Counter(tuple(row[:5]) for row in answer["atoms"])
    several = {key[1:] for key, n in count.items() if n > 1}
    ends = [[[*end[:4], end[4] if tuple(end[:4]) in several else ""] for end in bond] for bond in answer["bonds"]]
    return sorted(map(sorted, ends))


def case(document: Document, message: Document, answer: Answer) -> str:
    """The beginning of a case: the deposition, the request, and what a program answered."""
    numbers = [
        [*row[: len(TEXTS)], *(round(float(x), DECIMALS) + 0.0 for x in row[len(TEXTS) :])] for row in answer["atoms"]
    ]
    file: Document = {"atoms": numbers, "bonds": answer["bonds"]}
    if any(answer.get("u", ())):
        file["u"] = [u and [round(float(x), DECIMALS) + 0.0 for x in u] for u in answer["u"]]
    request = message["request"] | ({"seed": message["seed"]} if message["seed"] else {})
    expect = {"file": file} | ({"losses": answer["losses"]} if answer["losses"] else {})
    request["outputs"] = list(expect)
    made = {"deposition": document, "request": request, "expect": expect}
    return yaml.dump(made, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=10**6, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Writes each list out, without names for equal ones."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def main(arguments: list[str]) -> int:
    """Status 0 where nothing differs, 1 where something does."""
    own, command = arguments, list[str]()
    if "--" in arguments:
        own, command = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    parser = argparse.ArgumentParser(prog="export_differences", description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first example")
    parser.add_argument("--case", action="store_true", help="print one example as the beginning of a case")
    parser.add_argument("--files", action="store_true", help="examples are structure files")
    options = parser.parse_args(own)
    if not command:
        parser.error("-- COMMAND")
    if options.case and options.files:
        parser.error("--case takes no --files")
    session, different = Session(command), 0
    try:
        if options.case:
            return _case(options.seed, program(session))
        for seed in range(options.seed, options.seed + options.examples):
            for name, found in _examples(seed, options.files, ours, program(session)):
                said = difference(*found) if found else None
                different += said is not None
                if said is not None:
                    print(f"{name}: {said}", flush=True)
    finally:
        session.stop()
    print(f"{options.examples} examples from {options.seed} on: {different} differ")
    return 1 if different else 0


def _examples(seed: int, files: bool, *sides: Side) -> Iterator[tuple[str, list[Answer] | None]]:
    """The answers of an example by its name; of a structure file in each format."""
    if files:
        yield from ((f"{format} {seed}", of_file(seed, format, *sides)) for format in sorted(SUFFIXES))
    else:
        yield str(seed), answers(*asked(Random(seed)), *sides)


def _case(seed: int, other: Side) -> int:
    """Prints an example as a case; status 1 where the two differ or refuse it."""
    document, message = asked(Random(seed))
    found = answers(document, message, ours, other)
    said = "no deposition" if found is None else difference(*found)
    if said is None and found is not None and "atoms" in found[1]:
        print(case(document, message, found[1]), end="")
        return 0
    print(f"{seed}: {said or 'refused by both'}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
