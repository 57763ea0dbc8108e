"""Draws against their exact law: which tests, at which rate, from how many draws.

The false-alarm rate of the whole suite, 1e-6, is split evenly over the statistical cases of a run, and within a case
over its tests (union bound), so a correct program fails a run once in a million. The p-values are exact
(`exact_tests`); a case states the smallest fault it must detect and with what power, and the number of draws is the
smallest that gives this power at the split rate (`power`). A law is one of

- normal: `mean` (M, 3) Å; `covariance` (M, 3, 3) of independent atoms or (3M, 3M) of dependent ones, Å²;
  with `warp`: {shift, scale} (M, 3) Å: what is normal is atanh((x - shift) / scale), or x - shift where scale is 0;
- categorical: `probabilities` of the labels of one variable, or `outcomes`, each with `labels` (one for each variable
  that is asked for, null where it is inactive) and `probability`;
- mixture: `outcomes` that have `mean` and `covariance`, too: the draws given the states that were drawn with them.

The tests need scipy.stats, which takes longer to import than a case to be scored: it is imported where a law is judged.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polystate_conformance.scoring import compare
from polystate_conformance.suite.case import Case

SUITE_RATE = 1e-6
Law = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """Rate of one case and the seed of a run."""

    rate: float
    seed_of_run: int

    def seed(self, case: Case) -> str:
        """A fresh 64-bit seed for a case, repeatable from the seed of the run."""
        text = f"{self.seed_of_run}/{case.id}".encode()
        return str(int.from_bytes(hashlib.sha256(text).digest()[:8], "little"))

    def request(self, case: Case) -> dict[str, Any]:
        """The request with the number of draws that the case's power needs."""
        return {**case.message, "index": "0", "count": draws_needed(law_of(case)[1], self.rate)}


def plan(cases: Iterable[Case], seed: int) -> Plan:
    """Split the suite's false-alarm rate over its statistical cases."""
    return Plan(SUITE_RATE / max(1, sum(case.statistical for case in cases)), seed)


def law_of(case: Case) -> tuple[str, Law]:
    """The output of a case that has a law, and the law."""
    return next((name, want) for name, want in case.expect.items() if isinstance(want, dict) and "law" in want)


def rates(names: Iterable[str], judge: str, rate: float) -> dict[str, float]:
    """Half of the rate of a case for the test that judges its fault, the rest in equal parts for the others."""
    names = list(names)
    others = max(1, len(names) - 1)
    return {name: rate / 2 if name == judge else rate / 2 / others for name in names}


def fault(law: Law) -> tuple[str, float, float, str]:
    """Kind, size and power of the fault a law must detect, and the test that judges it."""
    from polystate_conformance.scoring import power

    ((kind, size),) = law["detect"]["fault"].items()
    return kind, float(size), float(law["detect"]["power"]), power.JUDGED_BY.get(kind, "count")


def draws_needed(law: Law, rate: float) -> int:
    """The smallest number of draws that detects the stated fault with the stated power at this rate of a case."""
    from polystate_conformance.scoring import power

    kind, size, wanted, judge = fault(law)
    if judge == "count":
        labels, probabilities = outcomes(law)
        return power.outcome(probabilities[labels.index(stated(law))], size, wanted, rate / 2)
    return power.normal(kind, size, wanted, rate / 2, components(law))


def components(law: Law) -> int:
    """How many independent normal numbers a draw has."""
    from polystate_conformance.scoring import exact_tests

    first = law["outcomes"][0] if law["law"] == "mixture" else law
    mean = np.array(first["mean"], float)
    return exact_tests.whiten(mean[None], mean, np.array(first["covariance"], float))[0].shape[1]


def outcomes(law: Law) -> tuple[list[tuple[str | None, ...]], np.ndarray]:
    """Labels and probabilities (K,) of the outcomes of a law."""
    if "probabilities" in law:
        return [(label,) for label in law["probabilities"]], np.array(list(law["probabilities"].values()), float)
    return [tuple(item["labels"]) for item in law["outcomes"]], np.array(
        [item["probability"] for item in law["outcomes"]], float
    )


def stated(law: Law) -> tuple[str | None, ...]:
    """The outcome whose probability a case watches: its labels with spaces between, a dash where inactive."""
    from polystate_conformance.scoring import power

    kind = fault(law)[0]
    if kind in power.JUDGED_BY:
        return outcomes(law)[0][0]
    return tuple(None if word == "-" else word for word in kind.split(" "))


def verdict(case: Case, ok: dict[str, Any], out_dir: Path, plan: Plan) -> dict[str, Any]:
    """Judge the draws of one case: it fails where a p-value is below the rate of its test."""
    output, law = law_of(case)
    count = draws_needed(law, plan.rate)
    generator = np.random.default_rng(int(plan.seed(case)) ^ 0x9E3779B9)
    try:
        draws = None if law["law"] == "categorical" else draws_of(ok, out_dir, law, count)
        drawn = None if law["law"] == "normal" else outcomes_drawn(ok, law, count)
        values = p_values(law, draws, drawn, generator)
    except Impossible as error:
        return {"outcome": "failed", "why": f"{output}: {error}", "accepted": True, "draws": count}
    allowed = rates(values, fault(law)[3], plan.rate)
    name = min(values, key=lambda name: values[name] / allowed[name])
    facts = {
        "p_values": {key: float(f"{value:.3g}") for key, value in values.items()},
        "rate": plan.rate,
        "draws": count,
        "accepted": True,
    }
    if values[name] < allowed[name]:
        why = f"{output}: {name}: p = {values[name]:.3g} below {allowed[name]:.3g} in {count} draws"
        return {"outcome": "failed", "why": why, **facts}
    return {"outcome": "passed", **facts}


class Impossible(Exception):
    """Draws that have no place in the law at all."""


def p_values(
    law: Law, draws: np.ndarray | None, drawn: np.ndarray | None, generator: np.random.Generator
) -> dict[str, float]:
    """Exact p-values of draws (n, M, 3) and numbers of outcomes (n,), where the law has them; may be Impossible."""
    from polystate_conformance.scoring import exact_tests

    values: dict[str, float] = {}
    if drawn is not None:
        labels, probabilities = outcomes(law)
        values |= exact_tests.categorical(drawn, probabilities, labels.index(stated(law)), generator)
    if draws is not None:
        values |= exact_tests.normal(*whitened(law, draws, drawn))
    return values


def whitened(law: Law, draws: np.ndarray, drawn: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Independent standard normal numbers (n, d) behind draws (n, M, 3), and atom and axis (d,) of each."""
    from polystate_conformance.scoring import exact_tests

    if law["law"] == "normal":
        if "warp" in law:
            draws = _straight(draws, law["warp"])
        parts = [(np.arange(len(draws)), law)]
    else:
        assert drawn is not None
        parts = [(np.flatnonzero(drawn == k), item) for k, item in enumerate(law["outcomes"])]
    z: np.ndarray | None = None
    for rows, item in parts:
        if not len(rows):
            continue
        mean, covariance = np.array(item["mean"], float), np.array(item["covariance"], float)
        own, atom, axis, excess = exact_tests.whiten(draws[rows], mean, covariance)
        if excess > 0:
            raise Impossible(f"{excess:.3g} Å too far outside of what a singular covariance allows")
        z = np.empty((len(draws), own.shape[1])) if z is None else z
        z[rows] = own
    assert z is not None
    return z, atom, axis


def _straight(draws: np.ndarray, warp: dict[str, Any]) -> np.ndarray:
    """The normal numbers behind a decoder of one hidden layer."""
    shift, scale = np.array(warp["shift"], float), np.array(warp["scale"], float)
    moved = draws - shift
    bent = scale != 0
    ratio = moved[:, bent] / scale[bent]
    if np.any(np.abs(ratio) >= 1):
        raise Impossible("a decoder gives what its last layer cannot")
    moved[:, bent] = np.arctanh(ratio)
    return moved


def draws_of(ok: dict[str, Any], out_dir: Path, law: Law, count: int) -> np.ndarray:
    """The draws (n, M, 3) of an answer; Impossible where they are missing, misshapen or not finite."""
    if not isinstance(ok.get("draws"), dict):
        raise Impossible("missing from the answer")
    first = law["outcomes"][0] if law["law"] == "mixture" else law
    path = compare.inside(out_dir, ok["draws"]["file"])
    if path is None:
        raise Impossible(f"no such file in out_dir: {ok['draws']['file']!r}")
    try:
        found = np.load(path, allow_pickle=False)
    except Exception as error:
        raise Impossible(f"not a NumPy array file: {str(error)[:200]}") from None
    shape = (count, *np.shape(first["mean"]))
    wrong = compare.array_difference(np.zeros(shape), found, "float64", np.inf, 0)
    if wrong is not None:
        raise Impossible(wrong["why"])
    if not np.isfinite(found).all():
        raise Impossible("not finite")
    return found


def outcomes_drawn(ok: dict[str, Any], law: Law, count: int) -> np.ndarray:
    """The number of the outcome of each draw."""
    if "states_drawn" not in ok:
        raise Impossible("states_drawn: missing from the answer")
    drawn = ok["states_drawn"]
    if len(drawn) != count:
        raise Impossible(f"states_drawn: expected {count} draws, found {len(drawn)}")
    number = {labels: k for k, (labels, p) in enumerate(zip(*outcomes(law), strict=True)) if p > 0}
    found = [number.get(tuple(item) if isinstance(item, list) else (item,), -1) for item in drawn]
    if -1 in found:
        raise Impossible(f"states_drawn: not possible: {json.dumps(drawn[found.index(-1)])}")
    return np.array(found)


def uniformity(p_values: Iterable[float]) -> float:
    """The p-value of p-values being uniform (Kolmogorov–Smirnov), for checks of the false-alarm rate."""
    from scipy import stats

    return float(stats.kstest(list(p_values), "uniform").pvalue)


def fresh_seed() -> int:
    """A seed of a run that nobody has chosen."""
    return random.SystemRandom().getrandbits(63)
