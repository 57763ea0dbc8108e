"""Wrong decoders of MMTF: what holds for one codec, one field or one dialect alone."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited
from polystate_tools.formats.mmtf.fields import KNOWN

MMTF = "polystate_tools.formats.mmtf"


@fault("strings-of-four-alone", f"{MMTF}.codecs:text", "mmtf")
def _(original):
    """Strings are cut every four bytes, whatever the parameter."""

    def wrong(data, offset, n, width, where):
        return original(data, offset, n, 4 if width > 0 else width, where)

    return wrong


@fault("parameters-of-integers-divide", f"{MMTF}.codecs:decode_payload", "mmtf")
def _(original):
    """A parameter divides, whatever the codec."""

    def wrong(header, *rest):
        made = original(header, *rest)
        return made // header.parameter if header.codec in (4, 7, 8) and header.parameter > 0 else made

    return wrong


@fault("a-million-of-values", f"{MMTF}.limits:Budget.take", "mmtf")
def _(original):
    """2^20 values are too many."""
    return edited("count > self.per_list", "count >= self.per_list")(original)


@fault("values-of-large-files", f"{MMTF}.decoder:decode", "mmtf")
def _(original):
    """More than 2^20 values are too many for any file."""
    return edited("Budget.for_bytes(len(data))", "Budget.for_bytes(0)")(original)


@fault("runs-too-few", f"{MMTF}.codecs:split_runs", "mmtf")
def _(original):
    """Runs may give fewer values than the header says."""
    return edited("if total != n:", "if total > n:")(original)


@fault("a-value-without-a-count", f"{MMTF}.codecs:split_runs", "mmtf")
def _(original):
    """A last value without a count is left."""
    return edited("    if pairs.size % 2:", "    pairs = pairs[: pairs.size // 2 * 2]\n    if pairs.size % 2:")(
        original
    )


@fault("rests-of-elements-left", f"{MMTF}.codecs:integers", "mmtf")
def _(original):
    """Bytes after the last whole element are left."""
    return edited("if rest:", "if rest:\n        data = data[: len(data) - rest]\n    if False:")(original)


@fault("runs-of-bytes-wrap", f"{MMTF}.codecs:runs_narrow", "mmtf")
def _(original):
    """What does not fit a byte wraps, but for characters."""
    wide = "(limits if limits[0] == 0 else (-(2**31), 2**31 - 1))"
    return edited("*limits, where", f"*{wide}, where")(original)


@fault("text-serves-characters", f"{MMTF}.decoder:_as_kind", "mmtf")
def _(original):
    """Strings of one byte serve characters."""

    def wrong(values, kind, codec, name):
        if kind == "char" and codec == 5:
            return np.array([ord(value or "\0") for value in values.tolist()], np.uint8)
        return original(values, kind, codec, name)

    return wrong


@fault("characters-serve-text", f"{MMTF}.decoder:_as_kind", "mmtf")
def _(original):
    """Characters serve a field of text, a letter a string."""

    def wrong(values, kind, codec, name):
        return values.view("S1").astype("<U1") if kind == "text" and codec == 6 else original(values, kind, codec, name)

    return wrong


@fault("damaged-ids-replaced", f"{MMTF}.codecs:text", "mmtf")
def _(original):
    """Strings of codec 5 that are not UTF-8 get letters in place."""
    return edited("string.decode()", 'string.decode("utf-8", "replace")')(original)


@fault("codec-in-its-last-byte", f"{MMTF}.codecs:read_header", "mmtf")
def _(original):
    """Of the codec one byte is read."""
    return edited(
        "    if header.codec not in RESULT:",
        "    header = header._replace(codec=header.codec & 255)\n    if header.codec not in RESULT:",
    )(original)


@fault("mixed-on-one-axis", f"{MMTF}.decoder:detect_dialect", "mmtf")
def _(original):
    """Both forms are refused of one field only."""
    return edited("if split and whole:",
                  "if any(part in raw for name in whole for part in SPLIT_FIELDS[name]):")(original)  # fmt: skip


@fault("numbers-of-bonds-optional", f"{MMTF}.decoder:from_map", "mmtf")
def _(original):
    """A file may lack its number of bonds."""
    return lambda raw, *rest: original({"numBonds": 0, **raw}, *rest)


@fault("types-of-groups-optional", f"{MMTF}.groups:normalise", "mmtf")
def _(original):
    """A group may lack its chemCompType."""

    def wrong(value, *rest, **options):
        for group in value if isinstance(value, list) else ():
            if isinstance(group, dict):
                group.setdefault("chemCompType", "")
        return original(value, *rest, **options)

    return wrong


@fault("nil-is-absent", f"{MMTF}.decoder:from_map", "mmtf")
def _(original):
    """A known field that is nil is as one that is not there."""
    return lambda raw, *rest: original({k: v for k, v in raw.items() if v is not None or k not in KNOWN}, *rest)


@fault("bytes-are-text", f"{MMTF}.objects:_text", "mmtf")
def _(original):
    """Bytes serve where text is due."""

    def wrong(value, where):
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else original(value, where)

    return wrong


@fault("first-model-of-any-list", f"{MMTF}.validate:_lengths", "mmtf")
def _(original):
    """Every list of groups may end with the first model."""
    return edited('name == "secStructList"', 'spec.per == "group"')(original)


@fault("structures-of-any-number", f"{MMTF}.validate:_lengths", "mmtf")
def _(original):
    """A list of secondary structures may be shorter."""
    return edited("length == _first_model_groups(made)", "length < expected")(original)


@fault("floats-of-any-size", f"{MMTF}.objects:floats", "mmtf")
def _(original):
    """What float32 does not reach passes."""
    return edited("abs(item) < REACH and abs(float(item)) < REACH", 'abs(item) < float("inf")')(original)


@fault("keys-of-text-alone", f"{MMTF}.groups:normalise", "mmtf")
def _(original):
    """Keys of a map of groups are texts."""
    return edited("DIGITS.fullmatch(str(key))", "isinstance(key, str) and DIGITS.fullmatch(key)")(original)


@fault("keys-as-python-reads-them", f"{MMTF}.groups:normalise", "mmtf")
def _(original):
    """A key is what becomes an integer, with a sign, spaces or other digits."""
    return edited("DIGITS.fullmatch(str(key))", "str(key).strip().lstrip('+-').isdecimal()")(original)


@fault("negative-counts-of-a-draft", f"{MMTF}.draft:decode_split", "mmtf")
def _(original):
    """A negative count of small deltas is none, where the sum is right."""
    return edited("if counts.size and counts.min() < 0:", "if False:")(original)


@fault("resonances-to-three", f"{MMTF}.validate:_bonds", "mmtf")
def _(original):
    """Between groups a resonance is judged as an order is."""
    return edited('("bondResonanceList", groups.RESONANCES)', '("bondResonanceList", (0, *groups.BOND_ORDERS))')(
        original
    )


@fault("gzip-in-gzip", f"{MMTF}.decoder:decode", "mmtf")
def _(original):
    """A gzip file in a gzip file is decompressed as well."""
    return edited("container.expand(data)", "container.expand(container.expand(data))")(original)


@fault("kinds-of-a-first-residue", f"{MMTF}.records:_polymer_kind", "exchange")
def _(original):
    """A place without a residue is of the kind of the first residue."""
    return lambda observed: original(dict(list(observed.items())[:1]))


@fault("operators-by-their-rotation", f"{MMTF}.records:_assemblies", "exchange")
def _(original):
    """Operators are equal where they turn alike."""
    return edited("np.array_equal(other, matrix)", "np.array_equal(other[:3, :3], matrix[:3, :3])")(original)


@fault("unnamed-assemblies-counted", f"{MMTF}.records:_assemblies", "exchange")
def _(original):
    """An assembly without a name is called by its number among those without."""
    return edited("str(i + 1)", 'str(sum(not a.get("name") for a in structure["bioAssemblyList"][: i + 1]))')(original)


@fault("polymers-by-their-sequence", f"{MMTF}.records:_is_polymer", "exchange")
def _(original):
    """What has a sequence is a polymer."""
    return lambda entity: bool(entity["sequence"])


@fault("floats-of-32-bits-widened", f"{MMTF}.records:shortest", "exchange")
def _(original):
    """A float of 32 bits is the binary number that it is."""
    return lambda values: values.astype(np.float64).tolist()


@fault("usual-divisors", f"{MMTF}.records:_decimals", "exchange")
def _(original):
    """Quotients are by 1000 and 100, whatever the divisor of the file."""
    return edited("encoding.parameter if encoding is not None else BINARY[name].parameter", "BINARY[name].parameter")(
        original
    )
