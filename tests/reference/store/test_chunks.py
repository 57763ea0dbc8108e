"""Arrays read straight from their chunks are those that zarr reads, and damage is refused."""

from __future__ import annotations

import gzip
import json
import zlib

import numpy as np
import pytest
import zarr
import zstandard
from zarr.codecs import BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, ZstdCodec

from polystate.errors import UnreadableArray
from polystate.store import chunks, memory, metadata

RNG = np.random.default_rng(3)
INDEX_FIRST = ShardingCodec(chunk_shape=(3, 2), index_location="start", codecs=[BytesCodec(), Crc32cCodec()])
NESTED = ShardingCodec(chunk_shape=(6, 4), codecs=[ShardingCodec(chunk_shape=(3, 2), codecs=[BytesCodec()])])


def stored(path, values, **options):
    """The array in a store, and a way to read it without zarr."""
    array = zarr.create_array(
        zarr.storage.LocalStore(path), name="a", shape=values.shape, dtype=values.dtype, **options
    )
    array[...] = values
    node = json.loads((path / "a" / "zarr.json").read_text())

    def get(key, first=0, length=None):
        file = path / "a" / key
        if not file.exists():
            return None
        content = file.read_bytes()
        content = content[first:] if first >= 0 else content[max(0, len(content) + first) :]
        return content[:length]

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
        {"chunks": (7, 3), "compressors": None, "chunk_key_encoding": {"name": "v2", "separator": "."}},
        {"chunks": (7, 3), "compressors": [ZstdCodec(), GzipCodec(), Crc32cCodec()]},
        {"chunks": (9, 4), "serializer": INDEX_FIRST, "compressors": None},
        {"chunks": (12, 4), "serializer": NESTED, "compressors": None},
        {"chunks": (9, 4), "serializer": INDEX_FIRST, "compressors": [GzipCodec()]},
    ],
)
def test_what_zarr_writes_is_read(tmp_path, dtype, options):
    values = RNG.integers(0, 2, (25, 8)).astype(dtype)
    values[9:18] = options.get("fill_value", 0)  # chunks that are left out
    node, get = stored(tmp_path, values, **options)
    metadata.check_array(node, "a")
    found = chunks.read(node, get)
    assert found.dtype == values.dtype and np.array_equal(found, values)
    for rows in (range(4, 5), range(0, 25), range(8, 20), range(24, 25), range(3, 3)):
        assert np.array_equal(chunks.read(node, get, rows), values[rows.start : rows.stop])
    keys = [p.relative_to(tmp_path / "a").as_posix() for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert np.array_equal(chunks.read(node, get, present=keys), values)


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
            chunks.read(node, lambda key, first=0, length=None, damaged=damaged: damaged)


@pytest.mark.parametrize("fill", [float("nan"), float("inf"), -0.0, 2.5])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_fill_values_of_any_spelling_are_read(tmp_path, fill, dtype):
    values = np.full((5, 3), fill, dtype)
    node, get = stored(tmp_path, values, chunks=(2, 3), fill_value=fill)
    bits = "0x" + values[:1, 0].astype(values.dtype.newbyteorder(">")).tobytes().hex()
    for spelled in (node["fill_value"], bits):
        node["fill_value"] = spelled
        metadata.check_array(node, "a")
        assert chunks.read(node, get).tobytes() == values.tobytes()
    assert not metadata.is_fill_value(bits[:-2], values.dtype)
    assert not metadata.is_fill_value(1e300, np.dtype("float32"))


def test_codecs_may_be_given_by_name_alone(tmp_path):
    values = RNG.integers(0, 9, (25, 8)).astype(np.int16)
    node, get = stored(tmp_path, values, chunks=(9, 4), serializer=INDEX_FIRST, compressors=[GzipCodec()])
    node["codecs"][1] = "gzip"
    node["codecs"][0]["configuration"]["codecs"] = ["bytes", "crc32c"]
    node["codecs"][0]["configuration"]["index_codecs"] = ["bytes", "crc32c"]
    metadata.check_array(node, "a")
    assert np.array_equal(chunks.read(node, get), values)


@pytest.mark.parametrize(
    "change",
    [
        {"chunk_shape": [5, 2]},
        {"chunk_shape": [18, 4]},
        {"chunk_shape": [3]},
        {"chunk_shape": [3, 2, 1]},
        {"index_location": "middle"},
        {"index_codecs": ["bytes", "gzip"]},
        {"index_codecs": ["bytes", "crc32c", "crc32c"]},
    ],
)
def test_shards_that_cannot_be_are_refused(tmp_path, change):
    node, _ = stored(tmp_path, RNG.normal(size=(25, 8)), chunks=(3, 2), shards=(9, 4))
    node["codecs"][0]["configuration"] |= change
    with pytest.raises(UnreadableArray):
        metadata.check_array(node, "a")


def test_only_chunks_that_exist_are_looked_for(tmp_path):
    node, get = stored(tmp_path, np.arange(12.0), chunks=(1,))
    node["shape"], node["data_type"], node["codecs"] = [1 << 23], "uint8", ["bytes"]
    found = chunks.read(node, lambda *_: b"\x07", present=["c/5", "c/8388607", "c/8388608", "c/05", "c/1/1", "x", "c"])
    assert np.flatnonzero(found).tolist() == [5, 8388607]


def test_a_chunk_far_beyond_the_array_costs_what_is_in_it(tmp_path):
    node, get = stored(tmp_path, np.zeros(12), chunks=(12,))
    node["chunk_grid"]["configuration"]["chunk_shape"] = [1 << 52]
    assert np.array_equal(chunks.read(node, get), np.zeros(12))
    for content in (b"", b"1234", zstandard.compress(bytes(1 << 20))):
        with pytest.raises((ValueError, zstandard.ZstdError)):
            chunks.read(node, lambda *_, content=content: content)


def test_what_memory_cannot_hold_is_not_made(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 1 << 26)
    node, get = stored(tmp_path, np.zeros(12), chunks=(12,))
    node["shape"] = [1 << 22]
    with pytest.raises(MemoryError):
        chunks.read(node, get)


def test_streams_of_several_parts_and_of_more_than_there_should_be(tmp_path):
    node, get = stored(tmp_path, np.arange(12.0), chunks=(12,), compressors=[GzipCodec()])
    whole = np.arange(12.0).tobytes()
    two = gzip.compress(whole[:40]) + gzip.compress(whole[40:])
    assert np.array_equal(chunks.read(node, lambda *_: two), np.arange(12.0))
    for content in (two + b"junk", gzip.compress(whole + b"\0"), gzip.compress(bytes(1 << 20))):
        with pytest.raises((ValueError, zlib.error)):
            chunks.read(node, lambda *_, content=content: content)
