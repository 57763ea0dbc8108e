"""An interrupted path on disk: written after each step, read by the next run of the same fit."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from pathlib import Path

import numpy as np

from polystate_tools.echt.points import Settings, State, Step
from polystate_tools.echt.structure import Problem

ARRAYS = ("sigma", "slack", "own", "own_slack")


def problem_key(problem: Problem, settings: Settings) -> str:
    """A hash of everything that the path depends on."""
    digest = hashlib.sha256(json.dumps(dataclasses.asdict(settings), sort_keys=True).encode())
    for array in (problem.xyz, problem.u, problem.anisotropic, *problem.labels):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(json.dumps([problem.names, problem.atomic]).encode())
    return digest.hexdigest()


def save(path: Path, key: str, steps: list[Step], centre: State) -> None:
    """Write the state after a step: whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    with open(partial, "wb") as file:
        np.savez(
            file, key=key, steps=json.dumps([dataclasses.asdict(s) for s in steps]),
            **{name: getattr(centre, name) for name in ARRAYS},
        )  # fmt: skip
    os.replace(partial, path)


def read(path: Path, key: str) -> tuple[list[Step], State] | None:
    """Steps and centre of the same fit, or None where there is none."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as stored:
        if str(stored["key"]) != key:
            return None
        steps = [Step(**s) for s in json.loads(str(stored["steps"]))]
        return steps, State(*(stored[name] for name in ARRAYS))
