"""What a writer must not have done to a store, which its digest does not tell."""

import json
import zipfile

import numpy as np
import pyarrow as pa
import pytest
import zarr

from polystate_conformance.scoring import written

MARK = {"polystate": {"media_type": "application/vnd.apache.arrow.file"}}


def _array(store, name, values, codecs=None, **more):
    array = zarr.create_array(store, name=name, shape=values.shape, dtype=values.dtype, fill_value=0, **more)
    array[...] = values
    if codecs:
        file = store / name / "zarr.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "codecs": codecs}))


def _table(columns, **options):
    sink = pa.BufferOutputStream()
    table = pa.table(columns)
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return np.frombuffer(sink.getvalue(), np.uint8)


@pytest.fixture
def store(tmp_path):
    zarr.create_group(tmp_path / "out.zarr")
    return tmp_path / "out.zarr"


def test_a_store_as_it_should_be(store):
    _array(store, "x", np.arange(4.0), shards=(4,), chunks=(2,))
    _array(store, "t", _table({"label": ["a", ""], "n": [1, 2]}), attributes=MARK)
    assert written.fault(store) is None


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        ({"n": [1] * 99}, {"compression": "zstd"}, "compressed"),
        ({"label": pa.array(["a", "b"]).dictionary_encode()}, {}, "dictionary"),
        ({"label": ["a", None]}, {}, "null"),
    ],
)
def test_tables(store, columns, options, said):
    _array(store, "t", _table(columns, **options), attributes=MARK)
    assert said in written.fault(store)


@pytest.mark.parametrize("codec", ["blosc", "transpose"])
def test_codecs(store, codec):
    _array(store, "x", np.arange(4.0), ["bytes", {"name": codec}])
    assert codec in written.fault(store)


@pytest.mark.parametrize("inner", [False, True])
def test_big_endian(store, inner):
    big = {"name": "bytes", "configuration": {"endian": "big"}}
    shard = {
        "name": "sharding_indexed",
        "configuration": {"chunk_shape": [2], "codecs": ["bytes"], "index_codecs": [big]},
    }
    _array(store, "x", np.arange(4.0), [shard if inner else big])
    assert "little-endian" in written.fault(store)


def test_a_compressed_entry(tmp_path, store):
    with zipfile.ZipFile(tmp_path / "out.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(store / "zarr.json", "zarr.json")
    assert "zarr.json" in written.fault(tmp_path / "out.zip")


def test_nodes_and_columns_have_names(store):
    zarr.create_group(store / "later")
    _array(store, "later/t", _table({"n": [1], "day": pa.array([1], pa.date32())}), attributes=MARK)
    _array(store, "x", np.arange(4.0), attributes={"polystate": "a text"})
    assert written.names(store) == {"later", "later/t", "later/t/n", "later/t/day", "x"}
