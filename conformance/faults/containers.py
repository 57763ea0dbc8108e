"""Slips about the nodes of a store: the root, zips, consolidated metadata, names, links, the JSON of a node, layers."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

SOURCES, METADATA, READING = "polystate.store.sources", "polystate.store.metadata", "polystate.store.reading"
TREE = f"{READING}:StoredTree"
NODES = "for path in self._metadata:  # [STO-50]"


def _consolidated(change):
    """A reader that does something about what is listed in the root before it looks at the nodes."""
    listed = '(self._metadata[""].get("consolidated_metadata") or {}).get("metadata") or {}'
    first = f'here, listed = self._metadata, {listed} if "" in self._metadata else {{}}'
    return edited(NODES, f"{first}\n    self._metadata = {change}\n    {NODES}")


@fault("root-payload-of-any-kind", f"{TREE}.__init__", "validate")
def _(original):
    """The payload of the root may be anything but null."""
    return edited("not isinstance(root, dict)", "root is None")(original)


@fault("root-may-be-an-array", f"{TREE}.__init__", "validate")
def _(original):
    """Whether the root is a group is not looked at."""
    taken = 'self._metadata[""] = {**self._metadata[""], "node_type": "group"}'
    return edited(NODES, f"{taken}\n    {NODES}")(original)


@fault("names-of-entries-of-any-case", f"{SOURCES}:checked_zip", "validate")
def _(original):
    """Entries of a zip whose names differ in case are one."""
    return edited("{entry.filename for entry in entries}", "{entry.filename.lower() for entry in entries}")(original)


@fault("entries-of-nodes-once-alone", f"{SOURCES}:checked_zip", "validate")
def _(original):
    """Only the entry of a node's metadata must not stand twice in a zip."""
    names = '[e.filename if e.filename[-9:] == "zarr.json" else (k, e.filename) for k, e in enumerate(entries)]'
    return edited("{entry.filename for entry in entries}", f"set({names})")(original)


@fault("zarr-format-of-any-type", f"{METADATA}:node", "validate")
def _(original):
    """zarr_format may be the text 3."""
    return edited('found.get("zarr_format") != 3', 'str(found.get("zarr_format")) != "3"')(original)


@fault("zarr-version-2-below", f"{METADATA}:node", "validate")
def _(original):
    """Nodes below the root may be of Zarr version 2."""
    return edited('found.get("zarr_format") != 3', 'found.get("zarr_format") not in (2, 3)')(original)


@fault("consolidated-names-alone", f"{TREE}.__init__", "read", "discrete")
def _(original):
    """Where there are consolidated metadata, nodes that they do not list are not there."""
    return _consolidated("{k: v for k, v in here.items() if not k or k in listed} if listed else here")(original)


@fault("consolidated-before-nodes", f"{TREE}.__init__", "validate")
def _(original):
    """What consolidated metadata say of a node goes before what the node says."""
    return _consolidated("{k: listed.get(k, v) for k, v in here.items()}")(original)


@fault("consolidated-adds-nodes", f"{TREE}.__init__", "validate")
def _(original):
    """Nodes that consolidated metadata list are there."""
    return _consolidated("{**listed, **here}")(original)


@fault("null-attributes-are-none", f"{METADATA}:node", "validate")
def _(original):
    """Attributes that are null count as absent."""
    return edited('found.get("attributes", {})', 'found.get("attributes") or {}')(original)


@fault("attributes-required", f"{METADATA}:node", "validate")
def _(original):
    """The metadata of each node must have attributes."""
    return edited('found.get("attributes", {})', 'found.get("attributes")')(original)


@fault("attributes-of-arrays-unjudged", f"{METADATA}:node", "validate")
def _(original):
    """Only the attributes of groups must be an object."""
    wrong = 'found["node_type"] == "array" and found.update(attributes={}) or "attributes" in found'
    return edited('isinstance(found.get("attributes", {}), dict)', f"({wrong})")(original)


@fault("null-payload-is-empty", f"{TREE}.__getitem__", "validate")
def _(original):
    """A payload that is null counts as absent."""
    return edited('.get("polystate", {})', '.get("polystate") or {}')(original)


@fault("payload-of-arrays-judged", f"{TREE}.__getitem__", "validate")
def _(original):
    """What stands under polystate in the attributes of an array must be an object as well."""
    wrong = '[not isinstance(self.attributes(prefix + n).get("polystate", {}), dict) for n in names]'
    return edited("if not isinstance(document, dict):", f"if not isinstance(document, dict) or any({wrong}):")(original)


@fault("names-of-two-periods-at-most", f"{METADATA}:check_names", "validate")
def _(original):
    """Of names that consist of periods only those of one and of two are refused."""
    return edited('not name.strip(".")', 'name in ("", ".", "..")')(original)


@fault("one-underscore-refused", f"{METADATA}:check_names", "read", "validate")
def _(original):
    """Names that begin with one underscore are refused."""
    return edited('startswith("__")', 'startswith("_")')(original)


@fault("names-of-arrays-unjudged", f"{METADATA}:check_names", "validate")
def _(original):
    """Names that begin with two underscores are refused of groups alone."""
    return edited('name.startswith("__")', 'name.startswith("__") and name != path.rpartition("/")[2]')(original)


@fault("names-of-files-judged", f"{TREE}.__init__", "validate")
def _(original):
    """Folders that hold no node must have names of nodes."""
    judged = 'for key in self._keys:\n        metadata.check_names(key.rpartition("/")[0], key)'
    return edited(NODES, f"{judged}\n    {NODES}")(original)


@fault("byte-order-mark-skipped", f"{METADATA}:_loads", "validate")
def _(original):
    """A byte order mark before the metadata of a node is skipped."""
    return edited('decode("utf-8")', 'decode("utf-8-sig")')(original)


@fault("bytes-replaced", f"{METADATA}:_loads", "validate")
def _(original):
    """Bytes that are no UTF-8 are read as U+FFFD."""
    return edited('decode("utf-8")', 'decode("utf-8", "replace")')(original)


@fault("whole-numbers-of-any-size", f"{METADATA}:_int", "validate")
def _(original):
    """Whole numbers in metadata may be beyond the range of a 64-bit float."""
    return lambda digits: int(digits)


@fault("negative-numbers-of-any-size", f"{METADATA}:_float", "validate")
def _(original):
    """Only numbers above the range of a 64-bit float are refused."""
    return edited("math.isinf(value := float(digits))", '(value := float(digits)) == float("inf")')(original)


@fault("escaped-pairs-refused", f"{METADATA}:_loads", "validate")
def _(original):
    """A surrogate that is written with an escape is refused, also in a pair."""
    return edited("not is_text(json.dumps(found, ensure_ascii=False))", '"\\\\ud8" in text.lower()')(original)


@fault("halves-in-keys-pass", f"{METADATA}:_loads", "validate")
def _(original):
    """Half of a surrogate pair is looked for in values alone."""
    below = "v.values() if isinstance(v, dict) else v if isinstance(v, list) else ()"
    judged = (
        f"(lambda f: f(f, found))(lambda f, v: is_text(v) if isinstance(v, str) else all(f(f, x) for x in ({below})))"
    )
    return edited("is_text(json.dumps(found, ensure_ascii=False))", judged)(original)


@fault("constants-pass", f"{METADATA}:_refuse_constant", "validate")
def _(original):
    """NaN and infinities are numbers in metadata."""
    return lambda name: float(name)


@fault("control-characters-by-name", f"{METADATA}:is_unfit_name", "validate")
def _(original):
    """Of control characters only the tab and the ends of lines are refused in names."""
    return lambda name: any(c in name for c in "\t\n\r")


@fault("deletes-are-control-characters", f"{METADATA}:is_unfit_name", "validate")
def _(original):
    """U+007F is refused in names."""
    return lambda name: original(name) or "\x7f" in name


@fault("hidden-links-refused", f"{SOURCES}:DirectorySource.keys", "validate")
def _(original):
    """A link is refused also where the machine put it at the top."""
    return edited("is_of_machine(key):", "is_of_machine(key) and not entry.is_symlink():")(original)


@fault("links-to-folders-followed", f"{SOURCES}:DirectorySource.keys", "validate")
def _(original):
    """A symbolic link to a folder is followed."""
    return edited("entry.is_dir(follow_symlinks=False)", "entry.is_dir()")(original)


@fault("broken-links-ignored", f"{SOURCES}:DirectorySource.keys", "validate")
def _(original):
    """A symbolic link that leads to nothing is left out."""
    gone = "if not prefix and is_of_machine(key) or entry.is_symlink() and not os.path.exists(entry.path):"
    return edited("if not prefix and is_of_machine(key):", gone)(original)


@fault("nodes-in-any-folder", f"{TREE}.__init__", "validate")
def _(original):
    """A node may be in a folder that has no metadata."""
    return edited('(above is None or above["node_type"] != "group")', 'above and above["node_type"] != "group"')(
        original
    )


@fault("nodes-in-arrays", f"{TREE}.__init__", "validate")
def _(original):
    """A node may be in the folder of an array."""
    return edited('(above is None or above["node_type"] != "group")', "above is None")(original)


@fault("levels-of-a-hundred", f"{METADATA}:_loads", "validate")
def _(original):
    """Metadata of more than 100 levels are refused."""
    below = "(v.values() if isinstance(v, dict) else v if isinstance(v, list) else ())"
    deep = f"(lambda f: f(f, found, 0))(lambda f, v, n: n > 100 or any(f(f, x, n + 1) for x in {below}))"
    return edited("DEEPEST and _is_deep(found)", f"100 and {deep}")(original)


@fault("files-at-the-top-are-layers", f"{TREE}.layers", "validate")
def _(original):
    """A file at the top is a layer that the format does not know."""
    return lambda self: sorted({key.split("/", 1)[0] for key in self._keys} - {"zarr.json"})


@fault("folders-are-layers", "polystate.rules.documents:layer_errors", "validate")
def _(original):
    """A layer is there where its folder is, whatever that holds."""
    return edited(
        'if path not in tree and not any(p.startswith(path + "/") for p in tree):',
        'if path not in tree and not any(k.startswith(path + "/") for k in tree._keys):',
    )(original)
