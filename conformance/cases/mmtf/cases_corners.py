"""Versions, orders and keys at their limits, and what only one of the dialects requires."""

from __future__ import annotations

from cases_fields import ASP, GLY, PEPTIDE, SER
from making import bad, good, ints
from pieces import atoms, bare, draft, of_atoms, pack, structure

KEYED = draft(PEPTIDE)


def by_key(*keys: str) -> dict:
    """The three groups of PEPTIDE under keys of a map."""
    return dict(zip(keys, KEYED["groupList"], strict=True))


good(
    "draft-group-map-two-digits",
    "keys of a groupList of one and of two digits are in the order of their numbers",
    (36,),
    pack(KEYED, groupList=by_key("9", "10", "100"), groupTypeList=bare("i", [100, 9, 10, 100, 100])),
    "9, 10 and 100 are the positions 0, 1, 2, though as text 10 and 100 come before 9",
    groupTypeList=ints([2, 0, 1, 2, 2]),
    groupList=[GLY, ASP, SER],
)
good(
    "draft-group-map-from-zero",
    "keys of a groupList that begin with 0 and leave numbers out are in the order of their numbers",
    (36,),
    pack(KEYED, groupList=by_key("0", "2", "11"), groupTypeList=bare("i", [11, 0, 2, 11, 11])),
    "0, 2 and 11 are the positions 0, 1, 2, though as text 11 comes before 2",
    groupTypeList=ints([2, 0, 1, 2, 2]),
    groupList=[GLY, ASP, SER],
)
for version, key in (("10.0.0", "version-ten"), ("01x", "version-no-number")):
    bad(
        key,
        f"version {version} is refused",
        (7,),
        pack(atoms(1), mmtfVersion=version),
        "container unsupported-version mmtfVersion",
        "minor-version",
        "what stands before the first full stop is neither 0 nor 1",
    )
BOUND = of_atoms(2) | {"bondAtomList": [1, 0], "bondOrderList": [4]}
good(
    "order-four",
    "a bond of a group may have the order 4",
    (29,),
    pack(structure([BOUND], [0], [1], [1])),
    "the group that was put in",
    groupList=[BOUND],
)
for order, word in ((0, "zero"), (5, "five"), (-2, "minus-two")):
    bad(
        f"order-{word}",
        f"a bond of a group of the order {order} is refused",
        (29,),
        pack(structure([BOUND | {"bondOrderList": [order]}], [0], [1], [1])),
        "schema bad-value groupList",
        "order-four",
        "orders are -1, 1, 2, 3 and 4",
    )
CHARGED = structure([of_atoms(1)], [0], [1], [1])
UNCHARGED = {key: value for key, value in draft(CHARGED)["groupList"][0].items() if key != "atomChargeList"}
good(
    "draft-one-atom",
    "a draft of one atom is read",
    (10,),
    pack(draft(CHARGED)),
    "the group that was put in",
    groupList=[of_atoms(1)],
)
bad(
    "draft-without-charges",
    "a group of the draft without atomChargeList is refused",
    (37,),
    pack(draft(CHARGED), groupList=[UNCHARGED]),
    "schema missing-field groupList",
    "draft-one-atom",
    "the draft requires charges of a group, too",
)
bad(
    "draft-without-names",
    "a group of the draft without atomNameList is refused",
    (37,),
    pack(draft(CHARGED), groupList=[{k: v for k, v in UNCHARGED.items() if k != "atomNameList"} | {
        "atomChargeList": [0]}]),
    "schema missing-field groupList",
    "draft-one-atom",
    "names are required of every group",
)  # fmt: skip
