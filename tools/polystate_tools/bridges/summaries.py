"""Tables of a few rows: what an entry is, the sites at which it varies, and the fits that it holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from polystate import Deposition
from polystate.errors import AxisNotGiven
from polystate.evaluation import evaluate
from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate.questions.sites import sites as all_sites
from polystate.rules.derivation import stale

TEXT, WHOLE, REAL, TRUTH = pa.string(), pa.int64(), pa.float64(), pa.bool_()
ENTRIES = {
    "title": TEXT, "id": TEXT, "method": TEXT, "resolution": REAL, "format_version": TEXT, "digest": TEXT,
    "atoms": WHOLE, "residues": WHOLE, "chains": WHOLE, "descriptors": WHOLE, "levels": WHOLE, "axes": WHOLE,
    "sites": WHOLE, "joint_states": REAL, "mean_b": REAL, "fitted": TRUTH,
}  # fmt: skip
SITES = {
    "site": TEXT, "depth": WHOLE, "residue": WHOLE, "chain": TEXT, "number": WHOLE, "ins": TEXT, "atoms": WHOLE,
    "states": WHOLE, "population": REAL, "dependent": TRUTH,
}  # fmt: skip
FITS = {
    "block": TEXT, "level": TEXT, "descriptor": TEXT, "groups": WHOLE, "mean_b": REAL, "share": REAL,
    "share_bound": REAL, "certificate": REAL, "residual_rms_b": REAL, "converged": TRUTH, "stale": TRUTH,
}  # fmt: skip


def entries(dep: Deposition) -> pa.Table:
    """One row: title, id, method, resolution (Å), format_version, digest (of the content), how many atoms, residues,
    chains, descriptors, levels, axes, sites and joint_states there are, mean_b (Å²), fitted (whether there is a fit).

    joint_states is a floating number, since there may be more than 2^63. mean_b is over the atoms of the default state,
    NULL where there is no level, or where a state of an axis decides."""
    about = dep.document.get("entry") or {}
    levels = dep.levels()
    row = {
        "title": dep.document.get("title"), "id": about.get("id"), "method": about.get("method"),
        "resolution": about.get("resolution"), "format_version": dep.document.get("format_version"),
        "digest": dep.digest(), "atoms": dep.n_atoms, "residues": dep.hierarchy.size("residue"),
        "chains": dep.hierarchy.size("chain"), "descriptors": len(dep.descriptors), "levels": len(levels),
        "axes": len(dep.axes), "sites": len(dep.states.dag), "joint_states": float(dep.states.count()),
        "mean_b": _mean_b(dep) if levels else None, "fitted": any(True for _ in _fits(dep)),
    }  # fmt: skip
    return pa.table({name: pa.array([row[name]], kind) for name, kind in ENTRIES.items()})


def _mean_b(dep: Deposition) -> float | None:
    try:
        there = evaluate.present(dep.request(only=dep.levels()))
    except AxisNotGiven:
        return None
    u = dep.covariance()[there]
    return float(EIGHT_PI_SQUARED * np.trace(u, axis1=1, axis2=2).mean() / 3) if len(u) else None


def sites(dep: Deposition) -> pa.Table:
    """One row a site: site (its name), depth (of sites that it depends on), residue (row) with chain, number and ins of
    its first atom, atoms, states (how many), population (of the largest), dependent (on other sites)."""
    h = dep.hierarchy
    residue, chain = h.of_atoms("residue"), h.text("chains", "auth_asym")[h.column("residues", "chain")]
    number, ins = h.column("residues", "auth_seq"), h.text("residues", "ins")
    rows: dict[str, list[Any]] = {name: [] for name in SITES}
    for site in all_sites(dep):
        first = int(residue[site.rows[0]]) if len(site.rows) else None
        found = {
            "site": site.name, "depth": site.depth, "residue": first,
            "chain": None if first is None else str(chain[first]),
            "number": None if first is None else int(number[first]),
            "ins": None if first is None else str(ins[first]), "atoms": len(site.rows), "states": len(site.states),
            "population": max((state.population for state in site.states), default=None),
            "dependent": any(state.when for state in site.states),
        }  # fmt: skip
        for name, value in found.items():
            rows[name].append(value)
    return pa.table({name: pa.array(rows[name], kind) for name, kind in SITES.items()})


def fits(dep: Deposition) -> pa.Table:
    """One row a level of each fit: block (of provenance), level, descriptor, groups, mean_b (Å²), share and share_bound
    (percent), and of the fit: certificate (relative gap), residual_rms_b (Å²), converged, stale.

    Where stale is true, the numbers are those of a stack that has changed since."""
    changed = {error.where.split("#")[0] for error in stale(dep)}
    rows: dict[str, list[Any]] = {name: [] for name in FITS}
    for path, block in _fits(dep):
        end, path_steps = block.get("convergence") or {}, block.get("path") or [{}]
        of_fit = {
            "block": path.partition("/")[2], "certificate": (block.get("certificate") or {}).get("relative_gap"),
            "residual_rms_b": path_steps[-1].get("residual_rms_b"), "converged": end.get("converged"),
            "stale": any(where.startswith(path) for where in changed),
        }  # fmt: skip
        for level in block["levels"]:
            found = {**of_fit, **level, "level": level.get("name")}
            for name in FITS:
                rows[name].append(found.get(name))
    return pa.table({name: pa.array(rows[name], kind) for name, kind in FITS.items()})


def _fits(dep: Deposition) -> Any:
    """Path and document of each provenance block that is of a fit with levels."""
    for path in dep.tree:
        if path.startswith("provenance/"):
            block = dep.tree[path].attributes
            if block.get("kind") == "fit" and block.get("levels"):
                yield path, block
