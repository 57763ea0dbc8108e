"""The lock of the registry: which entries are published, since when, and with which hashes that no longer change.

    lock().row("parametric_gaussian/tls_v1").status      "published"

`registry.lock.json` holds a row for each entry. A draft may change, and its row holds no hash. A published entry is
frozen with the vectors it had then; new vectors may join them. Status and dates stand here and nowhere else, so that
publishing an operator changes no hash that a deposition pins."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from polystate_schemas import registry
from polystate_schemas.registry import REGISTRY, Entry, RegistryError, entries, vector_hash
from polystate_schemas.schema import validate

FILE = "registry.lock.json"
VERSION = 2


@dataclass(frozen=True)
class Row:
    """What the lock says of one entry; dates as YYYY-MM-DD.

    since: the first version of the format that has it. vectors: name to hash, of those it was published with."""

    id: str
    status: str = "draft"
    since: str = ""
    hash: str | None = None
    vectors: dict[str, str] = field(default_factory=dict)
    published: str | None = None
    deprecated: str | None = None
    superseded_by: str | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether its hash may no longer change."""
        return self.hash is not None

    def to_json(self) -> dict[str, Any]:
        """The row without what it has not."""
        return {key: value for key, value in vars(self).items() if value not in (None, "", {})}


@dataclass(frozen=True)
class Lock:
    """All rows by id."""

    rows: dict[str, Row]

    def row(self, name: str) -> Row:
        """The row of an entry; one that has none is a draft."""
        return self.rows.get(name, Row(name))

    def text(self) -> str:
        """What registry.lock.json holds."""
        rows = [self.rows[name].to_json() for name in sorted(self.rows)]
        return json.dumps({"lock_version": VERSION, "operators": rows}, indent=1, ensure_ascii=False) + "\n"


def lock(folder: Path = REGISTRY) -> Lock:
    """The lock of a registry; refuses one that its schema does."""
    path = folder / FILE
    document: dict[str, Any] = {"lock_version": VERSION, "operators": []}
    if path.exists():
        document = json.loads(path.read_text("utf-8"))
    for violation in validate("registry_lock", document):
        raise RegistryError(f"{path}#{violation.pointer}: found {violation.message}, expected {violation.expected}")
    return Lock({row["id"]: Row(**row) for row in document["operators"]})


def problems(folder: Path = REGISTRY) -> list[str]:
    """[REG-3] to [REG-5] What contradicts the lock: an entry or vector that is frozen and changed or vanished."""
    present, found = entries(folder), []
    for name, row in lock(folder).rows.items():
        if name not in present:
            found.append(f"{name} is {row.status} and may not be removed")
        elif row.is_frozen and present[name].hash != row.hash:
            found.append(f"{name} is published as {row.hash} and may not change; it is now {present[name].hash}")
        elif row.is_frozen:
            now = {vector_hash(vector) for vector in present[name].vectors}
            for vector, value in row.vectors.items():
                if value not in now:
                    found.append(f"{name}: the vector {vector} is published and may not change or go")
    return found + [f"{name} has no row in {FILE}" for name in present if name not in lock(folder).rows]


def check(folder: Path = REGISTRY) -> list[str]:
    """What is wrong with a registry: its lock, its entries, their vectors."""
    return problems(folder) + registry.check(folder)


# -- what a maintainer does ------------------------------------------------------------------------------


def add(entry: Path, vectors: Path, since: str, folder: Path = REGISTRY) -> Entry:
    """Take an entry and its vectors into a registry, as a draft; refuses an id that is there and frozen."""
    made = registry.read(entry)
    for kind, document in (("operator_entry", made.document), ("operator_vectors", _yaml(vectors))):
        for violation in validate(kind, document):
            place = entry if kind == "operator_entry" else vectors
            raise RegistryError(
                f"{place}#{violation.pointer}: found {violation.message}, expected {violation.expected}"
            )
    found = lock(folder)
    if found.row(made.id).is_frozen:
        raise RegistryError(f"{made.id} is published and may not change: a correction is a new version with a new id")
    target = folder / f"{made.id}.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    for given, own in ((entry, target), (vectors, target.with_suffix(".vectors.yaml"))):
        if given.resolve() != own.resolve():  # they may have been written in their place
            shutil.copyfile(given, own)
    _write(Lock({**found.rows, made.id: Row(made.id, since=since)}), folder)
    return registry.read(target)


def publish(name: str, day: date, folder: Path = REGISTRY) -> Row:
    """Freeze the hash of an entry and of its vectors."""
    found, entry = lock(folder), _entry(name, folder)
    if found.row(name).is_frozen:
        raise RegistryError(f"{name} is published already, as {found.row(name).hash}")
    if wrong := [problem for problem in registry.check(folder) if problem.startswith(name)]:
        raise RegistryError("; ".join(wrong))
    vectors = {vector["name"]: vector_hash(vector) for vector in entry.vectors}
    row = replace(found.row(name), status="published", hash=entry.hash, vectors=vectors, published=day.isoformat())
    _write(Lock({**found.rows, name: row}), folder)
    return row


def deprecate(name: str, day: date, superseded_by: str | None = None, folder: Path = REGISTRY) -> Row:
    """Advise against a published entry; its hash holds, and depositions that pin it stay valid."""
    found = lock(folder)
    if not found.row(name).is_frozen:
        raise RegistryError(f"{name} is a draft: what is not published is changed or removed, not deprecated")
    if superseded_by is not None:
        _entry(superseded_by, folder)
    row = replace(found.row(name), status="deprecated", deprecated=day.isoformat(), superseded_by=superseded_by)
    _write(Lock({**found.rows, name: row}), folder)
    return row


def export(out: Path, folder: Path = REGISTRY) -> list[Path]:
    """Write a registry as static files: registry.json, and one file a content hash, to be served under its name.

    The bytes of `<hash>` are those that were hashed, so that whoever fetches them can verify them; `<hash>.json` holds
    the whole entry with its vectors and its row of the lock."""
    found, rows, written = lock(folder), [], []
    for name, entry in entries(folder).items():
        digest = entry.hash.removeprefix("sha256:")
        row = {**found.row(name).to_json(), "hash": entry.hash}
        rows.append(row)
        whole = {**row, "entry": entry.document, "vectors": entry.vectors_document["vectors"]}
        for file, content in ((digest, registry.canonical(entry.document)), (f"{digest}.json", _json(whole))):
            written.append(_replace(out / file, content))
    written.append(_replace(out / "registry.json", _json({"operators": rows})))
    return written


def _json(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _entry(name: str, folder: Path) -> Entry:
    if name not in entries(folder):
        raise RegistryError(f"found operator {name}, expected one of {', '.join(entries(folder))}")
    return entries(folder)[name]


def _yaml(path: Path) -> Any:
    from polystate_schemas import yaml12

    return yaml12.load(path)


def _write(made: Lock, folder: Path) -> None:
    _replace(folder / FILE, made.text().encode())
    entries.cache_clear()


def _replace(path: Path, content: bytes) -> Path:
    """A file with new content, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    os.replace(partial, path)
    return path
