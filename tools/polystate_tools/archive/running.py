"""One verb on many entries: one entry a task, a row for each, and nothing done again that is done.

    run(Task("import", "import", convert_one, ".zarr.zip", options), entries(SOURCE, STRUCTURES), OUT)

Into OUT go NAME.SUFFIX of each entry; VERB.jsonl, the journal of rows that a run that was stopped goes on from; and
in the end VERB.parquet, all rows, and VERB-failures.csv. A row is kept where its key is the same: a hash of the bytes
of the source, of the options with the bytes of the files that they name, and of the version of this package."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from polystate.errors import AlreadyExists
from polystate.store.leftovers import discard, sweep
from polystate.store.outputs import locked
from polystate_tools.archive.outcomes import Failure, Journal, Row, failure, row, write_failures, write_table
from polystate_tools.archive.sources import Entry, Found
from polystate_tools.archive.workers import workers

Work = Callable[[str, Path, Mapping[str, Any]], Mapping[str, Any]]
"""(source, where to write, options) -> columns of the row. What it raises makes the entry fail; a column `failed` does
so as well, where there is more to say."""
MADE = ".made"
"""Folder of OUT in which a worker makes what then gets its name in one step."""


@dataclass(frozen=True)
class Task:
    """What is done to each entry. work: a function of a module, which other processes import; suffix: of what it
    writes, empty where it writes nothing; options: plain values, and paths of files."""

    verb: str
    work: Work
    suffix: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """A hash of all that a row depends on beside its source."""
        plain = {name: _plain(value) for name, value in self.options.items()}
        version = importlib.metadata.version("polystate")
        return hashlib.sha256(json.dumps([self.verb, version, plain], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Summary:
    """table: all rows; failures: those that failed; how many were done, failed, were kept, made again, passed over."""

    table: str
    failures: str
    done: int
    failed: int
    kept: int
    again: int
    passed_over: int
    first_failures: list[str]


def run(
    task: Task,
    found: Found,
    out: Path,
    *,
    jobs: int = 0,
    scheduler: str | None = None,
    failures: Path | None = None,
    again: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Summary:
    """Do a task to all entries; rows and outputs of what did not change are kept.

    jobs, scheduler: see `workers`. failures: .csv, .json or .parquet for what failed, instead of OUT/VERB-failures.csv.
    again: keep nothing. progress: is told how many are done, and of how many."""
    out = out.absolute()
    with workers(jobs, scheduler) as who:
        out.mkdir(parents=True, exist_ok=True)
        with locked(out):
            journal = Journal(out, task.verb)
            names = {entry.name for entry in found.entries}
            before = {name: r for name, r in journal.rows().items() if not (again and name in names)}
            kept_apart = {n: r for n, r in before.items() if n not in names and r["status"] == "done"}
            journal.replace(before)
            rows, made = {}, {"done": 0, "failed": 0, "kept": 0, "again": 0}
            _sweep(out)
            keys = {name: r["key"] for name, r in before.items() if r["status"] == "done"}
            tasks = ((entry, keys.get(entry.name, "")) for entry in found.entries)
            for (entry, key), result, lost in who.results(partial(_one, task, task.key, out), tasks):
                if result is None and lost is None:
                    rows[entry.name] = before[entry.name]
                    made["kept"] += 1
                else:
                    rows[entry.name] = result or row(entry, "failed", failed=lost)
                    journal.add(rows[entry.name])
                    status = rows[entry.name]["status"]
                    made[status] += 1
                    made["again"] += bool(key) and status == "done"
                progress(len(rows), len(found.entries))
            passed = [_passed_over(entry, first) for entry, first in found.passed_over]
            rows = dict(sorted((kept_apart | rows).items()))
            journal.replace(rows)
            discard(out / MADE)
    return _tables(out, task.verb, [*rows.values(), *passed], failures, made)


def _plain(value: Any) -> Any:
    """An option as JSON has it; a file is what it holds."""
    if isinstance(value, Path):
        return hashlib.sha256(value.read_bytes()).hexdigest()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def _sweep(out: Path) -> None:
    """Remove what workers of an earlier run that were killed left half made."""
    discard(out / MADE)
    sweep(out)


def _one(task: Task, key: str, out: Path, given: tuple[Entry, str]) -> Row | None:
    """One entry, in a process of its own: its row, or None where the one that there is still holds."""
    entry, before = given
    begin = time.perf_counter()
    target = out / (entry.name + task.suffix)
    now, columns, failed = "", {}, None
    try:
        now = hashlib.sha256((key + source_digest(entry.source)).encode()).hexdigest()
        if now == before and (not task.suffix or target.exists()):
            return None
        columns = dict(_made(task, entry, target))
        failed = columns.pop("failed", None)
    except Exception as error:  # whatever goes wrong is a row
        failed = failure(error)
    status = "failed" if failed else "done"
    return row(entry, status, now, failed, **columns, seconds=time.perf_counter() - begin)


def _made(task: Task, entry: Entry, target: Path) -> Mapping[str, Any]:
    """What the work says; what it writes gets its name in one step, in a folder that nobody has to walk over."""
    if not task.suffix:
        return task.work(entry.source, target, task.options)
    mine = target.parent / MADE / f"{os.getpid()}-{os.urandom(4).hex()}"
    mine.mkdir(parents=True, exist_ok=True)
    try:
        columns = task.work(entry.source, mine / target.name, task.options)
        _beside(mine, target)
        os.replace(mine / target.name, target)
        return columns
    finally:
        discard(mine)


def _beside(mine: Path, target: Path) -> None:
    """Files that an output refers to take their places beside it; another file that has the name of one is kept."""
    for file in (p for p in mine.rglob("*") if p.is_file() and p != mine / target.name):
        place = target.parent / file.relative_to(mine)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, place)
        elif source_digest(str(place)) != source_digest(str(file)):
            raise AlreadyExists(str(place), "something else", f"the file of this name that {target.name} refers to")


def source_digest(source: str) -> str:
    """The hash of what lies at a path, of a folder with the names of its files; of an address, the address."""
    path = Path(source)
    if "://" in source or source.startswith("pdb:"):
        return source
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
        digest.update(f"{file.relative_to(path).as_posix()}\n".encode())
        with open(file, "rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()


def _passed_over(entry: Entry, first: Entry) -> Row:
    what = f"{Path(entry.source).name} is named as {Path(first.source).name}, which was taken"
    return row(entry, "passed over", failed=Failure("", what, "a pattern such as '*.pdb' takes the others"))


def _tables(out: Path, verb: str, rows: list[Row], failures: Path | None, made: Mapping[str, int]) -> Summary:
    table = write_table(rows, out / f"{verb}.parquet")
    apart = write_failures(rows, failures or out / f"{verb}-failures.csv")
    failed = [f"{r['entry']}: {r['what']} [{r['code']}]" for r in rows if r["status"] == "failed"]
    passed = sum(r["status"] == "passed over" for r in rows)
    return Summary(str(table), str(apart), **made, passed_over=passed, first_failures=failed[:5])
