"""Check the statistical track itself: `python -m polystate_conformance.selftest.verify_statistics`.

- False alarms: in many runs of the reference, and of a sampler with NumPy's generator, the p-values of every test of
  every case are uniform (Kolmogorov–Smirnov, the smallest of all adjusted for their number).
- Power: each case finds the fault that it states, planted in its law, as often as it says.
- Wrong samplers: each is caught by the cases that claim it, at the numbers of draws and rates of a real run, whatever
  the seed; and a right sampler by none.

The figures go to conformance/statistics.json, which the HTML report of a score shows.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from polystate_conformance import paths
from polystate_conformance.scoring import exact_tests, laws
from polystate_conformance.scoring.runner import run_in_process
from polystate_conformance.selftest import planting as faults
from polystate_conformance.suite import case as cases_module
from polystate_conformance.suite.case import Case
from polystate_conformance.suite.materialise import Materials

PROFILE = "sampling-statistical"
RESULTS = paths.CONFORMANCE / "statistics.json"
SAMPLERS = ("reference", "numpy_sampler")
SEEDS = 10
DOUBT = 1e-4
"""A figure that a correct suite gives with a smaller probability is a failure of the verification."""
SLOW = {"iterate": 50, "latents": 10}
"""Laws whose draws the reference makes one after the other are run so many times less often."""
_CASES: dict[str, Case] = {}


def collection() -> list[Case]:
    """The statistical cases, in order of id, without reading the others."""
    mine = [file for file in cases_module.files() if f"profile: {PROFILE}\n" in file.read_text("utf-8")]
    return sorted(map(cases_module.load, mine), key=lambda case: case.id)


def _initialise(ids: Iterable[str]) -> None:
    wanted = set(ids)
    _CASES.update({case.id: case for case in collection() if case.id in wanted})


def adapter(name: str) -> Any:
    """The module of a sampler by its name."""
    from polystate_conformance.implementations import numpy_sampler, reference

    return {"reference": reference, "numpy_sampler": numpy_sampler}[name]


# -- false alarms ----------------------------------------------------------------------------------------


def p_values(case: Case, sampler: str, runs: int, seed: int) -> dict[str, list[float]]:
    """p-values of each test of a case in `runs` runs of a few draws each."""
    _, law = laws.law_of(case)
    generator = np.random.default_rng(seed)
    d = 0 if law["law"] == "categorical" else laws.components(law)
    size = max(64, 4 * d + 16)
    found: dict[str, list[float]] = {}
    labels, probabilities = laws.outcomes(law) if law["law"] != "normal" else ([], np.zeros(0))
    for one in generator.integers(0, 1 << 63, SEEDS):
        count = max(1, runs // SEEDS)
        draws, drawn = sample(case, sampler, count * size, int(one))
        z = None if draws is None else laws.whitened(law, draws, drawn)
        for k in range(count):
            rows = slice(k * size, (k + 1) * size)
            values: dict[str, float] = {}
            if drawn is not None:
                own = labels.index(laws.stated(law))
                values |= exact_tests.categorical(drawn[rows], probabilities, own, generator)
            if z is not None:
                values |= exact_tests.normal(z[0][rows], *z[1:])
            for name, value in values.items():
                found.setdefault(name, []).append(value)
    return found


def sample(case: Case, sampler: str, count: int, seed: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Draws (count, M, 3) and numbers of outcomes (count,) of one request to a sampler."""
    _, law = laws.law_of(case)
    with tempfile.TemporaryDirectory() as folder, Materials() as materials:
        request = {**case.message, "index": "0", "count": count}
        message = {"kind": "draw", "profile": PROFILE, "deposition": str(materials.store(case)), "request": request,
                   "seed": str(seed), "out_dir": folder}  # fmt: skip
        answer = adapter(sampler).handle(message)
        if "ok" not in answer:
            raise ValueError(f"{case.id}: {sampler}: {answer}")
        ok = answer["ok"]
        draws = None if law["law"] == "categorical" else laws.draws_of(ok, Path(folder), law, count)
        drawn = None if law["law"] == "normal" else laws.outcomes_drawn(ok, law, count)
    return draws, drawn


def uniformity(tables: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    """Figures of one sampler from the p-values of its cases: {case: {test: values}}."""
    tests = [(case, name, values) for case, table in tables.items() for name, values in table.items()]
    smallest, where = min((laws.uniformity(values), f"{case}: {name}") for case, name, values in tests)
    pooled = np.concatenate([values for _, _, values in tests])
    return {
        "cases": len(tables), "tests": len(tests), "p_values": len(pooled),
        "runs": max(len(values) for _, _, values in tests),
        "smallest_ks": _short(smallest), "smallest_ks_of": where,
        "adjusted_ks": _short(-np.expm1(len(tests) * np.log1p(-smallest))),
        "below": {f"{rate:g}": _short(float(np.mean(pooled < rate))) for rate in (0.1, 0.01, 0.001)},
    }  # fmt: skip


# -- power -----------------------------------------------------------------------------------------------


def missed(case: Case, rate: float, repeats: int, seed: int) -> dict[str, Any]:
    """How often the fault that a case states is missed by its own test, planted in the law itself."""
    _, law = laws.law_of(case)
    kind, size, wanted, judge = laws.fault(law)
    n, generator = laws.draws_needed(law, rate), np.random.default_rng(seed)
    if judge == "count":
        labels, probabilities = laws.outcomes(law)
        p = float(probabilities[labels.index(laws.stated(law))])
        counts = generator.binomial(n, p + size, repeats)
        low, high = stats.binom.ppf(rate / 4, n, p), stats.binom.isf(rate / 4, n, p)
        misses = int(np.sum((counts >= low) & (counts <= high)))
    else:
        d = laws.components(law)
        misses = sum(_judged(judge, faulty(kind, size, n, d, generator)) >= rate / 2 for _ in range(repeats))
    return {"case": case.id, "title": case.title, "fault": kind, "size": size, "judged_by": judge, "draws": n,
            "power": wanted, "repeats": repeats, "missed": misses}  # fmt: skip


def faulty(kind: str, s: float, n: int, d: int, generator: np.random.Generator) -> np.ndarray:
    """Whitened draws (n, d) with one fault of size s."""
    z = generator.standard_normal((n, d))
    if kind == "sd":
        z *= 1 + s
    elif kind == "sd of a component":
        z[:, generator.integers(d)] *= 1 + s
    elif kind == "shift":
        z += s
    elif kind == "correlation":
        one, other = generator.choice(d, 2, replace=False)
        z[:, one] = s * z[:, other] + np.sqrt(1 - s * s) * z[:, one]
    elif kind == "common correlation":
        shared = np.tile(generator.standard_normal((n, 3)), d // 3)
        z = np.sqrt(1 - s) * z + np.sqrt(s) * shared
    elif kind == "serial correlation":
        z[1::2] = s * z[0::2] + np.sqrt(1 - s * s) * z[1::2]
    else:
        raise ValueError(f"no such fault: {kind}")
    return z


def _judged(judge: str, z: np.ndarray) -> float:
    d = z.shape[1]
    return exact_tests.normal(z, np.arange(d) // 3, np.arange(d) % 3, only=judge)[judge]


# -- wrong samplers --------------------------------------------------------------------------------------


def caught(id: str | None, seeds: int) -> list[dict[str, Any]]:
    """How often each case that claims a wrong sampler fails it at the rates of a real run; without one, any case."""
    own = adapter("numpy_sampler")
    everything = list(_CASES.values())
    item = next((item for item in faults.load() if item.id == id), None)
    chosen = [case for case in everything if id is None or id in case.kills]
    found = {case.id: 0 for case in chosen}
    with Materials() as materials:
        for seed in range(1, seeds + 1):
            for case in chosen:
                plan = laws.Plan(laws.SUITE_RATE / len(everything), seed)
                if item is None:
                    results = run_in_process(own.handle, own.hello(), [case], materials, seed, plan=plan)
                else:
                    with faults.planted(item):
                        results = run_in_process(own.handle, own.hello(), [case], materials, seed, plan=plan)
                found[case.id] += results[0]["outcome"] != "passed"
    return [{"fault": id, "case": case, "caught": count, "of": seeds} for case, count in found.items()]


# -- everything ------------------------------------------------------------------------------------------


def verify(
    runs: int = 10_000, repeats: int = 4000, seeds: int = 10, jobs: int = 2, ids: Iterable[str] | None = None,
    seed: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """All figures; `ids` limits them to some cases."""
    started = time.monotonic()
    everything = collection()
    wanted = set(ids or (case.id for case in everything))
    cases = [case for case in everything if case.id in wanted]
    rate = laws.SUITE_RATE / len(everything)
    seed = laws.fresh_seed() if seed is None else seed
    wrong = sorted({id for case in cases for id in case.kills})
    tasks: list[tuple[str, tuple[Any, ...]]] = [
        ("uniform", (case.id, sampler, _runs(case, runs), seed + k))
        for k, case in enumerate(cases)
        for sampler in SAMPLERS
    ]
    tasks += [("power", (case.id, rate, repeats, seed + k)) for k, case in enumerate(cases)]
    tasks += [("caught", (id, seeds)) for id in [None, *wrong]]
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, _initialise, (wanted,)) as pool:
        answers = list(pool.imap(_work, tasks, chunksize=1))
    by = {kind: [(task[1], answer) for task, answer in zip(tasks, answers, strict=True) if task[0] == kind]
          for kind in ("uniform", "power", "caught")}  # fmt: skip
    samplers = {
        name: uniformity({task[0]: answer for task, answer in by["uniform"] if task[1] == name}) for name in SAMPLERS
    }
    claims = [row for task, rows in by["caught"] if task[0] is not None for row in rows]
    right = [row for task, rows in by["caught"] if task[0] is None for row in rows]
    return {
        "suite_rate": laws.SUITE_RATE, "rate_of_a_case": rate, "seed": str(seed),
        "uniformity": samplers, "power": [answer for _, answer in by["power"]],
        "wrong_samplers": {"faults": len(wrong), "claims": claims},
        "right_sampler": {"runs": sum(row["of"] for row in right), "alarms": sum(row["caught"] for row in right)},
        "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def _runs(case: Case, runs: int) -> int:
    latents = any("latents" in item.get("tables", {}) for item in case.deposition["descriptors"].values())
    return runs // (SLOW["iterate"] if "iterate" in case.request else SLOW["latents"] if latents else 1)


def _work(task: tuple[str, tuple[Any, ...]]) -> Any:
    kind, arguments = task
    if kind == "caught":
        return caught(*arguments)
    id, *rest = arguments
    return p_values(_CASES[id], *rest) if kind == "uniform" else missed(_CASES[id], *rest)


def problems(figures: dict[str, Any]) -> list[str]:
    """What a correct suite would hardly show."""
    found = [
        f"{name}: p-values of {item['smallest_ks_of']} are not uniform: {item['adjusted_ks']}"
        for name, item in figures["uniformity"].items() if item["adjusted_ks"] < DOUBT
    ]  # fmt: skip
    for row in figures["power"]:
        if stats.binom.sf(row["missed"] - 1, row["repeats"], 1 - row["power"]) < DOUBT:
            found.append(f"{row['case']}: misses its fault in {row['missed']} of {row['repeats']}")
    for row in figures["wrong_samplers"]["claims"]:
        if row["caught"] < row["of"]:
            found.append(f"{row['fault']}: caught by {row['case']} in {row['caught']} of {row['of']} runs")
    if alarms := figures["right_sampler"]["alarms"]:
        found.append(f"{alarms} false alarms")
    return found


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def main(arguments: list[str] | None = None) -> int:
    """Verify, write the figures, print what is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000, help="runs whose p-values must be uniform")
    parser.add_argument("--repeats", type=int, default=4000, help="simulations of each stated fault")
    parser.add_argument("--seeds", type=int, default=10, help="runs of each wrong sampler")
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the figures go")
    options = parser.parse_args(arguments)
    figures = verify(options.runs, options.repeats, options.seeds, options.jobs)
    figures["problems"] = problems(figures)
    options.out.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    for name, item in figures["uniformity"].items():
        print(f"{name}: {item['p_values']} p-values of {item['tests']} tests, smallest KS p {item['smallest_ks']},"
              f" adjusted {item['adjusted_ks']}; below 0.001: {item['below']['0.001']}")  # fmt: skip
    total, lost = (sum(row[key] for row in figures["power"]) for key in ("repeats", "missed"))
    print(f"stated faults: {lost} of {total} missed ({len(figures['power'])} cases)")
    claims = figures["wrong_samplers"]["claims"]
    print(f"wrong samplers: {sum(r['caught'] for r in claims)} of {sum(r['of'] for r in claims)} claims hold")
    print(f"right sampler: {figures['right_sampler']['alarms']} alarms in {figures['right_sampler']['runs']} cases run")
    for line in figures["problems"]:
        print(line, file=sys.stderr)
    print(f"{figures['seconds']} s")
    return 1 if figures["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
