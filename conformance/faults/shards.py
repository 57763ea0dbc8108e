"""Wrong readers of shards, of parts of them, of gzip chunks and of what metadata say where there is no chunk."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

CHUNKS = "polystate.store.chunks"
METADATA = "polystate.store.metadata"


@fault("shard-needs-a-chunk", f"{CHUNKS}:_slices", "read")
def _(original):
    """A shard that holds nothing but its index counts as cut off."""
    return edited("max(0, len(data) + first)", "max(1, len(data) + first)")(original)


@fault("part-of-a-shard-misplaced", f"{CHUNKS}:_shard", "discrete")
def _(original):
    """Of a part of an array in shards as many chunks are read as it has, whichever they are."""
    return edited("-(-(a + n - b) // c)", "-(-n // c)")(original)


@fault("keys-of-another-dimension", f"{CHUNKS}:_places", "read")
def _(original):
    """A file whose name has one number more than the array has dimensions is taken for a chunk."""
    return edited("inside and _key(place, encoding) == key", "_key(place, encoding) == key")(original)


@fault("chunk-cut-by-the-end-of-its-shard", f"{CHUNKS}:_shard", "read")
def _(original):
    """A chunk that would end beyond its shard is what there is of it."""
    return edited("len(data) != length", "False")(original)


@fault("zlib-for-gzip", f"{CHUNKS}:_UNDO", "validate")
def _(original):
    """A zlib stream passes for a gzip chunk."""
    return {**original, "gzip": edited("decompressobj(31)", "decompressobj(47)")(original["gzip"])}


@fault("gzip-window-of-14-bits", f"{CHUNKS}:_UNDO", "validate")
def _(original):
    """A gzip chunk may copy what stands 16384 bytes before, and no more."""
    return {**original, "gzip": edited("decompressobj(31)", "decompressobj(30)")(original["gzip"])}


@fault("indices-by-any-codec", f"{METADATA}:_check_shard", "read")
def _(original):
    """The codecs of an index are looked at when there is an index to read."""
    return edited('names in (["bytes"], ["bytes", "crc32c"])', 'names[0] == "bytes"')(original)


@fault("metadata-of-empty-arrays", f"{METADATA}:check_array", "validate")
def _(original):
    """What the metadata of an array of no elements say is not looked at."""
    return lambda found, path: None if 0 in found["shape"] else original(found, path)


@fault("truth-values-filled-by-others", f"{METADATA}:is_fill_value", "read")
def _(original):
    """Any fill value is one of truth values."""
    return lambda value, dtype: dtype.kind == "b" or original(value, dtype)


@fault("fill-values-bounded-above", f"{METADATA}:is_fill_value", "read")
def _(original):
    """A negative fill value may be beyond the largest number of its type."""
    return edited("abs(value) <=", "value <=")(original)


@fault("codecs-of-any-length", f"{METADATA}:_check_codecs", "read")
def _(original):
    """Codecs that are a text or an object are gone through like a list."""
    return edited("isinstance(codecs, list) and len(codecs) > 0", "len(codecs) > 0")(original)
