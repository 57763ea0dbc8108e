"""covariance, render, sample, moments: from a deposition to numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polystate_tools.commands.options import (
    AllowCode,
    At,
    Backend,
    Component,
    Dep,
    DrawAt,
    Json,
    Out,
    Overwrite,
    Psd,
    Selection,
    State,
    components,
    draw,
    echo_json,
    save,
    states,
    steps,
)
from polystate_tools.commands.options import seed as read_seed

SCHEDULER_TIMEOUT_S = 10


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    for function in (covariance, render, sample, moments):
        app.command()(function)


def covariance(
    dep: Dep,
    out: Out,
    by_level: Annotated[bool, typer.Option("--by-level", help="One covariance a level, largest scale first.")] = False,
    scopes: Annotated[str | None, typer.Option(metavar="A,B", help="Only these Gaussian descriptors.")] = None,
    state: State = None,
    at: At = None,
    atoms: Selection = None,
    backend: Backend = "auto",
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Write U_total (N, 3, 3) float64 in Å², or (L, N, 3, 3) by level.

    Examples:
      polystate covariance 6vxx.zarr -o U.npy
      polystate covariance 6vxx.zarr -o U.npy --atoms 'A/*/CA'"""
    import numpy as np

    import polystate
    from polystate.evaluation.request import chosen_rows
    from polystate.questions.warnings import covariance_warning
    from polystate_tools.commands.outputs import apart, named

    named(out, (".npy",))
    apart(dep, out)
    opened = polystate.open(dep)
    chosen = scopes.split(",") if scopes else None
    u = opened.covariance(states(state), steps(at), atoms, chosen, by_level, backend)
    doubt = covariance_warning(opened, u.sum(axis=0) if by_level else u, chosen_rows(opened, atoms))
    if doubt:
        typer.echo(f"warning: {doubt['message']}", err=True)
    save(out, overwrite, lambda file: np.save(file, u))
    _done(out, u, as_json, {"warnings": [doubt] if doubt else []})


def render(
    dep: Dep,
    out: Out,
    state: State = None,
    at: At = None,
    draw_at: DrawAt = None,
    component: Component = None,
    atoms: Selection = None,
    psd: Psd = "refuse",
    nan: Annotated[bool, typer.Option("--nan", help="Write NaN for atoms that are absent.")] = False,
    allow_code: AllowCode = False,
    backend: Backend = "auto",
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Write the coordinates of one joint state or draw, (N, 3) float64 in Å, or as a structure file.

    To a name ending in .npz go xyz, present, atom_id and the mean; to .cif, .pdb, .bcif or .mmtf (also .gz) the atoms
    that are present, with B-factors.

    Examples:
      polystate render 6vxx.zarr -o XYZ.npy --draw 7:0
      polystate render 1ejg.zarr -o B.cif --state altloc/A.22=B"""
    import numpy as np

    import polystate
    from polystate.errors import BadRequest
    from polystate_tools.commands.outputs import MOLECULES, apart, named

    suffix = named(out, (".npy", ".npz", *MOLECULES))
    apart(dep, out)
    if atoms is not None and suffix in MOLECULES:
        raise BadRequest("--atoms", out, "a .npy or .npz: a structure file has all atoms")
    opened = polystate.open(dep)
    snap = opened.render(
        states(state), steps(at), draw(draw_at), atoms, psd=psd, backend=backend, components=components(component),
        allow_code=allow_code,
    )  # fmt: skip
    xyz = np.where(snap.present[:, None], snap.xyz, np.nan) if nan else snap.xyz
    if suffix in MOLECULES:
        _write_structure(opened, snap, out, nan, overwrite)
    elif suffix == ".npz":
        parts = {"xyz": xyz, "present": snap.present, "atom_id": snap.atom_id, "mean": snap.mean}
        save(out, overwrite, lambda file: np.savez(file, allow_pickle=False, **parts))
    else:
        save(out, overwrite, lambda file: np.save(file, xyz))
    absent = int((~snap.present).sum())
    if absent and not as_json:
        mask = "" if suffix in MOLECULES else " (a .npz also holds the mask)"
        typer.echo(f"{absent} atoms are absent in this state{mask}", err=True)
    _done(out, xyz, as_json, {"state": dict(snap.state), "absent": absent, "psd": snap.psd})


def _write_structure(dep: Any, snap: Any, out: Path, nan: bool, overwrite: bool) -> None:
    """As a structure file, which has no absent atoms; what it cannot hold is said."""
    from polystate.errors import BadRequest
    from polystate_tools.formats.exporting import export_rendering

    if nan:
        raise BadRequest("--nan", out, "a .npy or .npz: a structure file has no absent atoms")
    for loss in export_rendering(dep, snap, out, overwrite=overwrite).losses:
        typer.echo(f"lost: {loss['what']} ({loss['count']}): {loss['because']}", err=True)


def sample(
    dep: Dep,
    out: Out,
    n: Annotated[int, typer.Option("--n", min=1, help="How many draws.")],
    seed: Annotated[str, typer.Option(metavar="S", help="A 64-bit seed.")],
    workers: Annotated[int, typer.Option(min=1, help="Workers on this machine; the bytes do not depend on it.")] = 1,
    scheduler: Annotated[str | None, typer.Option(metavar="tcp://...", help="A Dask scheduler.")] = None,
    dtype: Annotated[str, typer.Option(metavar="float64|float32", help="Type of the stored coordinates.")] = "float64",
    state: State = None,
    at: At = None,
    psd: Psd = "refuse",
    allow_code: AllowCode = False,
    backend: Backend = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Finish what an interrupted run left.")] = False,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Write N draws to a Zarr store in bounded memory: draws 0 to N - 1 of the seed.

    Example: polystate sample 6vxx.zarr -o DRAWS.zarr --n 1000 --seed 7"""
    import polystate
    from polystate.sample import sample as write_draws
    from polystate_tools.commands.outputs import apart, folder
    from polystate_tools.commands.progress import of_total, progress

    folder(out)
    apart(dep, out)
    number = read_seed(seed)
    if not (resume or overwrite):
        _refuse_unfinished(out)
    if scheduler is not None:
        _reach(scheduler)
    with progress("draws", n) as advance:
        write_draws(
            polystate.open(dep),
            n,
            number,
            out,
            dtype=dtype,
            workers=workers,
            scheduler=scheduler,
            state=states(state),
            at=steps(at),
            psd=psd,
            backend=backend,
            allow_code=allow_code,
            resume=resume,
            overwrite=overwrite,
            progress=of_total(advance),
        )
    if as_json:
        echo_json({"file": str(out), "n": n, "seed": seed, "dtype": dtype})
    else:
        typer.echo(f"{out}  {n} draws of seed {seed}")


def moments(
    dep: Dep,
    out: Out,
    state: State = None,
    at: At = None,
    component: Component = None,
    decoders: Annotated[
        str,
        typer.Option(
            metavar="RULE",
            help="Decoders without a closed form: refuse, quadrature[:NODES] or draws[:N[:SEED]], with an error.",
        ),
    ] = "refuse",
    atoms: Selection = None,
    allow_code: AllowCode = False,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Write exact moments of each atom over all joint states, axes without a step, and Gaussian stacks.

    To the .npz go atom_id, presence, mean (Å), covariance (Å²), and parts with covariance_by_part, which sum to it.
    A table a residue: polystate query DEP "SELECT * FROM moments".

    Example: polystate moments 7k3t.zarr -o MOMENTS.npz"""
    import numpy as np

    import polystate
    from polystate_tools.commands.outputs import apart, named

    named(out, (".npz",))
    apart(dep, out)
    given = {"components": components(component), "decoders": decoders, "allow_code": allow_code}
    found = polystate.open(dep).moments(states(state), steps(at), atoms=atoms, **given)
    content = {"atom_id": found.atom_id, "presence": found.presence, "mean": found.mean,
               "covariance": found.covariance, "covariance_by_part": found.by_part}  # fmt: skip
    save(out, overwrite, lambda file: np.savez(file, allow_pickle=False, parts=np.array(found.parts), **content))
    rmsf = {n: _rmsf(u) for n, u in [*zip(found.parts, found.by_part, strict=True), ("total", found.covariance)]}
    errors = {name: {"mean": e.mean, "covariance": e.covariance} for name, e in found.errors.items()}
    if not as_json:
        for name, value in rmsf.items():
            typer.echo(f"{value:10.4f} Å  {name}")
        for name, error in errors.items():
            typer.echo(f"{name}: estimated, error {error['mean']:.2g} Å, {error['covariance']:.2g} Å²", err=True)
    _done(out, found.covariance, as_json, {"rmsf": rmsf, "errors": errors})


def _rmsf(u: Any) -> float:
    """√(mean trace) of covariances (n, 3, 3), in ångström."""
    import numpy as np

    return float(np.sqrt(max(0.0, np.trace(u, axis1=1, axis2=2).mean()))) if len(u) else 0.0


def _refuse_unfinished(out: Path) -> None:
    """Name the option that goes on with draws that an interrupted run left."""
    import json

    from polystate.errors import AlreadyExists

    try:
        found = json.loads((out / "zarr.json").read_text("utf-8"))["attributes"]["polystate"]
        if found["kind"] != "draws" or found["complete"]:
            return
    except (OSError, ValueError, KeyError, TypeError):
        return
    raise AlreadyExists(str(out), "draws of an interrupted run", "--resume to finish them, a new name, or -y")


def _reach(scheduler: str) -> None:
    """Refuse a scheduler that does not answer, before anything is written."""
    from polystate.errors import BadRequest

    try:
        from distributed import Client
    except ImportError as error:
        raise BadRequest("--scheduler", "no dask", "pip install 'polystate[cluster]'") from error
    try:
        Client(scheduler, timeout=SCHEDULER_TIMEOUT_S).close()
    except (OSError, ValueError) as error:  # an address that nothing answers at, or that is none
        found = f"{scheduler}: {str(error).splitlines()[0]}"
        raise BadRequest("--scheduler", found, "the address of a Dask scheduler, such as tcp://host:8786") from error


def _done(out: Path, values: Any, as_json: bool, more: dict[str, Any]) -> None:
    shape = list(getattr(values, "shape", ()))
    if as_json:
        echo_json({"file": str(out), "shape": shape, "dtype": str(getattr(values, "dtype", "")), **more})
    else:
        typer.echo(f"{out}  {'x'.join(map(str, shape))} {getattr(values, 'dtype', '')}")
