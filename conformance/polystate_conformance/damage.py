"""Operations on the files of a built store: harmless re-encoding of arrays, and damage for container faults."""

from __future__ import annotations

import json
import shutil
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np


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
    if "duplicate" in operation:
        return _duplicate(store, operation["duplicate"])
    name = next(
        key for key in ("truncate", "delete", "write", "set_json", "remove_json", "flip", "rename") if key in operation
    )
    target = store if operation[name] == "." else store / operation[name]
    if name != "write" and not target.exists():
        raise FileNotFoundError(f"{operation[name]}: the built store has no such file, so nothing can be damaged")
    if name == "truncate":
        content = target.read_bytes()
        if len(content) <= operation["bytes"]:
            raise ValueError(f"{operation['truncate']} has only {len(content)} bytes: truncating it changes nothing")
        target.write_bytes(content[: operation["bytes"]])
    elif name == "delete":
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    elif name == "write":
        if operation["write"] == "." and target.is_dir():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(
            bytes.fromhex(operation["hex"]) if "hex" in operation else operation.get("text", "").encode()
        )
    elif name == "flip":
        content = bytearray(target.read_bytes())
        content[operation["byte"]] ^= 0xFF
        target.write_bytes(content)
    elif name == "rename":
        (store / operation["to"]).parent.mkdir(parents=True, exist_ok=True)
        target.rename(store / operation["to"])
    else:
        document = json.loads(target.read_text("utf-8"))
        _edit(document, operation["pointer"], operation.get("value"), remove=name == "remove_json")
        target.write_text(json.dumps(document), "utf-8")


def _duplicate(packed: Path, name: str) -> None:
    """Store an entry of a zip once more under the same name."""
    with zipfile.ZipFile(packed, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        archive.writestr(name, archive.read(name))


def _edit(document: Any, pointer: str, value: Any, remove: bool) -> None:
    """Set or remove what a JSON pointer (RFC 6901) names; parents must exist."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in parts[:-1]:
        document = document[int(part)] if isinstance(document, list) else document[part]
    key = int(parts[-1]) if isinstance(document, list) else parts[-1]
    if remove:
        del document[key]
    else:
        document[key] = value
