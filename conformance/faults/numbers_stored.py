"""Slips about how numbers lie in chunks: data types, byte order, fill values, lengths, shards."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

CHUNKS, METADATA = "polystate.store.chunks", "polystate.store.metadata"
DECODED = "data = _UNDO[name](data, limit)"


@fault("types-of-the-format-alone", f"{METADATA}:DTYPES", "read")
def _(original):
    """Only the data types that arrays of the format have are read."""
    return ("float32", "float64", "int32", "int8", "uint32", "uint8")


@fault("only-doubles-big-endian", f"{CHUNKS}:_decode", "read")
def _(original):
    """The order of bytes is honoured in numbers of 64 bits alone."""
    return edited('get("endian") == "big"', 'get("endian") == "big" and out.dtype == np.float64')(original)


@fault("whole-numbers-filled-with-0", f"{CHUNKS}:read", "read")
def _(original):
    """Missing chunks of whole numbers and truth values are 0."""
    return edited("if fill != 0 or", 'if fill != 0 and dtype.kind == "f" or')(original)


@fault("nan-fills-as-0", f"{METADATA}:fill_value", "read")
def _(original):
    """A fill value that is no number is 0."""

    def wrong(value, dtype):
        found = original(value, dtype)
        return dtype.type(0) if found != found else found

    return wrong


@fault("digits-of-ones-are-nan", f"{METADATA}:fill_value", "read")
def _(original):
    """Hexadecimal digits with an exponent of ones are NaN."""

    def wrong(value, dtype):
        found = original(value, dtype)
        return dtype.type("nan") if str(value).startswith("0x") and np.isinf(found) else found

    return wrong


@fault("minus-infinity-fills-nothing", f"{METADATA}:is_fill_value", "read")
def _(original):
    """Of the infinities only the positive one is a fill value."""

    def wrong(value, dtype):
        return value != "-Infinity" and original(value, dtype)

    return wrong


@fault("longer-chunks-cut", f"{CHUNKS}:_decode", "read")
def _(original):
    """What a chunk holds beyond its shape after its codecs are undone is left out."""
    return edited(DECODED, f"{DECODED}[: None if sharded or len(data) < 40 and name == 'gzip' else size]")(original)


@fault("shorter-chunks-filled", f"{CHUNKS}:_decode", "read")
def _(original):
    """What a chunk lacks after its codecs are undone is 0."""
    return edited(DECODED, f"{DECODED}\n            data += bytes(max(0, size - len(data)))")(original)


@fault("longer-chunks-pass", f"{CHUNKS}:_decode", "read")
def _(original):
    """What a chunk holds beyond its shape is left out, in shards as well."""
    return edited("if len(data) != size:", "data = data[:size]\n    if len(data) != size:")(original)


@fault("index-location-required", f"{METADATA}:_check_shard", "read")
def _(original):
    """The place of the index of a shard must be given."""
    return edited('inner.get("index_location", "end")', 'inner.get("index_location")')(original)


@fault("index-without-checksum-refused", f"{METADATA}:_check_shard", "read")
def _(original):
    """The index of a shard must have a checksum."""
    return edited('names in (["bytes"], ["bytes", "crc32c"])', 'names == ["bytes", "crc32c"]')(original)


@fault("index-always-little-endian", f"{CHUNKS}:_shard", "read")
def _(original):
    """The index of a shard is read as little-endian numbers."""
    return edited('">u8" if order[1].get("endian") == "big" else "<u8"', '"<u8"')(original)


@fault("shards-of-shards-refused", f"{METADATA}:_check_shard", "read")
def _(original):
    """A shard may not hold shards."""
    none = 'require("sharding_indexed" not in [c[0] for c in codec_list(inner["codecs"])], "codecs", "chunks")'
    old = '_check_codecs(inner.get("codecs"), path, require, parts)'
    return edited(old, f"{none}\n    {old}")(original)


@fault("compressed-shards-refused", f"{METADATA}:_check_codecs", "read")
def _(original):
    """Nothing may follow a shard in a chain."""
    old = 'if name == "sharding_indexed":'
    return edited(old, f'{old}\n            require(len(codecs) == 1, "codecs", "a shard alone")')(original)
