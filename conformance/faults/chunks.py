"""Wrong readers of chunks, tables and digests: byte order, missing chunks, keys, members, batches, lengths."""

import json
import struct

import numpy as np
import pyarrow as pa

from polystate.errors import UnreadableTable
from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

CHUNKS = "polystate.store.chunks"
DIGEST = "polystate.store.digest"


@fault("endian-in-shard-ignored", f"{CHUNKS}:_shard", "read", "validate")
def _(original):
    """Big-endian numbers inside a shard are read as little-endian."""
    old = 'codecs = metadata.codec_list(document["codecs"])'
    return edited(old, f'{old}; codecs[0] = (codecs[0][0], {{**codecs[0][1], "endian": "little"}})')(original)


@fault("missing-in-shard-zero", f"{CHUNKS}:_shard", "read", "validate")
def _(original):
    """A missing chunk inside a shard is read as zeros."""
    begin = "b + p * c - a for a, b, p, c in zip(low, corner, place, inner, strict=True)"
    zero = f"starts = [{begin}]; out[tuple(slice(max(0, s), max(0, s + c)) for s, c in zip(starts, inner))] = 0"
    return edited("        continue\n", f"        {zero}; continue\n")(original)


@fault("fill-hexadecimal-little", "polystate.store.metadata:fill_value", "read", "validate")
def _(original):
    """The digits of a hexadecimal fill value are taken in the order of memory."""
    return edited('newbyteorder(">")', 'newbyteorder("<")')(original)


@fault("fill-negative-zero", f"{CHUNKS}:read", "read", "validate")
def _(original):
    """A fill value of -0.0 is read as 0.0."""
    return edited("fill != 0 or math.copysign(1, fill) < 0", "fill != 0")(original)


@fault("first-member-of-gzip", f"{CHUNKS}:_UNDO", "read", "validate")
def _(original):
    """Of a gzip chunk of several members only the first is read."""
    wrong = edited("while at < len(view):", "while at < len(view) and not found:")(original["gzip"])
    return {**original, "gzip": wrong}


@fault("after-a-frame-of-no-length", f"{CHUNKS}:_UNDO", "read", "validate")
def _(original):
    """What follows a zstd frame that does not say how long its content is goes unseen."""
    condition = "if size == zstandard.CONTENTSIZE_UNKNOWN:"
    first = "\n        return zstandard.ZstdDecompressor().decompress(data, limit)\n    if size < 0:"
    return {**original, "zstd": edited(condition, condition + first)(original["zstd"])}


@fault("separator-of-default-ignored", f"{CHUNKS}:_key", "read", "validate")
def _(original):
    """Keys of the default encoding are looked for with a slash, whatever its separator."""
    return edited('return separator.join(("c",', 'return "/".join(("c",')(original)


@fault("separator-of-v2-slash", f"{CHUNKS}:_key", "read", "validate")
def _(original):
    """Keys of the encoding v2 are joined by a slash where it names no separator."""
    return edited('"." if older else "/"', '"/"')(original)


@fault("scalar-read-as-fill", f"{CHUNKS}:_key", "read", "validate")
def _(original):
    """The one chunk of an array without dimensions is looked for under another key."""
    return lambda place, encoding: original(place, encoding) + ("" if tuple(place) else "/0")


@fault("first-batch-only", "polystate.store.tables:read_table", "read", "validate", "discrete")
def _(original):
    """Of a table only the first record batch is read."""
    old = "table = reader.read_all()"
    return edited(old, f"{old}\n        if reader.num_record_batches > 1: "
                       "table = pa.Table.from_batches([reader.get_batch(0)])")(original)  # fmt: skip


@fault("columns-as-long-as-the-last", "polystate.store.tables:read_table", "read", "validate")
def _(original):
    """All columns of a record batch are taken to have as many values as the last."""

    def wrong(values, where):
        try:
            return original(values, where)
        except UnreadableTable as error:
            if "length" not in error.found:
                raise
            return original(_as_long_as_the_last(values), where)

    return wrong


def _as_long_as_the_last(values):
    content = bytearray(values.tobytes())
    columns = len(pa.ipc.open_file(pa.BufferReader(bytes(content))).schema)
    nodes = struct.Struct(f"<{2 * columns}q")  # length and number of nulls of each, after how many there are
    for at in range(4, len(content) - nodes.size, 4):
        found = nodes.unpack_from(content, at)
        if content[at - 4 : at] == columns.to_bytes(4, "little") and not any(found[1::2]):
            nodes.pack_into(content, at, *((found[-2], 0) * columns))
    return np.frombuffer(bytes(content), np.uint8)


@fault("digest-without-empty", f"{DIGEST}:_lines", "validate")
def _(original):
    """Arrays without elements have no line in the digest."""
    return lambda tree, layers: (line for line in original(tree, layers) if "0" not in json.loads(
        "[" + ",".join(f'"{n}"' for n in line[3].strip("[]").split(",")) + "]"))  # fmt: skip


@fault("digest-lengths-of-characters", f"{DIGEST}:_array_line", "validate")
def _(original):
    """The length before a text is that of its characters."""
    old = 'len(text).to_bytes(4, "little") + text for text in encoded'
    return edited(old, 'len(text.decode()).to_bytes(4, "little") + text for text in encoded')(original)


@fault("digest-sorted-json", f"{DIGEST}:canonical", "validate")
def _(original):
    """Documents are digested as a JSON writer with sorted keys puts them."""
    return lambda document, where: json.dumps(dict(document), sort_keys=True, separators=(",", ":")).encode()


@fault("digest-native-order", f"{DIGEST}:_array_line", "validate")
def _(original):
    """Numbers are digested big-endian."""

    def wrong(path, kind, values):
        swapped = values if isinstance(values, list) else np.asarray(values).byteswap()
        return original(path, kind, swapped)

    return wrong
