"""Compressed bytes made long again, never longer than a limit and in time that grows with what is there."""

from __future__ import annotations

import zlib

FIRST, PIECE = 1 << 9, 1 << 20  # bytes handed to zlib at a time: few at first, as a member may be short


class CutOff(ValueError):
    """A stream without its end."""


class Beyond(ValueError):
    """A stream whose content is longer than the limit."""


def gunzip(data: bytes, limit: int) -> bytes:
    """The content of a gzip file of one member or several; ValueError where it is cut off, damaged or beyond limit."""
    view, at, size = memoryview(data), 0, 0
    found: list[bytes] = []
    while at < len(view):
        if found and view[at] == 0 and not any(view[at:]):
            break  # padding, as tapes have
        stream, step = zlib.decompressobj(31), FIRST
        while not stream.eof:
            piece = stream.unconsumed_tail or view[at : at + step]
            if not piece:
                raise CutOff("a gzip stream that is cut off")
            if not stream.unconsumed_tail:
                at, step = at + len(piece), min(2 * step, PIECE)
            try:
                found.append(stream.decompress(piece, min(limit + 1 - size, PIECE)))
            except zlib.error as error:
                raise ValueError(f"no gzip stream: {error}") from error
            size += len(found[-1])
            if size > limit:
                raise Beyond(f"more than {limit} bytes in {len(data)}")
        at -= len(stream.unused_data)
    return b"".join(found)


def unzstd(data: bytes, limit: int) -> bytes:
    """The content of a zstd frame or several; ValueError where it would be longer than limit."""
    import zstandard

    size = zstandard.get_frame_parameters(data).content_size
    if size == zstandard.CONTENTSIZE_UNKNOWN:  # what follows such a frame would go unseen
        return _unzstd_frames(data, limit)
    if size > limit:
        raise ValueError(f"{size} bytes in a chunk of less than {limit}")
    try:
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=limit, allow_extra_data=False)
    except zstandard.ZstdError:
        return _unzstd_frames(data, limit)


def _unzstd_frames(data: bytes, limit: int) -> bytes:
    """The contents of zstd frames that follow one another; a few bytes at a time, since a block grows 30 000-fold."""
    import zstandard

    found = bytearray()
    view, at = memoryview(data), 0
    while at < len(view):
        frame = zstandard.ZstdDecompressor().decompressobj()
        while not frame.eof:
            if at >= len(view):
                raise ValueError("a zstd frame that is cut off")
            found += frame.decompress(view[at : at + FIRST])
            at += FIRST
            if len(found) > limit:
                raise ValueError(f"more than {limit} bytes in {len(data)}")
        at = min(at, len(view)) - len(frame.unused_data)
    return bytes(found)
