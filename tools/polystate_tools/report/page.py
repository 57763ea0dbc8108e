"""The report of an ECHT fit: one page for a crystallographer's second screen, complete in one file."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from polystate import Deposition
from polystate_conformance.reports.html import document
from polystate_tools.echt.ranges import ShareRange, share_ranges
from polystate_tools.echt.stored import Decomposition, checked, input_of, stored
from polystate_tools.report import charts
from polystate_tools.report.svg import escape

if TYPE_CHECKING:
    from polystate_tools.echt.fit import Fit

COLOURS = ("#1f3b57", "#2a7f9e", "#54b399", "#e0a030", "#d6604d", "#8e5ea2", "#7b8794", "#b5838d")
RISES = (0.01, 0.1)
PAPER = {  # Pearce & Gros 2021, Table 1: mean B (Å²) a level
    "6VXX": {"molecule": 12.4, "domain": 10.3, "secondary_structure": 3.9, "residue": 1.7, "atomic": 0.5}
}
Ranges = list[list[ShareRange]]


def write_report(fit: Fit, path: Path, ranges: bool = True) -> None:
    """Write the page of a fit that has just ended.

    ranges: compute how far shares can move at nearly equal F (13 s of processor time for 6vxx)."""
    found = stored(Deposition(fit.deposition_tree()))
    found.u_input = fit.data.u
    _write(path, page(found, share_ranges(fit.solver, fit.steps[-1].n, fit.point, RISES) if ranges else []))


def write_stored(dep: Deposition, path: Path, source: str | Path | None = None, ranges: bool = True) -> Decomposition:
    """Write the page of a deposition that holds a fit; `source`: the file that was fitted.

    With it the page has the residuals, and the ranges of the shares; F and its bound are computed again."""
    found, open_ranges = stored(dep), []
    if source is not None:
        data = input_of(found, source)
        solver, point = checked(found, data)
        if ranges:
            open_ranges = share_ranges(solver, found.steps[-1].n, point, RISES)
    _write(path, page(found, open_ranges))
    return found


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def page(found: Decomposition, ranges: Ranges) -> str:
    """The HTML."""
    model = charts.Model(found, COLOURS)
    here = files("polystate_tools.report")
    css, script = (here.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "viewer.js"))
    said = dict(found.dep.document)
    inputs = found.block.get("inputs") or [{"name": "structure"}]
    name = str((said.get("entry") or {}).get("id") or Path(str(inputs[0]["name"])).stem)
    body = [
        f'<div class="two"><section><h2>Levels</h2>{_level_table(found, name)}</section>'
        f"<section><h2>What the data leave open</h2>{_open_questions(found, ranges)}</section></div>",
        f"<section><h2>Disorder profile</h2>{_legend(found)}{model.profiles()}"
        '<p class="note">Mean B over the atoms of each residue, stacked by level from the largest (bottom) to the '
        f"smallest. {model.band_note()}Dashed: residues are missing there.</p></section>",
        f"<section><h2>The model in space</h2>{_viewer(found)}</section>",
        *_path(found, model),
        f'<div class="two"><section><h2>Residues that move on their own</h2>{model.top_residues()}</section>'
        f"<section><h2>Groups and their motion axes</h2>{model.top_groups()}</section></div>",
        _agreement(found, model),
        f"<section><h2>Provenance</h2>{_provenance(found)}</section>",
    ]
    return document(
        f"{name}: levels of disorder", css,
        f"<header><h1>{escape(name)}: levels of disorder</h1><p>{escape(said.get('title', ''))}</p>"
        f"<p>{escape(_lead(found))}</p>{_warning(found)}</header><main>{''.join(body)}</main>"
        f'<script type="application/json" id="model">{model.json()}</script><script>{script}</script>',
    )  # fmt: skip


def _lead(found: Decomposition) -> str:
    b_in = found.b_input
    given = f", mean B {b_in.mean():.2f} Å²" if b_in is not None else ""
    said = f"{len(found.rows):,} atoms{given}; {len(found.levels)} levels explain {found.total:.2f} Å²"
    if not found.steps:
        return said + "."
    last = found.steps[-1]
    gap = max(last.certificate, found.gap or 0.0)
    return (
        f"{said} with a residual of {last.residual:.3f} Å² RMS. F = {last.objective:.6g} at "
        f"Ωα = {last.omega_alpha:.3g}, proved to be within {_percent(gap)} of the lowest value "
        f"any program could reach."
    )


def _warning(found: Decomposition) -> str:
    """That the path did not come to its end, where it did not."""
    convergence = dict(found.block.get("convergence") or {})
    if convergence.get("converged", True):
        return ""
    reason = convergence.get("reason", "the path ended before amplitudes and residual had settled")
    return f'<p class="warning">Not converged: {escape(reason)}.</p>'


def _percent(fraction: float) -> str:
    """A small fraction in percent, without an exponent where it can be read."""
    value = 100 * max(fraction, 0.0)
    return f"{value:.2g} %" if value >= 1e-4 or value == 0 else "0.0001 %"


def _path(found: Decomposition, model: charts.Model) -> list[str]:
    if not found.steps:
        return []
    charts = [
        f'<div class="two"><section><h2>Optimisation path: levels</h2>{model.path_levels()}{_legend(found)}</section>'
        f"<section><h2>Optimisation path: objective and residual</h2>{model.path_objective()}"
        '<p class="note">The penalty falls from left to right. F and its dual bound lie on top of each other where '
        "the certificate is good; the largest gap on the path is "
        f"{_percent(max(s.certificate for s in found.steps))}.</p></section></div>"
    ]
    last = found.steps[-1].complexity
    if last:
        said = ", ".join(f"{escape(_spoken(n))} {c:.3g}" for n, c in zip(found.names, last, strict=True))
        charts.append(
            f'<div class="two"><section><h2>Optimisation path: complexity</h2>{model.path_complexity()}</section>'
            "<section><h2>What complexity is</h2><p>The sum of the amplitudes of all groups, times 8π², divided by the "
            "atoms; dashed: all levels. "
            f"It is what the penalty is on, and grows as smaller groups are allowed to move. At the end {said} Å²."
            "</p></section></div>"
        )
    return charts


def _agreement(found: Decomposition, model: charts.Model) -> str:
    b_in = found.b_input
    if b_in is None:
        return (
            "<section><h2>Model against input</h2><p>The deposition holds the levels in place of the B-factors that "
            "they were fitted to. Give the fitted file with <code>polystate report --input</code> to compare them, "
            "atom by atom, and to see how far each level's share could move.</p></section>"
        )
    return (
        f'<div class="two"><section><h2>Model against input</h2>{model.agreement(b_in)}</section>'
        f"<section><h2>Residuals</h2>{model.residuals(b_in)}{model.worst_atoms(b_in)}</section></div>"
    )


def _legend(found: Decomposition) -> str:
    keys = (
        f'<span><i class="key" style="background:{c}"></i>{escape(_spoken(n))}</span>'
        for n, c in zip(found.names, COLOURS, strict=False)
    )
    return f'<div class="legend">{"".join(keys)}</div>'


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _level_table(found: Decomposition, name: str) -> str:
    b, total = found.b, found.total
    paper = PAPER.get(name.upper(), {})
    paper = paper if set(paper) == set(found.names) else {}
    rows, most = [], max(level.mean_b for level in found.levels)
    for k, level in enumerate(found.levels):
        extra = f"<td>{paper[level.name]:.1f}</td>" if paper else ""
        rows.append(
            f'<tr><td><i class="key" style="background:{COLOURS[k % 8]}"></i>{escape(_spoken(level.name))}</td>'
            f"<td>{level.size:,}</td>"
            f"<td>{level.switched_off:,}</td><td>{level.mean_b:.2f}</td><td>{100 * level.mean_b / total:.1f}</td>"
            f"<td>{100 * level.mean_b_bound / total:.2f}</td>{extra}"
            f"<td>{b[k].max():.1f}</td>"
            + (
                "</tr>"
                if paper
                else f'<td style="width:18%;min-width:64px"><i class="bar" '
                f'style="width:{100 * level.mean_b / most:.1f}%;background:{COLOURS[k % 8]}"></i></td></tr>'
            )
        )
    extra = f"<td>{sum(paper.values()):.1f}</td>" if paper else ""
    rows.append(
        f'<tr class="sum"><td>total</td><td></td><td></td><td>{total:.2f}</td><td>100</td><td></td>{extra}'
        f"<td></td>{'' if paper else '<td></td>'}</tr>"
    )
    note = (
        '<p class="note">Published: Pearce &amp; Gros 2021, Table 1, whose domains differ from these. '
        if paper
        else '<p class="note">'
    )
    return (
        '<div class="scroll"><table><tr><th>level</th><th>groups</th><th>off</th>'
        "<th>mean B, Å²</th><th>%</th><th>± %</th>"
        + ("<th>published, Å²</th>" if paper else "")
        + f"<th>largest B, Å²</th>{'' if paper else '<th></th>'}</tr>{''.join(rows)}</table></div>"
        f"{note}± is how far a share can be "
        "from the optimum's, by the certificate of the last step. Off: groups whose amplitude is exactly zero.</p>"
    )


def _open_questions(found: Decomposition, ranges: Ranges) -> str:
    total = found.total
    text = (
        "<p>B-factors say how much each atom moves, not with whom. A motion of a large group and equal motions of all "
        "its parts look the same; the penalty prefers the larger group, because one amplitude is cheaper than many. "
        "How the largest levels share their motion is therefore what the data say least about, and it changes with the "
        "borders of the groups."
    )
    if found.isotropic:
        text += (
            " Isotropic B-factors fix 10 of the 20 numbers of a TLS group: amplitudes and B are unique, the directions "
            "of the axes below are those of the smallest motion that explains them."
        )
    text += "</p>"
    if not ranges:
        return text + (
            '<p class="note">How far each share could move at nearly equal F is computed from the fitted file: '
            "<code>polystate report --input</code>.</p>"
        )
    most = 1.05 * max(max(r.high[r.level] for r in ranges[-1]), max(v.mean_b for v in found.levels)) / total
    rows = []
    for k, level in enumerate(found.levels):
        bars = "".join(
            f'<b style="left:{100 * r[k].low[k] / total / most:.2f}%;width:'
            f"{max(100 * (r[k].high[k] - r[k].low[k]) / total / most, 0.4):.2f}%;background:{COLOURS[k % 8]};"
            f'opacity:{0.85 if i == len(ranges) - 1 else 0.4}"></b>'
            for i, r in enumerate(reversed(ranges))
        )
        said = "".join(f"<td>{100 * r[k].low[k] / total:.1f} to {100 * r[k].high[k] / total:.1f}</td>" for r in ranges)
        mark = f'<i style="left:{100 * level.mean_b / total / most:.2f}%"></i>'
        rows.append(
            f'<tr><td>{escape(_spoken(level.name))}</td>{said}<td><div class="range">{bars}{mark}</div></td></tr>'
        )
    heads = "".join(f"<th>% at F + {100 * rise:g} %</th>" for rise in RISES[: len(ranges)])
    return (
        text
        + f'<div class="scroll"><table><tr><th>level</th>{heads}<th></th></tr>{"".join(rows)}</table></div>'
        + '<p class="note">In percent of the total that the fit explains; a model that explains more can pass 100. '
        "Ranges are of models that exist: the level is made dearer or cheaper until F has risen by so much (dark: the "
        "smaller rise). The line is the fit.</p>"
    )


def _viewer(found: Decomposition) -> str:
    options = "".join(f'<option value="{k}">{escape(_spoken(n))}</option>' for k, n in enumerate(found.names))
    return (
        '<div class="controls"><label>Colour by B of <select id="level"><option value="all">all levels</option>'
        f'{options}</select></label><span id="scale"></span><label><input type="checkbox" id="ellipsoids" checked> '
        'ellipsoids at <input type="range" id="prob" min="5" max="99" value="50"> '
        '<span id="prob-text">50 %</span></label>'
        '<label><input type="checkbox" id="axes"> libration axes</label></div><canvas id="view"></canvas>'
        '<div id="info">drag to turn, shift-drag to move, wheel to zoom</div>'
    )


def _provenance(found: Decomposition) -> str:
    rows = "".join(
        f"<tr><td>{t.n}</td><td>{t.omega_alpha:.4g}</td><td>{t.objective:.6g}</td><td>{t.bound:.6g}</td>"
        f"<td>{t.certificate:.1e}</td><td>{t.residual:.3f}</td>"
        + "".join(f"<td>{b:.2f}</td>" for b in t.mean_b)
        + f"<td>{f'{sum(t.complexity):.3f}' if t.complexity else ''}</td></tr>"
        for t in found.steps
    )  # fmt: skip
    heads = "".join(f"<th>{escape(_spoken(n))}</th>" for n in found.names)
    notes = "".join(f"<li>{escape(n)}</li>" for n in [*found.notes, *found.said])
    short = {k: v for k, v in found.block.items() if k not in ("path", "excluded")}
    return (
        f"<ul>{notes}</ul><details><summary>The path, step by step</summary><table><tr><th>n</th><th>Ωα</th><th>F</th>"
        f"<th>bound</th><th>certificate</th><th>residual, Å²</th>{heads}<th>complexity, Å²</th></tr>"
        f"{rows}</table></details>"
        f"<details><summary>The provenance block of the deposition</summary><pre>"
        f"{escape(json.dumps(short, indent=2, ensure_ascii=False))}</pre></details>"
    )
