"""Rich cases of import from random structure files on which two programs agree.

    python -m polystate_conformance.authoring.import_cases 0700 mmcif:17 pdb:4 -- python my-adapter.py

writes the cases 0700, 0701, ... of the entries with these numbers. What is expected is the answer of the program behind
the dashes, which is worth something where it was written from the specification and not from the importer of these
tools; an entry about which the two differ is left out. Look at what was written, against the text."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from polystate_conformance.paths import CASES
from polystate_conformance.scoring.session import Session
from polystate_conformance.selftest import import_asks, import_differences
from polystate_conformance.selftest.differences import Side, program
from polystate_conformance.selftest.entry_parts import Entry
from polystate_conformance.selftest.structure_texts import SUFFIXES, drawn
from polystate_conformance.suite import sentences

ALWAYS = ("EXP-1", "EXP-2", "EXP-3", "EXP-13", "EXP-50", "EXP-51")
SENTENCES = {
    r"alternates of neighbours": "EXP-4", r"a letter that a neighbour lacks": "EXP-35",
    r"alternates that sum|populations of models": "EXP-6", r"alternates that sum to 1": "EXP-5",
    r"alternates of (ligands|waters)": "EXP-29", r"differ within a state": "EXP-8", r"one letter": "EXP-39",
    r"partial residues|occupancies of 0": "EXP-9", r"partial": "EXP-36", r"types|microheterogeneity": "EXP-10",
    r"models": "EXP-11", r"letters in some models|conformers one": "EXP-12", r"populations": "EXP-7",
    r"in one place": "EXP-28", r"no atom shares": "EXP-46", r"anisotropic U": "EXP-14", r"U ": "EXP-53",
    r"TLS by": "EXP-15", r"TLS by |sets|expressions": "EXP-55", r"said to be total": "EXP-16",
    r"said to be|by the caller": "EXP-62", r"^links|CONECT": "EXP-54", r"links of one alternate": "EXP-32",
    r"names of the author|one column|a name that one": "EXP-52",
}  # fmt: skip
"""Of features, as patterns, the sentence that they exercise."""
BECAUSE = "a few roundings of binary64 on numbers of the file, and of a residual in eight decimals"
HOW = ("what a second program answers, which was written from the text; the importer of these tools agrees. "
       "What was written again is read by gemmi")  # fmt: skip


def case(number: str, format: str, seed: int, other: Side) -> tuple[str, str, str, str] | None:
    """Slug, text of the case, name and text of the structure file; None where two programs differ."""
    if import_differences.differences(import_differences.ours, other, seed, format):
        return None
    made, text = drawn(seed, format)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"entry{SUFFIXES[format]}"
        file.write_text(text, "utf-8")
        request = import_differences.request_of(made, format) | {"outputs": ["store", "file", "again"]}
        out = Path(folder) / "out"
        answer = import_differences.imported(other, file, request, out)
        if "ok" not in answer:
            return None
        store, written = (out / answer["ok"][name]["file"] for name in ("store", "file"))
        expect: dict[str, Any] = {"store": {"asks": _asks(made, format, store)}}
        if "types without letters" in made.features:
            request = {key: value for key, value in request.items() if key != "export"} | {"outputs": ["store"]}
        else:
            expect |= {"file": _written(written), "again": {"same_as": "store"}}
    slug = re.sub("[^a-z0-9]+", "-", " and ".join(_telling(made)).lower()).strip("-")
    name = f"{slug}{SUFFIXES[format]}"
    return slug, _document(number, made, format, name, request, expect), name, text


def _telling(made: Entry) -> list[str]:
    """Two features that tell an entry from others: of those drawn, the rarest in a hundred entries."""
    counts: dict[str, int] = {}
    for seed in range(50):
        for format in SUFFIXES:
            for feature in drawn(seed, format)[0].features:
                counts[feature] = counts.get(feature, 0) + 1
    return sorted(made.features, key=lambda feature: counts.get(feature, 0))[:2]


def _document(number: str, made: Entry, format: str, name: str, request: dict[str, Any], expect: dict[str, Any]) -> str:
    known, features = sentences.read(), list(made.features)
    named = {id for pattern, id in SENTENCES.items() if any(re.search(pattern, feature) for feature in features)}
    named |= {*ALWAYS, *(["EXP-21"] if "again" in expect else [])}
    hashes = ", ".join(f'"{id}": "{known[id].hash}"' for id in known if id in named)
    title = f"{' and '.join(_telling(made))} in {dict(mmcif='mmCIF', pdb='PDB')[format]}"
    lines = [
        f"id: exchange.{number}",
        f'title: "{title}, beside {len(features) - 2} other features, {len(made.rows)} records"',
        "kind: import", f"sentences: {{{hashes}}}", "level: must", "profile: exchange",
        f'deposition: {{file: "{name}"}}',
        f"request: {_flow(request)}", "expect:", "  store:", "    asks:",
        *(f"      - {_flow(ask)}" for ask in expect["store"]["asks"]),
    ]  # fmt: skip
    if "file" in expect:
        lines += ["  file:", "    atoms:", *(f"      - {_flow(row)}" for row in expect["file"]["atoms"])]
        lines += [f"    {key}: {_flow(expect['file'][key])}" for key in ("u", "bonds")]
        lines.append('  again: {same_as: "store"}')
    return "\n".join([*lines, f'oracle: {{how: "{HOW}"}}', "kills: []"]) + "\n"


def _flow(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace(".0,", ",").replace(".0]", "]")


def _asks(made: Entry, format: str, store: Path) -> list[dict[str, Any]]:
    """The questions with their answers; numbers of atoms that are absent are not asked."""
    found = []
    for kind, request in import_asks.asks(made, format):
        answer = import_asks.answered(store, (kind, request))
        if "rejected" in answer:
            continue
        answer = {name: value for name, value in answer.items() if ":" in name or name in request["outputs"]}
        there = next((answer[name] > 0 for name in ("present", "presence") if name in answer), None)
        if there is not None and not there.all():
            found.append({"kind": kind, "request": {**request, "outputs": [name for name in request["outputs"]
                          if name.startswith("pres")]}, "expect": {k: _value(k, v) for k, v in answer.items()
                          if k.startswith("pres")}})  # fmt: skip
            request = {**request, "atoms": (np.flatnonzero(there) + 1).tolist()}
            answer = {name: value[there] for name, value in answer.items()}
        found.append({"kind": kind, "request": request, "expect": {k: _value(k, v) for k, v in answer.items()}})
    return found


def _value(name: str, value: Any) -> Any:
    """A value as a case has it: arrays as lists, with a tolerance where they were computed."""
    if not isinstance(value, np.ndarray):
        return value
    if name.startswith("array:"):
        return {"dtype": str(value.dtype), "value": value.tolist()}
    if value.dtype.kind == "b":
        return {"dtype": "bool", "value": value.tolist()}
    near = 3e-8 if name == "covariance" else 1e-9
    rounded = np.round(value, 9 if name == "covariance" else 11) + 0.0
    return {"value": rounded.tolist(), "abs": near, "rel": 1e-9, "because": BECAUSE}


def _written(file: Path) -> dict[str, Any]:
    found = import_asks.written(file)
    n = len(import_differences.TEXTS)
    atoms = [[*row[:n], *(round(x, 3) for x in row[n : n + 3]), round(row[-2], 2), round(row[-1], 2)]
             for row in found["atoms"]]  # fmt: skip
    u = [None if six is None else [round(x, 4) for x in six] for six in found["u"]]
    return {"atoms": atoms, "u": u, "bonds": found["bonds"]}


def main(arguments: list[str]) -> int:
    """Status 0 where all were written, 1 where two programs differ about some."""
    if "--" not in arguments:
        raise SystemExit(__doc__)
    (first, *entries), command = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    session, number, left = Session(command), int(first), 0
    try:
        for entry in entries:
            format, _, seed = entry.partition(":")
            found = case(f"{number:04d}", format, int(seed), program(session))
            if found is None:
                print(f"{entry}: the two programs differ", flush=True)
                left += 1
                continue
            slug, document, name, text = found
            folder = CASES / "exchange" / f"{number:04d}-{slug}"
            folder.mkdir()
            (folder / name).write_text(text, "utf-8")
            (folder / "case.yaml").write_text(document, "utf-8")
            print(f"{entry}: {folder.name}", flush=True)
            number += 1
    finally:
        session.stop()
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
