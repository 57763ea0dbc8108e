"""Export of a deposition as mmCIF, PDB or MMTF: which states, which Gaussian policy, and what was lost."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np

from polystate.deposition import Deposition
from polystate.evaluation.rendering import Snapshot
from polystate.store.outputs import file_target, replacing
from polystate_tools.formats import ensembles, het_dialects
from polystate_tools.formats.constraints import constraints
from polystate_tools.formats.errors import BadOption
from polystate_tools.formats.known import FORMATS, loaded, of_suffix, writable
from polystate_tools.formats.options import ExportOptions
from polystate_tools.formats.policies import POLICIES
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.unbuilding.assembly import assembled
from polystate_tools.formats.unbuilding.listed import as_request, most_populated, named
from polystate_tools.formats.unbuilding.unbuild import records_of_deposition, records_of_snapshots
from polystate_tools.formats.unknown import left_out


def export_bytes(dep: Deposition, format: str, options: ExportOptions) -> tuple[bytes, ExportReport]:
    """The content of the file, and the account of the export."""
    _check(options)
    with dep.answering():  # nobody has to have validated it
        return _exported(dep, format, options)


def _exported(dep: Deposition, format: str, options: ExportOptions) -> tuple[bytes, ExportReport]:
    report = ExportReport(format=format, gaussian=options.gaussian)
    dep = left_out(dep, report)
    if options.states is not None:
        records = _of_states(dep, options, report)
    elif options.state or options.at or options.one_state or options.draws or options.ensemble or options.reference:
        records = _of_choice(dep, options, report)
    else:
        report.choice = "all alternates"
        records, source = records_of_deposition(dep, options.gaussian, report, options.altloc)
        if options.constraints:
            report.constraints = constraints(dep, records, source, options.constraints, report)
        if options.het_dialect:
            if format not in ("mmcif", "bcif"):
                raise BadOption("--het-dialect", options.het_dialect, "mmCIF, the extensions have no other form")
            records = het_dialects.write(dep, records, options.het_dialect, report)
    if options.assembly is not None:
        records = assembled(records, options.assembly, report)
    report.records, report.models = len(records), len(np.unique(records.model))
    if not any(d.is_gaussian for d in dep.descriptors.values()):
        records = replace(records, b=np.full(len(records), np.nan))  # B of 0 would claim atoms that stand still
    return loaded(FORMATS[format].writer)(records, report, options), report


def export_file(dep: Deposition, path: str | Path, *, overwrite: bool = False, **options) -> ExportReport:
    """Write a deposition as a structure file (.cif, .pdb, .mmtf, each also .gz). options: see `ExportOptions`."""
    path, chosen = Path(path), ExportOptions(**options)
    file_target(path, overwrite)  # before the work
    content, report = export_bytes(dep, format_of(path, chosen.format), chosen)
    return _written(path, content, report, overwrite)


def export_rendering(dep: Deposition, snap: Snapshot, path: str | Path, *, overwrite: bool = False) -> ExportReport:
    """Write what has been rendered as a structure file: the atoms that are present, B and ANISOU of U_total; a draw has
    neither, its disorder is in the coordinates."""
    path, report = Path(path), ExportReport(gaussian="marginal", choice="one rendering")
    file_target(path, overwrite)
    report.format = format_of(path)
    records = records_of_snapshots(dep, [snap], "marginal", report)
    report.records = len(records)
    if snap.request.draw is not None:
        _lose_adps(dep, report)
    content = loaded(FORMATS[report.format].writer)(records, report, ExportOptions())
    return _written(path, content, report, overwrite)


def format_of(path: Path, told: str | None = None) -> str:
    """The format that is told, or that the suffix of a file says."""
    suffixes = [s.lower() for s in path.suffixes if s.lower() != ".gz"]
    row = of_suffix(suffixes[-1]) if suffixes else None
    format = told or (row.name if row else "")
    if format not in writable():
        expected = "one of " + ", ".join(writable()) + ", or a name that ends as their files do"
        raise BadOption("--format", format or path.name, expected)
    return format


def _written(path: Path, content: bytes, report: ExportReport, overwrite: bool) -> ExportReport:
    report.target = str(path)
    zipped = path.suffix.lower() == ".gz"
    with replacing(path, overwrite) as partial:
        partial.write_bytes(gzip.compress(content, mtime=0) if zipped else content)
    return report


def _check(options: ExportOptions) -> None:
    policy = POLICIES.get(options.gaussian)
    if policy is None:
        raise BadOption("--gaussian", options.gaussian, "one of " + ", ".join(POLICIES))
    single = bool(options.state or options.at or options.one_state)
    bundle = bool(options.draws or options.ensemble)
    if options.constraints and (single or bundle or options.reference or options.states is not None):
        raise BadOption("--constraints", options.constraints, "the export of all alternates")
    if options.states is not None:
        if options.states != "all" and not str(options.states).isdigit() or str(options.states) == "0":
            raise BadOption("--states", options.states, "all, or a number from 1")
        if options.state or bundle or options.reference or options.altloc != "all" or options.het_dialect:
            raise BadOption("--states", options.states, "no other choice of what is written")
        single = True
    if min(options.draws, options.ensemble) < 0:
        raise BadOption("--draws, --ensemble", "less than none", "how many models to write")
    ways = (single and not bundle, bool(options.draws), bool(options.ensemble), options.reference)
    if sum(ways) > 1:
        raise BadOption("--draws, --ensemble, --state, --reference", "several of them", "one way to choose")
    if options.noise is not None and not options.draws:
        raise BadOption("--noise", ",".join(options.noise), "--draws as well: nothing else has noise")
    if options.altloc != "all" and (single or bundle or options.reference or options.het_dialect):
        raise BadOption("--altloc", options.altloc, "no --altloc where a joint state is written")
    if options.het_dialect and (single or bundle or options.reference):
        raise BadOption("--het-dialect", options.het_dialect, "the export of all alternates")
    if (bundle or options.reference or single) and not policy.models:
        raise BadOption("--gaussian", "records", "records only with all alternates; a joint state has U_total")


def _of_states(dep: Deposition, options: ExportOptions, report: ExportReport) -> Records:
    """The most populated joint states, one a model."""
    found = most_populated(dep, None if options.states == "all" else int(options.states or 0))
    snapshots = [dep.render(state=as_request(dep, states), at=options.at, psd=options.psd) for _, states in found]
    report.states = [
        {"model": number, "population": weight, "state": named(dep, states)}
        for number, (weight, states) in enumerate(found, 1)
    ]
    total = sum(weight for weight, _ in found)
    report.choice = f"{len(found)} joint states, the most populated first, of {total:.6g} in all"
    return records_of_snapshots(dep, snapshots, options.gaussian, report)


def _of_choice(dep: Deposition, options: ExportOptions, report: ExportReport) -> Records:
    """One joint state, draws, or the reference as models."""
    if options.ensemble:
        snapshots = ensembles.ensemble(dep, options, report)
        report.choice += _named(options)
    elif options.draws:
        snapshots = ensembles.draws(dep, options, report)
        report.choice += _named(options)
        _lose_adps(dep, report)
    elif options.reference:
        snapshot = dep.render()
        xyz = dep.x_ref
        snapshots = [replace(snapshot, xyz=xyz, mean=xyz, present=np.ones(len(xyz), bool))]
        report.choice = "the reference: x_ref of every atom"
    else:
        snapshots = [dep.render(state=options.state, at=options.at)]
        report.choice = "one joint state" + _named(options)
    return records_of_snapshots(dep, snapshots, options.gaussian, report)


def _lose_adps(dep: Deposition, report: ExportReport) -> None:
    for d in dep.descriptors.values():
        if d.is_gaussian:
            report.lose(f"descriptor {d.id}", d.n_labels, "a draw has its disorder in its coordinates")


def _named(options: ExportOptions) -> str:
    chosen = {**options.state, **{k: str(v) for k, v in options.at.items()}}
    return ": " + ", ".join(f"{k}={v}" for k, v in chosen.items()) if chosen else ""
