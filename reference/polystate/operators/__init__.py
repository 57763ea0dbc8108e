"""One module an operator subcase, in plain NumPy, reading like the registry entry.

An operator `subcase/name` is the function `name` of the module `subcase`; its arguments are the inputs and
parameters of the entry's signature, its result a mapping of the outputs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from polystate.errors import UnknownOperator

SUBCASES = (
    "assignment", "basis", "coarse_grain", "ensemble", "external_reference", "identity", "neural_decoder",
    "parametric_gaussian", "rigid_body", "symmetry",
)  # fmt: skip


def function(operator_id: str, where: str = "operator") -> Callable[..., dict[str, np.ndarray]]:
    """The function of an operator, or a refusal by name."""
    subcase, _, name = operator_id.partition("/")
    if subcase in SUBCASES and name.isidentifier():
        found = getattr(importlib.import_module(f"polystate.operators.{subcase}"), name, None)
        if callable(found):
            return found
    raise UnknownOperator(where, operator_id, "an operator that this evaluator computes")


def call(
    operator_id: str,
    inputs: Mapping[str, np.ndarray],
    parameters: Mapping[str, Any] | None = None,
    backend: str = "numpy",
) -> dict[str, np.ndarray]:
    """Evaluate an operator on arrays, as the registry's test vectors do."""
    if backend != "numpy":
        from polystate.kernels import dispatch as kernels

        fast = kernels.operator(operator_id, backend)
        if fast is not None:
            return fast(**inputs, **(parameters or {}))
    return function(operator_id)(**inputs, **(parameters or {}))
