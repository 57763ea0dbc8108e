"""Operations on the files of a built store: harmless re-encoding of arrays, and damage for container faults."""

from __future__ import annotations

import json
import os
import shutil
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from polystate_conformance.suite.case import numbers


def encode(store: Path, change: dict[str, Any]) -> None:
    """Rewrite one array of a directory store with other chunks, shards, codecs, byte order or fill value."""
    import zarr
    from zarr.codecs import BytesCodec, Crc32cCodec, GzipCodec, ZstdCodec

    path = change["array"]
    old = zarr.open_array(zarr.storage.LocalStore(store), path=path, mode="r", zarr_format=3)
    values, attributes = np.asarray(old[...]), old.attrs.asdict()
    shutil.rmtree(store / path)
    known: dict[str, Any] = {"zstd": ZstdCodec, "gzip": GzipCodec}
    name = change.get("compressor", "zstd")
    compressors: list[Any] = [] if name == "none" else [known[name]()]
    if change.get("checksum"):
        compressors.append(Crc32cCodec())
    array = zarr.create_array(
        zarr.storage.LocalStore(store), name=path, shape=values.shape, dtype=values.dtype,
        chunks=tuple(change.get("chunks") or (max(1, length) for length in values.shape)),
        shards=tuple(change["shards"]) if "shards" in change else None,
        serializer=BytesCodec(endian=change.get("endian", "little")) if values.dtype.itemsize > 1 else "auto",
        compressors=compressors, fill_value=change.get("fill_value", 0), attributes=attributes,
    )  # fmt: skip
    array[...] = values


def apply(store: Path, operation: dict[str, Any]) -> None:
    """One operation on a file of the store; the path "." is the store itself (a zip)."""
    name = next(name for name in OPERATIONS if name in operation)
    path, (needs, act) = operation[name], OPERATIONS[name]
    target = store if path == "." else store / path
    if needs and not target.exists():
        raise FileNotFoundError(f"{path}: the built store has no such file, so nothing can be damaged")
    act(store, target, operation)


def of_zip(operation: dict[str, Any]) -> bool:
    """Whether an operation acts on the zip itself and not on a file in it."""
    return bool({"duplicate", "entry", "repack"} & operation.keys()) or next(iter(operation.values())) == "."


def node(operation: dict[str, Any]) -> str:
    """The node, or the file of a node, that an operation on a node of a store changes."""
    return next(str(operation[name]) for name in ("set_json", "remove_json", "delete", "array", "table")
                if name in operation)  # fmt: skip


def _truncate(store: Path, target: Path, operation: dict[str, Any]) -> None:
    content = target.read_bytes()
    if len(content) <= operation["bytes"]:
        raise ValueError(f"{operation['truncate']} has only {len(content)} bytes: truncating it changes nothing")
    target.write_bytes(content[: operation["bytes"]])


def _delete(store: Path, target: Path, operation: dict[str, Any]) -> None:
    shutil.rmtree(target) if target.is_dir() else target.unlink()


def _write(store: Path, target: Path, operation: dict[str, Any]) -> None:
    if target == store and target.is_dir():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(bytes.fromhex(operation["hex"]) if "hex" in operation else operation.get("text", "").encode())


def _flip(store: Path, target: Path, operation: dict[str, Any]) -> None:
    content = bytearray(target.read_bytes())
    content[operation["byte"]] ^= 0xFF
    target.write_bytes(content)


def _replace(store: Path, target: Path, operation: dict[str, Any]) -> None:
    content, old = target.read_bytes(), bytes.fromhex(operation["old"])
    if content.count(old) != 1:
        raise ValueError(f"{operation['replace']} holds {operation['old']} {content.count(old)} times, not once")
    target.write_bytes(content.replace(old, bytes.fromhex(operation["new"])))


def _link(store: Path, target: Path, operation: dict[str, Any]) -> None:
    """What the link names lies beside the layers, where it is no part of the store."""
    hidden = store / ".linked"
    target.rename(hidden)
    target.symlink_to(os.path.relpath(hidden, target.parent), target_is_directory=hidden.is_dir())


def _fifo(store: Path, target: Path, operation: dict[str, Any]) -> None:
    target.unlink()
    os.mkfifo(target)


def _folder(store: Path, target: Path, operation: dict[str, Any]) -> None:
    target.mkdir()


def _rename(store: Path, target: Path, operation: dict[str, Any]) -> None:
    (store / operation["to"]).parent.mkdir(parents=True, exist_ok=True)
    target.rename(store / operation["to"])


def _edit_json(store: Path, target: Path, operation: dict[str, Any]) -> None:
    document = json.loads(target.read_text("utf-8"))
    edit(document, operation["pointer"], operation.get("value"), remove="remove_json" in operation)
    target.write_text(json.dumps(document), "utf-8")


def _change_array(store: Path, target: Path, operation: dict[str, Any]) -> None:
    _write_array(store, operation["array"], np.array(numbers(operation["data"]), operation["dtype"]))


def _write_array(store: Path, path: str, values: np.ndarray, attributes: dict[str, Any] | None = None) -> None:
    """Write an array anew, in one chunk."""
    import zarr
    from zarr.codecs import ZstdCodec

    shutil.rmtree(store / path, ignore_errors=True)
    chunks = tuple(max(1, length) for length in values.shape)
    array = zarr.create_array(
        zarr.storage.LocalStore(store), name=path, shape=values.shape, dtype=values.dtype, chunks=chunks,
        compressors=[ZstdCodec()], fill_value=0, attributes=attributes or {},
    )  # fmt: skip
    if values.size:
        array[...] = values


def _change_table(store: Path, target: Path, operation: dict[str, Any]) -> None:
    """Replace, add or drop a column of a table, keep some of its rows in another order, or write few rows a batch."""
    import pyarrow as pa
    import zarr

    path = operation["table"]
    old = zarr.open_array(zarr.storage.LocalStore(store), path=path, mode="r", zarr_format=3)
    attributes, content = old.attrs.asdict(), np.asarray(old[...]).tobytes()
    table = pa.ipc.open_file(pa.BufferReader(content)).read_all()
    if "rows" in operation:
        table = table.take(operation["rows"])
    if "drop" in operation:
        table = table.drop_columns([operation["drop"]])
    if "column" in operation:
        values = pa.array(numbers(operation["data"]), _arrow_type(operation["dtype"]))
        if operation["column"] in table.column_names and not operation.get("again"):
            table = table.drop_columns([operation["column"]])
        table = table.append_column(operation["column"], values)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=operation.get("batches"))
    _write_array(store, path, np.frombuffer(sink.getvalue(), np.uint8), attributes)


def _arrow_type(name: str) -> Any:
    import pyarrow as pa

    others = {
        "text": pa.string(), "large-text": pa.large_string(),
        "dictionary-text": pa.dictionary(pa.int32(), pa.string()),
        "dictionary-i4": pa.dictionary(pa.int32(), pa.int32()),
    }  # fmt: skip
    return others[name] if name in others else pa.from_numpy_dtype(name)


METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


def _repack(store: Path, packed: Path, operation: dict[str, Any]) -> None:
    """Store all entries of a zip anew by another method."""
    method = METHODS[operation["method"]]
    with zipfile.ZipFile(packed) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def _duplicate(packed: Path, entry: Path, operation: dict[str, Any]) -> None:
    """Store an entry of a zip once more under the same name."""
    name = operation["duplicate"]
    with zipfile.ZipFile(packed, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        archive.writestr(name, archive.read(name))


def _entry(packed: Path, entry: Path, operation: dict[str, Any]) -> None:
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(operation["entry"], operation["text"], METHODS[operation.get("method", "stored")])
        archive.filelist[-1].flag_bits |= bool(operation.get("encrypted"))


def edit(document: Any, pointer: str, value: Any, remove: bool) -> None:
    """Set or remove what a JSON pointer (RFC 6901) names; parents must exist."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in parts[:-1]:
        document = document[int(part)] if isinstance(document, list) else document[part]
    key = int(parts[-1]) if isinstance(document, list) else parts[-1]
    if remove:
        del document[key]
    else:
        document[key] = value


Act = Callable[[Path, Path, dict[str, Any]], None]
"""Of the store, of what the operation names in it, and of the operation."""

OPERATIONS: dict[str, tuple[bool, Act]] = {
    "array": (False, _change_array), "table": (True, _change_table), "duplicate": (False, _duplicate),
    "repack": (True, _repack), "folder": (False, _folder), "entry": (False, _entry), "truncate": (True, _truncate),
    "delete": (True, _delete), "write": (False, _write), "set_json": (True, _edit_json),
    "remove_json": (True, _edit_json), "flip": (True, _flip), "rename": (True, _rename), "replace": (True, _replace),
    "link": (True, _link), "fifo": (True, _fifo),
}  # fmt: skip
"""Whether what is named must be there, and what is done to it."""
