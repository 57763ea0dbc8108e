"""A zip on a web server, or where fsspec can read: only the ranges of bytes that are asked for are fetched."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from polystate.errors import NotAStore
from polystate.store import memory, web
from polystate.store.sources import LOCAL_HEADER, checked_zip, content_begin, is_of_machine, window

BLOCK, BLOCKS = 1 << 16, 64
"""Bytes of a block, and how many are kept: documents lie close together, so that one request brings several."""
Fetch = Callable[[int, int], bytes]  # first, length


class RangedFile(io.RawIOBase):
    """A file of which blocks are fetched when they are read; its end, where the list of a zip stands, is there."""

    def __init__(self, fetch: Fetch, size: int, tail: bytes) -> None:
        super().__init__()
        self.size, self._fetch, self._tail = size, fetch, tail
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        found = self.part(self._at, len(buffer))
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def part(self, first: int, length: int) -> bytes:
        """Bytes of the file, fewer where it ends."""
        length = max(0, min(length, self.size - first))
        begin_of_tail = self.size - len(self._tail)
        if first >= begin_of_tail:
            return self._tail[first - begin_of_tail : first - begin_of_tail + length]
        if length > BLOCK:
            memory.require(length)
            return self._whole(first, length)
        numbers = range(first // BLOCK, -(-(first + length) // BLOCK))
        for number in numbers:
            if number not in self._blocks:
                self._blocks[number] = self._whole(number * BLOCK, min(BLOCK, self.size - number * BLOCK))
            self._blocks.move_to_end(number)
        found = b"".join(self._blocks[number] for number in numbers)
        while len(self._blocks) > BLOCKS:
            self._blocks.popitem(last=False)
        return found[first - numbers[0] * BLOCK :][:length]

    def _whole(self, first: int, length: int) -> bytes:
        found = self._fetch(first, length)
        if len(found) != length:
            raise OSError(f"{len(found)} bytes from byte {first} on instead of {length}")
        return found


class RemoteZipSource:
    """A read-only store in a zip below a URL."""

    def __init__(self, url: str) -> None:
        self.name = url
        try:
            self.file = _on_the_web(url) if url.split(":", 1)[0] in ("http", "https") else _of_fsspec(url)
        except (OSError, ValueError, ImportError) as error:
            raise NotAStore(url, error, "a zip that can be read: pip install 'polystate[remote]' for fsspec") from error
        self.zip = checked_zip(self.file, url, self.file.size)

    def keys(self) -> list[str]:
        return [name for name in self.zip.namelist() if not is_of_machine(name)]

    def size(self) -> int:
        return self.file.size

    def get(self, key: str, first: int = 0, length: int | None = None) -> bytes:
        entry = self.zip.getinfo(key)
        first, length = window(entry.file_size, first, length)
        memory.require(length)
        if entry.compress_type != zipfile.ZIP_STORED:
            with self.zip.open(entry) as file:
                file.seek(first)
                return file.read(length)
        begin = content_begin(entry, self.file.part(entry.header_offset, LOCAL_HEADER))
        found = self.file.part(begin + first, length)
        if length == entry.file_size and zlib.crc32(found) != entry.CRC:
            raise zipfile.BadZipFile(f"{key}: a checksum that does not match")
        return found

    def is_replaced(self) -> bool:
        return False  # read only; nobody replaces it by the rules of this format


def _on_the_web(url: str) -> RangedFile:
    tail, size = web.tail(url, BLOCK)
    return RangedFile(lambda first, length: web.get(url, first, length), size, tail)


def _of_fsspec(url: str) -> RangedFile:
    import fsspec

    fs, path = fsspec.core.url_to_fs(url)
    size = int(fs.size(path) or 0)
    tail = fs.cat_file(path, start=max(0, size - BLOCK), end=size)
    return RangedFile(lambda first, length: fs.cat_file(path, start=first, end=first + length), size, tail)
