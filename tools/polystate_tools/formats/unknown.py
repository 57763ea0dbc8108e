"""What an export leaves out because its operator is unknown here."""

from __future__ import annotations

from polystate.deposition import Deposition
from polystate.questions.unknown import unknown
from polystate_tools.formats.report import ExportReport


def left_out(dep: Deposition, report: ExportReport) -> Deposition:
    """The deposition without what unknown operators contribute; each descriptor that has one is named as lost."""
    for d in unknown(dep):
        because = f"{d.operator} is unknown here: what it contributes to these atoms is left out"
        report.lose(d.path, int(d.covered.sum()), because)
    return dep.understood()
