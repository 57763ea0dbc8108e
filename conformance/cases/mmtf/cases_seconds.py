"""Further cases of sentences that one case alone told: keys that stand twice, integers for floats."""

from __future__ import annotations

from making import bad, good
from pieces import IDENTITY, atoms, chains, draft, pack

INSIDE = [{"a": 1, "b": [2]}]
good(
    "maps-inside-an-unknown-field",
    "maps inside of an unknown field are handed over",
    (39,),
    pack(atoms(1), extra=INSIDE),
    "the field that was put in",
    extra=INSIDE,
)
bad(
    "duplicate-of-one-value-inside",
    "a key that stands twice with one value inside of an unknown field is refused",
    (3,),
    pack(atoms(1), extra=INSIDE).replace(b"\x82\xa1a\x01", b"\x83\xa1a\x01\xa1a\x01"),
    "container duplicate-field extra",
    "maps-inside-an-unknown-field",
    "a is 1 and 1",
)
bad(
    "duplicate-of-one-value-in-a-group",
    "a key of a group that stands twice with one value is refused",
    (3,),
    pack(atoms(1)).replace(b"\x88\xa9groupName\xa3LIG", b"\x89\xa9groupName\xa3LIG\xa9groupName\xa3LIG"),
    "container duplicate-field groupList",
    "one-atom",
    "groupName is LIG and LIG",
)
SHIFTED = [0, -1, 0, 12, 1.0, 0, 0, -7, 0, 0, 1, 0.5, 0, 0, 0, 1]
good(
    "operators-of-integers-and-floats",
    "operators of integers and of floats side by side are read",
    (50,),
    pack(chains(2), ncsOperatorList=[IDENTITY, SHIFTED], unitCell=[10, 20.5, 30, 90, 90.0, 120]),
    "the numbers that were put in",
    ncsOperatorList=[IDENTITY, [float(x) for x in SHIFTED]],
    unitCell=[10.0, 20.5, 30.0, 90.0, 90.0, 120.0],
)
good(
    "operators-of-integers-in-a-draft",
    "in the draft operators of integers are read, too",
    (50,),
    pack(
        draft(chains(2)),
        ncsOperatorList=[[int(x) for x in IDENTITY]],
        bioAssemblyList=[{"transformList": [{"chainIndexList": [1], "matrix": [2 * int(x) for x in IDENTITY]}]}],
    ),
    "the numbers that were put in",
    ncsOperatorList=[IDENTITY],
    bioAssemblyList=[{"transformList": [{"chainIndexList": [1], "matrix": [2 * x for x in IDENTITY]}]}],
)
