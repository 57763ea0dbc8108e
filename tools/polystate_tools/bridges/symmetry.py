"""The operations of space groups by name, from gemmi's tables."""

from __future__ import annotations

import numpy as np

from polystate.deposition import Deposition
from polystate.errors import BadRequest


def triplets(name: str) -> list[str]:
    """The operations of a space group, centring included, the identity first: "P 21 21 21" has four."""
    import gemmi

    group = gemmi.find_spacegroup_by_name(name)
    if group is None:
        raise BadRequest("space_group", name, "the Hermann-Mauguin name of a space group")
    return [operation.triplet() for operation in group.operations()]


def unit_cell_contents(dep: Deposition, **request: object) -> np.ndarray:
    """The asymmetric unit under all operations of the deposition's space group, (K, N, 3) ångström."""
    document = dep.tree["hierarchy"].attributes if "hierarchy" in dep.tree else {}
    name = document.get("space_group")
    if not name:
        raise BadRequest("hierarchy#/space_group", "nothing", "the name of a space group")
    return dep.symmetry_copies(triplets(str(name)), **request)
