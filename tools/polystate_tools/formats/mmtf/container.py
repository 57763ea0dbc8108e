"""Bytes to a map of fields and back: MessagePack, optionally gzipped, walked once before it is unpacked.

The walk refuses what would make an unpacker allocate or recurse without bound: a count larger than the bytes
that are left, nesting deeper than the ceiling, extension types and keys that are neither text nor integer."""

from __future__ import annotations

import gc
from typing import Any

import msgpack
import numpy as np

from polystate.store import inflate
from polystate.store.metadata import is_text
from polystate_tools.formats.mmtf.compiled import njit
from polystate_tools.formats.mmtf.errors import DuplicateField, MmtfError, NotMessagePack, NotUtf8, TooLarge, Truncated
from polystate_tools.formats.mmtf.limits import MAX_DEPTH, MAX_FILE_BYTES

OK, TRUNCATED, INVALID, TOO_DEEP, TOO_MANY, BAD_KEY, TRAILING, NOT_A_MAP = range(8)
GZIP_MAGIC = b"\x1f\x8b"
LARGE, MAX_CUTS = 4096, 64  # binary values from this size on are not copied, for so many fields
EMPTY_BINARY = b"\xc4\x00"
GZIP_EXPANSION = 64  # a real file shrinks two- to fourfold


def _head_table() -> np.ndarray:
    """(256, 4) int64: for each first byte its kind, its fixed count, bytes of a length field, bytes of content.

    Kinds: 0 scalar, 1 text, 2 binary, 3 array, 4 map, 5 refused, 6 integer."""
    table = np.zeros((256, 4), np.int64)
    table[:, 0] = 5
    for byte in range(256):
        if byte < 0x80 or byte >= 0xE0:
            table[byte] = (6, 0, 0, 0)
        elif byte < 0x90:
            table[byte] = (4, byte & 0x0F, 0, 0)
        elif byte < 0xA0:
            table[byte] = (3, byte & 0x0F, 0, 0)
        elif byte < 0xC0:
            table[byte] = (1, byte & 0x1F, 0, 0)
    for byte, row in {
        0xC0: (0, 0, 0, 0), 0xC2: (0, 0, 0, 0), 0xC3: (0, 0, 0, 0),
        0xC4: (2, 0, 1, 0), 0xC5: (2, 0, 2, 0), 0xC6: (2, 0, 4, 0),
        0xCA: (0, 0, 0, 4), 0xCB: (0, 0, 0, 8),
        0xCC: (6, 0, 0, 1), 0xCD: (6, 0, 0, 2), 0xCE: (6, 0, 0, 4), 0xCF: (6, 0, 0, 8),
        0xD0: (6, 0, 0, 1), 0xD1: (6, 0, 0, 2), 0xD2: (6, 0, 0, 4), 0xD3: (6, 0, 0, 8),
        0xD9: (1, 0, 1, 0), 0xDA: (1, 0, 2, 0), 0xDB: (1, 0, 4, 0),
        0xDC: (3, 0, 2, 0), 0xDD: (3, 0, 4, 0), 0xDE: (4, 0, 2, 0), 0xDF: (4, 0, 4, 0),
    }.items():  # fmt: skip
        table[byte] = row
    return table


HEADS = _head_table()


@njit(cache=True, nogil=True)
def _length(data, at, width):
    """A big-endian unsigned integer of `width` bytes."""
    count = np.int64(0)
    for k in range(width):
        count = count * 256 + data[at + k]
    return count


@njit(cache=True, nogil=True)
def _walk(data, heads, max_depth, large, cuts):
    """(bytes,) uint8 -> status, offset of the fault, offset of the last key of the top-level map (or -1), cuts.

    Binary values of the top-level map of at least `large` bytes are noted in cuts (K, 4): number of the entry,
    where the value starts, where its content starts, where it ends; the last result is how many there are."""
    left = np.zeros(max_depth + 1, np.int64)  # items still expected at each level
    is_map = np.zeros(max_depth + 1, np.bool_)
    depth = 0
    left[0] = 1
    at = 0
    key_at = -1
    entry = -1
    found = 0
    size = data.size
    while True:
        while depth > 0 and left[depth] == 0:
            depth -= 1
        if left[depth] == 0:
            return (OK if at == size else TRAILING), at, key_at, found
        is_key = is_map[depth] and left[depth] % 2 == 0
        if at >= size:
            return TRUNCATED, at, -1 if depth == 1 and is_key else key_at, found
        if depth == 1 and is_key:
            key_at = at
            entry += 1
        start = at
        kind, count, length_bytes = heads[data[at], 0], heads[data[at], 1], heads[data[at], 2]
        at += 1 + heads[data[start], 3]
        if kind == 5:
            return INVALID, start, key_at, found
        if depth == 0 and kind != 4:
            return NOT_A_MAP, start, key_at, found
        if is_key and kind != 1 and (kind != 6 or depth == 1):
            return BAD_KEY, start, key_at, found
        if length_bytes > 0:
            if at + length_bytes > size:
                return TRUNCATED, start, key_at, found
            count = _length(data, at, length_bytes)
            at += length_bytes
        left[depth] -= 1
        if kind == 1 or kind == 2:
            if kind == 2 and depth == 1 and count >= large and found < cuts.shape[0]:
                cuts[found, 0], cuts[found, 1], cuts[found, 2], cuts[found, 3] = entry, start, at, at + count
                found += 1
            at += count
        if at > size:
            return TRUNCATED, start, key_at, found
        if kind == 3 or kind == 4:
            items = count * (kind - 2)
            if items > size - at:
                return TOO_MANY, start, key_at, found
            if depth == max_depth:
                return TOO_DEEP, start, key_at, found
            depth += 1
            left[depth] = items
            is_map[depth] = kind == 4


def _top_level_key(data: bytes, at: int) -> str:
    """The text of the key at an offset, for naming the field a fault lies in."""
    if at < 0:
        return "file"
    try:
        unpacker = msgpack.Unpacker(strict_map_key=False)
        unpacker.feed(data[at : at + 300])
        key = unpacker.unpack()
    except Exception:  # the key itself is what is damaged
        key = None
    return key if isinstance(key, str) else f"file[{at}]"


class _Twice(Exception):
    """A map with one key twice."""


def _unique(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Twice
    return made


def _twice(value: Any, where: str) -> str | None:
    """Where the first map with one key twice stands, among values whose maps are tuples of pairs."""
    if isinstance(value, tuple):
        seen = set()
        for key, item in value:
            name = f"{where}.{key}" if where else str(key)
            if key in seen:
                return name
            seen.add(key)
            if found := _twice(item, name):
                return found
    elif isinstance(value, list):
        for i, item in enumerate(value):
            if found := _twice(item, f"{where}[{i}]"):
                return found
    return None


def _not_text(value: Any, where: str) -> str | None:
    """Where the first string stands that is not UTF-8, in a map unpacked with undecodable bytes escaped."""
    match value:
        case str():
            return None if is_text(value) else where or "file"
        case dict():
            for key, item in value.items():
                name = str(key).encode("utf-8", "replace").decode()
                found = _not_text(key, where) or _not_text(item, f"{where}.{name}" if where else name)
                if found:
                    return found
        case list():
            for i, item in enumerate(value):
                if found := _not_text(item, f"{where}[{i}]"):
                    return found
    return None


def unpack(data: bytes) -> dict[str, Any]:
    """The top-level map of expanded bytes; strings as text, binary fields as bytes or, where large, views of them."""
    if len(data) > MAX_FILE_BYTES:
        raise TooLarge("file", f"{len(data)} bytes", f"at most {MAX_FILE_BYTES}")  # MMTF-6
    cuts = np.empty((MAX_CUTS, 4), np.int64)
    status, at, key_at, found = _walk(np.frombuffer(data, np.uint8), HEADS, MAX_DEPTH, LARGE, cuts)
    if status != OK:
        raise _fault(status, at, _top_level_key(data, key_at))
    return _unpack_around(data, cuts[:found].tolist())


def _unpack_around(data: bytes, cuts: list[list[int]]) -> dict[str, Any]:
    """Unpack with the large binary values left out, and put in views of the file in their place."""
    small, last = [], 0
    for _, start, _, end in cuts:
        small += [data[last:start], EMPTY_BINARY]
        last = end
    made = _unpack(b"".join([*small, data[last:]]) if cuts else data)
    names = list(made)
    for entry, _, content, end in cuts:
        made[names[entry]] = memoryview(data)[content:end]
    return made


def _unpack(data: bytes) -> dict[str, Any]:
    collecting = gc.isenabled()
    gc.disable()  # unpacking makes thousands of objects, none of them garbage: collection takes twice its time
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=False, object_pairs_hook=_unique)
    except _Twice:
        pairs = msgpack.unpackb(data, strict_map_key=False, unicode_errors="replace", object_pairs_hook=tuple)
        raise DuplicateField(
            _twice(pairs, "") or "file", "the key twice in one map", "each key once"
        ) from None  # MMTF-3
    except UnicodeDecodeError as error:
        escaped = msgpack.unpackb(data, strict_map_key=False, unicode_errors="surrogateescape")
        raise NotUtf8(_not_text(escaped, "") or "file", error.reason, "UTF-8 text") from None
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise NotMessagePack("file", error, "a MessagePack map") from None  # MMTF-1, MMTF-46
    finally:
        if collecting:
            gc.enable()


def _fault(status: int, at: int, where: str) -> MmtfError:
    match status:
        case s if s == TRUNCATED:
            return Truncated(where, f"the end of the data inside a value that starts at byte {at}", "a whole value")
        case s if s == TOO_DEEP:
            return TooLarge(where, f"nesting at byte {at}", f"at most {MAX_DEPTH} levels")
        case s if s == TOO_MANY:
            return Truncated(where, f"a count at byte {at} beyond the bytes that are left", "a count that fits")
        case s if s == BAD_KEY:
            return NotMessagePack(where, f"a key at byte {at} that is not text", "text keys")
        case s if s == TRAILING:
            return NotMessagePack("file", f"bytes after the map, from byte {at}", "one map and nothing else")
        case s if s == NOT_A_MAP:
            return NotMessagePack("file", f"first byte of another type at {at}", "a MessagePack map")
    return NotMessagePack(where, f"an unknown or extension type at byte {at}", "one of the six types of MMTF")


def expand(data: bytes) -> bytes:
    """The bytes of a file, decompressed up to a ceiling where they are gzip: one member, or several in a row."""
    if data[:2] != GZIP_MAGIC:
        return data
    limit = min(MAX_FILE_BYTES, max(1 << 20, GZIP_EXPANSION * len(data)))
    try:
        return inflate.gunzip(data, limit)
    except inflate.CutOff as error:
        raise Truncated("file", error, "a whole stream") from None  # MMTF-2, MMTF-47
    except inflate.Beyond as error:
        raise TooLarge("file", f"a gzip stream that expands further ({error})", f"at most {limit} bytes") from None
    except ValueError as error:
        raise NotMessagePack("file", error, "gzip") from None  # MMTF-47
