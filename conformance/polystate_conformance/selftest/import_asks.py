"""What can be asked of a deposition that an importer made, without the names that it chooses."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from polystate_conformance import protocol
from polystate_conformance.implementations import reference
from polystate_conformance.scoring import structure_files
from polystate_conformance.selftest.entry_parts import Entry

Ask = tuple[str, dict[str, Any]]
"""A kind of the protocol and a request."""
ATOMS = ("atom_id", "residue", "element", "charge")
RESIDUES = ("chain", "auth_seq")


def asks(made: Entry, format: str) -> list[Ask]:
    """The questions for an entry. What a format does not say, and an importer of PDB has to conclude, is not asked: the
    names of chains by `label_asym_id`, numbers of sequences."""
    arrays = [f"hierarchy/atoms/{name}" for name in ATOMS] + [f"hierarchy/residues/{name}" for name in RESIDUES]
    columns = [f"hierarchy/{name}" for name in ("atoms/name", "residues/comp", "residues/ins", "chains/auth_asym",
               "entities/type", "entities/description", "entities/sequence")]  # fmt: skip
    attributes = ["", "hierarchy"]
    arrays += ["hierarchy/chains/entity", "reference/x_ref"]
    if format == "mmcif":
        arrays.append("hierarchy/residues/label_seq")
        columns.append("hierarchy/chains/label_asym")
    for assembly in made.assemblies:
        arrays += [f"hierarchy/assemblies/{assembly.id}/{name}" for name in ("operators", "operator", "chain")]
        attributes.append(f"hierarchy/assemblies/{assembly.id}")
    if made.ncs:
        arrays.append("hierarchy/ncs/operators")
        attributes.append("hierarchy/ncs")
    found: list[Ask] = [
        ("validate", {"outputs": ["valid"]}),
        ("describe", {"outputs": ["counts"]}),
        ("describe", {"attributes": attributes}),
        ("describe", {"columns": columns}),
        ("describe", {"arrays": arrays}),
        ("describe", {"arrays": [f"hierarchy/bonds/{name}" for name in ("atom_a", "atom_b", "order")]}),
        ("evaluate", {"outputs": ["count"]}),
        ("evaluate", {"outputs": ["mean", "covariance", "present"]}),
        ("moments", {"outputs": ["presence", "mean", "covariance"]}),
    ]
    if len(made.models) > 1:
        last = len(made.models) - 1
        found.append(("moments", {"outputs": ["presence", "mean", "covariance"], "at": {"model": last}}))
        found.append(("evaluate", {"outputs": ["mean", "covariance", "present"], "at": {"model": last}}))
    return found


def answered(store: Path, ask: Ask) -> dict[str, Any]:
    """What the reference says of a store: values by output, arrays as such; a refusal under `rejected`."""
    kind, request = ask
    with tempfile.TemporaryDirectory() as folder:
        answer = reference.handle(protocol.run(1, kind, "read", str(store), request, None, folder))
        if "ok" not in answer:
            return {"rejected": {key: value for key, value in answer.items() if key != "seq"}}
        return {
            name: np.load(Path(folder) / value["file"]) if isinstance(value, dict) and "dtype" in value else value
            for name, value in answer["ok"].items()
        }


def there(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without the numbers of atoms that are absent, of which nothing is said."""
    gone = next((~(answer[name] > 0) for name in ("present", "presence") if name in answer), None)
    if gone is None:
        return answer
    return {name: np.where(gone.reshape(-1, *[1] * (value.ndim - 1)), 0, value) if value.dtype.kind == "f" else value
            for name, value in answer.items()}  # fmt: skip


def written(file: Path) -> dict[str, Any]:
    """What gemmi reads in a file that an exporter wrote: atoms, U, bonds."""
    bonds = sorted(sorted(ends) for ends in structure_files.bonds(file))
    return {"atoms": structure_files.rows(file), "u": structure_files.anisotropic(file), "bonds": bonds}
