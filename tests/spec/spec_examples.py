"""The worked examples of spec/: fenced blocks whose info string says how they are run (spec/README.md)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from polystate_conformance.paths import SPEC

_FENCE = re.compile(r"^```(?P<language>\w+) (?P<info>[\w-]+=\S+)\n(?P<body>.*?)^```$", re.S | re.M)


@dataclass(frozen=True)
class Block:
    """One fenced block: `kind=name` of its info string, its text, and the place it stands at."""

    language: str
    kind: str
    name: str
    body: str
    place: str

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def blocks(*kinds: str) -> list[Block]:
    """All blocks of these kinds, in the order of the chapters."""
    found = []
    for path in sorted(SPEC.glob("[0-9]*.md")):
        text = path.read_text("utf-8")
        for match in _FENCE.finditer(text):
            kind, _, name = match["info"].partition("=")
            line = text.count("\n", 0, match.start()) + 1
            if kind in kinds:
                found.append(Block(match["language"], kind, name, match["body"], f"{path.name}:{line}"))
    return found


def one(kind: str, name: str) -> Block:
    """The block `kind=name`; there is exactly one."""
    found = [block for block in blocks(kind) if block.name == name]
    assert len(found) == 1, f"{len(found)} blocks {kind}={name}"
    return found[0]


def listing(name: str) -> dict[str, Any]:
    """The files of a listing by key: an array or table that it gives in short stands for its metadata and chunk."""
    files: dict[str, Any] = {}
    given = one("store", name).json()
    metadata = given["hierarchy/atoms/atom_id/zarr.json"]
    for key, content in given.items():
        if "columns" in content:
            table = {"polystate": {"media_type": "application/vnd.apache.arrow.file"}}
            files[f"{key}/c/0"] = {"arrow": content["columns"]}
            files[f"{key}/zarr.json"] = _array(metadata, "uint8", [0]) | {"attributes": table}
        elif "data_type" in content and "hex" in content:
            files[f"{key}/c/" + "/".join("0" * len(content["shape"]))] = {"hex": content["hex"]}
            files[f"{key}/zarr.json"] = _array(metadata, content["data_type"], content["shape"])
        else:
            files[key] = content
    return files


def _array(metadata: dict[str, Any], data_type: str, shape: list[int]) -> dict[str, Any]:
    """The metadata of an array like the one written in full, with this type and shape."""
    grid = {"name": "regular", "configuration": {"chunk_shape": shape}}
    codecs = [{"name": "bytes"}] if data_type.endswith("int8") else metadata["codecs"]
    return metadata | {"shape": shape, "data_type": data_type, "chunk_grid": grid, "codecs": codecs}
