"""Charts as SVG text: stacked profiles, lines on log axes, scatter and histogram; no dependency, no script."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np

FAINT, GRID = "#6b7a88", "#e3e8ec"


def escape(text: object) -> str:
    """Text for HTML."""
    return html.escape(str(text))


def number(x: float) -> str:
    """A coordinate, short."""
    return f"{x:.1f}".rstrip("0").rstrip(".") if abs(x) >= 0.05 else "0"


def nice_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers in [low, high]."""
    span = max(high - low, 1e-12)
    raw = span / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw)
    first = math.ceil(low / step - 1e-9) * step
    return [first + k * step for k in range(int((high - first) / step + 1e-9) + 1)]


def _label(value: float) -> str:
    return f"{value:g}"


class Frame:
    """Axes of one chart: maps data to pixels and collects elements."""

    def __init__(self, width: int, height: int, x: tuple[float, float], y: tuple[float, float], *, log_x=False,
                 log_y=False, left=52, right=12, top=12, bottom=38, flip_x=False) -> None:  # fmt: skip
        self.width, self.height = width, height
        self.x, self.y, self.log_x, self.log_y, self.flip_x = x, y, log_x, log_y, flip_x
        self.left, self.right, self.top, self.bottom = left, width - right, top, height - bottom
        self.parts: list[str] = []

    def px(self, x):
        """Pixel of a data x (scalar or array)."""
        a, b = self.x
        f = (np.log(x) - math.log(a)) / (math.log(b) - math.log(a)) if self.log_x else (np.asarray(x) - a) / (b - a)
        f = 1 - f if self.flip_x else f
        return self.left + f * (self.right - self.left)

    def py(self, y):
        """Pixel of a data y (scalar or array)."""
        a, b = self.y
        f = (np.log(y) - math.log(a)) / (math.log(b) - math.log(a)) if self.log_y else (np.asarray(y) - a) / (b - a)
        return self.bottom - f * (self.bottom - self.top)

    def axes(self, x_label: str, y_label: str, x_ticks: Sequence[float] | None = None) -> None:
        """Grid lines, tick labels and titles."""
        ys = _log_ticks(*self.y) if self.log_y else nice_ticks(*self.y, about=4)
        xs = x_ticks if x_ticks is not None else (_log_ticks(*self.x) if self.log_x else nice_ticks(*self.x, about=7))
        for y in ys:
            p = number(float(self.py(y)))
            self.parts.append(f'<path d="M{self.left} {p}H{self.right}" stroke="{GRID}"/>')
            self.parts.append(f'<text x="{self.left - 6}" y="{p}" dy=".32em" text-anchor="end">{_label(y)}</text>')
        for x in xs:
            p = number(float(self.px(x)))
            self.parts.append(f'<path d="M{p} {self.bottom}v4" stroke="{FAINT}"/>')
            self.parts.append(f'<text x="{p}" y="{self.bottom + 16}" text-anchor="middle">{_label(x)}</text>')
        middle = (self.left + self.right) / 2
        self.parts.append(f'<path d="M{self.left} {self.bottom}H{self.right}" stroke="{FAINT}"/>')
        self.parts.append(
            f'<text x="{middle}" y="{self.bottom + 33}" text-anchor="middle" class="t">{escape(x_label)}</text>'
        )
        centre = (self.top + self.bottom) / 2
        self.parts.append(
            f'<text transform="translate(13 {centre}) rotate(-90)" text-anchor="middle" class="t">'
            f"{escape(y_label)}</text>"
        )

    def line(self, x, y, colour: str, width: float = 1.8, dash: str = "", title: str = "") -> None:
        """A polyline."""
        points = " ".join(f"{number(a)},{number(b)}" for a, b in zip(self.px(x), self.py(y), strict=True))
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"{extra}>'
            f"<title>{escape(title)}</title></polyline>"
        )

    def svg(self, kind: str = "") -> str:
        """The chart."""
        return (
            f'<svg class="chart {kind}" viewBox="0 0 {self.width} {self.height}" role="img" '
            f'xmlns="http://www.w3.org/2000/svg">{"".join(self.parts)}</svg>'
        )


def _log_ticks(low: float, high: float) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return [10.0**k for k in range(first, last + 1)]


def stacked_profile(values: np.ndarray, colours: Sequence[str], names: Sequence[str], bands: Sequence[tuple],
                    top: float, x_ticks: Sequence[tuple[int, str]], gaps: Sequence[int], width: int = 1240,
                    height: int = 206) -> str:  # fmt: skip
    """Mean B of residues in stacked steps. values: (levels, R); bands: (first, last + 1, class) of secondary
    structure; ticks: (r, text); gaps: r before which residues are missing."""
    count = values.shape[1]
    f = Frame(width, height, (0, count), (0, top), left=58, right=8, top=8, bottom=52)
    centre = (f.top + f.bottom) / 2
    f.parts.append(
        f'<text transform="translate(13 {centre}) rotate(-90)" text-anchor="middle" class="t">mean B, Å²</text>'
        f'<text x="{(f.left + f.right) / 2}" y="{f.bottom + 45}" text-anchor="middle" class="t">residue number</text>'
    )
    for y in nice_ticks(0, top, 3):
        p = number(float(f.py(y)))
        f.parts.append(f'<path d="M{f.left} {p}H{f.right}" stroke="{GRID}"/>')
        f.parts.append(f'<text x="{f.left - 5}" y="{p}" dy=".32em" text-anchor="end">{_label(y)}</text>')
    base = np.zeros(count)
    edges = f.px(np.arange(count + 1))
    for k, colour in enumerate(colours[: len(values)]):
        upper = base + values[k]
        ups, downs = f.py(upper), f.py(base)
        path = [f"M{number(edges[0])} {number(ups[0])}"]
        for r in range(count):
            path.append(f"V{number(ups[r])}H{number(edges[r + 1])}")
        for r in range(count - 1, -1, -1):
            path.append(f"V{number(downs[r])}H{number(edges[r])}")
        f.parts.append(f'<path d="{"".join(path)}Z" fill="{colour}"><title>{escape(names[k])}</title></path>')
        base = upper
    y = f.bottom + 4
    f.parts.append(f'<path d="M{f.left} {y + 4}H{f.right}" stroke="#b9c4cd"/>')
    for first, last, kind in bands:
        a, b = float(f.px(first)), float(f.px(last))
        if kind == "helix":
            f.parts.append(f'<rect x="{number(a)}" y="{y}" width="{number(b - a)}" height="8" rx="4" fill="#c2476a"/>')
        elif kind == "strand":
            tip = max(a, b - 5)
            f.parts.append(
                f'<path d="M{number(a)} {y + 2}H{number(tip)}V{y}L{number(b)} {y + 4}L{number(tip)} {y + 8}V{y + 6}'
                f'H{number(a)}Z" fill="#e0a030"/>'
            )
    for r in gaps:
        x = number(float(f.px(r)))
        f.parts.append(f'<path d="M{x} {f.top}V{f.bottom + 12}" stroke="{FAINT}" stroke-dasharray="2 3"/>')
    for r, text in x_ticks:
        f.parts.append(
            f'<text x="{number(float(f.px(r + 0.5)))}" y="{y + 24}" text-anchor="middle">{escape(text)}</text>'
        )
    return f.svg("profile")


def scatter_density(
    x: np.ndarray, y: np.ndarray, x_label: str, y_label: str, width: int = 420, height: int = 330
) -> str:
    """A 2D histogram of x against y with the diagonal; darker = more."""
    high = float(max(x.max(), y.max())) * 1.02
    f = Frame(width, height, (0, high), (0, high), left=48)
    f.axes(x_label, y_label)
    bins = 70
    counts, xe, ye = np.histogram2d(x, y, bins=bins, range=[[0, high], [0, high]])
    peak = math.log1p(counts.max())
    w, h = (f.right - f.left) / bins, (f.bottom - f.top) / bins
    for i, j in zip(*np.nonzero(counts), strict=True):
        shade = 0.15 + 0.85 * math.log1p(counts[i, j]) / peak
        f.parts.append(
            f'<rect x="{number(float(f.px(xe[i])))}" y="{number(float(f.py(ye[j + 1])))}" '
            f'width="{w:.1f}" height="{h:.1f}" '
            f'fill="#1f5a7a" fill-opacity="{shade:.2f}"/>'
        )
    f.line([0, high], [0, high], "#c2476a", 1.0, "4 3")
    return f.svg()


def histogram(values: np.ndarray, label: str, width: int = 420, height: int = 330, bins: int = 60) -> str:
    """Counts on a log axis."""
    low, high = float(values.min()), float(values.max())
    low, high = (low - 0.5, high + 0.5) if high - low < 1e-9 else (low, high)
    counts, edges = np.histogram(values, bins=bins, range=(low, high))
    f = Frame(width, height, (low, high), (0.7, max(float(counts.max()) * 1.3, 10.0)), log_y=True, left=54)
    f.axes(label, "atoms")
    for c, a, b in zip(counts, edges[:-1], edges[1:], strict=True):
        if c:
            top = float(f.py(c))
            f.parts.append(
                f'<rect x="{number(float(f.px(a)))}" y="{number(top)}" '
                f'width="{max(float(f.px(b) - f.px(a)) - 0.6, 0.5):.1f}" '
                f'height="{number(f.bottom - top)}" fill="#54869e"/>'
            )
    return f.svg()
