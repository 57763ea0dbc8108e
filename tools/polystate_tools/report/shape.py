"""What varies where, as pictures: descriptors by level of the hierarchy, sites over each other, B along the chains."""

from __future__ import annotations

import numpy as np

from polystate import Deposition
from polystate.evaluation.rendering import Snapshot
from polystate.numbers.tensors import EIGHT_PI_SQUARED
from polystate.questions.sites import Site
from polystate.questions.views import level_of
from polystate_tools.report.svg import escape, nice_ticks, number

LEVELS = ("deposition", "entity", "chain", "residue", "atom")
SHORTEST = 3  # residues of a chain that has a profile
WIDTH, HEIGHT, LEFT, BOTTOM = 1200, 150, 54, 28
COLOURS = ("#2f6f9f", "#54b399", "#e0a030", "#d6604d", "#8e5ea2", "#b5838d", "#7b8794", "#3f9fbf")


def colour(k: int) -> str:
    """Of a level or a descriptor, by its place."""
    return COLOURS[k % len(COLOURS)]


def scopes(dep: Deposition) -> str:
    """Descriptors (rows) at the level of the hierarchy that they vary at (columns), with how many labels each has."""
    step, row, left = 150, 30, 190
    width, height = left + step * len(LEVELS) + 10, 34 + row * len(dep.descriptors)
    parts = []
    for k, level in enumerate(LEVELS):
        x = left + step * k + step / 2
        parts.append(f'<text x="{x}" y="16" text-anchor="middle" class="t">{level}</text>')
        parts.append(f'<path d="M{x} 24V{height - 6}" class="grid"/>')
    for r, d in enumerate(dep.descriptors.values()):
        y = 40 + row * r
        level = level_of(d)
        k = LEVELS.index(level) if level in LEVELS else 0
        x = left + step * k + step / 2
        name = (d.document.get("scope") or {}).get("grouping") or level
        parts.append(f'<text x="{left - 14}" y="{y}" dy=".32em" text-anchor="end" class="t">{escape(d.id[:28])}</text>')
        parts.append(f'<path d="M{left} {y}H{x}" class="grid"/><circle cx="{x}" cy="{y}" r="7" fill="{colour(r)}"/>')
        anchor, shift = ("end", -12) if k == len(LEVELS) - 1 else ("start", 12)
        said = f"{d.n_labels} × {str(name)[:20]}"
        parts.append(f'<text x="{x + shift}" y="{y - 9}" text-anchor="{anchor}">{escape(said)}</text>')
    return _svg(width, height, parts, "scopes")


def dag(found: list[Site]) -> str:
    """Sites by depth, each under the sites that it depends on; empty where none depends on another."""
    nested = [s for s in found if s.depth or any(s.name in x.when for o in found for x in o.states)][:60]
    if not nested:
        return ""
    depth = max(s.depth for s in nested) + 1
    lanes = [[s for s in nested if s.depth == k] for k in range(depth)]
    step, row = 250, 34
    width, height = step * depth, row * max(map(len, lanes)) + 16
    place = {s.name: (step * k + 8, 10 + row * r) for k, lane in enumerate(lanes) for r, s in enumerate(lane)}
    parts = []
    for s in nested:
        x, y = place[s.name]
        for parent in dict.fromkeys(p for state in s.states for p in state.when if p in place):
            a, b = place[parent]
            parts.append(
                f'<path d="M{a + 190} {b + 12}C{a + 225} {b + 12} {x - 35} {y + 12} {x} {y + 12}" class="edge"/>'
            )
        labels = "|".join(dict.fromkeys(state.label for state in s.states))
        parts.append(
            f'<rect x="{x}" y="{y}" width="190" height="24" rx="5" class="box"/><text x="{x + 8}" y="{y + 16}" '
            f'class="t">{escape(s.name[:18])}: {escape(labels[:10])}</text>'
        )
    return _svg(width, height, parts, "dag")


def level_b(dep: Deposition, base: Snapshot) -> tuple[list[str], np.ndarray]:
    """Names of the levels, largest first, and B of each atom by level, (L, N) Å²; absent atoms have NaN."""
    names = [d.id for d in dep.levels()]
    if not names:
        return [], np.zeros((0, dep.n_atoms))
    u = dep.covariance(state=base.state, at=base.at, by_level=True)
    b = EIGHT_PI_SQUARED * np.trace(u, axis1=2, axis2=3) / 3
    return names, np.where(base.present, b, np.nan)


def profiles(dep: Deposition, names: list[str], b: np.ndarray) -> str:
    """Mean B of each residue, stacked by level, a chart a chain; a residue's column names it and links to the view."""
    h = dep.hierarchy
    residue, chain = h.column("atoms", "residue"), h.column("residues", "chain")
    there = ~np.isnan(b[0]) if len(b) else np.zeros(0, bool)
    count = np.bincount(residue[there], minlength=len(chain))
    mean = np.stack([np.bincount(residue[there], row[there], len(chain)) for row in b]) / np.maximum(count, 1)
    top = float(mean.sum(axis=0).max()) * 1.05 or 1.0
    found = []
    for c in range(h.size("chain")):
        rows = np.flatnonzero((chain == c) & (count > 0))
        if len(rows) >= SHORTEST:
            title = f"chain {h.text('chains', 'auth_asym')[c]}"
            found.append(f"<h3>{escape(title)}</h3>" + _profile(dep, rows, names, mean[:, rows], top))
    return "".join(found)


def _profile(dep: Deposition, rows: np.ndarray, names: list[str], values: np.ndarray, top: float) -> str:
    h, inner, floor = dep.hierarchy, WIDTH - LEFT - 8, HEIGHT - BOTTOM
    step = inner / len(rows)
    parts = []
    for tick in nice_ticks(0, top, 3):
        y = floor - tick / top * (floor - 8)
        parts.append(f'<path d="M{LEFT} {number(y)}H{WIDTH - 8}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{number(y)}" dy=".32em" text-anchor="end">{tick:g}</text>')
    base = np.zeros(len(rows))
    for k in range(len(names)):
        upper = base + values[k]
        ups, downs = floor - upper / top * (floor - 8), floor - base / top * (floor - 8)
        path = [f"M{LEFT} {number(ups[0])}"]
        path += [f"V{number(ups[r])}H{LEFT + step * (r + 1):.1f}" for r in range(len(rows))]
        path += [f"V{number(downs[r])}H{LEFT + step * r:.1f}" for r in range(len(rows) - 1, -1, -1)]
        parts.append(f'<path d="{"".join(path)}Z" fill="{colour(k)}"><title>{escape(names[k])}</title></path>')
        base = upper
    comp, numbers = h.text("residues", "comp"), h.column("residues", "auth_seq")
    every = max(1, round(len(rows) / 14))
    for r, row in enumerate(rows.tolist()):
        said = f"{h.node_label('residue', row)} {comp[row]}: {base[r]:.1f} Å²"
        parts.append(
            f'<rect class="r" data-r="{row}" x="{LEFT + step * r:.1f}" y="8" width="{step:.1f}" height="{floor - 8}">'
            f"<title>{escape(said)}</title></rect>"
        )
        if r % every == 0:
            parts.append(
                f'<text x="{LEFT + step * (r + 0.5):.1f}" y="{floor + 16}" text-anchor="middle">{numbers[row]}</text>'
            )
    parts.append(f'<text transform="translate(12 {floor / 2}) rotate(-90)" text-anchor="middle" class="t">B, Å²</text>')
    return _svg(WIDTH, HEIGHT, parts, "profile")


def _svg(width: int, height: int, parts: list[str], kind: str) -> str:
    return (
        f'<div class="scroll"><svg class="chart {kind}" viewBox="0 0 {width} {height}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg></div>'
    )
