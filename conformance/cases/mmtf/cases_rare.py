"""Numbers at their ends, keys that look alike, and what no archive writes though it may stand in a file."""

from __future__ import annotations

import struct
import zlib

import msgpack
from cases_every_container import TWO, member, raw
from cases_fields import ASP, GLY, PEPTIDE, SER
from making import bad, floats, good, ints
from pieces import IDENTITY, atoms, bare, chains, draft, of_atoms, pack
from pieces import field as binary
from whole import DECODED, DIALECTS, DRAFT, WHOLE

# --- maps and their keys --------------------------------------------------------------------------------------------

good(
    "a-number-and-its-text-for-keys",
    'one map inside of a file may have the keys 1 and "1"',
    (1, 3),
    raw("some", b"\x82\x01\xc0\xa11\xc3"),
    "a number and a text are two keys",
    numAtoms=1,
)
good(
    "a-number-and-its-text-for-keys-in-a-draft",
    'application data of a draft may have the keys -5 and "-5" in a map in a list',
    (1, 3),
    pack(draft(atoms(2)), extraProperties={"of": [{-5: 1, "-5": 2}]}),
    "a number and a text are two keys",
    numAtoms=2,
)
good(
    "negative-numbers-for-keys",
    "keys of maps inside of a file may be negative numbers of each width",
    (1, 39),
    raw(
        "some",
        b"\x91\x85\xff\x01\xd0\x80\x02\xd1\xff\x00\x03\xd2\xff\xff\x00\x00\x04\xd3" + b"\xff" * 3 + bytes(5) + b"\x05",
    ),
    "-1, -128, -256, -65536 and -2^40",
    some=[{"-1": 1, "-128": 2, "-256": 3, "-65536": 4, "-1099511627776": 5}],
)
good(
    "a-number-of-64-bits-for-a-key",
    "keys of maps inside of a file may be numbers of 64 bits, such as 2^63 and -2^62",
    (1, 39),
    raw("some", b"\x82\xcf\x80" + bytes(7) + b"\x01\xd3\xc0" + bytes(7) + b"\x02"),
    "a key is an integer, however large",
    some={"9223372036854775808": 1, "-4611686018427387904": 2},
)
bad(
    "one-number-in-two-widths-for-keys",
    "a map inside of a file with the key 7 in 8 and in 64 bits is refused",
    (3,),
    raw("some", b"\x82\x07\x01\xcf" + bytes(7) + b"\x07\x01"),
    "container duplicate-field some",
    "a-number-of-64-bits-for-a-key",
    "the number 7 is a key twice, in two widths",
)
BY_KEY = {"ten": 10, "eleven": 11, "twelve": 12}
KEYED = draft(PEPTIDE)
TYPES = [12, 10, 11, 12, 12]
for short, whole, plain, types in (
    ("one-zero", PEPTIDE, (GLY, ASP, SER), binary(4, 5, 0, "i", TYPES)),
    ("draft", KEYED, tuple(KEYED["groupList"]), bare("i", TYPES)),
):
    gly, asp, ser = plain
    good(
        f"{short}-keys-beyond-64-bits",
        f"keys of a groupList ({short}) may have more digits than a number of 64 bits, and zeros before them",
        (36,),
        pack(whole, groupTypeList=types, groupList={
            "9" * 40: ser, "0000000000000000000000012": ser, 10: gly, "011": asp, "1" + "0" * 40: gly}),
        "10, 11, 12, and two that no residue has: 10^40 - 1, 10^40",
        groupTypeList=ints([2, 0, 1, 2, 2]),
        groupList=[GLY, ASP, SER, SER, GLY],
    )  # fmt: skip
    for key, one, other in (("a-number-and-its-text", 11, "11"), ("zeros-before-a-text", "11", "0011")):
        bad(
            f"{short}-{key}-for-two-groups",
            f"a groupList ({short}) with the keys {one!r} and {other!r} is refused",
            (56,),
            pack(whole, groupTypeList=types, groupList={10: gly, one: asp, other: asp, 12: ser}),
            "container duplicate-field groupList",
            f"{short}-keys-beyond-64-bits",
            "both keys are the number 11",
        )
    bad(
        f"{short}-a-negative-key-of-many-digits",
        f"a groupList ({short}) with the key -2^40 is refused",
        (36, 38),
        pack(whole, groupTypeList=types, groupList={10: gly, 11: asp, 12: ser, -(2**40): ser}),
        "schema wrong-type groupList",
        f"{short}-keys-beyond-64-bits",
        "keys are integers from 0",
    )

# --- gzip -----------------------------------------------------------------------------------------------------------

HEAD = b"\x1f\x8b\x08\x02" + bytes(5) + b"\xff"
CHECKED = struct.pack("<H", zlib.crc32(HEAD) & 0xFFFF)
ZIPPED = zlib.compressobj(9, zlib.DEFLATED, -15)
BODY = ZIPPED.compress(TWO) + ZIPPED.flush() + struct.pack("<II", zlib.crc32(TWO), len(TWO))
HALVES = member(TWO[:60]), member(TWO[60:])
for key, title, data in (
    ("gzip-with-a-checked-header", "a gzip header with a checksum of its own is read", HEAD + CHECKED + BODY),
    ("gzip-with-empty-members", "gzip members of no bytes, first, between and last, are read",
     member(b"") + HALVES[0] + member(b"") * 2 + HALVES[1] + member(b"") + bytes(3)),
    ("gzip-of-many-members", "a gzip file of one member a byte is read",
     b"".join(member(TWO[i : i + 1]) for i in range(len(TWO)))),
):  # fmt: skip
    good(key, title, (5, 47), data, "1.5 twice", xCoordList=floats([1.5, 1.5]), numAtoms=2)
for key, title, data, how in (
    ("gzip-with-a-wrong-header-sum", "a gzip header whose own checksum is wrong is refused",
     HEAD + bytes([CHECKED[0] ^ 1, CHECKED[1]]) + BODY, "one bit of the checksum of the header is turned"),
    ("gzip-with-a-reserved-flag", "a gzip header with a flag that is reserved is refused",
     b"\x1f\x8b\x08\x20" + bytes(5) + b"\xff" + BODY, "the flag 32 is reserved"),
    ("gzip-with-zeros-between-members", "zeros between two gzip members are refused",
     HALVES[0] + bytes(2) + HALVES[1], "what follows the zeros is another member"),
    ("gzip-with-a-zero-between-empty-members", "a zero before a last gzip member of no bytes is refused",
     member(TWO) + bytes(1) + member(b""), "what follows the zero is another member"),
    ("gzip-with-zeros-before-a-last-byte", "bytes after the zeros that follow a gzip member are refused",
     member(TWO) + bytes(7) + b"\1" + bytes(3), "the padding has another byte than zero"),
    ("gzip-with-a-wrong-second-length", "a second gzip member that tells a wrong length is refused",
     HALVES[0] + HALVES[1][:-4] + struct.pack("<I", len(TWO)), "the second member is as long as both together"),
):  # fmt: skip
    twin = "gzip-with-a-checked-header" if "head" in key or "flag" in key else "gzip-with-empty-members"
    bad(key, title, (47,), data, "container not-messagepack file", twin, how)

# --- codecs ---------------------------------------------------------------------------------------------------------

NOTHING = pack(atoms(1), numAtoms=1, bondAtomList=binary(15, 0, 0, "b", []), bondOrderList=binary(15, 0, 0, "b", []))
good(
    "no-bonds-in-recursive-indices",
    "a bondAtomList of codec 15 and an order list of it may have no values",
    (11, 16),
    NOTHING,
    "no parts, no values",
    numAtoms=1,
    xCoordList=floats([0.0]),
)
for key, name, codec, form, parts in (
    ("15", "bondAtomList", 15, "b", [127, 127]), ("14", "bondAtomList", 14, "h", [-32768]),
    ("15-of-orders", "bondOrderList", 15, "b", [-128]),
):  # fmt: skip
    bad(
        f"unterminated-beside-no-values-{key}",
        f"parts of {name} in codec {codec} without an end are refused where n is 0",
        (23,),
        pack(msgpack.unpackb(NOTHING), **{name: binary(codec, 0, 0, form, parts)}),
        f"container unterminated-index {name}",
        "no-bonds-in-recursive-indices",
        "the last part begins a value that no part completes",
    )
for short, dialect, runs, values in (
    ("of-1-0", "1.0", [2**31 - 1, 1, 2**31 - 1, 0, -3, 2, -(2**31), 0, 1, 1],
     [2**31 - 1, 2**31 - 4, 2**31 - 7, 2**31 - 6]),
    ("of-the-draft", "the draft", [-(2**31), 0, -(2**31), 1, -1, 0, 7, 3], [-(2**31) + k for k in (0, 7, 14, 21)]),
):  # fmt: skip
    made = atoms(4) if dialect == "1.0" else draft(atoms(4))
    good(
        f"deltas-of-no-run-{short}",
        f"deltas of runs of 0 in atomIdList of {dialect} add nothing, though they would leave int32",
        (18,),
        pack(made, atomIdList=binary(8, 4, 0, "i", runs) if dialect == "1.0" else bare("i", runs)),
        "of a run of 0 the value is none; the others are summed",
        atomIdList=ints(values),
    )
TIES = [1143768535, 1143768731, 1143768927, -1143768535, 3, -(2**31)]
for key, name, divisor, numerals in (
    ("49", "bFactorList", 49, [23342216.0, 23342220.0, 23342224.0, -23342216.0, 0.06122449040412903, -43826196.0]),
    ("98", "zCoordList", 98, [11671108.0, 11671110.0, 11671112.0, -11671108.0, 0.030612245202064514, -21913098.0]),
):
    good(
        f"quotients-by-{key}-between-two-floats",
        f"integers of codec 9 in {name} whose quotients by {divisor} are between two floats become the even one",
        (21,),
        pack(atoms(6), **{name: binary(9, 6, divisor, "i", [n for value in TIES for n in (value, 1)])}),
        "1143768535 / 49 = 23342215 between 23342214 and 23342216, of which the last has the even digit; likewise the "
        "next two, and by 98 the halves; a product with 1 / 49 or with a float32 gives others",
        **{name: floats(numerals)},
    )
FOUR = atoms(4)
for key, parameter in (("minus-one", -1), ("the-least", -(2**31)), ("the-largest", 2**31 - 1), ("seven", 7)):
    good(
        f"parameters-of-{key}",
        f"a parameter of {parameter} of codecs without one is passed over",
        (11, 14),
        pack(FOUR,
             xCoordList=binary(1, 4, parameter, "f", [0.5, -1.0, 2.0, 1e-3]),
             atomIdList=binary(8, 4, parameter, "i", [5, 4]),
             altLocList=binary(6, 4, parameter, "i", [65, 1, 0, 3]),
             groupIdList=binary(3, 1, parameter, "h", [-7]),
             groupTypeList=binary(15, 1, parameter, "b", [0]),
             sequenceIndexList=binary(14, 1, parameter, "h", [32767, 1]),
             insCodeList=binary(6, 1, parameter, "i", [66, 1]),
             secStructList=binary(16, 1, parameter, "i", [7, 1]),
             bondAtomList=binary(7, 4, parameter, "i", [0, 1, 1, 1, 2, 1, 3, 1]),
             bondOrderList=binary(2, 2, parameter, "b", [1, -1]),
             bondResonanceList=binary(4, 2, parameter, "i", [0, 1])),
        "the values of the payloads",
        xCoordList=floats([0.5, -1.0, 2.0, 0.0010000000474974513]),
        atomIdList=ints([5, 10, 15, 20]),
        altLocList=([65, 0, 0, 0], "uint8"),
        groupIdList=ints([-7]),
        groupTypeList=ints([0]),
        sequenceIndexList=ints([32768]),
        insCodeList=([66], "uint8"),
        secStructList=([7], "int8"),
        bondAtomList=ints([0, 1, 2, 3]),
        bondOrderList=([1, -1], "int8"),
        bondResonanceList=([0, 1], "int8"),
    )  # fmt: skip
good(
    "spaces-in-chain-ids",
    "spaces of chain ids are letters of them, beside NUL bytes on either side",
    (24,),
    pack(chains(5), chainIdList=binary(5, 5, 4, "B", list(b"\0 A\0" b"A \0\0" b"\0\0\0 " b" \0\0\0" b"A  B")),
         chainNameList=binary(5, 5, 3, "B", list(b"\0 x" b" \0\0" b"\0\0 " b"x \0" b"\t\0\0"))),
    "NUL bytes are dropped, spaces are not",
    chainIdList=[" A", "A ", " ", " ", "A  B"],
    chainNameList=[" x", " ", " ", "x ", "\t"],
)  # fmt: skip
good(
    "spaces-in-chain-ids-of-a-draft",
    "spaces of chain ids of a draft are letters of them, beside NUL bytes before them",
    (24,),
    pack(draft(chains(3)), chainIdList=b"\0\0A \0 B \0\0\0 "),
    "NUL bytes are dropped, spaces are not",
    chainIdList=["A ", " B ", " "],
)
for dialect, short, twin, whole in DIALECTS:
    for key, change, where in (
        ("a-number-of-a-cell", {"unitCell": [10.0, True, 30.0, 90, 90, 90]}, "unitCell"),
        ("a-number-of-an-operator", {"ncsOperatorList": [IDENTITY, [*IDENTITY[:15], True]]}, "ncsOperatorList"),
    ):
        bad(
            f"{short}-{key}-that-is-true",
            f"{where} of {dialect} with true among its numbers is refused",
            (38, 50),
            pack(whole, **change),
            f"schema wrong-type {where}",
            twin,
            "true is no number",
        )

# --- long binary values ---------------------------------------------------------------------------------------------

LONG = [k * k % 251 for k in range(4100)]
good(
    "long-values-among-others",
    "binary fields of more than 4096 bytes are read, known ones and unknown, in any order",
    (39, 52),
    pack({"first": bytes(LONG)} | WHOLE, title="after it", last=bytes(LONG[:4096]), small=b"\1\2",
         extraProperties={"long": bytes(LONG[1:]), "and": [b"\3", bytes(LONG[2:])]}),
    "what was put in",
    title="after it",
    first=(LONG, "uint8"),
    last=(LONG[:4096], "uint8"),
    small=([1, 2], "uint8"),
    extraProperties={"long": LONG[1:], "and": [[3], LONG[2:]]},
    xCoordList=DECODED["xCoordList"],
    chainIdList=DECODED["chainIdList"],
)  # fmt: skip
good(
    "a-long-unknown-value-of-a-draft",
    "an unknown binary field of 4097 bytes between the fields of a draft is handed over",
    (39,),
    pack(dict(list(DRAFT.items())[:20]) | {"unknown": bytes(LONG[:4097])} | DRAFT),
    "what was put in",
    unknown=(LONG[:4097], "uint8"),
    groupIdList=DECODED["groupIdList"],
    bFactorList=DECODED["bFactorList"],
)

# --- what nothing forbids -------------------------------------------------------------------------------------------

STRANGE = {
    "groupName": "",
    "atomNameList": ["", "C1 ", "C1 ", " c", "\u03b2"],
    "elementList": ["", "X", "carbon", "fe", "H "],
    "formalChargeList": [0, 7, -7, 127, -128],
    "bondAtomList": [0, 0, 1, 0, 0, 1, 1, 0, 4, 2],
    "bondOrderList": [-1, 4, 4, 1, 2],
    "singleLetterCode": "",
    "chemCompType": "of no kind",
}
LONE = {
    "groupName": "A NAME THAT IS LONG",
    "atomNameList": ["ZN"],
    "elementList": ["ZN"],
    "formalChargeList": [2],
    "singleLetterCode": "abc",
    "chemCompType": "",
    "bondAtomList": [0, 0],
}
NONE = {
    "groupName": "NIL", "atomNameList": [], "elementList": [], "formalChargeList": [], "singleLetterCode": "\u00e9",
    "chemCompType": " ", "more": [None, {"a": b"\1"}],
}  # fmt: skip
ODD_PLAIN = {
    "mmtfProducer": "",
    "structureId": " 9XYZ ",
    "title": "",
    "depositionDate": "yesterday",
    "releaseDate": "",
    "spaceGroup": " p  1 ",
    "unitCell": [0.0, -1.0, 2.0, 0.0, 180.0, 400.0],
    "resolution": -1.5,
    "rFree": 2.5,
    "rWork": -0.25,
    "experimentalMethods": ["GUESS", "", "GUESS"],
    "ncsOperatorList": [[float(i) for i in range(16)], [0.0] * 16, IDENTITY, IDENTITY],
    "bioAssemblyList": [
        {"name": "", "transformList": []},
        {"transformList": [{"chainIndexList": [3, 0, 3], "matrix": [1.5] * 16, "more": None},
                           {"chainIndexList": [0], "matrix": [1.5] * 16}], "more": 5},
        {"name": "A A", "transformList": []},
        {"name": "A A", "transformList": []},
    ],
    "entityList": [
        {"chainIndexList": [4, 0, 4], "description": "", "type": "of no kind", "sequence": "a-1 "},
        {"chainIndexList": [0], "description": " two  words ", "type": "", "sequence": ""},
        {"chainIndexList": [], "description": "", "type": "polymer", "sequence": "", "more": True},
    ],
    "numBonds": 1,
    "numAtoms": 17,
    "numGroups": 6,
    "numChains": 5,
    "numModels": 3,
    "groupsPerChain": [2, 0, 3, 1, 0],
    "chainsPerModel": [4, 0, 1],
    "atomProperties": {"": [], "a": b""},
    "extraProperties": {},
    "unknown": None,
    "": "a field of no name",
}  # fmt: skip
KINDS = [STRANGE, LONE, STRANGE, NONE, LONE]
ODD_TYPES = [2, 1, 0, 3, 0, 4]
ODD_BONDS = [0, 0, 16, 1, 1, 16, 16, 1, 2, 3, 0, 16]
ODD_RUNS = {
    "atomIdList": [5, 1, 0, 3, -9, 1, 2, 12],
    "groupIdList": [7, 1, 0, 2, -20, 3],
    "sequenceIndexList": [-5, 1, 1000, 1, 0, 2, -996, 2],
}
ODD_CODES = {"altLocList": [1, 2, 97, 2, 127, 1, 65, 2, 0, 4, 32, 6], "insCodeList": [9, 1, 122, 3, 0, 2]}
ODD: dict = {
    "xCoordList": (binary(9, 17, 3, "i", [2**31 - 1, 1, -1, 16]), floats([715827904.0] + [-1 / 3] * 16)),
    "bFactorList": (binary(11, 17, 100, "h", [-32768, *range(16)]), floats([-327.68, *[k / 100 for k in range(16)]])),
    "occupancyList": (binary(9, 17, 100, "i", [150, 8, -25, 8, 0, 1]), floats([1.5] * 8 + [-0.25] * 8 + [0.0])),
    "atomIdList": (binary(8, 17, 0, "i", ODD_RUNS["atomIdList"]),
                   ints([5, 5, 5, 5, -4, -2, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20])),
    "altLocList": (binary(6, 17, 0, "i", ODD_CODES["altLocList"]),
                   ([1, 1, 97, 97, 127, 65, 65, 0, 0, 0, 0, 32, 32, 32, 32, 32, 32], "uint8")),
    "groupIdList": (binary(8, 6, 0, "i", ODD_RUNS["groupIdList"]), ints([7, 7, 7, -13, -33, -53])),
    "groupTypeList": (binary(4, 6, 0, "i", ODD_TYPES), ints(ODD_TYPES)),
    "sequenceIndexList": (binary(8, 6, 0, "i", ODD_RUNS["sequenceIndexList"]), ints([-5, 995, 995, 995, -1, -997])),
    "insCodeList": (binary(6, 6, 0, "i", ODD_CODES["insCodeList"]), ([9, 122, 122, 122, 0, 0], "uint8")),
    "secStructList": (binary(2, 6, 0, "b", [-128, 127, 8, -2, 7, -1]), ([-128, 127, 8, -2, 7, -1], "int8")),
    "chainIdList": (binary(5, 5, 4, "B", list(b"A\0\0\0" * 2 + bytes(4) + b" B\0\0" + b"A\0\0\0")),
                    ["A", "A", "", " B", "A"]),
    "bondAtomList": (binary(4, 12, 0, "i", ODD_BONDS), ints(ODD_BONDS)),
    "bondOrderList": (binary(2, 6, 0, "b", [4, -1, 1, 3, 2, -1]), ([4, -1, 1, 3, 2, -1], "int8")),
}  # fmt: skip
HOW = (
    "what was put in, sums and quotients by hand: no sentence asks of a decoder that numbers, names, bonds or chains "
    "make sense, that anything stands once, that models have chains, chains residues, residues atoms, or that fields "
    "which a file may lack are made up"
)
ABSENT = ("chainNameList", "bondResonanceList", "bondProperties", "groupProperties", "xCoordBig", "nothing")
ODD_WANTED = {name: value for name, value in ODD_PLAIN.items() if name} | {"atomProperties": {"": [], "a": []}}
good(
    "what-nothing-forbids",
    "strange values that no sentence forbids are handed over as they stand",
    (11, 31, 39, 44, 57, 58),
    pack(ODD_PLAIN | {"mmtfVersion": "1", "groupList": KINDS}
         | {name: data for name, (data, _) in ODD.items()}
         | {f"{axis}CoordList": binary(9, 17, 1, "i", [0, 17]) for axis in "yz"}),
    HOW,
    "",
    ABSENT,
    mmtfVersion="1",
    groupList=KINDS[:3] + [NONE | {"more": [None, {"a": [1]}]}, LONE],
    **ODD_WANTED,
    **{name: want for name, (_, want) in ODD.items()},
)  # fmt: skip
FEW = {
    name: value for name, value in ODD_PLAIN.items() if not name.startswith("num") or name in ("numBonds", "numAtoms")
}
good(
    "what-nothing-forbids-in-a-draft",
    "strange values of a draft that no sentence forbids are handed over as they stand",
    (10, 31, 35, 39, 44, 57, 58),
    pack(FEW | {"mmtfVersion": "0.", "groupList": [
        {("atomChargeList" if key == "formalChargeList" else key): value for key, value in kind.items()}
        for kind in KINDS]}
         | {name: bare("i", runs) for name, runs in (ODD_RUNS | ODD_CODES).items()}
         | {f"{axis}CoordBig": bare("i", [0, 8, 0, 7]) for axis in "yz"}
         | {f"{axis}CoordSmall": bare("h", [0] * 15) for axis in "yz"}
         | {"xCoordBig": bare("i", [2**31 - 1, 0, -(2**31), 0, 1 - 2**31, 1, 0, 12]),
            "xCoordSmall": bare("h", [1] + [0] * 12),
            "bFactorBig": bare("i", [-32768, 0, 32768, 15]), "bFactorSmall": bare("h", [1] * 15),
            "occupancyList": bare("i", [150, 8, -25, 8, 0, 1]), "groupTypeList": bare("i", ODD_TYPES),
            "secStructList": bare("b", [-128, 127, 8, -2, 7, -1]), "bondAtomList": bare("i", ODD_BONDS),
            "chainIdList": b"A\0\0\0" * 2 + bytes(4) + b"\0 B\0" + b"A\0\0\0",
            "bondOrderList": bare("b", [4, -1, 1, 3, 2, -1])}),
    HOW,
    "",
    ABSENT,
    mmtfVersion="0.",
    groupList=KINDS[:3] + [NONE | {"more": [None, {"a": [1]}]}, LONE],
    **ODD_WANTED,
    **{name: want for name, (_, want) in ODD.items() if name != "xCoordList"},
    xCoordList=floats([2147483.75, -0.001] + [-2147483.75] + [-2147483.75] * 14),
)  # fmt: skip
NEEDED = tuple(
    "structureId title depositionDate releaseDate spaceGroup unitCell resolution rFree rWork experimentalMethods "
    "ncsOperatorList bioAssemblyList entityList bFactorList occupancyList atomIdList altLocList sequenceIndexList "
    "insCodeList secStructList chainNameList bondAtomList bondOrderList bondResonanceList atomProperties "
    "bondProperties groupProperties chainProperties modelProperties extraProperties bFactorBig".split()
)
BARE = {key: value for key, value in of_atoms(2).items() if not key.startswith("bond")}
for short, made, kind in (
    ("one-zero", atoms(2), BARE),
    ("draft", draft(atoms(2)), {("atomChargeList" if k == "formalChargeList" else k): v for k, v in BARE.items()}),
):
    good(
        f"{short}-without-what-may-lack",
        f"fields that a file ({short}) may lack are not made up",
        (57, 58) if short == "one-zero" else (35, 58),
        pack(made, groupList=[kind], numBonds=7),
        "the fields that every file has, and none besides; a group without bonds has no list of them",
        "",
        NEEDED,
        numBonds=7,
        numGroups=1,
        numChains=1,
        numModels=1,
        groupList=[BARE],
        chainIdList=["A"],
        chainsPerModel=[1],
    )
