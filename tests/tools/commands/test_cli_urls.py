"""Depositions at a URL: read where something answers, and refused by name where nothing does."""

from __future__ import annotations

import pytest

import polystate
from polystate.errors import NotAStore
from polystate_conformance.paths import CORPUS

fsspec = pytest.importorskip("fsspec")


class Answering:
    """A file system that lists nothing; what it says of a file is given."""

    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer

    def find(self, root: str, maxdepth: int) -> list[str]:
        return []

    def cat_file(self, path: str, start: int | None, end: int | None) -> bytes:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("answer, said", [
    (ConnectionRefusedError("Cannot connect"), "Cannot connect, expected a server that answers"),
    (FileNotFoundError("404"), "no zarr.json at the root"), (b"{}", "a server that lists its folders"),
])  # fmt: skip
def test_a_store_without_files_says_why(answer, said, monkeypatch):
    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda url: (Answering(answer), "x.zarr"))
    with pytest.raises(NotAStore, match=said):
        polystate.open("answering://localhost:1/x.zarr")


def test_a_url_of_no_kind_is_refused():
    with pytest.raises(NotAStore, match="a URL of a kind that fsspec reads"):
        polystate.open("nosuch://x")


def test_a_store_is_read_from_where_it_is(tmp_path):
    polystate.write(polystate.open(CORPUS / "nested-loop.zarr.zip").tree, tmp_path / "n.zarr")
    memory = fsspec.filesystem("memory")
    memory.put(str(tmp_path / "n.zarr"), "/test_cli_urls/n.zarr", recursive=True)
    found = polystate.open("memory://test_cli_urls/n.zarr")
    assert found.digest() == polystate.open(tmp_path / "n.zarr").digest()
