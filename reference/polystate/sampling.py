"""Random numbers by counter: Philox4x32-10 (Salmon et al., SC'11), one block a (draw key, draw, stream).

Any number of any draw is computed alone, in any order, by any number of workers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polystate.errors import BadRequest, DrawRange, NotPositiveSemidefinite

GAUSSIAN, DISCRETE, LATENT = 0, 1, 2  # streams
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
LOW = np.uint64(0xFFFFFFFF)
WORD = np.uint64(32)
PSD_RELATIVE, PSD_ABSOLUTE = 1e-6, 1e-6
PSD_RULE = "λ_min ≥ -(1e-6 max(λ_max, 0) + 1e-6 Å²)"
WHOLE = "a whole number from 0 to 2^64 - 1"
PIVOT = 1e-12  # of the trace: a pivot at or below gives a zero column


@dataclass(frozen=True)
class Draw:
    """One draw of a deposition: a 64-bit seed and a draw index below 2^64."""

    seed: int
    index: int = 0

    def __post_init__(self) -> None:
        for name, value in (("seed", self.seed), ("index", self.index)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= int(value) < 1 << 64:
                raise DrawRange(name, repr(value), WHOLE)
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
        raise DrawRange(where, text[:80], WHOLE)
    return int(digits)


def words(draw: Draw, draw_key: np.ndarray, stream: int) -> np.ndarray:
    """Philox4x32-10 blocks, (n, 4) uint32, one for each draw key (n,) uint32."""
    c0 = np.asarray(draw_key).astype(np.uint64)
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


def latent_normals(draw: Draw, draw_key: np.ndarray) -> np.ndarray:
    """One standard normal number for each latent component, (n,)."""
    return normals(draw, draw_key, LATENT)[:, 0]


def checked_psd(psd: str) -> str:
    """How indefinite covariances are treated, `refuse` or `clip`; another word is refused."""
    if psd not in ("refuse", "clip"):
        raise BadRequest("psd", repr(psd), "refuse or clip")
    return psd


def indefinite(u: np.ndarray) -> np.ndarray:
    """Rows of U (n, 3, 3) whose smallest eigenvalue is below the tolerance."""
    if not len(u):
        return np.zeros(0, np.int64)
    eigenvalues = np.linalg.eigvalsh(u)
    return np.flatnonzero(eigenvalues[:, 0] < -(PSD_RELATIVE * np.maximum(eigenvalues[:, 2], 0) + PSD_ABSOLUTE))


def nearest_positive(u: np.ndarray) -> np.ndarray:
    """The nearest positive semi-definite matrices (Frobenius norm): negative eigenvalues set to 0."""
    values, vectors = np.linalg.eigh(u)
    return np.einsum("nij,nj,nkj->nik", vectors, np.maximum(values, 0), vectors)


def cholesky(u: np.ndarray) -> np.ndarray:
    """Lower Cholesky factors of U (n, 3, 3); U that is slightly indefinite is first made semi-definite.

    A pivot at or below 1e-12 Tr U gives a zero column."""
    u = np.array(u, np.float64)
    negative = np.linalg.eigvalsh(u)[:, 0] < 0 if len(u) else np.zeros(0, bool)
    u[negative] = nearest_positive(u[negative])
    limit = PIVOT * np.trace(u, axis1=1, axis2=2)
    c = np.zeros_like(u)
    for j in range(3):
        pivot = u[:, j, j] - (c[:, j, :j] ** 2).sum(axis=1)
        root = np.sqrt(np.where(pivot > limit, pivot, 1.0))
        for i in range(j, 3):
            value = (u[:, i, j] - (c[:, i, :j] * c[:, j, :j]).sum(axis=1)) / root
            c[:, i, j] = np.where(pivot > limit, value, 0.0)
    return c


def displacement(u: np.ndarray, draw: Draw, draw_key: np.ndarray, where: str, psd: str = "refuse") -> np.ndarray:
    """A Gaussian displacement of each atom, (n, 3) ångström, with covariance U (n, 3, 3)."""
    bad = indefinite(u)
    if len(bad) and psd != "clip":
        few = ", ".join(str(k) for k in np.asarray(draw_key)[bad[:5]])
        found = f"{len(bad)} atoms, first with draw keys {few}"
        raise NotPositiveSemidefinite(where, found, PSD_RULE)
    return np.einsum("nij,nj->ni", cholesky(u), normals(draw, draw_key))
