"""What the `zarr.json` of a node may say: the part of Zarr v3 that every reader of depositions has."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from polystate.errors import NotAStore, UnreadableArray, UnsupportedCodec

CODECS = ("bytes", "crc32c", "gzip", "sharding_indexed", "zstd")
DTYPES = (
    "bool", "float32", "float64", "int16", "int32", "int64", "int8", "uint16", "uint32", "uint64", "uint8",
)  # fmt: skip
LARGEST = 1 << 53
LONGEST_NUMBER = 308  # digits that always fit into a 64-bit float
LARGEST_DOCUMENT, DEEPEST = 1 << 28, 200  # [STO-53]
_FLOAT_TEXT = re.compile("NaN|-?Infinity|0x[0-9a-fA-F]+")
_CONTROL = re.compile("[\x00-\x1f]")


def node(content: bytes, key: str) -> dict[str, Any]:
    """The document of a group or an array, from the bytes of its `zarr.json` at `key`."""
    check_names(key.removesuffix("zarr.json").removesuffix("/"), key)
    try:
        found = _loads(content)
    except Exception as error:  # not text, not JSON, or JSON too deep
        raise NotAStore(key, error, "a Zarr v3 metadata document") from error  # STO-6
    if not isinstance(found, dict) or found.get("zarr_format") != 3:
        raise NotAStore(key, "another format", "zarr_format 3")  # STO-6
    if found.get("node_type") not in ("group", "array"):
        raise NotAStore(key, f"node_type {found.get('node_type')!r:.80}", "group or array")  # STO-42
    if not isinstance(found.get("attributes", {}), dict):
        raise NotAStore(key, "attributes that are not an object", "a Zarr v3 metadata document")  # STO-42
    return found


def check_names(path: str, where: str) -> None:
    """[STO-45] Refuse a path that would name something outside the store, or that Zarr keeps for itself."""
    for name in path.split("/") if path else ():
        if not name.strip(".") or name.startswith("__"):
            raise NotAStore(where, f"a node called {name!r}", "names that are not empty, not only periods, not __...")
        if is_unfit_name(name):  # [STO-47]
            raise NotAStore(ascii(where), f"a node called {name!a}", "names of UTF-8 text without control characters")


def is_unfit_name(name: str) -> bool:
    """Whether a name of a node or a column would make the lines of the digest ambiguous, or is no text."""
    return bool(_CONTROL.search(name)) or not is_text(name)


def is_text(value: str) -> bool:
    """Whether a string has a UTF-8 form: no half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _loads(content: bytes) -> Any:
    """[STO-46] JSON of which there is one reading: UTF-8, each key once, numbers in range, text that is text."""
    if len(content) > LARGEST_DOCUMENT:
        raise ValueError(f"{len(content)} bytes")
    text = content.decode("utf-8")
    found = json.loads(
        text, parse_constant=_refuse_constant, parse_float=_float, parse_int=_int, object_pairs_hook=_unique
    )
    if text.count("[") + text.count("{") > DEEPEST and _is_deep(found):
        raise ValueError(f"more than {DEEPEST} levels")
    if "\\u" in text and not is_text(json.dumps(found, ensure_ascii=False)):
        raise ValueError("half of a surrogate pair")
    return found


def _is_deep(document: Any) -> bool:
    level = [document]
    for _ in range(DEEPEST):
        nested = [v for v in level if isinstance(v, dict | list)]
        level = [x for v in nested for x in (v.values() if isinstance(v, dict) else v)]
        if not level:
            return False
    return any(isinstance(v, dict | list) for v in level)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _float(digits: str) -> float:
    if math.isinf(value := float(digits)):
        raise ValueError(f"{digits:.40} is beyond the range of a 64-bit float")
    return value


def _int(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        _float(digits)
    return int(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key that stands twice in one object")
    return found


def check_array(found: Mapping[str, Any], path: str) -> None:
    """Refuse the metadata of an array that not every reader can read; no chunk is looked at."""

    def require(holds: bool, key: str, expected: str) -> None:
        if not holds:
            raise UnreadableArray(path, f"{key} {json.dumps(found.get(key)):.80}", expected)  # STO-28, STO-44

    shape, data_type = found.get("shape"), found.get("data_type")
    grid: Any = found.get("chunk_grid")
    keys: Any = found.get("chunk_key_encoding")
    require(_whole(shape, 0), "shape", "a list of whole numbers")
    require(isinstance(data_type, str) and data_type in DTYPES, "data_type", "one of " + ", ".join(DTYPES))
    require(_named(grid) and grid["name"] == "regular", "chunk_grid", "a regular grid")
    chunk = grid.get("configuration", {}).get("chunk_shape")
    require(
        _whole(chunk, 1) and len(chunk) == len(found["shape"]),
        "chunk_grid",
        "one chunk length of 1 or more a dimension",
    )
    separator = keys.get("configuration", {}).get("separator", "/") if _named(keys) else None
    require(_named(keys) and keys["name"] in ("default", "v2"), "chunk_key_encoding", "default or v2")
    require(separator in ("/", "."), "chunk_key_encoding", "a separator / or .")
    require(is_fill_value(found.get("fill_value"), np.dtype(data_type)), "fill_value", f"a {data_type}")
    require(found.get("storage_transformers", []) == [], "storage_transformers", "none")
    _check_codecs(found.get("codecs"), path, require, chunk)


def declared_bytes(node: Mapping[str, Any]) -> int:
    """Bytes of the whole array that metadata describe, checked or not; 0 where they describe none."""
    shape, data_type = node.get("shape"), node.get("data_type")
    if not _whole(shape, 0) or not isinstance(data_type, str) or data_type not in DTYPES:
        return 0
    return math.prod(shape or []) * np.dtype(data_type).itemsize


def _check_codecs(codecs: Any, path: str, require: Callable[[bool, str, str], None], chunk: list[int]) -> None:
    """A chain: the codec that makes bytes of a chunk, then those from bytes to bytes; inside a shard the same."""
    require(isinstance(codecs, list) and len(codecs) > 0, "codecs", "a list of codecs")
    for k, codec in enumerate(codecs):
        codec = {"name": codec} if isinstance(codec, str) else codec
        known = isinstance(codec, dict) and isinstance(codec.get("name"), str)
        require(known, "codecs", "codecs, each by its name or an object with a name")
        name = codec["name"]
        if name not in CODECS:
            raise UnsupportedCodec(path, f"{json.dumps(name):.80}", "one of " + ", ".join(CODECS))  # STO-22
        inner = codec.get("configuration", {})
        require(isinstance(inner, dict), "codecs", f"a configuration of {name} that is an object")
        require((k == 0) == (name in ("bytes", "sharding_indexed")), "codecs", "bytes or sharding_indexed first, once")
        if name == "bytes":
            require(inner.get("endian", "little") in ("little", "big"), "codecs", "endian little or big")
        if name == "sharding_indexed":
            _check_shard(inner, path, require, chunk)


def _check_shard(
    inner: Mapping[str, Any], path: str, require: Callable[[bool, str, str], None], chunk: list[int]
) -> None:
    """Chunks that divide the shard, and an index at its start or end whose length follows from their number."""
    parts: Any = inner.get("chunk_shape")
    require(_whole(parts, 1), "codecs", "the chunk shape inside a shard")
    fits = len(parts) == len(chunk) and not any(n % k for n, k in zip(chunk, parts, strict=True))
    require(fits, "codecs", f"chunks that divide a shard of {chunk}")
    require(inner.get("index_location", "end") in ("start", "end"), "codecs", "an index at the start or end")
    _check_codecs(inner.get("codecs"), path, require, parts)
    _check_codecs(inner.get("index_codecs"), path, require, parts)
    names = [name for name, _ in codec_list(inner["index_codecs"])]
    require(names in (["bytes"], ["bytes", "crc32c"]), "codecs", "an index of bytes, or of bytes and crc32c")


def codec_list(codecs: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    """Names and configurations of a chain, which may give a codec by its name alone."""
    return [(c, {}) if isinstance(c, str) else (c["name"], c.get("configuration", {})) for c in codecs]


def _named(value: Any) -> bool:
    """Whether a value is an object with a name and, where there is one, a configuration that is an object."""
    return isinstance(value, dict) and isinstance(value.get("configuration", {}), dict) and "name" in value


def _whole(values: Any, least: int) -> bool:
    return isinstance(values, list) and all(type(n) is int and least <= n < LARGEST for n in values)


def is_fill_value(value: Any, dtype: np.dtype) -> bool:
    """Whether a value of the metadata is one of a data type."""
    if dtype.kind == "b" or isinstance(value, bool):
        return dtype.kind == "b" and isinstance(value, bool)
    if dtype.kind == "f":
        if isinstance(value, str):
            return bool(_FLOAT_TEXT.fullmatch(value)) and (value[:2] != "0x" or len(value) == 2 + 2 * dtype.itemsize)
        return isinstance(value, int | float) and abs(value) <= float(np.finfo(dtype).max)
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return whole and np.iinfo(dtype).min <= value <= np.iinfo(dtype).max


def fill_value(value: Any, dtype: np.dtype) -> Any:
    """The element that a fill value of the metadata stands for."""
    if isinstance(value, str) and value.startswith("0x"):
        return np.frombuffer(bytes.fromhex(value[2:]), dtype.newbyteorder(">")).astype(dtype)[0]
    if dtype.kind in "iu":
        return dtype.type(int(value))
    return dtype.type(value)
