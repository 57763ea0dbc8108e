"""Arrays read straight from their chunks are those that zarr reads, and damage is refused."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest
import zarr
import zstandard
from zarr.codecs import BytesCodec, Crc32cCodec, GzipCodec, ZstdCodec

from polystate import chunks

RNG = np.random.default_rng(3)


def stored(path, values, **options):
    """The array in a store, and a way to read it without zarr."""
    array = zarr.create_array(
        zarr.storage.LocalStore(path), name="a", shape=values.shape, dtype=values.dtype, **options
    )
    array[...] = values
    node = json.loads((path / "a" / "zarr.json").read_text())

    def get(key):
        file = path / "a" / key
        return file.read_bytes() if file.exists() else None

    return node, get


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "uint8", "uint32", "bool", "int64"])
@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (10, 4), "compressors": None},
        {"chunks": (7, 3), "compressors": [ZstdCodec(level=3, checksum=True)]},
        {"chunks": (7, 3), "compressors": [GzipCodec(level=3), Crc32cCodec()]},
        {"chunks": (7, 3), "compressors": [Crc32cCodec(), ZstdCodec()]},
        {"chunks": (3, 2), "shards": (9, 4), "compressors": [ZstdCodec()]},
        {"chunks": (3, 2), "shards": (9, 4), "compressors": None, "fill_value": 1},
        {"chunks": (7, 3), "serializer": BytesCodec(endian="big"), "compressors": None},
        {"chunks": (7, 3), "compressors": None, "chunk_key_encoding": {"name": "default", "separator": "."}},
    ],
)
def test_what_zarr_writes_is_read(tmp_path, dtype, options):
    values = RNG.integers(0, 2, (25, 8)).astype(dtype)
    values[9:18] = options.get("fill_value", 0)  # chunks that are left out
    node, get = stored(tmp_path, values, **options)
    assert chunks.is_plain(node)
    found = chunks.read(node, get)
    assert found.dtype == values.dtype and np.array_equal(found, values)


@pytest.mark.parametrize("shape", [(), (0,), (5, 0, 3), (1,), (4, 3, 2, 5)])
def test_any_shape_is_read(tmp_path, shape):
    values = RNG.normal(size=shape)
    node, get = stored(tmp_path, values, chunks=tuple(max(1, n // 2) for n in shape))
    assert np.array_equal(chunks.read(node, get), values)


@pytest.mark.parametrize("compressor", [ZstdCodec(checksum=True), GzipCodec(), Crc32cCodec()])
def test_damage_is_refused(tmp_path, compressor):
    node, get = stored(tmp_path, RNG.normal(size=(50, 3)), chunks=(50, 3), compressors=[compressor])
    whole = get("c/0/0")
    for damaged in (whole[:-1], whole[:40], b"", whole[:100] + bytes([whole[100] ^ 1]) + whole[101:]):
        with pytest.raises((ValueError, RuntimeError, OSError, zlib.error, zstandard.ZstdError)):
            chunks.read(node, lambda key, damaged=damaged: damaged)


def test_what_is_not_plain_is_left_to_zarr(tmp_path):
    node, _ = stored(tmp_path, RNG.normal(size=(5, 3)), chunks=(5, 3), fill_value=float("nan"))
    assert not chunks.is_plain(node)
