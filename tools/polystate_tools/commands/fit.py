"""fit: from B-factors to a hierarchical model of disorder."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from polystate_tools.commands.options import Json, Overwrite, echo_json


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command()(fit)


def fit(
    source: Annotated[str | None, typer.Argument(metavar="IN", help="A structure file or a deposition.")] = None,
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="Directory or .zip to write.")] = None,
    levels: Annotated[
        str | None,
        typer.Option(
            metavar="L,...",
            help="Largest first: molecule, chain, secondary_structure, residue, "
            "sidechain, atomic, or levels of --domains.",
        ),
    ] = None,
    domains: Annotated[Path | None, typer.Option(metavar="FILE.yaml", help="Levels made of selections.")] = None,
    groups: Annotated[Path | None, typer.Option(metavar="LEVELS.csv", help="A ready partition.")] = None,
    only: Annotated[str | None, typer.Option(metavar="SELECTION", help="Fit these atoms only.")] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="SELECTION", help="Leave atoms out (repeatable).")
    ] = None,
    psd: Annotated[str, typer.Option(metavar="refuse|clip", help="An input U that no motion has.")] = "refuse",
    b_factors: Annotated[
        str | None, typer.Option(metavar="total|residual", help="What B-factors are beside TLS records.")
    ] = None,
    omega: Annotated[float, typer.Option(metavar="X", help="First penalty of the path.")] = 100.0,
    delta: Annotated[float, typer.Option(metavar="X", help="Factor from step to step.")] = 0.8,
    steps: Annotated[int, typer.Option(metavar="N", help="At most so many steps.")] = 90,
    report: Annotated[Path | None, typer.Option(metavar="OUT.html", help="Write a page about the fit.")] = None,
    files: Annotated[Path | None, typer.Option(metavar="DIR", help="Structure files a level, and CSV tables.")] = None,
    many: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Fit every structure file of a folder into IN.")
    ] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="tcp://...", help="Dask scheduler for --many.")] = None,
    workers: Annotated[int, typer.Option(metavar="N", help="Local workers for --many, threads for one fit.")] = 0,
    restart: Annotated[
        bool, typer.Option("--restart", help="Forget an interrupted fit; with --many, all results.")
    ] = False,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Fit a hierarchy of rigid-body motions to B-factors (ECHT), with a certificate at every step.

    Examples:
      polystate fit 6vxx.pdb 6vxx-echt.zarr --levels molecule,domain,secondary_structure,residue,atomic
          --domains spike-domains.yaml --report 6vxx.html
      polystate fit --many structures/ results/ --workers 2"""
    from polystate.errors import BadRequest
    from polystate_tools.echt.solver.points import Settings

    settings = Settings(omega_first=omega, delta=delta, max_steps=steps)
    chosen: dict[str, Any] = {
        "levels": [name.strip() for name in levels.split(",")] if levels is not None else None,
        "domains": domains, "groups": groups, "only": only, "exclude": list(exclude or []), "psd": psd,
    }  # fmt: skip
    if psd not in ("refuse", "clip"):
        raise BadRequest("--psd", psd, "refuse or clip")
    if not 0 < delta < 1 or not 0 < omega < math.inf or steps < 1:
        raise BadRequest(
            "--omega, --delta, --steps", f"{omega}, {delta}, {steps}", "omega > 0, 0 < delta < 1, steps > 0"
        )
    if workers < 0:
        raise BadRequest("--workers", workers, "0 or more")
    if b_factors is not None:
        if b_factors not in ("total", "residual"):
            raise BadRequest("--b-factors", b_factors, "total or residual")
        chosen["b_factors"] = b_factors
    if many is not None:
        if source is None or out is not None:
            found = "no folder for the results" if source is None else f"{source} and {out}"
            raise BadRequest("fit --many", found, "polystate fit --many DIR OUT")
        if report is not None:
            raise BadRequest("--report", "--many as well", "polystate report OUT/NAME.zarr.zip of the ones to be seen")
        if files is not None:
            raise BadRequest("--files", "--many as well", "polystate fit IN OUT --files DIR of the ones to be used")
        from polystate_tools.echt.many import fit_many

        summary = fit_many(
            many, Path(source), settings, chosen, scheduler=scheduler, workers=workers, again=restart or overwrite,
            tell=lambda text: typer.echo(f"note: {text}", err=True),
        )  # fmt: skip
        echo_json(summary) if as_json else typer.echo(
            f"{summary['table']}: {summary['done']} fitted, {summary['failed']} failed, {summary['kept']} done before"
        )
        raise typer.Exit(1 if summary["failed"] else 0)
    if scheduler is not None:
        raise BadRequest("--scheduler", scheduler, "--many as well")
    if source is None or out is None:
        raise BadRequest("fit", "no " + ("input" if source is None else "output"), "polystate fit IN OUT")
    _targets(out, report, files, overwrite)
    _apart([Path(source), domains, groups], out, report, files)
    result = _one(source, out, settings, chosen, workers, restart, overwrite)
    if files is not None:
        from polystate_tools.echt.outputs import write_all

        write_all(result, files)
    if report is not None:
        from polystate_tools.report.page import write_report

        write_report(result, report)
    if as_json:
        echo_json(result.to_json())
        return
    _tell(result, out)


def _targets(out: Path, report: Path | None, files: Path | None, overwrite: bool) -> None:
    """Refuse, before the fit, what could not be written after it."""
    from polystate.errors import AlreadyExists
    from polystate.store.outputs import file_target, store_target
    from polystate_tools.echt.outputs import TABLES

    (file_target if out.suffix == ".zip" else store_target)(out, overwrite)
    if report is not None:
        file_target(report, overwrite)
    if files is not None and files.exists() and not files.is_dir():
        raise AlreadyExists(str(files), "a file", "a folder or a new name")
    there = [files / name for name in TABLES if (files / name).exists()] if files is not None else []
    if there and not overwrite:
        raise AlreadyExists(str(there[0]), "something there already", "another folder, or -y")


def _apart(inputs: list[Path | None], out: Path, report: Path | None, files: Path | None) -> None:
    """Refuse outputs that would replace a file that is read, or lie in the deposition that is written."""
    from polystate.errors import BadRequest

    for path, name in ((out, "OUT"), (report, "--report")):
        for given in inputs:
            if path is not None and given is not None and given.is_file() and path.resolve() == given.resolve():
                if given.suffix != ".zip":  # a deposition may be fitted in its place
                    raise BadRequest(name, f"{path}, which is read", "another name")
    for path, name in ((report, "--report"), (files, "--files")):
        if path is not None and path.resolve().is_relative_to(out.resolve()):
            raise BadRequest(name, f"{path}, in the deposition {out}", "a place outside of it")


def _one(source: str, out: Path, settings, chosen: dict, workers: int, restart: bool, overwrite: bool):
    """One fit with a progress bar; Ctrl-C leaves OUT.partial-fit.npz, from which the same command goes on."""
    import time

    import numba

    from polystate.errors import PolystateError
    from polystate.store.writing import write
    from polystate_tools.commands.progress import progress
    from polystate_tools.echt import resume
    from polystate_tools.echt.fit import Fit, prepare, problem_of
    from polystate_tools.echt.solver.solver import Solver

    if workers:
        numba.set_num_threads(min(workers, numba.get_num_threads()))
    begin = time.perf_counter()
    tree, origin, data, levels, atomic = prepare(source, **chosen)
    problem = problem_of(data, levels, atomic)
    key = resume.problem_key(problem, settings)
    kept = out.with_name(out.name + ".partial-fit.npz")
    before = None
    if restart:
        kept.unlink(missing_ok=True)
    try:
        before = resume.read(kept, key)
    except resume.Damaged as error:
        typer.echo(f"{kept} is damaged ({error}): the fit starts over", err=True)
    solver = Solver(problem, settings)
    path = list(before[0]) if before else []
    earlier = sum(s.seconds for s in path)
    if path:
        typer.echo(f"goes on after step {len(path)} ({kept})", err=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with progress(f"{len(data.rows)} atoms, {solver.s.n_groups} groups", 55) as advance:
        advance(len(path))

        def told(step, point) -> None:
            path.append(step)
            if point.centre is not None:
                resume.save(kept, key, path, point.centre)
            advance(1)

        try:
            done, point = solver.fit(told, *(before or (None, None)))
        except KeyboardInterrupt:
            found = f"; the same command goes on from {kept}" if kept.exists() else ", before anything was kept"
            typer.echo(f"stopped after step {len(path)}{found}", err=True)
            raise typer.Exit(130) from None
    result = Fit(tree, data, levels, solver, done, point, origin, time.perf_counter() - begin + earlier)
    try:
        write(result.valid_tree(), out, overwrite=overwrite)
    except (PolystateError, OSError):
        if kept.exists():
            typer.echo(f"{kept} is kept: the same command goes on from the last step but one", err=True)
        raise
    kept.unlink(missing_ok=True)
    return result


def _tell(result, out: Path) -> None:
    from polystate_tools.commands.options import echo_table
    from polystate_tools.echt.solver.points import percent

    last = result.steps[-1]
    shares = result.shares()
    total = sum(last.mean_b)
    rows: list[dict[str, Any]] = [
        {"level": name, "groups": size, "mean B (Å²)": f"{b:.2f}", "%": f"{shares[name]:.1f}",
         "± (certificate)": f"{percent(bound, total):.2f}" if total else ""}
        for name, size, b, bound in zip(
            result.names, [len(lv.names) for lv in result.levels] + [len(result.data.rows)], last.mean_b,
            last.mean_b_bound, strict=False)
    ]  # fmt: skip
    echo_table(rows, list(rows[0]))
    typer.echo(
        f"{out}: {len(result.data.rows)} atoms, mean B {result.data.mean_b:.2f} Å² in, {total:.2f} Å² fitted, residual "
        f"{last.residual_rms_b:.3f} Å² RMS; {last.n} steps, F within {max(last.certificate, 0):.1e} of its bound; "
        f"{result.seconds:.1f} s"
    )
    for note in result.notes():
        typer.echo(f"note: {note}", err=True)
