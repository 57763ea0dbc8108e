"""What came of each entry: a row, kept in a journal while the work goes on, and the tables that are made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from polystate.errors import PolystateError, without_login
from polystate.store.outputs import replacing
from polystate_tools.archive.sources import Entry
from polystate_tools.spreadsheet import as_text

Row = dict[str, Any]
"""entry, source, key (a hash of what the row depends on), status (done, failed or passed over), code, what, remedy,
seconds, and the columns of the verb."""
FAILURE = ("entry", "source", "code", "what", "remedy")
COLUMNS = {"entry": "", "source": "", "key": "", "status": "", "code": "", "what": "", "remedy": "", "seconds": 0.0}
HINTS = {"not-positive-semidefinite": "; --psd clip sets their negative eigenvalues to zero"}
"""What helps beyond what an error expects, by its code."""
MISTAKE = "nothing that you can do: this is a mistake in polystate, please report it with the file"


@dataclass(frozen=True)
class Failure:
    """Why an entry could not be done: the code of chapter 17, what was found and where, and what would help."""

    code: str
    what: str
    remedy: str


def failure(error: BaseException) -> Failure:
    """An error as a failure; what no one foresaw is one of polystate."""
    if isinstance(error, PolystateError):
        return Failure(error.code, _line(f"{error.where}: {error.found}"), error.expected + HINTS.get(error.code, ""))
    if isinstance(error, MemoryError):
        return Failure("out-of-memory", _line(str(error)) or "no memory is left", "fewer workers, or more memory")
    if isinstance(error, OSError):
        return Failure("unreadable-file", _line(str(error)), "a file that can be read, in a folder that can be written")
    if isinstance(error, ImportError):
        return Failure("missing-package", _line(str(error)), "the package that is named, where the workers are")
    return Failure("crash", _line(f"{type(error).__name__}: {error}"), MISTAKE)


def _line(text: str) -> str:
    return without_login(" ".join(text.split()))


def row(entry: Entry, status: str, key: str = "", failed: Failure | None = None, **columns: Any) -> Row:
    """The row of an entry."""
    why = vars(failed) if failed is not None else {}
    source = without_login(entry.source)
    return {**COLUMNS, "entry": entry.name, "source": source, "key": key, "status": status, **why, **columns}


class Journal:
    """The rows of one verb in one folder, a line each as they came; the last one of an entry counts.

    A line that a killed process left half written is as if it were not there."""

    def __init__(self, out: Path, verb: str) -> None:
        self.out, self.verb = out, verb
        self.path = out / f"{verb}.jsonl"
        self._file: IO[str] | None = None

    def rows(self) -> dict[str, Row]:
        """Entry to its row, in order of the names."""
        found: dict[str, Row] = {}
        if self.path.exists():
            with open(self.path, encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    try:
                        read = json.loads(line)
                    except ValueError:
                        continue
                    if isinstance(read, dict) and COLUMNS.keys() <= read.keys():
                        found[str(read["entry"])] = read
        return dict(sorted(found.items()))

    def add(self, row: Row) -> None:
        """Keep a row at once: a killed process loses none that came before."""
        if self._file is None:
            self._file = open(self.path, "a", encoding="utf-8")
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()

    def replace(self, rows: Mapping[str, Row]) -> None:
        """Leave these rows in the journal, and no others."""
        if self._file is not None:
            self._file.close()
            self._file = None
        with replacing(self.path, overwrite=True) as partial, open(partial, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows.values())


def write_table(rows: Iterable[Row], path: Path) -> Path:
    """Rows as Parquet: the columns of COLUMNS first, then those of the verb."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = list(rows)
    names = list(dict.fromkeys([*COLUMNS, *(name for found in rows for name in found)]))
    text = pa.string()
    kinds = {name: text if value == "" else pa.float64() for name, value in COLUMNS.items()}
    table = pa.table({name: pa.array([r.get(name) for r in rows], kinds.get(name)) for name in names})
    with replacing(path, overwrite=True) as partial:
        pq.write_table(table, partial)
    return path


def write_failures(rows: Iterable[Row], path: Path) -> Path:
    """What failed as .csv, .json or .parquet: entry, source, code, what, remedy."""
    found = [{name: row[name] for name in FAILURE} for row in rows if row["status"] == "failed"]
    with replacing(path, overwrite=True) as partial:
        if path.suffix == ".json":
            partial.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
        elif path.suffix == ".csv":
            import csv

            with open(partial, "w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, FAILURE, lineterminator="\n")
                writer.writeheader()
                writer.writerows({name: as_text(text) for name, text in row.items()} for row in found)
        else:
            import pyarrow as pa
            import pyarrow.parquet as pq

            pq.write_table(
                pa.table({name: pa.array([r[name] for r in found], pa.string()) for name in FAILURE}), partial
            )
    return path
