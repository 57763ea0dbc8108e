"""Replacing parts of a store: checked first, atomic, everything else stays as it was."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

from polystate.errors import NotAStore
from polystate.store.leftovers import discard, sibling, sweep
from polystate.store.reading import read
from polystate.store.tree import Tree
from polystate.store.writing import ancestors, publish, write_directory, write_json


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
    sweep(path.parent)
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
