"""What a case of the profile `mmtf` is made of, and the list that the other modules of this folder fill."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ENCODINGS = 'rcsb/mmtf spec.md v1.0, "Encodings"'
V1 = "rcsb/mmtf spec.md v1.0, example of the field"
V11 = "rcsb/mmtf spec.md v1.1dev, example of the field"
V01 = "rcsb/mmtf spec.md v0.1, example of the field"


@dataclass(frozen=True)
class Expect:
    """An expected field: an array where dtype is given, else text or JSON."""

    value: Any
    dtype: str | None = None


@dataclass(frozen=True)
class Made:
    """A case: key (folder name), title, sentences (numbers of MMTF-n), bytes, and what is expected of them."""

    key: str
    title: str
    sentences: tuple[int, ...]
    data: bytes
    how: str
    expect: dict[str, Expect] = field(default_factory=dict)
    reject: tuple[str, str, str] | None = None
    twin: str | None = None
    source: str = ""
    absent: tuple[str, ...] = ()


CASES: list[Made] = []
KILLS = {
    "draft-group-map": ("groups-not-renumbered",),
    "golden-1-0": ("no-sequence-index-is-zero",),
    "golden-draft": ("no-sequence-index-is-zero",),
    "draft-group-map-two-digits": ("groups-in-order-of-text", "groups-not-renumbered"),
    "draft-group-map-from-zero": ("groups-in-order-of-text",),
    "version-ten": ("version-in-its-first-digit",),
    "order-zero": ("bond-orders-unchecked-below",),
    "order-five": ("bond-orders-unchecked-above",),
    "draft-without-charges": ("required-of-1.0-only",),
    "draft-without-names": ("required-of-1.0-only",),
    "chains-sum": ("chains-in-no-model",),
    "entity-chain": ("entities-of-any-chain",),
    "mixed-by-one-half": ("draft-by-big-deltas",),
    "mixed-by-small-deltas": ("draft-by-big-deltas",),
    "mixed-by-b-factors": ("mixed-by-coordinates",),
    "mixed-by-only-b-factors": ("mixed-by-coordinates",),
    "half-of-b-factors": ("half-of-a-pair-left-out",),
    "small-half-of-b-factors": ("half-of-a-pair-left-out",),
    "resonance-in-a-draft": ("resonance-of-a-draft-bare",),
    "resonances-in-a-draft": ("resonance-of-a-draft-bare",),
    "divisor-of-codec-9-negative": ("divisors-below-zero",),
    "divisor-of-codec-13-negative": ("divisors-below-zero",),
    "payload-long": ("payload-too-long",),
    "integers-too-many": ("payload-too-long",),
    "indexed-14-too-many": ("indices-too-many",),
    "indexed-15-too-many": ("indices-too-many",),
    "unterminated-14-smallest": ("index-ends-with-its-smallest",),
    "unterminated-15-smallest": ("index-ends-with-its-smallest",),
    "an-index-beyond-32-bits": ("index-wraps",),
    "an-integer-index-beyond-32-bits": ("index-wraps",),
    "quotients-for-integers": ("floats-serve-integers",),
    "floats-for-integers": ("floats-serve-integers",),
    "characters-for-integers": ("characters-serve-integers",),
    "characters-for-structure": ("characters-serve-integers",),
    "a-number-below-int8": ("narrowed-from-above",),
    "an-order-below-int8": ("narrowed-from-above",),
    "infinity-of-occupancy": (
        "infinities-pass",
        "coordinates-alone-finite",
    ),
    "minus-infinity-of-ycoord": ("infinities-pass",),
    "nan-of-bfactor": ("coordinates-alone-finite",),
    "a-bond-beyond-a-group": ("bonds-of-groups-anywhere",),
    "a-bond-before-a-group": ("bonds-of-groups-anywhere",),
    "a-charge-of-128": ("charges-of-any-size",),
    "a-charge-of-minus-129": (
        "charges-of-any-size",
        "charges-unchecked-below",
    ),
    "a-charge-below-int8-in-a-draft": ("charges-unchecked-below",),
    "a-nul-before-the-last-byte": ("last-byte-of-an-id-alone",),
    "a-nul-before-the-last-of-four": ("last-byte-of-an-id-alone",),
    "no-order-for-two-bonds": ("no-orders-for-bonds",),
    "no-resonance-for-two-bonds": ("no-orders-for-bonds",),
    "a-key-in-a-gap": ("keys-between-keys",),
    "a-place-that-is-no-key": ("keys-between-keys",),
    "draft-groups-count": ("counts-of-a-draft-made-anew",),
    "draft-models-count": ("counts-of-a-draft-made-anew",),
    "no-numchains": ("counts-optional",),
    "no-nummodels": ("counts-optional",),
    "a-chain-of-the-second-transform": ("chains-of-a-first-transform",),
    "a-negative-chain-of-the-second-transform": ("chains-of-a-first-transform",),
    "a-count-that-is-true": ("true-is-one",),
    "atoms-that-are-true": ("true-is-one",),
    "an-order-of-zero": ("orders-in-a-range",),
    "orders-of-zero-in-runs": ("orders-in-a-range",),
    "bond-orders-that-are-nil": ("nil-in-groups",),
    "a-type-that-is-nil": ("nil-in-groups",),
    "integer-key": ("keys-of-any-type",),
    "a-first-key-of-a-negative-number": ("keys-of-any-type",),
    "duplicate-of-one-value-inside": ("twice-with-one-value",),
    "duplicate-of-one-value-in-a-group": ("twice-with-one-value",),
    "operators-of-integers-and-floats": ("operators-of-floats-alone",),
    "operators-of-integers-in-a-draft": ("operators-of-floats-alone",),
    "three-ends-beside-no-orders": ("odd-ends-of-no-orders",),
    "five-ends-beside-no-orders-in-a-draft": ("odd-ends-of-no-orders",),
    "a-map-of-groups-out-of-order": ("keys-in-order-of-the-file",),
    "a-draft-map-of-groups-out-of-order": ("keys-in-order-of-the-file",),
    "a-codec-of-minus-1": ("negative-codecs-are-bad-headers",),
    "a-codec-of-0-in-text": ("negative-codecs-are-bad-headers",),
    "charges-at-both-ends": ("charges-from-minus-127",),
    "charges-at-both-ends-in-a-draft": ("charges-from-minus-127",),
    "strings-of-2": ("strings-of-four-alone",),
    "strings-of-6": ("strings-of-four-alone",),
    "integers-of-codec-8": ("parameters-of-integers-divide",),
    "payloads-that-fit": ("parameters-of-integers-divide",),
    "values-at-the-limit": ("a-million-of-values",),
    "occupancylist-of-2-20": ("a-million-of-values",),
    "values-as-many-as-bytes": ("values-of-large-files",),
    "values-above-the-limit": ("values-of-large-files",),
    "codec-6-a-run-less": ("runs-too-few",),
    "codec-9-a-header-of-one-more": ("runs-too-few",),
    "codec-16-a-value-without-a-count": ("a-value-without-a-count",),
    "draft-atomidlist-an-integer-more": ("a-value-without-a-count",),
    "codec-12-a-byte-more": ("rests-of-elements-left",),
    "draft-ycoordbig-three-bytes-more": ("rests-of-elements-left",),
    "codec-16-the-value-128": ("runs-of-bytes-wrap",),
    "codec-16-the-value--256": ("runs-of-bytes-wrap",),
    "altloclist-of-codec-5": ("text-serves-characters",),
    "inscodelist-of-codec-5": ("text-serves-characters",),
    "chainidlist-of-codec-6": ("characters-serve-text",),
    "chainnamelist-of-codec-6": ("characters-serve-text",),
    "chainidlist-not-utf8": ("damaged-ids-replaced",),
    "draft-chainnamelist-not-utf8": ("damaged-ids-replaced",),
    "codec-9-the-number-265-instead": ("codec-in-its-last-byte",),
    "codec-6-the-number-262-instead": ("codec-in-its-last-byte",),
    "some-lists-beside-zcoordbig": ("mixed-on-one-axis",),
    "ycoordlist-in-the-place-of-split-fields": ("mixed-on-one-axis",),
    "one-zero-lacks-numbonds": ("numbers-of-bonds-optional",),
    "draft-lacks-numbonds": ("numbers-of-bonds-optional",),
    "one-zero-group-lacks-chemcomptype": ("types-of-groups-optional",),
    "draft-group-lacks-chemcomptype": ("types-of-groups-optional",),
    "one-zero-nil-of-title": ("nil-is-absent",),
    "one-zero-nil-of-inscodelist": ("nil-is-absent",),
    "one-zero-title-of-bytes": ("bytes-are-text",),
    "one-zero-spacegroup-of-bytes": ("bytes-are-text",),
    "sequenceindexlist-of-the-first-model": ("first-model-of-any-list",),
    "inscodelist-of-the-first-model": ("first-model-of-any-list",),
    "2-values-of-secstructlist": ("structures-of-any-number",),
    "1-values-of-secstructlist": ("structures-of-any-number",),
    "one-zero-beyond-in-rfree": ("floats-of-any-size",),
    "draft-far-below-in-unitcell": ("floats-of-any-size",),
    "groups-by-integers": ("keys-of-text-alone",),
    "groups-of-a-draft-by-large-integers": ("keys-of-text-alone",),
    "groups-by-text-of-minus-one": ("keys-as-python-reads-them",),
    "groups-by-digits-of-arabic": ("keys-as-python-reads-them",),
    "draft-xcoordbig-first-count-negative": ("negative-counts-of-a-draft",),
    "draft-bfactorbig-last-count-negative": ("negative-counts-of-a-draft",),
    "one-zero-bondresonancelist-of-3": ("resonances-to-three",),
    "draft-bondresonancelist-of-3": ("resonances-to-three",),
    "gzip-twice": ("gzip-in-gzip",),
    "gzip-twice-in-members": ("gzip-in-gzip",),
    "unterminated-beside-no-values-15": ("unterminated-only-with-values",),
    "unterminated-beside-no-values-14": ("unterminated-only-with-values",),
    "deltas-of-no-run-of-1-0": ("deltas-of-no-run-must-fit",),
    "deltas-of-no-run-of-the-draft": ("deltas-of-no-run-must-fit",),
    "a-number-and-its-text-for-keys": ("keys-alike-as-text",),
    "a-number-and-its-text-for-keys-in-a-draft": ("keys-alike-as-text",),
    "one-zero-a-number-and-its-text-for-two-groups": ("keys-of-one-number-overwrite",),
    "draft-zeros-before-a-text-for-two-groups": ("keys-of-one-number-overwrite",),
    "gzip-with-zeros-between-members": ("zeros-between-members",),
    "gzip-with-a-zero-between-empty-members": ("zeros-between-members",),
    "long-values-among-others": ("long-values-of-known-fields-alone",),
    "a-long-unknown-value-of-a-draft": ("long-values-of-known-fields-alone",),
    "what-nothing-forbids": ("cells-must-make-sense", "texts-stripped"),
    "what-nothing-forbids-in-a-draft": ("cells-must-make-sense", "texts-stripped", "names-of-chains-made-up"),
    "one-zero-without-what-may-lack": ("names-of-chains-made-up",),
}
"""Key of a case to the planted faults that it is known to catch."""


def good(
    key: str,
    title: str,
    sentences: tuple[int, ...],
    data: bytes,
    how: str,
    source: str = "",
    absent: tuple[str, ...] = (),
    /,
    **expect: Any,
) -> None:
    """A file that decodes. expect: field=(values, dtype), or field=text or JSON; absent: fields that it lacks."""
    wants = {k: Expect(*v) if isinstance(v, tuple) else Expect(v) for k, v in expect.items()}
    CASES.append(Made(key, title, sentences, data, how, wants, source=source, absent=absent))


def bad(key: str, title: str, sentences: tuple[int, ...], data: bytes, reject: str, twin: str, how: str) -> None:
    """A file that is refused. reject: "stage code where", without where if either of two names is right;
    twin: the good file it differs from in one fact."""
    stage, code, where = [*reject.split(), ""][:3]
    CASES.append(Made(key, title, sentences, data, how, {}, (stage, code, where), twin))


def ints(values: list[int]) -> tuple[list[int], str]:
    return values, "int32"


def floats(values: list[float]) -> tuple[list[float], str]:
    return values, "float32"


def codes(values: list[int]) -> tuple[list[int], str]:
    return values, "uint8"


def small(values: list[int]) -> tuple[list[int], str]:
    return values, "int8"
