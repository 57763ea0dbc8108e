"""What verbs do to one entry of many: functions that other processes import, which say columns of the entry's row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from polystate.errors import UnsupportedCombination
from polystate_tools.archive.outcomes import failure

Options = Mapping[str, Any]


def import_one(source: str, target: Path, options: Options) -> dict[str, Any]:
    """Import a structure file."""
    from polystate.store.writing import write
    from polystate_tools.formats import import_file
    from polystate_tools.formats.known import of_suffix

    told = of_suffix(Path(source).suffix)
    if told is not None and told.is_trajectory:
        raise UnsupportedCombination(source, "a trajectory", "a structure file: each trajectory has its own topology")
    tree, report = unless_unasked(import_file, source, options)
    write(tree, target)
    names = ("format", "sha256", "read", "kept", "refused", "changed", "atoms", "alternates", "models")
    return {name: getattr(report, name) for name in names} | {
        "lost": sum(loss["count"] for loss in report.losses),
        "warnings": len(report.warnings),
    }


def unless_unasked(work: Callable[..., Any], source: str, options: Options) -> Any:
    """The work on a source. --b-factors answers a question that only files with TLS groups ask; others do without."""
    from polystate_tools.formats.errors import BadOption

    try:
        return work(source, **options)
    except BadOption as error:
        if error.where != "--b-factors" or options.get("b_factors") is None:
            raise
        return work(source, **{name: value for name, value in options.items() if name != "b_factors"})


def fit_one(source: str, target: Path, options: Options) -> dict[str, Any]:
    """Fit a structure or deposition. options: `settings`, the fields of `Settings`, and what `prepare` is told."""
    from polystate.store.writing import write
    from polystate_tools.echt.fit import fit
    from polystate_tools.echt.solver.points import Settings

    given = {name: value for name, value in options.items() if name != "settings"} | {"threads": 1}
    result = unless_unasked(partial(fit, settings=Settings(**options["settings"])), source, given)
    write(result.valid_tree(), target)
    last = result.steps[-1]
    return {
        "atoms": len(result.data.rows), "mean_b": result.data.mean_b, "steps": last.n, "F": last.F,
        "certificate": last.certificate, "residual_rms_b": last.residual_rms_b,
        "converged": result.ending.converged, "reason": result.ending.reason,
        "complexity": float(sum(last.complexity)), "shares": json.dumps(result.shares()),
    }  # fmt: skip


def validate_one(source: str, target: Path, options: Options) -> dict[str, Any]:
    """Validate a deposition."""
    import polystate

    report = polystate.open(source).validate(**options)
    found = {"errors": len(report.errors), "warnings": len(report.warnings)}
    return {**found, "failed": failure(report.errors[0])} if report.errors else found


def report_one(source: str, target: Path, options: Options) -> dict[str, Any]:
    """Write the page of a deposition: of the fit that it holds, or of the entry."""
    import polystate
    from polystate.rules.derivation import stale
    from polystate_tools.report.entry import has_fit, write_entry

    opened = polystate.open(source)
    changed = any(error.where.startswith("provenance/") for error in stale(opened))
    of = options["of"] or ("fit" if has_fit(opened) and not changed else "entry")
    if of == "entry":
        write_entry(opened, target)
    else:
        from polystate_tools.report.page import write_stored

        write_stored(opened, target)
    return {"of": of, "bytes": target.stat().st_size}


def convert_one(source: str, target: Path, options: Options) -> dict[str, Any]:
    """Copy a deposition, in a mode if one is given."""
    return {"warnings": len(converted(source, target, **options)[1])}


def converted(
    source: str, out: Path, mode: str | None = None, overwrite: bool = False
) -> tuple[list[tuple[Path, Path]], list[str]]:
    """Write a deposition anew with the files that it refers to: what was copied where, and what could not be."""
    from polystate.store.reading import read
    from polystate.store.writing import write
    from polystate_tools.commands import artifacts

    stored = read(source)
    moves, warnings = artifacts.needed(stored, out)
    tree: Any = stored
    if mode is not None:
        from polystate.editing.modes import convert as convert_mode

        tree = convert_mode(tree, mode)
    write(tree, out, overwrite=overwrite)
    artifacts.copy(moves)
    return moves, warnings


def export_one(source: str, target: Path, options: Options) -> dict[str, Any]:
    """Export a deposition as a structure file."""
    import polystate
    from polystate_tools.formats import export_file

    report = export_file(polystate.open(source), target, **options)
    return {"records": report.records, "models": report.models, "lost": sum(loss["count"] for loss in report.losses)}
