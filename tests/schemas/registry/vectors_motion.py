"""Vectors of basis, rigid body and decoder."""

from __future__ import annotations

from typing import Any

from mpmath import cos, exp, matrix, mp, mpf, norm, pi, sin, sqrt, tanh

mp.dps = 50


def vector(name, title, inputs, expected, origin, parameters=None, abs=1e-13, rel=1e-13) -> dict[str, Any]:
    """One test vector."""
    return dict(name=name, title=title, inputs=inputs, parameters=parameters or {}, expected=expected, abs=abs, rel=rel,
                origin=origin)  # fmt: skip


def rodrigues(axis, angle, x):
    """x turned by `angle` about `axis`: x cos φ + (a × x) sin φ + a (a · x)(1 - cos φ)."""
    a = [mpf(c) / norm(matrix(axis)) for c in axis]
    x = [mpf(c) for c in x]
    cross = [a[1] * x[2] - a[2] * x[1], a[2] * x[0] - a[0] * x[2], a[0] * x[1] - a[1] * x[0]]
    dot = sum(p * q for p, q in zip(a, x, strict=True))
    return [x[i] * cos(angle) + cross[i] * sin(angle) + a[i] * dot * (1 - cos(angle)) for i in range(3)]


def quaternion(axis, angle, scale=1):
    """The float64 quaternion of a rotation, and the rotation (axis, angle) that these rounded numbers make."""
    a = [mpf(c) / norm(matrix(axis)) for c in axis]
    q = [float(scale * cos(mpf(angle) / 2))] + [float(scale * sin(mpf(angle) / 2) * c) for c in a]
    half = mp.atan2(sqrt(sum(mpf(c) ** 2 for c in q[1:])), mpf(q[0]))
    return q, (q[1:], 2 * half)


def moved(turn, origin, translation, x):
    """x' = R (x - o) + o + t."""
    turned = rodrigues(*turn, [mpf(x[i]) - mpf(origin[i]) for i in range(3)])
    return [turned[i] + mpf(origin[i]) + mpf(translation[i]) for i in range(3)]


def rigid_body() -> list[dict[str, Any]]:
    """Vectors of quat_v1."""

    def body(name, title, q, t, o, group, xyz, expected, origin, abs=1e-12):
        inputs = {"quaternion": q, "translation": t, "origin": o, "group": group, "xyz": xyz}
        return vector(name, title, inputs, {"xyz": expected}, origin, abs=abs, rel=1e-14)

    zero = [0.0, 0.0, 0.0]
    half = float(sqrt(mpf(1) / 2))
    turns = [quaternion([1, 2, 3], 0.75), quaternion([-2, 1, 0.5], 2.5), quaternion([0, 1, 1], pi)]
    qs, rotations = [q for q, _ in turns], [turn for _, turn in turns]
    shifts, points = [[0.5, -1.0, 2.0], zero, [3.0, 2.0, 1.0]], [[10.0, 20.0, 30.0], [-5.0, 2.5, 1.25], zero]
    atoms, group = [[12.5, 18.25, 31.0], [1.0, 2.0, 3.0], [-4.0, 3.5, 0.75], [11.0, 22.0, 33.0]], [0, 2, 1, 0]
    loose, turn = quaternion([3, -1, 2], 1.1, scale=mpf(1) + mpf("8e-7"))
    far = [5000.0, -4000.0, 3000.0]
    rodrigues_50 = "mpmath, 50 digits: Rodrigues' formula with the axis and angle of the quaternion"
    return [
        body("identity", "the unit quaternion without translation moves nothing", [[1.0, *zero]], [zero],
             [[4.0, 5.0, 6.0]], [0, 0], [[1.5, -2.5, 3.5], [4.0, 5.0, 6.0]], [[1.5, -2.5, 3.5], [4.0, 5.0, 6.0]],
             "closed form"),
        body("quarter-turn-about-z", "x goes to y, about the origin of the rotation, then the translation is added",
             [[half, 0.0, 0.0, half]], [[0.0, 0.0, 10.0]], [[1.0, 1.0, 0.0]], [0], [[3.0, 1.0, 5.0]],
             [[1.0, 3.0, 15.0]], "closed form"),
        body("sign", "q and -q are the same rotation", [[-half, 0.0, 0.0, -half]], [[0.0, 0.0, 10.0]],
             [[1.0, 1.0, 0.0]], [0], [[3.0, 1.0, 5.0]], [[1.0, 3.0, 15.0]], "closed form"),
        body("half-turn-about-x", "w = 0 is a half turn", [[0.0, 1.0, 0.0, 0.0]], [zero], [zero], [0],
             [[1.0, 2.0, 3.0]], [[1.0, -2.0, -3.0]], "closed form"),
        body("groups", "each atom moves with its own group", qs, shifts, points, group, atoms,
             [moved(rotations[g], points[g], shifts[g], x) for g, x in zip(group, atoms, strict=True)], rodrigues_50),
        body("loose-norm", "a norm off by 8e-7 is divided out", [loose], [zero], [far], [0],
             [[5050.0, -4020.0, 3010.0]], [moved(turn, far, zero, [5050.0, -4020.0, 3010.0])], rodrigues_50),
    ]  # fmt: skip


def basis() -> dict[str, list[dict[str, Any]]]:
    """Vectors of nm_v1 and pca_v1, the same sum."""
    modes = [[[0.5, -0.25, 0.125], [1.0, 0.0, -1.0]], [[-0.375, 0.5, 0.0], [0.1, 0.2, 0.3]]]
    q = [2.0, -1.5]
    mixed = [[sum(mpf(q[m]) * mpf(modes[m][i][c]) for m in range(2)) for c in range(3)] for i in range(2)]

    def rows(title):
        return [
            vector("two-modes", title, {"basis": modes, "coefficients": q}, {"displacement": mixed},
                   "mpmath, 50 digits"),
            vector("at-rest", "amplitudes of 0 move nothing", {"basis": modes, "coefficients": [0.0, 0.0]},
                   {"displacement": [[0.0] * 3] * 2}, "closed form"),
            vector("not-normalised", "a mode is used with the length it has", {"basis": [[[3.0, 4.0, 12.0]]],
                   "coefficients": [-0.5]}, {"displacement": [[-1.5, -2.0, -6.0]]}, "closed form"),
            vector("cancel", "modes that are equal and opposite cancel",
                   {"basis": [[[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]]], "coefficients": [4.0, -4.0]},
                   {"displacement": [[0.0, 0.0, 0.0]]}, "closed form"),
        ]  # fmt: skip

    return {
        "basis/nm_v1": rows("displacements along modes add, each times its amplitude"),
        "basis/pca_v1": rows("projections on components add up to the displacement from the mean"),
    }


ACTIVATIONS = {
    "tanh": tanh,
    "relu": lambda a: a if a > 0 else mpf(0),
    "sigmoid": lambda a: 1 / (1 + exp(-a)),
    "silu": lambda a: a / (1 + exp(-a)),
    "identity": lambda a: a,
}


def forward(latent, layers, activation):
    """The layers, one sum at a time."""
    h = [mpf(z) for z in latent]
    for n, (weight, bias) in enumerate(layers):
        h = [sum(mpf(w) * x for w, x in zip(row, h, strict=True)) + mpf(b) for row, b in zip(weight, bias, strict=True)]
        if n < len(layers) - 1:
            h = [ACTIVATIONS[activation](a) for a in h]
    return [h[i : i + 3] for i in range(0, len(h), 3)]


def decoder() -> list[dict[str, Any]]:
    """Vectors of mlp_v1."""
    first = ([[0.5, -0.25], [1.0, 0.75], [-0.6, 0.1], [0.3, 0.9]], [0.1, -0.2, 0.3, 0.0])
    second = ([[0.2, -0.4, 0.6, -0.8], [0.1, 0.3, -0.5, 0.7]], [0.05, -0.05])
    third = ([[1.0, -1.0], [0.5, 2.0], [-3.0, 0.25], [0.125, 4.0], [-2.0, 1.5], [0.75, -0.75]],
             [0.0, 1.0, -1.0, 10.0, 20.0, -30.0])  # fmt: skip
    layers = [first, second, third]

    def inputs(latent, layers):
        arrays = {f"{kind}{n}": layer[k] for n, layer in enumerate(layers) for k, kind in enumerate("wb")}
        return {"latent": latent, **arrays}

    def deep(activation):
        z = [0.8, -1.7]
        return vector(f"deep-{activation}", f"three layers with {activation}; the last has none", inputs(z, layers),
                      {"output": forward(z, layers, activation)}, "mpmath, 50 digits: sums written out",
                      {"activation": activation}, 1e-13, 1e-12)  # fmt: skip

    single = ([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [0.5, -0.5, 0.25])
    hidden = ([[1.0], [-1.0]], [0.0, 0.0])
    out = ([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]], [0.0, 0.0, 0.0])
    return [
        vector("one-layer", "one layer is W z + b with one row of W an output, and no activation",
               inputs([2.0, -1.0], [single]), {"output": [[0.5, 1.5, 4.25]]}, "closed form", {"activation": "tanh"}),
        vector("relu", "relu stops what is negative", inputs([3.0], [hidden, out]), {"output": [[3.0, 6.0, 9.0]]},
               "closed form", {"activation": "relu"}),
        vector("relu-other-side", "and lets through what is not", inputs([-3.0], [hidden, out]),
               {"output": [[30.0, 60.0, 90.0]]}, "closed form", {"activation": "relu"}),
        *(deep(activation) for activation in ACTIVATIONS),
        vector("default", "the activation is tanh unless given", inputs([0.8, -1.7], layers),
               {"output": forward([0.8, -1.7], layers, "tanh")}, "mpmath, 50 digits: sums written out",
               {}, 1e-13, 1e-12),
        vector("saturated", "an activation far from 0 is finite: silu(-800) is 0, silu(800) is 800",
               inputs([800.0], [hidden, out]), {"output": forward([800.0], [hidden, out], "silu")},
               "mpmath, 50 digits: sums written out", {"activation": "silu"}, 1e-12, 1e-13),
    ]  # fmt: skip


VECTORS = {"rigid_body/quat_v1": rigid_body(), **basis(), "neural_decoder/mlp_v1": decoder()}
