"""Readers under fuzz: for each what damage begins with, the damage, and what has to hold of the answer."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgpack
import numpy as np

import polystate
from polystate.artifacts import bodies, h5md
from polystate.errors import PolystateError
from polystate.store.reading import StoredTree
from polystate_conformance import paths
from polystate_tools.formats.importing import records_of_file, tree_of_records
from polystate_tools.formats.opening.files import InputFile
from tests.robustness import containers, mutators, seeds, verbs
from tests.robustness.verbs import Wrong

Content = bytes | dict[str, bytes]
BESIDE = 16
"""Of so many stores that are taken one is read by zarr-python and pyarrow too."""


@dataclass(frozen=True)
class Input:
    """One input: bytes, or the files of a store; and a number for what is asked in turn."""

    content: Content
    turn: int = 0

    def saved(self) -> bytes:
        """As one small file: of a store, a zip."""
        if isinstance(self.content, bytes):
            return self.content
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for name, content in self.content.items():
                archive.writestr(name, content)
        return made.getvalue()


@dataclass(frozen=True)
class Target:
    """seeds: contents that are taken as they are; damage: another content by a random generator; read: refuses an
    input by name (False) or takes it (True)."""

    name: str
    seeds: Callable[[], tuple[Any, ...]]
    damage: Callable[[random.Random, Any], Content]
    read: Callable[[Input, Path], bool]
    undamaged: Callable[[Any], Content] = lambda seed: seed

    def make(self, rng: random.Random) -> Input:
        """A damaged input."""
        turn = rng.getrandbits(30)
        return Input(self.damage(rng, rng.choice(self.seeds())), turn)


# -- stores ----------------------------------------------------------------------------------------------


class InMemory:
    """A store whose files are in memory, with the artifacts of the cases beside it."""

    name = str(paths.CONFORMANCE / "artifacts/damaged.zarr")

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files

    def keys(self) -> list[str]:
        return list(self.files)

    def get(self, key: str, first: int = 0, length: int | None = None) -> bytes:
        content = self.files[key]
        first = first if first >= 0 else max(0, len(content) + first)
        return content[first:] if length is None else content[first : first + length]

    def size(self) -> int:
        return sum(map(len, self.files.values()))

    def is_replaced(self) -> bool:
        return False


def opened(files: Mapping[str, bytes]) -> polystate.Deposition:
    """The deposition of the files of a store."""
    tree = StoredTree(InMemory(files))
    return polystate.Deposition(tree, tree.folder)


def _read_store(given: Input, folder: Path) -> bool:
    assert isinstance(given.content, dict)
    if not _judged(lambda: opened(given.content), given):
        return False
    dep = opened(given.content)
    try:
        meant = _meanings().get(dep.digest())
    except PolystateError:  # of an array that no sentence defines ([STO-61]), so that nothing can be compared
        return True
    if meant is not None and _meaning(dep) != meant:
        raise Wrong("another meaning under the digest of a seed")
    return given.turn % BESIDE != 0 or _as_others_read(given.content)


def _read_zip(given: Input, folder: Path) -> bool:
    (folder / "d.zarr.zip").write_bytes(given.content)
    return _judged(lambda: polystate.open(folder / "d.zarr.zip"), given)


def _judged(open_: Callable[[], polystate.Deposition], given: Input) -> bool:
    """Valid, and each verb answers or refuses by name; or not valid, and a verb that is asked all the same refuses."""
    try:
        dep = open_()
    except PolystateError:
        return False
    try:
        valid = dep.validate().valid
    except PolystateError:
        valid = False
    if not valid:
        verbs.ask_unjudged(open_(), given.turn)
        return False
    verbs.ask(dep, given.turn)
    return True


@cache
def _meanings() -> dict[str, str]:
    """What seeds mean, by their digest."""
    found = [opened(files) for files in seeds.stores()]
    return {dep.digest(): _meaning(dep) for dep in found}


def _meaning(dep: polystate.Deposition) -> str:
    return verbs.canonical([verbs.tried(dep, name) for name in ("covariance", "render", "draw", "states")])


def _as_others_read(files: Mapping[str, bytes]) -> bool:
    """Arrays as zarr-python reads them, tables as pyarrow; it may refuse what metadata say to writers."""
    import pyarrow as pa
    import zarr
    from zarr.core.buffer import default_buffer_prototype

    buffer = default_buffer_prototype().buffer
    store = zarr.storage.MemoryStore({name: buffer.from_bytes(c) for name, c in files.items()})

    def other(path: str) -> np.ndarray | None:
        try:
            array = zarr.open_array(store, path=path, mode="r")
        except (TypeError, ValueError):
            return None
        return array[...]

    tree = opened(files).tree
    for name in tree:
        prefix = f"{name}/" if name else ""
        for array, values in tree[name].arrays.items():
            theirs = other(prefix + array)
            if theirs is not None and not _equal(np.asarray(values), theirs):
                raise Wrong(f"{prefix}{array}: other numbers than zarr-python reads")
        for table, columns in tree[name].tables.items():
            content = other(prefix + table)
            for column, found in columns.items() if content is not None else ():
                read = pa.ipc.open_file(pa.BufferReader(content.tobytes())).read_all().column(column).to_pylist()
                if isinstance(found, list | np.ndarray) and not _equal(np.asarray(found), np.asarray(read)):
                    raise Wrong(f"{prefix}{table}/{column}: another column than pyarrow reads")
    return True


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    if one.size == other.size == 0:
        return True
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f" and other.dtype.kind == "f")


def _part(eligible: Callable[[str], bool], damage: mutators.Mutator) -> Callable[[random.Random, Any], Content]:
    return lambda rng, files: containers.damaged_files(rng, files, eligible, damage)


def _tables(rng: random.Random, files: Mapping[str, bytes]) -> Content:
    tables = {n.removesuffix("zarr.json") for n, c in files.items() if n.endswith("zarr.json") and b"apache.arrow" in c}
    return containers.damaged_files(rng, files, lambda name: name.rpartition("c/")[0] in tables, mutators.of_chunk)


def _is_document(name: str) -> bool:
    return name.endswith("zarr.json")


# -- structure files -------------------------------------------------------------------------------------


def _structure(name: str, form: str, damage: mutators.Mutator) -> Target:
    def read(given: Input, folder: Path) -> bool:
        try:
            records = records_of_file(InputFile(f"x.{form}", given.content, "0" * 64, form))
            tree, _ = tree_of_records(records)
            dep = polystate.Deposition(tree)
            errors = dep.validate().errors
        except PolystateError:
            return False
        if errors:
            raise Wrong(f"imported, and not valid: {errors[0]}")
        verbs.ask(dep, given.turn)
        return True

    return Target(name, lambda: seeds.structures(form), damage, read)


def _of_packed(change: Callable[[random.Random, Any], Any]) -> mutators.Mutator:
    """Damage to the tree that a MessagePack file holds; or to its bytes."""

    def damage(rng: random.Random, content: bytes) -> bytes:
        if rng.randrange(5) == 0:
            return mutators.of_bytes(rng, content)
        try:
            return msgpack.packb(change(rng, msgpack.unpackb(content, strict_map_key=False)))
        except (TypeError, ValueError, OverflowError):
            return mutators.of_bytes(rng, content)

    return damage


# -- the others ------------------------------------------------------------------------------------------


def _read_h5md(given: Input, folder: Path) -> bool:
    """Everything that an importer asks of a file; that HDF5 comes to an end is for the harness to see."""
    path = folder / "d.h5md"
    path.write_bytes(given.content)
    h5md.unending = lambda path: None  # type: ignore[assignment]
    try:
        with h5md.H5md(path) as file:
            for name in file.groups:
                element = file.position(name)
                file.box(name)
                if element.n_steps:
                    element.at(0)
            file.observables()
    except PolystateError:
        return False
    return True


def _read_onnx(given: Input, folder: Path) -> bool:
    if bodies.is_pickle(given.content):
        return False
    taken = False
    for size in (1, 2, 3):
        with suppress(Exception):  # `bodies.load` and `bodies.run` name it
            bodies._onnx(given.content)(np.zeros((1, size)))
            taken = True
    return taken


def _read_yaml(given: Input, folder: Path) -> bool:
    try:
        dep = polystate.Deposition(polystate.build(given.content.decode("utf-8", "replace")))
        valid = dep.validate().valid
    except PolystateError:
        return False
    if valid:
        verbs.ask(dep, given.turn)
    return valid


TARGETS = (
    Target("json", seeds.stores, _part(_is_document, mutators.of_json), _read_store),
    Target("chunk", seeds.stores, _part(lambda name: not _is_document(name), mutators.of_chunk), _read_store),
    Target("arrow", seeds.stores_with_tables, _tables, _read_store),
    Target("zip", seeds.stores, containers.of_zip, _read_zip, lambda files: Input(files).saved()),
    _structure("cif", "mmcif", mutators.of_text),
    _structure("pdb", "pdb", containers.of_columns),
    _structure("mmtf", "mmtf", _of_packed(containers.of_codecs)),
    _structure("bcif", "bcif", _of_packed(mutators.of_tree)),
    Target("h5md", lambda: seeds.artifacts("h5md"), containers.of_hdf5, _read_h5md),
    Target("yaml", seeds.documents, mutators.of_text, _read_yaml),
    Target("values", seeds.texts, mutators.of_scalars, _read_yaml, lambda text: json.dumps(text).encode()),
    Target("onnx", lambda: seeds.artifacts("onnx"), containers.of_onnx, _read_onnx),
)
