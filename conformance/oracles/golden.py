"""U of named atoms of the golden depositions of fitted hierarchies, at 50 digits.

The stores are read by zarr alone; each U is A (T + K L K^T + K S + (K S)^T) of the rows of its levels, plus what
the atom has of its own. Evaluated in the state in which every condition but -1 is left out: the atoms of the cases
have no other."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import covariance
from mpmath import mp, mpf

from _deposition import added, floats, symmetric, zeros  # isort: skip

CORPUS = Path(__file__).parents[1] / "corpus"


@cache
def opened(name: str) -> Any:
    """The root group of a golden deposition."""
    import zarr

    return zarr.open_group(zarr.storage.ZipStore(CORPUS / f"{name}.zarr.zip", mode="r"), mode="r")


def document(group: Any, path: str) -> dict[str, Any]:
    return group[path].attrs["polystate"]


def labels(root: Any, scope: dict[str, str]) -> tuple[np.ndarray, int]:
    """The label of each atom under a grouping, -1 for none, and the number of labels."""
    path = f"groupings/{scope['grouping']}"
    child, parent = root[f"{path}/child"][...], root[f"{path}/parent"][...]
    found = document(root, path)
    residue = root["hierarchy/atoms/residue"][...]
    node = {
        "atom": np.arange(len(residue)),
        "residue": residue,
        "chain": root["hierarchy/residues/chain"][...][residue],
    }[found["child_level"]]
    label = np.full(int(node.max()) + 1, -1)
    label[child] = parent
    return label[node], len(found["labels"])


def level(root: Any, id: str, atoms: list[int]) -> tuple[int, list[Any]]:
    """(labels, U of each atom) of one Gaussian descriptor."""
    item, group = document(root, f"descriptors/{id}"), root[f"descriptors/{id}"]
    atom_id = root["hierarchy/atoms/atom_id"][...]
    rows = np.searchsorted(atom_id, atoms)
    if item["operator"]["id"] == "parametric_gaussian/tls_v1":
        label, count = labels(root, item["scope"])
        x_ref, tls = root["reference/x_ref"][...].astype(float), group["tls"][...]
        found = []
        for row in rows:
            g = label[row]
            numbers = ([mpf(float(v)) for v in tls[g]], [mpf(float(v)) for v in x_ref[row]]) if g >= 0 else None
            found.append(covariance.tls(*numbers) if numbers else zeros())
        return count, found
    name = "b" if item["operator"]["id"].endswith("iadp_v1") else "u"
    ids, condition, values = group["atom_id"][...], group["condition"][...], group[name][...]
    found = []
    for atom in atoms:
        one = zeros()
        for k in np.flatnonzero(ids == atom):
            if condition[k] != -1:
                raise ValueError(f"atom {atom} depends on a state")
            if name == "b":
                six = [mpf(float(values[k])) / (8 * mp.pi**2)] * 3 + [mpf(0)] * 3
            else:
                six = [mpf(float(v)) for v in values[k]]
            one = added(one, symmetric(six))
        found.append(one)
    return len(atom_id), found


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """Of the outputs covariance, covariance_by_level, levels and counts those that the case asks for."""
    root, request = opened(case["deposition"]["corpus"]), case["request"]
    if case["kind"] == "describe":
        sizes = {
            level: root[f"hierarchy/{level}/{column}"].shape[0]
            for level, column in (
                ("atoms", "residue"), ("residues", "chain"), ("chains", "entity"), ("entities", "type"),
                ("bonds", "atom_a"),
            )
            if f"hierarchy/{level}/{column}" in root
        }  # fmt: skip
        found = {"counts": {"bonds": 0, **sizes}}
        for path in request.get("arrays", []):
            found[f"array:{path}"] = root[path][...].tolist()
        return found
    ids = [
        id
        for id in sorted(root["descriptors"].group_keys(), key=str.encode)
        if document(root, f"descriptors/{id}")["signal_type"] == "gaussian_disorder"
        and id in request.get("descriptors", [id])
    ]
    by_level = {id: level(root, id, request["atoms"]) for id in ids}
    ordered = sorted(by_level, key=lambda id: (by_level[id][0], id.encode()))
    values = {
        "covariance": floats(
            [added(zeros(), *(by_level[id][1][k] for id in ids)) for k in range(len(request["atoms"]))]
        ),
        "covariance_by_level": floats([by_level[id][1] for id in ordered]),
        "levels": ordered,
    }
    return {name: value for name, value in values.items() if name in request["outputs"]}


if __name__ == "__main__":
    from _print import main

    main(expected)
