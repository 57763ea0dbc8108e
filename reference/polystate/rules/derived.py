"""[DRV-5] Stored payloads against what their operator gives now."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polystate.errors import (
    DerivedMismatch,
    PolystateError,
)
from polystate.model.derivation import made_from_inputs, maker
from polystate.model.model import Model

TOLERANCE = 1e-9


def mismatches(dep: Model) -> Iterator[PolystateError]:
    """[DRV-5] Stored payloads that differ from what their operator gives now."""
    for d in dep.descriptors.values():
        if maker(d.document) is None:
            continue
        try:
            made = made_from_inputs(dep, d)
        except PolystateError as error:
            yield error
            continue
        for name, values in made.arrays.items():
            if name in d.stored.arrays:
                yield from _difference(f"{d.path}/{name}", np.asarray(d.stored.arrays[name]), values)


def _difference(where: str, stored: np.ndarray, made: np.ndarray) -> Iterator[DerivedMismatch]:
    if stored.shape != made.shape:
        yield DerivedMismatch(where, f"shape {stored.shape}", f"{made.shape}, what its inputs give")
        return
    allowed = TOLERANCE * np.maximum(1.0, np.abs(made)) if made.dtype.kind == "f" else 0
    bad = np.argwhere(np.abs(stored.astype(np.float64) - made.astype(np.float64)) > allowed)
    if len(bad):
        at = tuple(bad[0])
        place = "".join(f"[{i}]" for i in at)
        yield DerivedMismatch(f"{where}{place}", stored[at], f"{made[at]}, what its inputs give")
