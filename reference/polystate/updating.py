"""Replacing parts of a store: checked first, atomic, everything else stays as it was."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polystate.errors import MissingArray, NotAStore, SchemaError, WrongDtype
from polystate.outputs import sibling
from polystate.store import Group, StoredTree, Table, Tree, read
from polystate.writing import ancestors, discard, publish, write_directory, write_json


def update(path: str | Path, groups: Tree, remove: Iterable[str] = (), *, keep: bool = False) -> Path:
    """Replace or add groups of the store at `path`, atomically; everything else stays byte for byte.

    remove: groups that go with all that is below them.
    keep: arrays and tables of a group stay where the new group has none of that name.
    What stays: groups below a replaced one, files and attributes of other tools. Consolidated metadata are dropped, as
    they would be stale. Unchanged files of a directory are shared with the old store by hard link while the new one is
    made."""
    path, remove = Path(os.path.realpath(path)), list(remove)
    zipped = path.is_file()
    old = read(path)
    partial = sibling(path, "partial")
    try:
        if zipped:
            _unpack(path, partial)
        else:
            shutil.copytree(path, partial, symlinks=True, copy_function=_link_or_copy)
            os.utime(partial)  # a reader of the old store tells by it that this is another, see sources.py
        before = {}
        for name in filter(None, remove):
            shutil.rmtree(partial / name, ignore_errors=True)
        for name, group in groups.items():
            prefix = name + "/" if name else ""
            before[name] = old.document(name)
            for child in old.children(name, "array") if name in old else ():
                if not keep or child in group.arrays or child in group.tables:
                    before[prefix + child] = old.document(prefix + child)
                    shutil.rmtree(partial / prefix / child, ignore_errors=True)
        write_directory(groups, partial, before)
        for name in {above for p in (*remove, *groups) for above in ancestors(p)}:
            _drop_consolidated(partial / name / "zarr.json")
        if old.source.is_replaced():
            raise NotAStore(str(path), "a store that was replaced meanwhile", "one writer at a time")
        publish(partial, path, zipped)
    finally:
        discard(partial)
    return path


def _unpack(path: Path, target: Path) -> None:
    """The files of a zip, none outside the target."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if any(part in ("", ".", "..") for part in entry.filename.removesuffix("/").split("/")):
                raise NotAStore(entry.filename, "an entry that names no place in a folder", "names of files")
            place = target / entry.filename
            if entry.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(archive.read(entry))


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(source, target, follow_symlinks=False)


def _drop_consolidated(node: Path) -> None:
    if node.exists():
        document = json.loads(node.read_bytes())
        if document.pop("consolidated_metadata", None) is not None:
            write_json(node, document)


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
    from polystate.deposition import Deposition

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
    for error in Deposition({p: whole if p == place else tree[p] for p in tree}, tree.folder).validate().errors:
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
