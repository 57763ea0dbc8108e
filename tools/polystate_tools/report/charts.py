"""The charts, tables and 3D data of a fit's report."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate_tools.echt.stored import Decomposition
from polystate_tools.formats.tls.motions import Motion, motions
from polystate_tools.report.svg import FAINT, Frame, escape, histogram, scatter_density, stacked_profile

MOST_CHAINS = 24
MOST_POINTS = 6000
LEAST = 0.05  # Å², what rounds to 0.0 in a table is not listed
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # residues between two numbers below a profile
ANCHORS = ("CA", "P", "C1'")


class Model:
    """What the page draws of a decomposition."""

    def __init__(self, found: Decomposition, colours: Sequence[str]) -> None:
        self.found, self.u, self.colours = found, found.u, colours
        h, rows = found.dep.hierarchy, found.rows
        residue = h.of_atoms("residue")[rows]
        self.residues, self.place = np.unique(residue, return_inverse=True)
        self.count = np.bincount(self.place)
        self.b, self.b_in = found.b, found.b_input
        self.mean = np.stack([np.bincount(self.place, b) / self.count for b in self.b])
        self.names = np.array(h.node_labels("residue"), dtype=object)[self.residues]
        self.comp = h.text("residues", "comp")[self.residues]
        self.chain = h.text("chains", "auth_asym")[h.column("residues", "chain")[self.residues]]
        self.number = h.column("residues", "auth_seq")[self.residues]
        self.polymer = np.zeros(len(self.residues), bool)
        self.polymer[self.place[found.polymer]] = True

    # -- profile --------------------------------------------------------------------------------------------
    def profiles(self) -> str:
        """A strip a chain."""
        chains = list(dict.fromkeys(self.chain[self.polymer].tolist()))
        if not chains:
            return "<p>No polymer.</p>"
        top = float(np.quantile(self.mean.sum(axis=0)[self.polymer], 0.998)) * 1.08
        parts = []
        for chain in chains[:MOST_CHAINS]:
            at = np.flatnonzero(self.polymer & (self.chain == chain))
            number = self.number[at]
            every = next((step for step in TICKS if len(at) / step <= 25), TICKS[-1])
            ticks, last = [], -1e9
            for k in np.flatnonzero(number % every == 0).tolist():
                if k - last > 0.03 * len(at):
                    ticks.append((k, str(number[k])))
                    last = k
            gaps = (1 + np.flatnonzero(np.diff(number) > 1)).tolist()
            values = np.minimum(self.mean[:, at], top)
            parts.append(f"<h3>Chain {escape(chain)}</h3>")
            parts.append(stacked_profile(values, self.colours, self.found.names, self._bands(at), top, ticks, gaps))
        if len(chains) > MOST_CHAINS:
            parts.append(f'<p class="note">{len(chains) - MOST_CHAINS} more chains are in the deposition.</p>')
        return "".join(parts)

    def _bands(self, at: np.ndarray) -> list[tuple[int, int, str]]:
        level = next((lv for lv in self.found.levels if lv.name == "secondary_structure"), None)
        if level is None:
            return []
        of = np.full(len(self.residues), -1)
        of[self.place] = level.labels
        kinds = [n.split(" #")[0].rsplit(" ", 1)[-1] for n in level.names]
        out: list[tuple[int, int, str]] = []
        for k, r in enumerate(at):
            kind = kinds[of[r]] if of[r] >= 0 else "coil"
            if out and out[-1][2] == kind and out[-1][1] == k and of[at[k - 1]] == of[r]:
                out[-1] = (out[-1][0], k + 1, kind)
            else:
                out.append((k, k + 1, kind))
        return [b for b in out if b[2] in ("helix", "strand")]

    def band_note(self) -> str:
        """What the marks below the profiles are, where there are any."""
        if not any(self._bands(np.flatnonzero(self.polymer & (self.chain == c))) for c in np.unique(self.chain)):
            return ""
        return "Below each chain: helices (red) and strands (arrows). "

    # -- path -----------------------------------------------------------------------------------------------
    def path_levels(self) -> str:
        """Mean B of each level against the penalty (the paper's Fig. 3a)."""
        steps = self.found.steps
        x = np.array([s.omega_alpha for s in steps])
        y = np.array([s.mean_b for s in steps])
        f = Frame(
            620, 300, (x.min(), max(x.max(), x.min() * 1.01)), (0, float(y.max()) * 1.08), log_x=True, flip_x=True
        )
        f.axes("penalty Ωα", "mean B, Å²")
        for k, name in enumerate(self.found.names):
            f.line(x, y[:, k], self.colours[k % 8], 2.2, title=name)
        return f.svg()

    def path_complexity(self) -> str:
        """Sum of the amplitudes by atom, each level and all, against the penalty (Fig. 3b)."""
        steps = [s for s in self.found.steps if s.complexity]
        x = np.array([s.omega_alpha for s in steps])
        y = np.array([s.complexity for s in steps])
        top = float(y.sum(axis=1).max()) * 1.08
        f = Frame(620, 300, (x.min(), max(x.max(), x.min() * 1.01)), (0, max(top, 1e-9)), log_x=True, flip_x=True)
        f.axes("penalty Ωα", "complexity, Å² an atom")
        f.line(x, y.sum(axis=1), FAINT, 1.6, "5 4", "all levels")
        for k, name in enumerate(self.found.names):
            f.line(x, y[:, k], self.colours[k % 8], 2.2, title=name)
        return f.svg()

    def path_objective(self) -> str:
        """F, its bound and the residual against the penalty."""
        steps = self.found.steps
        x = np.array([s.omega_alpha for s in steps])
        series = {
            "F": (np.array([s.objective for s in steps]), "#1f3b57", ""),
            "dual bound": (np.array([max(s.bound, 1e-12) for s in steps]), "#e0a030", "5 4"),
            "residual, Å² RMS": (np.array([max(s.residual, 1e-9) for s in steps]), "#c2476a", ""),
        }
        low = min(v.min() for v, _, _ in series.values()) * 0.8
        high = max(v.max() for v, _, _ in series.values()) * 1.4
        f = Frame(620, 300, (x.min(), max(x.max(), x.min() * 1.01)), (low, high), log_x=True, log_y=True, flip_x=True)
        f.axes("penalty Ωα", "F; Å²")
        for k, (name, (v, colour, dash)) in enumerate(series.items()):
            f.line(x, v, colour, 2.0, dash, name)
            y = f.top + 14 + 16 * k
            f.parts.append(
                f'<path d="M{f.right - 150} {y}h22" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
            )
            f.parts.append(f'<text x="{f.right - 122}" y="{y}" dy=".32em">{escape(name)}</text>')
        return f.svg()

    # -- tables ---------------------------------------------------------------------------------------------
    def top_residues(self) -> str:
        """The residues of polymers with the largest amplitude at the residue level; ligands in a list of their own."""
        names, b_in = self.found.names, self.b_in
        given = None if b_in is None else np.bincount(self.place, b_in) / self.count
        finest = [k for k, n in enumerate(names) if n in ("residue", "sidechain", "atomic")] or [len(names) - 1]
        key = finest[0]
        order = np.argsort(-self.mean[key], kind="stable")
        order = order[self.mean[key][order] >= LEAST]
        if not len(order):
            return f"<p>None: the level {escape(names[key].replace('_', ' '))} is switched off.</p>"
        chain, other = order[self.polymer[order]][:16], order[~self.polymer[order]][:8]
        note = f'<p class="note">By mean B (Å²) at the level {escape(names[key])}.</p>'
        text = self._residue_table(chain, key, given) + note if len(chain) else "<p>None of a polymer.</p>"
        if len(other):
            text += f"<details><summary>Ligands and ions</summary>{self._residue_table(other, key, given)}</details>"
        return text

    def _residue_table(self, order: np.ndarray, key: int, given: np.ndarray | None) -> str:
        """Mean B of some residues by level, the level `key` set off; given: mean input B of each residue."""
        names = self.found.names
        head = "".join(f"<th>{escape(n.replace('_', ' '))}</th>" for n in names)
        head += "" if given is None else "<th>input</th>"
        rows = "".join(
            f"<tr><td>{escape(self.names[r])} {escape(self.comp[r])}</td>"
            + "".join(
                f"<td>{'<b>' if k == key else ''}{self.mean[k, r]:.1f}{'</b>' if k == key else ''}</td>"
                for k in range(len(names))
            )
            + (f"<td>{given[r]:.1f}</td></tr>" if given is not None else "</tr>")
            for r in order
        )
        return f'<div class="scroll"><table><tr><th>residue</th>{head}</tr>{rows}</table></div>'

    def top_groups(self) -> str:
        """The groups with the largest amplitude at each level but the finest, with libration and translation."""
        rows = []
        for k, level in enumerate(self.found.levels):
            if not level.names or (level.name in ("residue", "sidechain") and len(self.found.levels) > 2):
                continue
            for m in sorted(motions(level.tls), key=lambda m: -m.amplitude)[:6]:
                rows.append(
                    f'<tr><td><i class="key" style="background:{self.colours[k % 8]}"></i>'
                    f"{escape(level.names[m.label])}</td>"
                    f"<td>{EIGHT_PI_SQUARED * m.amplitude:.2f}</td><td>{', '.join(f'{v:.2f}' for v in m.degrees)}</td>"
                    f"<td>{', '.join(f'{v:.2f}' for v in m.shift)}</td>"
                    f"<td>{', '.join(f'{round(v, 1) + 0.0:.1f}' for v in m.direction)}</td></tr>"
                )
        return (
            '<div class="scroll"><table><tr><th>group</th><th>mean B, Å²</th><th>libration, °</th>'
            "<th>translation, Å</th>"
            f"<th>axis x, y, z</th></tr>{''.join(rows)}</table></div>"
            '<p class="note">RMS values at the group\'s centroid; the axis is that of the largest libration.</p>'
        )

    # -- residuals ------------------------------------------------------------------------------------------
    def agreement(self, b_in: np.ndarray) -> str:
        """Input B against model B, all atoms."""
        return scatter_density(b_in, self.b.sum(axis=0), "input B, Å²", "model B, Å²", 600, 400)

    def residuals(self, b_in: np.ndarray) -> str:
        """Histogram of model minus input."""
        return histogram(self.b.sum(axis=0) - b_in, "model − input, Å²", 600, 260)

    def worst_atoms(self, b_in: np.ndarray) -> str:
        """The atoms that the model explains least."""
        model = self.b.sum(axis=0)
        h = self.found.dep.hierarchy
        rows = "".join(
            f"<tr><td>{escape(h.node_label('atom', int(self.found.rows[k])))}</td><td>{b_in[k]:.2f}</td>"
            f"<td>{model[k]:.2f}</td><td>{model[k] - b_in[k]:+.2f}</td></tr>"
            for k in np.argsort(-np.abs(model - b_in), kind="stable")[:6]
        )
        return f"<table><tr><th>atom</th><th>input</th><th>model</th><th>difference</th></tr>{rows}</table>"

    # -- space ----------------------------------------------------------------------------------------------
    def json(self) -> str:
        """The trace with U of each level, and the largest libration axes."""
        h, found = self.found.dep.hierarchy, self.found
        names = h.text("atoms", "name")[found.rows].astype(str)
        anchor = np.full(len(self.residues), -1)
        for name in reversed(ANCHORS):
            at = np.flatnonzero(names == name)
            anchor[self.place[at]] = at
        missing = np.flatnonzero(anchor < 0)
        first = np.full(len(self.residues), -1)
        first[self.place[::-1]] = np.arange(len(self.place))[::-1]
        anchor[missing] = first[missing]
        keep = np.arange(len(anchor))
        step = -(-len(keep) // MOST_POINTS)
        keep = keep[::step]
        xyz = found.dep.x_ref[found.rows[anchor[keep]]]
        jump = np.linalg.norm(np.diff(xyz, axis=0), axis=1) > 8.0 * step
        new = jump | (self.chain[keep][1:] != self.chain[keep][:-1]) | ~self.polymer[keep][1:]
        axes: list[tuple[int, Motion]] = []
        for k, level in enumerate(found.levels):
            if 0 < len(level.names) <= 400:
                axes += [(k, m) for m in sorted(motions(level.tls), key=lambda m: -m.amplitude)[:40]]
        centred = xyz - xyz.mean(axis=0)
        frame = np.linalg.svd(centred, full_matrices=False)[2] if len(xyz) > 3 else np.eye(3)
        frame = frame[[1, 0, 2]] if len(xyz) > 3 else frame  # the longest axis upright
        if (centred @ frame[1] * self.b[:, anchor[keep]].sum(axis=0)).sum() < 0:
            frame[1] = -frame[1]  # the more mobile end up
        frame[2] = np.cross(frame[0], frame[1])
        return json.dumps({
            "xyz": xyz.round(2).tolist(),
            "names": [f"{n} {c}" for n, c in zip(self.names[keep], self.comp[keep], strict=True)],
            "segment": np.concatenate([[0], np.cumsum(new)]).tolist(),
            "levels": [n.replace("_", " ") for n in found.names],
            "u": self.u[:, anchor[keep]].round(4).tolist(),
            "rotation": frame.reshape(-1).round(4).tolist(),
            "axes": [{"level": k, "degrees": round(float(m.degrees[0]), 3),
                      "origin": m.origin.round(2).tolist(),
                      "direction": m.direction.round(4).tolist()} for k, m in axes],
        }, separators=(",", ":")).replace("</", "<\\/")  # fmt: skip


__all__ = ["FAINT", "Model"]
