"""Files whose fields do not fit together, each beside its good twin."""

from __future__ import annotations

import gzip
import struct

import msgpack
from cases_encodings import BONDS
from cases_fields import ASP, ASSEMBLY, BACK, ENTITY, GLY, PEPTIDE, SER, TWO
from making import bad, codes, floats, good
from pieces import IDENTITY, atoms, bare, chains, pack, residues
from pieces import field as binary

# --- refusals: schema -------------------------------------------------------------------------------------------

bad(
    "mixed-dialect",
    "coordinates in both forms are refused",
    (9,),
    pack(atoms(1), xCoordBig=bare("i", [0, 0]), xCoordSmall=b""),
    "schema mixed-dialect xCoordBig",
    "one-atom",
    "a split field beside the list",
)
bad(
    "float-by-int-codec",
    "integers in a float field are refused",
    (17,),
    pack(atoms(1), occupancyList=binary(7, 1, 100, "i", [100, 1])),
    "schema wrong-type occupancyList",
    "one-occupancy",
    "codec 7 gives int32",
)
bad(
    "wrong-length",
    "a list of another length than the atoms is refused",
    (26,),
    pack(atoms(1), occupancyList=binary(9, 2, 100, "i", [100, 2])),
    "schema wrong-length occupancyList",
    "one-occupancy",
    "two values for one atom",
)
bad(
    "bond-index",
    "a bond to an atom that does not exist is refused",
    (27,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondAtomList": binary(4, 6, 0, "i", [0, 62, 2, 4, 6, 12])})),
    "schema index-out-of-range bondAtomList",
    "bonds",
    "62 atoms are numbered 0 to 61",
)
bad(
    "bond-negative",
    "a bond to atom -1 is refused",
    (27,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondAtomList": binary(4, 6, 0, "i", [-1, 61, 2, 4, 6, 12])})),
    "schema index-out-of-range bondAtomList",
    "bonds",
    "indices count from 0",
)
bad(
    "bond-odd",
    "an odd number of bonded atoms is refused",
    (28,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondAtomList": binary(4, 5, 0, "i", [0, 61, 2, 4, 6])})),
    "schema wrong-length bondAtomList",
    "bonds",
    "bonds are pairs",
)
bad(
    "bond-order",
    "a bond order of 5 is refused",
    (29,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondOrderList": binary(2, 3, 0, "b", [1, 5, 1])})),
    "schema bad-value bondOrderList",
    "bonds",
    "orders are -1 and 1 to 4",
)
bad(
    "resonance",
    "a resonance of 2 is refused",
    (29,),
    pack(residues(62), numBonds=3, **BONDS, bondResonanceList=binary(16, 3, 0, "i", [1, 1, 2, 1, 1, 1])),
    "schema bad-value bondResonanceList",
    "bond-resonance",
    "resonances are -1, 0 and 1",
)
NAN = struct.pack(">iii", 1, 3, 0) + bytes.fromhex("3fc00000 7fc00000 3dcccccd")
bad(
    "nan",
    "a coordinate that is not a number is refused",
    (30,),
    pack(atoms(3), xCoordList=NAN),
    "schema non-finite xCoordList",
    "codec-1",
    "the second of three float32 is NaN",
)
bad(
    "missing-coordinates",
    "a file without xCoordList is refused",
    (37,),
    pack(atoms(1), xCoordList=...),
    "schema missing-field xCoordList",
    "one-atom",
    "a required field is left out",
)
bad(
    "missing-producer",
    "a file without mmtfProducer is refused",
    (37,),
    pack(atoms(1), mmtfProducer=...),
    "schema missing-field mmtfProducer",
    "one-atom",
    "a required field is left out",
)
bad(
    "missing-elements",
    "a group without elementList is refused",
    (37,),
    pack(PEPTIDE, groupList=[{k: v for k, v in GLY.items() if k != "elementList"}, ASP, SER]),
    "schema missing-field groupList[0].elementList",
    "dictionary",
    "GLY without its elements",
)
bad(
    "text-for-count",
    "a numAtoms that is text is refused",
    (38,),
    pack(atoms(1), numAtoms="1"),
    "schema wrong-type numAtoms",
    "one-atom",
    "the text 1 instead of the integer",
)
bad(
    "list-for-binary",
    "coordinates that are not binary are refused",
    (38,),
    pack(atoms(1), xCoordList=[0.0]),
    "schema wrong-type xCoordList",
    "one-atom",
    "a MessagePack array instead of bytes",
)
bad(
    "group-type",
    "a group type beyond groupList is refused",
    (40,),
    pack(PEPTIDE, groupTypeList=binary(4, 5, 0, "i", [2, 0, 1, 2, 3])),
    "schema index-out-of-range groupTypeList",
    "dictionary",
    "groupList has entries 0 to 2",
)
bad(
    "group-type-negative",
    "a group type of -1 is refused",
    (40,),
    pack(PEPTIDE, groupTypeList=binary(4, 5, 0, "i", [2, 0, 1, 2, -1])),
    "schema index-out-of-range groupTypeList",
    "dictionary",
    "the last entry from the end is what a careless reader takes",
)
bad(
    "chains-sum",
    "chains of models that do not sum to the chains are refused",
    (41,),
    pack(TWO, chainsPerModel=[5, 7]),
    "schema count-mismatch chainsPerModel",
    "models",
    "5 + 7 of 13",
)
bad(
    "groups-sum",
    "groups of chains that do not sum to the groups are refused",
    (41,),
    pack(TWO, groupsPerChain=[1] * 12 + [2]),
    "schema count-mismatch groupsPerChain",
    "models",
    "14 of 13",
)
bad(
    "atoms-count",
    "a numAtoms that is not the atoms of all groups is refused",
    (41,),
    pack(PEPTIDE, numAtoms=30),
    "schema count-mismatch numAtoms",
    "dictionary",
    "the groups have 29 atoms",
)
bad(
    "models-count",
    "a numModels that is not the number of models is refused",
    (41,),
    pack(TWO, numModels=3),
    "schema count-mismatch numModels",
    "models",
    "chainsPerModel has two entries",
)
bad(
    "group-elements",
    "a group with fewer elements than atoms is refused",
    (42,),
    pack(PEPTIDE, groupList=[GLY | {"elementList": ["N", "C", "C"]}, ASP, SER]),
    "schema wrong-length groupList[0].elementList",
    "dictionary",
    "three elements for four atoms",
)
bad(
    "group-bond-orders",
    "a group with fewer orders than bonds is refused",
    (42,),
    pack(PEPTIDE, groupList=[GLY | {"bondOrderList": [1, 1]}, ASP, SER]),
    "schema wrong-length groupList[0].bondOrderList",
    "dictionary",
    "two orders for three bonds",
)
bad(
    "assembly-chain",
    "an assembly that names a chain beyond the last is refused",
    (43,),
    pack(
        chains(7),
        bioAssemblyList=[ASSEMBLY[0], {"name": "2", "transformList": [{"chainIndexList": [0, 4, 7], "matrix": BACK}]}],
    ),
    "schema index-out-of-range bioAssemblyList[1].transformList[0].chainIndexList",
    "assembly",
    "chains are 0 to 6",
)
bad(
    "entity-chain",
    "an entity of a chain that does not exist is refused",
    (43,),
    pack(chains(5), entityList=[ENTITY[0], ENTITY[1] | {"chainIndexList": [5]}]),
    "schema index-out-of-range entityList[1].chainIndexList",
    "entity",
    "chains are 0 to 4",
)
bad(
    "extension-inside",
    "a MessagePack extension type inside a group is refused",
    (46,),
    pack(PEPTIDE, groupList=[GLY | {"zz": msgpack.ExtType(5, b"x")}, ASP, SER]),
    "container not-messagepack groupList",
    "dictionary",
    "a key of the first group that MMTF does not define, with an extension for its value",
)

# --- settled later: gzip, counts, fixed lengths, characters, fields without a form in the draft -----------------

TWICE = pack(atoms(2), xCoordList=binary(9, 2, 10, "i", [15, 2]))
good(
    "gzip-members",
    "a gzip file of two members is one file",
    (5, 47),
    gzip.compress(TWICE[:100], mtime=0) + gzip.compress(TWICE[100:], mtime=0),
    "RFC 1952: a gzip file is its members, one after the other; 1.5 twice",
    xCoordList=floats([1.5, 1.5]),
)
bad(
    "gzip-damaged",
    "gzip data with a wrong check sum are refused",
    (47,),
    gzip.compress(TWICE, mtime=0)[:-8] + bytes(8),
    "container not-messagepack file",
    "gzip",
    "the CRC-32 and the size at the end are 0",
)
bad(
    "gzip-cut",
    "gzip data that end early are refused",
    (47,),
    gzip.compress(TWICE, mtime=0)[:-40],
    "container truncated file",
    "gzip",
    "the last 40 bytes are missing",
)
bad(
    "gzip-and-more",
    "bytes after the last gzip member are refused",
    (47,),
    gzip.compress(TWICE, mtime=0) + b"more",
    "container not-messagepack file",
    "gzip",
    "what follows a member has to be a member",
)
bad(
    "negative-bonds",
    "a negative number of bonds is refused",
    (48,),
    pack(atoms(1), numBonds=-1),
    "schema bad-value numBonds",
    "one-atom",
    "counts are 0 or more",
)
bad(
    "cell-of-five",
    "a unit cell of five numbers is refused",
    (49,),
    pack(atoms(1), unitCell=[10.0, 12.0, 30.0, 90.0, 90.0]),
    "schema wrong-length unitCell",
    "metadata",
    "a, b, c, alpha, beta and no gamma",
)
bad(
    "matrix-of-fifteen",
    "a matrix of fifteen numbers is refused",
    (49,),
    pack(atoms(1), ncsOperatorList=[IDENTITY[:15]]),
    "schema wrong-length ncsOperatorList",
    "one-atom",
    "the last element of the unit matrix is missing",
)
good(
    "cell-of-integers",
    "integers are read where floats are due",
    (50,),
    pack(atoms(1), unitCell=[10, 12, 30, 90, 90, 120]),
    "the numbers that were put in",
    unitCell=[10.0, 12.0, 30.0, 90.0, 90.0, 120.0],
)
bad(
    "float-count",
    "a float is refused where an integer is due",
    (38,),
    pack(atoms(1), numAtoms=1.0),
    "schema wrong-type numAtoms",
    "one-atom",
    "1.0 is a MessagePack float",
)
bad(
    "characters-by-integers",
    "characters in an integer codec are refused",
    (17,),
    pack(atoms(1), altLocList=binary(7, 1, 0, "i", [65, 1])),
    "schema wrong-type altLocList",
    "alt-loc",
    "codec 7 gives int32; characters have codec 6",
)
good(
    "unknown-binary",
    "a binary field of no specification is handed over as its bytes",
    (39,),
    pack(atoms(1), somethingNew=b"\x01\x02\xff"),
    "the bytes that were put in",
    somethingNew=codes([1, 2, 255]),
)
