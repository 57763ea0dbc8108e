"""Why the levels of 6vxx and 7k3t differ from those of Pearce & Gros 2021: one choice changed at a time.

    python tools/benchmarks/echt_paper.py --data ../shared/data

Each row is a fit at one penalty, with its certificate. 6vxx, 22 812 protein atoms, isotropic: mean B (Å²) of each
level beside Table 1. 7k3t, 2 367 atoms, anisotropic: largest B (Å²) of an atom at each level beside the paper's.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from echt import spike

from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate_tools.echt.prepare import prepare
from polystate_tools.echt.solver.model import level_covariances, own_covariances
from polystate_tools.echt.solver.points import Point, Settings
from polystate_tools.echt.solver.solver import Solver
from polystate_tools.echt.solver.structure import Problem

TOLERANCE = 1e-5  # of F
LAST = 50  # where the path of these levels ends
NAMES = ("molecule", "domain", "secondary_structure", "residue", "atomic")
PAPER = (12.4, 10.3, 3.9, 1.7, 0.5)
SHIPPED = Path(__file__).parents[1] / "polystate_tools" / "echt" / "examples" / "spike-domains.yaml"


def variants(data: Path) -> Iterator[tuple[str, Problem, Settings, int]]:
    """(what is changed, problem, settings, step)."""
    given = spike(data)
    problem, usual = given.problem, Settings()
    for n in (21, 29, 40, LAST, 63):
        yield f"path stopped at n = {n}", problem, usual, n
    domain, (chain, number) = problem.labels[1], _places(given.data)
    for shift in (-5, 5):
        yield f"domain borders moved by {shift:+d} residues", _with(problem, 1, _moved(domain, chain, number, shift)), \
            usual, LAST  # fmt: skip
    yield "domains: the three chains", _with(problem, 1, chain), usual, LAST
    own = prepare(data / "echt" / "6vxx.pdb", levels=NAMES, domains=SHIPPED, exclude=["(NAG)"]).problem
    yield "shipped domains, secondary structure by DSSP", own, usual, LAST
    yield "shipped domains only", _with(problem, 1, _matched(problem, own, 1)), usual, LAST
    yield "secondary structure by DSSP only", _with(problem, 2, _matched(problem, own, 2)), usual, LAST
    for gamma in (0.5, 0.99):
        yield f"gamma {gamma}", problem, Settings(gamma=gamma), LAST
    yield "all weights equal", dataclasses.replace(problem, weights=np.ones(len(problem.xyz))), usual, LAST


def _places(found) -> tuple[np.ndarray, np.ndarray]:
    h = found.dep.hierarchy
    return h.of_atoms("chain")[found.rows], h.column("residues", "auth_seq")[h.of_atoms("residue")[found.rows]]


def _with(problem: Problem, level: int, labels: np.ndarray) -> Problem:
    return dataclasses.replace(problem, labels=[labels if k == level else x for k, x in enumerate(problem.labels)])


def _moved(domain: np.ndarray, chain: np.ndarray, number: np.ndarray, shift: int) -> np.ndarray:
    """Every residue takes the domain of the residue `shift` before it in its chain (the nearest there is)."""
    out = np.empty_like(domain)
    for c in np.unique(chain):
        at = np.flatnonzero(chain == c)
        have, first = np.unique(number[at], return_index=True)
        near = np.clip(np.searchsorted(have, number[at] - shift), 0, len(have) - 1)
        out[at] = domain[at[first[near]]]
    return out


def _matched(problem: Problem, other: Problem, level: int) -> np.ndarray:
    """The labels of another problem of the same atoms, in the order of this one."""
    here, there = (np.lexsort(p.xyz.T.round(3)) for p in (problem, other))
    out = np.empty(len(problem.xyz), np.int64)
    out[here] = other.labels[level][there]
    return out


def ends(data: Path) -> Iterator[tuple[str, Problem, int]]:
    """(what is changed, problem, step) of 7k3t: where its last residues go."""
    path, atoms = data / "echt" / "7k3t-prepared-H.pdb", "*/1-306 and not ( (HOH,ZN,DMS) )"
    for last, what in ((306, "as it is"), (301, "without residues 302 to 306")):
        given = prepare(path, only=atoms.replace("306", str(last)), exclude=["A/306/OXT"][: last == 306])
        problem = given.problem
        yield what, problem, 52
        if last == 306:
            number = _places(given.data)[1]
            elements, final = problem.labels[1], number >= 302
            yield "path stopped at n = 29", problem, 29
            joined = np.where(final, elements[number == 301][0], elements)
            yield "302 to 306 joined to the helix before them", _with(problem, 1, joined), 52
            yield "302 to 306 in no group of secondary structure", _with(problem, 1, np.where(final, -1, elements)), 52


def largest(solver: Solver, point: Point) -> list[float]:
    """Largest B (Å²) of an atom at each level."""
    u = [level_covariances(solver.s, point.sigma, k) for k in range(len(solver.problem.labels))]
    u.append(own_covariances(solver.s, point.own))
    return [float(EIGHT_PI_SQUARED * v[:, :3].sum(axis=1).max() / 3) for v in u]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data
    print(f"| 6vxx, changed | {' | '.join(NAMES)} | molecule + domain, % | total | residual | (F - D) / F |")
    print("| --- |" + " --- |" * (len(NAMES) + 4))
    print(
        f"| Table 1 | {' | '.join(map(str, PAPER))} | {100 * sum(PAPER[:2]) / sum(PAPER):.0f} | {sum(PAPER):.1f} | | |"
    )
    for what, problem, settings, n in variants(data):
        solver = Solver(problem, settings)
        point = solver.reach(n, TOLERANCE)
        b = solver.mean_b(point)
        print(
            f"| {what} | {' | '.join(f'{x:.2f}' for x in b)} | {100 * sum(b[:2]) / sum(b):.1f} | {sum(b):.2f} | "
            f"{solver.residual_rms_b(point):.3f} | {point.certificate:.1e} |",
            flush=True,
        )
    names = ("chain", "secondary structure", "residue", "side chain", "atomic")
    print(f"\n| 7k3t, largest B | {' | '.join(names)} |\n| --- |" + " --- |" * len(names))
    print("| paper | 7.4 | 30.2 | 35.9 | 14.4 | 19.0 |")
    for what, problem, n in ends(data):
        solver = Solver(problem)
        print(f"| {what} | {' | '.join(f'{b:.1f}' for b in largest(solver, solver.reach(n, TOLERANCE)))} |", flush=True)


if __name__ == "__main__":
    main()
