"""Arrays straight from their chunks.

zarr takes longer to load than a deposition takes to evaluate, so depositions are read without it: a regular grid of
chunks of bytes, with zstd, gzip, crc32c or shards. Only chunks that exist are looked at, and nothing is decoded to more
bytes than its metadata give it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from polystate.store import memory, metadata
from polystate.store.inflate import gunzip, unzstd

MISSING = 0xFFFFFFFFFFFFFFFF
Codec = tuple[str, Mapping[str, Any]]  # name, configuration
Part = Callable[[int, int | None], bytes]  # bytes of a chunk by first (negative: from the end) and number


class Get(Protocol):
    """Bytes of the chunk at a key, None where it is absent; a negative first counts from the end."""

    def __call__(self, key: str, first: int = 0, length: int | None = None, /) -> bytes | None: ...


def read(
    node: Mapping[str, Any], get: Get, rows: range | None = None, present: Sequence[str] | None = None, along: int = 0
) -> np.ndarray:
    """The array that `node` describes, which `metadata.check_array` has passed.

    rows: only these of the dimension `along`, in steps of one.
    present: keys of the chunks that there are, and perhaps others; where not given, each chunk is asked for."""
    dtype = np.dtype(node["data_type"])
    shape, low = list(node["shape"]), [0] * len(node["shape"])
    if rows is not None:
        shape[along], low[along] = len(rows), rows.start
    memory.require(math.prod(shape) * dtype.itemsize)
    fill = metadata.fill_value(node["fill_value"], dtype)
    out = np.full(shape, fill, dtype) if fill != 0 or math.copysign(1, fill) < 0 else np.zeros(shape, dtype)
    if out.size == 0:
        return out
    chunk = node["chunk_grid"]["configuration"]["chunk_shape"]
    codecs = metadata.codec_list(node["codecs"])
    window = [range(a // c, -(-(a + n) // c)) for a, n, c in zip(low, shape, chunk, strict=True)]
    for place in _places(window, node["chunk_key_encoding"], present):
        key = _key(place, node["chunk_key_encoding"])
        in_parts = rows is not None and len(codecs) == 1 and codecs[0][0] == "sharding_indexed"
        data = get(key, 0, 0) if in_parts else get(key)
        if data is not None:
            part = _ranges(get, key) if in_parts else _slices(data)
            _decode(out, low, [p * c for p, c in zip(place, chunk, strict=True)], chunk, codecs, part)
    return out


def chunk_rows(node: Mapping[str, Any], along: int = 0) -> int:
    """Rows of a dimension of an array that are decoded together: those of a chunk, in a shard of its chunks."""
    found = node["chunk_grid"]["configuration"]["chunk_shape"]
    name, configuration = metadata.codec_list(node["codecs"])[0]
    return (configuration["chunk_shape"] if name == "sharding_indexed" else found)[along]


def _key(place: Iterable[int], encoding: Mapping[str, Any]) -> str:
    older = encoding["name"] == "v2"
    separator = encoding.get("configuration", {}).get("separator", "." if older else "/")
    if older:
        return separator.join(map(str, place)) or "0"
    return separator.join(("c", *map(str, place)))


def _places(
    window: Sequence[range], encoding: Mapping[str, Any], present: Sequence[str] | None
) -> Iterable[tuple[int, ...]]:
    """Places of the grid in a window where there may be a chunk."""
    if present is None or math.prod(map(len, window)) <= len(present):
        return itertools.product(*window)
    found = []
    for key in present:
        place = tuple(int(n) for n in key.replace(".", "/").split("/") if n.isdecimal() and len(n) < 20)
        inside = len(place) == len(window) and all(n in r for n, r in zip(place, window, strict=True))
        if inside and _key(place, encoding) == key:
            found.append(place)
    return found


def _slices(data: bytes) -> Part:
    def part(first: int, length: int | None) -> bytes:
        first = first if first >= 0 else max(0, len(data) + first)
        return data[first : None if length is None else first + length]

    return part


def _ranges(get: Get, key: str) -> Part:
    return lambda first, length: get(key, first, length) or b""


def _decode(
    out: np.ndarray,
    low: Sequence[int],
    corner: Sequence[int],
    chunk: Sequence[int],
    codecs: Sequence[Codec],
    part: Part,
) -> None:
    """Decode a chunk whose first element has the index `corner`, and copy what lies in out, which begins at `low`."""
    put: list[slice] = []
    take: list[slice] = []
    for n, a, b, c in zip(out.shape, low, corner, chunk, strict=True):
        first, last = max(a, b), min(a + n, b + c)
        if first >= last:
            return
        put.append(slice(first - a, last - a))
        take.append(slice(first - b, last - b))
    size = math.prod(chunk) * out.dtype.itemsize
    sharded = codecs[0][0] == "sharding_indexed"
    if len(codecs) > 1:
        data, limit = part(0, None), 2 * size + 4096
        if size > memory.array_limit(len(data)):  # [STO-54]
            raise ValueError(f"a chunk of {size} bytes in {len(data)}")
        memory.require(size)
        for name, _ in reversed(codecs[1:]):
            data = _UNDO[name](data, limit)
        part = _slices(data)
    if sharded:
        _shard(out, low, corner, chunk, codecs[0][1], part)
        return
    data = part(0, None)
    if len(data) != size:
        raise ValueError(f"{len(data)} bytes in a chunk of {size}")
    if out.dtype.kind == "b":
        values = np.frombuffer(data, np.uint8) != 0
    else:
        big = codecs[0][1].get("endian") == "big"
        values = np.frombuffer(data, out.dtype.newbyteorder(">" if big else "<"))
    out[(*put, ...)] = values.reshape(chunk)[(*take, ...)]  # type: ignore[index]


def _shard(
    out: np.ndarray,
    low: Sequence[int],
    corner: Sequence[int],
    shard: Sequence[int],
    document: Mapping[str, Any],
    part: Part,
) -> None:
    """Decode those chunks of a shard that reach into out."""
    inner = document["chunk_shape"]
    counts = [n // c for n, c in zip(shard, inner, strict=True)]
    order, *checks = metadata.codec_list(document["index_codecs"])
    size = 16 * math.prod(counts) + 4 * len(checks)
    index = part(0 if document.get("index_location", "end") == "start" else -size, size)
    if len(index) != size:
        raise ValueError(f"an index of {len(index)} bytes instead of {size}")
    for _ in checks:
        index = _crc32c(index, size)
    found = np.frombuffer(index, ">u8" if order[1].get("endian") == "big" else "<u8").reshape(*counts, 2)
    codecs = metadata.codec_list(document["codecs"])
    window = []
    for n, a, b, c, k in zip(out.shape, low, corner, inner, counts, strict=True):
        window.append(range(max(0, (a - b) // c), min(k, -(-(a + n - b) // c))))
    for place in itertools.product(*window):
        offset, length = found[place].tolist()
        if (offset, length) == (MISSING, MISSING):
            continue
        data = part(offset, length)
        if len(data) != length:
            raise ValueError(f"a chunk that ends at byte {offset + length}, beyond its shard")
        at = [b + p * c for b, p, c in zip(corner, place, inner, strict=True)]
        _decode(out, low, at, inner, codecs, _slices(data))


def _crc32c(data: bytes, limit: int) -> bytes:
    import google_crc32c

    body, check = data[:-4], data[-4:]
    if google_crc32c.value(body) != int.from_bytes(check, "little"):
        raise ValueError("a crc32c that does not match")
    return body


_UNDO: Mapping[str, Callable[[bytes, int], bytes]] = {"crc32c": _crc32c, "zstd": unzstd, "gzip": gunzip}
