"""A second shape of some claims: bytes within maps, odd ends without orders, keys out of order, codecs below 1."""

from __future__ import annotations

from cases_fields import ASP, GLY, PEPTIDE, SER
from making import bad, good, ints
from pieces import atoms, bare, draft, of_atoms, pack, structure
from pieces import field as binary

good(
    "bytes-in-a-map-in-a-map",
    "bytes in a map in a map of an application are handed over as they are",
    (52,),
    pack(atoms(1), extraProperties={"a": {"b": b"\x01\x02", "c": {"d": b"\xff"}}, "e": b""}),
    "the bytes that were put in",
    extraProperties={"a": {"b": [1, 2], "c": {"d": [255]}}, "e": []},
)
HEADED = bytes.fromhex("00000002000000030000000001fe07")
LISTS = {"dssp": [HEADED, 3], "of": [{"first": b"\x07", "text": "x"}]}
good(
    "bytes-in-lists-of-a-map",
    "bytes in a list of a map of an application are handed over as they are, with a header and without",
    (52,),
    pack(atoms(1), groupProperties=LISTS, extraProperties={"runs": [[b"\x80\x00"], {"code": HEADED}]}),
    "the bytes that were put in; 15 of them are a header of codec 2 and its three values",
    groupProperties={"dssp": [list(HEADED), 3], "of": [{"first": [7], "text": "x"}]},
    extraProperties={"runs": [[[128, 0]], {"code": list(HEADED)}]},
)

RESONANT = {key: value for key, value in of_atoms(3).items() if key != "bondOrderList"}


def resonant(ends: list[int]) -> bytes:
    """A file whose second group has one resonance, no orders, and these ends of bonds."""
    second = RESONANT | {"bondAtomList": ends, "bondResonanceList": [1]}
    return pack(structure([of_atoms(1), second], [0, 1], [2], [1]), numBonds=1)


good(
    "a-resonance-beside-no-orders",
    "a group may have resonances and no orders",
    (42,),
    resonant([1, 0]),
    "two ends are one bond, with one resonance",
    numAtoms=4,
)
bad(
    "three-ends-beside-no-orders",
    "three ends of bonds in a second group without orders are refused",
    (28,),
    resonant([1, 0, 2]),
    "schema wrong-length groupList[1].bondAtomList",
    "a-resonance-beside-no-orders",
    "a bond and a half",
)
BARE = {key: value for key, value in RESONANT.items() if key != "bondAtomList"}


def drafted(ends: list[int]) -> bytes:
    """A draft of one group without orders and resonances that has these ends of bonds."""
    return pack(draft(structure([BARE | {"bondAtomList": ends}], [0], [1], [1])))


good(
    "four-ends-beside-no-orders-in-a-draft",
    "a group of a draft may have bonds and no orders",
    (42,),
    drafted([0, 1, 1, 2]),
    "four ends are two bonds",
    numAtoms=3,
)
bad(
    "five-ends-beside-no-orders-in-a-draft",
    "five ends of bonds in a group of a draft without orders are refused",
    (28,),
    drafted([0, 1, 1, 2, 0]),
    "schema wrong-length groupList[0].bondAtomList",
    "four-ends-beside-no-orders-in-a-draft",
    "two bonds and a half",
)
good(
    "a-map-of-groups-out-of-order",
    "a groupList that is a map whose keys fall is read in ascending order of key, in a file of 1.0",
    (36,),
    pack(PEPTIDE, groupList={"40": SER, "12": ASP, "7": GLY}, groupTypeList=binary(4, 5, 0, "i", [40, 7, 12, 40, 40])),
    "7, 12 and 40 are the positions 0, 1, 2, whatever their order in the file",
    groupTypeList=ints([2, 0, 1, 2, 2]),
    groupList=[GLY, ASP, SER],
)
good(
    "a-draft-map-of-groups-out-of-order",
    "a groupList that is a map whose first key is the middle one is read in ascending order of key, in a draft",
    (36,),
    pack(draft(PEPTIDE), groupList={"1": ASP, "0": GLY, "2": SER}, groupTypeList=bare("i", [2, 0, 1, 2, 2])),
    "0, 1 and 2 are the positions 0, 1, 2, whatever their order in the file",
    groupTypeList=ints([2, 0, 1, 2, 2]),
    groupList=[GLY, ASP, SER],
)
bad(
    "a-codec-of-minus-1",
    "codec -1 of the x coordinates is refused",
    (13,),
    pack(atoms(1), title="crambin", xCoordList=binary(-1, 1, 1000, "i", [0])),
    "container unsupported-codec xCoordList",
    "a-title",
    "the codec in the header",
)
bad(
    "a-codec-of-0-in-text",
    "codec 0 of the ids of chains is refused",
    (13,),
    pack(atoms(1), title="crambin", chainIdList=binary(0, 1, 4, "B", [65, 0, 0, 0])),
    "container unsupported-codec chainIdList",
    "a-title",
    "the codec in the header",
)
LOWEST = of_atoms(2) | {"formalChargeList": [-128, 127]}
good(
    "charges-at-both-ends-in-a-draft",
    "charges of a draft are from -128 to 127",
    (53,),
    pack(draft(structure([of_atoms(1), LOWEST], [0, 1], [2], [1]))),
    "the groups that were put in",
    groupList=[of_atoms(1), LOWEST],
)
