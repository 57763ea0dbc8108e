"""Content digests straight from the text form, with hashlib: no store is read or written."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from _deposition import data

LAYERS = (
    "hierarchy",
    "reference",
    "groupings",
    "axes",
    "descriptors",
    "operators",
    "provenance",
    "annotations",
    "landmarks",
)
TEXT = {"atoms": ["name"], "residues": ["comp", "ins"], "chains": ["label_asym", "auth_asym"],
        "entities": ["type", "description", "sequence"], "bonds": []}  # fmt: skip
U4, U1, I1 = ("atom_id", "draw_key"), ("element", "order", "present"), ("charge",)
F8 = (
    "x_ref time population energy box xyz value deposited dx dy dz variance b u tls basis coefficients quaternion"
    " translation origin"
).split()
SYMBOLS = {"H": 1, "C": 6, "N": 7, "O": 8, "S": 16}


def canonical(document: Any) -> bytes:
    """RFC 8785 of documents whose numbers are whole and whose keys are ASCII."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def line(path: str, kind: str, dtype: str, shape: str, payload: bytes) -> tuple[bytes, str]:
    return path.encode(), f"{path}\t{kind}\t{dtype}\t{shape}\t{hashlib.sha256(payload).hexdigest()}\n"


def array(path: str, kind: str, values: Any) -> tuple[bytes, str]:
    """The line of an array or column; the type follows from its name, unless the text states it."""
    name = path.rpartition("/")[2]
    dtype = "<u4" if name in U4 else "|u1" if name in U1 else "|i1" if name in I1 else "<f8" if name in F8 else "<i4"
    if isinstance(values, dict):
        dtype = np.dtype(values["dtype"]).newbyteorder("<").str
    numbers = np.array(_floats(data(values)), dtype=dtype)
    shape = json.dumps(list(numbers.shape), separators=(",", ":"))
    return line(path, kind, numbers.dtype.name, shape, np.ascontiguousarray(numbers).tobytes())


def _floats(values: Any) -> Any:
    if isinstance(values, list):
        return [_floats(value) for value in values]
    return float(values) if isinstance(values, str) else values


def text_column(path: str, values: list[str]) -> tuple[bytes, str]:
    payload = b"".join(len(v.encode()).to_bytes(4, "little") + v.encode() for v in values)
    return line(path, "column", "string", f"[{len(values)}]", payload)


def hierarchy(document: dict[str, Any]) -> list[tuple[bytes, str]]:
    """Lines of the hierarchy, with the vocabularies made by the rule: used texts, sorted by UTF-8 bytes."""
    lines = []
    for table, columns in document.items():
        if table not in TEXT:
            continue
        columns = dict(columns)
        count = len(data(next(iter(columns.values()))))
        if table == "atoms":
            columns.setdefault("atom_id", list(range(1, count + 1)))
            columns.setdefault("charge", [0] * count)
            columns["element"] = [SYMBOLS.get(value, value) for value in columns["element"]]
        if table == "residues":
            columns.setdefault("ins", [""] * count)
        vocabularies = {}
        for name, values in columns.items():
            if name in TEXT[table]:
                vocabularies[name] = sorted(set(values), key=lambda text: text.encode())
                values = [vocabularies[name].index(value) for value in values]
            lines.append(array(f"hierarchy/{table}/{name}", "array", values))
        if vocabularies:
            lines.append(line(f"hierarchy/{table}", "group", "", "", canonical({"vocabularies": vocabularies})))
    rest = {name: value for name, value in document.items() if name not in (*TEXT, "assemblies", "ncs")}
    return lines + ([line("hierarchy", "group", "", "", canonical(rest))] if rest else [])


def descriptor(id: str, item: dict[str, Any]) -> list[tuple[bytes, str]]:
    payload = {"id": id, **{name: value for name, value in item.items() if name not in ("arrays", "tables")}}
    lines = [line(f"descriptors/{id}", "group", "", "", canonical(payload))]
    lines += [array(f"descriptors/{id}/{name}", "array", values) for name, values in item.get("arrays", {}).items()]
    for table, columns in item.get("tables", {}).items():
        for name, values in columns.items():
            path = f"descriptors/{id}/{table}/{name}"
            is_text = name in ("label", "source") or (name == "parent" and table == "conditions")
            lines.append(text_column(path, values) if is_text else array(path, "column", values))
    return lines


def digest(document: dict[str, Any], full: bool = False) -> str:
    """The digest of a deposition without operators, assemblies and landmarks."""
    root = {name: value for name, value in document.items() if name not in LAYERS}
    lines = [line("", "group", "", "", canonical(root)), *hierarchy(document["hierarchy"])]
    lines.append(array("reference/x_ref", "array", document["reference"]["x_ref"]))
    for name, item in document.get("groupings", {}).items():
        arrays = {key: value for key, value in item.items() if key in ("child", "parent", "label")}
        payload = {key: value for key, value in item.items() if key not in arrays}
        lines.append(line(f"groupings/{name}", "group", "", "", canonical(payload)))
        lines += [array(f"groupings/{name}/{key}", "array", value) for key, value in arrays.items()]
    for name, item in document.get("axes", {}).items():
        arrays = {key: value for key, value in item.items() if key in ("time", "population", "energy", "box")}
        payload = {key: value for key, value in item.items() if key not in arrays}
        lines.append(line(f"axes/{name}", "group", "", "", canonical(payload)))
        lines += [array(f"axes/{name}/{key}", "array", value) for key, value in arrays.items()]
    for id, item in document.get("descriptors", {}).items():
        lines += descriptor(id, item)
    for layer in ("provenance", "annotations") if full else ():
        lines += [
            line(f"{layer}/{name}", "group", "", "", canonical(item)) for name, item in document.get(layer, {}).items()
        ]
    return hashlib.sha256("".join(text for _, text in sorted(lines)).encode()).hexdigest()


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """The digests that the case asks for; of a round trip, that of the deposition itself."""
    outputs = case["request"]["outputs"]
    if case["kind"] == "round_trip":
        full = case["expect"]["store"].get("full", False)
        return {"store": {"digest": digest(case["deposition"], full), **({"full": True} if full else {})}}
    full_too = {"digest": digest(case["deposition"]), "digest_full": digest(case["deposition"], full=True)}
    return {name: value for name, value in full_too.items() if name in outputs}


if __name__ == "__main__":
    from _print import main

    main(expected)
