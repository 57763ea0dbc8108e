"""The proposed mmCIF extensions for related alternates: told apart by their columns, one module each."""

from __future__ import annotations

import numpy as np

from polystate_tools.formats.layout import Layout
from polystate_tools.formats.report import ImportReport
from polystate_tools.formats.variables import Variable


def read(layout: Layout, report: ImportReport) -> tuple[list[Variable], np.ndarray, dict[int, int]]:
    """Variables of the file's extension, which records they take (n,) bool, and base records by atom."""
    return [], np.zeros(len(layout.records), bool), {}
