"""A catalogue: tables of all entries of an archive as Parquet beside them, renewed where an entry has changed.

    OUT/catalogue/catalogue.json        the parts that count, what made them, columns for levels
    OUT/catalogue/TABLE/PART.parquet    a table of some entries, in order of their names

Which part an entry is in follows from a hash of its name, and a part is named by a hash of its entries and their
fingerprints: the same entries make the same files, however often the work was stopped. A part that is there is whole
and never changes, so that who asks meanwhile reads the old catalogue or the new one. Files of the catalogue before the
last one are removed."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import compute

import polystate
from polystate.errors import EvaluateError
from polystate_tools.archive.outcomes import Failure
from polystate_tools.archive.places import Held, Place, place
from polystate_tools.archive.sources import DEPOSITIONS
from polystate_tools.archive.tables import ENTRY, TABLES, none, tables, typed, unreadable
from polystate_tools.archive.workers import LOST, Workers, workers

FOLDER, LIST = "catalogue", "catalogue/catalogue.json"
LAYOUT = 1
"""Version of the layout; of another one everything is made again."""
MOST = 64
"""Entries of a part, about: what one task does, and what is written anew where an entry changes."""


class PartFailed(EvaluateError):
    """A part of a catalogue that could not be made or written."""

    code = "part-failed"


@dataclass(frozen=True)
class Part:
    """A part to be made. where: of the archive; entries: name to address and fingerprint; kept: those that have not
    changed, and the part of the catalogue before that has their rows; barred: those that kill who looks at them."""

    where: str
    key: str
    entries: Held
    kept: Mapping[str, str]
    barred: Mapping[str, Failure] = field(default_factory=dict)


@dataclass(frozen=True)
class Built:
    """How many entries there are, were looked at now, are as they were, and cannot be read; the first of these."""

    catalogue: str
    entries: int
    made: int
    kept: int
    failed: int
    first_failures: list[str]


def build(
    where: str, *, jobs: int = 0, scheduler: str | None = None, again: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Built:  # fmt: skip
    """Make or renew the catalogue of the depositions in a folder or below a URL.

    jobs, scheduler: see `workers`. again: keep nothing. progress: is told how many entries are done, and of how
    many."""
    at = place(where)
    with workers(jobs, scheduler) as who, at.locked():
        held = at.depositions()
        before = {} if again else _reusable(at)
        there = set() if again else {name.removesuffix(".parquet") for name in at.files(f"{FOLDER}/entries")}
        old, broken = _fingerprints(at, before)
        parts = list(_parts(where if "://" in where else str(Path(where).absolute()), held, old))
        waiting = [part for part in parts if part.key not in there or not broken.isdisjoint(part.entries)]
        done = len(held) - sum(len(part.entries) for part in waiting)
        progress(done, len(held))
        extra = {name: set(columns) for name, columns in before.get("levels", {}).items()}
        for part, levels in _made(who, waiting):
            extra.setdefault("residues", set()).update(levels)
            done += len(part.entries)
            progress(done, len(held))
        found = [part.key for part in parts]
        resumed = sorted((there & set(found)) - set(before.get("parts", [])))
        extra.setdefault("residues", set()).update(*(_levels(at, key) for key in resumed))
        _publish(at, found, list(before.get("parts", [])), {name: sorted(names) for name, names in extra.items()})
    return _counted(at, where, held, old, found)


def _made(who: Workers, waiting: list[Part]) -> Iterator[tuple[Part, list[str]]]:
    """Make parts. Where one kills workers, its entries are looked at one by one, and those that do it are left out."""
    killers = []
    for part, levels, lost in who.results(_make, waiting):
        if lost is None:
            yield part, levels
        elif lost.code == LOST.code and not part.barred:
            killers.append(part)
        else:
            raise PartFailed(f"{part.where}: part {part.key}", lost.what, lost.remedy)
    for part in killers:
        looked = who.results(partial(_look, part), part.entries)
        barred = {entry: lost for entry, _, lost in looked if lost is not None}
        if not barred:
            raise PartFailed(f"{part.where}: part {part.key}", LOST.what, LOST.remedy)
        yield from _made(who, [replace(part, barred=barred)])


def listed(at: Place) -> dict[str, Any]:
    """What the catalogue of a place says of itself; empty where there is none."""
    try:
        found = json.loads(at.read(LIST) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) and found.get("layout") == LAYOUT else {}


def has_catalogue(where: str) -> bool:
    """Whether there is a catalogue in a folder or below a URL; a deposition has none."""
    if "://" not in where:
        return (Path(where) / LIST).is_file()
    if where.rstrip("/").endswith(DEPOSITIONS):
        return False
    from polystate.store.remote import RemoteSource

    try:
        return bool(RemoteSource(where).get(LIST))
    except OSError:
        return False


def _reusable(at: Place) -> dict[str, Any]:
    """The same where its rows can be kept: what made them is what is at work now."""
    found = listed(at)
    return found if found.get("software") == _software() else {}


def _software() -> str:
    return f"polystate {importlib.metadata.version('polystate')}"


def _fingerprints(at: Place, before: Mapping[str, Any]) -> tuple[dict[str, tuple[str, str]], set[str]]:
    """Entry to its fingerprint in a catalogue and the part that it is in; and those that could not be read."""
    found: dict[str, tuple[str, str]] = {}
    broken = set()
    for key in before.get("parts", []):
        for row in _read(at, "entries", key, [ENTRY, "fingerprint", "code"]).to_pylist():
            if row["code"]:
                broken.add(row[ENTRY])
            else:
                found[row[ENTRY]] = (row["fingerprint"], key)
    return found, broken


def _read(at: Place, table: str, key: str, columns: list[str] | None = None) -> pa.Table:
    """A table of a part."""
    content = at.read(f"{FOLDER}/{table}/{key}.parquet")
    if content is None:
        return none(table)
    return pq.read_table(io.BytesIO(content), columns=columns)


def _levels(at: Place, key: str) -> list[str]:
    """Columns that residues of a part have for their levels."""
    names = _read(at, "residues", key).column_names
    return [name for name in names if name != ENTRY and name not in TABLES["residues"]]


def _parts(where: str, held: Held, old: Mapping[str, tuple[str, str]]) -> Iterator[Part]:
    """The parts of a catalogue of some entries."""
    count = 1
    while count * MOST < len(held):
        count *= 2
    buckets: dict[int, list[str]] = {}
    for name in sorted(held):
        buckets.setdefault(int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % count, []).append(name)
    for _, names in sorted(buckets.items()):
        entries = {name: held[name] for name in names}
        told = json.dumps([LAYOUT, _software(), [(name, held[name][1]) for name in names]])
        kept = {name: old[name][1] for name in names if old.get(name, ("", ""))[0] == held[name][1]}
        yield Part(where, hashlib.sha256(told.encode()).hexdigest()[:32], entries, kept)


def _make(part: Part) -> list[str]:
    """Make a part; columns of its residues for levels. `entries` is written last, when all is there."""
    at = place(part.where)
    of_part: dict[str, list[pa.Table]] = {name: [none(name)] for name in TABLES}
    for key in sorted(set(part.kept.values())):
        same = pa.array([name for name in part.entries if part.kept.get(name) == key])
        for name in TABLES:
            table = _read(at, name, key)
            of_part[name].append(table.filter(compute.is_in(table[ENTRY], same)))
    for entry in part.entries:
        if entry not in part.kept:
            for name, table in _look(part, entry).items():
                of_part[name].append(table)
    for name in sorted(TABLES, key=lambda name: name == "entries"):
        joined = pa.concat_tables(of_part[name], promote_options="default")
        rows = joined.take(compute.sort_indices(joined, [(ENTRY, "ascending")]))
        own = none(name).column_names
        order = [*own, *sorted(n for n in set(rows.column_names) - set(own) if rows[n].null_count < len(rows))]
        content = io.BytesIO()
        pq.write_table(rows.select(order), content, compression="zstd")
        at.write(f"{FOLDER}/{name}/{part.key}.parquet", content.getvalue())
        if name == "residues":
            levels = order[len(own) :]
    return levels


def _look(part: Part, entry: str) -> dict[str, pa.Table]:
    """The tables of an entry; of one that cannot be read its row among the entries, with the reason."""
    address, fingerprint = part.entries[entry]
    about = {"path": place(part.where).relative(address), "fingerprint": fingerprint, "unanswered": None}
    if entry in part.barred:
        found = {"entries": unreadable(entry, part.barred[entry])}
    else:
        try:
            found, unanswered = tables(polystate.open(address), entry)
            about["unanswered"] = "; ".join(unanswered) or None
            found.setdefault("entries", typed(pa.table({"title": [None]}), "entries", entry))
        except Exception as error:  # whatever is wrong with one is a row
            found = {"entries": unreadable(entry, error)}
    for name, value in about.items():
        place_of = found["entries"].column_names.index(name)
        found["entries"] = found["entries"].set_column(place_of, name, pa.array([value], pa.string()))
    return found


def _publish(at: Place, parts: list[str], before: list[str], levels: Mapping[str, list[str]]) -> None:
    """Make these the parts that count; what neither they nor those before them are is removed."""
    document = {"layout": LAYOUT, "software": _software(), "parts": parts, "levels": levels}
    at.write(LIST, (json.dumps(document, indent=1) + "\n").encode())
    kept = {f"{key}.parquet" for key in (*parts, *before)}
    for name in TABLES:
        for file in at.files(f"{FOLDER}/{name}") - kept:
            at.remove(f"{FOLDER}/{name}/{file}")


def _counted(at: Place, where: str, held: Held, old: Mapping[str, tuple[str, str]], parts: list[str]) -> Built:
    kept = sum(old.get(name, ("",))[0] == fingerprint for name, (_, fingerprint) in held.items())
    wrong = []
    for key in parts:
        rows = _read(at, "entries", key, [ENTRY, "code", "what"])
        wrong += [f"{r[ENTRY]}: {r['what']} [{r['code']}]" for r in rows.to_pylist() if r["code"]]
    return Built(f"{where.rstrip('/')}/{FOLDER}", len(held), len(held) - kept, kept, len(wrong), sorted(wrong)[:5])
