"""Stores below a URL, read only: on a web server, or where fsspec can read."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from polystate.errors import NotAStore
from polystate.store import memory, web
from polystate.store.sources import is_of_machine


class RemoteSource:
    """A read-only store below a URL: on a web server that lists its folders, or where fsspec can read."""

    def __init__(self, url: str) -> None:
        self.name = url
        self.fs: Any = None
        if url.split(":", 1)[0] in ("http", "https"):
            return
        try:
            import fsspec

            self.fs, self.root = fsspec.core.url_to_fs(url)
        except Exception as error:  # not installed, not known, or it does not answer: each has errors of its own
            expected = "http, https or a URL of a kind that fsspec reads (polystate[remote])"
            raise NotAStore(url, error, expected) from error

    def keys(self) -> list[str]:
        try:
            names = self._names()
        except FileNotFoundError:
            names = []
        except Exception as error:  # each file system of fsspec has errors of its own
            raise NotAStore(self.name, error, "a server that answers") from error
        if not names:
            self._why_empty()
        return [name for name in names if not is_of_machine(name)]

    def _names(self) -> list[str]:
        if self.fs is None:
            return web.keys(self.name)
        return [name[len(self.root) :].lstrip("/") for name in self.fs.find(self.root, maxdepth=web.DEPTH)]

    def _why_empty(self) -> None:
        """Refuse a store that lists nothing because its folders are not listed."""
        try:
            self.get("zarr.json", 0, 1)
        except FileNotFoundError:
            return
        except OSError as error:
            raise NotAStore(self.name, error, "a server that answers") from error
        raise NotAStore(self.name, "a zarr.json in a folder that is not listed", "a server that lists its folders")

    def get(self, key: str, first: int = 0, length: int | None = None) -> bytes:
        if length == 0:
            return b""
        if self.fs is None:
            return web.get(f"{self.name.rstrip('/')}/{quote(key)}", first, length)
        memory.require(self.fs.size(f"{self.root}/{key}") or 0 if length is None else length)
        last = None if length is None or first + length == 0 else first + length
        return self.fs.cat_file(f"{self.root}/{key}", start=first or None, end=last)

    def size(self) -> None:
        return None  # not every server says

    def is_replaced(self) -> bool:
        return False  # read only; nobody replaces it by the rules of this format
