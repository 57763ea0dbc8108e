"""The encodings of 1.0, each by its published example."""

from __future__ import annotations

from making import ENCODINGS, V01, V1, V11, codes, floats, good, ints, small
from pieces import atoms, chains, pack, residues
from pieces import field as binary

# --- the encodings, by the published examples -------------------------------------------------------------------

RUNS = [1, 10, 2, 1, 1, 4]
good(
    "run-length",
    "run-length pairs repeat each value",
    (11, 17),
    pack(residues(15), groupIdList=binary(7, 15, 0, "i", RUNS)),
    "the published example of run-length encoding",
    ENCODINGS,
    groupIdList=ints([1] * 10 + [2] + [1] * 4),
)
good(
    "delta",
    "delta decoding sums what run-length decoding gives",
    (11,),
    pack(residues(15), groupIdList=binary(8, 15, 0, "i", RUNS)),
    "the published example of delta encoding",
    ENCODINGS,
    groupIdList=ints([*range(1, 11), 12, 13, 14, 15, 16]),
)
INDEXED = [127, 41, 34, 1, 0, -50, -128, 0, 7, 127, 0, 127, 127, 14]
good(
    "recursive-index",
    "parts at an endpoint of int8 add to the parts after them",
    (11, 17),
    pack(atoms(9), atomIdList=binary(15, 9, 0, "b", INDEXED)),
    "the published example of recursive indexing",
    ENCODINGS,
    atomIdList=ints([168, 34, 1, 0, -50, -128, 7, 127, 268]),
)
good(
    "group-id",
    "group ids start anew after a delta of -10",
    (11,),
    pack(residues(15), groupIdList=binary(8, 15, 0, "i", [1, 10, -10, 1, 1, 4])),
    "10 - 10 = 0: the published example, whose end 1 to 5 is a misprint for 0 to 4",
    V1,
    groupIdList=ints([*range(1, 11), 0, 1, 2, 3, 4]),
)
good(
    "sequence-index",
    "sequence indices are run-length and delta decoded",
    (11,),
    pack(residues(15), sequenceIndexList=binary(8, 15, 0, "i", [1, 10, -10, 1, 1, 4])),
    "the published example",
    V1,
    sequenceIndexList=ints([*range(1, 11), 0, 1, 2, 3, 4]),
)
good(
    "occupancy",
    "occupancies are run-length decoded and divided by 100",
    (11, 21),
    pack(atoms(6), occupancyList=binary(9, 6, 100, "i", [100, 4, 50, 2])),
    "the published example",
    V1,
    occupancyList=floats([1.0] * 4 + [0.5] * 2),
)
good(
    "b-factor",
    "B-factors are summed deltas divided by 100",
    (11, 21),
    pack(atoms(7), bFactorList=binary(10, 7, 100, "h", [18200, 0, 2, -1, 100, -3, 5])),
    "the published example",
    V1,
    bFactorList=floats([182.00, 182.00, 182.02, 182.01, 183.01, 182.98, 183.03]),
)
PACKED_X = [32767, 32767, 32767, 6899, 0, 2, -1, 100, -3, 5]
good(
    "coordinate",
    "a coordinate above 32.767 takes several parts",
    (11, 21),
    pack(atoms(7), xCoordList=binary(10, 7, 1000, "h", PACKED_X)),
    "3 x 32767 + 6899 = 105200: the published example, whose first value 100.000 is a misprint for 105.200",
    V1,
    xCoordList=floats([105.200, 105.200, 105.202, 105.201, 105.301, 105.298, 105.303]),
)
good(
    "atom-id",
    "atom serial numbers are run-length and delta decoded",
    (11,),
    pack(atoms(8), atomIdList=binary(8, 8, 0, "i", [1, 7, 2, 1])),
    "the published example",
    V1,
    atomIdList=ints([1, 2, 3, 4, 5, 6, 7, 9]),
)
CHARS = [0, 5, 65, 3, 66, 2]
good(
    "alt-loc",
    "alternate locations are run-length encoded codes, 0 for none",
    (11, 31),
    pack(atoms(10), altLocList=binary(6, 10, 0, "i", CHARS)),
    "the published example",
    V1,
    altLocList=codes([0] * 5 + [65] * 3 + [66] * 2),
)
good(
    "alt-loc-space",
    "a space in altLocList is handed over as 32",
    (31,),
    pack(atoms(10), altLocList=binary(6, 10, 0, "i", [32, 5, 65, 3, 66, 2])),
    "the published example with the space that files of 0.2.0 have instead of 0",
    altLocList=codes([32] * 5 + [65] * 3 + [66] * 2),
)
good(
    "ins-code",
    "insertion codes are run-length encoded codes",
    (11, 31),
    pack(residues(10), insCodeList=binary(6, 10, 0, "i", CHARS)),
    "the published example",
    V1,
    insCodeList=codes([0] * 5 + [65] * 3 + [66] * 2),
)
good(
    "chain-id",
    "chain ids are four bytes each",
    (11, 24),
    pack(chains(3), chainIdList=binary(5, 3, 4, "B", [65, 0, 0, 0, 66, 0, 0, 0, 67, 0, 0, 0])),
    "the published example",
    V1,
    chainIdList=["A", "B", "C"],
)
good(
    "chain-name",
    "chain names may have two letters",
    (11, 24),
    pack(chains(2), chainNameList=binary(5, 2, 4, "B", [65, 0, 0, 0, 68, 65, 0, 0])),
    "the published example",
    V1,
    chainNameList=["A", "DA"],
)
good(
    "chain-id-right",
    "chain ids aligned to the right read the same",
    (24,),
    pack(chains(3), chainIdList=binary(5, 3, 4, "B", [0, 0, 0, 65, 0, 0, 0, 66, 0, 0, 89, 67])),
    "the alignment of the draft's example",
    V01,
    chainIdList=["A", "B", "YC"],
)
good(
    "text-utf8",
    "chain ids are UTF-8",
    (11, 24),
    pack(chains(1), chainIdList=binary(5, 1, 4, "B", [0xC3, 0xA9, 0, 0])),
    "C3 A9 is é in UTF-8",
    chainIdList=["é"],
)
good(
    "sec-struct",
    "secondary structure is one byte a group",
    (11,),
    pack(residues(10), secStructList=binary(2, 10, 0, "b", [7, 7, 2, 2, 2, 2, 2, 2, 2, 7])),
    "the published example",
    V1,
    secStructList=small([7, 7, 2, 2, 2, 2, 2, 2, 2, 7]),
)
BONDS = {"bondAtomList": binary(4, 6, 0, "i", [0, 61, 2, 4, 6, 12]), "bondOrderList": binary(2, 3, 0, "b", [1, 2, 1])}
good(
    "bonds",
    "bonds between groups are pairs of atoms with an order each",
    (11, 26),
    pack(residues(62), numBonds=3, **BONDS),
    "the published example",
    V1,
    bondAtomList=ints([0, 61, 2, 4, 6, 12]),
    bondOrderList=small([1, 2, 1]),
)
good(
    "bond-resonance",
    "bond resonance is run-length encoded bytes",
    (11, 29),
    pack(residues(62), numBonds=3, **BONDS, bondResonanceList=binary(16, 3, 0, "i", [1, 1, 0, 1, 1, 1])),
    "the published values 1, 0, 1, each a run of one",
    V11,
    bondResonanceList=small([1, 0, 1]),
)
good(
    "codec-1",
    "codec 1 passes float32 through",
    (11,),
    pack(atoms(3), xCoordList=binary(1, 3, 0, "f", [1.5, -2.25, 0.1])),
    "the bytes are the numbers",
    xCoordList=floats([1.5, -2.25, 0.1]),
)
good(
    "codec-3",
    "an integer field may be stored as int16",
    (11, 17),
    pack(residues(3), groupIdList=binary(3, 3, 0, "h", [-32768, 0, 32767])),
    "the bytes are the numbers",
    groupIdList=ints([-32768, 0, 32767]),
)
good(
    "codec-11",
    "codec 11 divides int16",
    (11, 21),
    pack(atoms(3), bFactorList=binary(11, 3, 10, "h", [15, -25, 32767])),
    "15, -25 and 32767 divided by 10",
    bFactorList=floats([1.5, -2.5, 3276.7]),
)
good(
    "codec-12",
    "codec 12 is recursive indexing without deltas",
    (11, 21),
    pack(atoms(2), xCoordList=binary(12, 2, 10, "h", [32767, 1, -5])),
    "32767 + 1 and -5, divided by 10",
    xCoordList=floats([3276.8, -0.5]),
)
good(
    "codec-13",
    "codec 13 is recursive indexing of bytes",
    (11, 21),
    pack(atoms(2), xCoordList=binary(13, 2, 10, "b", [-128, -2, 5])),
    "-128 - 2 and 5, divided by 10",
    xCoordList=floats([-13.0, 0.5]),
)
good(
    "codec-14",
    "codec 14 is recursive indexing into int32",
    (11, 17),
    pack(atoms(2), atomIdList=binary(14, 2, 0, "h", [32767, 0, -32768, -1])),
    "32767 + 0 and -32768 - 1",
    atomIdList=ints([32767, -32769]),
)
EXACT = [1025003418, 1107318843, 2038070694, -547810273, 2147483647]
good(
    "rounded-once",
    "integers above 2^24 are divided before they are rounded",
    (21,),
    pack(atoms(5), xCoordList=binary(9, 5, 1000, "i", [x for v in EXACT for x in (v, 1)])),
    "quotients in decimal; rounding the integers to float32 first gives other numbers",
    xCoordList=floats([v / 1000 for v in EXACT]),
)
THIRDS = [1, 2, 5, 10, 20, 33, 700, 1201, 99999, 16777215]
good(
    "nearest",
    "quotients are the nearest float32",
    (21,),
    pack(atoms(10), xCoordList=binary(9, 10, 3, "i", [x for v in THIRDS for x in (v, 1)])),
    "quotients by 3; multiplying by the float32 nearest 1/3 gives other numbers",
    xCoordList=floats([v / 3 for v in THIRDS]),
)
OVER = [32767] * 65540 + [-32768] * 65540 + [5]
good(
    "sum-returns",
    "a sum may leave int32 between the parts of one value",
    (18,),
    pack(atoms(1), xCoordList=binary(10, 1, 1, "h", OVER)),
    "65540 x 32767 exceeds 2^31 on the way; the value is 5 - 65540",
    xCoordList=floats([-65535.0]),
)
