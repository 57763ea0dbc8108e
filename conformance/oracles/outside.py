"""Depositions that reach outside their own numbers, at 50 digits: artifacts, derived labels, mapped atoms, the corpus.

What is outside is brought in first, by libraries that are none of ours (h5py, zarr) or by hand; then the oracles of
means and covariances take over."""

from __future__ import annotations

import copy
import sys
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import covariance
import mean
import yaml
from _print import _Loader
from _states import States
from mpmath import mpf

from _deposition import Deposition, data, number  # isort: skip

CONFORMANCE = Path(__file__).parents[1]
FACTOR = {"angstrom": "1", "nanometer": "10", "picometer": "0.01", "bohr": "0.529177210903"}


def source(case: dict[str, Any]) -> dict[str, Any]:
    """The text form of a case, or of the corpus entry it names."""
    deposition = case["deposition"]
    if set(deposition) != {"corpus"}:
        return copy.deepcopy(deposition)
    text = (CONFORMANCE / "corpus" / "sources" / f"{deposition['corpus']}.yaml").read_text()
    return yaml.load(text, _Loader)


def frames(file: Path, dataset: str) -> list[Any]:
    """All frames of an artifact as nested lists, by h5py or zarr."""
    if file.suffix == ".h5md":
        import h5py

        with h5py.File(file) as opened:
            return opened[f"{dataset}/position/value"][...].astype(float).tolist()
    import zarr

    store = zarr.storage.ZipStore(file, mode="r") if zipfile.is_zipfile(str(file)) else str(file)
    return zarr.open(store, mode="r")[dataset][...].astype(float).tolist()


def bring_in(document: dict[str, Any], beside: dict[str, str]) -> None:
    """Make every external trajectory an inline one, in Å; one whose artifact is not there takes no part."""
    for id, item in list(document.get("descriptors", {}).items()):
        if not (item.get("operator") or {}).get("id", "").startswith("external_reference/"):
            continue
        artifact = item.pop("artifact")
        if artifact["uri"].removeprefix("file:") not in beside:
            del document["descriptors"][id]
            continue
        path = CONFORMANCE / beside[artifact["uri"].removeprefix("file:")]
        factor = mpf(FACTOR[artifact["unit"]])
        xyz = frames(path, artifact["dataset"])
        item["arrays"]["xyz"] = [[[float(number(x) * factor) for x in atom] for atom in frame] for frame in xyz]
        item.update({"mode": "A", "operator": None})
        item.pop("operator")


def assign(document: dict[str, Any]) -> None:
    """Compute what `derived_from` leaves open: nearest landmarks, and means over states."""
    for item in document.get("descriptors", {}).values():
        derived = item.get("derived_from") or {}
        name = (derived.get("operator") or {}).get("id", "")
        paths = [entry["path"].split("/") for entry in derived.get("inputs", [])]
        if name == "assignment/nearest_landmark_v1" and "labels" not in item.get("arrays", {}):
            origin = document["descriptors"][next(p[1] for p in paths if p[0] == "descriptors")]
            landmarks = document["landmarks"][next(p[1] for p in paths if p[0] == "landmarks")]
            points = [[number(x) for x in point] for point in data(landmarks["arrays"]["point"])]
            labels = []
            for value in data(origin["arrays"][landmarks["variable"]]):
                far = [sum((number(v) - p) ** 2 for v, p in zip(value, point, strict=True)) for point in points]
                labels.append(far.index(min(far)))
            item.setdefault("arrays", {})["labels"] = labels
            if "states" not in item.get("tables", {}):
                shares = [labels.count(k) / len(labels) for k in range(len(points))]
                item["tables"] = _one_site(0, landmarks["labels"], shares)
        if name == "ensemble/occupancy_weighted_mean_v1" and "xyz" not in item.get("arrays", {}):
            _average(document, item, paths[0][1])


def _average(document: dict[str, Any], item: dict[str, Any], origin: str) -> None:
    """Mean coordinates over the states of a descriptor of mode B with one site."""
    states = document["descriptors"][origin]["tables"]["states"]
    tables = document["descriptors"][origin]["tables"]
    columns = [tables["deltas"][c] for c in ("state", "atom_id", "dx", "dy", "dz")]
    moved = {(s, a): (x, y, z) for s, a, x, y, z in zip(*columns, strict=True)}
    gone = set(zip(*(tables.get("absent", {}).get(c, []) for c in ("state", "atom_id")), strict=True))
    atoms = sorted({a for _, a in moved} | {a for _, a in gone})
    dep = Deposition({**document, "descriptors": {}})
    xyz, present = [], []
    for atom in atoms:
        weights = zip(states["population"], states["state"], strict=True)
        rows = [(number(p), s) for p, s in weights if (s, atom) not in gone]
        weight = sum(p for p, _ in rows)
        base = dep.x_ref[dep.row[atom]]
        total = [sum(p * (base[c] + number(moved.get((s, atom), (0, 0, 0))[c])) for p, s in rows) for c in range(3)]
        xyz.append([float(t / weight) for t in total] if weight else [float(b) for b in base])
        present.append(1 if weight else 0)
    item["arrays"] = {"atom_id": atoms, "xyz": [xyz], "present": [present]}
    item["tables"] = _one_site(states["site"][0], ["mean"], [1.0])


def _one_site(site: int, labels: list[str], population: list[float]) -> dict[str, Any]:
    n = len(labels)
    numbers = {"site": [site] * n, "state": list(range(n)), "condition": [-1] * n, "population": population}
    states = {**numbers, "label": labels}
    return {"states": states, "variables": {"site": [site], "draw_key": [0]}}


def rename_atoms(document: dict[str, Any]) -> None:
    """Resolve atom identity: mapped ids become those of the deposition, unknown ones of a superset are dropped."""
    known = set(Deposition({**document, "descriptors": {}}).atom_id)
    for item in document.get("descriptors", {}).values():
        identity = item.pop("atom_identity", {"kind": "exact"})
        if identity["kind"] == "mapped":
            table = item["tables"].pop("atom_map")
            new = dict(zip(table["old"], table["new"], strict=True))
            for column in _id_columns(item):
                column[:] = [new[i] for i in column]
        elif identity["kind"] == "superset":
            _drop(item, known)


def _id_columns(item: dict[str, Any]) -> list[list[int]]:
    tables = item.get("tables", {})
    found = [tables[name]["atom_id"] for name in ("deltas", "absent") if name in tables]
    return found + ([item["arrays"]["atom_id"]] if "atom_id" in item.get("arrays", {}) else [])


def _drop(item: dict[str, Any], known: set[int]) -> None:
    for name in ("deltas", "absent"):
        table = item.get("tables", {}).get(name)
        if table:
            keep = [k for k, i in enumerate(table["atom_id"]) if i in known]
            item["tables"][name] = {c: [values[k] for k in keep] for c, values in table.items()}
    arrays = item.get("arrays", {})
    if "atom_id" in arrays:
        keep = [k for k, i in enumerate(arrays["atom_id"]) if i in known]
        for name in ("atom_id", "condition", "b"):
            if name in arrays:
                arrays[name] = [arrays[name][k] for k in keep]
        if "xyz" in arrays:
            arrays["xyz"] = [[frame[k] for k in keep] for frame in arrays["xyz"]]


def inner(case: dict[str, Any]) -> dict[str, Any]:
    """The case with everything brought in."""
    document = source(case)
    beside = dict(case.get("beside", {}))
    bring_in(document, beside)
    rename_atoms(document)
    assign(document)
    for item in document.get("descriptors", {}).values():
        if (item.get("operator") or {}).get("id") == "neural_decoder/mlp_v1":
            item["operator"].setdefault("parameters", {}).setdefault("activation", "tanh")
    request = dict(case["request"])
    at = dict(request.get("at", {}))
    states = States(Deposition(document))
    for id, item in document.get("descriptors", {}).items():  # [AXI-10] the state of a bundle is a step of its axis
        axis = item.get("state_axis")
        if axis is not None and axis not in at:
            joint = states.choose(request.get("state", {}))
            at[axis] = next(s for (d, _), s in joint.items() if d == id)
            request.setdefault("state", {})[f"{id}/{item['tables']['states']['site'][0]}"] = states.wire(joint)[
                f"{id}/{item['tables']['states']['site'][0]}"
            ]
    return {**case, "deposition": document, "request": {**request, "at": at}}


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """Of the outputs mean, present, state, covariance, covariance_by_level and levels those that the case asks for."""
    brought = inner(case)
    outputs = set(case["request"]["outputs"])
    found: dict[str, Any] = {}
    if outputs & {"mean", "present", "state"}:
        found |= mean.expected(brought)
    if outputs & {"covariance", "covariance_by_level", "levels"}:
        found |= covariance.expected(brought)
    return {name: value for name, value in found.items() if name in outputs}


if __name__ == "__main__":
    from _print import main

    main(expected)
