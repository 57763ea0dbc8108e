"""Wrong readers and writers: byte order, fill values, chunk edges, digests, what is dropped."""

import json

import numpy as np

from polystate_conformance.selftest.planting import fault

STORE = "polystate.store.reading:StoredTree.read_array"
DIGEST = "polystate.store.digest"
AXES = "polystate.rules.axes"
ADAPTER = "polystate_conformance.implementations.reference"


def _codecs(tree, path):
    return [codec for codec in tree.array_metadata(path).get("codecs", []) if isinstance(codec, dict)]


@fault("endian-ignored", STORE, "read", "validate")
def _(original):
    """Big-endian numbers are read as little-endian."""

    def wrong(self, path, rows=None):
        values = original(self, path, rows)
        big = any(codec.get("configuration", {}).get("endian") == "big" for codec in _codecs(self, path))
        return values.byteswap() if big else values

    return wrong


@fault("fill-value-zero", STORE, "read")
def _(original):
    """Missing chunks are read as zeros."""

    def wrong(self, path, rows=None):
        values = original(self, path, rows)
        fill = self.array_metadata(path).get("fill_value")
        return np.where(values == fill, 0, values).astype(values.dtype) if fill else values

    return wrong


@fault("chunk-edge-lost", STORE, "read")
def _(original):
    """The part of an array beyond its last whole chunk is read as zeros."""

    def wrong(self, path, rows=None):
        values = original(self, path, rows)
        chunks = self.array_metadata(path)["chunk_grid"]["configuration"]["chunk_shape"]
        if rows is None and values.ndim and values.shape[0] % chunks[0] and values.shape[0] > chunks[0]:
            values = values.copy()
            values[values.shape[0] // chunks[0] * chunks[0] :] = 0
        return values

    return wrong


@fault("atom-id-signed", STORE, "read")
def _(original):
    """Unsigned numbers of 32 bits are read as signed."""

    def wrong(self, path, rows=None):
        values = original(self, path, rows)
        return values.view(np.int32) if values.dtype == np.uint32 else values

    return wrong


@fault("float32-reader", STORE, "read")
def _(original):
    """Double precision is read as single."""

    def wrong(self, path, rows=None):
        values = original(self, path, rows)
        return values.astype(np.float32).astype(values.dtype) if values.dtype == np.float64 else values

    return wrong


@fault("columns-read-as-rows", STORE, "read")
def _(original):
    """Square-free arrays are read in Fortran order."""

    def wrong(self, path, rows=None):
        values = original(self, path, rows)
        return values.reshape(values.shape[::-1]).T if values.ndim == 2 else values

    return wrong


@fault("digest-without-root", f"{DIGEST}:_lines", "validate")
def _(original):
    """The root document is left out of the digest."""
    return lambda tree, layers: (line for line in original(tree, layers) if line[0])


@fault("digest-shape-spaces", f"{DIGEST}:_line", "validate")
def _(original):
    """Shapes are written with spaces."""
    return lambda path, kind, dtype, shape, payload: original(path, kind, dtype, shape.replace(",", ", "), payload)


@fault("digest-numpy-dtype", f"{DIGEST}:_line", "validate")
def _(original):
    """Data types are written as NumPy abbreviates them."""

    def wrong(path, kind, dtype, shape, payload):
        known = dtype if dtype in ("", "string") else np.dtype(dtype).str
        return original(path, kind, known, shape, payload)

    return wrong


@fault("digest-with-provenance", f"{DIGEST}:LAYERS", "validate")
def _(original):
    """The digest covers provenance, which holds times."""
    return (*original, "provenance", "annotations")


@fault("digest-text-without-length", f"{DIGEST}:_array_line", "validate")
def _(original):
    """Texts of a column are joined without their lengths."""

    def wrong(path, kind, values, *rest):
        from polystate.store.digest import _line

        if isinstance(values, list):
            return _line(path, kind, "string", f"[{len(values)}]", "".join(values).encode())
        return original(path, kind, values, *rest)

    return wrong


@fault("digest-negative-zero-folded", f"{DIGEST}:_array_line", "validate")
def _(original):
    """Negative zero is digested as zero."""
    return lambda path, kind, values, *rest: original(
        path,
        kind,
        values if isinstance(values, list) else np.asarray(values) + np.zeros(1, np.asarray(values).dtype)[0],
        *rest,
    )


@fault("writer-drops-tables", "polystate.store.writing:write", "read")
def _(original):
    """Tables are not written."""

    def wrong(tree, path, **options):
        from polystate.store.tree import Group

        return original({p: Group(g.attributes, g.arrays, {}) for p, g in tree.items()}, path, **options)

    return wrong


@fault("writer-drops-unknown-keys", "polystate.store.writing:write", "read")
def _(original):
    """Keys of a document that the format does not define are not written."""

    def wrong(tree, path, **options):
        from polystate.store.tree import Group

        def known(attributes):
            return {key: value for key, value in attributes.items() if not key.startswith("zz")}

        return original({p: Group(known(g.attributes), g.arrays, g.tables) for p, g in tree.items()}, path, **options)

    return wrong


@fault("writer-float32", "polystate.store.writing:write", "read")
def _(original):
    """Coordinates are written in single precision."""

    def wrong(tree, path, **options):
        from polystate.store.tree import Group

        def narrow(group):
            return {n: a.astype(np.float32) if a.dtype == np.float64 else a for n, a in group.arrays.items()}

        return original({p: Group(g.attributes, narrow(g), g.tables) for p, g in tree.items()}, path, **options)

    return wrong


@fault("array-metadata-unchecked", "polystate.store.metadata:check_array", "validate")
def _(original):
    """Whatever the metadata of an array say is taken as it is."""
    return lambda found, path: None


@fault("node-type-unchecked", "polystate.store.metadata:node", "validate")
def _(original):
    """A node of an unknown type is passed over."""

    def wrong(content, key):
        from polystate.errors import NotAStore

        try:
            return original(content, key)
        except NotAStore:
            return {"node_type": "other", **json.loads(content), "attributes": {}}

    return wrong


@fault("invalid-described", f"{ADAPTER}:_open", "validate")
def _(original):
    """Only evaluations look whether a deposition is valid."""

    def wrong(message):
        import polystate

        return original(message) if message["kind"] in ("evaluate", "draw") else polystate.open(message["deposition"])

    return wrong


@fault("atoms-in-any-order", "polystate.structure.ground:Ground.rows", "gaussian")
def _(original):
    """Atoms asked for out of order, or twice, are put in order."""
    return lambda self, atoms: original(self, atoms if atoms is None else np.unique(atoms))


@fault("node-names-unchecked", "polystate.store.metadata:check_names", "validate")
def _(original):
    """Any path names a node, also one that leads out of the store."""
    return lambda path, where: None


@fault("json-of-any-kind", "polystate.store.metadata:_loads", "validate")
def _(original):
    """Metadata are whatever a JSON parser makes of them."""
    return lambda content: json.loads(content)


@fault("links-followed", "polystate.store.sources:DirectorySource.keys", "validate")
def _(original):
    """Links in a directory are followed."""

    def wrong(self):
        import os

        found = [os.path.join(top, name) for top, _, names in os.walk(self.name, followlinks=True) for name in names]
        keys = [os.path.relpath(name, self.name) for name in found]
        folders = [name + "/" for name in os.listdir(self.name) if os.path.isdir(os.path.join(self.name, name))]
        return [key for key in keys + folders if not key.startswith(".")]

    return wrong


@fault("empty-folders-unseen", "polystate.store.sources:DirectorySource.keys", "validate")
def _(original):
    """A folder without files is not noticed."""
    return lambda self: [key for key in original(self) if not key.endswith("/")]


@fault("shards-undivided", "polystate.store.metadata:_check_shard", "validate")
def _(original):
    """Chunks may have any shape inside a shard."""
    return lambda inner, path, require, chunk: None


@fault("truth-values-digested", "polystate.store.tables:_column", "validate")
def _(original):
    """A column of truth values is taken for small numbers, and digested as them."""

    def wrong(column, where):
        return column.cast("uint8").to_numpy() if str(column.type) == "bool" else original(column, where)

    return wrong


@fault("long-text-is-text", "polystate.store.tables:_column", "validate")
def _(original):
    """Text with offsets of 64 bits, or through a dictionary, is taken for text."""

    def wrong(column, where):
        return column.to_pylist() if "string" in str(column.type) else original(column, where)

    return wrong


@fault("large-numbers-pass", "polystate.rules.payloads:value_errors", "validate")
def _(original):
    """Numbers are as large as 64-bit floats can be."""

    def wrong(where, values, column):
        return (error for error in original(where, values, column) if error.expected != "from -10^9 to 10^9")

    return wrong


@fault("axis-populations-not-summed", f"{AXES}:TOLERANCE", "validate")
def _(original):
    """Populations of an axis may be anything but negative."""
    return float("inf")


@fault("axis-populations-summed-loosely", f"{AXES}:TOLERANCE", "validate")
def _(original):
    """Populations of an axis may sum to 1.001."""
    return 1e-3


@fault("axis-populations-summed-exactly", f"{AXES}:TOLERANCE", "validate")
def _(original):
    """Populations of an axis may not exceed 1 by a rounding."""
    return 0.0


@fault("ncs-words-not-counted", "polystate.rules.hierarchy:_ncs_errors", "validate")
def _(original):
    """Whether copies of NCS are given is not held against the number of operators."""
    return lambda ncs: iter(())


@fault("ncs-words-may-be-left-over", "polystate.rules.hierarchy:_ncs_errors", "validate")
def _(original):
    """More words on copies of NCS than operators are not seen."""
    return lambda ncs: original(ncs) if len(ncs.attributes["given"]) < len(ncs.arrays["operators"]) else iter(())


@fault("landmarks-of-any-provenance", "polystate.rules.operators:assignment_errors", "validate")
def _(original):
    """The provenance that landmarks name is not looked up."""
    return lambda dep: (error for error in original(dep) if error.code != "missing-provenance")


@fault("hash-of-the-whole-entry", "polystate_schemas.registry:entries", "registry")
def _(original):
    """The content hash is over all that the file of an entry holds, the formula for print too."""
    import hashlib
    from dataclasses import replace

    import rfc8785

    def whole(entry):
        return "sha256:" + hashlib.sha256(rfc8785.dumps(entry.document)).hexdigest()

    return lambda *folder: {id: replace(entry, hash=whole(entry)) for id, entry in original(*folder).items()}
