"""Files that are refused while bytes are turned into fields, each beside its good twin."""

from __future__ import annotations

import msgpack
from cases_draft import SEVEN, SMALL
from cases_encodings import BONDS, INDEXED, RUNS
from making import bad, floats, good, small
from pieces import atoms, bare, chains, pack, residues
from pieces import field as binary

# --- refusals: container ----------------------------------------------------------------------------------------

ONE = pack(atoms(1))
good(
    "one-atom",
    "a file of one atom decodes",
    (1, 37, 41),
    ONE,
    "the smallest structure with an atom",
    numAtoms=1,
    xCoordList=floats([0.0]),
    chainIdList=["A"],
)
bad(
    "trailing-byte",
    "a byte after the map is refused",
    (1,),
    ONE + b"\0",
    "container not-messagepack file",
    "one-atom",
    "one byte more than the map",
)
bad(
    "not-a-map",
    "an array is not a file",
    (1,),
    msgpack.packb([msgpack.unpackb(ONE)]),
    "container not-messagepack file",
    "one-atom",
    "the same map inside an array of one",
)
bad(
    "extension-type",
    "a MessagePack extension type is refused",
    (46,),
    pack(atoms(1), extra=msgpack.ExtType(5, b"x")),
    "container not-messagepack extra",
    "one-atom",
    "MMTF has six types, extensions are none of them",
)
bad(
    "truncated",
    "a file cut in its last value is refused",
    (2,),
    ONE[:-1],
    "container truncated chainsPerModel",
    "one-atom",
    "one byte less than the map",
)
bad(
    "count-too-large",
    "a count above the bytes that are left is refused",
    (2,),
    ONE.replace(b"\xaechainsPerModel\x91", b"\xaechainsPerModel\xdd\xff\xff\xff\xff"),
    "container truncated chainsPerModel",
    "one-atom",
    "an array that promises 2^32 - 1 elements",
)
bad(
    "duplicate-field",
    "a field that stands twice is refused",
    (3,),
    bytes([ONE[0], ONE[1], ONE[2] + 1]) + ONE[3:] + b"\xa8numAtoms\1"
    if ONE[0] == 0xDE
    else bytes([0xDE, 0, (ONE[0] & 15) + 1]) + ONE[1:] + b"\xa8numAtoms\1",
    "container duplicate-field numAtoms",
    "one-atom",
    "numAtoms once more at the end",
)
good("title-utf8", "a title is UTF-8", (4, 38), pack(atoms(1), title="é"), "the text that was put in", title="é")
bad(
    "title-not-utf8",
    "a title that is not UTF-8 is refused",
    (4,),
    pack(atoms(1), title="é").replace(b"\xa5title\xa2\xc3\xa9", b"\xa5title\xa2\xc3\x28"),
    "container not-utf8 title",
    "title-utf8",
    "C3 must be followed by a byte from 80 to BF",
)
bad(
    "too-large",
    "a list of 2^31 - 1 values in eight bytes is refused",
    (6,),
    pack(atoms(1), occupancyList=binary(9, 2**31 - 1, 100, "i", [100, 2**31 - 1])),
    "container too-large occupancyList",
    "one-occupancy",
    "above 2^20 and above the bytes of the file",
)
good(
    "one-occupancy",
    "an occupancy of one atom decodes",
    (6, 26),
    pack(atoms(1), occupancyList=binary(9, 1, 100, "i", [100, 1])),
    "100 / 100",
    occupancyList=floats([1.0]),
)
bad(
    "major-version",
    "version 2.0 is refused",
    (7,),
    pack(atoms(1), mmtfVersion="2.0"),
    "container unsupported-version mmtfVersion",
    "minor-version",
    "the major number is neither 0 nor 1",
)
bad(
    "version-first",
    "a file of another major version is refused by its version",
    (7,),
    msgpack.packb({"mmtfVersion": "99999999.0"}),
    "container unsupported-version mmtfVersion",
    "one-atom",
    "nothing but the version stands in the file",
)
bad(
    "short-header",
    "a binary field of eleven bytes is refused",
    (12,),
    pack(atoms(1), occupancyList=bytes(11)),
    "container bad-header occupancyList",
    "one-occupancy",
    "a header has twelve bytes",
)
bad(
    "negative-length",
    "a header of length -1 is refused",
    (12,),
    pack(atoms(1), occupancyList=binary(9, -1, 100, "i", [100, 1])),
    "container bad-header occupancyList",
    "one-occupancy",
    "the length in the header",
)
bad(
    "codec-17",
    "codec 17 is refused",
    (13,),
    pack(atoms(1), occupancyList=binary(17, 1, 100, "i", [100, 1])),
    "container unsupported-codec occupancyList",
    "one-occupancy",
    "the codec in the header",
)
bad(
    "codec-0",
    "codec 0 is refused",
    (13,),
    pack(atoms(1), occupancyList=binary(0, 1, 100, "i", [100, 1])),
    "container unsupported-codec occupancyList",
    "one-occupancy",
    "the codec in the header",
)
bad(
    "divisor-0",
    "a divisor of 0 is refused",
    (14,),
    pack(atoms(1), occupancyList=binary(9, 1, 0, "i", [100, 1])),
    "container bad-parameter occupancyList",
    "one-occupancy",
    "the parameter in the header",
)
bad(
    "string-length-0",
    "strings of length 0 are refused",
    (14,),
    pack(chains(3), chainIdList=binary(5, 3, 0, "B", [65, 0, 0, 0, 66, 0, 0, 0, 67, 0, 0, 0])),
    "container bad-parameter chainIdList",
    "chain-id",
    "the parameter in the header",
)
bad(
    "half-a-pair",
    "a run-length value without a count is refused",
    (20,),
    pack(residues(15), groupIdList=binary(7, 15, 0, "i", [*RUNS, 1])),
    "container payload-size groupIdList",
    "run-length",
    "seven integers",
)
bad(
    "payload-cut",
    "a payload that is not whole integers is refused",
    (15,),
    pack(residues(15), groupIdList=binary(7, 15, 0, "i", RUNS)[:-1]),
    "container payload-size groupIdList",
    "run-length",
    "23 bytes of int32",
)
bad(
    "payload-short",
    "fewer int32 than the header says are refused",
    (15,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondOrderList": binary(2, 3, 0, "b", [1, 2])})),
    "container payload-size bondOrderList",
    "bonds",
    "two bytes for three values",
)
bad(
    "runs-too-many",
    "runs that sum to more than the header says are refused",
    (16,),
    pack(residues(15), groupIdList=binary(7, 15, 0, "i", [1, 10, 2, 1, 1, 5])),
    "container length-mismatch groupIdList",
    "run-length",
    "10 + 1 + 5 = 16 values",
)
bad(
    "runs-huge",
    "a run of 2^31 - 1 in a list of 15 is refused",
    (16,),
    pack(residues(15), groupIdList=binary(7, 15, 0, "i", [1, 10, 2, 1, 1, 2**31 - 1])),
    "container length-mismatch groupIdList",
    "run-length",
    "counts are summed before anything is expanded, and without overflow",
)
bad(
    "parts-too-few",
    "fewer indexed values than the header says are refused",
    (16,),
    pack(atoms(9), atomIdList=binary(15, 9, 0, "b", INDEXED[2:])),
    "container length-mismatch atomIdList",
    "recursive-index",
    "the first value, two parts, is left out",
)
bad(
    "unterminated",
    "a recursive index that ends at an endpoint is refused",
    (23,),
    pack(atoms(9), atomIdList=binary(15, 9, 0, "b", [*INDEXED[:-1], 127])),
    "container unterminated-index atomIdList",
    "recursive-index",
    "127, 127, 127 at the end completes no value",
)
bad(
    "negative-run",
    "a run of -1 is refused",
    (19,),
    pack(residues(15), groupIdList=binary(7, 15, 0, "i", [1, 10, 2, -1, 1, 6])),
    "container negative-run groupIdList",
    "run-length",
    "counts 10, -1 and 6: their sum is 15 all the same",
)
bad(
    "char-200",
    "a character above 127 is refused",
    (18,),
    pack(atoms(10), altLocList=binary(6, 10, 0, "i", [0, 5, 200, 3, 66, 2])),
    "container value-out-of-range altLocList",
    "alt-loc",
    "characters are ASCII",
)
bad(
    "delta-overflow",
    "a sum of deltas beyond int32 is refused",
    (18,),
    pack(atoms(8), atomIdList=binary(8, 8, 0, "i", [2**31 - 1, 7, 2, 1])),
    "container value-out-of-range atomIdList",
    "atom-id",
    "the second sum is 2^32 - 2",
)
bad(
    "narrowing",
    "a bond order that does not fit int8 is refused",
    (18,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondOrderList": binary(4, 3, 0, "i", [1, 258, 1])})),
    "container value-out-of-range bondOrderList",
    "bonds-int32",
    "258 modulo 256 is 2, a legal order",
)
good(
    "bonds-int32",
    "bond orders stored as int32 are read as int8",
    (17,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondOrderList": binary(4, 3, 0, "i", [1, 2, 1])})),
    "the values fit int8",
    bondOrderList=small([1, 2, 1]),
)
bad(
    "nul-inside",
    "a NUL byte inside a chain id is refused",
    (25,),
    pack(chains(2), chainNameList=binary(5, 2, 4, "B", [65, 0, 0, 0, 68, 0, 65, 0])),
    "container value-out-of-range chainNameList",
    "chain-name",
    "D, NUL, A",
)
bad(
    "split-negative",
    "a negative count of small deltas is refused",
    (33,),
    pack(SEVEN, xCoordBig=bare("i", [1200, 6, 100, -1]), xCoordSmall=bare("h", SMALL)),
    "container negative-run xCoordBig",
    "split-list",
    "counts 6 and -1: their sum is 5 all the same",
)
bad(
    "split-sum",
    "counts that are not the number of small deltas are refused",
    (34,),
    pack(SEVEN, xCoordBig=bare("i", [1200, 3, 100, 3]), xCoordSmall=bare("h", SMALL)),
    "container length-mismatch xCoordBig",
    "split-list",
    "six small deltas promised, five present",
)
bad(
    "a-nul-before-the-last-byte",
    "a NUL right before the last byte of an id is refused, in chainIdList",
    (25,),
    pack(chains(2), chainIdList=binary(5, 2, 4, "B", [65, 0, 0, 66, 66, 0, 0, 0])),
    "container value-out-of-range chainIdList",
    "chain-name",
    "A, two NULs, B",
)
bad(
    "a-nul-before-the-last-of-four",
    "a NUL right before the last byte of an id is refused, in chainNameList",
    (25,),
    pack(chains(2), chainNameList=binary(5, 2, 4, "B", [65, 66, 0, 67, 68, 0, 0, 0])),
    "container value-out-of-range chainNameList",
    "chain-name",
    "A, B, NUL, C",
)
