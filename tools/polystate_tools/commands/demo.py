"""The main job in one command: score the reference, then render a real entry.

python -m polystate_tools.commands.demo"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console

import polystate
from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate_conformance import score as scoring
from polystate_conformance.paths import CORPUS
from polystate_tools.commands import terminal
from polystate_tools.commands.conformance import show
from polystate_tools.report.entry import write_entry

OUT = Path("out")
NEXT = """
Open {page} in a browser: crambin, with its sites to switch and draws to play. Then:
  polystate examples examples                          files to start with
  polystate import examples/1ejg.cif entry.zarr        a deposition of your own
  polystate states entry.zarr                          what varies in it
  polystate report entry.zarr                          the page of it
  polystate score -- node my-adapter.mjs               your own implementation
(.venv/bin/polystate where nothing is installed; the tour is in README.md)"""


def render_spike(console: Console) -> list[Path]:
    """Render, draw and sum the covariances of 6vxx; returns the files written."""
    start = time.perf_counter()
    dep = polystate.open(CORPUS / "6vxx.zarr.zip")
    found = dep.describe()
    console.print(f"\n6vxx: {found['title'].capitalize()}, {found['atoms']} atoms, digest {dep.digest()[:16]}…")
    u = dep.covariance()
    snap = dep.render(draw=polystate.Draw(seed=7, index=0))
    b = EIGHT_PI_SQUARED * np.trace(u, axis1=1, axis2=2) / 3
    moved = np.sqrt(((snap.xyz - snap.mean) ** 2).sum(axis=1).mean())
    console.print(
        f"mean B {b.mean():.2f} Å², from {b.min():.2f} to {b.max():.2f}; draw 7:0 moves atoms by {moved:.3f} Å rms"
    )
    OUT.mkdir(exist_ok=True)
    written = []
    for name, values in (("6vxx-draw.npy", snap.xyz), ("6vxx-covariance.npy", u)):
        np.save(OUT / name, values)
        written.append(OUT / name)
    console.print(f"({time.perf_counter() - start:.1f} s)")
    return written


def main() -> int:
    """Run the demonstration; exit status 0 where the reference passed everything."""
    console = terminal.console(sys.stdout, width=None if sys.stdout.isatty() else 120)
    scored = scoring.score(scoring.REFERENCE, jobs=2)
    written = render_spike(console)
    console.print("\nThe reference against the conformance suite:")
    show(scored, console)
    page = OUT / "1ejg.html"
    write_entry(polystate.open(CORPUS / "1ejg.zarr.zip"), page)
    console.print("\nRendered 6vxx: " + ", ".join(str(p) for p in written))
    console.print(NEXT.format(page=page.absolute()), markup=False, highlight=False)
    return 0 if scored.good else 1


if __name__ == "__main__":
    sys.exit(main())
