"""The motion along drawn amplitudes and latent components: its mean and covariance for each atom.

A basis is linear in its amplitudes and an affine decoder in its components, so both have a closed form, also where the
amplitudes are those of a mixture. Another decoder has none: it is refused by name, or averaged by Gauss-Hermite
quadrature or over draws, with an estimated error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from polystate.errors import BadRequest, NoClosedForm
from polystate.evaluation import evaluate
from polystate.evaluation.evaluate import Request
from polystate.model.descriptor import Descriptor
from polystate.numbers.philox import Draw, latent_normals
from polystate.operators.basis import gaussian_mixture_v1
from polystate.operators.neural_decoder.mlp_v1 import layers

MAX_NODES = 100_000


@dataclass(frozen=True)
class Rule:
    """How a decoder without a closed form is averaged: refuse, quadrature (n nodes a component), or draws (n)."""

    name: str = "refuse"
    n: int = 0
    seed: int = 0

    @classmethod
    def parse(cls, text: str) -> Rule:
        """`refuse`, `quadrature[:NODES]` or `draws[:N[:SEED]]`."""
        name, *numbers = text.split(":")
        least = {"refuse": 0, "quadrature": 2, "draws": 2}.get(name)
        usual = {"quadrature": [12], "draws": [10_000, 0]}.get(name, [])
        if least is None or len(numbers) > len(usual) or not all(n.isascii() and n.isdigit() for n in numbers):
            raise BadRequest("decoders", text, "refuse, quadrature[:NODES] or draws[:N[:SEED]]")
        n, seed = ([int(n) for n in numbers] + usual[len(numbers) :] + [0, 0])[:2]
        if n < least or n > MAX_NODES:
            raise BadRequest("decoders", text, f"a number from {least} to {MAX_NODES}")
        return cls(name, n, Draw(seed, 0).seed)


@dataclass(frozen=True)
class Estimate:
    """How far the average of a decoder may be off: the largest over its atoms.

    mean: ångström, covariance: Å². Of draws the largest standard error, of quadrature the largest difference from the
    rule with one node less."""

    mean: float
    covariance: float


@dataclass(frozen=True)
class Motion:
    """Displacements from x_ref by drawn components.

    at: (m,) places; mean: (m, 3) ångström; covariance: (m, 3, 3) Å²; error: None where they are exact."""

    at: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    error: Estimate | None = None


def stored_name(d: Descriptor) -> str | None:
    """The array that amplitudes or latent components may be stored in; None for what has none."""
    return d.procedure.components or None


def moved(d: Descriptor, request: Request) -> tuple[np.ndarray, np.ndarray]:
    """What one descriptor does to the atoms asked for: places, displacements from x_ref (m, 3) ångström."""
    if not d.is_absolute:
        return evaluate.displacement(d, request)
    at, xyz = evaluate.absolute(d, request)
    return at, xyz - request.dep.x_ref[request.rows[at]]


def motion(d: Descriptor, request: Request, rule: Rule) -> Motion:
    """Mean and covariance over the components that a descriptor draws."""
    variance = d.column("latents", "variance").astype(np.float64)
    if d.operator == evaluate.MIXTURE:
        return _mixed(d, request, variance)
    if stored_name(d) == "coefficients" or is_affine(d) or not variance.any():
        return _affine(d, request, variance)
    if rule.name == "refuse":
        found = f"{d.operator} with drawn components"
        raise NoClosedForm(d.path, found, "components in the request, or decoders: quadrature or draws")  # MOM-17
    if rule.name == "draws":
        return _over_draws(d, request, rule, variance)
    return _by_quadrature(d, request, rule, variance)


def is_affine(d: Descriptor) -> bool:
    """Whether a decoder is a matrix and a shift: one layer, or layers without an activation."""
    if d.operator != "neural_decoder/mlp_v1":
        return False
    return layers(d.group.arrays) == 1 or d.parameters.get("activation") == "identity"


def _at(d: Descriptor, request: Request, components: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return moved(d, replace(request, components={**request.components, d.id: components}))


def _affine(d: Descriptor, request: Request, variance: np.ndarray) -> Motion:
    """x(q) = x(0) + Σ q_k d_k, so the mean is x(0) and the covariance Σ var_k d_k d_kᵀ."""
    at, middle = _at(d, request, np.zeros(len(variance)))
    u = np.zeros((len(at), 3, 3))
    for k in np.flatnonzero(variance).tolist():
        along = _at(d, request, np.eye(len(variance))[k])[1] - middle
        u += variance[k] * (along[:, :, None] * along[:, None, :])
    return Motion(at, middle, u)


def _mixed(d: Descriptor, request: Request, variance: np.ndarray) -> Motion:
    """[MOM-21] x(q) = Σ q_k d_k with the mean and the covariance of the amplitudes of a mixture."""
    population, mean, factor = (d.array(name) for name in ("population", "mean", "factor"))
    at, middle = _at(d, request, gaussian_mixture_v1.expectation(population, mean))
    along = np.array([_at(d, request, q)[1] for q in np.eye(len(variance))]).reshape(-1, *middle.shape)
    spread = gaussian_mixture_v1.covariance(population, mean, factor, variance)
    return Motion(at, middle, np.einsum("mn,mai,naj->aij", spread, along, along, optimize=True))


def _over_draws(d: Descriptor, request: Request, rule: Rule, variance: np.ndarray) -> Motion:
    keys = d.column("latents", "draw_key")
    nodes = (np.sqrt(variance) * latent_normals(Draw(rule.seed, k), keys) for k in range(rule.n))
    at, middle, u, spread = _averaged(d, request, ((q, 1 / rule.n) for q in nodes))
    error = np.sqrt(np.diagonal(u, axis1=1, axis2=2).max() / rule.n)
    return Motion(at, middle, u * rule.n / (rule.n - 1), Estimate(float(error), float(np.sqrt(spread / rule.n))))


def _by_quadrature(d: Descriptor, request: Request, rule: Rule, variance: np.ndarray) -> Motion:
    if float(rule.n) ** np.count_nonzero(variance) > MAX_NODES:
        found = f"{rule.n} nodes for each of {np.count_nonzero(variance)} components of {d.id}"
        raise BadRequest("decoders", found, f"at most {MAX_NODES} nodes together, or draws")
    at, middle, u, _ = _averaged(d, request, _nodes(variance, rule.n))
    _, less, less_u, _ = _averaged(d, request, _nodes(variance, rule.n - 1))
    error = Estimate(float(np.abs(middle - less).max()), float(np.abs(u - less_u).max()))
    return Motion(at, middle, u, error)


def _nodes(variance: np.ndarray, n: int) -> Iterator[tuple[np.ndarray, float]]:
    """Points and weights of a Gauss-Hermite rule in each component."""
    x, w = np.polynomial.hermite_e.hermegauss(n)
    w = w / w.sum()
    free = np.flatnonzero(variance)
    for choice in product(range(n), repeat=len(free)):
        q = np.zeros(len(variance))
        q[free] = np.sqrt(variance[free]) * x[list(choice)]
        yield q, float(np.prod(w[list(choice)]))


def _averaged(
    d: Descriptor, request: Request, nodes: Iterator[tuple[np.ndarray, float]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Places, mean, covariance, and the largest variance of a squared displacement; one node after the other."""
    total = 0.0
    at, middle = _at(d, request, np.zeros(len(d.column("latents", "variance"))))
    first = middle.copy()
    sums = np.zeros_like(middle)
    squares, fourth = np.zeros((len(at), 3, 3)), np.zeros((len(at), 3))
    for q, weight in nodes:
        x = _at(d, request, q)[1] - first
        total += weight
        sums += weight * x
        squares += weight * (x[:, :, None] * x[:, None, :])
        fourth += weight * x**4
    shift = sums / total
    u = squares / total - shift[:, :, None] * shift[:, None, :]
    spread = fourth / total - (np.diagonal(squares, axis1=1, axis2=2) / total) ** 2
    return at, first + shift, u, float(spread.max(initial=0.0))
