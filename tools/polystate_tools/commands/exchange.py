"""import and export: structure files into depositions and back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polystate.errors import BadRequest
from polystate.store.outputs import store_target
from polystate_tools.commands import many as each_of
from polystate_tools.commands.options import At, Dep, Json, Overwrite, Psd, State, echo_json, states, steps
from polystate_tools.commands.outputs import apart, store
from polystate_tools.commands.several import each
from polystate_tools.commands.works import export_one, import_one
from polystate_tools.formats.known import STRUCTURES
from polystate_tools.formats.policies import POLICIES

if TYPE_CHECKING:
    from polystate_tools.formats.report import ExportReport, ImportReport


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    app.command(name="import")(import_)
    app.command()(export)


Format = Annotated[str | None, typer.Option(metavar="NAME", help="pdb, mmcif, bcif or mmtf, where the name lies.")]
Altloc = Annotated[
    str,
    typer.Option(metavar="sites|bonded|global", help="One variable for those bonded or in one place, bonded, or all."),
]
BFactors = Annotated[str | None, typer.Option(metavar="total|residual", help="What B-factors are beside TLS records.")]
Tls = Annotated[
    str, typer.Option(metavar="normalise|keep", help="keep: store TLS groups without a positive amplitude.")
]
Weights = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A number for each model, its population in any scale.")
]
Constraints = Annotated[
    str | None,
    typer.Option(metavar="phenix|refmac|servalcat|buster=FILE", help="Also write the occupancy groups of the sites."),
]
Gaussian = Annotated[str, typer.Option(metavar="|".join(POLICIES), help="What B and ANISOU mean.")]
HetDialect = Annotated[str | None, typer.Option(metavar="d1|d2|d3", help="Write a heterogeneity extension (mmCIF).")]
States = Annotated[str | None, typer.Option("--states", metavar="all|N", help="Joint states as models, by population.")]
Base = Annotated[
    str | None, typer.Option(metavar="URL", help="Folder, or pattern with {id}, that pdb:ID is fetched from.")
]
Topology = Annotated[Path | None, typer.Option(metavar="FILE", help="H5MD: the atoms, in the same order.")]
Units = Annotated[
    str | None, typer.Option(metavar="angstrom|nm|pm|bohr", help="H5MD: of lengths, where the file is silent.")
]
Atoms = Annotated[
    list[str] | None,
    typer.Option(metavar="GROUP=SELECTION", help="H5MD: which atoms a particle group is; once for each group."),
]
Energy = Annotated[str | None, typer.Option(metavar="PATH", help="H5MD: the observable that is the energy.")]


def import_(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="IN... OUT",
            help="Files (.pdb, .cif, .bcif, .mmtf, also .gz; .h5md), - for standard input, or pdb:ID; then the "
            "directory or .zip to write; of several, or where OUT ends in /, the folder for all.",
        ),
    ],
    format: Format = None,
    altloc: Altloc = "sites",
    b_factors: BFactors = None,
    tls: Tls = "normalise",
    model: Annotated[int | None, typer.Option(metavar="N", help="Import one model of several.")] = None,
    weights: Weights = None,
    het: Annotated[bool, typer.Option(help="Read a heterogeneity extension where there is one.")] = True,
    collapse_duplicates: Annotated[
        bool, typer.Option("--collapse-duplicates", help="Merge alternates that are equal.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what is otherwise a warning.")] = False,
    base: Base = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Download pdb:ID again.")] = False,
    topology: Topology = None,
    units: Units = None,
    atoms: Atoms = None,
    energy: Energy = None,
    external: Annotated[bool, typer.Option("--external", help="H5MD: refer to the file, pinned by hash.")] = False,
    changes: Annotated[bool, typer.Option("--changes", help="List what was changed, where and why.")] = False,
    overwrite: Overwrite = False,
    as_json: Json = False,
    many: each_of.Source = None,
    jobs: each_of.Jobs = 0,
    scheduler: each_of.Scheduler = None,
    failures: each_of.Failures = None,
) -> None:
    """Import structure files; every record read is accounted for.

    Examples:
      polystate import 6vxx.pdb 6vxx.zarr
      polystate import in/*.pdb out/
      polystate import --many 'pdb/*/{id}.cif.gz' out/ --jobs 8"""
    from polystate.store.writing import write

    of_trajectory = {"topology": topology, "units": units, "atoms": atoms, "energy": energy, "external": external}
    of_structure = {"altloc": altloc, "b_factors": b_factors, "tls": tls, "model": model, "het": het,
                    "collapse_duplicates": collapse_duplicates, "strict": strict,
                    "weights": _weights(weights)}  # fmt: skip
    if many is not None:
        each_of.alone("import", {**{f"--{name}": value for name, value in of_trajectory.items()}, "--changes": changes})
        asked = each_of.Many(many, jobs, scheduler, failures, overwrite or refresh, as_json)
        options = {**of_structure, "format": format, "base": base, "refresh": refresh}
        each_of.run("import", import_one, ".zarr.zip", options, asked, [*paths], STRUCTURES)
    sources, target = _sources(paths)

    def one(source: str) -> None:
        out = target(source)
        _targets(source, topology, out, overwrite)
        if _is_trajectory(source, format):
            tree, report = _trajectory(source, out, of_trajectory)
        else:
            tree, report = _structure(source, format, base, refresh, of_structure, of_trajectory)
        write(tree, out, overwrite=overwrite)
        if as_json:
            echo_json(report.to_json())
        else:
            _tell(out, report, changes)

    each(sources, one)


def _sources(paths: list[str]) -> tuple[list[str], Callable[[str], Path]]:
    """The inputs, and where each goes."""
    if len(paths) < 2:
        raise BadRequest("import", " ".join(paths) or "nothing", "polystate import IN OUT, or several IN and a folder")
    *sources, last = paths
    out = Path(last)
    if len(sources) == 1 and not last.endswith("/"):
        return sources, lambda source: out
    names = {source: out / (Path(source.rpartition(":")[2]).name.split(".")[0] + ".zarr") for source in sources}
    if len(set(names.values())) < len(sources):
        raise BadRequest("import", ", ".join(sources), "files whose names differ before the first dot")
    return sources, names.__getitem__


def _targets(source: str, topology: Path | None, out: Path, overwrite: bool) -> None:
    """Refuse, before the work, an output that could not be written."""
    store(out)
    for read in (source, topology):
        if read is not None:
            apart(read, out)
    store_target(out, overwrite)


def _weights(path: Path | None) -> tuple[float, ...] | None:
    """Numbers of a file, separated by blanks, commas or line ends; what follows # is a remark."""
    from polystate.store import given
    from polystate_tools.formats.errors import BadOption

    if path is None:
        return None
    try:
        words = (
            " ".join(line.partition("#")[0] for line in given.content(path).decode("utf-8").splitlines())
            .replace(",", " ")
            .split()
        )
        return tuple(float(word) for word in words)
    except (OSError, ValueError) as error:
        raise BadOption("--weights", error, "a file of numbers, one a model") from None


def _is_trajectory(name: str | Path, format: str | None = None) -> bool:
    """Whether a file is of a format that names no atoms."""
    from polystate_tools.formats.known import FORMATS, of_suffix

    row = FORMATS.get(format) if format else of_suffix(Path(name).suffix)
    return row is not None and row.is_trajectory


def _trajectory(source: str, out: Path, chosen: dict[str, Any]) -> tuple[Any, ImportReport]:
    from polystate_tools.formats.errors import BadOption
    from polystate_tools.formats.h5md.importer import import_h5md, place_beside

    if chosen["topology"] is None:
        raise BadOption("--topology", "nothing", "a structure file: H5MD does not name atoms")
    tree, report = import_h5md(source, **{**chosen, "atoms": _groups(chosen["atoms"])})
    if chosen["external"]:
        place_beside(source, out)
    return tree, report


def _structure(
    source: str,
    format: str | None,
    base: str | None,
    refresh: bool,
    chosen: dict[str, Any],
    of_trajectory: dict[str, Any],
) -> tuple[Any, ImportReport]:
    from polystate_tools.formats import import_file
    from polystate_tools.formats.errors import BadOption

    if any(value is not None and value is not False for value in of_trajectory.values()):
        raise BadOption("--topology, --units, --atoms, --energy, --external", source, "an H5MD file")
    return import_file(source, format=format, base=base, refresh=refresh, **chosen)


def _tell(out: Path, report: ImportReport, changes: bool) -> None:
    """The account of an import for people."""
    typer.echo(
        f"{out}: {report.read} records read, {report.kept} kept, {report.refused} refused, "
        f"{report.changed} changed; {report.atoms} atoms, {report.alternates} alternates, "
        f"{report.models} model{'s' if report.models > 1 else ''}"
    )
    if report.sites:
        typer.echo("sites: " + ", ".join(f"{count} by {rule}" for rule, count in sorted(report.sites.items())))
    if report.adp:
        typer.echo(
            f"B-factors taken as {report.adp['used']}: header says {report.adp['declared']}"
            + (f" ({report.adp['statement']})" if report.adp["statement"] else "")
            + (f", ANISOU show {report.adp['shown_by_anisou']}" if report.adp["shown_by_anisou"] else "")
        )
    for change in report.changes if changes else ():
        typer.echo(f"changed: {change['because']} ({change['count']}): {change['where']}")
    for refusal in report.refused_by_reason():
        typer.echo(f"refused: {refusal}", err=True)
    for warning in report.warnings:
        typer.echo(f"warning: {warning}", err=True)
    _echo_losses(report.losses)


def _groups(texts: list[str] | None) -> dict[str, str] | None:
    """`protein=chain=A` and so on as particle group to selection; a group named twice is refused."""
    from polystate_tools.formats.errors import BadOption

    made: dict[str, str] = {}
    for text in texts or []:
        group, equals, selection = text.partition("=")
        if not equals or not group.strip() or not selection.strip() or group.strip() in made:
            raise BadOption("--atoms", text, "GROUP=SELECTION, each group once")
        made[group.strip()] = selection.strip()
    return made or None


Noise = Annotated[str | None, typer.Option(metavar="L,...", help="With --draws: displacements of these levels only.")]
Joint = Annotated[
    int, typer.Option(metavar="N", help="Write N joint states drawn by population as models, B-factors kept.")
]


def export(
    context: typer.Context,
    dep: Dep,
    out: Annotated[
        Path | None,
        typer.Argument(
            metavar="OUT",
            help="A .cif, .pdb, .bcif or .mmtf file, also .gz; .h5md; a scene: .mvsx, .pml or .cxc; - for standard "
            "output, with --format.",
        ),
    ] = None,
    state: State = None,
    at: At = None,
    draws: Annotated[int, typer.Option(metavar="N", help="Write N draws as models.")] = 0,
    noise: Noise = None,
    ensemble: Joint = 0,
    seed: Annotated[int, typer.Option(metavar="S", help="Seed of the draws.")] = 0,
    all_states: States = None,
    reference: Annotated[bool, typer.Option("--reference", help="Write x_ref of every atom.")] = False,
    assembly: Annotated[str | None, typer.Option(metavar="ID", help="Write the copies of an assembly.")] = None,
    constraints: Constraints = None,
    altloc: Annotated[str, typer.Option(metavar="all|first|occupancy|none|ID", help="Which conformer.")] = "all",
    gaussian: Gaussian = "marginal",
    het_dialect: HetDialect = None,
    psd: Psd = "refuse",
    format: Annotated[str | None, typer.Option(metavar="mmcif|pdb|bcif|mmtf", help="Where the name is silent.")] = None,
    mmtf_dialect: Annotated[str, typer.Option(metavar="1.0|draft", help="Which MMTF to write.")] = "1.0",
    axis: Annotated[str | None, typer.Option(metavar="NAME", help="H5MD: the axis, where there are several.")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    many: each_of.Source = None,
    jobs: each_of.Jobs = 0,
    scheduler: each_of.Scheduler = None,
    failures: each_of.Failures = None,
) -> None:
    """Export as mmCIF, PDB or MMTF: all alternates, one joint state, draws, or the reference; as H5MD: an axis; as a
    scene of MolViewSpec (.mvsx), PyMOL (.pml) or ChimeraX (.cxc): states, and levels as colours and ellipsoids.

    Examples:
      polystate export 6vxx.zarr 6vxx.cif --gaussian records
      polystate export 6vxx.zarr 6vxx.pml
      polystate export --many depositions/ files/ --format bcif"""
    import polystate
    from polystate_tools.commands.outputs import apart
    from polystate_tools.formats import export_file
    from polystate_tools.scenes.writing import SUFFIXES, write_scene

    levels = noise.split(",") if noise is not None else None
    chosen: dict[str, Any] = {"state": states(state), "at": steps(at), "draws": draws, "seed": seed}
    of_file = {
        "reference": reference, "noise": levels, "ensemble": ensemble, "altloc": altloc, "gaussian": gaussian,
        "het_dialect": het_dialect, "psd": psd, "format": format, "mmtf_dialect": mmtf_dialect,
        "states": all_states, "assembly": assembly, **chosen,
    }  # fmt: skip
    if many is not None:
        each_of.alone("export", {"--constraints": constraints, "--axis": axis})
        asked = each_of.Many(many, jobs, scheduler, failures, overwrite, as_json)
        each_of.run("export", export_one, _suffix(format), of_file, asked, [dep, out])
    if out is None:
        raise BadRequest("export", f"no output for {dep}", "polystate export DEP OUT")
    apart(dep, out)
    if out.suffix.lower() in SUFFIXES:
        _refuse_choices(context, out)
        report = write_scene(polystate.open(dep), out, overwrite=overwrite)
        return echo_json(report.to_json()) if as_json else _tell_export(out, report)
    program, groups = _constraints(constraints, overwrite)
    if _is_trajectory(out):
        from polystate_tools.formats.h5md.importer import export_h5md

        report = export_h5md(polystate.open(dep), out, axis=axis, psd=psd, overwrite=overwrite, **chosen)
    else:
        options = {**of_file, "constraints": program or None}
        if str(out) == "-":
            return _stream(polystate.open(dep), options, as_json)
        report = export_file(polystate.open(dep), out, overwrite=overwrite, **options)
        if program:
            _write_groups(groups, report, overwrite)
    if as_json:
        echo_json(report.to_json())
    else:
        _tell_export(out, report)


def _stream(dep: Any, options: dict[str, Any], as_json: bool) -> None:
    """The file to standard output, and what is said of it to standard error."""
    from polystate_tools.commands.terminal import raw
    from polystate_tools.formats.exporting import export_bytes, format_of
    from polystate_tools.formats.options import ExportOptions

    if not options["format"]:
        raise BadRequest(
            "OUT", "- without --format", "--format NAME, or a name that ends in .cif, .pdb, .bcif or .mmtf"
        )
    for option, given in (("--json", as_json), ("--constraints", bool(options["constraints"]))):
        if given:
            raise BadRequest(option, "-", "the name of a file: standard output is taken")
    content, report = export_bytes(dep, format_of(Path("-"), options["format"]), ExportOptions(**options))
    raw(sys.stdout).buffer.write(content)
    raw(sys.stdout).buffer.flush()
    _tell_export(Path("standard output"), report, err=True)


SCENE_TAKES = {"dep", "out", "overwrite", "as_json"}


def _refuse_choices(context: typer.Context, out: Path) -> None:
    """A scene shows everything: what chooses a part of it is refused, not passed over."""
    from polystate_tools.formats.errors import BadOption

    for option in context.command.params:
        given = context.get_parameter_source(option.name or "")
        if given is not None and given.name == "COMMANDLINE" and option.name not in SCENE_TAKES:
            raise BadOption(option.opts[0], out.name, "no such choice: a scene shows all states and levels")


def _suffix(format: str | None) -> str:
    """What files of a format are called, mmCIF where none is said."""
    from polystate_tools.formats.known import FORMATS, writable

    row = FORMATS.get(format or "mmcif")
    if row is None or not row.writer:
        raise BadRequest("--format", format, "one of " + ", ".join(writable()))
    return row.suffixes[0]


def _tell_export(out: Path, report: ExportReport, err: bool = False) -> None:
    """The account of an export for people."""
    typer.echo(
        f"{out}: {report.records} records, {report.models} model{'s' if report.models > 1 else ''}, "
        + ", ".join(filter(None, (report.choice, report.gaussian and f"{report.gaussian} B-factors"))),
        err=err,
    )
    for file in report.files[:-1]:
        typer.echo(f"beside it: {file}")
    for row in report.states:
        typer.echo(f"model {row['model']}: {row['population']:.6g} {row['state']}", err=err)
    _echo_losses(report.losses)


def _constraints(text: str | None, overwrite: bool) -> tuple[str, Path]:
    """`phenix=FILE` as program and file, which is looked at before the work."""
    from polystate.store.outputs import file_target
    from polystate_tools.formats.errors import BadOption

    if text is None:
        return "", Path()
    program, equals, file = text.partition("=")
    if not equals or not file:
        raise BadOption("--constraints", text, "PROGRAM=FILE, such as phenix=groups.eff")
    file_target(Path(file), overwrite)
    return program, Path(file)


def _write_groups(path: Path, report: ExportReport, overwrite: bool) -> None:
    from polystate.store.outputs import replacing

    with replacing(path, overwrite) as partial:
        partial.write_text(report.constraints, "utf-8")


def _echo_losses(losses: list[dict[str, Any]]) -> None:
    for loss in losses:
        typer.echo(f"lost: {loss['what']} ({loss['count']}): {loss['because']}", err=True)
