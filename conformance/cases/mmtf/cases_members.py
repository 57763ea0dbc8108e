"""Dialects that mix, and fields of another type, clause by clause, beside what still fits."""

from __future__ import annotations

import math

from cases_draft import SEVEN, SMALL
from cases_encodings import BONDS
from making import bad, codes, floats, good, ints, small
from pieces import IDENTITY, atoms, bare, chains, draft, of_atoms, pack, residues, structure
from pieces import field as binary

# --- dialect ----------------------------------------------------------------------------------------------------

good(
    "draft-by-its-b-factors",
    "a split field that is not xCoord makes a file a draft as well",
    (8, 9),
    pack(SEVEN, bFactorBig=bare("i", [200, 6]), bFactorSmall=bare("h", [0] * 6)),
    "seven B-factors of 200 / 100",
    bFactorList=floats([2.0] * 7),
)
for key, name, title in (
    ("mixed-by-b-factors", "bFactorList", "a list of B-factors beside split coordinates is refused"),
    ("mixed-by-z", "zCoordList", "a list of z beside other coordinates that are split is refused"),
):
    split = {k: v for k, v in SEVEN.items() if not k.startswith("zCoord") or name != "zCoordList"}
    bad(
        key,
        title,
        (9,),
        pack(split, **{name: binary(9, 7, 100, "i", [0, 7])}),
        "schema mixed-dialect xCoordBig",
        "split-list",
        f"{name} is of 1.0",
    )
bad(
    "mixed-by-split-b-factors",
    "split B-factors beside lists of coordinates are refused",
    (9,),
    pack(atoms(1), bFactorSmall=b"", bFactorBig=bare("i", [0, 0])),
    "schema mixed-dialect bFactorBig",
    "one-atom",
    "bFactorBig is of the draft",
)
bad(
    "mixed-by-one-half",
    "small deltas alone beside lists of coordinates are refused",
    (9,),
    pack(atoms(1), yCoordSmall=b""),
    "schema mixed-dialect yCoordSmall",
    "one-atom",
    "yCoordSmall is of the draft",
)
bad(
    "mixed-by-small-deltas",
    "small deltas of B-factors alone beside lists of coordinates are refused",
    (9,),
    pack(atoms(2), bFactorSmall=bare("h", [1])),
    "schema mixed-dialect bFactorSmall",
    "one-atom",
    "bFactorSmall is of the draft",
)
bad(
    "mixed-by-only-b-factors",
    "a list of B-factors beside coordinates that are all split is refused",
    (9,),
    pack(draft(atoms(2)), bFactorList=binary(10, 2, 100, "h", [100, 0])),
    "schema mixed-dialect xCoordBig",
    "split-list",
    "bFactorList is of 1.0",
)
for key, given, lacking in (
    ("half-of-b-factors", {"bFactorBig": bare("i", [200, 5, 0, 0])}, "bFactorSmall"),
    ("small-half-of-b-factors", {"bFactorSmall": bare("h", SMALL)}, "bFactorBig"),
):
    bad(
        key,
        f"a draft with {next(iter(given))} and without {lacking} is refused",
        (37,),
        pack(SEVEN, **given),
        f"schema missing-field {lacking}",
        "split-b",
        "a pair has two halves",
    )
good(
    "resonance-in-a-draft",
    "a resonance in a draft has a header",
    (26,),
    pack(
        draft(residues(3)),
        numBonds=1,
        bondAtomList=bare("i", [0, 2]),
        bondResonanceList=binary(16, 1, 0, "i", [1, 1]),
    ),
    "the draft has no encoding of its own for it",
    bondResonanceList=small([1]),
)
good(
    "resonances-in-a-draft",
    "two resonances in a draft have a header",
    (26,),
    pack(
        draft(residues(3)),
        numBonds=2,
        bondAtomList=bare("i", [0, 2, 1, 0]),
        bondResonanceList=binary(2, 2, 0, "b", [0, -1]),
    ),
    "codec 2 by its header",
    bondResonanceList=small([0, -1]),
)
bad(
    "charges-of-the-draft-in-1-0",
    "atomChargeList in a file of 1.0 is no formalChargeList",
    (37,),
    pack(
        structure(
            [{("atomChargeList" if k == "formalChargeList" else k): v for k, v in of_atoms(2).items()}], [0], [1], [1]
        )
    ),
    "schema missing-field groupList",
    "one-atom",
    "the name is the draft's",
)

# --- types ------------------------------------------------------------------------------------------------------

good(
    "numbers-of-int16",
    "numbers of int16 serve a field of int8",
    (17,),
    pack(residues(2), secStructList=binary(3, 2, 0, "h", [-1, 7])),
    "both fit int8",
    secStructList=small([-1, 7]),
)
good(
    "orders-of-indexed-numbers",
    "recursively indexed numbers serve a field of int8",
    (17,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondOrderList": binary(15, 3, 0, "b", [1, 2, 4])})),
    "they fit int8",
    bondOrderList=small([1, 2, 4]),
)
for value, word in ((128, "above"), (-129, "below")):
    bad(
        f"a-number-{word}-int8",
        f"{value} in a field of int8 is refused",
        (18,),
        pack(residues(2), secStructList=binary(3, 2, 0, "h", [-1, value])),
        "container value-out-of-range secStructList",
        "numbers-of-int16",
        "int8 is from -128 to 127",
    )
bad(
    "an-order-below-int8",
    "a bond order that is -255 in 32 bits is refused",
    (18,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondOrderList": binary(4, 3, 0, "i", [1, -255, 1])})),
    "container value-out-of-range bondOrderList",
    "bonds-int32",
    "-255 modulo 256 is 1, a legal order",
)
for key, data, how in (
    ("quotients-for-integers", binary(9, 3, 1, "i", [7, 3]), "codec 9 gives float32, whole numbers or not"),
    ("floats-for-integers", binary(1, 3, 0, "f", [1.0, 2.0, 3.0]), "codec 1 gives float32"),
    ("characters-for-integers", binary(6, 3, 0, "i", [65, 3]), "codec 6 serves characters alone"),
):
    bad(
        key,
        f"{key.replace('-', ' ')} are refused",
        (17,),
        pack(atoms(3), atomIdList=data),
        "schema wrong-type atomIdList",
        "numbers-for-integers",
        how,
    )
good(
    "numbers-for-integers",
    "runs of numbers serve a field of integers",
    (17,),
    pack(atoms(3), atomIdList=binary(7, 3, 0, "i", [65, 3])),
    "65 three times",
    atomIdList=ints([65] * 3),
)
bad(
    "characters-for-structure",
    "characters in a field of int8 are refused",
    (17,),
    pack(residues(2), secStructList=binary(6, 2, 0, "i", [7, 2])),
    "schema wrong-type secStructList",
    "numbers-of-int16",
    "codec 6 serves characters alone",
)
for key, data in (("bytes-for-characters", binary(2, 2, 0, "b", [65, 66])),
                  ("runs-of-bytes-for-characters", binary(16, 2, 0, "i", [65, 2]))):  # fmt: skip
    bad(
        key,
        f"{key.replace('-', ' ')} are refused",
        (17,),
        pack(atoms(2), altLocList=data),
        "schema wrong-type altLocList",
        "runs-for-characters",
        "characters are no integers",
    )
good(
    "runs-for-characters",
    "characters of two atoms decode",
    (17,),
    pack(atoms(2), altLocList=binary(6, 2, 0, "i", [65, 2])),
    "A for both atoms",
    altLocList=codes([65, 65]),
)
for key, value in (("nan", math.nan), ("infinity", math.inf), ("minus-infinity", -math.inf)):
    for name in ("occupancyList", "bFactorList", "yCoordList"):
        if (key, name) in (("nan", "yCoordList"), ("minus-infinity", "bFactorList")):
            continue
        bad(
            f"{key}-of-{name.removesuffix('List').lower()}",
            f"{key.replace('-', ' ')} in {name} is refused",
            (30,),
            pack(atoms(2), **{name: binary(1, 2, 0, "f", [1.0, value])}),
            f"schema non-finite {name}",
            f"a-float-of-{name.removesuffix('List').lower()}",
            "the second of two floats",
        )
for name in ("occupancyList", "bFactorList", "yCoordList"):
    good(
        f"a-float-of-{name.removesuffix('List').lower()}",
        f"floats in {name} are handed over as they are",
        (30,),
        pack(atoms(2), **{name: binary(1, 2, 0, "f", [1.0, 0.3])}),
        "codec 1 passes them through",
        **{name: floats([1.0, 0.3])},
    )
CELL = [10.0, 12.0, 30.0, 90.0, 90.0, 120.0]
good(
    "a-cell",
    "a cell of six floats is handed over",
    (30, 49),
    pack(atoms(1), unitCell=CELL),
    "floats that 32 bits hold",
    unitCell=CELL,
)
bad(
    "a-cell-of-infinity",
    "a cell with an infinite edge is refused",
    (30,),
    pack(atoms(1), unitCell=[math.inf, *CELL[1:]]),
    "schema non-finite unitCell",
    "a-cell",
    "the first edge",
)
bad(
    "a-resolution-of-nan",
    "a resolution that is no number is refused",
    (30,),
    pack(atoms(1), resolution=math.nan),
    "schema non-finite resolution",
    "a-resolution",
    "it is NaN",
)
ASSEMBLED = [{"transformList": [{"chainIndexList": [0], "matrix": IDENTITY}]}]
good(
    "an-assembly",
    "an assembly without a name is handed over",
    (38, 43),
    pack(chains(1), bioAssemblyList=ASSEMBLED),
    "the assembly that was put in",
    bioAssemblyList=ASSEMBLED,
)
bad(
    "a-matrix-of-nan",
    "a matrix with a number that is none is refused",
    (30,),
    pack(
        chains(1), bioAssemblyList=[{"transformList": [{"chainIndexList": [0], "matrix": [math.nan, *IDENTITY[1:]]}]}]
    ),
    "schema non-finite bioAssemblyList",
    "an-assembly",
    "the first of sixteen",
)
for key, name, value, twin in (
    ("a-cell-that-is-nil", "unitCell", None, "a-cell"),
    ("b-factors-that-are-nil", "bFactorList", None, "a-float-of-bfactor"),
    ("alternates-that-are-nil", "altLocList", None, "runs-for-characters"),
    ("a-count-that-is-true", "numBonds", True, "one-atom"),
    ("atoms-that-are-true", "numAtoms", True, "one-atom"),
    ("a-list-of-true", "chainsPerModel", [True], "one-atom"),
    ("a-resolution-of-true", "resolution", True, "a-resolution"),
):
    bad(
        key,
        f"{name} of {'nil' if value is None else 'true'} is refused",
        (51,) if value is None else (38,),
        pack(atoms(2 if name == "altLocList" else 1), **{name: value}),
        f"schema wrong-type {name}",
        twin,
        "another type than the field has",
    )
good(
    "a-resolution-of-an-integer",
    "a resolution and an R that are integers are read",
    (50,),
    pack(atoms(1), resolution=2, rFree=0),
    "2 and 0 are numbers",
    numAtoms=1,
)
WHOLE = [int(x) for x in IDENTITY]
good(
    "matrices-of-integers",
    "matrices of integers are read",
    (50,),
    pack(
        chains(1),
        ncsOperatorList=[WHOLE],
        bioAssemblyList=[{"transformList": [{"chainIndexList": [0], "matrix": WHOLE}]}],
    ),
    "the unit matrix",
    ncsOperatorList=[IDENTITY],
    bioAssemblyList=ASSEMBLED,
)
bad(
    "a-matrix-of-seventeen",
    "an NCS operator of seventeen numbers is refused",
    (49,),
    pack(atoms(1), ncsOperatorList=[[*IDENTITY, 0.0]]),
    "schema wrong-length ncsOperatorList",
    "ncs",
    "a matrix has sixteen",
)
bad(
    "a-matrix-of-twelve",
    "an NCS operator without its last row is refused",
    (49,),
    pack(atoms(1), ncsOperatorList=[IDENTITY, IDENTITY[:12]]),
    "schema wrong-length ncsOperatorList",
    "ncs",
    "the second has twelve numbers",
)
bad(
    "a-cell-of-seven",
    "a cell of seven numbers is refused",
    (49,),
    pack(atoms(1), unitCell=[*CELL, 1.0]),
    "schema wrong-length unitCell",
    "a-cell",
    "one number too many",
)
