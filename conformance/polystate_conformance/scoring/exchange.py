"""What importers and exporters made: a store is asked questions, a structure file is read by gemmi."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polystate_conformance import protocol
from polystate_conformance.implementations import reference
from polystate_conformance.scoring import compare
from polystate_conformance.suite.case import Case

NEAR = (0.0006, 0.0006, 0.0006, 0.006, 0.006)
"""What x, y, z (Å), occupancy and B (Å²) of a file with two or three decimals may differ by."""
TEXTS = ("model", "chain", "residue", "component", "atom", "alternate", "element")


def verdict(case: Case, answer: dict[str, Any], out_dir: Path) -> dict[str, Any]:
    """The result of one answered case of the kind `import` or `export`."""
    if case.negative or "ok" not in answer:
        return compare.verdict(case, answer, out_dir)
    found: list[str] = []
    for output, want in case.expect.items():
        got = answer["ok"].get(output)
        path = compare.inside(out_dir, got["file"]) if isinstance(got, dict) and "file" in got else None
        if path is None:
            found.append(f"{output}: no such file in the answer")
        elif output == "store":
            found += _of_store(case, want["asks"], path, out_dir)
        else:
            found += _of_file(want, path)
    if found:
        return {"outcome": "failed", "why": "; ".join(found), "accepted": True}
    return {"outcome": "passed", "accepted": True}


def _of_store(case: Case, asks: list[dict[str, Any]], store: Path, out_dir: Path) -> list[str]:
    """What is wrong with the answers that the reference gives about a store."""
    found = []
    for number, ask in enumerate(asks):
        own = out_dir / f"ask-{number}"
        own.mkdir()
        message = protocol.run(1, ask["kind"], "read", str(store), ask["request"], None, str(own))
        question = Case(case.folder, {**case.document, "kind": ask["kind"], "expect": ask["expect"]})
        judged = compare.verdict(question, reference.handle(message), own)
        if judged["outcome"] != "passed":
            found.append(f"{ask['kind']}: {judged['why']}")
    return found


def _of_file(want: dict[str, Any], file: Path) -> list[str]:
    """What is wrong with a structure file: its atoms in order, and the texts that must stand in it."""
    found = []
    if "atoms" in want:
        try:
            atoms = rows(file)
        except Exception as error:  # gemmi raises many kinds
            return [f"gemmi cannot read it: {str(error)[:200]}"]
        if len(atoms) != len(want["atoms"]):
            found.append(f"expected {len(want['atoms'])} atom records, found {len(atoms)}")
        for number, (ours, theirs) in enumerate(zip(want["atoms"], atoms, strict=False)):
            n = len(TEXTS)
            far = [abs(a - b) > near for a, b, near in zip(ours[n:], theirs[n:], NEAR, strict=True)]
            if [str(x) for x in ours[:n]] != theirs[:n] or any(far):
                found.append(f"record {number}: expected {ours}, found {theirs}")
                break
    text = file.read_text("utf-8", errors="replace").lower()
    return found + [f"nowhere says {word!r}" for word in want.get("says", ()) if word.lower() not in text]


def rows(file: Path) -> list[list[Any]]:
    """The atom records of a file in its order: model, chain, number, component, name, alternate, element; x, y, z,
    occupancy, B."""
    import gemmi

    structure = gemmi.read_structure(str(file))
    return [
        [str(number), chain.name, str(residue.seqid), residue.name, atom.name, atom.altloc.strip("\0"),
         atom.element.name, *atom.pos.tolist(), atom.occ, atom.b_iso]
        for number, model in enumerate(structure, 1) for chain in model for residue in chain for atom in residue
    ]  # fmt: skip
