"""Readers under fuzz: for each the files that damage begins with, the damage, and what has to hold of the answer."""

from __future__ import annotations

import io
import json
import random
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

import polystate
from polystate.artifacts import bodies, h5md
from polystate.errors import PolystateError
from polystate_conformance import paths
from polystate_tools.formats.importing import records_of_file, tree_of_records
from polystate_tools.formats.opening.files import InputFile
from tests.robustness import mutators

STORES = (
    "mixed", "nested-loop", "scenario-dynamics", "scenario-classes", "nmr-bundle", "altloc-nested", "scenario-crystal",
)  # fmt: skip


class Wrong(AssertionError):
    """An answer that is none: valid and not evaluable, or another than an independent reader gives."""


@dataclass(frozen=True)
class Target:
    """make: a damaged input by a random generator; read: refuses it by name (False) or takes it (True)."""

    name: str
    make: Callable[[random.Random], bytes]
    read: Callable[[bytes, Path], bool]


# -- stores ----------------------------------------------------------------------------------------------


@cache
def _files(entry: str) -> dict[str, bytes]:
    with zipfile.ZipFile(paths.CONFORMANCE / "corpus" / f"{entry}.zarr.zip") as archive:
        return {name: archive.read(name) for name in sorted(archive.namelist())}


def _packed(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _damaged_store(part: str) -> Callable[[random.Random], bytes]:
    """A zip with one file damaged: a document, or a chunk of numbers or a table; or the zip itself."""

    def make(rng: random.Random) -> bytes:
        files = dict(_files(rng.choice(STORES)))
        names = [n for n in files if n.endswith("zarr.json") == (part == "json") and files[n]]
        if part == "arrow":
            names = [n for n in names if n.split("/c/")[0] in _tables(files)] or names
        name = rng.choice(names)
        damage = mutators.of_json if part == "json" else mutators.of_chunk
        files[name] = damage(rng, files[name])
        if rng.randrange(50) == 0:
            del files[rng.choice(list(files))]
        packed = _packed(files)
        return mutators.of_bytes(rng, packed) if rng.randrange(40) == 0 else packed

    return make


def _tables(files: dict[str, bytes]) -> set[str]:
    return {n.removesuffix("/zarr.json") for n, c in files.items() if b"apache.arrow" in c and n.endswith("zarr.json")}


def _read_store(content: bytes, folder: Path) -> bool:
    path = folder / "d.zarr.zip"
    path.write_bytes(content)
    try:
        dep = polystate.open(path)
        report = dep.validate()
    except PolystateError:
        return False
    _unjudged(path)
    if not report.valid:
        return False
    at = {axis: 0 for axis in dep.axes}
    try:
        found = [dep.covariance(at=at), dep.render(at=at, draw=polystate.Draw(1, 2)).xyz, dep.render(at=at).xyz]
        dep.states.count()
        dep.describe()
    except PolystateError as error:
        if error.stage not in ("evaluate", "operator"):
            raise Wrong(f"valid, and then {error}") from error
        return True
    if not all(np.isfinite(x).all() for x in found):
        raise Wrong("valid, and numbers that are none")
    dep.digest()
    if content[-60] % 8 == 0:
        _same_as_zarr(dep, path)
    return True


def _unjudged(path: Path) -> None:
    """Questions to a store that nobody validated first."""
    for ask in (lambda d: d.describe(), lambda d: d.covariance(), lambda d: d.render(), lambda d: d.digest()):
        try:
            ask(polystate.open(path))
        except PolystateError:
            pass


def _same_as_zarr(dep: polystate.Deposition, path: Path) -> None:
    """Arrays as zarr-python reads them."""
    import zarr

    with zarr.storage.ZipStore(path, mode="r") as store:
        for name in dep.tree:
            for array, values in dep.tree[name].arrays.items():
                other = zarr.open_array(store, path=f"{name}/{array}" if name else array, mode="r")[...]
                if not np.array_equal(np.asarray(values), other, equal_nan=values.dtype.kind == "f"):
                    raise Wrong(f"{name}/{array}: other numbers than zarr-python reads")


# -- structure files -------------------------------------------------------------------------------------


@cache
def _exported(suffix: str) -> tuple[bytes, ...]:
    from polystate_tools.formats import export_file

    made = []
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for entry in ("altloc-nested", "scenario-crystal", "3jqh", "scenario-bundle"):
            dep = polystate.open(paths.CONFORMANCE / "corpus" / f"{entry}.zarr.zip")
            target = Path(folder) / f"{entry}.{suffix}"
            try:
                export_file(dep, target)
            except PolystateError:
                continue
            made.append(target.read_bytes())
    return tuple(made)


@cache
def _bcif() -> tuple[bytes, ...]:
    from biotite.structure.io import pdbx

    made = []
    for content in _exported("cif"):
        text = pdbx.CIFFile.read(io.StringIO(content.decode()))
        binary = pdbx.BinaryCIFFile({
            block: pdbx.BinaryCIFBlock({
                name: pdbx.BinaryCIFCategory({key: column.as_array() for key, column in category.items()})
                for name, category in text[block].items()
            }) for block in text
        })  # fmt: skip
        sink = io.BytesIO()
        binary.write(sink)
        made.append(sink.getvalue())
    return tuple(made)


def _from(seeds: Callable[[], tuple[bytes, ...]], damage: mutators.Mutator) -> Callable[[random.Random], bytes]:
    return lambda rng: damage(rng, rng.choice(seeds()))


def _read_structure(form: str) -> Callable[[bytes, Path], bool]:
    def read(content: bytes, folder: Path) -> bool:
        try:
            records = records_of_file(InputFile(f"x.{form}", content, "0" * 64, form))
            tree, _ = tree_of_records(records)
            errors = polystate.Deposition(tree).validate().errors
        except PolystateError:
            return False
        if errors:
            raise Wrong(f"imported, and not valid: {errors[0]}")
        dep = polystate.Deposition(tree)
        if not (np.isfinite(dep.covariance()).all() and np.isfinite(dep.render().xyz).all()):
            raise Wrong("imported, and numbers that are none")
        return True

    return read


# -- the others ------------------------------------------------------------------------------------------


@cache
def _artifacts(suffix: str) -> tuple[bytes, ...]:
    return tuple(p.read_bytes() for p in sorted((paths.CONFORMANCE / "artifacts").glob(f"*.{suffix}")))


def _read_h5md(content: bytes, folder: Path) -> bool:
    """Everything that an importer asks of a file; that HDF5 comes to an end is for the harness to see."""
    path = folder / "d.h5md"
    path.write_bytes(content)
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


def _read_onnx(content: bytes, folder: Path) -> bool:
    if bodies.is_pickle(content):
        return False
    try:
        bodies._onnx(content)(np.zeros((1, 2)))
    except Exception:  # `bodies.load` and `bodies.run` name it
        return False
    return True


@cache
def _texts() -> tuple[bytes, ...]:
    from polystate_schemas.yaml12 import load

    made = []
    for path in sorted((paths.CONFORMANCE / "cases").glob("*/00[0-2]*/case.yaml"))[::7]:
        case = load(path)
        if isinstance(case.get("deposition"), dict):
            made.append(json.dumps(case["deposition"], indent=1).encode())
            made.append(path.read_bytes().split(b"deposition:\n")[-1].split(b"\nrequest:")[0])
    return tuple(made)


def _read_yaml(content: bytes, folder: Path) -> bool:
    import textwrap

    try:
        tree = polystate.build(textwrap.dedent(content.decode("utf-8", "replace")))
        return polystate.Deposition(tree).validate().valid
    except PolystateError:
        return False


TARGETS = (
    Target("json", _damaged_store("json"), _read_store),
    Target("chunk", _damaged_store("chunk"), _read_store),
    Target("arrow", _damaged_store("arrow"), _read_store),
    Target("cif", _from(lambda: _exported("cif"), mutators.of_text), _read_structure("mmcif")),
    Target("pdb", _from(lambda: _exported("pdb"), mutators.of_text), _read_structure("pdb")),
    Target("mmtf", _from(lambda: _exported("mmtf"), mutators.of_msgpack), _read_structure("mmtf")),
    Target("bcif", _from(_bcif, mutators.of_msgpack), _read_structure("bcif")),
    Target("h5md", _from(lambda: _artifacts("h5md"), mutators.of_bytes), _read_h5md),
    Target("yaml", _from(_texts, mutators.of_text), _read_yaml),
    Target("onnx", _from(lambda: _artifacts("onnx"), mutators.of_bytes), _read_onnx),
)
