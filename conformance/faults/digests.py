"""Slips about the lines of a digest: which nodes have one, how payloads and texts are spelled, shapes, order."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

DIGEST = "polystate.store.digest"
DUMPED = "return rfc8785.dumps(dict(document))"


def _spelled(key, other):
    """RFC 8785 with keys in order of `key`, and what is neither object nor list as `other` says."""
    members = f'",".join(f(f, k) + ":" + f(f, v[k]) for k in sorted(v, key=lambda k: {key}))'
    lists = '"[" + ",".join(f(f, x) for x in v) + "]" if isinstance(v, list) else'
    made = f'"{{" + {members} + "}}" if isinstance(v, Mapping) else {lists} {other}'
    return edited(DUMPED, f"return (lambda f: f(f, document))(lambda f, v: {made}).encode()")


@fault("arrays-at-the-top-digested", f"{DIGEST}:_lines", "validate")
def _(original):
    """All arrays at the top have a line."""
    return edited("if not path:", "if False:")(original)


@fault("payloads-of-folders-undigested", f"{DIGEST}:_lines", "validate")
def _(original):
    """Groups that only hold others have no line, whatever their payload."""
    folders = '("descriptors", "axes", "operators", "groupings", "landmarks", "hierarchy/assemblies")'
    return edited("if group.attributes:", f"if group.attributes and path not in {folders}:")(original)


@fault("payloads-further-down-undigested", f"{DIGEST}:_lines", "validate")
def _(original):
    """Groups below those that the format knows have no line."""
    known = 'path.count("/") < (1 if path.startswith("reference") else 2)'
    return edited("if group.attributes:", f"if group.attributes and {known}:")(original)


@fault("keys-by-code-points", f"{DIGEST}:canonical", "validate")
def _(original):
    """Keys of a payload are in order of their code points."""
    return _spelled("k", "rfc8785.dumps(v).decode()")(original)


@fault("numbers-as-python-prints-them", f"{DIGEST}:canonical", "validate")
def _(original):
    """Fractions in a payload are written as Python prints them."""
    return _spelled('k.encode("utf-16-be")', "repr(v) if isinstance(v, float) else rfc8785.dumps(v).decode()")(original)


@fault("texts-normalised", f"{DIGEST}:canonical", "validate")
def _(original):
    """Texts of a payload are brought into one form of Unicode."""
    return lambda document, where: _composed(original(document, where))


@fault("texts-of-columns-normalised", f"{DIGEST}:_array_line", "validate")
def _(original):
    """Texts of a column are brought into one form of Unicode."""
    composed = '__import__("unicodedata").normalize("NFC", text).encode()'
    return edited("[text.encode() for text in values]", f"[{composed} for text in values]")(original)


@fault("scalars-have-one-dimension", f"{DIGEST}:_array_line", "validate")
def _(original):
    """The shape of an array without dimensions is [1]."""
    return edited("list(values.shape)", "list(values.shape or (1,))")(original)


@fault("lines-by-utf-16", f"{DIGEST}:_hash", "validate")
def _(original):
    """Lines are in order of UTF-16."""
    return edited("line[0].encode()", 'line[0].encode("utf-16-be")')(original)


@fault("tables-at-the-top-unseen", f"{DIGEST}:_lines", "validate")
def _(original):
    """A table at the top has no lines."""
    return edited("{name: tables[name] for name in tables if name in layers}", "{}")(original)


@fault("single-precision-is-no-number", "polystate.store.tables:_column", "validate", "read")
def _(original):
    """Of floating-point columns those of 64 bits alone are numbers."""
    return edited("pa.types.is_float32(column.type) or ", "")(original)


@fault("empty-columns-undigested", f"{DIGEST}:is_known", "validate")
def _(original):
    """Columns without rows have no line."""
    return lambda column: original(column) and len(column) > 0


def _composed(text):
    import unicodedata

    return unicodedata.normalize("NFC", text.decode()).encode()
