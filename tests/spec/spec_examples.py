"""The worked examples of spec/: fenced blocks whose info string says how they are run (spec/README.md)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPEC = Path(__file__).parents[2] / "spec"
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
