"""Occupancies of records as the population of what they are records of."""

from __future__ import annotations

import math

import numpy as np

from polystate.structure.hierarchy import HYDROGENS
from polystate_tools.formats.records.layout import Layout


def mean_occupancy(layout: Layout, records: np.ndarray) -> float:
    """Mean occupancy of the non-hydrogen records (of all where there are only hydrogens), NaN of none.

    `math.fsum` is exact, so that the mean does not depend on the order of the records.
    """
    if not len(records):
        return math.nan
    heavy = records[~np.isin(layout.records.element[records], HYDROGENS)]
    values = layout.records.occupancy[heavy if len(heavy) else records].tolist()
    return math.fsum(values) / len(values)
