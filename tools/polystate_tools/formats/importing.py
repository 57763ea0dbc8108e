"""Structure files into depositions: the tree, and a report that accounts for every record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import polystate
from polystate.deposition import Deposition
from polystate.editing.described import describing
from polystate.store.tree import FORMAT_VERSION, Group, Tree
from polystate_tools.formats import het_dialects
from polystate_tools.formats.building import adp, bundles, microheterogeneity, tls
from polystate_tools.formats.building.altlocs import PARTIAL, altloc_variables
from polystate_tools.formats.building.bundle_altlocs import bundle_alternates
from polystate_tools.formats.building.bundle_partial import bundle_partials
from polystate_tools.formats.building.checks import checked
from polystate_tools.formats.building.collapse import without_equal_alternates
from polystate_tools.formats.building.discrete import Conditions, discrete_groups
from polystate_tools.formats.building.hierarchy_groups import hierarchy_groups
from polystate_tools.formats.building.model_weights import ModelWeights
from polystate_tools.formats.building.noting import noted_alternates, noted_components, without_impossible_bonds
from polystate_tools.formats.building.sites import alone
from polystate_tools.formats.building.variables import Plan, Variable, plan
from polystate_tools.formats.errors import BadOption, InvalidImport
from polystate_tools.formats.known import FORMATS, loaded, readable
from polystate_tools.formats.opening.boundary import naming
from polystate_tools.formats.opening.fetch import fetch, is_entry
from polystate_tools.formats.opening.files import InputFile, read_input
from polystate_tools.formats.options import ImportOptions
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ImportReport

LAST_DRAW_KEY = 4294967295


def import_file(
    path: str | Path, *, format: str | None = None, base: str | None = None, refresh: bool = False, **options: Any
) -> tuple[Tree, ImportReport]:
    """The deposition of a structure file, and the account of the import.

    path: a file, plain or .gz, or `pdb:ID` to download an entry (base, refresh: see `fetch.fetch`).
    options: see `ImportOptions`.
    """
    chosen = ImportOptions(**options)
    address = ""
    if isinstance(path, str) and is_entry(path):
        path, address = fetch(path, base, refresh)
    elif base is not None or refresh:
        raise BadOption("--base, --refresh", str(path), "an entry such as pdb:6vxx")
    file = read_input(path, format)
    report = ImportReport(source=file.name, format=file.format, sha256=file.sha256, address=address)
    tree, report = tree_of_records(records_of_file(file), chosen, report)
    return validated(tree, file.name), report


def records_of_file(file: InputFile) -> Records:
    """The atom records of an input file."""
    if file.format not in readable():
        raise BadOption("--format", file.format, "one of " + ", ".join(readable()))
    with naming(file.name, f"a {file.format} file"):
        return loaded(FORMATS[file.format].reader)(file.content, file.name)


def validated(tree: Tree, where: str) -> Tree:
    """The tree of an import if it is a valid deposition; what lies outside of it is not looked at."""
    errors = Deposition(tree).validate().errors
    if not errors:
        return tree
    more = f"; and {len(errors) - 3} more" if len(errors) > 3 else ""
    raise InvalidImport(
        where,
        "an import that is no valid deposition: " + "; ".join(str(error) for error in errors[:3]) + more,
        "a valid one: this is a fault of the importer, not of the file; please report it. Nothing was written",
    ) from errors[0]


def tree_of_records(
    records: Records, options: ImportOptions | None = None, report: ImportReport | None = None
) -> tuple[Tree, ImportReport]:
    """The deposition of atom records, and the account of the import."""
    options, report = options or ImportOptions(), report or ImportReport()
    if options.model is not None:
        records = _one_model(records, options.model)
    if not (options.het and records.loops):
        records = microheterogeneity.lettered(records, report)
    if options.collapse_duplicates:
        records = without_equal_alternates(records, report)
    arranged = checked(records, options.strict, report)
    records = arranged.records
    keys = iter(range(LAST_DRAW_KEY, 0, -1))
    bundle = bundles.bundle_of(arranged)
    if options.weights is not None and bundle is None:
        raise BadOption("--weights", f"{len(options.weights)} weights", "a file of several models")
    build = _of_one_model if bundle is None else _of_bundle(bundle)
    tree: dict[str, Group] = {"": Group(_document(records, report))}
    tree |= hierarchy_groups(arranged, report) | noted_components(arranged)
    discrete, x_ref, record, condition, conditions = build(arranged, options, keys, report)
    tree["reference"] = Group({}, {"x_ref": x_ref})
    tree |= discrete
    without_impossible_bonds(tree)
    tree |= _gaussian(arranged, x_ref, record, condition, conditions, options, report)
    tree["provenance/import"] = Group(describing(tree, _provenance(options, report), ["reference"]))
    tree["annotations/import"] = Group(
        {
            "items": [
                {"id": "report", "selector": {"target": "deposition"}, "body": report.to_json(), "provenance": "import"}
            ]
        }
    )
    return tree, report


Built = tuple[dict[str, Group], np.ndarray, np.ndarray, np.ndarray, Conditions]
"""Discrete groups, x_ref (N, 3), and the ADP rows: record (R,), condition (R,), their table."""


def _of_one_model(arranged: Layout, options: ImportOptions, keys: Iterator[int], report: ImportReport) -> Built:
    """Altlocs, partial occupancies and heterogeneity extensions of a file of one model."""
    extension: list[Variable] = []
    taken = np.zeros(len(arranged.records), bool)
    base: dict[int, int] = {}
    if options.het:
        extension, taken, base = het_dialects.read(arranged, report)
    variables = extension + altloc_variables(
        arranged,
        taken,
        options.altloc == "global",
        report,
        None if options.altloc == "global" else options.altloc == "sites",
    )
    planned = plan(variables, base, arranged) if variables else Plan()
    record_of_atom = arranged.first_record.copy()
    record_of_atom[list(planned.base)] = list(planned.base.values())
    x_ref = arranged.records.xyz[record_of_atom]
    groups: dict[str, Group] = {}
    for descriptor in dict.fromkeys(variable.descriptor for variable in variables):
        mine = [variable for variable in variables if variable.descriptor == descriptor]
        groups |= discrete_groups(arranged, descriptor, mine, planned, x_ref, keys)
    groups |= noted_alternates(arranged, planned, None, None, report)
    conditions = Conditions()
    plain = np.ones(arranged.n_atoms, bool)
    plain[list(planned.base)] = False
    rows = sorted(planned.adp, key=_place)
    record = np.array([row[1] for row in rows], np.int64)
    number = [conditions.add([(row[2], row[3])] if row[2] is not None else []) for row in rows]
    return (
        groups,
        x_ref,
        np.concatenate([arranged.first_record[plain], record]),
        np.concatenate([np.full(int(plain.sum()), -1, np.int64), np.array(number, np.int64)]),
        conditions,
    )


def _place(row: tuple[int, int, Variable | None, tuple[int, ...]]) -> tuple:
    """An order of ADP rows that does not depend on the order of the records."""
    atom, _, variable, states = row
    return (atom, "", -1, ()) if variable is None else (atom, variable.descriptor, variable.number, states)


def _of_bundle(bundle: bundles.Bundle) -> Callable[..., Built]:
    """The same for a file of several models."""

    def build(arranged: Layout, options: ImportOptions, keys: Iterator[int], report: ImportReport) -> Built:
        weights = ModelWeights.of_file(arranged)
        if weights is not None:
            arranged = weights.relative(arranged, report)
        if options.weights is not None:
            weights = ModelWeights.given(options.weights, len(bundle.numbers))
        records, model = arranged.records, bundles.model_variable(bundle)
        if records.loops:
            report.lose("heterogeneity extension", len(records.loops), "not read in a file of several models")
        whole = options.altloc == "global"
        overlap = None if whole else options.altloc == "sites"
        variables, planned = bundle_alternates(arranged, bundle, model, whole, report, overlap)
        x_ref = records.xyz[bundle.first]
        plain = np.ones(arranged.n_atoms, bool)
        plain[list(planned.base)] = False
        groups = bundles.bundle_groups(arranged, bundle, plain, x_ref, keys, weights, report)
        for descriptor in sorted({variable.descriptor for variable in variables}):
            mine = [variable for variable in variables if variable.descriptor == descriptor]
            groups |= discrete_groups(arranged, descriptor, mine, planned, x_ref, keys)
        varying, steady = _partly_there(arranged, bundle, plain)
        taken = np.ones(len(records), bool)
        taken[bundle.first[steady]] = False
        partial = altloc_variables(arranged, taken, False, report)
        apart = plan(partial, {}, arranged)
        some, of_models = bundle_partials(arranged, model, varying, partial, report)
        if partial or some:
            apart.absent += of_models.absent
            apart.occupancy += of_models.occupancy
            groups |= discrete_groups(arranged, PARTIAL, [*partial, *some], apart, x_ref, keys)
            planned.occupancy += apart.occupancy
        groups |= noted_alternates(arranged, planned, model, arranged.steps[0], report)
        same = bundles.constant(bundle, records.b)
        if records.has_u.any():
            same &= bundles.constant(bundle, records.u) & bundles.constant(bundle, records.has_u.astype(float))
        record, step = bundles.by_model(bundle, same, plain)
        conditions = Conditions()
        of_step = np.full(len(bundle.numbers) + 1, -1)  # the last one is that of no step
        for k in np.flatnonzero(np.bincount(step + 1)[1:]).tolist():
            of_step[k] = conditions.add([(model, (k,))])
        rows = sorted(planned.adp, key=_place)
        number = np.array([conditions.add([(v, s)]) for _, _, v, s in rows if v], np.int64)
        record = np.concatenate([record, np.array([row[1] for row in rows], np.int64)])
        return groups, x_ref, record, np.concatenate([of_step[step], number]), conditions

    return build


def _partly_there(arranged: Layout, bundle: bundles.Bundle, plain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) bool records whose occupancies are told model by model, and (N,) bool atoms of which one tells of all.

    plain: (N,) bool, atoms without altlocs. What is partial in a residue is there together, an atom that has letters in
    other models, too."""
    records, residue, atom = arranged.records, arranged.residue_of_atom, arranged.atom_of_record
    free = plain[atom]
    lettered = np.flatnonzero(~free)
    free[lettered] = alone(arranged, lettered)
    below = free & (records.occupancy < 1)
    changing = plain & ~bundles.constant(bundle, records.occupancy)
    changing[atom[below & ~plain[atom]]] = True
    changing[atom[below]] |= (bundle.record[:, atom[below]] < 0).any(axis=0)
    steady = plain & ~np.isin(residue, residue[changing])
    return free & ~steady[atom], steady


def _gaussian(
    arranged: Layout,
    x_ref: np.ndarray,
    record: np.ndarray,
    condition: np.ndarray,
    conditions: Conditions,
    options: ImportOptions,
    report: ImportReport,
) -> dict[str, Group]:
    """TLS, iADP and aADP descriptors. An ADP is the total of its atom unless the file speaks of TLS."""
    found = tls.tls_of_records(arranged, x_ref, options.tls == "keep", report)
    stated = arranged.records.tls
    if stated is None:
        if options.b_factors is not None:
            raise BadOption("--b-factors", options.b_factors, "no such option for a file without TLS groups")
        return adp.adp_groups(arranged, record, condition, conditions, "total", None, report)
    if found is None:
        content = tls.content_without_groups(stated, options.b_factors, report)
        report.adp["selections"] = []
        report.adp["numbers"] = []
        return adp.adp_groups(arranged, record, condition, conditions, content, None, report)
    content = tls.content_of_adps(arranged, found, options.b_factors, report)
    report.adp["selections"] = [group.selection for group in found.groups]
    report.adp["numbers"] = [group.numbers for group in found.groups]
    subtract = found.u if content == "total" else None
    return tls.tls_groups(found) | adp.adp_groups(arranged, record, condition, conditions, "residual", subtract, report)


def _document(records: Records, report: ImportReport) -> dict[str, Any]:
    """The root document: nothing in it depends on which file it came from.

    `entry` is an entry of an archive: method and resolution without an id are no part of it, and are reported.
    """
    document: dict[str, Any] = {"format_version": FORMAT_VERSION}
    if records.title:
        document["title"] = records.title
    about = {"method": records.method, "resolution": records.resolution}
    about = {key: value for key, value in about.items() if value}
    if records.entry_id:
        document["entry"] = {"id": records.entry_id, **about}
    else:
        for key, value in about.items():
            report.lose(key, 1, f"{value}: a deposition has it with the id of an entry, which the file does not state")
    return document


def _provenance(options: ImportOptions, report: ImportReport) -> dict[str, Any]:
    """The block `import`; what an export of records needs beside the arrays stands in its choices."""
    choices: dict[str, Any] = {key: value for key, value in vars(options).items() if value is not None}
    if report.adp:
        choices["tls"] = {
            "program": report.adp["program"],
            "adps": report.adp["used"],
            "selections": report.adp["selections"],
            "numbers": report.adp.get("numbers", []),
        }
    document: dict[str, Any] = {
        "kind": "import",
        "software": [{"name": "polystate", "version": polystate.__version__}],
        "choices": choices,
        "losses": report.losses,
    }
    if report.sha256:
        source = {"name": report.source, "sha256": report.sha256, "format": report.format}
        document["inputs"] = [source | ({"uri": report.address} if report.address else {})]
    return document


def _one_model(records: Records, model: int) -> Records:
    mask = records.model == model
    if not mask.any():
        raise BadOption("--model", model, f"one of {sorted(set(records.model.tolist()))[:20]}")
    return records.take(mask)
