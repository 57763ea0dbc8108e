"""The page of a comparison: profiles by level side by side, differences, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from polystate.store.outputs import replacing
from polystate_conformance.reports.html import document
from polystate_tools.echt.compare import Comparison, summary
from polystate_tools.report.svg import FAINT, Frame, escape

A, B = "#1f3b57", "#d6604d"
MOST = 12  # pairs drawn; all are in the tables
SUMMARY = ("level", "pairs", "correlation", "mean difference, Å²", "share, % more in b", "grew in")


def write_comparison(found: Sequence[Comparison], path: Path, overwrite: bool = False) -> None:
    """Write the page: whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, overwrite) as partial:
        partial.write_text(page(found), encoding="utf-8")


def page(found: Sequence[Comparison]) -> str:
    """The HTML."""
    css = files("polystate_tools.report").joinpath("page.css").read_text(encoding="utf-8")
    names = list(dict.fromkeys(copy.name for one in found for copy in (one.a, one.b)))
    title = f"{', '.join(names[:6])}{' and more' if len(names) > 6 else ''}: levels of disorder side by side"
    pairs = "1 pair" if len(found) == 1 else f"{len(found)} pairs"
    body = [f"<section><h2>Every pair, level by level</h2>{_levels(found)}</section>"]
    if len(found) > 1:
        body.insert(0, f"<section><h2>Over the {pairs}</h2>{_summary(found)}</section>")
    body += [_pair(one) for one in found[:MOST]]
    if len(found) > MOST:
        body.append(f'<p class="note">{len(found) - MOST} more pairs are in the tables alone.</p>')
    lead = (
        f"{pairs}, aligned by sequence. Differences are b minus a; ± is what the certificates of the fits leave open."
    )
    header = f"<header><h1>{escape(title)}</h1><p>{lead}</p></header>"
    return document(title, css, f"{header}<main>{''.join(body)}</main>")


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Cells are text."""
    lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        '<div class="scroll"><table><tr>'
        + "".join(f"<th>{escape(h)}</th>" for h in head)
        + f"</tr>{lines}</table></div>"
    )


def _signed(value: float, digits: int = 2) -> str:
    """With its sign, and no minus before zero."""
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _correlation(value: float | None) -> str:
    return "does not vary" if value is None else f"{value:.3f}"


def _summary(found: Sequence[Comparison]) -> str:
    rows = []
    for row in summary(found):
        spread = "" if row["correlation"] is None else f" ± {row['correlation_sd']:.3f}"
        rows.append([
            _spoken(row["level"]), row["pairs"], _correlation(row["correlation"]) + spread,
            f"{_signed(row['mean_difference'])} ± {row['mean_difference_sd']:.2f}",
            f"{_signed(row['share_difference'], 1)} ± {row['share_difference_sd']:.1f}",
            f"{row['grew']} of {row['pairs']}",
        ])  # fmt: skip
    return _table(SUMMARY, rows) + '<p class="note">Mean and standard deviation over the pairs.</p>'


def _levels(found: Sequence[Comparison]) -> str:
    rows = [
        [one.a.name, one.b.name, _spoken(level.level), _correlation(level.correlation), _signed(level.mean_difference),
         f"{level.rms_difference:.2f}", f"{level.share_a:.1f}", f"{level.share_b:.1f}"]
        for one in found for level in one.levels
    ]  # fmt: skip
    head = ("a", "b", "level", "correlation", "mean difference, Å²", "RMS difference, Å²", "share in a, %", "in b, %")
    return _table(head, rows)


def _pair(one: Comparison) -> str:
    scale = f"; B of b is multiplied by {one.scale:.3f}" if one.scale != 1.0 else ""
    charts = "".join(
        f"<div><h3>{escape(_spoken(name))}</h3>{_profile(one, k)}</div>" for k, name in enumerate(one.names)
    )
    return (
        f"<section><h2>{escape(one.a.name)} and {escape(one.b.name)}</h2>"
        f"<p>{len(one.at)} aligned residues, {one.identity:.0f} % the same; mean B {one.a.mean_b:.2f} and "
        f"{one.b.mean_b:.2f} Å²{scale}.</p>"
        f'<div class="legend"><span><i class="key" style="background:{A}"></i>{escape(one.a.name)}</span>'
        f'<span><i class="key" style="background:{B}"></i>{escape(one.b.name)}</span>'
        f'<span><i class="key" style="background:{FAINT}"></i>difference</span></div>'
        f'<div class="two">{charts}</div><h3>Residues that differ most</h3>{_largest(one)}</section>'
    )


def _profile(one: Comparison, level: int) -> str:
    """Mean B of both at one level, and their difference, over the residues of a."""
    name = one.names[level]
    a = one.a.b[one.a.levels.index(name)][one.at[:, 0]]
    b = a + one.difference[level]
    low = min(float(one.difference[level].min()), 0.0)
    high = max(float(a.max()), float(b.max()), 0.1) * 1.06
    f = Frame(620, 230, (0, max(len(a) - 1, 1)), (low * 1.06, high), left=54)
    every = max(len(a) // 8, 1)
    f.axes(f"residue of {one.a.name}", "mean B, Å²", x_ticks=())
    for k in range(0, len(a), every):
        x = float(f.px(k))
        f.parts.append(f'<text x="{x:.1f}" y="{f.bottom + 16}" text-anchor="middle">{escape(_number(one, k))}</text>')
    where = np.arange(len(a))
    f.line(where, one.difference[level], FAINT, 1.0, title="difference")
    f.line(where, a, A, 1.5, title=one.a.name)
    f.line(where, b, B, 1.5, "5 3", one.b.name)
    return f.svg()


def _number(one: Comparison, k: int) -> str:
    """The residue number of an aligned place, of a label such as A.45."""
    return one.a.labels[one.at[k, 0]].rsplit(".", 1)[-1]


def _largest(one: Comparison) -> str:
    rows = [
        [row["a"], row["b"], *(_signed(row["difference"][name]) for name in one.names), _spoken(row["level"]),
         "yes" if row["certain"] else "no"]
        for row in one.largest()
    ]  # fmt: skip
    head = ("a", "b", *(f"{_spoken(name)}, Å²" for name in one.names), "most at", "more than ±")
    note = (
        f"± {one.error:.2g} Å²: the certificates bound the distance of every amplitude from its optimum, "
        "both fits together."
    )
    return _table(head, rows) + f'<p class="note">{note} What the data leave open between levels is more.</p>'
