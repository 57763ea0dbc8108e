"""Atoms in refusals by the names that people give them: chain, residue and name, as the author has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from polystate.errors import NotPositiveSemidefinite
from polystate.model.model import Model
from polystate.numbers.positive import PSD_RULE, indefinite

NAMED = 5


@contextmanager
def indefinite_atoms(dep: Model, rows: np.ndarray, u: np.ndarray) -> Iterator[None]:
    """What is refused of U (n, 3, 3) of these rows of atoms names them; numbers alone know their draw keys only."""
    try:
        yield
    except NotPositiveSemidefinite as refused:
        bad = np.asarray(rows)[indefinite(u)]
        few = ", ".join(dep.hierarchy.node_label("atom", int(row)) for row in bad[:NAMED])
        more = f" and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
        raise NotPositiveSemidefinite(refused.where, f"the U of {few}{more}", PSD_RULE) from None
