"""Many structures: one Dask task each, results and failures in one Parquet table, nothing lost by a killed worker.

A row carries a hash of what its fit depends on: the bytes of the structure, the settings, the options with the bytes
of the files they name, and the version of this package. A result is kept where the hash is the same.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from polystate.errors import BadRequest, PolystateError
from polystate.store.outputs import replacing
from polystate_tools.echt.solver.points import Settings

SUFFIXES = (".pdb", ".ent", ".cif", ".mmcif", ".bcif", ".mmtf")
RETRIES = 3


def structures(folder: Path) -> list[Path]:
    """The structure files of a folder, plain or .gz, by name."""
    found = [p for p in sorted(folder.iterdir()) if p.name.removesuffix(".gz").endswith(SUFFIXES)]
    if not found:
        raise BadRequest(str(folder), "no structure file", "files named " + ", ".join(SUFFIXES) + ", also .gz")
    stems = [_stem(p) for p in found]
    for stem in stems:
        if stems.count(stem) > 1:
            raise BadRequest(str(folder), f"two files named {stem}", "each name once")
    return found


def row_key(path: Path, settings: Settings, options: Mapping[str, Any]) -> str:
    """What the result of one structure depends on, as a hash."""
    digest = hashlib.sha256(importlib.metadata.version("polystate").encode())
    digest.update(json.dumps(dataclasses.asdict(settings), sort_keys=True).encode())
    plain = {name: None if isinstance(value, Path) else value for name, value in options.items()}
    digest.update(json.dumps(plain, sort_keys=True).encode())
    for name in sorted(n for n, value in options.items() if isinstance(value, Path)):
        digest.update(f"{name} {hashlib.sha256(options[name].read_bytes()).hexdigest()}".encode())
    with open(path, "rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def fit_file(path: str, out: str, settings: Settings, options: Mapping[str, Any], key: str = "") -> dict[str, Any]:
    """Fit one file into OUT/<name>.zarr.zip and its row into OUT/rows/<name>.json; a refusal is a row as well."""
    from polystate.store.writing import write

    name = _stem(Path(path))
    begin = time.perf_counter()
    row: dict[str, Any] = {"name": name, "file": Path(path).name, "key": key, "ok": False, "error": "", "code": ""}
    try:
        result = _fit(path, settings, options)
        write(result.valid_tree(), Path(out) / f"{name}.zarr.zip", overwrite=True)
        last = result.steps[-1]
        row |= {
            "ok": True, "atoms": len(result.data.rows), "mean_b": result.data.mean_b, "steps": last.n, "F": last.F,
            "certificate": last.certificate, "residual_rms_b": last.residual_rms_b,
            "converged": result.ending.converged, "reason": result.ending.reason,
            "complexity": sum(last.complexity), "shares": json.dumps(result.shares()),
        }  # fmt: skip
    except PolystateError as error:
        row |= {"error": str(error), "code": error.code}
    except OSError as error:
        row |= {"error": str(error), "code": "unreadable-file"}
    row["seconds"] = time.perf_counter() - begin
    _write_row(Path(out), row)
    return row


def _fit(path: str, settings: Settings, options: Mapping[str, Any]) -> Any:
    """One fit. --b-factors answers a question that only files with TLS groups ask; the others are fitted without."""
    from polystate_tools.echt.fit import fit
    from polystate_tools.formats.errors import BadOption

    try:
        return fit(path, settings=settings, threads=1, **options)
    except BadOption as error:
        if error.where != "--b-factors":
            raise
        return fit(path, settings=settings, threads=1, **{k: v for k, v in options.items() if k != "b_factors"})


def _write_row(out: Path, row: Mapping[str, Any]) -> None:
    with replacing(out / "rows" / f"{row['name']}.json", overwrite=True) as partial:
        partial.write_text(json.dumps(row), encoding="utf-8")


def _stem(path: Path) -> str:
    name = path.name.removesuffix(".gz")
    return name[: name.rindex(".")]


def fit_many(
    folder: Path, out: Path, settings: Settings, options: Mapping[str, Any], *, scheduler: str | None = None,
    workers: int = 0, again: bool = False, tell: Callable[[str], None] = lambda text: None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, Any]:  # fmt: skip
    """Fit every structure of a folder; results of the same input, settings and options are kept.

    scheduler: the address of a Dask scheduler whose workers see both folders; without one, local processes.
    again: keep nothing. tell: is told which results are made again. progress: is told how many are done, and of
    how many.
    """
    from distributed import Client, LocalCluster, as_completed

    if scheduler is not None and not re.fullmatch(r"[a-z+]+://\S+:\d+", scheduler):
        raise BadRequest("--scheduler", scheduler, "an address such as tcp://host:8786")
    options = {name: value.absolute() if isinstance(value, Path) else value for name, value in options.items()}
    _check_files(options)
    out, files = out.absolute(), structures(folder.absolute())
    keys = {p: row_key(p, settings, options) for p in files}
    (out / "rows").mkdir(parents=True, exist_ok=True)
    done = {row["name"]: row for row in _rows(out) if row["ok"] and (out / f"{row['name']}.zarr.zip").exists()}
    kept = [] if again else [p for p in files if done.get(_stem(p), {}).get("key") == keys[p]]
    waiting = [p for p in files if p not in kept]
    changed = [] if again else [_stem(p) for p in waiting if _stem(p) in done]
    if changed:
        named = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        tell(f"made again, for another input, other settings or options than before: {named}")
    failed = 0
    if waiting:
        local = None if scheduler else LocalCluster(
            n_workers=max(1, min(workers or (os.cpu_count() or 1), len(waiting))), threads_per_worker=1,
            dashboard_address=None,
        )  # fmt: skip
        try:
            with Client(scheduler or local) as client:
                tasks = {
                    client.submit(
                        fit_file, str(p), str(out), settings, options, keys[p], retries=RETRIES, pure=False
                    ): p
                    for p in waiting
                }  # fmt: skip
                failed = _collect(as_completed(list(tasks)), tasks, out, progress)
        finally:
            if local:
                local.close()
    names = {_stem(p) for p in files}
    open_ends = sum(1 for row in _rows(out) if row["name"] in names and row["ok"] and not row.get("converged", True))
    return {
        "table": str(_table(out)), "done": len(waiting) - failed, "failed": failed, "kept": len(kept),
        "again": len(changed), "not_converged": open_ends,
    }  # fmt: skip


def _check_files(options: Mapping[str, Any]) -> None:
    """Refuse a bad file of levels once, instead of at every structure."""
    from polystate_tools.echt.levels.domains import read_domains
    from polystate_tools.echt.levels.tables import table_rows

    if options.get("domains"):
        read_domains(options["domains"])
    if options.get("groups"):
        table_rows(options["groups"])


def _collect(
    completed: Iterable[Any], tasks: Mapping[Any, Path], out: Path, progress: Callable[[int, int], None]
) -> int:
    """Wait for all tasks; a task that died more often than it may be retried becomes a row too."""
    failed = 0
    for done, future in enumerate(completed, 1):
        if future.status == "error":
            error, path = future.exception(), tasks[future]
            kind = type(error).__name__
            row = {
                "name": _stem(path), "file": path.name, "ok": False, "error": str(error) or kind,
                "code": "worker-lost" if "Killed" in kind else "crash", "seconds": 0.0,
            }  # fmt: skip
            _write_row(out, row)
            failed += 1
        elif not future.result()["ok"]:
            failed += 1
        progress(done, len(tasks))
    return failed


def _rows(out: Path) -> list[dict[str, Any]]:
    """All rows; one that cannot be read is as if it were not there, and its structure is fitted again."""
    rows = []
    for path in sorted((out / "rows").glob("[!.]*.json")):
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            continue
        if isinstance(row, dict) and {"name", "ok"} <= row.keys():
            rows.append(row)
    return rows


def _table(out: Path) -> Path:
    """All rows as one Parquet table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"name": pa.string(), "file": pa.string(), "key": pa.string(), "ok": pa.bool_(), "code": pa.string(),
             "error": pa.string(), "atoms": pa.int64(), "mean_b": pa.float64(), "steps": pa.int64(),
             "F": pa.float64(), "certificate": pa.float64(), "residual_rms_b": pa.float64(),
             "converged": pa.bool_(), "reason": pa.string(),
             "complexity": pa.float64(), "shares": pa.string(),
             "seconds": pa.float64()}  # fmt: skip
    rows = _rows(out)
    table = pa.table({name: pa.array([r.get(name) for r in rows], kind) for name, kind in kinds.items()})
    path = out / "fits.parquet"
    with replacing(path, overwrite=True) as partial:
        pq.write_table(table, partial)
    return path
