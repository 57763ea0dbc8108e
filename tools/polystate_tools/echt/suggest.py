"""Domains found in a fit: neighbouring elements of secondary structure whose disorder at small levels is alike.

The publication does this by eye. Here elements of a chain that follow each other are joined, those first whose joining
adds least to the variance of their mean B within groups (Ward), as long as a group is too small or most of the variance
between elements stays between groups. What each group gains is how far F falls when it alone is added to the levels of
the fit.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from polystate.errors import BadRequest
from polystate.store.outputs import replacing
from polystate_tools.echt.fit import Fit, atom_b
from polystate_tools.echt.solver.solver import Solver

LEVEL = "secondary_structure"
SMALLEST = 20  # residues of a domain
KEPT = 0.8  # of the variance between elements that stays between domains
TOLERANCE = 1e-4  # certificate of the fits that gains are taken from


@dataclass
class Domain:
    """A proposal. atoms: (n,) bool of the fitted atoms; b: their mean B at small levels, Å²; gain: fall of F by it."""

    name: str
    selection: str
    residues: int
    atoms: np.ndarray
    b: float
    gain: float = 0.0


@dataclass
class Suggestion:
    """The domains, and the fall of F by all of them together, of what F was."""

    domains: list[Domain]
    gain: float
    objective: float

    def to_json(self) -> dict[str, object]:
        """The numbers for programs."""
        rows = [{"name": d.name, "selection": d.selection, "residues": d.residues, "mean_b": d.b, "gain": d.gain}
                for d in self.domains]  # fmt: skip
        return {"domains": rows, "gain": self.gain, "objective": self.objective}

    def write(self, path: Path) -> None:
        """A file for `--domains`."""
        groups = "".join(f"      {json.dumps(d.name)}: {json.dumps(d.selection)}\n" for d in self.domains)
        source = "proposed by polystate fit --suggest-domains from elements of like disorder"
        text = f"levels:\n  domain:\n    source: {json.dumps(source)}\n    rest: none\n    groups:\n{groups}"
        with replacing(path, overwrite=True) as partial:
            partial.write_text(text, encoding="utf-8")


def suggest(fit: Fit) -> Suggestion:
    """Domains of each chain, with what they gain; refused where the fit has no secondary structure or finds none."""
    names = [level.name for level in fit.levels]
    if LEVEL not in names:
        raise BadRequest("--suggest-domains", ", ".join(names), f"a fit with the level {LEVEL}")
    domains = [d for chain in _chains(fit) for d in _of_chain(fit, *chain)]
    if not domains:
        raise BadRequest("--suggest-domains", "no chain with elements of unlike disorder",
                         f"chains of two or more stretches of {SMALLEST} residues")  # fmt: skip
    before = _objective(fit, None)
    for d in domains:
        d.gain = before - _objective(fit, np.where(d.atoms, 0, -1))
    labels = np.full(len(fit.data.rows), -1)
    for k, d in enumerate(domains):
        labels[d.atoms] = k
    return Suggestion(domains, before - _objective(fit, labels), before)


def _chains(fit: Fit) -> list[tuple[str, np.ndarray]]:
    """(author name, (n,) bool of its polymer atoms)."""
    h, data = fit.data.dep.hierarchy, fit.data
    chain = h.text("chains", "auth_asym").astype(str)[h.of_atoms("chain")[data.rows]]
    return [(name, data.polymer & (chain == name)) for name in dict.fromkeys(chain[data.polymer].tolist())]


def _of_chain(fit: Fit, chain: str, inside: np.ndarray) -> list[Domain]:
    h, data = fit.data.dep.hierarchy, fit.data
    residue = h.of_atoms("residue")[data.rows]
    level = [lv.name for lv in fit.levels].index(LEVEL)
    labels = fit.levels[level].labels
    small = atom_b(fit)[level : len(fit.levels)].sum(axis=0)
    elements = [labels == g for g in dict.fromkeys(labels[inside & (labels >= 0)].tolist())]
    groups = joined([(mask & inside, small, residue) for mask in elements])
    if len(groups) < 2:
        return []
    number, code = h.column("residues", "auth_seq"), h.text("residues", "ins").astype(str)
    out = []
    for k, atoms in enumerate(groups, 1):
        members = np.unique(residue[atoms])
        ends = np.flatnonzero(np.diff(members) > 1)
        runs = zip(members[np.append(0, ends + 1)], members[np.append(ends, len(members) - 1)], strict=True)
        said = (f"{number[a]}{'.' + code[a] if code[a] else ''}-{number[b]}{'.' + code[b] if code[b] else ''}"
                for a, b in runs)  # fmt: skip
        selection = " or ".join(f"{chain}/{text}" for text in said)
        out.append(Domain(f"{chain}{k}", selection, len(members), atoms, float(small[atoms].mean())))
    return out


def joined(elements: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """Masks of atoms of the groups that neighbouring elements (mask, B (n,), residue (n,)) become, in their order."""
    masks = [mask for mask, _, _ in elements]
    if not masks:
        return []
    _, b, residue = elements[0]
    count, mean = [float(m.sum()) for m in masks], [float(b[m].mean()) for m in masks]
    size = [len(np.unique(residue[m])) for m in masks]
    whole = sum(n * (x - np.average(mean, weights=count)) ** 2 for n, x in zip(count, mean, strict=True))
    lost = 0.0
    while len(masks) > 1:
        cost = [count[k] * count[k + 1] / (count[k] + count[k + 1]) * (mean[k] - mean[k + 1]) ** 2
                for k in range(len(masks) - 1)]  # fmt: skip
        short = [k for k in range(len(cost)) if min(size[k], size[k + 1]) < SMALLEST]
        k = min(short or range(len(cost)), key=lambda i: cost[i])
        if not short and lost + cost[k] > (1.0 - KEPT) * whole:
            break
        lost += cost[k]
        total = count[k] + count[k + 1]
        mean[k : k + 2] = [(count[k] * mean[k] + count[k + 1] * mean[k + 1]) / total]
        masks[k : k + 2], count[k : k + 2] = [masks[k] | masks[k + 1]], [total]
        size[k : k + 2] = [size[k] + size[k + 1]]
    return masks


def _objective(fit: Fit, labels: np.ndarray | None) -> float:
    """F of the last step with a level of these labels before the secondary structure."""
    problem = fit.given.problem
    if labels is not None:
        at = problem.names.index(LEVEL)
        problem = dataclasses.replace(
            problem, labels=[*problem.labels[:at], labels, *problem.labels[at:]],
            names=[*problem.names[:at], "domain", *problem.names[at:]],
        )  # fmt: skip
    solver = Solver(problem, fit.solver.settings, fit.solver.threads.count)
    return solver.reach(fit.steps[-1].n, TOLERANCE).F
