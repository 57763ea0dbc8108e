"""Payloads of every codec that do not fit their header, their element or their type."""

from __future__ import annotations

import gzip
import struct

from cases_every_codec import PAIR, TYPES, paired
from making import bad, codes, floats, good, ints, small
from pieces import field as binary
from pieces import pack, structure

BASE = structure(PAIR, TYPES, [3], [1])
"""Four atoms, three groups, one chain."""
FITS = {
    1: ("occupancyList", 4, 3, "f", [1.0, 0.5, 0.25, 0.0]),
    2: ("secStructList", 3, 3, "b", [1, 7, -1]),
    3: ("atomIdList", 4, 3, "h", [5, 6, 8, 7]),
    4: ("sequenceIndexList", 3, 3, "i", [4, -1, 6]),
    5: ("chainNameList", 1, 3, "B", list(b"abc")),
    6: ("altLocList", 4, 3, "i", [65, 1, 66, 3]),
    7: ("groupIdList", 3, 3, "i", [3, 1, 7, 2]),
    8: ("atomIdList", 4, 3, "i", [3, 2, -1, 2]),
    9: ("bFactorList", 4, 10, "i", [15, 3, 2, 1]),
    10: ("zCoordList", 4, 10, "h", [1, 1, 1, -5]),
    11: ("yCoordList", 4, 10, "h", [1, -2, 3, 4]),
    12: ("occupancyList", 4, 10, "h", [1, 2, 3, 4]),
    13: ("bFactorList", 4, 10, "b", [1, 2, 3, 4]),
    14: ("sequenceIndexList", 3, 3, "h", [3, -1, 2]),
    15: ("groupIdList", 3, 3, "b", [3, -1, 2]),
    16: ("secStructList", 3, 3, "i", [7, 1, -1, 2]),
}
"""For each codec a field, its number of values, the parameter, the form of an element, and a payload that fits."""
FIRST, SECOND = (1, 2, 3, 4, 5, 6, 7, 9, 10, 11), (8, 12, 13, 14, 15, 16)
for several, key, wants in (
    (FIRST, "payloads-that-fit", {
        "occupancyList": floats([1.0, 0.5, 0.25, 0.0]), "secStructList": small([1, 7, -1]),
        "atomIdList": ints([5, 6, 8, 7]), "sequenceIndexList": ints([4, -1, 6]), "chainNameList": ["abc"],
        "altLocList": codes([65, 66, 66, 66]), "groupIdList": ints([3, 7, 7]), "bFactorList": floats([1.5] * 3 + [0.2]),
        "zCoordList": floats([0.1, 0.2, 0.3, -0.2]), "yCoordList": floats([0.1, -0.2, 0.3, 0.4])}),
    (SECOND, "further-payloads-that-fit", {
        "atomIdList": ints([3, 6, 5, 4]), "occupancyList": floats([0.1, 0.2, 0.3, 0.4]),
        "bFactorList": floats([0.1, 0.2, 0.3, 0.4]), "sequenceIndexList": ints([3, -1, 2]),
        "groupIdList": ints([3, -1, 2]), "secStructList": small([7, -1, -1])}),
):  # fmt: skip
    good(
        key,
        f"payloads of the codecs {', '.join(map(str, several))} fit their headers",
        (15, 16, 20, 23),
        pack(BASE, **{FITS[codec][0]: binary(codec, *FITS[codec][1:]) for codec in several}),
        "the values as the encodings give them, by hand",
        **wants,
    )


def unfit(codec: int, what: str, number: int, code: str, data: bytes) -> None:
    """A case whose field of a codec does not fit; all else is as in the file where it does."""
    twin = FIRST if codec in FIRST else SECOND
    fields = {FITS[c][0]: binary(c, *FITS[c][1:]) for c in twin}
    name = FITS[codec][0]
    bad(
        f"codec-{codec}-{what.replace(' ', '-')}",
        f"codec {codec}: {what} is refused",
        (number,),
        pack(BASE, **(fields | {name: data})),
        f"container {code} {name}",
        "payloads-that-fit" if codec in FIRST else "further-payloads-that-fit",
        f"{name} has {what}",
    )


def changed(codec: int, more: int = 0, values: list | None = None) -> bytes:
    """The field of a codec with another number in its header, or with other integers."""
    _, n, parameter, form, given = FITS[codec]
    return binary(codec, n + more, parameter, form, given if values is None else values)


RUNS, PARTS = (6, 7, 8, 9, 16), (10, 12, 13, 14, 15)
for codec in (1, 2, 3, 4, 5, 11):
    data, size = changed(codec), {1: 4, 2: 1, 3: 2, 4: 4, 5: 3, 11: 2}[codec]
    unfit(codec, "an element more", 15, "payload-size", data + bytes(size))
    unfit(codec, "an element less", 15, "payload-size", data[:-size])
    unfit(codec, "a header of one more", 15, "payload-size", changed(codec, 1))
    unfit(codec, "a header of one less", 15, "payload-size", changed(codec, -1))
    if size > 1:
        unfit(codec, "a byte more", 15, "payload-size", data + b"\0")
        unfit(codec, "a byte less", 15, "payload-size", data[:-1])
for codec in (*RUNS, 10, 12, 14):
    unfit(codec, "a byte more", 15, "payload-size", changed(codec) + b"\0")
    unfit(codec, "a byte less", 15, "payload-size", changed(codec)[:-1])
for codec in RUNS:
    given = FITS[codec][4]
    unfit(codec, "three bytes more", 15, "payload-size", changed(codec) + b"\0\0\1")
    unfit(codec, "a value without a count", 20, "payload-size", changed(codec, 0, [*given, 1]))
    unfit(codec, "a last run without its count", 20, "payload-size", changed(codec, 0, given[:-1]))
    unfit(codec, "a run more", 16, "length-mismatch", changed(codec, 0, [*given, 1, 1]))
    unfit(codec, "a run less", 16, "length-mismatch", changed(codec, 0, given[:-2]))
    unfit(codec, "a header of one more", 16, "length-mismatch", changed(codec, 1))
    unfit(codec, "a header of one less", 16, "length-mismatch", changed(codec, -1))
    unfit(
        codec, "a first run of minus one", 19, "negative-run", changed(codec, 0, [1, -1, given[0], FITS[codec][1] + 1])
    )
    unfit(codec, "a last run of the least number", 19, "negative-run", changed(codec, 0, [*given, 0, -(2**31)]))
for codec in PARTS:
    given, form = FITS[codec][4], FITS[codec][3]
    unfit(codec, "a value more", 16, "length-mismatch", changed(codec, 0, [*given, 1]))
    unfit(codec, "a value less", 16, "length-mismatch", changed(codec, 0, given[:-1]))
    unfit(codec, "a header of one more", 16, "length-mismatch", changed(codec, 1))
    unfit(codec, "a header of one less", 16, "length-mismatch", changed(codec, -1))
    for end, word in ((127, "largest"), (-128, "least")) if form == "b" else ((32767, "largest"), (-32768, "least")):
        unfit(
            codec, f"the {word} part as its last value", 23, "unterminated-index", changed(codec, 0, [*given[:-1], end])
        )
        unfit(
            codec, f"the {word} part after its last value", 23, "unterminated-index", changed(codec, 0, [*given, end])
        )
        unfit(codec, f"the {word} part alone", 23, "unterminated-index", changed(codec, 0, [end]))
for value in (128, -129, 255, -256):
    unfit(16, f"the value {value}", 18, "value-out-of-range", changed(16, 0, [7, 1, value, 2]))
for codec in (1, 2, 5, 6, 10, 14):
    unfit(codec, "a header of minus one", 12, "bad-header", changed(codec, -1 - FITS[codec][1]))
for codec, n in ((3, 0), (16, 0), (4, 11), (9, 8), (13, 1)):
    unfit(codec, f"{n} bytes in all", 12, "bad-header", changed(codec)[:n])
for codec, stated in ((9, 265), (9, 65545), (9, 2**24 + 9), (2, -2), (12, -12), (6, 262), (16, 18), (8, 0x08000000)):
    unfit(
        codec, f"the number {stated} instead", 13, "unsupported-codec", struct.pack(">i", stated) + changed(codec)[4:]
    )

# --- no values, and parameters that are judged all the same -------------------------------------------------------

NOTHING = structure([], [], [], [])
good(
    "no-values-of-any-codec",
    "lists of no values are read",
    (12, 14),
    pack(
        NOTHING,
        occupancyList=binary(9, 0, 100, "i", []),
        bFactorList=binary(10, 0, 1, "h", []),
        xCoordList=binary(1, 0, 0, "f", []),
        altLocList=binary(6, 0, 0, "i", [65, 0]),
        chainNameList=binary(5, 0, 4, "B", []),
    ),
    "no value in each",
    numAtoms=0,
    chainNameList=[],
)
for name, codec, parameter in (("occupancyList", 9, 0), ("bFactorList", 10, -1), ("chainNameList", 5, 0),
                               ("chainIdList", 5, -4)):  # fmt: skip
    bad(
        f"no-values-of-codec-{codec}-by-{'zero' if not parameter else 'minus'}",
        f"a {name} of no values with the parameter {parameter} is refused",
        (14,),
        pack(NOTHING, **{name: binary(codec, 0, parameter, "i", [])}),
        f"container bad-parameter {name}",
        "no-values-of-any-codec",
        "the parameter is judged, whatever the number of values",
    )

# --- codecs that give another type ------------------------------------------------------------------------------

OF_FOUR = {2: ("b", [1] * 4), 3: ("h", [1] * 4), 4: ("i", [1] * 4), 16: ("i", [1, 4]), 14: ("h", [1] * 4),
           1: ("f", [1.0] * 4), 6: ("i", [65, 4]), 5: ("B", [65] * 4), 9: ("i", [1, 4]),
           11: ("h", [1] * 4), 8: ("i", [1, 4])}  # fmt: skip
for name, several in (
    ("xCoordList", (2, 6)), ("yCoordList", (3, 5)), ("zCoordList", (14, 5)), ("bFactorList", (4, 16, 6)),
    ("occupancyList", (2, 3, 8)), ("atomIdList", (5, 11)), ("altLocList", (1, 9, 5, 3, 14)),
):  # fmt: skip
    for codec in several:
        bad(
            f"{name.lower()}-of-codec-{codec}",
            f"codec {codec} for {name} is refused",
            (17,),
            pack(BASE, **{name: binary(codec, 4, 1, *OF_FOUR[codec])}),
            f"schema wrong-type {name}",
            "payloads-that-fit",
            "its result is of another type",
        )
for name, several in (
    ("groupIdList", (6, 5)), ("groupTypeList", (9, 6)), ("sequenceIndexList", (5, 1)), ("secStructList", (5, 9, 1, 6)),
    ("insCodeList", (1, 11, 5, 3, 4)),
):  # fmt: skip
    for codec in several:
        form, values = OF_FOUR[codec]
        bad(
            f"{name.lower()}-of-codec-{codec}",
            f"codec {codec} for {name} is refused",
            (17,),
            pack(BASE, **{name: binary(codec, 3, 1, form, [values[0], 3] if len(values) == 2 else values[:3])}),
            f"schema wrong-type {name}",
            "payloads-that-fit",
            "its result is of another type",
        )
for name in ("chainIdList", "chainNameList"):
    for codec, form, values in ((4, "i", [65]), (6, "i", [65, 1]), (1, "f", [1.0]), (2, "b", [65])):
        bad(
            f"{name.lower()}-of-codec-{codec}",
            f"codec {codec} for {name} is refused",
            (17,),
            pack(BASE, **{name: binary(codec, 1, 1, form, values)}),
            f"schema wrong-type {name}",
            "payloads-that-fit",
            "its result is no text",
        )

# --- values at the ends of their types --------------------------------------------------------------------------

TOP = 2**31 - 1


def indexed(*values: int) -> list[int]:
    """Values of any size in parts of 16 bits."""
    parts = []
    for value in values:
        limit = 32767 if value >= 0 else -32768
        parts += [limit] * (value // limit) + [value - value // limit * limit]
    return parts


def far(name: str, codec: int, values: list[int]) -> bytes:
    """A file in gzip, as its parts are many, whose four atoms have these values in a field, the divisor being 2^24."""
    return gzip.compress(pack(BASE, **{name: binary(codec, 4, 2**24, "h", indexed(*values))}), mtime=0)


FAR = [128.0, -128.0, 0.0, 128.0]
good(
    "far-coordinates",
    "parts of codec 12 may sum to the largest and to the smallest int32",
    (18, 21),
    far("xCoordList", 12, [TOP, -TOP - 1, 0, TOP]),
    "(2^31 - 1) / 2^24 is next to 128 and no float32; the nearest is 128",
    xCoordList=floats(FAR),
)
good(
    "far-sums",
    "sums of deltas of codec 10 may be the largest and the smallest int32",
    (18, 21),
    far("xCoordList", 10, [TOP, -TOP, -TOP - 1, TOP]),
    "the sums 2^31 - 1, 0, -2^31 and -1 over 2^24",
    xCoordList=floats([128.0, 0.0, -128.0, -(2.0**-24)]),
)
good(
    "far-numbers",
    "parts of codec 14 may sum to the largest and to the smallest int32",
    (18,),
    far("atomIdList", 14, [TOP, -TOP - 1, 0, TOP]),
    "the values that were put in",
    atomIdList=ints([TOP, -TOP - 1, 0, TOP]),
)
for key, name, codec, values, twin in (
    ("above", "xCoordList", 12, [TOP, -TOP - 1, 0, TOP + 1], "far-coordinates"),
    ("below", "xCoordList", 12, [TOP, -TOP - 2, 0, TOP], "far-coordinates"),
    ("above", "xCoordList", 10, [TOP, 1, -TOP - 1, TOP], "far-sums"),
    ("below", "xCoordList", 10, [TOP, -TOP - 1, -TOP - 1, TOP], "far-sums"),
    ("far-above", "zCoordList", 10, [TOP, TOP, 0, 0], "far-sums"),
    ("far-below", "zCoordList", 10, [-TOP, -2, 2, 0], "far-sums"),
    ("below", "atomIdList", 14, [TOP, -TOP - 2, 0, TOP], "far-numbers"),
    ("far-below", "atomIdList", 14, [1, 1, 1, -TOP - 3], "far-numbers"),
):
    bad(
        f"{name.lower()}-of-codec-{codec}-{key}-int32",
        f"a {name} of codec {codec} {key.replace('-', ' ')} int32 is refused",
        (18,),
        far(name, codec, values),
        f"container value-out-of-range {name}",
        twin,
        "a value of 2^31 or more, or below -2^31",
    )
TIES = [16777217, 16777219, -16777217, 33554435, 2147483584]
good(
    "quotients-halfway",
    "a quotient halfway between two float32 is rounded to the even one",
    (21,),
    pack(
        structure([PAIR[1]], [0] * 5, [5], [1]),
        xCoordList=binary(9, 5, 1, "i", paired(TIES)),
        yCoordList=binary(9, 5, 2, "i", paired(TIES)),
        bFactorList=binary(9, 5, 3, "i", paired([7, -7, 1000003, 16777213, 2147483647])),
    ),
    "2^24 + 1 and + 3 are halfway, 2^25 + 3 is not; 2^31 - 64 is halfway below 2^31",
    xCoordList=floats([16777216.0, 16777220.0, -16777216.0, 33554436.0, 2147483648.0]),
    yCoordList=floats([8388608.0, 8388610.0, -8388608.0, 16777218.0, 1073741824.0]),
    bFactorList=floats([7 / 3, -7 / 3, 1000003 / 3, 16777213 / 3, 2147483647 / 3]),
)
for value in (256, -255, 128, -129):
    bad(
        f"a-resonance-of-{'minus-' if value < 0 else ''}{abs(value)}",
        f"a resonance of {value} between groups, which 8 bits do not hold, is refused",
        (18,),
        pack(
            BASE,
            numBonds=2,
            bondAtomList=binary(4, 4, 0, "i", [0, 3, 1, 3]),
            bondResonanceList=binary(4, 2, 0, "i", [value, 0]),
        ),
        "container value-out-of-range bondResonanceList",
        "integers-of-codec-4",
        "a value that its field cannot hold, whatever its byte would say",
    )
