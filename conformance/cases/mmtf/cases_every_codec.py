"""Every codec in fields that usually have another."""

from __future__ import annotations

import struct

from making import codes, floats, good
from pieces import atoms, chains, of_atoms, pack, structure
from pieces import field as binary

PAIR = [of_atoms(2), of_atoms(1)]
"""Groups of two atoms and of one: three groups are four atoms."""
TYPES = [0, 1, 1]
ENDS, ORDERS, RESONANCES = [3, 0, 1, 3], [4, -1], [-1, 0]
NUMBERS = {
    "atomIdList": [1, -5, 100, 100],
    "groupIdList": [-7, -7, 120],
    "groupTypeList": TYPES,
    "sequenceIndexList": [-1, 0, 1],
    "secStructList": [7, -1, -1],
    "bondAtomList": ENDS,
    "bondOrderList": ORDERS,
    "bondResonanceList": RESONANCES,
}


def paired(values: list[int]) -> list[int]:
    """Runs of one each."""
    return [x for value in values for x in (value, 1)]


def steps(values: list[int]) -> list[int]:
    """Each value less the one before it."""
    return [value - before for value, before in zip(values, [0, *values], strict=False)]


WRITTEN = {
    2: ("b", list),
    3: ("h", list),
    4: ("i", list),
    7: ("i", paired),
    8: ("i", lambda values: paired(steps(values))),
    14: ("h", list),
    15: ("b", list),
    16: ("i", paired),
}
for codec, (form, made) in WRITTEN.items():
    good(
        f"integers-of-codec-{codec}",
        f"every field of integers may be of codec {codec}, whose parameter says nothing",
        (11, 17),
        pack(
            structure(PAIR, TYPES, [3], [1]),
            numBonds=2,
            **{name: binary(codec, len(values), 100, form, made(values)) for name, values in NUMBERS.items()},
        ),
        "the values that were put in, as the codec writes them; codecs of integers have no parameter",
        **{name: (values, "int8" if name in ("secStructList", "bondOrderList", "bondResonanceList") else "int32")
           for name, values in NUMBERS.items()},
    )  # fmt: skip
CHARACTERS = {"altLocList": [65, 66, 0, 32], "insCodeList": [90, 32, 127]}
good(
    "characters-with-a-parameter",
    "the parameter of a codec of characters says nothing",
    (11, 31),
    pack(
        structure(PAIR, TYPES, [3], [1]),
        **{name: binary(6, len(values), -3, "i", paired(values)) for name, values in CHARACTERS.items()},
    ),
    "the codes that were put in",
    **{name: codes(values) for name, values in CHARACTERS.items()},
)
LENGTHS = {9: "i", 10: "h", 11: "h", 12: "h", 13: "b"}
SCALED = [5, -7, 100, 3]
AXES = ("xCoordList", "yCoordList", "zCoordList", "bFactorList", "occupancyList")
for shift in range(5):
    chosen = {name: (*LENGTHS,)[(i + shift) % 5] for i, name in enumerate(AXES)}
    good(
        f"floats-of-codecs-{'-'.join(map(str, chosen.values()))}",
        f"coordinates, B and occupancy may be of the codecs {', '.join(map(str, chosen.values()))}",
        (11, 17),
        pack(
            atoms(4),
            **{
                name: binary(codec, 4, 2 + i, LENGTHS[codec],
                             paired(SCALED) if codec == 9 else steps(SCALED) if codec == 10 else SCALED)
                for i, (name, codec) in enumerate(chosen.items())
            },
        ),
        "5, -7, 100 and 3 by the divisor in the header, 2 to 6",
        **{name: floats([value / (2 + i) for value in SCALED]) for i, name in enumerate(AXES)},
    )  # fmt: skip
EXACT = [0.1, -1e-30, 3.4028234663852886e38, 16777217.0]
good(
    "floats-in-every-field",
    "codec 1 serves every field of floats, whatever their size, and its parameter says nothing",
    (11, 17),
    pack(atoms(4), **{name: binary(1, 4, 1000, "f", EXACT) for name in AXES}),
    "the nearest float32 of each, as it stands in the file",
    **{name: floats([struct.unpack(">f", struct.pack(">f", value))[0] for value in EXACT]) for name in AXES},
)
IDS = {1: ["A", "B", ""], 2: ["AB", "", "é"], 6: ["ABCDEF", "G", "é日"], 8: ["A", "ABCDEFGH", "日日"]}
for width, values in IDS.items():
    raw = b"".join(value.encode().ljust(width, b"\0") for value in values)
    good(
        f"strings-of-{width}",
        f"ids and names of chains may be strings of {width}",
        (11, 24),
        pack(
            chains(3),
            chainIdList=binary(5, 3, width, "B", list(raw)),
            chainNameList=binary(5, 3, width, "B", list(raw)),
        ),
        "the text that was put in, filled with NUL; one of NUL alone is empty",
        chainIdList=values,
        chainNameList=values,
    )
good(
    "strings-with-nul-at-both-ends",
    "NUL at both ends of ids and names, of one letter or of two bytes",
    (24,),
    pack(
        chains(3),
        chainIdList=binary(5, 3, 4, "B", list(b"\0A\0\0\0BC\0\0\xc3\xa9\0")),
        chainNameList=binary(5, 3, 3, "B", list(b"\0A\0\0\0\0\0\0B")),
    ),
    "what is not NUL",
    chainIdList=["A", "BC", "é"],
    chainNameList=["A", "", "B"],
)
