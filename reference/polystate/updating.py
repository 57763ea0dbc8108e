"""Replacing the numbers of one descriptor in a store: checked first, atomic, everything else stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polystate.errors import MissingArray, SchemaError
from polystate.store import Group, Table, read
from polystate.writing import update


def replace_payload(
    path: str | Path,
    descriptor: str,
    arrays: Mapping[str, np.ndarray] | None = None,
    tables: Mapping[str, Table] | None = None,
    document: Mapping[str, Any] | None = None,
) -> Path:
    """Replace arrays and tables of one descriptor of the store at `path`, and keys of its document.

    Only arrays and tables that are there are replaced, in their stored data type. The whole deposition with the new
    numbers has to be valid; otherwise the first error is raised and nothing is written."""
    from polystate.deposition import Deposition

    tree = read(path)
    place = f"descriptors/{descriptor}"
    if place not in tree:
        raise MissingArray(place, "nothing", "a descriptor of this deposition")
    old = tree[place]
    for name in [*(arrays or {}), *(tables or {})]:
        if name not in old.arrays and name not in old.tables:
            raise MissingArray(f"{place}/{name}", "nothing", "an array or table that is there to be replaced")
    if document and document.get("id", descriptor) != descriptor:
        raise SchemaError(f"{place}#/id", document["id"], descriptor)
    cast = {n: np.asarray(values).astype(old.arrays[n].dtype) for n, values in (arrays or {}).items()}
    group = Group({**old.attributes, **(document or {})}, {**old.arrays, **cast}, {**old.tables, **(tables or {})})
    changed = {p: group if p == place else tree[p] for p in tree}
    for error in Deposition(changed, tree.folder).validate().errors:
        raise error
    return update(path, {place: group})
