"""An interrupted path on disk: written after each step, read by the next run of the same fit."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from polystate.errors import AlreadyExists
from polystate.store.outputs import replacing
from polystate_tools.echt.solver.points import Settings, State, Step
from polystate_tools.echt.solver.structure import Problem

ARRAYS = ("sigma", "slack", "own", "own_slack", "amplitudes")


def problem_key(problem: Problem, settings: Settings) -> str:
    """A hash of everything that the path depends on."""
    digest = hashlib.sha256(json.dumps(dataclasses.asdict(settings), sort_keys=True).encode())
    for array in (problem.xyz, problem.u, problem.anisotropic, *problem.labels):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(json.dumps([problem.names, problem.atomic]).encode())
    return digest.hexdigest()


class Damaged(Exception):
    """The file of an interrupted fit cannot be read; the message says why."""


@dataclass(frozen=True)
class Kept:
    """OUT.partial-fit.npz of one fit; key: what its path depends on."""

    path: Path
    key: str

    @classmethod
    def beside(cls, out: Path, problem: Problem, settings: Settings) -> Kept:
        """The one of the deposition that is to be written to `out`."""
        return cls(out.with_name(out.name + ".partial-fit.npz"), problem_key(problem, settings))

    def save(self, steps: list[Step], centre: State) -> None:
        """Write the state after a step: whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.path, overwrite=True) as partial, open(partial, "wb") as file:
            np.savez(
                file, key=self.key, steps=json.dumps([dataclasses.asdict(s) for s in steps]), hopeful=centre.hopeful,
                **{name: getattr(centre, name) for name in ARRAYS},
            )  # fmt: skip

    def read(self) -> tuple[list[Step], State] | None:
        """Steps and centre of the same fit, or None where nothing is kept; a fit of something else is not forgotten."""
        if not self.path.exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as stored:
                other = str(stored["key"]) != self.key
                steps = [Step(**s) for s in json.loads(str(stored["steps"]))]
                state = State(**{name: stored[name] for name in ARRAYS}, hopeful=float(stored["hopeful"]))
        except Exception as error:  # NumPy and zipfile raise many kinds
            raise Damaged(str(error) or type(error).__name__) from error
        if other:
            raise AlreadyExists(
                str(self.path),
                f"an interrupted fit of {len(steps)} steps with another input, other levels or settings",
                "the command that it was, to go on with it, or --restart, to forget it",
            )  # fmt: skip
        return steps, state

    def forget(self) -> None:
        """Remove it, if it is there."""
        self.path.unlink(missing_ok=True)
