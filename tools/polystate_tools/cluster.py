"""Many structures: one Dask task each, results and failures in one Parquet table, nothing lost by a killed worker."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polystate.errors import BadRequest, PolystateError

SUFFIXES = (".pdb", ".ent", ".cif", ".mmcif", ".bcif", ".mmtf")
RETRIES = 3


def structures(folder: Path) -> list[Path]:
    """The structure files of a folder, plain or .gz, by name."""
    found = [p for p in sorted(folder.iterdir()) if p.name.removesuffix(".gz").endswith(SUFFIXES)]
    if not found:
        raise BadRequest(str(folder), "no structure file", "files named " + ", ".join(SUFFIXES) + ", also .gz")
    return found


def fit_file(path: str, out: str, settings: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Fit one file into OUT/<name>.zarr.zip and its row into OUT/rows/<name>.json; a refusal is a row as well."""
    import numba

    from polystate.writing import write
    from polystate_tools.echt.fit import fit

    numba.set_num_threads(1)
    name = _stem(Path(path))
    begin = time.perf_counter()
    row: dict[str, Any] = {"name": name, "file": Path(path).name, "ok": False, "error": "", "code": ""}
    try:
        result = fit(path, settings=settings, **options)
        write(result.deposition_tree(), Path(out) / f"{name}.zarr.zip", overwrite=True)
        last = result.steps[-1]
        row |= {
            "ok": True, "atoms": len(result.data.rows), "mean_b": result.data.mean_b, "steps": last.n, "F": last.F,
            "certificate": last.certificate, "residual_rms_b": last.residual_rms_b,
            "shares": json.dumps(result.shares()),
        }  # fmt: skip
    except PolystateError as error:
        row |= {"error": str(error), "code": error.code}
    row["seconds"] = time.perf_counter() - begin
    target = Path(out) / "rows" / f"{name}.json"
    partial = target.with_name(f".{name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(row), encoding="utf-8")
    os.replace(partial, target)
    return row


def _stem(path: Path) -> str:
    name = path.name.removesuffix(".gz")
    return name[: name.rindex(".")]


def fit_many(
    folder: Path, out: Path, settings: Any, options: Mapping[str, Any], *, scheduler: str | None = None,
    workers: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """Fit every structure of a folder; what is done already (its row says ok) is kept.

    scheduler: the address of a Dask scheduler whose workers see both folders; without one, local processes.
    """
    from distributed import Client, LocalCluster, as_completed

    out = out.absolute()
    (out / "rows").mkdir(parents=True, exist_ok=True)
    files = structures(folder.absolute())
    stems = [_stem(p) for p in files]
    if len(set(stems)) < len(stems):
        twice = next(s for s in stems if stems.count(s) > 1)
        raise BadRequest(str(folder), f"two files named {twice}", "each name once")
    before = {row["name"] for row in _rows(out) if row["ok"]}
    waiting = [p for p, stem in zip(files, stems, strict=True) if stem not in before]
    failed = 0
    if waiting:
        local = None if scheduler else LocalCluster(
            n_workers=max(1, min(workers or (os.cpu_count() or 1), len(waiting))), threads_per_worker=1,
            dashboard_address=None,
        )  # fmt: skip
        try:
            with Client(scheduler or local) as client:
                tasks = {
                    client.submit(fit_file, str(p), str(out), settings, dict(options), retries=RETRIES, pure=False): p
                    for p in waiting
                }
                failed = _collect(as_completed(list(tasks)), tasks, out)
        finally:
            if local:
                local.close()
    return {"table": str(_table(out)), "done": len(waiting) - failed, "failed": failed, "kept": len(before)}


def _collect(completed: Any, tasks: Mapping[Any, Path], out: Path) -> int:
    """Wait for all tasks; a task that died more often than it may be retried becomes a row too."""
    from polystate_tools.commands.progress import progress

    failed = 0
    with progress("structures", len(tasks)) as advance:
        for future in completed:
            if future.status == "error":
                error, path = future.exception(), tasks[future]
                kind = type(error).__name__
                row = {
                    "name": _stem(path), "file": path.name, "ok": False, "error": str(error) or kind,
                    "code": "worker-lost" if "Killed" in kind else "crash", "seconds": 0.0,
                }  # fmt: skip
                (out / "rows" / f"{_stem(path)}.json").write_text(json.dumps(row), encoding="utf-8")
                failed += 1
            elif not future.result()["ok"]:
                failed += 1
            advance(1)
    return failed


def _rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(p.read_text(encoding="utf-8")) for p in sorted((out / "rows").glob("[!.]*.json"))]


def _table(out: Path) -> Path:
    """All rows as one Parquet table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"name": pa.string(), "file": pa.string(), "ok": pa.bool_(), "code": pa.string(), "error": pa.string(),
             "atoms": pa.int64(), "mean_b": pa.float64(), "steps": pa.int64(), "F": pa.float64(),
             "certificate": pa.float64(), "residual_rms_b": pa.float64(), "shares": pa.string(),
             "seconds": pa.float64()}  # fmt: skip
    rows = _rows(out)
    table = pa.table({name: pa.array([r.get(name) for r in rows], kind) for name, kind in kinds.items()})
    path = out / "fits.parquet"
    partial = out / ".fits.parquet.partial"
    pq.write_table(table, partial)
    os.replace(partial, path)
    return path
