"""Fitted hierarchies side by side: chains of one fit, or fits of two or more entries, aligned by sequence.

A *copy* is one polymer chain of one fit: mean B of each residue at each level. Two copies are compared residue by
residue where their sequences align (gemmi), level by level where both have the level.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import gemmi
import numpy as np

from polystate.errors import BadRequest
from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate_tools.echt.stored import Decomposition

IDENTITY = 50.0  # percent, below which two chains are not the same molecule
LARGEST = 20  # residues listed


@dataclass(frozen=True)
class Copy:
    """One chain of one fit. b: (levels, R) mean B of each residue, Å²; error_b: how far, by the certificate, 8 pi^2
    times the amplitude of any group can be from the optimum's, Å²."""

    name: str
    entry: str
    chain: str
    labels: list[str]
    comp: list[str]
    levels: list[str]
    b: np.ndarray
    size: np.ndarray
    error_b: float

    @property
    def shares(self) -> list[float]:
        """Percent of the chain's fitted B by level."""
        mean = (self.b * self.size).sum(axis=1)
        return (100.0 * mean / max(mean.sum(), 1e-300)).tolist()

    @property
    def mean_b(self) -> float:
        """Mean fitted B over the chain's atoms, Å²."""
        return float((self.b.sum(axis=0) * self.size).sum() / self.size.sum())


@dataclass(frozen=True)
class LevelComparison:
    """One level of two copies. correlation: Pearson, over aligned residues, None where one does not vary; differences
    b - a in Å²: of the means, and root mean square; shares in percent."""

    level: str
    correlation: float | None
    mean_difference: float
    rms_difference: float
    share_a: float
    share_b: float


@dataclass(frozen=True)
class Comparison:
    """Two copies. at: (n, 2) aligned residues of a and b; scale: what B of b was multiplied by; difference: (levels, n)
    b - a, Å²; error: of each difference, by the two certificates, Å²."""

    a: Copy
    b: Copy
    at: np.ndarray
    identity: float
    scale: float
    names: list[str]
    difference: np.ndarray
    error: float
    levels: list[LevelComparison]

    def largest(self, count: int = LARGEST) -> list[dict[str, Any]]:
        """The aligned residues that differ most at any level, with their differences at all of them."""
        worst = np.abs(self.difference).max(axis=0)
        return [
            {"a": self.a.labels[self.at[k, 0]], "b": self.b.labels[self.at[k, 1]], "largest": float(worst[k]),
             "level": self.names[int(np.abs(self.difference[:, k]).argmax())],
             "difference": dict(zip(self.names, self.difference[:, k].tolist(), strict=True)),
             "error": self.error, "certain": bool(worst[k] > self.error)}
            for k in np.argsort(-worst, kind="stable")[:count]
        ]  # fmt: skip

    def rows(self) -> list[dict[str, Any]]:
        """One row an aligned residue and level, for a table."""
        a, b = self.at[:, 0], self.at[:, 1]
        return [
            {"a": self.a.name, "b": self.b.name, "level": name, "residue_a": self.a.labels[i],
             "residue_b": self.b.labels[j], "b_a": float(self.a.b[self.a.levels.index(name), i]),
             "b_b": float(self.scale * self.b.b[self.b.levels.index(name), j]),
             "difference": float(self.difference[k, n]), "error": self.error}
            for k, name in enumerate(self.names) for n, (i, j) in enumerate(zip(a, b, strict=True))
        ]  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The numbers for programs."""
        return {
            "a": self.a.name, "b": self.b.name, "aligned": len(self.at), "identity": self.identity,
            "mean_b_a": self.a.mean_b, "mean_b_b": self.b.mean_b, "scale": self.scale, "error": self.error,
            "levels": [vars(level) for level in self.levels], "largest": self.largest(),
        }  # fmt: skip


def copies(found: Decomposition, entry: str, chains: Sequence[str] | None = None) -> list[Copy]:
    """The polymer chains of a fit, those named or all, in the order of the hierarchy."""
    h, rows = found.dep.hierarchy, found.rows
    polymer, residue = found.polymer, h.of_atoms("residue")[rows]
    chain_of = h.text("chains", "auth_asym").astype(str)[h.of_atoms("chain")[rows]]
    names = list(dict.fromkeys(chain_of[polymer].tolist()))
    for name in chains or []:
        if name not in names:
            raise BadRequest("--chains", name, f"polymer chains of {entry}: {', '.join(names) or 'none'}")
    labels, comp = h.node_labels("residue"), h.text("residues", "comp").astype(str)
    b, error = found.b, _error_b(found)
    out = []
    for name in chains or names:
        inside = polymer & (chain_of == name)
        members, place = np.unique(residue[inside], return_inverse=True)
        size = np.bincount(place)
        mean = np.stack([np.bincount(place, level[inside]) / size for level in b])
        out.append(Copy(f"{entry} {name}", entry, name, [str(labels[r]) for r in members], comp[members].tolist(),
                        found.names, mean, size, error))  # fmt: skip
    return out


def _error_b(found: Decomposition) -> float:
    """Ob sum (A - A*)^2 <= F - D, with the epsilon term, bounds every amplitude."""
    certificate, beta = found.block.get("certificate") or {}, (found.block.get("regularizer") or {}).get("beta")
    value, bound = (certificate.get(f"{what}_with_epsilon") for what in ("objective", "bound"))
    if value is None or bound is None or not beta:
        return math.inf
    return float(EIGHT_PI_SQUARED * math.sqrt(max(float(value) - float(bound), 0.0) / float(beta)))


class Alignment(NamedTuple):
    """at: (n, 2) places of residues that align; identity: percent of them that are the same."""

    at: np.ndarray
    identity: float


def aligned(a: Copy, b: Copy) -> Alignment:
    """The residues of two copies, by sequence."""
    found = gemmi.align_string_sequences(a.comp, b.comp, [])
    i = j = 0
    pairs: list[tuple[int, int]] = []
    count = ""
    for letter in found.cigar_str():
        if letter.isdigit():
            count += letter
            continue
        n = int(count)
        if letter == "M":
            pairs += [(i + k, j + k) for k in range(n)]
        i, j, count = i + n * (letter in "MI"), j + n * (letter in "MD"), ""
    same = sum(a.comp[p] == b.comp[q] for p, q in pairs)
    return Alignment(np.array(pairs, np.int64).reshape(-1, 2), 100.0 * same / max(len(pairs), 1))


def compare(a: Copy, b: Copy, scaled: bool = False, alignment: Alignment | None = None) -> Comparison:
    """Two copies; scaled: B of b multiplied so that both have one mean over the aligned residues; alignment: theirs,
    where it is known."""
    at, identity = alignment or aligned(a, b)
    names = [name for name in a.levels if name in b.levels]
    if not names:
        raise BadRequest(f"{a.name}, {b.name}", f"no common level: {', '.join(a.levels)}; {', '.join(b.levels)}",
                         "fits that have a level of one name")  # fmt: skip
    if not len(at) or identity < IDENTITY:
        raise BadRequest(f"{a.name}, {b.name}", f"sequences of which {identity:.0f} % agree",
                         f"copies of one molecule: at least {IDENTITY:.0f} %")  # fmt: skip
    one, other = (
        np.stack([copy.b[copy.levels.index(name)] for name in names])[:, at[:, side]]
        for side, copy in enumerate((a, b))
    )
    scale = float(one.sum() / other.sum()) if scaled and other.sum() > 0 else 1.0
    difference = scale * other - one
    levels = [
        LevelComparison(
            name, _correlation(one[k], other[k]), float(difference[k].mean()),
            float(np.sqrt((difference[k] ** 2).mean())),
            a.shares[a.levels.index(name)], b.shares[b.levels.index(name)],
        )
        for k, name in enumerate(names)
    ]  # fmt: skip
    return Comparison(a, b, at, identity, scale, names, difference, math.hypot(a.error_b, scale * b.error_b), levels)


def _correlation(x: np.ndarray, y: np.ndarray) -> float | None:
    if len(x) < 2 or np.ptp(x) < 1e-9 or np.ptp(y) < 1e-9:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def within(chosen: Sequence[Copy], scaled: bool = False) -> list[Comparison]:
    """Every two copies of one molecule among those of one fit."""
    out = []
    for a, b in combinations(chosen, 2):
        alignment = aligned(a, b)
        if alignment.identity >= IDENTITY:
            out.append(compare(a, b, scaled, alignment))
    if not out:
        raise BadRequest(chosen[0].entry if chosen else "fit", f"{len(chosen)} chains, no two of one molecule",
                         "two copies, or another fit to compare with")  # fmt: skip
    return out


def between(first: Sequence[Copy], other: Sequence[Copy], scaled: bool = False) -> list[Comparison]:
    """Each chain of one fit with its partner in another: the chain of the same name, else the one most alike."""
    out = []
    for a in first:
        found = [(aligned(a, b), b) for b in other]
        good = [(alignment, b) for alignment, b in found if alignment.identity >= IDENTITY]
        if good:
            alignment, b = max(good, key=lambda row: (row[1].chain == a.chain, row[0].identity))
            out.append(compare(a, b, scaled, alignment))
    if not out:
        raise BadRequest(f"{first[0].entry}, {other[0].entry}" if first and other else "fits", "no chain in common",
                         "fits of one molecule")  # fmt: skip
    return out


def summary(found: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Over the comparisons, one row a level: mean and standard deviation of the correlation, of the difference of the
    means (Å²) and of the shares (percent), and in how many the mean grew."""
    out = []
    for name in dict.fromkeys(level.level for one in found for level in one.levels):
        rows = [level for one in found for level in one.levels if level.level == name]
        correlation = [r.correlation for r in rows if r.correlation is not None]
        mean = [r.mean_difference for r in rows]
        share = [r.share_b - r.share_a for r in rows]
        out.append({
            "level": name, "pairs": len(rows),
            "correlation": float(np.mean(correlation)) if correlation else None,
            "correlation_sd": float(np.std(correlation)) if correlation else None,
            "mean_difference": float(np.mean(mean)), "mean_difference_sd": float(np.std(mean)),
            "share_difference": float(np.mean(share)), "share_difference_sd": float(np.std(share)),
            "grew": int(sum(m > 0 for m in mean)),
        })  # fmt: skip
    return out
