"""Decoders in torch: layers whose weights are arrays, tables of cells, TorchScript as it is, ONNX by conversion."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from polystate.artifacts.bodies import body, load
from polystate.errors import OutputShape, UnsupportedCombination
from polystate.model.descriptor import Descriptor
from polystate.operators.neural_decoder.mlp_v1 import layers

Network = Callable[[dict[str, Tensor], Tensor], Tensor]
"""From its numbers and latent components (..., d) to (..., M, 3) ångström in the fitted frame."""

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "silu": torch.nn.functional.silu,
    "identity": lambda x: x,
}


def network(d: Descriptor, allow_code: bool, device: torch.device) -> tuple[dict[str, Tensor], Network]:
    """The numbers of a decoder that are arrays of the store, and its forward pass."""
    if d.operator == "neural_decoder/mlp_v1":
        return _perceptron(d, device)
    if d.operator == "lookup_table/nearest_v1":
        return _table(d, device)
    load(d, allow_code)  # refused here as in an evaluation: by hash, by permission, as a pickle
    if d.operator == "neural_decoder/torchscript_v1":
        return {}, _of_module(d, torch.jit.load(io.BytesIO(body(d)[0]), map_location=device), torch.float32)
    module, dtype = _converted(d, body(d)[0])
    return {}, _of_module(d, module.to(device), dtype)


def _perceptron(d: Descriptor, device: torch.device) -> tuple[dict[str, Tensor], Network]:
    depth = layers(d.group.arrays)
    names = [f"{name}{n}" for n in range(depth) for name in "wb"]
    weights = {name: torch.tensor(np.asarray(d.array(name), np.float64), device=device) for name in names}
    activation = ACTIVATIONS[d.parameters.get("activation", "tanh")]

    def forward(inputs: dict[str, Tensor], z: Tensor) -> Tensor:
        h = z
        for n in range(depth):
            h = torch.nn.functional.linear(h, inputs[f"w{n}"], inputs[f"b{n}"])
            h = activation(h) if n < depth - 1 else h
        return h.reshape(*z.shape[:-1], -1, 3)

    return weights, forward


def _table(d: Descriptor, device: torch.device) -> tuple[dict[str, Tensor], Network]:
    """What the cells give has gradients; which cell is nearest has none."""
    numbers = {name: torch.tensor(np.asarray(d.array(name), np.float64), device=device) for name in ("centre", "value")}

    def forward(inputs: dict[str, Tensor], z: Tensor) -> Tensor:
        squares = torch.zeros(*z.shape[:-1], len(inputs["centre"]), dtype=torch.float64, device=device)
        for j in range(z.shape[-1]):  # in the order of the registry entry, which decides ties
            squares = squares + (z[..., j, None] - inputs["centre"][:, j]) ** 2
        return inputs["value"][squares.argmin(-1)]

    return numbers, forward


def _of_module(d: Descriptor, module: torch.nn.Module, dtype: torch.dtype) -> Network:
    """A program takes one latent vector at a time, (1, d), and gives 3M numbers in any shape."""
    m = len(d.array("atom_id"))
    module.eval()

    def one(z: Tensor) -> Tensor:
        output = module(z[None].to(dtype)).to(torch.float64)
        if output.numel() != 3 * m:
            raise OutputShape(d.path, f"{output.numel()} numbers", f"{3 * m}, three an atom")  # MEAN-13
        return output.reshape(m, 3)

    def forward(inputs: dict[str, Tensor], z: Tensor) -> Tensor:
        return one(z) if z.ndim == 1 else torch.stack([one(row) for row in z])

    return forward


def _converted(d: Descriptor, content: bytes) -> tuple[torch.nn.Module, torch.dtype]:
    """An ONNX program as a module, and the type of its input."""
    try:
        import onnx
        from onnx2torch import convert
    except (ImportError, RuntimeError) as error:  # RuntimeError: a torchvision that is not of this torch
        expected = "a converter that gives it gradients: pip install onnx2torch"
        raise UnsupportedCombination(d.path, f"{d.operator} in torch, but {error}", expected) from error
    model = onnx.load_model_from_string(content)
    is_double = model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.DOUBLE
    try:
        return convert(model), torch.float64 if is_double else torch.float32
    except NotImplementedError as error:
        found = f"{d.operator} with {str(error)[:200]}"
        raise UnsupportedCombination(d.path, found, "operations that have a conversion to torch") from error
