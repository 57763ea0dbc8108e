"""Decoders whose weights are arrays of the store and whose forward pass is the registry entry."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from polystate.errors import UnsupportedCombination
from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("neural_decoder/mlp_v1", "decoder", components="latent", width=("w0", 1))


def expit(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)); SciPy is loaded by the first decoder that asks for it."""
    from scipy.special import expit as logistic

    return logistic(x)


ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": expit,
    "silu": lambda x: x * expit(x),
    "identity": lambda x: x,
}


def mlp_v1(latent: np.ndarray, activation: str = "tanh", **layers: np.ndarray) -> dict[str, np.ndarray]:
    """h ← f(W h + b) layer by layer, the last layer without f; its output row-major as (M, 3).

    latent: (d,); layers: w0 (n0, d), b0 (n0,), w1 (n1, n0), b1 (n1,), ... Returns output: (M, 3) Å."""
    if activation not in ACTIVATIONS:
        raise UnsupportedCombination("operator/parameters/activation", activation, "one of " + ", ".join(ACTIVATIONS))
    h = np.asarray(latent, np.float64)
    depth = sum(1 for name in layers if name.startswith("w"))
    for k in range(depth):
        h = layers[f"w{k}"] @ h + layers[f"b{k}"]
        if k < depth - 1:
            h = ACTIVATIONS[activation](h)
    return {"output": h.reshape(-1, 3)}


def layers(arrays: Collection[str]) -> int:
    """How many layers a network has: the number of arrays w0, w1, ... up to the first that is missing."""
    n = 0
    while f"w{n}" in arrays:
        n += 1
    return n
