"""Wrong decoders of MMTF: dialects, payloads that do not fit, values beyond their type, lists that do not agree."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

FORMAT = "polystate_tools.formats.mmtf"


@fault("draft-by-big-deltas", f"{FORMAT}.decoder:detect_dialect", "mmtf")
def _(original):
    """Only the larger half of a pair makes a file a draft."""
    return edited("for part in pair if part in raw", "for part in pair[:1] if part in raw")(original)


@fault("mixed-by-coordinates", f"{FORMAT}.decoder:detect_dialect", "mmtf")
def _(original):
    """B-factors of the other dialect do not count."""
    return edited("if name in raw", "if name in raw and name != 'bFactorList'")(original)


@fault("half-of-a-pair-left-out", f"{FORMAT}.decoder:_binary_fields", "mmtf")
def _(original):
    """Half of a pair that nobody requires is left out."""
    return edited("not any(part in raw for part in pair)", "not all(part in raw for part in pair)")(original)


@fault("resonance-of-a-draft-bare", f"{FORMAT}.decoder:_binary_fields", "mmtf")
def _(original):
    """In a draft a resonance has no header either."""
    return edited('elif made.dialect == "draft" and spec.draft:',
                  'elif made.dialect == "draft" and name == "bondResonanceList":\n'
                  '            data = binary(raw, name)\n'
                  '            values = np.frombuffer(data, np.int8)\n'
                  '            encoding = Encoding(None, 0, len(data), values.size)\n'
                  '        elif made.dialect == "draft" and spec.draft:')(original)  # fmt: skip


@fault("divisors-below-zero", f"{FORMAT}.codecs:decode_payload", "mmtf")
def _(original):
    """A divisor may be negative."""
    return edited("codec in DIVIDED and parameter <= 0", "codec in DIVIDED and parameter == 0")(original)


@fault("payload-too-long", f"{FORMAT}.codecs:_plain", "mmtf")
def _(original):
    """What follows the last value is left."""
    return edited("    size = np.dtype(dtype).itemsize\n",
                  "    size = np.dtype(dtype).itemsize\n    data = data[: offset + n * size]\n")(original)  # fmt: skip


@fault("indices-too-many", f"{FORMAT}.codecs:_indexed", "mmtf")
def _(original):
    """Indexed values beyond the number in the header are left."""
    return edited("if found != n:", "if found < n:")(original)


@fault("index-ends-with-its-smallest", f"{FORMAT}.codecs:_indexed", "mmtf")
def _(original):
    """Only the largest number of a type leaves an index open."""
    return edited("packed[-1] in (info.min, info.max)", "packed[-1] == info.max")(original)


@fault("index-wraps", f"{FORMAT}.codecs:_indexed", "mmtf")
def _(original):
    """A recursive index beyond 32 bits wraps."""
    return edited("    if found < 0:\n", "    if found < 0:\n        return\n    if False:\n")(original)


@fault("floats-serve-integers", f"{FORMAT}.decoder:_as_kind", "mmtf")
def _(original):
    """A codec of floats serves a field of integers."""
    return edited('result in ("int8", "int16", "int32")', 'result in ("int8", "int16", "int32", "float32")')(original)


@fault("characters-serve-integers", f"{FORMAT}.decoder:_as_kind", "mmtf")
def _(original):
    """A codec of characters serves a field of integers."""
    return edited('result in ("int8", "int16", "int32")', 'result in ("int8", "int16", "int32", "char")')(original)


@fault("narrowed-from-above", f"{FORMAT}.decoder:_as_kind", "mmtf")
def _(original):
    """A value below the smallest of its field wraps."""
    return edited("*INTEGER_LIMITS[kind], name)", "-(2**31), INTEGER_LIMITS[kind][1], name)")(original)


@fault("infinities-pass", f"{FORMAT}.validate:_finite", "mmtf")
def _(original):
    """Only NaN is refused."""
    return edited("if not np.isfinite(values).all():", "if np.isnan(values).any():")(original)


@fault("coordinates-alone-finite", f"{FORMAT}.validate:check", "mmtf")
def _(original):
    """Only coordinates are looked at."""
    return edited('"zCoordList", "bFactorList", "occupancyList"', '"zCoordList"')(original)


@fault("bonds-of-groups-anywhere", f"{FORMAT}.groups:normalise", "mmtf")
def _(original):
    """A bond of a group may name an atom that the group lacks."""
    return _unchecked(original, "bondAtomList", lambda group: [0] * len(group["bondAtomList"]))


@fault("charges-of-any-size", f"{FORMAT}.groups:normalise", "mmtf")
def _(original):
    """A charge may be any integer."""
    return _unchecked(original, "formalChargeList", lambda group: [0] * len(group["formalChargeList"]))


@fault("no-orders-for-bonds", f"{FORMAT}.groups:normalise", "mmtf")
def _(original):
    """An empty list of orders or resonances says nothing of the bonds."""

    def wrong(value, *rest, **options):
        kept = [{k: v for k, v in group.items() if v or k not in ("bondOrderList", "bondResonanceList")}
                for group in value] if isinstance(value, list) else value  # fmt: skip
        return original(kept, *rest, **options)

    return wrong


def _unchecked(original, name, harmless):
    """A reader that judges the groups as if a list of theirs held what nobody refuses."""

    def wrong(value, *rest, **options):
        listed = [group for group in value if isinstance(group, dict) and isinstance(group.get(name), list)]
        kept = [group[name] for group in listed]
        for group in listed:
            group[name] = harmless(group)
        try:
            return original(value, *rest, **options)
        finally:
            for group, given in zip(listed, kept, strict=True):
                group[name] = given

    return wrong


@fault("keys-between-keys", f"{FORMAT}.decoder:_renumber", "mmtf")
def _(original):
    """A type that is no key of the map is the next key."""
    return edited("(known[np.minimum(at, known.size - 1)] == types)", "(types >= 0)")(original)


@fault("counts-of-a-draft-made-anew", f"{FORMAT}.decoder:_counts", "mmtf")
def _(original):
    """What a draft says of its numbers of groups, chains and models is not looked at."""

    def wrong(made):
        if made.dialect == "draft":
            for name in ("numGroups", "numChains", "numModels"):
                made.fields.pop(name, None)
        original(made)

    return wrong


@fault("counts-optional", f"{FORMAT}.decoder:from_map", "mmtf")
def _(original):
    """A file of 1.0 may lack its counts as a draft may."""

    def wrong(raw, *rest):
        lengths = {"numChains": "groupsPerChain", "numModels": "chainsPerModel"}
        made = {name: len(raw[of]) for name, of in lengths.items() if name not in raw and isinstance(raw.get(of), list)}
        return original({**raw, **made}, *rest)

    return wrong


@fault("chains-of-a-first-transform", f"{FORMAT}.validate:_chain_indices", "mmtf")
def _(original):
    """Of an assembly only the first transform is looked at."""
    return edited('enumerate(assembly["transformList"])', 'enumerate(assembly["transformList"][:1])')(original)


@fault("true-is-one", f"{FORMAT}.objects:count", "mmtf")
def _(original):
    """A truth value is a number."""
    return edited("type(value) is not int", "not isinstance(value, int)")(original)


@fault("orders-in-a-range", f"{FORMAT}.validate:_bonds", "mmtf")
def _(original):
    """Between groups every order from the least to the largest passes, so 0."""
    return edited("good[np.array(allowed, np.int8)", "good[np.arange(min(allowed), max(allowed) + 1, dtype=np.int8)")(
        original
    )


@fault("nil-in-groups", f"{FORMAT}.groups:_check", "mmtf")
def _(original):
    """A key of a group that is nil is as one that is not there."""
    return edited("        if name in group:\n", "        if group.get(name) is not None:\n")(original)


@fault("keys-of-any-type", f"{FORMAT}.container:unpack", "mmtf")
def _(original):
    """A key that is not text is left for whoever reads it."""
    return edited("status != OK", "status not in (OK, BAD_KEY)")(original)


@fault("charges-unchecked-below", f"{FORMAT}.groups:_check_lengths", "mmtf")
def _(original):
    """A charge may be as low as it likes."""
    return edited("not CHARGES[0] <= min(charges) <= max(charges) <= CHARGES[1]", "max(charges) > CHARGES[1]")(original)


@fault("twice-with-one-value", f"{FORMAT}.container:_unique", "mmtf")
def _(original):
    """A key may stand twice with one value."""

    def wrong(pairs):
        made = dict(pairs)
        return original(pairs) if any(made[key] != value for key, value in pairs) else made

    return wrong


@fault("operators-of-floats-alone", f"{FORMAT}.objects:plain_fields", "mmtf")
def _(original):
    """Numbers of NCS operators are floats, never integers."""
    return edited("floats(m, f", "floats([x if isinstance(x, float) else None for x in m], f")(original)


@fault("no-number-without-an-entity", f"{FORMAT}.records:records_of_structure", "exchange")
def _(original):
    """A chain that no entity names has no numbers in a sequence."""
    return edited("(in_polymer | (entity < 0))[", "in_polymer[")(original)
