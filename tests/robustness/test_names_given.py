"""What a caller may name instead of a file: answered or refused in bounded time and memory, never waited for."""

from __future__ import annotations

import os
import threading

import pyarrow as pa
import pytest

import polystate
from polystate.errors import LONGEST, BadRequest, NotAStore, PolystateError
from polystate.store import given
from polystate_tools.bridges.query import without_formulas
from polystate_tools.formats.errors import UnreadableFile
from polystate_tools.formats.opening.files import read_input
from tests.reference import small
from tests.robustness.seeds import RICH_PDB

posix = pytest.mark.skipif(os.name != "posix", reason="pipes and devices")


@posix
def test_a_pipe_that_nobody_writes_into_is_empty_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.pdb")
    assert given.content(tmp_path / "x.pdb") == b""


@posix
def test_a_pipe_is_read_to_its_end():
    """As a shell hands over `<(zcat x.pdb.gz)`."""
    whole = RICH_PDB.encode() * 200  # more than a pipe holds
    reader, writer = os.pipe()

    def write() -> None:
        with open(writer, "wb") as file:
            file.write(whole)

    writing = threading.Thread(target=write)
    writing.start()
    try:
        assert read_input(f"/dev/fd/{reader}", "pdb").content == whole
    finally:
        writing.join(10)
        os.close(reader)


@posix
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_file(tmp_path, device):
    (tmp_path / "x.pdb").symlink_to(device)
    with pytest.raises(UnreadableFile, match="neither a file nor a pipe"):
        read_input(tmp_path / "x.pdb")


class Endless:
    def read(self, size: int) -> bytes:
        return b" " * size


def test_a_stream_without_end_stops_at_what_memory_allows(monkeypatch):
    monkeypatch.setenv("POLYSTATE_MEMORY", "1")  # a byte in all
    with pytest.raises(MemoryError):
        given.stream(Endless())  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a" * 5000 + ".zarr", "a/" * 3000, "a\x00b.zarr"])
def test_a_name_that_no_file_can_have_is_no_store(name):
    with pytest.raises(NotAStore):
        polystate.open(name)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1:1/x.zarr", "nothing://x/y.zarr", "github://x"])
def test_a_file_system_that_does_not_answer_is_named(url):
    pytest.importorskip("fsspec")
    with pytest.raises(NotAStore):
        polystate.open(url)


def test_an_error_repeats_so_much_of_what_was_found():
    with pytest.raises(BadRequest) as caught:
        polystate.Deposition(small.build(2, {})).select("(" * 50_000 + "chain A")
    assert len(str(caught.value)) < 2 * LONGEST
    assert len(PolystateError("x", "y" * LONGEST, "z").found) == LONGEST


def test_names_of_columns_are_marked_as_texts_are():
    table = pa.table({"=1+1": ["@x"], "b": ["y"]})
    marked, count = without_formulas(table)
    assert marked.to_pydict() == {"'=1+1": ["'@x"], "b": ["y"]} and count == 1
