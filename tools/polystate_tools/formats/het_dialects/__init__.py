"""The proposed mmCIF extensions for related alternates: told apart by their columns, one module each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polystate.deposition import Deposition
from polystate_tools.formats.building.variables import Variable
from polystate_tools.formats.errors import BadOption
from polystate_tools.formats.het_dialects import d1, d2, d3
from polystate_tools.formats.het_dialects.of_deposition import tree_of_deposition
from polystate_tools.formats.het_dialects.tree import BASE, variables_of_tree
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.records.text import Text
from polystate_tools.formats.report import ExportReport, ImportReport
from polystate_tools.formats.unbuilding.alternates import alternates

DIALECTS = ("d1", "d2", "d3")


def dialect_of(records: Records) -> str | None:
    """Which dialect a file is in, by the columns of its categories."""
    if d3.is_d3(records):
        return "d3"
    if d2.is_d2(records):
        return "d2"
    return "d1" if d1.is_d1(records) else None


def read(layout: Layout, report: ImportReport) -> tuple[list[Variable], np.ndarray, dict[int, int]]:
    """Variables of the file's extension, which records they take (n,) bool, and base records by atom."""
    records = layout.records
    dialect = dialect_of(records)
    if dialect is None:
        for name in records.loops:
            report.lose(f"category _{name}", 1, "its columns are those of none of the dialects")
        return [], np.zeros(len(records), bool), {}
    reader = {"d1": d1.read, "d2": d2.read, "d3": d3.read}[dialect]
    report.dialect = dialect
    return variables_of_tree(layout, reader(records), report)


def write(dep: Deposition, records: Records, dialect: str, report: ExportReport) -> Records:
    """The records with the categories that say the states of a deposition in a dialect. records: all alternates."""
    if dialect not in DIALECTS:
        raise BadOption("--het-dialect", dialect, "one of " + ", ".join(DIALECTS))
    found = alternates(dep, report.gaussian)
    if len(found.atom) != len(records):
        raise BadOption("--het-dialect", dialect, "a deposition of one model")
    tree = tree_of_deposition(dep, found, dialect == "d3", report)
    report.losses = [loss for loss in report.losses if "without --het-dialect" not in loss["because"]]
    entangled = [v for v in range(len(dep.states.dag)) if dep.states.dag.parents(v)]
    joint = [v for v in entangled if any(dep.states.dag.descriptor(p) == "joint" for p in dep.states.dag.parents(v))]
    if joint and dialect != "d3":
        report.lose("joint occupancies", len(joint), f"{dialect} has no joint states")
    if dialect == "d2":
        return replace(records, loops=d2.loops_of(tree, records, report))
    if dialect == "d3" and not tree.joint:
        report.lose("joint states", 0, "no states depend on each other, so that the file is in d1")
    loops = d3.loops_of(tree) if tree.joint else d1.loops_of(tree)
    return replace(records, heterogeneity=Text.of([name or BASE for name in tree.of_record]), loops=loops)
