"""The report of an ECHT fit: one page for a crystallographer's second screen, complete in one file."""

from __future__ import annotations

import json
from importlib.resources import files
from operator import itemgetter
from pathlib import Path
from typing import Any

from polystate_tools.echt.fit import Fit
from polystate_tools.echt.outputs import covariances
from polystate_tools.echt.ranges import ShareRange, share_ranges
from polystate_tools.echt.solver import EIGHT_PI2
from polystate_tools.report import charts
from polystate_tools.report.svg import escape

COLOURS = ("#1f3b57", "#2a7f9e", "#54b399", "#e0a030", "#d6604d", "#8e5ea2", "#7b8794", "#b5838d")
RISES = (0.01, 0.1)
PAPER = {  # Pearce & Gros 2021, Table 1: mean B (Å²) a level
    "6VXX": {"molecule": 12.4, "domain": 10.3, "secondary_structure": 3.9, "residue": 1.7, "atomic": 0.5}
}


def write_report(fit: Fit, path: Path, ranges: bool = True) -> None:
    """Write the page. ranges: compute how far shares can move at nearly equal F (about ten seconds for 6vxx)."""
    found = [share_ranges(fit.solver, fit.steps[-1], fit.point, rise) for rise in RISES] if ranges else []
    for narrow, wide in zip(found, found[1:], strict=False):  # what was found at a smaller rise holds at a larger one
        for a, b in zip(narrow, wide, strict=True):
            b.low = min(a.low, b.low, key=itemgetter(a.level))
            b.high = max(a.high, b.high, key=itemgetter(a.level))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(fit, found), encoding="utf-8")


def page(fit: Fit, ranges: list[list[ShareRange]]) -> str:
    """The HTML."""
    u = covariances(fit)
    model = charts.Model(fit, u, COLOURS)
    here = files("polystate_tools.report")
    css, script = (here.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "viewer.js"))
    document = dict(fit.tree[""].attributes)
    entry = document.get("entry", {}) or {}
    name = entry.get("id") or Path(fit.source["name"]).stem
    last = fit.steps[-1]
    lead = (
        f"{len(fit.data.rows):,} atoms, mean B {fit.data.mean_b:.2f} Å²; {len(fit.names)} levels explain "
        f"{sum(last.mean_b):.2f} Å² with a residual of {last.residual_rms_b:.3f} Å² RMS. F = {last.F:.6g} at "
        f"Ωα = {last.omega_alpha:.3g}, proved to be within {100 * max(last.certificate, 0):.2g} % of the lowest value "
        f"any program could reach."
    )
    body = [
        f'<div class="two"><section><h2>Levels</h2>{_level_table(fit, str(name))}</section>'
        f"<section><h2>What the data leave open</h2>{_open_questions(fit, ranges)}</section></div>",
        f"<section><h2>Disorder profile</h2>{_legend(fit)}{model.profiles()}"
        '<p class="note">Mean B over the atoms of each residue, stacked by level from the largest (bottom) to the '
        "atomic one. Below each chain: helices (red) and strands (arrows), where a level of secondary structure "
        "was fitted; gaps in the chain are closed up.</p></section>",
        f"<section><h2>The model in space</h2>{_viewer(fit)}</section>",
        f'<div class="two"><section><h2>Optimisation path: levels</h2>{model.path_levels()}{_legend(fit)}</section>'
        f"<section><h2>Optimisation path: objective and residual</h2>{model.path_objective()}"
        '<p class="note">The penalty falls from left to right. F and its dual bound lie on top of each other where '
        "the certificate is good; the largest gap on the path is "
        f"{100 * max(s.certificate for s in fit.steps):.2g} %.</p></section></div>",
        f'<div class="two"><section><h2>Residues that move on their own</h2>{model.top_residues()}</section>'
        f"<section><h2>Groups and their motion axes</h2>{model.top_groups()}</section></div>",
        f'<div class="two"><section><h2>Model against input</h2>{model.agreement()}</section>'
        f"<section><h2>Residuals</h2>{model.residuals()}{model.worst_atoms()}</section></div>",
        f"<section><h2>Provenance</h2>{_provenance(fit)}</section>",
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(name)}: levels of disorder</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{css}</style></head><body>'
        f"<header><h1>{escape(name)}: levels of disorder</h1><p>{escape(document.get('title', ''))}</p>"
        f"<p>{escape(lead)}</p></header><main>{''.join(body)}</main>"
        f'<script type="application/json" id="model">{model.json()}</script><script>{script}</script></body></html>'
    )


def _legend(fit: Fit) -> str:
    keys = (
        f'<span><i class="key" style="background:{c}"></i>{escape(_spoken(n))}</span>'
        for n, c in zip(fit.names, COLOURS, strict=False)
    )
    return f'<div class="legend">{"".join(keys)}</div>'


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _level_table(fit: Fit, name: str) -> str:
    last, total = fit.steps[-1], sum(fit.steps[-1].mean_b)
    b = EIGHT_PI2 * covariances(fit)[:, :, :3].sum(axis=2) / 3
    paper = PAPER.get(name.upper(), {})
    paper = paper if set(paper) == set(fit.names) else {}
    rows = []
    sizes = [len(lv.names) for lv in fit.levels] + [len(fit.data.rows)]
    for k, (level, mean, bound) in enumerate(zip(fit.names, last.mean_b, last.mean_b_bound, strict=True)):
        off = _switched_off(fit, k)
        extra = f"<td>{paper[level]:.1f}</td>" if paper else ""
        rows.append(
            f'<tr><td><i class="key" style="background:{COLOURS[k % 8]}"></i>{escape(_spoken(level))}</td>'
            f"<td>{sizes[k]:,}</td>"
            f"<td>{off:,}</td><td>{mean:.2f}</td><td>{100 * mean / total:.1f}</td>"
            f"<td>{100 * bound / total:.2f}</td>{extra}"
            f'<td>{b[k].max():.1f}</td><td style="width:18%;min-width:84px"><i class="bar" '
            f'style="width:{100 * mean / max(last.mean_b):.1f}%;background:{COLOURS[k % 8]}"></i></td></tr>'
        )
    extra = f"<td>{sum(paper.values()):.1f}</td>" if paper else ""
    rows.append(
        f'<tr class="sum"><td>total</td><td></td><td></td><td>{total:.2f}</td><td>100</td><td></td>{extra}'
        "<td></td><td></td></tr>"
    )
    note = (
        '<p class="note">Published: Pearce &amp; Gros 2021, Table 1, whose domains differ from these. '
        if paper
        else '<p class="note">'
    )
    return (
        '<div class="scroll"><table><tr><th>level</th><th>groups</th><th>switched off</th>'
        "<th>mean B, Å²</th><th>%</th><th>± %</th>"
        + ("<th>published</th>" if paper else "")
        + f"<th>largest B</th><th></th></tr>{''.join(rows)}</table></div>{note}± is how far a share can be "
        "from the optimum's, by the certificate of the last step. Switched off: amplitude exactly zero.</p>"
    )


def _switched_off(fit: Fit, level: int) -> int:
    if level == len(fit.levels):
        return int((fit.point.own_amplitude == 0).sum())
    return int((fit.point.amplitude[fit.solver.s.level == level] == 0).sum())


def _open_questions(fit: Fit, ranges: list[list[ShareRange]]) -> str:
    last = fit.steps[-1]
    total = sum(last.mean_b)
    text = (
        "<p>B-factors say how much each atom moves, not with whom. A motion of a large group and equal motions of all "
        "its parts look the same; the penalty prefers the larger group, because one amplitude is cheaper than many. "
        "How the largest levels share their motion is therefore what the data say least about, and it changes with the "
        "borders of the groups."
    )
    if not fit.data.anisotropic.all():
        text += (
            " Isotropic B-factors fix 10 of the 20 numbers of a TLS group: amplitudes and B are unique, the directions "
            "of the axes below are the smallest that explain them."
        )
    text += "</p>"
    if not ranges:
        return text
    most = 1.05 * max(max(r.high[r.level] for r in ranges[-1]), max(last.mean_b)) / total
    rows = []
    for k, name in enumerate(fit.names):
        bars = "".join(
            f'<b style="left:{100 * r[k].low[k] / total / most:.2f}%;width:'
            f"{max(100 * (r[k].high[k] - r[k].low[k]) / total / most, 0.4):.2f}%;background:{COLOURS[k % 8]};"
            f'opacity:{0.85 if i == len(ranges) - 1 else 0.4}"></b>'
            for i, r in enumerate(reversed(ranges))
        )
        said = "".join(f"<td>{100 * r[k].low[k] / total:.1f} to {100 * r[k].high[k] / total:.1f}</td>" for r in ranges)
        mark = f'<i style="left:{100 * last.mean_b[k] / total / most:.2f}%"></i>'
        rows.append(f'<tr><td>{escape(_spoken(name))}</td>{said}<td><div class="range">{bars}{mark}</div></td></tr>')
    heads = "".join(f"<th>% at F + {100 * rise:g} %</th>" for rise in RISES[: len(ranges)])
    return (
        text + f"<table><tr><th>level</th>{heads}<th></th></tr>{''.join(rows)}</table>"
        '<p class="note">Ranges are of models that exist: the level is made dearer or cheaper until F has risen by so '
        "much (dark: the smaller rise). The line is the fit.</p>"
    )


def _viewer(fit: Fit) -> str:
    options = "".join(f'<option value="{k}">{escape(_spoken(n))}</option>' for k, n in enumerate(fit.names))
    return (
        '<div class="controls"><label>Colour by B of <select id="level"><option value="all">all levels</option>'
        f'{options}</select></label><span id="scale"></span><label><input type="checkbox" id="ellipsoids" checked> '
        'ellipsoids at <input type="range" id="prob" min="5" max="99" value="50"> '
        '<span id="prob-text">50 %</span></label>'
        '<label><input type="checkbox" id="axes"> libration axes</label></div><canvas id="view"></canvas>'
        '<div id="info">drag to turn, shift-drag to move, wheel to zoom</div>'
    )


def _provenance(fit: Fit) -> str:
    block: dict[str, Any] = dict(fit.deposition_tree()["provenance/echt"].attributes)
    rows = "".join(
        f"<tr><td>{t.n}</td><td>{t.omega_alpha:.4g}</td><td>{t.F:.6g}</td><td>{t.bound:.6g}</td>"
        f"<td>{t.certificate:.1e}</td><td>{t.iterations}</td><td>{t.residual_rms_b:.3f}</td>"
        + "".join(f"<td>{b:.2f}</td>" for b in t.mean_b) + "</tr>"
        for t in fit.steps
    )  # fmt: skip
    heads = "".join(f"<th>{escape(_spoken(n))}</th>" for n in fit.names)
    notes = "".join(f"<li>{escape(n)}</li>" for n in fit.to_json()["notes"])
    short = {k: v for k, v in block.items() if k not in ("path", "excluded")}
    return (
        f"<ul>{notes}</ul><details><summary>The path, step by step</summary><table><tr><th>n</th><th>Ωα</th><th>F</th>"
        f"<th>bound</th><th>certificate</th><th>Newton steps</th><th>residual, Å²</th>{heads}</tr>"
        f"{rows}</table></details>"
        f"<details><summary>The provenance block of the deposition</summary><pre>"
        f"{escape(json.dumps(short, indent=2, ensure_ascii=False))}</pre></details>"
    )
