"""Replacing the payload of one descriptor of a store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polystate.errors import MissingArray, SchemaError, WrongDtype
from polystate.rules.guard import Judged
from polystate.store.reading import StoredTree, read
from polystate.store.tree import Group, Table
from polystate.store.updating import update


def replace_payload(
    path: str | Path,
    descriptor: str,
    arrays: Mapping[str, np.ndarray] | None = None,
    tables: Mapping[str, Table] | None = None,
    document: Mapping[str, Any] | None = None,
) -> Path:
    """Replace arrays and tables of one descriptor of the store at `path`, and keys of its document.

    Only arrays and tables that are there are replaced, in their stored data type, which has to hold the new numbers.
    The whole deposition with the new numbers has to be valid; otherwise the first error is raised and nothing is
    written."""
    tree: StoredTree = read(path)
    place = f"descriptors/{descriptor}"
    if place not in tree:
        raise MissingArray(place, "nothing", "a descriptor of this deposition")
    old = tree[place]
    for name in [*(arrays or {}), *(tables or {})]:
        if name not in old.arrays and name not in old.tables:
            raise MissingArray(f"{place}/{name}", "nothing", "an array or table that is there to be replaced")
    if document and document.get("id", descriptor) != descriptor:
        raise SchemaError(f"{place}#/id", document["id"], descriptor)
    stored = {name: np.dtype(tree.array_metadata(f"{place}/{name}")["data_type"]) for name in arrays or {}}
    cast = {name: _cast(values, stored[name], f"{place}/{name}") for name, values in (arrays or {}).items()}
    attributes = {**old.attributes, **(document or {})}
    whole = Group(attributes, {**old.arrays, **cast}, {**old.tables, **(tables or {})})
    for error in Judged({p: whole if p == place else tree[p] for p in tree}, tree.folder).validate().errors:
        raise error
    return update(path, {place: Group(attributes, cast, tables or {})}, keep=True)


def _cast(values: Any, dtype: np.dtype, where: str) -> np.ndarray:
    """Values in a data type that holds them: integers exactly, reals within its range."""
    values = np.asarray(values)
    if values.dtype.kind in "biuf":
        with np.errstate(invalid="ignore", over="ignore"):
            made = values.astype(dtype)
        kept = np.isfinite(made) | ~np.isfinite(values) if dtype.kind == "f" else made == values
        if kept.all():
            return made
    raise WrongDtype(where, f"{values.dtype} values that change as {dtype}", f"values that fit into {dtype}")
