"""Wrong decoders of MMTF: what goes wrong where there is nothing, or more than a file mostly has."""

from __future__ import annotations

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited
from polystate_tools.formats.mmtf.errors import BadValue

MMTF = "polystate_tools.formats.mmtf"


@fault("unterminated-only-with-values", f"{MMTF}.codecs:_indexed", "mmtf")
def _(original):
    """Parts without an end are not seen where there are no values."""
    return edited("if packed.size and packed[-1] in", "if n and packed.size and packed[-1] in")(original)


@fault("deltas-of-no-run-must-fit", f"{MMTF}.codecs:runs_delta", "mmtf")
def _(original):
    """The delta of a run of 0 must stay within 32 bits, too."""

    def wrong(pairs, where, k, out):
        original(pairs, where, k, out)
        total = 0
        for step, count in zip(pairs[::2].tolist(), pairs[1::2].tolist(), strict=True):
            if not -(2**31) <= total + step < 2**31:
                original(pairs[:0], where, k, out)  # refused: no values are not n
            total += step * count

    return wrong


@fault("keys-alike-as-text", f"{MMTF}.container:_unique", "mmtf")
def _(original):
    """The number 1 and the text 1 are one key of a map."""

    def wrong(pairs):
        original([(str(key), None) for key, _ in pairs])
        return original(pairs)

    return wrong


@fault("keys-of-one-number-overwrite", f"{MMTF}.groups:normalise", "mmtf")
def _(original):
    """Of two keys of a group list that are one number the last is kept."""
    return edited("if len(by_number) != len(value):", "if False:")(original)


@fault("zeros-between-members", f"{MMTF}.container:expand", "mmtf")
def _(original):
    """Zeros are padding after any gzip member."""
    import zlib

    def wrong(data):
        rest, found = data, b""
        while rest[:2] == b"\x1f\x8b":
            member = zlib.decompressobj(31)
            try:
                found += member.decompress(rest)
            except zlib.error:
                return original(data)
            rest = member.unused_data.lstrip(b"\0")
        return original(data) if rest or not found else found

    return wrong


@fault("long-values-of-known-fields-alone", f"{MMTF}.decoder:from_map", "mmtf")
def _(original):
    """What is read without a copy, as long values are, is handed over of known fields alone."""
    return edited(
        "        if name not in known:", "        if name not in known and not isinstance(value, memoryview):"
    )(original)


@fault("cells-must-make-sense", f"{MMTF}.validate:check", "mmtf")
def _(original):
    """A unit cell that no crystal has is refused."""

    def wrong(made, budget):
        original(made, budget)
        if min(made.get("unitCell", [1])) <= 0:
            raise BadValue("unitCell", made["unitCell"], "lengths and angles above 0")

    return wrong


@fault("names-of-chains-made-up", f"{MMTF}.decoder:decode", "mmtf")
def _(original):
    """Chains without names have their ids for names."""

    def wrong(*given, **options):
        made = original(*given, **options)
        made.fields.setdefault("chainNameList", made["chainIdList"])
        return made

    return wrong


@fault("texts-stripped", f"{MMTF}.objects:_text", "mmtf")
def _(original):
    """Blanks around a text of the file are dropped."""
    return lambda value, where: original(value, where).strip()
