"""Slips about arrays and tables: what their metadata may say, damaged chunks, marks of tables, types, bounds."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

CHUNKS, METADATA, TABLES = "polystate.store.chunks", "polystate.store.metadata", "polystate.store.tables"
PAYLOADS, SOURCES = "polystate.rules.payloads", "polystate.store.sources"
CHECK, CODECS, SHARD = f"{METADATA}:check_array", f"{METADATA}:_check_codecs", f"{METADATA}:_check_shard"
FILL, VALUES = f"{METADATA}:is_fill_value", f"{PAYLOADS}:value_errors"
MARK = "polystate.store.reading:_is_table"


@fault("encrypted-entries-pass", f"{SOURCES}:checked_zip", "validate")
def _(original):
    """An entry of a zip may be encrypted where it is not read."""
    return edited(" or entry.flag_bits & 1", "")(original)


@fault("methods-of-nodes-alone", f"{SOURCES}:checked_zip", "validate")
def _(original):
    """The method of an entry of a zip is looked at where it is a node's."""
    return edited("if entry.compress_type not in", 'if "json" in entry.filename and entry.compress_type not in')(
        original
    )


@fault("hidden-entries-judged", f"{SOURCES}:checked_zip", "validate")
def _(original):
    """Entries of a zip that belong to the machine are judged as all others."""
    return edited("if not is_of_machine(entry.filename)", "if entry.filename")(original)


# -- chunks ----------------------------------------------------------------------------------------------


@fault("empty-chunk-is-missing", f"{CHUNKS}:read", "read", "validate")
def _(original):
    """A chunk of no bytes counts as missing."""
    return edited("if data is not None:", "if data:")(original)


@fault("inner-chunk-of-no-bytes-is-missing", f"{CHUNKS}:_shard", "read")
def _(original):
    """A chunk of no bytes in a shard counts as missing."""
    return edited("if (offset, length) == (MISSING, MISSING):", "if offset == MISSING or not length:")(original)


@fault("long-chunk-cut", f"{CHUNKS}:_decode", "read", "validate")
def _(original):
    """What a chunk holds beyond its metadata is cut off."""
    return edited("if len(data) != size:", "data = data[:size]\n    if len(data) != size:")(original)


@fault("gzip-cut-off-passes", f"{CHUNKS}:_UNDO", "read", "validate")
def _(original):
    """A gzip member may end before its checksum and length."""
    cut = 'raise CutOff("a gzip stream that is cut off")'
    return {**original, "gzip": edited(cut, 'return b"".join(found)')(original["gzip"])}


@fault("gzip-sum-unchecked", f"{CHUNKS}:_UNDO", "read", "validate")
def _(original):
    """The checksum of a gzip member is not compared."""
    raised = 'raise ValueError(f"no gzip stream: {error}") from error'
    return {
        **original,
        "gzip": edited(raised, "return zlib.decompressobj(-15).decompress(data[10:])")(original["gzip"]),
    }


@fault("padding-of-gzip-refused", f"{CHUNKS}:_UNDO", "read")
def _(original):
    """Zeros after a gzip member are refused."""
    return {**original, "gzip": edited("if found and view[at] == 0", "if False and view[at] == 0")(original["gzip"])}


@fault("padding-ends-a-gzip-chunk", f"{CHUNKS}:_UNDO", "validate")
def _(original):
    """What follows zeros after a gzip member goes unseen."""
    wrong = edited(" and not any(view[at:])", "")(original["gzip"])
    return {**original, "gzip": lambda data, limit: (wrong(data, limit) * 2)[: limit // 2 - 2048]}


@fault("index-sum-unchecked", f"{CHUNKS}:_shard", "read", "validate")
def _(original):
    """The checksum of the index of a shard is not compared."""
    return edited("index = _crc32c(index, size)", "index = index[:-4]")(original)


# -- metadata --------------------------------------------------------------------------------------------


@fault("other-floats-pass", CHECK, "validate")
def _(original):
    """Data types that other Zarr stores have are left to what reads them."""
    return edited("data_type in DTYPES", 'data_type in (*DTYPES, "float16", "complex64", "r16")')(original)


@fault("fill-of-whole-floats-refused", FILL, "read")
def _(original):
    """A fill value of integers must be written without a fraction."""
    return edited(" or (isinstance(value, float) and value.is_integer())", "")(original)


@fault("hexadecimal-of-small-letters", FILL, "read")
def _(original):
    """A hexadecimal fill value must be written in small letters."""
    return lambda value, dtype: original(value, dtype) and not (str(value)[:2] == "0x" and value != value.lower())


@fault("hexadecimal-of-any-width", FILL, "read")
def _(original):
    """A hexadecimal fill value may have the digits of another floating-point type."""
    return edited("len(value) == 2 + 2 * dtype.itemsize", "len(value) in (10, 18)")(original)


@fault("null-transformers-are-none", CHECK, "read", "validate")
def _(original):
    """storage_transformers may be null."""
    return edited('found.get("storage_transformers", []) == []', 'not found.get("storage_transformers")')(original)


@fault("null-endian-is-little", CODECS, "read")
def _(original):
    """An endian may be null."""
    return edited('inner.get("endian", "little")', '(inner.get("endian") or "little")')(original)


@fault("empty-index-location-is-end", SHARD, "read")
def _(original):
    """The place of the index of a shard may be null or empty."""
    return edited('inner.get("index_location", "end")', '(inner.get("index_location") or "end")')(original)


@fault("configuration-of-compressors-any", CODECS, "read")
def _(original):
    """The configuration of a codec between bytes may be anything."""
    return edited("isinstance(inner, dict)", '(isinstance(inner, dict) or name in ("zstd", "gzip", "crc32c"))')(
        original
    )


@fault("an-item-that-is-no-codec-is-an-unknown-one", CODECS, "validate")
def _(original):
    """What has no name for a codec is refused as a codec of another name."""
    old = 'require(known, "codecs", "codecs, each by its name or an object with a name")'
    return edited(old, 'if not known:\n            raise UnsupportedCodec(path, "no name", "a codec")')(original)


@fault("codecs-in-shards-unjudged", SHARD, "read")
def _(original):
    """The codecs in a shard are not looked at before they are needed."""
    return edited('_check_codecs(inner.get("codecs"), path, require, parts)', "pass")(original)


@fault("codecs-of-indices-unjudged", SHARD, "read")
def _(original):
    """Of the codecs of an index it is not asked whether they are in the list."""
    return edited('_check_codecs(inner.get("index_codecs"), path, require, parts)', "pass")(original)


@fault("keys-of-codecs-judged", CODECS, "read")
def _(original):
    """A codec may have the keys name and configuration alone."""
    known = 'isinstance(inner, dict) and not set(codec) - {"name", "configuration"}'
    return edited("isinstance(inner, dict)", known)(original)


@fault("must-understand-heeded", CHECK, "read")
def _(original):
    """A key with must_understand is refused where it is not known."""
    heeded = 'not any(isinstance(v, dict) and v.get("must_understand") for v in found.values())'
    last = '_check_codecs(found.get("codecs"), path, require, chunk)'
    return edited(last, f'require({heeded}, "keys", "known ones")\n    {last}')(original)


# -- tables ----------------------------------------------------------------------------------------------


@fault("any-media-type-marks", MARK, "validate")
def _(original):
    """An array with any media type is a table."""
    return edited('marked.get("media_type") == TABLE_MEDIA_TYPE', '"media_type" in marked')(original)


@fault("media-types-loosely", MARK, "validate")
def _(original):
    """The media type of a table is compared without case and parameters."""
    return edited('marked.get("media_type")', 'str(marked.get("media_type")).lower().split(";")[0]')(original)


@fault("tables-of-any-shape", f"{TABLES}:read_table", "validate")
def _(original):
    """The bytes of a table may lie in an array of any type and shape."""
    return edited("values.dtype != np.uint8 or values.ndim != 1", "False")(original)


@fault("nulls-of-other-types-pass", f"{TABLES}:_column", "validate")
def _(original):
    """Nulls are looked for where the format knows the type."""
    known = "pa.types.is_string(column.type) or pa.types.is_integer(column.type) or pa.types.is_floating(column.type)"
    return edited("if column.null_count:", f"if column.null_count and ({known}):")(original)


@fault("other-columns-refused", f"{TABLES}:_column", "validate")
def _(original):
    """A column of a type that the format does not know is refused."""
    return edited("return OtherColumn(column)", "raise UnreadableTable(where, str(column.type), 'numbers')")(original)


@fault("other-texts-are-text", f"{TABLES}:_column", "validate")
def _(original):
    """Text with offsets of 64 bits and views of text are text."""
    others = "pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type)"
    return edited("pa.types.is_string(column.type)", f"pa.types.is_string(column.type) or {others}")(original)


@fault("unknown-columns-refused", f"{PAYLOADS}:table_errors", "validate")
def _(original):
    """A column that the format does not know is refused."""

    def wrong(path, name, table, described):
        for column in set(table) - set(described["columns"]):
            yield WrongDtype(f"{path}/{name}/{column}", "a column", "columns of this table")
        yield from original(path, name, table, described)

    from polystate.errors import WrongDtype

    return wrong


# -- bounds ----------------------------------------------------------------------------------------------


@fault("infinity-where-nan-may-be", VALUES, "validate")
def _(original):
    """Where NaN is permitted infinities are too."""
    return edited("np.where(np.isnan(values), 0.0, values)", "np.where(np.isfinite(values), values, 0.0)")(original)


@fault("weights-need-not-be-finite", VALUES, "validate")
def _(original):
    """Numbers of 32 bits need not be finite."""
    return edited('values.dtype.kind == "f"', 'values.dtype == "f8"')(original)


@fault("large-numbers-in-columns-pass", f"{PAYLOADS}:table_errors", "validate")
def _(original):
    """Only numbers of arrays must not be beyond 1e9."""
    unbounded = 'value_errors(f"{where}/{column}", np.where(np.abs(values) > LARGEST, 0, values), about)'
    return edited('value_errors(f"{where}/{column}", values, about)', unbounded)(original)


@fault("negative-numbers-unbounded", VALUES, "validate")
def _(original):
    """Numbers may be below -1e9."""
    return edited("np.abs(values) > LARGEST", "values > LARGEST")(original)


@fault("boxes-unbounded", VALUES, "validate")
def _(original):
    """A box may be beyond 1e9."""
    return edited("not in UNBOUNDED", 'not in (*UNBOUNDED, "box")')(original)


@fault("deposited-bounded", VALUES, "validate", "discrete")
def _(original):
    """Deposited occupancies must not be beyond 1e9."""
    return edited("not in UNBOUNDED", 'not in ("time", "energy")')(original)


@fault("times-bounded", VALUES, "validate")
def _(original):
    """Times must not be beyond 1e9."""
    return edited("not in UNBOUNDED", 'not in ("deposited", "energy")')(original)


@fault("energies-bounded", VALUES, "validate")
def _(original):
    """Energies must not be beyond 1e9."""
    return edited("not in UNBOUNDED", 'not in ("deposited", "time")')(original)
