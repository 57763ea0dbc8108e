"""One file an operator, in plain NumPy, reading like the registry entry.

An operator `subcase/name` is the module of that path: its function `name` takes the inputs and parameters of the
entry's signature and returns a mapping of the outputs; its `PROCEDURE` says how an evaluation uses descriptors of it.
To add one is to add its file: everything else looks here."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from polystate.errors import UnknownOperator
from polystate.operators.procedure import NONE, Procedure


@cache
def known() -> tuple[str, ...]:
    """The operators that have a file here, ascending."""
    return tuple(sorted(f"{p.parent.name}/{p.stem}" for p in Path(__file__).parent.glob("*/*_v*.py")))


def _module(operator_id: str) -> ModuleType | None:
    if operator_id not in known():
        return None
    return importlib.import_module("polystate.operators." + operator_id.replace("/", "."))


def procedure(operator_id: str | None) -> Procedure:
    """How descriptors of an operator are evaluated; of none, and of an operator without a file, not by an operator."""
    module = _module(operator_id or "")
    return NONE if module is None else module.PROCEDURE


def function(operator_id: str, where: str = "operator") -> Callable[..., dict[str, np.ndarray]]:
    """The function of an operator, or a refusal by name."""
    found = getattr(_module(operator_id), operator_id.rpartition("/")[2], None)
    if found is None:
        raise UnknownOperator(where, operator_id, "an operator that this evaluator computes")
    return found


def call(
    operator_id: str, inputs: Mapping[str, np.ndarray], parameters: Mapping[str, Any] | None = None
) -> dict[str, np.ndarray]:
    """Evaluate an operator on arrays, as the registry's test vectors do."""
    return function(operator_id)(**inputs, **(parameters or {}))
