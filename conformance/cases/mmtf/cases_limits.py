"""Container, headers and encodings at the limits of each clause, beside the value that still passes."""

from __future__ import annotations

import gzip
import struct

import msgpack
from cases_draft import SEVEN, SMALL
from cases_encodings import BONDS
from cases_refused_container import ONE
from making import bad, floats, good, ints, small
from pieces import atoms, bare, chains, draft, pack, residues
from pieces import field as binary

# --- container --------------------------------------------------------------------------------------------------

bad(
    "integer-key",
    "a key of the file that is a number is refused",
    (1,),
    msgpack.packb(msgpack.unpackb(ONE) | {7: 1}),
    "container not-messagepack file",
    "one-atom",
    "keys of fields are text",
)
bad(
    "trailing-nil",
    "a nil after the map is refused",
    (1,),
    ONE + b"\xc0",
    "container not-messagepack file",
    "one-atom",
    "one value more than the map",
)
bad(
    "duplicate-inside",
    "a key of an entity that stands twice is refused",
    (3,),
    pack(chains(1), entityList=[{"description": "a", "type": "b", "chainIndexList": [0], "sequence": "A"}]).replace(
        b"\x84\xabdescription\xa1a", b"\x85\xabdescription\xa1a\xabdescription\xa1c"
    ),
    "container duplicate-field entityList",
    "one-entity",
    "description is a and c",
)
good(
    "one-entity",
    "an entity of one chain is handed over",
    (3, 38),
    pack(chains(1), entityList=[{"description": "a", "type": "b", "chainIndexList": [0], "sequence": "A"}]),
    "the entity that was put in",
    entityList=[{"description": "a", "type": "b", "chainIndexList": [0], "sequence": "A"}],
)
bad(
    "extension-of-a-time",
    "a MessagePack time stamp is refused",
    (46,),
    pack(atoms(1), extra=msgpack.Timestamp(1)),
    "container not-messagepack extra",
    "one-atom",
    "a time stamp is an extension of type -1",
)
good(
    "an-array-to-the-end",
    "a list of as many values as bytes are left is read",
    (2,),
    pack({k: v for k, v in atoms(1).items() if k != "chainsPerModel"} | {"chainsPerModel": [1]}),
    "one element, one byte",
    chainsPerModel=[1],
)
ZIPPED = gzip.compress(ONE, mtime=0)
bad(
    "gzip-checksum",
    "a gzip file with another checksum is refused",
    (47,),
    ZIPPED[:-8] + bytes([ZIPPED[-8] ^ 1]) + ZIPPED[-7:],
    "container not-messagepack file",
    "gzip",
    "one bit of the CRC",
)
bad(
    "gzip-length",
    "a gzip file with another length in its trailer is refused",
    (47,),
    ZIPPED[:-4] + struct.pack("<I", len(ONE) + 1),
    "container not-messagepack file",
    "gzip",
    "one byte more than there are",
)
bad(
    "gzip-without-its-trailer",
    "a gzip file without its checksum is refused",
    (47,),
    ZIPPED[:-8],
    "container truncated file",
    "gzip",
    "the last eight bytes are cut off",
)
good(
    "version-one",
    "a version that is a number alone is read",
    (7,),
    pack(atoms(1), mmtfVersion="1"),
    "1 is what stands before the first full stop",
    mmtfVersion="1",
)
good(
    "version-zero",
    "a version that is 0 alone is read",
    (7,),
    pack(atoms(2), mmtfVersion="0"),
    "0 is what stands before the first full stop",
    mmtfVersion="0",
)
for version, key in ((" 1.0.0", "version-with-a-space"), ("1 .0", "version-with-a-space-inside")):
    bad(
        key,
        f"version {version!r} is refused",
        (7,),
        pack(atoms(1), mmtfVersion=version),
        "container unsupported-version mmtfVersion",
        "version-one",
        "what stands before the first full stop has a space",
    )
bad(
    "version-before-dialect",
    "a file of another major version in both dialects is refused by its version",
    (7,),
    pack(atoms(1), mmtfVersion="2.0", xCoordBig=bare("i", [0, 0]), xCoordSmall=b""),
    "container unsupported-version mmtfVersion",
    "one-atom",
    "the version comes first",
)

# --- headers and payloads ---------------------------------------------------------------------------------------

OCCUPIED = {
    9: binary(9, 1, 100, "i", [100, 1]),
    10: binary(10, 1, 100, "h", [100]),
    11: binary(11, 1, 100, "h", [100]),
    12: binary(12, 1, 100, "h", [100]),
    13: binary(13, 1, 100, "b", [100]),
}
for codec, data in OCCUPIED.items():
    for divisor, word in ((0, "zero"), (-100, "negative")):
        if (codec, divisor) == (9, 0):
            continue  # divisor-0
        bad(
            f"divisor-of-codec-{codec}-{word}",
            f"a divisor of {divisor} of codec {codec} is refused",
            (14,),
            pack(atoms(1), occupancyList=data[:8] + struct.pack(">i", divisor) + data[12:]),
            "container bad-parameter occupancyList",
            "one-occupancy" if codec == 9 else f"occupancy-of-codec-{codec}",
            "the parameter in the header",
        )
    if codec != 9:
        good(
            f"occupancy-of-codec-{codec}",
            f"an occupancy of codec {codec} decodes",
            (11, 14),
            pack(atoms(1), occupancyList=data),
            "the quotient 100 / 100",
            occupancyList=floats([1.0]),
        )
bad(
    "string-length-negative",
    "strings of length -4 are refused",
    (14,),
    pack(chains(3), chainIdList=binary(5, 3, -4, "B", [65, 0, 0, 0, 66, 0, 0, 0, 67, 0, 0, 0])),
    "container bad-parameter chainIdList",
    "chain-id",
    "the parameter in the header",
)
bad(
    "payload-long",
    "more bytes than the header says are refused",
    (15,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondOrderList": binary(2, 3, 0, "b", [1, 2, 1, 1])})),
    "container payload-size bondOrderList",
    "bonds",
    "four bytes for three values",
)
bad(
    "integers-too-many",
    "more int32 than the header says are refused",
    (15,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondAtomList": binary(4, 6, 0, "i", [0, 61, 2, 4, 6, 12, 1, 2])})),
    "container payload-size bondAtomList",
    "bonds",
    "eight integers for six values",
)
bad(
    "strings-too-many",
    "more strings than the header says are refused",
    (15,),
    pack(chains(2), chainNameList=binary(5, 2, 4, "B", [65, 0, 0, 0, 66, 0, 0, 0, 67, 0, 0, 0])),
    "container payload-size chainNameList",
    "two-chain-names",
    "three strings for two values",
)
good(
    "two-chain-names",
    "two chain names decode",
    (15,),
    pack(chains(2), chainNameList=binary(5, 2, 4, "B", [65, 0, 0, 0, 66, 0, 0, 0])),
    "eight bytes, four each",
    chainNameList=["A", "B"],
)
for codec, form, ends in ((14, "h", (32767, -32768)), (15, "b", (127, -128))):
    good(
        f"indexed-{codec}",
        f"a value of two parts of codec {codec} decodes",
        (16, 23),
        pack(atoms(2), atomIdList=binary(codec, 2, 0, form, [ends[0], 3, -2])),
        f"the sum {ends[0]} + 3, and -2",
        atomIdList=ints([ends[0] + 3, -2]),
    )
    for end in ends:
        bad(
            f"unterminated-{codec}-{'largest' if end > 0 else 'smallest'}",
            f"a recursive index of codec {codec} that ends with {end} is refused",
            (23,),
            pack(atoms(2), atomIdList=binary(codec, 2, 0, form, [1, -2, end])),
            "container unterminated-index atomIdList",
            f"indexed-{codec}",
            f"{end} completes no value",
        )
    bad(
        f"indexed-{codec}-too-many",
        f"more values of codec {codec} than the header says are refused",
        (16,),
        pack(atoms(2), atomIdList=binary(codec, 2, 0, form, [ends[0], 3, -2, 5])),
        "container length-mismatch atomIdList",
        f"indexed-{codec}",
        "three values for two",
    )

# --- values -----------------------------------------------------------------------------------------------------

good(
    "characters-at-both-ends",
    "characters are from 0 to 127",
    (18, 31),
    pack(atoms(3), altLocList=binary(6, 3, 0, "i", [0, 1, 127, 2])),
    "the codes that were put in",
    altLocList=([0, 127, 127], "uint8"),
)
for code, word in ((128, "too-large"), (-1, "negative"), (256, "of-nine-bits")):
    bad(
        f"character-{word}",
        f"the character {code} is refused",
        (18,),
        pack(atoms(3), altLocList=binary(6, 3, 0, "i", [0, 1, code, 2])),
        "container value-out-of-range altLocList",
        "characters-at-both-ends",
        "characters are from 0 to 127",
    )
good(
    "a-run-of-nothing",
    "the value of a run of 0 is none, whatever it is",
    (18, 19),
    pack(atoms(3), altLocList=binary(6, 3, 0, "i", [65, 1, 999, 0, 66, 2])),
    "1 + 0 + 2 characters",
    altLocList=([65, 66, 66], "uint8"),
)
good(
    "a-run-of-no-bytes",
    "the value of a run of 0 of codec 16 is none, whatever it is",
    (18, 19),
    pack(residues(2), secStructList=binary(16, 2, 0, "i", [-999, 0, 7, 2])),
    "the runs have 0 and 2 values",
    secStructList=small([7, 7]),
)
TOP = 2**31 - 1
good(
    "sums-at-both-ends",
    "sums of deltas may be the largest and the smallest int32",
    (18,),
    pack(atoms(4), atomIdList=binary(8, 4, 0, "i", [TOP, 1, -TOP, 2, -1, 1])),
    "2^31 - 1, 0, -(2^31 - 1), -2^31",
    atomIdList=ints([TOP, 0, -TOP, -TOP - 1]),
)
bad(
    "sums-below",
    "a sum of deltas below int32 is refused",
    (18,),
    pack(atoms(4), atomIdList=binary(8, 4, 0, "i", [TOP, 1, -TOP, 2, -2, 1])),
    "container value-out-of-range atomIdList",
    "sums-at-both-ends",
    "the last sum is -2^31 - 1",
)
PARTS = TOP // 32767
good(
    "an-index-of-65538-parts",
    "a recursive index may be the largest int32",
    (18, 23),
    pack(atoms(1), xCoordList=binary(10, 1, 2**30, "h", [32767] * PARTS + [TOP - 32767 * PARTS])),
    "2^31 - 1 over 2^30; 2 is the nearest float32",
    xCoordList=floats([2.0]),
)
bad(
    "an-index-beyond-32-bits",
    "a recursive index beyond int32 is refused",
    (18,),
    pack(atoms(1), xCoordList=binary(10, 1, 2**30, "h", [32767] * PARTS + [TOP - 32767 * PARTS + 1])),
    "container value-out-of-range xCoordList",
    "an-index-of-65538-parts",
    "the sum is 2^31",
)
bad(
    "an-integer-index-beyond-32-bits",
    "a recursive index of integers beyond int32 is refused",
    (18,),
    pack(atoms(1), atomIdList=binary(14, 1, 0, "h", [32767] * PARTS + [TOP - 32767 * PARTS + 1])),
    "container value-out-of-range atomIdList",
    "an-integer-index-of-65538-parts",
    "the sum is 2^31",
)
good(
    "an-integer-index-of-65538-parts",
    "a recursive index of integers may be the largest int32",
    (18, 23),
    pack(atoms(1), atomIdList=binary(14, 1, 0, "h", [32767] * PARTS + [TOP - 32767 * PARTS])),
    "the sum is 2^31 - 1",
    atomIdList=ints([TOP]),
)
good(
    "split-at-the-end",
    "a split sum may be the largest int32",
    (18,),
    pack(draft(atoms(2)), xCoordBig=bare("i", [TOP - 1, 1]), xCoordSmall=bare("h", [1])),
    "(2^31 - 1) / 1000, and one less, to the nearest float32",
    xCoordList=floats([2147483.75, 2147483.75]),
)
bad(
    "split-overflow",
    "a split sum beyond int32 is refused",
    (18,),
    pack(draft(atoms(2)), xCoordBig=bare("i", [TOP - 1, 1]), xCoordSmall=bare("h", [2])),
    "container value-out-of-range xCoordBig",
    "split-at-the-end",
    "the sum is 2^31",
)
bad(
    "split-overflow-of-b",
    "a split sum of B-factors below int32 is refused",
    (18,),
    pack(SEVEN, bFactorBig=bare("i", [-TOP, 3, 100, 2]), bFactorSmall=bare("h", [-2, *SMALL[1:]])),
    "container value-out-of-range bFactorBig",
    "split-b",
    "the second sum is -2^31 - 1",
)
bad(
    "split-odd",
    "a delta without a count is refused",
    (20,),
    pack(SEVEN, xCoordBig=bare("i", [1200, 3, 100, 2, 5]), xCoordSmall=bare("h", SMALL)),
    "container payload-size xCoordBig",
    "split-list",
    "five integers",
)
bad(
    "split-odd-of-b",
    "a delta of B-factors without a count is refused",
    (20,),
    pack(SEVEN, bFactorBig=bare("i", [200, 5, 3]), bFactorSmall=bare("h", SMALL)),
    "container payload-size bFactorBig",
    "split-b",
    "three integers",
)
bad(
    "draft-strings-cut",
    "strings of the draft that are not whole fours are refused",
    (15,),
    pack(draft(chains(3)), chainIdList=bytes([65, 0, 0, 0, 66, 0, 0, 0, 67, 0, 0, 0, 0])),
    "container payload-size chainIdList",
    "draft-chains",
    "thirteen bytes are no whole fours",
)
bad(
    "draft-names-cut",
    "chain names of the draft that are not whole fours are refused",
    (15,),
    pack(draft(chains(2)), chainNameList=bytes([65, 0, 0, 0, 66, 0])),
    "container payload-size chainNameList",
    "draft-names",
    "six bytes are no whole fours",
)
good(
    "draft-names",
    "chain names of the draft are strings of four",
    (24,),
    pack(draft(chains(2)), chainNameList=bytes([65, 0, 0, 0, 66, 0, 0, 0])),
    "eight bytes, four each",
    chainNameList=["A", "B"],
)
good(
    "a-name-with-spaces",
    "spaces of a chain id are kept",
    (24,),
    pack(chains(2), chainIdList=binary(5, 2, 4, "B", [32, 65, 32, 0, 66, 32, 32, 32])),
    "only NUL bytes are unused",
    chainIdList=[" A ", "B   "],
)
good(
    "a-name-of-spaces-at-the-right",
    "spaces of a chain name aligned to the right are kept",
    (24,),
    pack(chains(2), chainNameList=binary(5, 2, 4, "B", [0, 32, 65, 66, 0, 0, 0, 32])),
    "only NUL bytes are unused",
    chainNameList=[" AB", " "],
)
good(
    "a-quotient-of-float64",
    "a quotient of large numbers is rounded once",
    (21,),
    pack(atoms(2), xCoordList=binary(9, 2, 16777217, "i", [33554435, 1, TOP, 1])),
    "33554435 / 16777217 and (2^31 - 1) / 16777217, to the nearest float32",
    xCoordList=floats([2.0, 127.99999237060547]),
)
good(
    "a-quotient-of-thousands",
    "a quotient is not a product with a rounded inverse",
    (21,),
    pack(atoms(3), xCoordList=binary(11, 3, 1000, "h", [4679, -9358, 30007])),
    "4.679, -9.358 and 30.007, to the nearest float32",
    xCoordList=floats([4.679, -9.358, 30.007]),
)
