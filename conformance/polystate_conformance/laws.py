"""Draws against their exact law: which tests, at which rate, from how many draws.

The false-alarm rate of the whole suite, 1e-6, is split evenly over all tests of all statistical cases of a
run (union bound), so a correct program fails a run once in a million. Every statistic has an exact
distribution under the law: for normals, after whitening with the stated mean and covariance, sums of squares
are chi-squared, sums are normal, and x·y/|y| of two independent columns is normal; for categories the counts
are binomial, with a randomised p-value so that it is uniform. A case states the smallest fault it must
detect and with what power, and the number of draws is the smallest that gives this power at the split rate.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import optimize, stats

from polystate_conformance import compare
from polystate_conformance.case import Case

SUITE_RATE = 1e-6
MAX_DRAWS = 4_000_000
NORMAL_TESTS = 6


@dataclass(frozen=True)
class Plan:
    """Rate of one test and the seed of a run."""

    rate: float
    seed_of_run: int

    def seed(self, case: Case) -> str:
        """A fresh 64-bit seed for a case, repeatable from the seed of the run."""
        text = f"{self.seed_of_run}/{case.id}".encode()
        return str(int.from_bytes(hashlib.sha256(text).digest()[:8], "little"))

    def request(self, case: Case) -> dict[str, Any]:
        """The request with the number of draws that the case's power needs."""
        return {**case.message, "index": "0", "count": draws_needed(_law(case)[1], self.rate)}


def plan(cases: Iterable[Case], seed: int) -> Plan:
    """Split the suite's false-alarm rate over the tests of its statistical cases."""
    tests = sum(_tests(_law(case)[1]) for case in cases if case.statistical)
    return Plan(SUITE_RATE / max(1, tests), seed)


def verdict(case: Case, ok: dict[str, Any], out_dir: Path, plan: Plan) -> dict[str, Any]:
    """Judge the draws of one case; fails on the smallest p-value below the rate."""
    output, law = _law(case)
    count = draws_needed(law, plan.rate)
    if output not in ok:
        return {"outcome": "failed", "why": f"{output}: missing from the answer"}
    generator = np.random.default_rng(int(plan.seed(case)) ^ 0x9E3779B9)
    if law["law"] == "categorical":
        drawn = ok[output]
        if len(drawn) != count:
            return {"outcome": "failed", "why": f"{output}: expected {count} draws, found {len(drawn)}"}
        if strange := set(drawn) - set(law["probabilities"]):
            return {"outcome": "failed", "why": f"{output}: not a state: {sorted(map(str, strange))[:3]}"}
        values = p_values_categorical(drawn, law["probabilities"], generator)
    else:
        mean = np.array(law["mean"], float)
        path = out_dir / ok[output]["file"]
        draws = np.load(path, allow_pickle=False)
        same = compare.array_difference(np.zeros((count, *mean.shape)), draws, "float64", np.inf, 0)
        if same is not None:
            return {"outcome": "failed", "why": f"{output}: {same['why']}"}
        values = p_values_normal(draws, mean, np.array(law["covariance"], float))
    name, smallest = min(values.items(), key=lambda item: item[1])
    facts = {
        "p_values": {key: float(f"{value:.3g}") for key, value in values.items()},
        "rate": plan.rate,
        "draws": count,
    }
    if smallest < plan.rate:
        return {"outcome": "failed", "why": f"{output}: {name}: p = {smallest:.3g} below {plan.rate:.3g} in {count} draws",
                "accepted": True, **facts}  # fmt: skip
    return {"outcome": "passed", "accepted": True, **facts}


def _law(case: Case) -> tuple[str, dict[str, Any]]:
    return next((name, want) for name, want in case.expect.items() if isinstance(want, dict) and "law" in want)


def _tests(law: dict[str, Any]) -> int:
    return NORMAL_TESTS if law["law"] == "normal" else len(law["probabilities"])


def p_values_normal(draws: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> dict[str, float]:
    """Exact p-values of draws (n, M, 3) against mean (M, 3) and covariance (M, 3, 3), atoms independent, all in Å."""
    n, atoms = draws.shape[:2]
    z = np.linalg.solve(np.linalg.cholesky(covariance), (draws - mean).transpose(1, 2, 0))  # (M, 3, n)
    flat = z.reshape(-1, n)  # (3M, n) standard normals
    between = _columns_product(flat[:-1], flat[1:])  # neighbouring components, and neighbouring atoms
    half = n // 2
    return {
        "mean": _two_sided(stats.chi2(3 * atoms), n * np.sum(flat.mean(axis=1) ** 2)),
        "variance": _two_sided(stats.chi2(3 * atoms * n), np.sum(flat**2)),
        "largest component variance": _smallest(_two_sided(stats.chi2(n), np.sum(flat**2, axis=1))),
        "correlation of components": _smallest(between),
        "correlation of successive draws": _smallest(_columns_product(flat[:, :half], flat[:, half : 2 * half])),
        "shape": float(
            stats.kstest(
                flat.ravel()[:: max(1, flat.size // 200_000)],
                "norm",
                method="exact" if flat.size < 5000 else "asymp",
            ).pvalue
        ),
    }


def p_values_categorical(
    drawn: list[Any], probabilities: dict[str, float], generator: np.random.Generator
) -> dict[str, float]:
    """Randomised two-sided binomial p-values of each state's count."""
    values = {}
    for state, probability in probabilities.items():
        count, law = sum(item == state for item in drawn), stats.binom(len(drawn), probability)
        below = law.cdf(count - 1) + generator.random() * law.pmf(count)
        values[state] = float(min(1.0, 2 * min(below, 1 - below)))
    return values


def _two_sided(law: Any, value: Any) -> Any:
    return np.minimum(1.0, 2 * np.minimum(law.cdf(value), law.sf(value)))


def _columns_product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """p-values of x·y/|y| (rows), which is standard normal when x is and is independent of y."""
    return 2 * stats.norm.sf(np.abs(np.sum(x * y, axis=1) / np.linalg.norm(y, axis=1)))


def _smallest(values: np.ndarray) -> float:
    """Of several exact p-values the smallest, by Šidák's formula where independent and by Bonferroni at worst."""
    smallest = float(np.min(values))
    return min(1.0, smallest * len(values))


def draws_needed(law: dict[str, Any], rate: float) -> int:
    """The smallest number of draws at which the stated fault is detected with the stated power at this rate."""
    (fault, size), power = next(iter(law["detect"]["fault"].items())), law["detect"]["power"]
    if law["law"] == "categorical":
        return _search(lambda n: _power_category(law["probabilities"], fault, size, n, rate), power)
    components = 3 * len(law["mean"])
    powers: dict[str, Callable[[int], float]] = {
        "sd": lambda n: _power_chi2(components * n, (1 + size) ** 2, rate),
        "sd of a component": lambda n: _power_chi2(n, (1 + size) ** 2, rate / components),
        "shift": lambda n: float(
            stats.ncx2(components, n * components * size**2).sf(stats.chi2(components).isf(rate / 2))
        ),
        "correlation": lambda n: _power_normal(size * np.sqrt(n) / np.sqrt(1 - size**2), rate / (components - 1)),
        "repeat": lambda n: _power_normal(size * np.sqrt(n / 2), rate / components),
    }
    return max(64, _search(powers[fault], power))


def _power_chi2(freedom: int, scale: float, rate: float) -> float:
    law = stats.chi2(freedom)
    return float(law.sf(law.isf(rate / 2) / scale) + law.cdf(law.ppf(rate / 2) / scale))


def _power_normal(shift: float, rate: float) -> float:
    return float(stats.norm.sf(stats.norm.isf(rate / 2) - abs(shift)))


def _power_category(probabilities: dict[str, float], state: str, size: float, n: int, rate: float) -> float:
    """Power against a probability that is `size` too large (or too small) for one state."""
    expected, wrong = stats.binom(n, probabilities[state]), stats.binom(n, probabilities[state] + size)
    return float(wrong.sf(expected.isf(rate / 2)) + wrong.cdf(expected.ppf(rate / 2) - 1))


def _search(power: Callable[[int], float], wanted: float) -> int:
    """The smallest n with power(n) >= wanted."""
    high = 8
    while power(high) < wanted:
        high *= 2
        if high > MAX_DRAWS:
            raise ValueError(f"more than {MAX_DRAWS} draws for this power: state a larger fault")
    return (
        int(np.ceil(optimize.brentq(lambda n: power(int(np.ceil(n))) - wanted, high / 2, high, xtol=0.5)))
        if high > 8
        else 8
    )


def uniformity(p_values: Iterable[float]) -> float:
    """The p-value of p-values being uniform (Kolmogorov–Smirnov), for checks of the false-alarm rate."""
    return float(stats.kstest(list(p_values), "uniform").pvalue)


def fresh_seed() -> int:
    """A seed of a run that nobody has chosen."""
    return random.SystemRandom().getrandbits(63)
