"""Entries of an archive by id: `pdb:6vxx` downloads once, keeps the file and says its SHA-256."""

from __future__ import annotations

import os
import re
import urllib.parse
from pathlib import Path

from polystate.errors import without_login
from polystate.store import web
from polystate.store.outputs import replacing
from polystate_tools.formats.errors import DownloadFailed
from polystate_tools.formats.opening.files import unpacked

BASE = "https://files.wwpdb.org/pub/pdb/data/structures/all/mmCIF"
BASE_VARIABLE = "POLYSTATE_PDB_BASE"
CACHE_VARIABLE = "POLYSTATE_CACHE"
_ENTRY = re.compile(r"pdb:(?P<id>[0-9][A-Za-z0-9]{3}|pdb_[A-Za-z0-9]{8})", re.IGNORECASE)
LIMIT_BYTES = 1 << 28


def is_entry(name: str) -> bool:
    """Whether a name means an entry of the archive, and not a file."""
    return name.lower().startswith("pdb:")


def cache_directory() -> Path:
    """Where downloads are kept: $POLYSTATE_CACHE, else the user's cache directory."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "polystate"


def fetch(name: str, base: str | None = None, refresh: bool = False) -> tuple[Path, str]:
    """The file of an entry and the address it came from; downloaded where it is not kept yet.

    base: address of the folder, or a pattern with {id}; default $POLYSTATE_PDB_BASE, else the wwPDB archive.
    A download is complete or it is not kept: it is unpacked once before it gets its name.
    """
    match = _ENTRY.fullmatch(name)
    if match is None:
        raise DownloadFailed(name, "no entry id", "pdb: and a PDB id, such as pdb:6vxx")
    entry = match["id"].lower()
    base = base or os.environ.get(BASE_VARIABLE) or BASE
    address = base.format(id=entry) if "{id}" in base else f"{base.rstrip('/')}/{entry}.cif.gz"
    scheme = urllib.parse.urlsplit(address).scheme
    if scheme not in ("http", "https"):
        raise DownloadFailed(address, f"scheme {scheme!r}", "http or https")
    host = re.sub(r"[^a-z0-9.]", "_", urllib.parse.urlsplit(without_login(address)).netloc.lower())
    suffix = ".cif.gz" if address.endswith(".gz") else Path(urllib.parse.urlsplit(address).path).suffix or ".cif"
    path = cache_directory() / host / f"{entry}{suffix}"
    if refresh or not path.exists():
        _download(address, path)
    return path, without_login(address)


def _download(address: str, path: Path) -> None:
    try:
        content = web.get(address, limit=LIMIT_BYTES)
    except (OSError, ValueError) as error:
        raise DownloadFailed(address, error, "the entry") from error
    if not unpacked(content, address).strip():
        raise DownloadFailed(address, "an empty file", "the entry")
    with replacing(path, overwrite=True) as partial:
        partial.write_bytes(content)
