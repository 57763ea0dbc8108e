"""From a case to what an implementation is shown: a store under an opaque name."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterable
from pathlib import Path

from polystate_conformance import paths
from polystate_conformance.suite import damage
from polystate_conformance.suite.case import Case, load
from polystate_conformance.suite.kinds import KINDS
from polystate_conformance.suite.variants import expand
from polystate_schemas import yaml12

IN_MEMORY, ROOM = Path("/dev/shm"), 4 << 30
"""A file system in memory, used where it has so many bytes free: stores are many small files."""
WORTH_PROCESSES = 24
"""From so many stores on it pays to build them in several processes."""


class Materials:
    """Stores built for one run, in a folder of their own; equal depositions are built once.

    Names are random, so that neither a name nor an order says what a case expects.
    """

    def __init__(self, folder: str | Path | None = None):
        self._temporary = tempfile.TemporaryDirectory(prefix="polystate-score-", dir=folder or _in_memory())
        self.folder = Path(self._temporary.name)
        self._built: dict[str, Path] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Materials:
        return self

    def __exit__(self, *_: object) -> None:
        self._temporary.cleanup()

    def out_dir(self) -> Path:
        """A new empty folder for the arrays of one answer."""
        folder = self.folder / "out" / secrets.token_hex(8)
        folder.mkdir(parents=True)
        return folder

    def store(self, case: Case) -> Path | None:
        """The path to hand to an implementation, None for a case without a deposition."""
        if case.deposition is None:
            return None
        key = _key(case)
        with self._lock:
            if key not in self._built:
                self._built[key] = _build(case, self.folder)
            return self._built[key]

    def prebuild(self, cases: Iterable[Case], jobs: int) -> None:
        """Build the stores of many cases in `jobs` processes; what is not built here is built when it is asked for."""
        waiting = {_key(case): case for case in cases if case.deposition is not None}
        waiting = {key: case for key, case in waiting.items() if key not in self._built}
        if jobs < 2 or len(waiting) < WORTH_PROCESSES:
            return
        shares = [list(waiting.items())[start::jobs] for start in range(jobs)]
        command = [sys.executable, "-m", __name__, str(self.folder)]
        workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in shares]
        for worker, share in zip(workers, shares, strict=True):
            assert worker.stdin is not None
            worker.stdin.write("".join(f"{case.folder}\t{case.id}\n" for _, case in share).encode())
            worker.stdin.close()
        for worker, share in zip(workers, shares, strict=True):
            assert worker.stdout is not None
            built = worker.stdout.read().decode().splitlines()
            if worker.wait() != 0 or len(built) != len(share):
                raise RuntimeError("building the stores failed; the message stands above")
            self._built.update((key, Path(name)) for (key, _), name in zip(share, built, strict=True))


def _in_memory() -> Path | None:
    try:
        return IN_MEMORY if shutil.disk_usage(IN_MEMORY).free >= ROOM and os.access(IN_MEMORY, os.W_OK) else None
    except OSError:
        return None


_BASES: dict[str, dict[str, bytes]] = {}
"""Files of the undamaged stores of cases with variants, by id of the case."""


def _variant(case: Case, folder: Path) -> Path:
    """The store of a variant, a zip: the files of its base, of which one node is written anew."""
    if case.base not in _BASES:
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            whole = _undamaged(case, Path(temporary))
            _BASES[case.base] = {p.relative_to(whole).as_posix(): p.read_bytes() for p in _files(whole)}
    files = dict(_BASES[case.base])
    for operation in case.damage:
        node = damage.node(operation)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            scratch = Path(temporary)
            for path in [path for path in files if _within(path, node)]:
                (scratch / path).parent.mkdir(parents=True, exist_ok=True)
                (scratch / path).write_bytes(files.pop(path))
            damage.apply(scratch, operation)
            written = {path.relative_to(scratch).as_posix(): path for path in _files(scratch)}
            files |= {path: file.read_bytes() for path, file in written.items() if _within(path, node)}
    packed = _name(_beside(case, folder) if case.beside else folder, ".zarr.zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path, content in sorted(files.items()):
            archive.writestr(path, content)
    return packed


def _within(path: str, node: str) -> bool:
    return path == node or path.startswith(node + "/")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _undamaged(case: Case, folder: Path) -> Path:
    """The deposition of a case as a directory store under a random name."""
    target = _name(folder, ".zarr")
    if "corpus" in case.deposition:
        _corpus(case.deposition["corpus"], target)
    else:
        import polystate

        polystate.write(polystate.build(case.deposition), target)
    return target


def _build(case: Case, folder: Path) -> Path:
    """Build the store of a case under a random name in `folder`."""
    if case.base is not None:
        return _variant(case, folder)
    if case.beside:
        folder = _beside(case, folder)
    if "file" in case.deposition:
        return _file(case, folder)
    target = _undamaged(case, folder)
    for change in case.encode:
        damage.encode(target, change)
    if case.container == "directory":
        for operation in case.damage:
            damage.apply(target, operation)
        return target
    packed = _name(folder, ".zarr.zip")
    for operation in case.damage:
        if not damage.of_zip(operation):
            damage.apply(target, operation)
    _pack(target, packed)
    shutil.rmtree(target)
    for operation in case.damage:
        if damage.of_zip(operation):
            damage.apply(packed, operation)
    return packed


def _beside(case: Case, folder: Path) -> Path:
    """A folder of its own for a store that artifacts lie beside, with the artifacts in it."""
    own = folder / secrets.token_hex(8)
    own.mkdir()
    for name, file in case.beside.items():
        source = _source(case, file)
        shutil.copytree(source, own / name) if source.is_dir() else shutil.copyfile(source, own / name)
    return own


def _source(case: Case, name: str) -> Path:
    """A file that a case names: beside the case, else in conformance/."""
    source = case.folder / name if (case.folder / name).exists() else paths.CONFORMANCE / name
    if not source.exists():
        raise FileNotFoundError(f"{case.id}: no file {name} beside the case or in conformance/")
    return source


def _file(case: Case, folder: Path) -> Path:
    """A raw file, shown under an opaque name with its own suffix; relative to the case, else to conformance/."""
    source = _source(case, case.deposition["file"])
    target = _name(folder, "".join(source.suffixes[-2:] if source.suffix in (".gz", ".zip") else source.suffixes[-1:]))
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
    for operation in case.damage:
        damage.apply(target, operation)
    return target


def _corpus(name: str, target: Path) -> None:
    found = [*paths.CORPUS.glob(f"{name}.zarr.zip"), *paths.CORPUS.glob(f"*/{name}.zarr.zip")]
    if len(found) != 1:
        raise FileNotFoundError(f"corpus has {len(found)} entries named {name}")
    with zipfile.ZipFile(found[0]) as packed:
        packed.extractall(target)


def _name(folder: Path, suffix: str) -> Path:
    return folder / (secrets.token_hex(8) + suffix)


def _key(case: Case) -> str:
    """Equal for cases that are shown the same store; a round trip or damage gets a store of its own."""
    if KINDS[case.kind].writes or "file" in case.deposition or case.beside:
        return case.id
    parts = [case.deposition, case.container, list(case.encode), list(case.damage)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _pack(folder: Path, target: Path) -> None:
    """A zip without compression, the root at the top."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for path in _files(folder):
            packed.write(path, path.relative_to(folder).as_posix())


def build(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Build the deposition of a case file or a text deposition into a store, for a look at it."""
    import polystate

    document = yaml12.load(Path(source).read_text("utf-8"))
    polystate.write(polystate.build(document.get("deposition", document)), Path(target))


if __name__ == "__main__":  # a worker of `prebuild`: folders and ids of cases in, paths of stores out
    known: dict[str, dict[str, Case]] = {}
    for line in sys.stdin.read().splitlines():
        where, id = line.split("\t")
        if where not in known:
            known[where] = {case.id: case for case in expand(load(Path(where) / "case.yaml"))}
        print(_build(known[where][id], Path(sys.argv[1])))
