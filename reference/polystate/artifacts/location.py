"""Artifacts: content outside the deposition, pinned by SHA-256 and read only after the hash was verified.

A `file:` URI is relative to the folder that holds the deposition. Absolute paths, paths that leave that folder and
other schemes are refused unless the caller allows their prefix: `open(path, allow_uris=("https://example.org/",))`."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from polystate.errors import (
    ArtifactMismatch,
    MissingArtifact,
    PolystateError,
    UriNotAllowed,
)
from polystate.model.descriptor import Descriptor
from polystate.store import memory
from polystate.store.leftovers import discard, sibling, sweep

_CONTROL = re.compile("[\0-\x1f\x7f]")
SETTLED_NS = 2_000_000_000  # a file changed more recently than this is hashed again next time


# -- where an artifact lies ------------------------------------------------------------------------------


def locate(uri: str, folder: str | Path | None, allowed: Collection[str], where: str) -> str | Path:
    """The place of an artifact: a path, or a URL. Refuses what is neither beside nor allowed."""
    try:
        return _located(uri, folder, allowed, where)
    except (ValueError, OSError, RuntimeError) as error:  # no URI, no name of a file, or links in a circle
        raise UriNotAllowed(where, f"{uri!a:.200}: {error}", "file: and a relative path") from error


def _located(uri: str, folder: str | Path | None, allowed: Collection[str], where: str) -> str | Path:
    if _CONTROL.search(unquote(uri)):
        raise ValueError("control characters")  # OPR-11
    parts = urlsplit(uri)
    if parts.scheme == "file" and not parts.netloc and not {"?", "#"} & set(uri):  # an empty query is one, too
        path = PurePosixPath(unquote(parts.path))
        if path.is_absolute():
            if _within(Path(path), allowed):
                return Path(path)
            raise UriNotAllowed(where, uri, "a path relative to the folder that holds the deposition")
        if folder is None:
            raise UriNotAllowed(where, uri, "a deposition opened from a path, which artifacts can lie beside")
        if ".." in path.parts or not path.parts or "\\" in str(path):
            raise UriNotAllowed(where, uri, "a path that stays in the folder that holds the deposition")
        if isinstance(folder, str):
            return f"{folder.rstrip('/')}/{path}"
        found = folder / path
        if not found.resolve().is_relative_to(folder.resolve()) and not _within(found.resolve(), allowed):
            found_here = f"{uri}, a link that leads out"
            raise UriNotAllowed(where, found_here, "a file in the folder that holds the deposition")
        return found
    if parts.scheme not in ("", "file") and any(_below(uri, prefix) for prefix in allowed):
        return uri
    raise UriNotAllowed(where, uri, "file: and a relative path, or a prefix that the caller allows")


def _within(path: Path, allowed: Collection[str]) -> bool:
    """Whether a path lies in a folder that the caller allows as file:///folder."""
    folders = [Path(unquote(urlsplit(a).path)) for a in allowed if urlsplit(a).scheme == "file"]
    return any(path.resolve().is_relative_to(f.resolve()) for f in folders)


def _below(uri: str, prefix: str) -> bool:
    """Whether a URL lies below an allowed one: the same scheme and host, and a path that starts with its path."""
    asked, ours = urlsplit(uri), urlsplit(prefix)
    if ".." in unquote(asked.path).split("/"):
        return False
    same = (asked.scheme, asked.netloc) == (ours.scheme, ours.netloc) and bool(ours.scheme)
    return same and (asked.path + "/").startswith(ours.path.rstrip("/") + "/")


# -- what it must be -------------------------------------------------------------------------------------


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_sha256(path: Path, of: Callable[[Path], str] = file_sha256) -> str:
    """SHA-256 over the lines `path TAB sha256(file) LF` of a folder's files in byte order of path, as hex."""
    files = sorted((p.relative_to(path).as_posix().encode(), p) for p in path.rglob("*") if p.is_file())
    lines = b"".join(name + b"\t" + of(p).encode() + b"\n" for name, p in files)
    return hashlib.sha256(lines).hexdigest()


def content_sha256(path: Path) -> str:
    """SHA-256 of an artifact, a file or a folder, as hex."""
    return folder_sha256(path) if path.is_dir() else file_sha256(path)


def cache_folder() -> Path:
    """Where verified files are remembered and remote ones kept: $POLYSTATE_CACHE, or the user's cache folder."""
    named = os.environ.get("POLYSTATE_CACHE")
    return Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "polystate"


def mark(path: Path, sha256: str, kind: str = "verified") -> tuple[Path, bool]:
    """The file that remembers a verification, and whether the artifact has been still for long enough to trust it.

    Its name is a hash over the path, size, modification and change times and the content hash."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    stats = [(str(p), (s := p.stat()).st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino) for p in files]
    name = hashlib.sha256(repr((str(path.resolve()), stats, sha256)).encode()).hexdigest()
    newest = max((max(s[2], s[3]) for s in stats), default=0)
    return cache_folder() / kind / name, time.time_ns() - newest > SETTLED_NS


def verify(path: Path, sha256: str, where: str) -> None:
    """Refuse an artifact whose content is not `sha256` (hex); one verified before, and still since, is not read."""
    try:
        known, settled = mark(path, sha256)
        if settled and known.exists():
            return
        found = content_sha256(path)
    except OSError as error:
        raise MissingArtifact(where, error, "a file that can be read") from error
    if found != sha256:
        raise ArtifactMismatch(where, f"sha256 {found}", sha256)  # OPR-13
    if settled:
        remember(known)


def remember(mark: Path) -> None:
    """Leave a mark; a cache that cannot be written only costs time."""
    with suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def artifact(d: Descriptor) -> Path:
    """The verified local path of a descriptor's artifact."""
    document, where = d.document.get("artifact") or {}, f"{d.path}#/artifact"
    uri, sha256 = str(document.get("uri", "")), str(document.get("sha256", ""))
    place = locate(uri, d.ground.folder, d.ground.allow_uris, f"{where}/uri")
    path = _fetched(place, sha256, where) if isinstance(place, str) else place
    if not path.exists():
        raise MissingArtifact(f"{where}/uri", f"{uri}, which is not there", "a file or folder")  # OPR-12
    verify(path, sha256, f"{where}/sha256")
    return path


def _fetched(url: str, sha256: str, where: str) -> Path:
    """A local copy of a remote artifact, kept under its hash; what arrives with another hash is thrown away."""
    target = cache_folder() / "artifacts" / sha256
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target.parent)
    partial = sibling(target, "partial")
    try:
        _download(url, partial)
        found = content_sha256(partial)
        if found != sha256:
            raise ArtifactMismatch(f"{where}/sha256", f"sha256 {found}", sha256)
        os.replace(partial, target)
    except PolystateError:
        raise
    except Exception as error:  # each file system of fsspec has errors of its own
        raise MissingArtifact(f"{where}/uri", f"{type(error).__name__}: {error}", "something at this URL") from error
    finally:
        discard(partial)
    return target


def _download(url: str, target: Path) -> None:
    """Copy what stands at a URL; not more than half of what the disk has left, and than 16 GiB times the bounds."""
    from polystate.store import web  # not before it is needed

    limit = min(shutil.disk_usage(target.parent).free // 2, 64 * memory.array_limit(0))
    if urlsplit(url).scheme in ("http", "https"):
        with open(target, "wb") as file:
            web.copy(url, file, limit)
        return
    import fsspec

    fs, root = fsspec.core.url_to_fs(url)
    folder = bool(fs.isdir(root))
    size = sum(fs.du(root, total=False, maxdepth=web.DEPTH).values()) if folder else fs.size(root) or 0
    if size > limit:
        raise OSError(f"{size} bytes, more than {limit}")
    fs.get(root, str(target), recursive=folder, **({"maxdepth": web.DEPTH} if folder else {}))
