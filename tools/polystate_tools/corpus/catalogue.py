"""The corpus: golden depositions of real entries and of the specification's examples, rebuilt and compared.

An entry is built from a text form in `conformance/corpus/sources/` or from real files, which lie outside this
repository. The manifest says where each came from and which digest it has; `verify` opens every entry, and rebuilds
those whose sources are there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polystate
from polystate.errors import BadRequest
from polystate.store.tree import Group, Tree
from polystate_conformance.paths import CORPUS
from polystate_tools.corpus.entry import SOURCES, Entry

MANIFEST = CORPUS / "manifest.json"


def entries() -> dict[str, Entry]:
    """All entries by name."""
    from polystate_tools.corpus import real as corpus_entries

    return {e.name: e for e in sorted([*_text_entries(), *corpus_entries.entries()], key=lambda e: e.name)}


def _text_entries() -> Iterator[Entry]:
    """An entry for each text form in the folder of sources."""
    from polystate_schemas.yaml12 import load

    for path in sorted(SOURCES.glob("*.yaml")):
        title = str(load(path).get("title", path.stem))
        yield Entry(path.stem, title, (path.name,), _of_text, licence="Apache-2.0")


def _of_text(found: tuple[Path, ...]) -> Tree:
    """What a person wrote, with the account of that: the text, and the coordinates that it gives."""
    from polystate.editing.described import describing
    from polystate.editing.text_form import build_file

    tree = dict(build_file(found[0]))
    text = {"name": found[0].name, "sha256": sha256(found[0]), "format": "text"}
    software = [{"name": "polystate", "version": polystate.__version__}]
    block = {"kind": "assertion", "software": software, "inputs": [text]}
    return {**tree, "provenance/text": Group(describing(tree, block, ["reference"]))}


def chosen(names: list[str]) -> list[Entry]:
    """The entries of these names, all where none is given."""
    known = entries()
    for name in names:
        if name not in known:
            raise BadRequest("corpus", name, "one of " + ", ".join(known))
    return [known[n] for n in names] if names else list(known.values())


def manifest() -> dict[str, Any]:
    """The manifest by entry."""
    return json.loads(MANIFEST.read_text("utf-8")) if MANIFEST.exists() else {}


def build(names: list[str]) -> Iterator[tuple[str, str]]:
    """Build entries and record them; yields (name, digest), or (name, why not)."""
    recorded = manifest()
    for entry in chosen(names):
        found = entry.sources()
        if found is None:
            yield entry.name, "skipped: its source files are not on this machine"
            continue
        tree = entry.build(found)
        report = polystate.Deposition(tree).validate()
        if not report.valid:
            yield entry.name, f"invalid: {report.errors[0]}"
            continue
        polystate.write(tree, entry.path, overwrite=True)
        recorded[entry.name] = _record(entry, found)
        yield entry.name, recorded[entry.name]["digest"]
        text = json.dumps(dict(sorted(recorded.items())), indent=1, ensure_ascii=False, sort_keys=True)
        MANIFEST.write_text(text + "\n", "utf-8")


def _record(entry: Entry, sources: tuple[Path, ...]) -> dict[str, Any]:
    record: dict[str, Any] = {
        "title": entry.title,
        "licence": entry.licence,
        "sources": [{"file": f, "sha256": sha256(p)} for f, p in zip(entry.files, sources, strict=True)],
        "tool": {"name": "polystate", "version": polystate.__version__},
        "digest": polystate.open(entry.path).digest(),
        "bytes": entry.path.stat().st_size,
        "compare": "tolerance" if entry.fitted else "digest",
    }
    if entry.citation:
        record["citation"] = entry.citation
    if entry.published:
        record["published"] = dict(entry.published)
    return record


def sha256(path: Path) -> str:
    """The SHA-256 of a file, as hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(names: list[str], rebuild: bool = True) -> Iterator[tuple[str, str, bool]]:
    """Check entries; yields (name, what was found, whether it is good)."""
    recorded = manifest()
    for entry in chosen(names):
        if entry.name not in recorded or not entry.path.exists():
            yield entry.name, f"not built: polystate corpus build {entry.name}", False
            continue
        wanted, dep = recorded[entry.name], polystate.open(entry.path)
        found = dep.digest()
        if found != wanted["digest"]:
            yield entry.name, f"digest {found}, expected {wanted['digest']}", False
            continue
        report = dep.validate()
        if not report.valid:
            yield entry.name, str(report.errors[0]), False
            continue
        sources = entry.sources()
        if sources is None or not rebuild or entry.fitted:
            yield entry.name, f"{found}  ({_kept(entry, sources is not None)})", True
            continue
        stale = [f for f, p, s in zip(entry.files, sources, wanted["sources"], strict=True) if sha256(p) != s["sha256"]]
        again = polystate.Deposition(entry.build(sources)).digest()
        good = again == found and not stale
        yield entry.name, f"{found}  (rebuilt: {'the same' if good else again + ', ' + ', '.join(stale)})", good


def _kept(entry: Entry, at_hand: bool) -> str:
    """Why an entry was not rebuilt."""
    if entry.fitted:
        return "compared within tolerances by the tests"
    return "not rebuilt: not asked for" if at_hand else "not rebuilt: its source files are not on this machine"
