"""What can be switched in the view of a deposition: states of sites, steps of axes, landmarks; and draws to play."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from polystate import Deposition, Draw
from polystate.errors import PolystateError
from polystate.evaluation.rendering import Snapshot
from polystate.questions.glance import first_steps
from polystate.questions.sites import Site, sites

MOST_NUMBERS = 600_000  # coordinates of all options of all switches; what is beyond it is counted and left out
MOST_STEPS, MOST_DRAWS = 24, 20
DRAWN_NUMBERS = 250_000
STILL = 0.005  # ångström
Option = tuple[str, dict[str, Any], list[dict[str, list[str]]]]  # label, request, under which states of other sites


def switches(dep: Deposition, base: Snapshot) -> tuple[list[dict[str, Any]], int]:
    """Each {name, chosen, options: [{label, needs, rows, xyz, present}]}, and how many were left out for their size.

    needs: the alternatives {switch: labels} under which an option holds, empty: always; rows: atoms that it moves, adds
    or takes away beside `base`; xyz: (rows, 3) ångström. chosen: the label that `base` has."""
    found: list[dict[str, Any]] = []
    numbers = left_out = 0
    for name, now, options in _all(dep, base):
        made: dict[str, Any] = {"name": name, "chosen": now, "options": []}
        for label, given, needs in options:
            try:
                snap = dep.render(psd="clip", **{"at": first_steps(dep), **given})
            except PolystateError:
                continue
            made["options"].append({"label": label, "needs": needs, **_change(base, snap)})
            numbers += 3 * len(made["options"][-1]["rows"])
            if numbers > MOST_NUMBERS:
                break
        if numbers > MOST_NUMBERS:
            left_out += 1
        elif len(made["options"]) > 1:
            found.append(made)
    return found, left_out


def _all(dep: Deposition, base: Snapshot) -> Iterator[tuple[str, str, list[Option]]]:
    """Name, the label that `base` has, and each option."""
    for site in sites(dep):
        yield site.name, base.state.get(site.name, ""), _of_site(site)
    begin = first_steps(dep)
    for name in begin:
        length = dep.axes[name].length
        steps = np.unique(np.linspace(0, length - 1, min(length, MOST_STEPS)).astype(int)).tolist()
        yield f"axis {name}", "0", [(str(k), {"at": {**begin, name: k}}, []) for k in steps]
    for path in dep.tree:
        if path.startswith("landmarks/"):
            d, labels = path.partition("/")[2], dep.tree[path].attributes.get("labels", [])
            yield d, "", [("none", {}, []), *((str(x), {"components": {d: x}}, []) for x in labels)]


def _of_site(site: Site) -> list[Option]:
    """Each state once, rendered with the first of the parents' states that it goes with."""
    needs: dict[str, list[dict[str, list[str]]]] = {}
    for state in site.states:
        if state.population > 0:
            needs.setdefault(state.label, []).append({parent: list(labels) for parent, labels in state.when.items()})
    return [
        (label, {"state": {**{p: labels[0] for p, labels in found[0].items()}, site.name: label}}, found)
        for label, found in needs.items()
    ]


def _change(base: Snapshot, snap: Snapshot) -> dict[str, Any]:
    moved = np.abs(snap.xyz - base.xyz).max(axis=1) > STILL
    rows = np.flatnonzero((moved & snap.present) | (snap.present != base.present))
    return {
        "rows": rows.tolist(),
        "xyz": np.round(snap.xyz[rows], 2).ravel().tolist(),
        "present": snap.present[rows].astype(int).tolist(),
    }


def draws(dep: Deposition, base: Snapshot) -> list[list[float]]:
    """Displacements of Gaussian draws from the mean, each (3 N,) ångström; none where nothing is Gaussian."""
    if not dep.levels():
        return []
    count = min(MOST_DRAWS, DRAWN_NUMBERS // (3 * len(base.xyz)))
    found = []
    for index in range(count):
        snap = dep.render(state=base.state, at=base.at, draw=Draw(7, index), psd="clip")
        found.append(np.round(snap.xyz - snap.mean, 2).ravel().tolist())
    return found
