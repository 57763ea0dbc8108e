"""Many draws of a deposition as a Zarr array, in bounded memory, by any number of workers, resumable.

Layout of the group that is written (attributes under `polystate`):

    draws.zarr            attributes: kind "draws", digest (of the deposition), seed and n (decimal strings), dtype,
                          backend, psd, at, state (the names that were fixed), variables (`descriptor/site row`),
                          labels (of their states), complete (true once every draw is there)
      xyz      (n, N, 3)  float64 or float32, ångström; atoms in ascending atom_id
      atom_id  (N,)       uint32
      present  (n, N)     bool; missing where every atom is present in every draw
      state    (n, V)     int32, the place of the drawn state among `labels`, -1 = inactive; missing where V = 0

Draw d depends on the deposition, the seed and d alone, and a shard holds whole draws, so the bytes are the same for
any number of workers. `xyz` of a shard is written last: a shard whose file is there is finished, and `resume` makes
only the others."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from polystate.errors import AlreadyExists, BadRequest, DrawRange, WrongDtype
from polystate.kernels.dispatch import resolve
from polystate.kernels.ensemble import Ensemble
from polystate.model.model import Model
from polystate.numbers.philox import Draw
from polystate.rules.guard import Judged
from polystate.store import memory
from polystate.store.digest import digest
from polystate.store.leftovers import discard, sibling, sweep
from polystate.store.outputs import locked, replacing, store_target
from polystate.store.reading import StoredTree, read
from polystate.store.recovery import complete
from polystate.store.tree import Tree
from polystate.store.writing import publish

CHUNK_BYTES = 1 << 20
SHARD_BYTES = 32 << 20
MISSING = np.uint64(0xFFFFFFFFFFFFFFFF)
Progress = Callable[[int, int], None]  # draws done, draws in all


@dataclass(frozen=True)
class Job:
    """What a worker needs to make any shard: where the deposition is, what is asked, how it is laid out."""

    source: str | Tree
    out: Path
    n: int
    seed: int
    dtype: str
    chunk: int  # draws
    shard: int  # draws, whole chunks
    options: Mapping[str, Any] = field(default_factory=dict)  # of an Ensemble

    @property
    def shards(self) -> int:
        return -(-self.n // self.shard)


def sample(
    dep: Model,
    n: int,
    seed: int,
    out: str | Path,
    *,
    dtype: str = "float64",
    workers: int = 1,
    processes: bool | None = None,
    scheduler: str | None = None,
    state: Mapping[Any, str] | None = None,
    at: Mapping[str, int] | None = None,
    psd: str = "refuse",
    backend: str = "auto",
    allow_code: bool = False,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write draws 0 ... n - 1 of `seed` to the Zarr group `out`; see the head of this module for its layout.

    workers: threads, or processes where the deposition has no kernel (`processes` decides otherwise); scheduler: the
    address of a dask cluster that sees the same files; resume: keep the finished shards of an interrupted run;
    progress: called with the draws done and the draws in all. Memory: one shard (32 MiB, or one draw) a worker.
    Draws that the disk has no room for are refused before one is written (BadRequest)."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 0 <= n <= 1 << 64:
        raise DrawRange("n", repr(n), "a whole number from 0 to 2^64")  # RNG-3
    n, seed = int(n), Draw(seed).seed
    if dtype not in ("float64", "float32"):
        raise WrongDtype("dtype", dtype, "float64 or float32")
    options: dict[str, Any] = {
        "state": dict(state or {}),
        "at": dict(at or {}),
        "psd": psd,
        "backend": resolve(backend),
    }
    ensemble = Ensemble(dep, allow_code=allow_code, **options)
    row = max(1, 3 * dep.n_atoms * np.dtype(dtype).itemsize)
    chunk = max(1, min(n, CHUNK_BYTES // row))
    shard = chunk * max(1, min(-(-n // chunk), SHARD_BYTES // (row * chunk)))
    source: str | Tree = dep.tree.source.name if isinstance(dep.tree, StoredTree) else dep.tree
    job = Job(source, Path(out), n, seed, dtype, chunk, shard, {**options, "allow_code": allow_code})
    document = _document(dep, job)
    complete(job.out)
    _check_disk(ensemble, job)
    _begin(ensemble, job, document, resume, overwrite)
    with locked(job.out):
        _clear(job.out)
        waiting = _waiting(job)
        done = n - sum(_size(job, k) for k in waiting)
        if progress is not None:
            progress(done, n)
        for k in _run(ensemble, job, waiting, workers, processes, scheduler):
            done += _size(job, k)
            if progress is not None:
                progress(done, n)
        _clear(job.out)
        _write_json(job.out / "zarr.json", _group({**document, "complete": True}))
    return job.out


def _check_disk(ensemble: Ensemble, job: Job) -> None:
    """Refuse what the disk has no room for; nothing is compressed, and what is there already is replaced or kept."""
    atoms = 3 * np.dtype(job.dtype).itemsize + int(ensemble.varies)
    size = job.n * (ensemble.n_atoms * atoms + 4 * ensemble.n_variables)
    folder = next(p for p in job.out.absolute().parents if p.is_dir())
    room = shutil.disk_usage(folder).free + sum(p.stat().st_size for p in job.out.rglob("*") if p.is_file())
    if size > memory.times() * room:
        expected = f"at most {room}, which the disk has left; {memory.BOUNDS_VARIABLE} makes it as many times as much"
        raise BadRequest("n", f"{job.n} draws, which take {size} bytes", expected)


# -- the group -------------------------------------------------------------------------------------------


def _document(dep: Model, job: Job) -> dict[str, Any]:
    dag = dep.states.dag
    return {
        "kind": "draws",
        "digest": digest(dep.tree),
        "seed": str(job.seed),
        "n": str(job.n),
        "dtype": job.dtype,
        "backend": job.options["backend"],
        "psd": job.options["psd"],
        "at": dict(job.options["at"]),
        "state": {k if isinstance(k, str) else f"{k[0]}/{k[1]}": v for k, v in job.options["state"].items()},
        "variables": [f"{dag.descriptor(v)}/{int(dag.site[v])}" for v in range(len(dag))],
        "labels": [[str(x) for x in dag.state_labels(v)] for v in range(len(dag))],
        "complete": False,
    }


def _group(document: Mapping[str, Any]) -> dict[str, Any]:
    return {"zarr_format": 3, "node_type": "group", "attributes": {"polystate": dict(document)}}


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    with replacing(path, overwrite=True) as partial:
        partial.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")


def _begin(ensemble: Ensemble, job: Job, document: Mapping[str, Any], resume: bool, overwrite: bool) -> None:
    """Make the group, or find the one to go on with."""
    root = job.out / "zarr.json"
    if resume and root.exists():
        found = _document_there(root)
        for key, value in document.items():
            if key != "complete" and found.get(key) != value:
                raise BadRequest(f"resume/{key}", value, f"{found.get(key)}, as in the draws already there")
        return
    target = store_target(job.out, overwrite or resume)
    if root.exists():
        _document_there(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target.parent)
    partial = sibling(target, "partial")
    try:
        with locked(target):
            _create_group(ensemble, job, document, partial)
            publish(partial, target)
    finally:
        discard(partial)


def _create_group(ensemble: Ensemble, job: Job, document: Mapping[str, Any], out: Path) -> None:
    """The group without draws, whole before it gets its name."""
    out.mkdir()
    _create(out, "atom_id", (ensemble.n_atoms,), "uint32", None, None)[...] = ensemble.dep.hierarchy.atom_id
    shape = (job.n, ensemble.n_atoms)
    _create(out, "xyz", (*shape, 3), job.dtype, job.chunk, job.shard)
    if ensemble.varies:
        _create(out, "present", shape, "bool", job.chunk, job.shard)
    if ensemble.n_variables:
        _create(out, "state", (job.n, ensemble.n_variables), "int32", job.chunk, job.shard)
    _write_json(out / "zarr.json", _group(document))


def _waiting(job: Job) -> list[int]:
    """The shards that are still to be made."""
    return [k for k in range(job.shards) if not _shard_path(job, "xyz", 2, k).exists()]


def _document_there(root: Path) -> Mapping[str, Any]:
    """What the draws already there say of themselves."""
    try:
        found = json.loads(root.read_text("utf-8"))["attributes"]["polystate"]
        if found["kind"] == "draws":
            return found
    except (ValueError, KeyError, TypeError):
        pass
    raise AlreadyExists(str(root), "no group of draws", "earlier draws, or a new name")


def _clear(out: Path) -> None:
    """Remove what workers that were killed left half written."""
    for partial in out.rglob("*.partial"):
        partial.unlink(missing_ok=True)


def _create(out: Path, name: str, shape: tuple[int, ...], dtype: str, chunk: int | None, shard: int | None) -> Any:
    import zarr

    rest = tuple(max(1, m) for m in shape[1:])
    return zarr.create_array(
        zarr.storage.LocalStore(out),
        name=name,
        shape=shape,
        dtype=dtype,
        chunks=(chunk, *rest) if chunk else tuple(max(1, m) for m in shape),
        shards=(shard, *rest) if shard else None,
        compressors=None,
        fill_value=0,
        dimension_names=("draw", "atom", "xyz")[: len(shape)] if chunk and name != "state" else None,
    )


# -- the shards ------------------------------------------------------------------------------------------


def _size(job: Job, k: int) -> int:
    return min(job.shard, job.n - k * job.shard)


def _shard_path(job: Job, name: str, trailing: int, k: int) -> Path:
    return job.out.joinpath(name, "c", str(k), *["0"] * trailing)


def _run(
    ensemble: Ensemble, job: Job, waiting: list[int], workers: int, processes: bool | None, scheduler: str | None
) -> Iterator[int]:
    """Make the shards; yields each when it is finished."""
    if scheduler is not None:
        from distributed import Client, as_completed

        with Client(scheduler) as client:
            futures = client.map(_make_remote, [job] * len(waiting), waiting, pure=False)
            for future in as_completed(futures):
                yield future.result()
        return
    if workers <= 1 or len(waiting) <= 1:
        for k in waiting:
            yield _make(ensemble, job, k)
        return
    if processes is None:
        processes = not ensemble.compiled
    if processes:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            yield from _in_flight(pool, workers, lambda k: pool.submit(_make_remote, job, k), waiting)
    else:
        with ThreadPoolExecutor(workers) as pool:
            yield from _in_flight(pool, workers, lambda k: pool.submit(_make, ensemble, job, k), waiting)


def _in_flight(pool: Executor, workers: int, submit: Callable[[int], Future[int]], waiting: list[int]) -> Iterator[int]:
    """Results in order, with two shards a worker under way; what is not begun is dropped on an error."""
    under_way = [submit(k) for k in waiting[: 2 * workers]]
    try:
        for later in range(len(waiting)):
            yield under_way[later].result()
            if len(under_way) < len(waiting):
                under_way.append(submit(waiting[len(under_way)]))
    finally:
        pool.shutdown(cancel_futures=True)


_own = threading.local()


def _make_remote(job: Job, k: int) -> int:
    """A shard made in another process, which opens the deposition once."""
    key = (str(job.out), job.seed, job.n)
    if getattr(_own, "key", None) != key:
        tree = read(job.source) if isinstance(job.source, str) else job.source
        _own.ensemble, _own.key = Ensemble(Judged(tree), **job.options), key
    return _make(_own.ensemble, job, k)


def _make(ensemble: Ensemble, job: Job, k: int) -> int:
    """Draw and write shard k: presence and states first, coordinates last."""
    n = _size(job, k)
    first = k * job.shard
    xyz = np.empty((n, ensemble.n_atoms, 3), job.dtype)
    present = np.empty((n, ensemble.n_atoms), bool) if ensemble.varies else None
    states = np.empty((n, ensemble.n_variables), np.int32) if ensemble.n_variables else None
    ensemble.draws(job.seed, first, xyz, present, states)
    if present is not None:
        _write_shard(job, _shard_path(job, "present", 1, k), present)
    if states is not None:
        _write_shard(job, _shard_path(job, "state", 1, k), states)
    _write_shard(job, _shard_path(job, "xyz", 2, k), xyz)
    return k


def _write_shard(job: Job, path: Path, values: np.ndarray) -> None:
    """A shard of the codec sharding_indexed: chunks of whole draws one after the other, then their index.

    Its inner codec is `bytes`, little-endian; index: (offset, length) uint64 a chunk, and a crc32c."""
    import google_crc32c

    values = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    size = job.chunk * int(np.prod(values.shape[1:])) * values.itemsize
    used, total = -(-len(values) // job.chunk), job.shard // job.chunk
    index = np.full((total, 2), MISSING, "<u8")
    index[:used, 0] = np.arange(used) * size
    index[:used, 1] = size
    with replacing(path, overwrite=True) as partial, open(partial, "wb") as file:
        file.write(values.reshape(-1).view(np.uint8).data)
        file.write(bytes(used * size - values.nbytes))
        file.write(index.tobytes())
        file.write(google_crc32c.value(index.tobytes()).to_bytes(4, "little"))
