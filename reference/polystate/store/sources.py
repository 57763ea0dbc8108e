"""Where the bytes of a store come from: a directory, a zip or a prefix below a URL.

A directory or zip that is replaced while it is open is refused from then on, never read as a mixture of two."""

from __future__ import annotations

import io
import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from polystate.errors import NotAStore
from polystate.store import memory

if TYPE_CHECKING:  # loaded where there is a zip
    import zipfile

LOCAL_HEADER = 30  # bytes


class Source(Protocol):
    """Where the bytes of a store come from."""

    name: str

    def keys(self) -> list[str]:
        """Every file as a store key; folders that hold none may stand there too, with a slash at the end."""
        ...

    def get(self, key: str, first: int = 0, length: int | None = None) -> bytes:
        """Bytes of a file; a negative first counts from the end."""
        ...

    def size(self) -> int | None:
        """Bytes of all files together; None where nobody says."""
        ...

    def is_replaced(self) -> bool:
        """Whether another store has taken the name since this one was opened."""
        ...


class DirectorySource:
    """A store in a directory."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, str(path)
        self._root, self._node = self._look_at_root(), self._look_at_node()

    def keys(self) -> list[str]:
        """Every file below the directory and every folder at its top; links and devices are refused."""
        found, folders = [], [""]
        for prefix in folders:  # grows while it is walked
            try:
                with os.scandir(f"{self.name}/{prefix}") as entries:
                    for entry in entries:
                        key = prefix + entry.name
                        if not prefix and is_of_machine(key):
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(key + "/")
                        elif entry.is_file(follow_symlinks=False):
                            found.append(key)
                        else:
                            what = "a link" if entry.is_symlink() else "neither a file nor a folder"
                            raise NotAStore(key, what, "files and folders")  # [STO-48]
            except OSError as error:
                raise NotAStore(prefix or self.name, error, "a folder that can be read") from error
        return found + [name for name in folders if name.count("/") == 1]

    def get(self, key: str, first: int = 0, length: int | None = None) -> bytes:
        try:
            with open(f"{self.name}/{key}", "rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                if first or length is not None:
                    return _range(file, size, first, length)
                memory.require(size)
                return file.read()
        finally:
            self._refuse_if_replaced()

    def size(self) -> int:
        return sum(os.stat(f"{self.name}/{key}").st_size for key in self.keys() if not key.endswith("/"))

    def _look_at_root(self) -> tuple[int, int, int] | None:
        with suppress(OSError):
            found = os.stat(self.name)
            return found.st_dev, found.st_ino, found.st_mtime_ns
        return None

    def _look_at_node(self) -> int | None:
        """When the root's node last changed: its content, or that it was linked into the store that follows."""
        with suppress(OSError):
            return os.stat(f"{self.name}/zarr.json").st_ctime_ns
        return None

    def _refuse_if_replaced(self) -> None:
        """[STO-39] Refuse where another directory has taken the name; a file put beside the layers is none."""
        if self.is_replaced():
            raise _replaced(self.name)

    def is_replaced(self) -> bool:
        found = self._look_at_root()
        if found == self._root:
            return False
        if not found or not self._root or found[:2] != self._root[:2] or self._look_at_node() != self._node:
            return True
        self._root = found
        return False


def _replaced(name: str) -> NotAStore:
    return NotAStore(name, "a store that was replaced while it was open", "a store to be opened again")


def _range(file: IO[bytes] | io.FileIO, size: int, first: int, length: int | None, begin: int = 0) -> bytes:
    """Bytes of what lies in a file from `begin` on and is `size` long."""
    first, length = window(size, first, length)
    memory.require(length)
    file.seek(begin + first)
    return file.read(length) or b""


def window(size: int, first: int, length: int | None) -> tuple[int, int]:
    """Where a range begins in what is `size` long, and how long it is; a negative first counts from the end."""
    first = min(first if first >= 0 else max(0, size + first), size)
    return first, size - first if length is None else min(length, size - first)


def checked_zip(file: Any, name: str, size: int) -> zipfile.ZipFile:
    """A zip that holds a store, opened: a path, or a file that can be read at any place, of so many bytes."""
    import zipfile

    try:
        found = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise NotAStore(name, error, "a complete zip file") from error  # STO-2
    entries = [entry for entry in found.infolist() if not is_of_machine(entry.filename)]
    if len({entry.filename for entry in entries}) != len(entries):
        raise NotAStore(name, "an entry stored twice", "each entry once")  # STO-4
    for entry in entries:  # [STO-49]
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 1:
            raise NotAStore(entry.filename, f"method {entry.compress_type}", "entries stored or deflated")  # STO-5
    limit = memory.inflated_limit(size)
    if sum(entry.file_size for entry in entries) > limit:  # [STO-55]
        raise NotAStore(name, f"entries of more than {limit} bytes in {size}", memory.RAISED)
    return found


def content_begin(entry: zipfile.ZipInfo, header: bytes) -> int:
    """Where the content of an entry of a zip begins, by its local header of LOCAL_HEADER bytes."""
    return entry.header_offset + LOCAL_HEADER + sum(struct.unpack("<HH", header[26:]))  # the name, what follows it


class ZipSource:
    """A store in a zip with the root at the top."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, str(path)
        self.zip = checked_zip(path, str(path), self.size())

    def keys(self) -> list[str]:
        return [name for name in self.zip.namelist() if not is_of_machine(name)]

    def size(self) -> int:
        return self.path.stat().st_size

    def get(self, key: str, first: int = 0, length: int | None = None) -> bytes:
        entry = self.zip.getinfo(key)
        first, length = window(entry.file_size, first, length)
        memory.require(length)
        if entry.compress_type or not first and length == entry.file_size:  # to the end, where the sum is verified
            with self.zip.open(entry) as file:
                file.seek(first)
                return file.read(length)  # never more than is declared
        with open(self.name, "rb") as file:
            now = os.fstat(file.fileno())
            if self.zip.fp is None or not os.path.samestat(now, os.fstat(self.zip.fp.fileno())):
                raise _replaced(self.name)
            file.seek(entry.header_offset)
            begin = content_begin(entry, file.read(LOCAL_HEADER))
            return _range(file, entry.file_size, first, length, begin)

    def is_replaced(self) -> bool:
        return False  # the old file is held open


def is_of_machine(key: str) -> bool:
    """Whether a key belongs to the machine that holds the store and not to the store: hidden, at the top."""
    return key.startswith(".") and bool(key.split("/", 1)[0].strip("."))
