"""Which entries there are: of a folder, a glob, a list, or an archive laid out by the ids of its entries."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from polystate.errors import BadRequest
from polystate_tools.formats.known import STRUCTURES

DEPOSITIONS = (".zarr.zip", ".zarr", ".zip")
LISTS = (".txt", ".list", ".lst")
HOLE = "{id}"


@dataclass(frozen=True)
class Entry:
    """One entry: its name in tables and outputs, and where it lies (a path, a URL or pdb:ID)."""

    name: str
    source: str


@dataclass(frozen=True)
class Found:
    """entries: in order of their names, each name once. passed_over: entries whose name another one has, and which."""

    entries: list[Entry]
    passed_over: list[tuple[Entry, Entry]]


def entries(source: str, suffixes: tuple[str, ...]) -> Found:
    """The entries of a source, whose files have one of the suffixes.

    source: a folder (what lies in folders below it is left alone); a pattern with `{id}`, such as
    `pdb/*/pdb{id}.ent.gz`, which names an entry by what stands there; a pattern with `*`, `?` or `**`; a .txt with a
    path (from the folder of the list), a URL or pdb:ID a line; or one file. Of two entries of one name, such as
    1l2y.cif and 1l2y.pdb, the one whose suffix stands first is taken, the plain one before the compressed."""
    found = sorted(_listed(source, suffixes), key=lambda e: (e.name, _rank(e.source, suffixes), e.source))
    if not found:
        raise BadRequest(source, "no entry", "files named " + ", ".join(suffixes) + ", or a list of them")
    taken: dict[str, Entry] = {}
    passed_over = []
    for entry in found:
        first = taken.setdefault(entry.name, entry)
        if first is not entry and first.source != entry.source:
            passed_over.append((entry, first))
    return Found(list(taken.values()), passed_over)


def _listed(source: str, suffixes: tuple[str, ...]) -> Iterator[Entry]:
    path = Path(source)
    if HOLE in source:
        yield from _laid_out(source)
    elif path.is_dir() and not (path / "zarr.json").is_file():
        yield from _named((str(p.absolute()) for p in path.iterdir()), suffixes)
    elif path.suffix.lower() in LISTS:
        yield from _of_list(path)
    elif path.exists() or "://" in source:
        yield Entry(name_of(source), source if "://" in source else str(path.absolute()))
    elif glob.has_magic(source):
        found = glob.iglob(source, recursive=True)
        yield from _named((str(Path(p).absolute()) for p in found), suffixes)
    else:
        raise BadRequest("--many", source, "a folder, a pattern with * or {id}, a .txt with a path a line, or a file")


def _named(paths: Iterable[str], suffixes: tuple[str, ...]) -> Iterator[Entry]:
    """Entries of those paths that have one of the suffixes; hidden ones are left out."""
    for path in paths:
        name = Path(path).name
        if not name.startswith(".") and _rank(name, suffixes) < len(suffixes):
            yield Entry(name_of(name), path)


def _laid_out(pattern: str) -> Iterator[Entry]:
    """The files of a layout: what stands at {id} is the same in all places, and has no / in it."""
    absolute = str(Path(pattern).absolute())
    parts = re.split(r"(\{id\}|\*\*/|\*|\?)", absolute)
    texts = {"*": "[^/]*", "?": "[^/]", "**/": "(?:.*/)?"}
    once, seen = "", False
    for part in parts:
        if part == HOLE:
            once += "(?P=id)" if seen else "(?P<id>[^/]+?)"
            seen = True
        else:
            once += texts.get(part) or re.escape(part)
    for path in glob.iglob(absolute.replace(HOLE, "*"), recursive=True):
        if match := re.fullmatch(once, path):
            yield Entry(match["id"], path)


def _of_list(path: Path) -> Iterator[Entry]:
    """One entry a line; what follows # is a remark."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise BadRequest(str(path), error, "a list: a path, a URL or pdb:ID a line") from error
    for line in lines:
        text = line.partition("#")[0].strip()
        if not text:
            continue
        if text.lower().startswith("pdb:"):
            yield Entry(name_of(text[4:].lower()), text.lower())
        elif "://" in text:
            yield Entry(name_of(text), text)
        else:
            yield Entry(name_of(text), str((path.parent / text).absolute()))


def _rank(path: str, suffixes: tuple[str, ...]) -> float:
    """The place of a path's suffix among others, a half more where it is compressed; their number if it has none."""
    name = path.rstrip("/").lower()
    plain = name.removesuffix(".gz")
    return next((k for k, s in enumerate(suffixes) if plain.endswith(s)), len(suffixes)) + (plain != name) / 2


def name_of(path: str) -> str:
    """The name of an entry, that of its file without its format: 1abc of `1abc.cif.gz` and of `1abc.zarr.zip`."""
    name = path.rstrip("/").rsplit("/", 1)[-1]
    plain = name.removesuffix(".gz")
    for suffix in (*DEPOSITIONS, *STRUCTURES):
        if plain.lower().endswith(suffix) and len(plain) > len(suffix):
            return plain[: -len(suffix)]
    return plain
