"""Wrong importers of H5MD: whose place a number is."""

import numpy as np

from polystate_conformance.selftest.planting import fault


@fault("places-the-wrong-way-round", "polystate_tools.formats.h5md.importer:_ordered", "exchange")
def _(original):
    """An atom is the particle of its place, not the particle the atom of its number."""
    return lambda xyz, order: xyz[:, order] if order.ndim == 1 else np.take_along_axis(xyz, order[:, :, None], axis=1)
