"""Wrong readers of shards, of parts of them, and of gzip chunks."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

CHUNKS = "polystate.store.chunks"


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
