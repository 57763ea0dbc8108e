"""Stores on a web server: read whole, and refused in bounded time and memory where the server does not behave."""

from __future__ import annotations

import base64
import functools
import http.server
import io
import threading
import time
from collections.abc import Iterator

import pytest

import polystate
from polystate.errors import NotAStore, UnreadableArray
from polystate.store import memory, web
from polystate.store.writing import write
from tests.reference import small


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, and paths that do what no server should."""

    elsewhere = ""

    def do_GET(self) -> None:
        trick = self.path.split("/")[1]
        if not hasattr(self, f"do_{trick}"):
            return super().do_GET()
        self.send_response(302 if trick in ("away", "round") else 200)
        getattr(self, f"do_{trick}")()

    def do_endless(self) -> None:
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 65536)

    def do_slow(self) -> None:
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(1000):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def do_silent(self) -> None:
        time.sleep(5)

    def do_itself(self) -> None:
        self.end_headers()
        self.wfile.write(b'<a href="a/">a</a> <a href="b/">b</a>')

    def do_short(self) -> None:
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"x")

    def do_away(self) -> None:
        self.send_header("Location", self.elsewhere)
        self.end_headers()

    def do_round(self) -> None:
        self.send_header("Location", self.path)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(tmp_path, monkeypatch) -> Iterator[str]:
    """A server of a folder that holds s.zarr."""
    write(polystate.build(small.deposition(3, {"b": small.iadp([1.0] * 3)})), tmp_path / "s.zarr")
    handler = functools.partial(Handler, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads, server.block_on_close = True, False
    monkeypatch.setattr(server, "handle_error", lambda *_: None)
    monkeypatch.setattr(Handler, "elsewhere", f"http://localhost:{server.server_port}/s.zarr/")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_store_is_read_from_a_web_server(address, tmp_path):
    found = polystate.open(f"{address}/s.zarr")
    assert found.digest() == polystate.open(tmp_path / "s.zarr").digest()
    assert found.tree.folder == address
    (tmp_path / "s.bin").write_bytes(bytes(range(100)))
    for first, length in ((0, None), (0, 3), (3, 4), (-5, 5), (-5, None), (-1000, None), (90, 30)):
        given = io.BytesIO(bytes(range(100)))
        given.seek(max(0, 100 + first) if first < 0 else first)
        assert web.get(f"{address}/s.bin", first, length) == given.read(length)  # by a server that knows no ranges


@pytest.mark.parametrize("path", ["endless", "slow", "silent", "itself", "short", "away", "round", "nothing"])
def test_a_server_that_does_not_behave_is_refused_in_time(address, path, monkeypatch):
    monkeypatch.setattr(web, "SILENCE_S", 0.5)
    monkeypatch.setattr(web, "WHOLE_S", 1.0)
    monkeypatch.setattr(web, "DEPTH", 6)
    began = time.monotonic()
    with pytest.raises(NotAStore):
        polystate.open(f"{address}/{path}")
    assert time.monotonic() - began < 20


def test_what_is_fetched_is_bounded(address, tmp_path):
    (tmp_path / "large").write_bytes(bytes(5000))
    with pytest.raises(OSError, match="more than 4000 bytes"):
        web.get(f"{address}/large", limit=4000)
    with pytest.raises(OSError, match="more than 4000 bytes"), open(tmp_path / "got", "wb") as file:
        web.copy(f"{address}/large", file, 4000)
    with pytest.raises(OSError, match="neither http nor https"):
        web.get("file:///etc/hostname")


def test_a_chunk_without_an_end_is_cut_off(address, tmp_path, monkeypatch):
    """The metadata of a store are good, and then the server sends for ever."""
    (tmp_path / "s.zarr/reference/x_ref/c/0/0").unlink()
    opened = polystate.open(f"{address}/s.zarr")
    opened.tree._keys.append("reference/x_ref/c/0/0")
    original = web.get
    monkeypatch.setattr(web, "get", lambda url, *given: original(f"{address}/endless", *given))
    monkeypatch.setattr(memory, "FREE_ARRAYS", 1 << 20)
    with pytest.raises(UnreadableArray, match="more than 1048576 bytes"):
        _ = opened.x_ref


def test_a_login_is_sent_and_not_said(address, monkeypatch):
    asked = []
    monkeypatch.setattr(Handler, "send_head", lambda self: asked.append(self.headers["Authorization"]))
    named = address.replace("://", "://me:sec%72et@")
    with pytest.raises(NotAStore) as found:
        polystate.open(f"{named}/s.zarr")
    assert set(asked) == {"Basic " + base64.b64encode(b"me:secret").decode()}
    assert address in str(found.value) and "sec" not in str(found.value)
    for wrong in (f"{named}/nothing", named.replace("http", "gopher")):
        with pytest.raises(OSError) as refused:
            web.get(wrong, limit=0)
        assert "sec" not in str(refused.value)
