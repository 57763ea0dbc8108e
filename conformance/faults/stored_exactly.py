"""Slips about what is stored exactly: entries of an index, the largest numbers, nested shards, what a writer keeps."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

CHUNKS = "polystate.store.chunks"
DIGEST = "polystate.store.digest"
METADATA = "polystate.store.metadata"
TABLES = "polystate.store.tables"
WRITING = "polystate.store.writing"


@fault("half-an-entry-is-missing", f"{CHUNKS}:_shard", "read")
def _(original):
    """A chunk of a shard is missing where either number of its index says so."""
    return edited("if (offset, length) == (MISSING, MISSING):", "if MISSING in (offset, length):")(original)


@fault("hexadecimal-fill-turned", f"{CHUNKS}:read", "read", "validate")
def _(original):
    """The digits of a hexadecimal fill value are turned where numbers of the array are big-endian."""
    old = 'metadata.fill_value(node["fill_value"], dtype)'
    turned = 'str(node["fill_value"]).startswith("0x") and "big" in str(node["codecs"])'
    return edited(old, f"(lambda f: f.byteswap() if {turned} else f)({old})")(original)


@fault("codecs-once", f"{CHUNKS}:_decode", "read", "validate")
def _(original):
    """A codec that stands twice in a chain is undone once."""
    once = "dict.fromkeys(name for name, _ in reversed(codecs[1:]))"
    return edited("for name, _ in reversed(codecs[1:]):", f"for name in {once}:")(original)


@fault("whole-fill-as-a-float", f"{METADATA}:fill_value", "read")
def _(original):
    """A fill value of whole numbers is read as a 64-bit float, which has no 2^53 + 1."""
    return edited("dtype.type(int(value))", "np.array(float(value)).astype(dtype)[()]")(original)


@fault("inner-shards-divide-the-outer", f"{METADATA}:_check_shard", "read", "validate")
def _(original):
    """Chunks of a shard in a shard need only divide the outer one."""
    old = '_check_codecs(inner.get("codecs"), path, require, parts)'
    return edited(old, old.replace("parts", "chunk"))(original)


@fault("nulls-of-the-first-batch", f"{TABLES}:_column", "validate")
def _(original):
    """Nulls are looked for in the first record batch alone."""
    return edited("if column.null_count:", "if column.num_chunks and column.chunk(0).null_count:")(original)


@fault("partial-digest-by-the-beginning", f"{DIGEST}:partial_digest", "validate")
def _(original):
    """A partial digest has all lines whose path begins with the path, with a slash or without."""
    return edited('x[0] == path or x[0].startswith(path + "/")', "x[0].startswith(path)")(original)


@fault("no-array-at-the-top", f"{DIGEST}:_lines", "validate")
def _(original):
    """Arrays at the top have no line, however they are called."""
    return edited("{name: arrays[name] for name in arrays if name in layers}", "{}")(original)


@fault("whole-numbers-in-digits", f"{DIGEST}:canonical", "validate")
def _(original):
    """Whole numbers from 1e21 on are spelled in all their digits."""

    def canonical(document, where):
        def spelled(value):
            if isinstance(value, dict):
                return {key: spelled(item) for key, item in value.items()}
            if isinstance(value, list):
                return [spelled(item) for item in value]
            large = isinstance(value, float) and value.is_integer() and abs(value) >= 1e21
            return f"\0{int(value)}\0" if large else value

        return original(spelled(dict(document)), where).replace(b'"\\u0000', b"").replace(b'\\u0000"', b"")

    return canonical


@fault("chunks-of-zeros-of-any-sign-left-out", f"{WRITING}:_write_one_chunk", "read")
def _(original):
    """A chunk of negative zeros is left out as one of zeros, and read again as such."""
    return edited("content.count(0) < len(content)", "values.any()")(original)


@fault("columns-without-meaning-unwritten", f"{TABLES}:table_bytes", "read")
def _(original):
    """Columns of types that mean nothing are not written."""
    return edited("in table.items()", "in table.items() if is_known(values)")(original)
