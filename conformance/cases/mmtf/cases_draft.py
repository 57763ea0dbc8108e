"""The draft: header-less fields, split lists, old names."""

from __future__ import annotations

from cases_encodings import PACKED_X
from cases_fields import ASP, GLY, PEPTIDE, SER, TWO
from making import V01, V1, codes, floats, good, ints, small
from pieces import atoms, bare, chains, draft, of_atoms, pack, residues, structure
from pieces import field as binary

# --- the draft --------------------------------------------------------------------------------------------------

SEVEN = draft(atoms(7))
SMALL = [0, 2, -1, -3, 5]
good(
    "split-list",
    "coordinates of the draft are big and small deltas",
    (8, 10, 21),
    pack(SEVEN, xCoordBig=bare("i", [1200, 3, 100, 2]), xCoordSmall=bare("h", SMALL)),
    "the published example, whose first value 1.000 is a misprint for 1.200",
    V01,
    xCoordList=floats([1.200, 1.200, 1.202, 1.201, 1.301, 1.298, 1.303]),
    yCoordList=floats([0.0] * 7),
)
good(
    "split-b",
    "B-factors of the draft are big and small deltas",
    (10, 21),
    pack(SEVEN, bFactorBig=bare("i", [200, 3, 100, 2]), bFactorSmall=bare("h", SMALL)),
    "the published example",
    V01,
    bFactorList=floats([2.00, 2.00, 2.02, 2.01, 3.01, 2.98, 3.03]),
)
good(
    "split-large",
    "a big delta may be anything that int32 holds",
    (10,),
    pack(
        SEVEN, xCoordBig=bare("i", [-2000000, 0, 4000000, 4, -32768, 0]), xCoordSmall=bare("h", [32767, -32768, 0, 1])
    ),
    "sums of the deltas over 1000",
    xCoordList=floats([-2000.0, 2000.0, 2032.767, 1999.999, 1999.999, 2000.0, 1967.232]),
)
good(
    "draft-runs",
    "list fields of the draft have no headers",
    (8, 26),
    pack(
        draft(atoms(6)),
        occupancyList=bare("i", [100, 4, 50, 2]),
        atomIdList=bare("i", [1, 5, 2, 1]),
        altLocList=bare("i", [32, 4, 65, 1, 66, 1]),
    ),
    "the published examples, cut to six atoms",
    V01,
    occupancyList=floats([1.0] * 4 + [0.5] * 2),
    atomIdList=ints([1, 2, 3, 4, 5, 7]),
    altLocList=codes([32] * 4 + [65, 66]),
)
good(
    "draft-chains",
    "chain ids of the draft's text are aligned to the right",
    (24,),
    pack(draft(chains(3)), chainIdList=bytes([0, 0, 0, 65, 0, 0, 0, 66, 0, 0, 89, 67])),
    "the published example",
    V01,
    chainIdList=["A", "B", "YC"],
)
good(
    "draft-counts",
    "the draft's counts follow from its lists",
    (35,),
    pack(draft(TWO)),
    "13 groups in 13 chains in 2 models",
    numGroups=13,
    numChains=13,
    numModels=2,
)
KEYED = draft(PEPTIDE)
BY_KEY = {"7": KEYED["groupList"][2], "3": KEYED["groupList"][0], "5": KEYED["groupList"][1]}
good(
    "draft-group-map",
    "a groupList that is a map is read in the order of its keys",
    (36, 10),
    pack(KEYED, groupList=BY_KEY, groupTypeList=bare("i", [7, 3, 5, 7, 7])),
    "keys 3, 5, 7 are the positions 0, 1, 2 of GLY, ASP, SER",
    V01,
    groupTypeList=ints([2, 0, 1, 2, 2]),
    groupList=[GLY, ASP, SER],
)
good(
    "draft-charges",
    "atomChargeList of the draft is formalChargeList",
    (10,),
    pack(draft(structure([of_atoms(2) | {"formalChargeList": [1, -2]}], [0], [1], [1]))),
    "the charges that were put in",
    groupList=[of_atoms(2) | {"formalChargeList": [1, -2]}],
)
good(
    "draft-bonds",
    "bonds of the draft have no headers",
    (26, 29),
    pack(draft(residues(5)), numBonds=3, bondAtomList=bare("i", [0, 1, 0, 2, 2, 4]), bondOrderList=bytes([1, 2, 1])),
    "the published examples",
    V01,
    bondAtomList=ints([0, 1, 0, 2, 2, 4]),
    bondOrderList=small([1, 2, 1]),
)
good(
    "draft-says-1-0",
    "split coordinates make a file a draft, whatever its version says",
    (8,),
    pack(SEVEN, mmtfVersion="1.0.0", xCoordBig=bare("i", [1200, 3, 100, 2]), xCoordSmall=bare("h", SMALL)),
    "the published example under another version",
    V01,
    mmtfVersion="1.0.0",
    xCoordList=floats([1.200, 1.200, 1.202, 1.201, 1.301, 1.298, 1.303]),
)
good(
    "list-says-0-1",
    "coordinate lists make a file 1.0, whatever its version says",
    (8,),
    pack(atoms(7), mmtfVersion="0.1", xCoordList=binary(10, 7, 1000, "h", PACKED_X)),
    "the published example under another version",
    V1,
    mmtfVersion="0.1",
    xCoordList=floats([105.200, 105.200, 105.202, 105.201, 105.301, 105.298, 105.303]),
)
