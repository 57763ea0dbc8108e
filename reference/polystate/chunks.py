"""Whole arrays straight from their chunks, for the codecs that depositions use.

zarr takes longer to load than a deposition takes to evaluate, so the plain case does without it: a regular grid of
chunks of bytes, with zstd, gzip, crc32c or shards. What is not plain here is left to zarr."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

MISSING = 0xFFFFFFFFFFFFFFFF
Codec = Mapping[str, Any]


def is_plain(node: Mapping[str, Any]) -> bool:
    """Whether `read` can read an array with this metadata, which `metadata.check_array` has passed."""
    return (
        node["chunk_key_encoding"]["name"] == "default"
        and isinstance(node["fill_value"], bool | int | float)
        and _is_known(node["codecs"])
    )


def _is_known(codecs: Sequence[Codec]) -> bool:
    names = [c["name"] for c in codecs]
    if "zstd" in names:
        try:
            import zstandard  # noqa: F401
        except ImportError:
            return False
    if not names or sum(n in ("zstd", "gzip") for n in names) > 1:
        return False
    if names[0] == "sharding_indexed":
        inner = codecs[0]["configuration"]
        index = [c["name"] for c in inner["index_codecs"]]
        return (
            inner.get("index_location", "end") == "end"
            and index in (["bytes"], ["bytes", "crc32c"])
            and inner["codecs"][0]["name"] == "bytes"
            and _is_known(inner["codecs"])
            and len(names) == 1
        )
    return names[0] == "bytes" and all(n in ("zstd", "gzip", "crc32c") for n in names[1:])


def read(node: Mapping[str, Any], get: Callable[[str], bytes | None]) -> np.ndarray:
    """The array that `node` (a Zarr v3 metadata document) describes; `get` gives a chunk by key, None where absent."""
    shape = tuple(node["shape"])
    chunk = tuple(node["chunk_grid"]["configuration"]["chunk_shape"])
    out = np.full(shape, node["fill_value"], np.dtype(node["data_type"]))
    separator = node["chunk_key_encoding"].get("configuration", {}).get("separator", "/")
    for place in itertools.product(*(range(-(-n // c)) for n, c in zip(shape, chunk, strict=True))):
        data = get(separator.join(("c", *map(str, place))))
        if data is not None:
            _put(out, place, chunk, node["codecs"], data)
    return out


def _put(out: np.ndarray, place: Sequence[int], chunk: Sequence[int], codecs: Sequence[Codec], data: bytes) -> None:
    """Decode the chunk at `place`, which may stick out over the end of the array."""
    region: Any = (*(slice(p * c, (p + 1) * c) for p, c in zip(place, chunk, strict=True)), ...)
    inside = out[region]
    if inside.shape == tuple(chunk):
        _decode(codecs, data, inside)
    else:
        whole = np.zeros(chunk, out.dtype)
        part = tuple(slice(n) for n in inside.shape)
        whole[part] = inside  # what a shard leaves out keeps the fill value
        _decode(codecs, data, whole)
        inside[...] = whole[part]


def _decode(codecs: Sequence[Codec], data: bytes, target: np.ndarray) -> None:
    """The values of one chunk, written to target."""
    if codecs[0]["name"] == "sharding_indexed":
        _shard(codecs[0]["configuration"], data, target)
        return
    size: int | None = target.nbytes
    sizes: list[int | None] = []  # before each codec, None = any
    for codec in codecs[1:]:
        sizes.append(size)
        size = size + 4 if size is not None and codec["name"] == "crc32c" else None
    for codec, expected in zip(reversed(codecs[1:]), reversed(sizes), strict=True):
        data = _UNDO[codec["name"]](data, expected)
    big = codecs[0].get("configuration", {}).get("endian") == "big"
    values = np.frombuffer(data, target.dtype.newbyteorder(">" if big else "<"))
    target[...] = values.reshape(target.shape)


def _shard(document: Mapping[str, Any], data: bytes, target: np.ndarray) -> None:
    inner = tuple(document["chunk_shape"])
    counts = [n // c for n, c in zip(target.shape, inner, strict=True)]
    n = int(np.prod(counts, dtype=object))
    checked = len(document["index_codecs"]) == 2
    tail = data[len(data) - 16 * n - 4 * checked :]
    if checked:
        tail = _crc32c(tail, 16 * n)
    order = ">" if document["index_codecs"][0].get("configuration", {}).get("endian") == "big" else "<"
    index = np.frombuffer(tail, f"{order}u8").reshape(n, 2).tolist()
    for place, (offset, length) in zip(itertools.product(*map(range, counts)), index, strict=True):
        if (offset, length) != (MISSING, MISSING):
            if offset + length > len(data):
                raise ValueError(f"a chunk that ends at byte {offset + length} of {len(data)}")
            _put(target, place, inner, document["codecs"], data[offset : offset + length])


def _crc32c(data: bytes, expected: int | None) -> bytes:
    import google_crc32c

    body, check = data[:-4], data[-4:]
    if google_crc32c.value(body) != int.from_bytes(check, "little"):
        raise ValueError("a crc32c that does not match")
    return body


def _zstd(data: bytes, expected: int | None) -> bytes:
    import zstandard

    size = zstandard.get_frame_parameters(data).content_size
    if expected is None or size not in (expected, zstandard.CONTENTSIZE_UNKNOWN):
        raise ValueError(f"{size} bytes in a chunk of {expected}")
    return _exactly(zstandard.ZstdDecompressor().decompress(data, max_output_size=expected), expected)


def _gzip(data: bytes, expected: int | None) -> bytes:
    stream = zlib.decompressobj(31)
    found = stream.decompress(data, 1 + (expected or 0))
    if not stream.eof:
        raise ValueError("a gzip stream that is too short or too long")
    return _exactly(found, expected)


def _exactly(data: bytes, expected: int | None) -> bytes:
    if len(data) != expected:
        raise ValueError(f"{len(data)} bytes in a chunk of {expected}")
    return data


_UNDO = {"crc32c": _crc32c, "zstd": _zstd, "gzip": _gzip}
