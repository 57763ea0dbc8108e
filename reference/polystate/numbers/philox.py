"""Random numbers by counter: Philox4x32-10 (Salmon et al., SC'11), one block a (draw key, draw, stream).

Any number of any draw is computed alone, in any order, by any number of workers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polystate.errors import DrawRange
from polystate.numbers.constants import (
    DISCRETE,
    GAUSSIAN,
    LATENT,
    MIXTURE,
    PHILOX_M0,
    PHILOX_M1,
    PHILOX_W0,
    PHILOX_W1,
    ROUNDS,
)

MULTIPLIERS = (np.uint64(PHILOX_M0), np.uint64(PHILOX_M1))
WEYL = (PHILOX_W0, PHILOX_W1)
LOW = np.uint64(0xFFFFFFFF)
WORD = np.uint64(32)
WHOLE = "a whole number from 0 to 2^64 - 1"


@dataclass(frozen=True)
class Draw:
    """One draw of a deposition: a 64-bit seed and a draw index below 2^64."""

    seed: int
    index: int = 0

    def __post_init__(self) -> None:
        for name, value in (("seed", self.seed), ("index", self.index)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= int(value) < 1 << 64:
                raise DrawRange(name, repr(value), WHOLE)  # RNG-5
            object.__setattr__(self, name, int(value))

    @classmethod
    def parse(cls, text: str) -> Draw:
        """A draw written SEED:INDEX, or SEED for index 0."""
        seed, colon, index = text.partition(":")
        return cls(whole(seed, "seed"), whole(index, "index") if colon else 0)


def whole(text: str, where: str) -> int:
    """A seed or draw index written in decimal digits and nothing else ([RNG-5]); a Draw judges its size."""
    digits = text.lstrip("0") or text[:1]
    if not (text.isascii() and text.isdigit()) or len(digits) > 20:
        raise DrawRange(where, text[:80], WHOLE)  # RNG-27
    return int(digits)


def words(draw: Draw, draw_key: np.ndarray, stream: int) -> np.ndarray:
    """Philox4x32-10 blocks, (n, 4) uint32, one for each draw key (n,) uint32."""
    c0 = np.asarray(draw_key).astype(np.uint64)
    if not c0.size:  # of a deposition without variables, at every draw
        return np.zeros((*c0.shape, 4), np.uint32)
    c1 = np.full_like(c0, draw.index & 0xFFFFFFFF)
    c2 = np.full_like(c0, draw.index >> 32)
    c3 = np.full_like(c0, stream)
    k0, k1 = draw.seed & 0xFFFFFFFF, draw.seed >> 32
    for _ in range(ROUNDS):
        p0, p1 = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (p1 >> WORD) ^ c1 ^ np.uint64(k0),
            p1 & LOW,
            (p0 >> WORD) ^ c3 ^ np.uint64(k1),
            p0 & LOW,
        )
        k0, k1 = (k0 + WEYL[0]) & 0xFFFFFFFF, (k1 + WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=-1).astype(np.uint32)


def unit_interval(word: np.ndarray) -> np.ndarray:
    """(w + 1/2) / 2^32: never 0 and never 1."""
    return (word.astype(np.float64) + 0.5) / 4294967296.0


def normals(draw: Draw, draw_key: np.ndarray, stream: int = GAUSSIAN) -> np.ndarray:
    """Three standard normal numbers for each draw key, (n, 3): Φ⁻¹ of words 0, 1, 2."""
    from scipy.special import ndtri

    return ndtri(unit_interval(words(draw, draw_key, stream)[:, :3]))


def uniform(draw: Draw, draw_key: np.ndarray) -> np.ndarray:
    """One number in (0, 1) for each discrete variable, (n,)."""
    return unit_interval(words(draw, draw_key, DISCRETE)[:, 0])


def mixture_uniform(draw: Draw, draw_key: np.ndarray) -> np.ndarray:
    """One number in (0, 1) for each mixture, which chooses a Gaussian of it, (n,)."""
    return unit_interval(words(draw, draw_key, MIXTURE)[:, 0])


def latent_normals(draw: Draw, draw_key: np.ndarray) -> np.ndarray:
    """One standard normal number for each latent component, (n,)."""
    return normals(draw, draw_key, LATENT)[:, 0]
