"""Vectors of what a latent space leads to: tables of cells, and mixtures of Gaussians of amplitudes."""

from __future__ import annotations

from typing import Any

from mpmath import mpf

from tests.schemas.registry.vectors_motion import vector

ROWS = [[[float(100 * c + 10 * i + x) / 8 for x in range(3)] for i in range(2)] for c in range(4)]
"""What each of up to four cells gives two atoms: numbers that tell cell, atom and coordinate."""


def table() -> list[dict[str, Any]]:
    """Vectors of nearest_v1."""

    def cell(name, title, latent, centre, taken, origin="closed form"):
        inputs = {"latent": latent, "centre": centre, "value": ROWS[: len(centre)]}
        return vector(name, title, inputs, {"output": ROWS[taken]}, origin, abs=1e-15, rel=1e-15)

    line = [[0.0], [1.0], [2.0]]
    return [
        cell("state", "centres that are numbers of states: the state that is asked for", [2.0], line, 2),
        cell("nearest", "between centres, the nearer one", [0.75], line, 1),
        cell("beyond", "outside of all centres, the outermost", [-40.0], line, 0),
        cell("tie", "half way between two centres, the lower cell", [1.5], line, 1),
        cell("tie-of-equals", "of equal centres the first", [3.0], [[7.0], [4.0], [4.0]], 1),
        cell("plane", "the distance is over all components", [0.5, -0.25],
             [[0.5, 4.0], [4.0, -0.25], [1.0, -1.0], [2.0, 0.5]], 2),
        cell("one-cell", "a table of one cell is a constant", [12.5], [[-3.0]], 0),
        cell("far-from-zero", "differences are squared: an expanded square has no digits left here",
             [1e9 + 0.625], [[1e9], [1e9 + 1]], 1),
        cell("in-order", "1e16 + 1 + 1 in this order is 1e16, which ties with 1e16", [0.0, 0.0, 0.0],
             [[1e8, 1.0, 1.0], [1e8, 0.0, 0.0]], 0, "closed form: roundings to even"),
        cell("not-fused", "squares are rounded before they are added: equal sums in either order", [0.0, 0.0],
             [[0.488, 1.214], [1.214, 0.488]], 0, "closed form: a sum of two roundings commutes"),
        cell("overflow", "sums that overflow are all infinite and tie", [1e200], [[0.0], [1e199]], 0),
    ]  # fmt: skip


UNITS = [[[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]]
"""Two modes of one atom, so that its displacement shows the two amplitudes."""
MIXTURE = {
    "population": [0.2, 0.5, 0.3], "mean": [[1.0, -2.0], [0.25, 0.5], [-3.0, 4.0]],
    "factor": [[[0.5, 0.0], [0.25, 0.125]], [[2.0, 0.0], [-1.0, 0.5]], [[0.3, 0.7], [0.1, -0.9]]],
}  # fmt: skip


def moved(basis, q):
    """Σ q v for each atom."""
    return [[sum(mpf(a) * mpf(v[i][x]) for a, v in zip(q, basis, strict=True)) for x in range(3)]
            for i in range(len(basis[0]))]  # fmt: skip


def drawn(c, normal, numbers=MIXTURE):
    """mean + factor y of one Gaussian."""
    return [mpf(m) + sum(mpf(f) * mpf(y) for f, y in zip(row, normal, strict=True))
            for m, row in zip(numbers["mean"][c], numbers["factor"][c], strict=True)]  # fmt: skip


def mixture() -> list[dict[str, Any]]:
    """Vectors of gaussian_mixture_v1."""
    fifty = "mpmath, 50 digits: sums written out"

    def row(name, title, given, q, basis=UNITS, numbers=MIXTURE, origin=fifty):
        inputs = {"basis": basis, **numbers, **given}
        return vector(name, title, inputs, {"displacement": moved(basis, q)}, origin, abs=1e-13, rel=1e-13)

    y = [0.75, -1.5]
    total = sum(mpf(p) for p in MIXTURE["population"])
    middle = [sum(mpf(p) * mpf(m[k]) for p, m in zip(MIXTURE["population"], MIXTURE["mean"], strict=True)) / total
              for k in range(2)]  # fmt: skip
    slanted = [[[0.5, -0.25, 0.125], [1.0, 0.0, -1.0]], [[-0.375, 0.5, 0.0], [0.1, 0.2, 0.3]]]
    halves = {"population": [0.5, 0.5], "mean": [[1.0], [-1.0]], "factor": [[[0.0]], [[0.0]]]}
    tenths = {"population": [0.1] * 10, "mean": [[float(c)] for c in range(10)], "factor": [[[0.0]]] * 10}
    first = [[[1.0, 0.0, 0.0]]]
    return [
        row("expectation", "without a draw the amplitudes are the mean of the mixture", {}, middle),
        row("first", "a small number chooses the first Gaussian", {"uniform": [0.125], "normal": y}, drawn(0, y)),
        row("second", "past 0.2 the second, whose factor is lower triangular", {"uniform": [0.625], "normal": y},
            drawn(1, y), slanted),
        row("third", "past 0.7 the third, whose factor is any matrix", {"uniform": [0.875], "normal": y}, drawn(2, y)),
        row("given", "given amplitudes are taken as they are", {"coefficients": [2.0, -1.5]}, [2.0, -1.5], slanted),
        row("given-first", "whatever a draw has", {"coefficients": [2.0, -1.5], "uniform": [0.125], "normal": y},
            [2.0, -1.5]),
        row("boundary", "a number that is the sum so far is past it", {"uniform": [0.5], "normal": [0.0]}, [-1.0],
            first, halves, "closed form"),
        row("quotient", "ten sums of 0.1 end below 1, and the quotient by the last is compared",
            {"uniform": [0.1 + 0.1 + 0.1], "normal": [0.0]}, [2.0], first, tenths, "closed form: roundings of float64"),
        row("loose-sum", "populations are divided by their sum", {},
            [(mpf(0.5) - mpf(0.4999995)) / (mpf(0.5) + mpf(0.4999995))], first,
            halves | {"population": [0.5, 0.4999995]}),
        row("empty-gaussian", "a Gaussian of population 0 is never chosen", {"uniform": [0.0001220703125],
            "normal": [0.0]}, [-1.0], first, halves | {"population": [0.0, 1.0]}, "closed form"),
        row("still", "normal numbers of 0 give the mean of the chosen Gaussian", {"uniform": [0.125],
            "normal": [0.0, 0.0]}, [1.0, -2.0], slanted, origin=fifty),
    ]  # fmt: skip


VECTORS = {"lookup_table/nearest_v1": table(), "basis/gaussian_mixture_v1": mixture()}
