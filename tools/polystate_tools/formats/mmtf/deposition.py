"""MMTF to and from a deposition, over the atom records and the builder that all structure formats share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from polystate.deposition import Deposition
from polystate.store import Tree
from polystate_tools.formats.build import ImportOptions, tree_of_records
from polystate_tools.formats.errors import BadOption
from polystate_tools.formats.mmtf.from_records import mmtf_of_records
from polystate_tools.formats.mmtf.records import records_of_mmtf
from polystate_tools.formats.report import ExportReport, ImportReport
from polystate_tools.formats.unbuild import records_of_deposition, records_of_snapshots


def tree_of_mmtf(
    content: bytes,
    where: str = "input",
    options: ImportOptions | None = None,
    report: ImportReport | None = None,
) -> tuple[Tree, ImportReport]:
    """The deposition of an MMTF file's bytes, and the account of the import."""
    return tree_of_records(records_of_mmtf(content, where), options, report)


def mmtf_of_deposition(
    dep: Deposition,
    *,
    dialect: str = "1.0",
    gaussian: str = "marginal",
    state: Mapping[str, str] | None = None,
    at: Mapping[str, int] | None = None,
    reference: bool = False,
) -> tuple[bytes, ExportReport]:
    """A deposition as MMTF: all alternates and models, one joint state (state, at), or the reference.

    gaussian: what B is, as in every export; by default the marginal 8π²/3 Tr U_total."""
    report = ExportReport(format="mmtf", gaussian=gaussian)
    if reference and (state or at):
        raise BadOption("--reference", "a joint state beside it", "one way to choose what is written")
    if reference:
        snapshot = dep.render()
        everywhere = np.ones(dep.n_atoms, bool)
        snapshots = [replace(snapshot, xyz=dep.x_ref, mean=dep.x_ref, present=everywhere)]
        report.choice = "the reference: x_ref of every atom"
        records = records_of_snapshots(dep, snapshots, gaussian, report)
    elif state or at:
        report.choice = "one joint state"
        records = records_of_snapshots(dep, [dep.render(state=state, at=at)], gaussian, report)
    else:
        report.choice = "all alternates"
        records = records_of_deposition(dep, gaussian, report)
    if not any(d.is_gaussian for d in dep.descriptors.values()):
        records = replace(records, b=np.full(len(records), np.nan))  # B of 0 would claim atoms that stand still
    data = mmtf_of_records(records, report, dialect)
    report.records, report.models = len(records), len(np.unique(records.model))
    return data, report
