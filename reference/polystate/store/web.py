"""Bytes from web servers, bounded: in size, in time, in redirects (to the same host alone) and in what they list."""

from __future__ import annotations

import base64
import http.client
import io
import re
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from html import unescape
from typing import IO, Any
from urllib.parse import unquote, urljoin, urlsplit

from polystate.errors import without_login
from polystate.store import memory

SILENCE_S = 30  # without a byte
WHOLE_S, COPY_S = 600, 3600  # for one answer, for one that goes into a file
LISTING_S = 600  # for all folders of a store
PIECE = 1 << 16
REDIRECTS = 5
PAGE_BYTES = 1 << 24
DEPTH, FOLDERS = 12, 100_000
_LINK = re.compile(r"""<a\s[^>]*?href\s*=\s*["']([^"'<>]+)["']""", re.IGNORECASE)


class _Bounded(http.client.HTTPConnection):
    """A connection that is cut when an answer takes too long, were it sent byte by byte."""

    whole_s: float = WHOLE_S

    def connect(self) -> None:
        super().connect()
        watch = threading.Timer(self.whole_s, partial(_cut, self.sock))
        watch.daemon = True
        watch.start()


class _BoundedTls(http.client.HTTPSConnection, _Bounded):
    pass


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _timed(kind: type[_Bounded], req: Any) -> Any:
    return type(kind.__name__, (kind,), {"whole_s": getattr(req, "whole_s", WHOLE_S)})


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_timed(_Bounded, req), req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_timed(_BoundedTls, req), req)


class _SameHost(urllib.request.HTTPRedirectHandler):
    max_redirections = REDIRECTS

    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: str) -> Any:
        asked, told = urlsplit(req.full_url), urlsplit(newurl)
        if (told.hostname, told.scheme) not in ((asked.hostname, asked.scheme), (asked.hostname, "https")):
            raise OSError(f"a redirect to {told.scheme}://{told.hostname}, another place than {asked.hostname}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_opener = urllib.request.build_opener(_Http, _Https, _SameHost)


def get(url: str, first: int = 0, length: int | None = None, limit: int | None = None) -> bytes:
    """Bytes of what stands at a URL; a negative first counts from the end.

    limit: OSError beyond so many bytes; by default those of a store of no files, see `memory`. FileNotFoundError where
    there is nothing."""
    limit = min(memory.room(), memory.array_limit(0)) if limit is None else limit
    with _answer(url, _range(first, length)) as answer:
        partial_content = answer.status == 206
        skip = 0 if partial_content else max(0, first)
        wanted = limit + 1 if length is None or first < 0 else skip + length
        held = io.BytesIO()
        for piece in pieces(answer, min(wanted, skip + limit + 1)):
            held.write(piece)
    content = held.getvalue()  # no copy
    if len(content) - skip > limit:
        raise _refused(url, f"more than {limit} bytes")
    if not partial_content and first < 0:
        skip = max(0, len(content) + first)
    return content[skip : None if length is None else skip + length]


def tail(url: str, length: int) -> tuple[bytes, int]:
    """The last bytes of what stands at a URL, and how many it has; all of them where the server has no ranges."""
    limit = min(memory.room(), memory.array_limit(0))
    with _answer(url, f"bytes=-{length}") as answer:
        content = b"".join(pieces(answer, limit + 1))
        if len(content) > limit:
            raise _refused(url, f"more than {limit} bytes")
        if answer.status != 206:
            return content, len(content)
        told = re.fullmatch(r"bytes \d+-\d+/(\d+)", answer.headers.get("Content-Range", ""))
        if told is None:
            raise _refused(url, "a range of something whose length is not said")
        return content, int(told[1])


def copy(url: str, file: IO[bytes], limit: int) -> None:
    """Write what stands at a URL into a file; OSError beyond limit bytes."""
    left = limit
    with _answer(url, whole_s=COPY_S) as answer:
        for piece in pieces(answer, limit + 1):
            left -= len(piece)
            if left < 0:
                raise _refused(url, f"more than {limit} bytes")
            file.write(piece)


def keys(url: str) -> list[str]:
    """Every file below the folder at a URL, by the links of its pages; FileNotFoundError where there is no page."""
    base, found, end = url.rstrip("/") + "/", [], time.monotonic() + LISTING_S
    seen, waiting = {""}, [""]
    for folder in waiting:  # grows while it is walked
        if time.monotonic() > end or len(waiting) > FOLDERS:
            raise _refused(url, f"a listing without an end ({len(waiting)} folders)")
        for name in _links(base + folder, base):
            if name in seen:
                continue
            seen.add(name)
            if not name.endswith("/"):
                found.append(unquote(name))
            elif name.count("/") > DEPTH:
                raise _refused(url, f"folders of more than {DEPTH} levels")
            else:
                waiting.append(name)
    return found


def _links(page: str, base: str) -> Iterator[str]:
    """What a page links to below the base, relative to it."""
    text = get(page, limit=PAGE_BYTES).decode("utf-8", "replace")
    for link in _LINK.findall(text):
        target = urljoin(page, unescape(link)).split("#")[0].split("?")[0]
        if target.startswith(page) and target != page and "/../" not in unquote(target):
            yield target[len(base) :]


def pieces(answer: Any, most: int) -> Iterator[bytes]:
    """What an answer holds, piece by piece; not more than `most` bytes."""
    while most > 0:
        piece = answer.read1(min(PIECE, most))
        if not piece:
            if answer.length:
                raise OSError(f"an answer that ends {answer.length} bytes early")
            return
        most -= len(piece)
        yield piece


def _range(first: int, length: int | None) -> str | None:
    if first < 0:
        return f"bytes={first}"
    if length is None:
        return f"bytes={first}-" if first else None
    return f"bytes={first}-{first + length - 1}"


def _refused(url: str, why: str) -> OSError:
    return OSError(f"{without_login(url)}: {why}")


def _answer(url: str, span: str | None = None, whole_s: float | None = None) -> Any:
    parts, plain = urlsplit(url), without_login(url)
    if parts.scheme not in ("http", "https"):
        raise _refused(url, "neither http nor https")
    headers = {"User-Agent": "polystate", "Accept-Encoding": "identity", **({"Range": span} if span else {})}
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    asked = urllib.request.Request(plain, headers=headers)
    asked.whole_s = WHOLE_S if whole_s is None else whole_s  # type: ignore[attr-defined]
    try:
        return _opener.open(asked, timeout=SILENCE_S)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (404, 410):
            raise FileNotFoundError(f"{plain}: {error.code} {error.reason}") from error
        raise _refused(url, f"{error.code} {error.reason}") from error
    except http.client.HTTPException as error:
        raise _refused(url, f"{type(error).__name__} {error}") from error
