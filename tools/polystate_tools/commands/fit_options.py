"""The options of `polystate fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[str | None, typer.Argument(metavar="IN", help="A structure file or a deposition.")]
Target = Annotated[Path | None, typer.Argument(metavar="OUT", help="Directory or .zip to write.")]
Levels = Annotated[
    str | None,
    typer.Option(
        metavar="L,...",
        help="Largest first: molecule, chain, secondary_structure, residue, sidechain, atomic, or levels of --domains.",
    ),
]
Domains = Annotated[Path | None, typer.Option(metavar="FILE.yaml", help="Levels made of selections.")]
Groups = Annotated[Path | None, typer.Option(metavar="LEVELS.csv", help="A ready partition.")]
Only = Annotated[str | None, typer.Option(metavar="SELECTION", help="Fit these atoms only; polymer: no ligands.")]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="SELECTION", help="Leave atoms out (repeatable); auto: those with a B of 0 or none."),
]
Psd = Annotated[str, typer.Option(metavar="refuse|clip", help="An input U that no motion has.")]
BFactors = Annotated[str | None, typer.Option(metavar="total|residual", help="What B-factors are beside TLS records.")]
Omega = Annotated[float, typer.Option(metavar="X", help="First penalty of the path.")]
Delta = Annotated[float, typer.Option(metavar="X", help="Decay: the factor from penalty to penalty.")]
Gamma = Annotated[float, typer.Option(metavar="X", help="Part of the penalty on amplitudes; the rest: squares.")]
Weights = Annotated[
    str,
    typer.Option(metavar="RULE", help="Of atoms: inverse, inverse-square (of their mean U) or equal."),
]
StopChange = Annotated[
    float, typer.Option(metavar="B", help="Settled: mean B of each level changes by less, Å² a step.")
]
StopAmplitude = Annotated[
    float | None,
    typer.Option(metavar="B", help="Settled, as published: each amplitude changes by less, Å² a step."),
]
StopResidual = Annotated[float, typer.Option(metavar="B", help="Settled: and the residual is below, Å² RMS.")]
MinSteps = Annotated[int, typer.Option(metavar="N", help="At least so many steps.")]
Steps = Annotated[
    int | None, typer.Option("--steps", "--max-steps", metavar="N", help="At most so many steps; 90 if not said.")
]
Report = Annotated[Path | None, typer.Option(metavar="OUT.html", help="Write a page about the fit.")]
Ranges = Annotated[bool, typer.Option(help="With --report: how far each share can move; takes as long as the fit.")]
Files = Annotated[Path | None, typer.Option(metavar="DIR", help="Structure files a level, and CSV tables.")]
Suggest = Annotated[
    Path | None, typer.Option(metavar="FILE.yaml", help="Propose domains: elements of like disorder, for --domains.")
]
Workers = Annotated[
    int, typer.Option("--jobs", "--workers", metavar="N", help="--many: so many processes; of one fit: threads.")
]
Restart = Annotated[bool, typer.Option("--restart", help="Forget an interrupted fit; with --many, all results.")]
