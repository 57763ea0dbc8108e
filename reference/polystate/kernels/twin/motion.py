"""What the descriptors of a mean do to their atoms, in torch: stored coordinates and displacements, amplitudes of a
basis, rigid bodies, decoders; and transforms.

Each has its numbers in `inputs`, as tensors by the name of their array, and gives (..., m, 3) for its atoms `at`; a
leading dimension is that of the draws of its amplitudes or latent components."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from polystate.errors import UnsupportedCombination
from polystate.evaluation import evaluate
from polystate.evaluation.evaluate import Request
from polystate.kernels.twin import decoders
from polystate.kernels.twin.linear import rotation, turned
from polystate.model.descriptor import Descriptor
from polystate.numbers.philox import Draw, latent_normals, mixture_uniform

Inputs = dict[str, Tensor]
NO_KEYS = np.zeros(0, np.uint32)
BODY = ("quaternion", "translation", "origin")


@dataclass
class Motion:
    """One descriptor of the mean.

    at: (m,) places of its atoms among those of the plan; inputs: its numbers; keys: the draw keys (k,) of components
    that are drawn, empty where none are; absolute: whether it gives coordinates in place of displacements;
    moved(inputs, xyz (m, 3) of its atoms in x_ref, z): (..., m, 3) Å in the deposition's frame, z: (k,) or (n, k)
    standard normals of the drawn components, or None. numbers: what z is in one draw, by the keys."""

    at: Tensor
    inputs: Inputs
    keys: np.ndarray
    absolute: bool
    moved: Callable[[Inputs, Tensor, Tensor | None], Tensor]
    numbers: Callable[[Draw, np.ndarray], np.ndarray] = latent_normals

    @property
    def is_drawn(self) -> bool:
        return len(self.keys) > 0


class Offset:
    """The fitted frame of a descriptor, p' = R p + d, in tensors."""

    def __init__(self, d: Descriptor, device: torch.device) -> None:
        self.is_one = d.offset is None
        turn, shift = (np.eye(3), np.zeros(3)) if d.offset is None else d.offset
        self.rotation = torch.tensor(np.asarray(turn, np.float64), device=device)
        self.shift = torch.tensor(np.asarray(shift, np.float64), device=device)

    def to_fitted(self, xyz: Tensor) -> Tensor:
        return xyz if self.is_one else turned(xyz - self.shift, self.rotation.T)

    def from_fitted(self, xyz: Tensor) -> Tensor:
        return xyz if self.is_one else turned(xyz, self.rotation) + self.shift

    def turn(self, vectors: Tensor) -> Tensor:
        return vectors if self.is_one else turned(vectors, self.rotation)


def motions(request: Request, device: torch.device) -> dict[str, Motion]:
    """The active descriptors that a mean is made of, by id, absolute sources first."""
    found = [*evaluate.active(request.dep, request, lambda d: d.is_absolute)]
    found += evaluate.active(request.dep, request, evaluate.is_displacement)
    return {d.id: _motion(d, request, device) for d in found if d.procedure.placed != "still" and _acts(d, request)}


def _acts(d: Descriptor, request: Request) -> bool:
    return not d.is_discrete or bool(evaluate.chosen_states(d, request))


def _motion(d: Descriptor, request: Request, device: torch.device) -> Motion:
    if d.regime == "trajectory" or (d.is_discrete and d.procedure.placed != "body"):
        return _stored(d, request, device)
    if d.procedure.placed == "basis":
        return _of_basis(d, request, device)
    if d.procedure.placed == "decoder":
        return _of_decoder(d, request, device)
    if d.procedure.placed == "body":
        return _of_bodies(d, request, device)
    raise UnsupportedCombination(d.path, d.operator, "an operator that has a formula in torch")


def _stored(d: Descriptor, request: Request, device: torch.device) -> Motion:
    """What the active states or the step hold, in the deposition's frame: `xyz`, or `displacement` of mode B."""
    if d.is_discrete and d.mode == "B":
        at, values = evaluate.displacement(d, request)
        return Motion(_index(at, device), {"displacement": _tensor(values, device)}, NO_KEYS, False, _as_stored)
    at, values = evaluate.absolute(d, request) if d.is_absolute else evaluate.displacement(d, request)
    if d.is_absolute:
        return Motion(_index(at, device), {"xyz": _tensor(values, device)}, NO_KEYS, True, _as_stored)
    xyz = values + request.dep.x_ref[request.rows[at]]
    return Motion(_index(at, device), {"xyz": _tensor(xyz, device)}, NO_KEYS, False, lambda i, x, z: i["xyz"] - x)


def _as_stored(inputs: Inputs, xyz: Tensor, z: Tensor | None) -> Tensor:
    return next(iter(inputs.values()))


def _of_basis(d: Descriptor, request: Request, device: torch.device) -> Motion:
    mine, at = request.among(d.atom_rows)
    basis = np.asarray(d.array("basis"), np.float64)
    offset = Offset(d, device)
    inputs, keys = _components(d, "coefficients", len(basis), request, device)
    inputs["basis"] = _tensor(basis[:, mine], device)
    is_mixed = len(keys) > 0 and d.operator == evaluate.MIXTURE
    if is_mixed:
        inputs.update({name: _tensor(d.array(name), device) for name in ("population", "mean", "factor")})

    def moved(i: Inputs, xyz: Tensor, z: Tensor | None) -> Tensor:
        q = _of_mixture(i, z) if is_mixed else _amplitudes(i, "coefficients", z)
        return offset.turn(torch.einsum("...k,kmi->...mi", q, i["basis"]))

    return Motion(_index(at, device), inputs, keys, False, moved, _mixture_numbers if is_mixed else latent_normals)


def _of_decoder(d: Descriptor, request: Request, device: torch.device) -> Motion:
    mine, at = request.among(d.atom_rows)
    offset, rows = Offset(d, device), _index(mine, device)
    inputs, keys = _components(d, "latent", d.width, request, device)
    weights, network = decoders.network(d, request.allow_code, device)
    inputs.update(weights)

    def moved(i: Inputs, xyz: Tensor, z: Tensor | None) -> Tensor:
        output = network(i, _amplitudes(i, "latent", z)).index_select(-2, rows)
        return offset.from_fitted(output) if d.is_absolute else offset.turn(output)

    return Motion(_index(at, device), inputs, keys, d.is_absolute, moved)


def _components(
    d: Descriptor, name: str, width: int | None, request: Request, device: torch.device
) -> tuple[Inputs, np.ndarray]:
    """Amplitudes or latent components that are given or stored, by `name`; `variance` and draw keys of drawn ones."""
    values = evaluate.components(d, name, width, request)
    if evaluate.are_drawn(d, name, request):
        keys = d.column("latents", "draw_key")
        return {"variance": _tensor(d.column("latents", "variance"), device)}, keys
    return {name: _tensor(values, device)}, NO_KEYS


def _amplitudes(inputs: Inputs, name: str, z: Tensor | None) -> Tensor:
    """(k,) or (n, k): as given or stored, else √variance times the normals, 0 without a draw."""
    if name in inputs:
        return inputs[name]
    variance = inputs["variance"]
    return torch.zeros_like(variance) if z is None else variance.sqrt() * z


def _mixture_numbers(draw: Draw, keys: np.ndarray) -> np.ndarray:
    """The number that chooses a Gaussian, then the normals, (1 + k,)."""
    return np.concatenate([mixture_uniform(draw, keys[:1]), latent_normals(draw, keys)])


def _of_mixture(inputs: Inputs, z: Tensor | None) -> Tensor:
    """The amplitudes (k,) or (n, k) of a mixture; which Gaussian is chosen has no gradient."""
    population = inputs["population"]
    if z is None:
        return population @ inputs["mean"] / population.sum()
    sums = torch.from_numpy(np.cumsum(population.detach().cpu().numpy())).to(z.device)  # in order, [RNG-28]
    chosen = (z[..., :1] < sums / sums[-1]).to(torch.int8).argmax(-1)
    y = inputs["variance"].sqrt() * z[..., 1:]
    return inputs["mean"][chosen] + (inputs["factor"][chosen] @ y[..., None])[..., 0]


def _of_bodies(d: Descriptor, request: Request, device: torch.device) -> Motion:
    at, body, inputs = _bodies(d, request, device)
    offset = Offset(d, device)

    def moved(i: Inputs, xyz: Tensor, z: Tensor | None) -> Tensor:
        x, o = offset.to_fitted(xyz), i["origin"][body]
        return offset.turn(turned(x - o, rotation(i["quaternion"])[body]) + o + i["translation"][body] - x)

    return Motion(_index(at, device), inputs, NO_KEYS, False, moved)


def _bodies(d: Descriptor, request: Request, device: torch.device) -> tuple[np.ndarray, Tensor, Inputs]:
    at, body, arrays = evaluate.bodies(d, request)
    inputs = {name: _tensor(values, device) for name, values in zip(BODY, arrays, strict=True)}
    return at, _index(body, device), inputs


# -- transforms ------------------------------------------------------------------------------------------


@dataclass
class Transform:
    """One turn of some atoms: places `at` (m,), the body of each, and the numbers, which its siblings share."""

    at: Tensor
    body: Tensor
    inputs: Inputs
    offset: Offset

    def rotations(self) -> Tensor:
        """(m, 3, 3) in the deposition's frame."""
        r = self.offset.rotation
        return (r @ rotation(self.inputs["quaternion"]) @ r.T)[self.body]

    def applied(self, xyz: Tensor) -> Tensor:
        """Coordinates (..., m, 3) of its atoms, turned."""
        x, o = self.offset.to_fitted(xyz), self.inputs["origin"][self.body]
        turn = rotation(self.inputs["quaternion"])[self.body]
        return self.offset.from_fitted(turned(x - o, turn) + o + self.inputs["translation"][self.body])


def transforms(request: Request, device: torch.device) -> Iterator[tuple[str, Transform]]:
    """Transforms in the order in which they act, with the ids of their descriptors."""
    made: dict[str, tuple[np.ndarray, Tensor, Inputs]] = {}
    for d, here in evaluate.in_order(request):
        if d.id not in made:
            made[d.id] = _bodies(d, request, device)
        at, body, inputs = made[d.id]
        yield (
            d.id,
            Transform(_index(at[here], device), body[_index(np.flatnonzero(here), device)], inputs, Offset(d, device)),
        )


def _tensor(values: np.ndarray, device: torch.device) -> Tensor:
    return torch.tensor(np.asarray(values, np.float64), device=device)


def _index(values: np.ndarray, device: torch.device) -> Tensor:
    return torch.tensor(np.asarray(values, np.int64), device=device)
