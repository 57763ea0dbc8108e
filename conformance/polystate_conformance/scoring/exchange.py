"""What importers and exporters made: a store is asked questions, a structure file is read by gemmi."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polystate_conformance import protocol
from polystate_conformance.implementations import reference
from polystate_conformance.scoring import compare, structure_files
from polystate_conformance.scoring.digest import digest
from polystate_conformance.suite.case import Case

NEAR = (0.0006, 0.0006, 0.0006, 0.006, 0.006)
"""What x, y, z (Å), occupancy and B (Å²) of a file with two or three decimals may differ by."""
NEAR_U = 0.00006
"""And U (Å²), which has four."""
TEXTS = ("model", "chain", "residue", "component", "atom", "alternate", "element")


def verdict(case: Case, answer: dict[str, Any], out_dir: Path) -> dict[str, Any]:
    """The result of one answered case of the kind `import` or `export`."""
    if case.negative or "ok" not in answer:
        return compare.verdict(case, answer, out_dir)
    found: list[str] = []
    for output, want in case.expect.items():
        got = answer["ok"].get(output)
        if output == "losses":
            found += _of_losses(want, got)
            continue
        path = _made(got, out_dir)
        if path is None:
            found.append(f"{output}: no such file in the answer")
        elif output == "file":
            found += _of_file(want, path)
        else:
            found += _of_store(case, want.get("asks", []), path, out_dir / output)
            if "same_as" in want:
                found += _of_digests(path, _made(answer["ok"].get(want["same_as"]), out_dir))
    if found:
        return {"outcome": "failed", "why": "; ".join(found), "accepted": True}
    return {"outcome": "passed", "accepted": True}


def _made(got: Any, out_dir: Path) -> Path | None:
    return compare.inside(out_dir, got["file"]) if isinstance(got, dict) and "file" in got else None


def _of_losses(want: list[str], got: Any) -> list[str]:
    """What is wrong with a list of losses: each word wanted stands in one; where none is wanted, there are none."""
    if not isinstance(got, list):
        return ["losses: expected a list"]
    if not want and got:
        return [f"losses: expected none, found {got[:3]}"]
    return [f"losses: none of {got[:5]} says {word!r}" for word in want if not any(word in text for text in got)]


def _of_digests(ours: Path, theirs: Path | None) -> list[str]:
    """What is wrong where two stores should hold the same."""
    found = None if theirs is None else digest(theirs)
    return [] if found == digest(ours) else [f"expected the digest {found}, found {digest(ours)}"]


def _of_store(case: Case, asks: list[dict[str, Any]], store: Path, folder: Path) -> list[str]:
    """What is wrong with the answers that the reference gives about a store; folder: for its arrays, made here."""
    found = []
    for number, ask in enumerate(asks):
        own = folder.with_name(f"{folder.name}-ask-{number}")
        own.mkdir()
        message = protocol.run(1, ask["kind"], "read", str(store), ask["request"], None, str(own))
        question = Case(case.folder, {**case.document, "kind": ask["kind"], "expect": ask["expect"]})
        judged = compare.verdict(question, reference.handle(message), own)
        if judged["outcome"] != "passed":
            found.append(f"{ask['kind']}: {judged['why']}")
    return found


def _of_file(want: dict[str, Any], file: Path) -> list[str]:
    """What is wrong with a structure file: atoms in order, their U, bonds, and texts that must stand in it."""
    try:
        found = _of_atoms(want["atoms"], file) if "atoms" in want else []
        if "u" in want:
            found += _of_u(want["u"], file)
        if "bonds" in want:
            ours, theirs = (sorted(map(sorted, ends)) for ends in (want["bonds"], structure_files.bonds(file)))
            found += [] if ours == theirs else [f"expected the bonds {ours}, found {theirs}"]
    except Exception as error:  # gemmi raises many kinds
        return [f"cannot be read: {str(error)[:200]}"]
    text = file.read_text("utf-8", errors="replace").lower()
    return found + [f"nowhere says {word!r}" for word in want.get("says", ()) if word.lower() not in text]


def _of_atoms(want: list[structure_files.Row], file: Path) -> list[str]:
    atoms, n = structure_files.rows(file), len(TEXTS)
    found = [] if len(atoms) == len(want) else [f"expected {len(want)} atom records, found {len(atoms)}"]
    for number, (ours, theirs) in enumerate(zip(want, atoms, strict=False)):
        far = [abs(a - b) > near for a, b, near in zip(ours[n:], theirs[n:], NEAR, strict=True)]
        if [str(x) for x in ours[:n]] != theirs[:n] or any(far):
            return [*found, f"record {number}: expected {ours}, found {theirs}"]
    return found


def _of_u(want: list[list[float] | None], file: Path) -> list[str]:
    found = structure_files.anisotropic(file)
    for number, (ours, theirs) in enumerate(zip(want, found, strict=True)):
        if (ours is None) != (theirs is None) or any(
            abs(a - b) > NEAR_U for a, b in zip(ours or (), theirs or (), strict=True)
        ):
            return [f"record {number}: expected the U {ours}, found {theirs}"]
    return []
