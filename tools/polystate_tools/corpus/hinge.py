"""Train a small decoder on a synthetic hinge motion: an auto-decoder in plain NumPy, deterministic on one machine.

    python -m polystate_tools.train_hinge --check

The motion: two rigid halves of a chain bend about one axis, the second by an angle and the first by a third of it the
other way. The decoder (neural_decoder/mlp_v1 with one hidden layer) learns displacements from coordinates alone: it is
given no angle. The latent component of each training frame is fitted together with the weights (an auto-decoder:
Bojanowski et al., ICML 2018, arXiv:1707.05776), starting at the first principal component, and is scaled to mean 0 and
variance 1."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

LARGEST_ANGLE = 40.0  # degrees, of the second half
FRAMES = 41
HIDDEN = 8
PENALTY = 1e-7  # on squared weights: keeps the scale of the latent component from drifting


def reference(residues: int = 12) -> np.ndarray:
    """Cα atoms of an ideal α-helix with its axis along x and its middle at the origin, (residues, 3) ångström."""
    k = np.arange(residues)
    turn = np.deg2rad(100.0) * k
    xyz = np.stack([1.5 * (k - (residues - 1) / 2), 2.3 * np.cos(turn), 2.3 * np.sin(turn)], axis=1)
    return np.round(xyz, 3)


def hinge(x_ref: np.ndarray, degrees: float) -> np.ndarray:
    """The helix bent about z through the origin: atoms at x > 0 by `degrees`, the others by a third of it back."""
    bent = np.empty_like(x_ref)
    for half, angle in ((x_ref[:, 0] > 0, degrees), (x_ref[:, 0] <= 0, -degrees / 3)):
        c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        bent[half] = x_ref[half] @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T
    return bent


@dataclass
class Trained:
    """A decoder and what it was trained on.

    layers: w0 (8, 1), b0 (8,), w1 (3M, 8), b1 (3M,) float32; latent: (frames,) of the training frames at `angles`
    (degrees); rms, rms_between: ångström an atom, on the training frames and on frames halfway between them."""

    layers: dict[str, np.ndarray]
    latent: np.ndarray
    angles: np.ndarray
    rms: float
    rms_between: float
    iterations: int

    def landmarks(self) -> dict[str, float]:
        """Latent components of the ends and the middle of the motion."""
        middle = len(self.latent) // 2
        return {"back": float(self.latent[0]), "straight": float(self.latent[middle]), "bent": float(self.latent[-1])}


def forward(layers: dict[str, np.ndarray], latent: np.ndarray) -> np.ndarray:
    """Displacements of frames, (frames, M, 3), from their latent components (frames,)."""
    hidden = np.tanh(latent[:, None] * layers["w0"][:, 0] + layers["b0"])
    return (hidden @ layers["w1"].T + layers["b1"]).reshape(len(latent), -1, 3)


def train(x_ref: np.ndarray, seed: int = 7, steps: int = 4000) -> Trained:
    """Fit weights and latent components to the displacements of FRAMES frames by L-BFGS."""
    angles = np.linspace(-LARGEST_ANGLE, LARGEST_ANGLE, FRAMES)
    target = np.stack([hinge(x_ref, a) - x_ref for a in angles]).reshape(FRAMES, -1)
    random = np.random.default_rng(seed)
    left, size, _ = np.linalg.svd(target - target.mean(axis=0), full_matrices=False)
    start = left[:, 0] * size[0]
    start = start / start.std() * np.sign(start[-1])  # a larger component means a larger angle
    width = target.shape[1]
    sizes = [HIDDEN, HIDDEN, width * HIDDEN, width, FRAMES]
    first = [random.normal(size=HIDDEN), random.normal(size=HIDDEN), 0.1 * random.normal(size=width * HIDDEN),
             target.mean(axis=0), start]  # fmt: skip
    cuts = np.cumsum(sizes)[:-1]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w0, b0, w1, b1, z = np.split(flat, cuts)
        w1 = w1.reshape(width, HIDDEN)
        hidden = np.tanh(z[:, None] * w0 + b0)
        error = hidden @ w1.T + b1 - target
        below = (error @ w1) * (1 - hidden**2)
        gradient = [(below * z[:, None]).sum(axis=0), below.sum(axis=0), (error.T @ hidden).ravel(), error.sum(axis=0),
                    below @ w0]  # fmt: skip
        value = 0.5 * float((error**2).sum()) + 0.5 * PENALTY * float(flat @ flat)
        return value, np.concatenate(gradient) + PENALTY * flat

    found = minimize(loss, np.concatenate(first), jac=True, method="L-BFGS-B",
                     options={"maxiter": steps, "maxfun": 2 * steps, "ftol": 1e-15, "gtol": 1e-9})  # fmt: skip
    w0, b0, w1, b1, z = np.split(found.x, cuts)
    shift, scale = z.mean(), z.std()
    layers = {"w0": (w0 * scale)[:, None], "b0": b0 + w0 * shift, "w1": w1.reshape(width, HIDDEN), "b1": b1}
    layers = {name: values.astype(np.float32) for name, values in layers.items()}
    latent = (z - shift) / scale
    between = (angles[1:] + angles[:-1]) / 2
    halfway = np.interp(between, angles, latent)
    return Trained(layers, latent, angles, _rms(layers, latent, angles, x_ref), _rms(layers, halfway, between, x_ref),
                   int(found.nit))  # fmt: skip


def _rms(layers: dict[str, np.ndarray], latent: np.ndarray, angles: np.ndarray, x_ref: np.ndarray) -> float:
    wanted = np.stack([hinge(x_ref, a) - x_ref for a in angles])
    return float(np.sqrt(((forward(layers, latent) - wanted) ** 2).sum(axis=2).mean()))


def to_json(trained: Trained) -> dict[str, object]:
    """The trained decoder as numbers that build the same float32 weights again."""
    layers = {name: [[_short(v) for v in row] for row in np.atleast_2d(x)] for name, x in trained.layers.items()}
    return {
        "layers": {name: rows[0] if name.startswith("b") else rows for name, rows in layers.items()},
        "latent": [round(float(z), 6) for z in trained.latent],
        "landmarks": {name: round(z, 6) for name, z in trained.landmarks().items()},
        "rms": trained.rms,
        "rms_between": trained.rms_between,
        "iterations": trained.iterations,
    }


def _short(value: np.float32) -> float:
    return float(np.format_float_positional(value, unique=True, trim="0"))


def main() -> None:
    """Train and print the decoder as JSON, or with --check only how good it is."""
    parser = argparse.ArgumentParser(prog="python -m polystate_tools.train_hinge", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--check", action="store_true", help="print errors only")
    options = parser.parse_args()
    document = to_json(train(reference(), options.seed))
    if options.check:
        document = {k: document[k] for k in ("rms", "rms_between", "iterations", "landmarks")}
    print(json.dumps(document))


if __name__ == "__main__":
    main()
