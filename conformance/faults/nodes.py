"""Slips about what a store may hold beside what the format names: entries of zips, ignored groups, ids, payloads."""

import json
import re

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

SOURCES, METADATA, READING = "polystate.store.sources", "polystate.store.metadata", "polystate.store.reading"
DOCUMENTS, WRITING = "polystate.rules.documents", "polystate.store.writing"


@fault("folder-entries-twice", f"{SOURCES}:checked_zip", "validate")
def _(original):
    """An entry of a folder may stand twice in a zip."""
    return edited(
        "if len({entry.filename for entry in entries}) != len(entries):",
        "files = [entry.filename for entry in entries if not entry.is_dir()]\n    if len(set(files)) != len(files):",
    )(original)


@fault("entries-by-clean-paths", f"{SOURCES}:checked_zip", "validate")
def _(original):
    """What stands before the first part of an entry's name, ./ or /, is left out."""
    clean = (
        "for entry in found.filelist:\n"
        '        entry.filename = entry.filename.removeprefix("./").removeprefix("/")\n'
        "    found.NameToInfo = {entry.filename: entry for entry in found.filelist}\n    "
    )
    return edited("entries = [entry for", f"{clean}entries = [entry for")(original)


@fault("methods-that-are-known", f"{SOURCES}:checked_zip", "validate")
def _(original):
    """A zip may have entries of each method that a library knows."""
    return edited("(zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)", "(0, 8, zipfile.ZIP_LZMA)")(original)


@fault("inflated-by-the-file-alone", "polystate.store.memory:inflated_limit", "validate", "discrete")
def _(original):
    """A small zip may inflate to 50 times its bytes and no more."""
    return edited("max(FREE_FILE, FILE_EXPANSION * stored)", "FILE_EXPANSION * stored")(original)


@fault("ignored-groups-unjudged", f"{METADATA}:node", "validate")
def _(original):
    """Metadata of groups further down than any that the format names are not looked at."""
    plain = '{"zarr_format": 3, "node_type": "group"}'
    return edited("found = _loads(content)", f'found = _loads(content) if key.count("/") < 4 else {plain}')(original)


@fault("payloads-of-ignored-groups-of-any-kind", f"{READING}:StoredTree.__getitem__", "validate")
def _(original):
    """Only groups that the format names have payloads that are objects."""
    named = "from polystate_schemas.documents import kind_of_path as named\n        "
    return edited(
        "if not isinstance(document, dict):",
        f"{named}document = document if named(path) or isinstance(document, dict) else {{}}\n"
        "        if not isinstance(document, dict):",
    )(original)


@fault("empty-parts-pass", f"{METADATA}:check_names", "validate")
def _(original):
    """A path of a node may have parts that are empty."""
    return edited('if not name.strip(".")', 'if name and not name.strip(".")')(original)


@fault("equal-pairs-pass", f"{METADATA}:_unique", "validate")
def _(original):
    """A key may stand twice where its value is the same."""
    return edited("len(found) != len(pairs)", "any(found[key] != value for key, value in pairs)")(original)


@fault("keys-as-written", f"{METADATA}:_loads", "validate")
def _(original):
    """Two keys are one only where they are written alike."""
    letters = '__import__("re").sub(r"\\\\u00[4-7][0-9a-f]", "~", text)'
    return edited("found = json.loads(\n        text,", f"found = json.loads(\n        {letters},")(original)


@fault("underflow-refused", f"{METADATA}:_float", "read", "validate")
def _(original):
    """A number that is too small for a 64-bit float is beyond its range."""
    small = 'value == 0 and digits.lower().split("e")[0].strip("-0.") != ""'
    return edited("if math.isinf(value := float(digits)):", f"if math.isinf(value := float(digits)) or {small}:")(
        original
    )


@fault("ids-of-any-length", f"{DOCUMENTS}:_ID", "validate")
def _(original):
    """An id may have any number of characters."""
    return re.compile("[a-z0-9][a-z0-9_.-]*")


@fault("ids-that-begin-with-anything", f"{DOCUMENTS}:_ID", "validate")
def _(original):
    """The first character of an id may be any of the others."""
    return re.compile("[a-z0-9_.-]{1,64}")


@fault("ids-of-any-small-letters", f"{DOCUMENTS}:_ID", "validate")
def _(original):
    """An id may have letters and digits of any script, but for capitals."""
    return re.compile(r"(?!.*[A-Z])\w[\w.-]{0,63}")


@fault("ids-with-spaces", f"{DOCUMENTS}:_ID", "validate")
def _(original):
    """An id may have spaces."""
    return re.compile("[a-z0-9][a-z0-9_. -]{0,63}")


@fault("ids-by-their-beginning", f"{DOCUMENTS}:name_errors", "validate")
def _(original):
    """It is enough that an id begins as one."""
    return edited("_ID.fullmatch(", "_ID.match(")(original)


@fault("tables-are-no-layers", f"{DOCUMENTS}:REQUIRED", "validate")
def _(original):
    """Only the hierarchy and the reference must be there."""
    return ("hierarchy", "reference")


@fault("only-groups-are-layers", f"{DOCUMENTS}:layer_errors", "validate")
def _(original):
    """An array at the top may have any name."""
    group = 'tree.document(name).get("node_type") != "array"'
    return edited("if name not in LAYERS:", f"if name not in LAYERS and {group}:")(original)


@fault("hidden-by-a-low-line", f"{SOURCES}:is_of_machine", "validate")
def _(original):
    """What begins with a low line or a tilde belongs to the machine as well."""
    return edited('key.startswith(".")', 'key.startswith((".", "_", "~"))')(original)


@fault("groups-without-a-payload-unjudged", "polystate.rules.validate:document_errors", "validate")
def _(original):
    """A group without a payload is judged by no schema."""
    return edited("if kind:\n", "if kind and group.attributes:\n")(original)


@fault("integers-of-32-bits", f"{DOCUMENTS}:number_errors", "read", "validate")
def _(original):
    """Whole numbers of a payload have 32 bits."""
    return edited("abs(value) > LARGEST_INTEGER", "abs(value) > 2**31")(original)


@fault("least-integers-refused", f"{DOCUMENTS}:number_errors", "read", "validate")
def _(original):
    """2^53 - 1 is beyond the limits itself."""
    return edited("abs(value) > LARGEST_INTEGER", "abs(value) >= LARGEST_INTEGER")(original)


@fault("ids-of-discrete-descriptors-alone", "polystate.rules.descriptors:document_errors", "validate")
def _(original):
    """Only a discrete descriptor has to be called as its group."""
    return edited("if d.document", "if d.is_discrete and d.document")(original)


@fault("ids-among-all-names", "polystate.rules.descriptors:document_errors", "validate")
def _(original):
    """The id of a descriptor is the name of a group, be it another's."""
    return edited('if d.document.get("id") != d.id:', 'if d.document.get("id") not in dep.descriptors:')(original)


@fault("tables-compressed", "polystate.store.tables:table_bytes", "read")
def _(original):
    """Buffers of tables are written compressed."""
    options = 'options=pa.ipc.IpcWriteOptions(compression="zstd")'
    return edited("pa.ipc.new_file(sink, data.schema)", f"pa.ipc.new_file(sink, data.schema, {options})")(original)


@fault("numbers-written-big-endian", f"{WRITING}:_write_one_chunk", "read")
def _(original):
    """Numbers are written in big-endian order, as their metadata say."""

    def wrong(path, values, attributes):
        original(path, values.byteswap(), attributes)
        document = json.loads((path / "zarr.json").read_text())
        if values.dtype.itemsize > 1:
            document["codecs"][0]["configuration"]["endian"] = "big"
            (path / "zarr.json").write_text(json.dumps(document))

    return wrong
