"""fit: from B-factors to a hierarchical model of disorder."""

from __future__ import annotations

import math
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from polystate.errors import AlreadyExists, BadRequest, PolystateError
from polystate_tools.archive.sources import DEPOSITIONS
from polystate_tools.commands import fit_options as options
from polystate_tools.commands import many as each_of
from polystate_tools.commands.options import Json, Overwrite, echo_json, echo_table
from polystate_tools.formats.known import STRUCTURES

if TYPE_CHECKING:
    from polystate_tools.echt.fit import Fit
    from polystate_tools.echt.resume import Kept
    from polystate_tools.echt.solver.points import Point, Settings, State, Step
    from polystate_tools.echt.suggest import Suggestion

USUAL_STEPS = 55  # of a path, for the progress bar
USUAL_MOST = 90  # steps, where --steps does not say

HELP = """Fit a hierarchy of rigid-body motions to B-factors (ECHT), with a certificate at every step.

\b
Examples:
  polystate fit 6vxx.pdb 6vxx-echt.zarr --levels molecule,domain,secondary_structure,residue,atomic
      --domains spike-domains.yaml --report 6vxx.html
  polystate fit 1o1z.pdb 1o1z-echt.zarr --levels chain,residue --b-factors total
  polystate fit 4cup.cif 4cup-echt.zarr --suggest-domains domains.yaml
  polystate fit --many structures/ results/ --jobs 2

Exit status 1: not converged. What was found until then is written, and says so; a path that ends after --steps
is what was asked for."""


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command(help=HELP)(fit)


def fit(
    source: options.Source = None,
    out: options.Target = None,
    levels: options.Levels = None,
    domains: options.Domains = None,
    groups: options.Groups = None,
    only: options.Only = None,
    exclude: options.Exclude = None,
    psd: options.Psd = "refuse",
    b_factors: options.BFactors = None,
    omega: options.Omega = 100.0,
    delta: options.Delta = 0.8,
    gamma: options.Gamma = 0.9,
    weights: options.Weights = "inverse",
    stop_change: options.StopChange = 0.05,
    stop_amplitude: options.StopAmplitude = None,
    stop_residual: options.StopResidual = 0.5,
    min_steps: options.MinSteps = 1,
    steps: options.Steps = None,
    report: options.Report = None,
    ranges: options.Ranges = True,
    files: options.Files = None,
    suggest_domains: options.Suggest = None,
    many: each_of.Source = None,
    scheduler: each_of.Scheduler = None,
    workers: options.Workers = 0,
    failures: each_of.Failures = None,
    restart: options.Restart = False,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """See HELP."""
    _installed()
    settings = _settings(
        omega_first=omega, delta=delta, gamma=gamma, weights=weights, stop_change_b=stop_change,
        stop_amplitude_b=stop_amplitude, stop_residual_b=stop_residual, min_steps=min_steps,
        max_steps=steps or (USUAL_MOST if steps is None else 0),
    )  # fmt: skip
    chosen = _input_options(levels, domains, groups, only, exclude, psd, b_factors)
    how = How(workers, restart, overwrite, as_json, steps is not None)
    if workers < 0:
        raise BadRequest("--workers", workers, "0 or more")
    if many is not None:
        each_of.alone("fit", {"--report": report, "--suggest-domains": suggest_domains, "--files": files})
        asked = each_of.Many(many, workers, scheduler, failures, restart or overwrite, as_json)
        raise typer.Exit(_fit_many(asked, each_of.folder_of("fit", [source, out]), settings, chosen, how))
    if scheduler is not None:
        raise BadRequest("--scheduler", scheduler, "--many as well")
    if source is None or out is None:
        raise BadRequest("fit", "no " + ("input" if source is None else "output"), "polystate fit IN OUT")
    _targets(out, report, files, suggest_domains, overwrite)
    _apart([Path(source), domains, groups], out, report, files)
    result = _fit_one(source, out, settings, chosen, how)
    _write_beside(result, files, report, ranges)
    found = _suggest(result, suggest_domains) if suggest_domains is not None else None
    raise typer.Exit(_tell(result, out, how, found))


class How(NamedTuple):
    """How a fit is to be done, whatever is fitted. steps_asked: whether --steps says where the path may end."""

    workers: int
    restart: bool
    overwrite: bool
    as_json: bool
    steps_asked: bool


def _settings(**numbers: Any) -> Settings:
    """The settings; refused where they make no path."""
    from polystate_tools.echt.solver.points import WEIGHTS, Settings

    p = Settings(**numbers)
    above = (p.stop_change_b, p.stop_residual_b, p.stop_change_b if p.stop_amplitude_b is None else p.stop_amplitude_b)
    for option, found, good, expected in (
        ("--omega, --delta, --steps", f"{p.omega_first}, {p.delta}, {p.max_steps}",
         0 < p.delta < 1 and 0 < p.omega_first < math.inf and p.max_steps > 0, "omega > 0, 0 < delta < 1, steps > 0"),
        ("--gamma", p.gamma, 0 <= p.gamma < 1, "0 <= gamma < 1: without squares nothing is certain"),
        ("--weights", p.weights, p.weights in WEIGHTS, "one of " + ", ".join(WEIGHTS)),
        ("--stop-change, --stop-residual, --stop-amplitude", ", ".join(map(str, above)), min(above) > 0, "more than 0"),
        ("--min-steps", p.min_steps, 1 <= p.min_steps <= p.max_steps, f"1 to {p.max_steps}, the most steps"),
    ):  # fmt: skip
        if not good:
            raise BadRequest(option, found, expected)
    return p


def _input_options(
    levels: str | None, domains: Path | None, groups: Path | None, only: str | None, exclude: list[str] | None,
    psd: str, b_factors: str | None,
) -> dict[str, Any]:  # fmt: skip
    """What `prepare` is told."""
    if psd not in ("refuse", "clip"):
        raise BadRequest("--psd", psd, "refuse or clip")
    if b_factors not in (None, "total", "residual"):
        raise BadRequest("--b-factors", b_factors, "total or residual")
    return {
        "levels": [name.strip() for name in levels.split(",")] if levels is not None else None,
        "domains": domains, "groups": groups, "only": only, "exclude": list(exclude or []), "psd": psd,
        **({"b_factors": b_factors} if b_factors is not None else {}),
    }  # fmt: skip


def _fit_many(many: each_of.Many, out: Path, settings: Settings, chosen: dict[str, Any], how: How) -> int:
    """Fit all entries of a source and say what came of it; the exit status."""
    from polystate_tools.archive.outcomes import Journal
    from polystate_tools.archive.running import Task
    from polystate_tools.commands.works import fit_one

    _check_files(chosen)
    files = {name: value.absolute() if isinstance(value, Path) else value for name, value in chosen.items()}
    task = Task("fit", fit_one, ".zarr.zip", {**files, "settings": asdict(settings)})
    summary = each_of.done(task, many, out, (*DEPOSITIONS, *STRUCTURES))
    rows = Journal(out, "fit").rows().values()
    open_ends = sum(r["status"] == "done" and not r.get("converged", True) for r in rows)
    each_of.told(summary, many, f"; {open_ends} not converged" if open_ends else "")
    return 1 if summary.failed or (open_ends and not how.steps_asked) else 0


def _check_files(options: dict[str, Any]) -> None:
    """Refuse a bad file of levels once, instead of at every entry."""
    from polystate_tools.echt.levels.domains import read_domains
    from polystate_tools.echt.levels.tables import table_rows

    if options.get("domains"):
        read_domains(options["domains"])
    if options.get("groups"):
        table_rows(options["groups"])


def _write_beside(result: Fit, files: Path | None, report: Path | None, ranges: bool) -> None:
    """What was asked for beside the deposition."""
    if files is not None:
        from polystate_tools.echt.outputs import write_all

        write_all(result, files)
    if report is not None:
        from polystate_tools.report.page import write_report

        write_report(result, report, ranges)


def _targets(
    out: Path, report: Path | None, files: Path | None, suggested: Path | None, overwrite: bool
) -> None:  # fmt: skip
    """Refuse, before the fit, what could not be written after it."""
    from polystate.store.outputs import file_target, store_target
    from polystate_tools.echt.outputs import TABLES

    (file_target if out.suffix == ".zip" else store_target)(out, overwrite)
    for path in (report, suggested):
        if path is not None:
            file_target(path, overwrite)
    if files is not None and files.exists() and not files.is_dir():
        raise AlreadyExists(str(files), "a file", "a folder or a new name")
    there = [files / name for name in TABLES if (files / name).exists()] if files is not None else []
    if there and not overwrite:
        raise AlreadyExists(str(there[0]), "something there already", "another folder, or -y")


def _apart(inputs: list[Path | None], out: Path, report: Path | None, files: Path | None) -> None:
    """Refuse outputs that would replace a file that is read, or lie in the deposition that is written."""
    for path, name in ((out, "OUT"), (report, "--report")):
        for given in inputs:
            if path is not None and given is not None and given.is_file() and path.resolve() == given.resolve():
                if given.suffix != ".zip":  # a deposition may be fitted in its place
                    raise BadRequest(name, f"{path}, which is read", "another name")
    for path, name in ((report, "--report"), (files, "--files")):
        if path is not None and path.resolve().is_relative_to(out.resolve()):
            raise BadRequest(name, f"{path}, in the deposition {out}", "a place outside of it")


def _fit_one(source: str, out: Path, settings: Settings, chosen: dict[str, Any], how: How) -> Fit:
    """One fit with a progress bar; Ctrl-C leaves OUT.partial-fit.npz, from which the same command goes on."""
    from polystate.store.writing import write
    from polystate_tools.commands.progress import QUIET, progress
    from polystate_tools.echt.fit import run
    from polystate_tools.echt.prepare import prepare
    from polystate_tools.echt.resume import Kept
    from polystate_tools.echt.solver.compiling import compile_loops, is_compiled

    given = prepare(source, **chosen)
    if not is_compiled():
        if not os.environ.get(QUIET):
            typer.echo("compiling, once: the first fit takes some ten seconds longer", err=True)
        compile_loops(bool(given.problem.anisotropic.any()))
    kept = Kept.beside(out, given.problem, settings)
    before = _before(kept, how.restart)
    done = len(before[0]) if before else 0
    groups = sum(len(level.names) for level in given.levels)
    with progress(f"{len(given.data.rows)} atoms, {groups} groups", USUAL_STEPS) as advance:
        advance(done)

        def told(path: list[Step], point: Point) -> None:
            nonlocal done
            done = len(path)
            if point.centre is not None:
                kept.save(path, point.centre)
            advance(1)

        try:
            result = run(given, settings, progress=told, resume=before, threads=how.workers or None)
        except KeyboardInterrupt:
            there = kept.path.exists()
            found = f"; the same command goes on from {kept.path}" if there else ", before anything was kept"
            typer.echo(f"stopped after step {done}{found}", err=True)
            raise typer.Exit(130) from None
    try:
        write(result.valid_tree(), out, overwrite=how.overwrite)
    except (PolystateError, OSError):
        if kept.path.exists():
            typer.echo(f"{kept.path} is kept: the same command goes on from the last step but one", err=True)
        raise
    kept.forget()
    return result


def _before(kept: Kept, restart: bool) -> tuple[list[Step], State] | None:
    """The state of an interrupted fit, if it is to go on."""
    from polystate_tools.echt.resume import Damaged

    if restart:
        kept.forget()
    try:
        before = kept.read()
    except Damaged as error:
        typer.echo(f"{kept.path} is damaged ({error}): the fit starts over", err=True)
        return None
    if before:
        typer.echo(f"goes on after step {len(before[0])} ({kept.path})", err=True)
    return before


def _installed() -> None:
    """Refuse before the work where a package is missing that every fit needs."""
    from importlib.util import find_spec

    from polystate_tools.echt.errors import MissingPackage

    if find_spec("numba") is None:
        raise MissingPackage("fit", "no numba", "pip install 'polystate[fit]'")


def _suggest(result: Fit, path: Path) -> Suggestion:
    from polystate_tools.echt.suggest import suggest

    found = suggest(result)
    found.write(path)
    return found


def _tell(result: Fit, out: Path, how: How, found: Suggestion | None) -> int:
    """Say what was found; the exit status."""
    if how.as_json:
        echo_json({**result.to_json(), **({"suggested": found.to_json()} if found else {})})
    else:
        _tell_people(result, out)
        if found:
            _tell_domains(found)
    if result.ending.converged:
        return 0
    typer.echo(f"not converged: {result.ending.reason}", err=True)
    return 0 if result.ending.kind == "steps" and how.steps_asked else 1


def _tell_domains(found: Suggestion) -> None:
    part = 100.0 / found.objective
    rows = [
        {"domain": d.name, "selection": d.selection, "residues": d.residues,
         "mean B, small levels (Å²)": f"{d.b:.2f}", "F falls by": f"{part * d.gain:.2f} %"}
        for d in found.domains
    ]  # fmt: skip
    echo_table(rows, list(rows[0]))
    typer.echo(f"all {len(rows)} together: F falls by {part * found.gain:.2f} %")


def _tell_people(result: Fit, out: Path) -> None:
    from polystate_tools.echt.solver.points import percent

    last = result.steps[-1]
    shares = result.shares()
    total = sum(last.mean_b)
    rows: list[dict[str, Any]] = [
        {"level": name, "groups": size, "mean B (Å²)": f"{b:.2f}", "%": f"{shares[name]:.1f}",
         "± (certificate)": f"{percent(bound, total):.2f}" if total else "", "complexity (Å²)": f"{complexity:.2f}"}
        for name, size, b, bound, complexity in zip(
            result.names, [len(lv.names) for lv in result.levels] + [len(result.data.rows)], last.mean_b,
            last.mean_b_bound, last.complexity, strict=False)
    ]  # fmt: skip
    echo_table(rows, list(rows[0]))
    typer.echo(
        f"{out}: {len(result.data.rows)} atoms, mean B {result.data.mean_b:.2f} Å² in, {total:.2f} Å² fitted, residual "
        f"{last.residual_rms_b:.3f} Å² RMS; {last.n} steps, F within {max(last.certificate, 0):.1e} of its bound; "
        f"{result.seconds:.1f} s"
    )
    for note in result.notes():
        typer.echo(f"note: {note}", err=True)
