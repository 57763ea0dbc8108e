"""Groups, bonds, counts and chains that do not agree, clause by clause, beside what still does."""

from __future__ import annotations

import msgpack
from cases_encodings import BONDS
from cases_fields import PEPTIDE, TWO
from cases_members import ASSEMBLED
from making import bad, codes, good, ints
from pieces import IDENTITY, atoms, bare, chains, draft, of_atoms, pack, residues, structure
from pieces import field as binary

# --- groups -----------------------------------------------------------------------------------------------------


def bound(**changes: object) -> bytes:
    """A file of one group of three atoms with two bonds, and with other lists."""
    made = of_atoms(3) | {"bondAtomList": [1, 0, 2, 1], "bondOrderList": [1, 2], "bondResonanceList": [0, 1]} | changes
    return pack(structure([made], [0], [1], [1]), numBonds=2)


good(
    "two-bonds-of-a-group",
    "two bonds of a group are handed over",
    (27, 28, 29, 42),
    bound(),
    "the group that was put in",
    groupList=[
        of_atoms(3) | {"bondAtomList": [1, 0, 2, 1], "bondOrderList": [1, 2], "bondResonanceList": [0, 1]},
    ],
)
WRONG = {
    "index-out-of-range": (
        27,
        ("a-bond-beyond-a-group", "a bond to an atom that the group lacks", {"bondAtomList": [1, 0, 3, 1]}),
        ("a-bond-far-beyond-a-group", "a bond to atom 99 of a group", {"bondAtomList": [1, 99, 2, 1]}),
        ("a-bond-before-a-group", "a bond to atom -1 of a group", {"bondAtomList": [1, 0, -1, 1]}),
    ),
    "wrong-length": (
        42,
        ("an-order-too-few", "one order for two bonds of a group", {"bondOrderList": [1]}),
        ("an-order-too-many", "three orders for two bonds of a group", {"bondOrderList": [1, 2, 1]}),
        ("no-order-for-two-bonds", "an empty list of orders for two bonds of a group", {"bondOrderList": []}),
        ("no-resonance-for-two-bonds", "an empty list of resonances for two bonds", {"bondResonanceList": []}),
        ("a-resonance-too-few", "one resonance for two bonds of a group", {"bondResonanceList": [1]}),
        ("a-charge-too-few", "two charges for three atoms of a group", {"formalChargeList": [0, 0]}),
        ("a-charge-too-many", "four charges for three atoms of a group", {"formalChargeList": [0] * 4}),
    ),
    "bad-value": (
        29,
        ("a-resonance-of-two", "a resonance of 2 of a group", {"bondResonanceList": [0, 2]}),
        ("a-resonance-of-minus-two", "a resonance of -2 of a group", {"bondResonanceList": [-2, 0]}),
        ("a-charge-of-128", "a charge of 128", {"formalChargeList": [0, 128, 0]}),
        ("a-charge-of-minus-129", "a charge of -129", {"formalChargeList": [0, 0, -129]}),
        ("a-charge-of-256", "a charge of 256, of which one byte is 0", {"formalChargeList": [256, 0, 0]}),
    ),
}
for code, (number, *several) in WRONG.items():
    for key, what, changes in several:
        bad(
            key,
            f"{what} is refused",
            (53 if "charge" in key and number == 29 else number,),
            bound(**changes),
            f"schema {code} groupList",
            "two-bonds-of-a-group",
            f"{what}, of three atoms and two bonds",
        )
bad(
    "an-end-of-a-bond-of-a-group",
    "half a bond of a group is refused",
    (28,),
    bound(bondAtomList=[1, 0, 2], bondOrderList=[1], bondResonanceList=[0]),
    "schema wrong-length groupList",
    "two-bonds-of-a-group",
    "three ends of bonds",
)
good(
    "charges-at-both-ends",
    "charges are from -128 to 127",
    (53,),
    bound(formalChargeList=[-128, 127, 1]),
    "the group that was put in",
    groupList=[
        of_atoms(3)
        | {"bondAtomList": [1, 0, 2, 1], "bondOrderList": [1, 2], "bondResonanceList": [0, 1]}
        | {"formalChargeList": [-128, 127, 1]},
    ],
)
good(
    "resonances-at-both-ends",
    "resonances are -1, 0 and 1",
    (29,),
    bound(bondResonanceList=[-1, 1]),
    "the group that was put in",
    groupList=[
        of_atoms(3) | {"bondAtomList": [1, 0, 2, 1], "bondOrderList": [1, 2], "bondResonanceList": [-1, 1]},
    ],
)
KEYED = draft(PEPTIDE)
GROUPS = dict(zip(("3", "5", "9"), KEYED["groupList"], strict=True))
good(
    "keys-with-gaps",
    "types of groups are keys of a groupList that is a map",
    (36, 40),
    pack(KEYED, groupList=GROUPS, groupTypeList=bare("i", [9, 3, 5, 9, 9])),
    "3, 5 and 9 are the places 0, 1 and 2",
    groupTypeList=ints([2, 0, 1, 2, 2]),
)
for key, type_ in (("a-key-in-a-gap", 4), ("a-key-beyond", 10), ("a-place-that-is-no-key", 0)):
    bad(
        key,
        f"a type of group that is no key of the map is refused: {type_}",
        (40,),
        pack(KEYED, groupList=GROUPS, groupTypeList=bare("i", [9, 3, 5, 9, type_])),
        "schema index-out-of-range groupTypeList",
        "keys-with-gaps",
        "the keys are 3, 5 and 9",
    )
bad(
    "a-group-type-of-the-length",
    "a type of group that is the length of groupList is refused",
    (40,),
    pack(residues(2), groupTypeList=binary(4, 2, 0, "i", [0, 1])),
    "schema index-out-of-range groupTypeList",
    "numbers-of-int16",
    "one group is numbered 0",
)

# --- bonds between groups ---------------------------------------------------------------------------------------

for key, number, code, data in (
    ("a-bond-of-the-length", 27, "index-out-of-range", binary(4, 6, 0, "i", [0, 61, 2, 4, 62, 12])),
    ("an-order-of-seven", 29, "bad-value", binary(2, 3, 0, "b", [1, 2, 7])),
    ("an-order-of-minus-three", 29, "bad-value", binary(2, 3, 0, "b", [-3, 2, 1])),
    ("two-orders-of-three-bonds", 26, "wrong-length", binary(2, 2, 0, "b", [1, 2])),
    ("no-orders-of-three-bonds", 26, "wrong-length", binary(2, 0, 0, "b", [])),
    ("two-resonances-of-three-bonds", 26, "wrong-length", binary(16, 2, 0, "i", [1, 2])),
):
    name = f"bond{'Atom' if number == 27 else 'Resonance' if 'resonances' in key else 'Order'}List"
    bad(
        key,
        f"{key.replace('-', ' ')} between groups: refused",
        (number,),
        pack(residues(62), numBonds=3, **(BONDS | {name: data})),
        f"schema {code} {name}",
        "bonds",
        f"{name} of three bonds of 62 atoms",
    )
bad(
    "orders-without-bonds",
    "orders without bonds between groups are refused",
    (26,),
    pack(residues(3), bondOrderList=binary(2, 1, 0, "b", [1])),
    "schema wrong-length bondOrderList",
    "no-orders-without-bonds",
    "one order for no bond",
)
bad(
    "resonances-without-bonds",
    "resonances without bonds between groups are refused",
    (26,),
    pack(residues(3), bondResonanceList=binary(16, 2, 0, "i", [0, 2])),
    "schema wrong-length bondResonanceList",
    "no-orders-without-bonds",
    "two resonances for no bond",
)
good(
    "no-orders-without-bonds",
    "no orders of no bonds between groups are read",
    (26,),
    pack(residues(3), bondOrderList=binary(2, 0, 0, "b", [])),
    "no order for no bond",
    numAtoms=3,
)

# --- counts -----------------------------------------------------------------------------------------------------

for key, name in (
    ("draft-groups-count", "numGroups"),
    ("draft-chains-count", "numChains"),
    ("draft-models-count", "numModels"),
):
    bad(
        key,
        f"{name} of a draft that is not the length of its list is refused",
        (41,),
        pack(draft(TWO), **{name: 12}),
        f"schema count-mismatch {name}",
        "draft-stated-counts",
        "13 groups in 13 chains in 2 models",
    )
good(
    "draft-stated-counts",
    "counts that a draft states are kept where they are right",
    (35, 41),
    pack(draft(TWO), numGroups=13, numChains=13, numModels=2),
    "13 groups in 13 chains in 2 models",
    numGroups=13,
    numChains=13,
    numModels=2,
)
for name in ("numGroups", "numChains", "numModels"):
    bad(
        f"no-{name.lower()}",
        f"a file of 1.0 without {name} is refused",
        (37,),
        pack(TWO, **{name: ...}),
        f"schema missing-field {name}",
        "models",
        "only the draft may lack it",
    )
for key, name, value in (
    ("groups-stated", "numGroups", 12),
    ("chains-stated", "numChains", 14),
    ("models-stated", "numModels", 3),
    ("atoms-stated", "numAtoms", 12),
):
    bad(
        key,
        f"{name} that is not what the lists say is refused",
        (41,),
        pack(TWO, **{name: value}),
        f"schema count-mismatch {name}",
        "models",
        f"{value}: 13 atoms in 13 groups in 13 chains in 2 models",
    )
bad(
    "groups-of-chains-stated",
    "groups of chains that sum to less than the groups are refused",
    (41,),
    pack(TWO, groupsPerChain=[1] * 12 + [0]),
    "schema count-mismatch groupsPerChain",
    "models",
    "12 of 13 groups are in chains",
)
bad(
    "negative-atoms",
    "a negative number of atoms is refused",
    (48,),
    pack(atoms(1), numAtoms=-1),
    "schema bad-value numAtoms",
    "one-atom",
    "the number is -1",
)
bad(
    "negative-groups-of-a-chain",
    "a negative number of groups of a chain is refused",
    (48,),
    pack(structure([of_atoms(1)], [0] * 3, [3, 0], [2]), groupsPerChain=[4, -1]),
    "schema bad-value groupsPerChain",
    "models",
    "4 and -1: their sum is 3 all the same",
)
bad(
    "negative-chains-of-a-model",
    "a negative number of chains of a model is refused",
    (48,),
    pack(TWO, chainsPerModel=[14, -1]),
    "schema bad-value chainsPerModel",
    "models",
    "14 and -1: their sum is 13 all the same",
)
good(
    "the-largest-number-of-bonds",
    "a number of bonds of 2^31 - 1 is handed over",
    (44, 48),
    pack(atoms(1), numBonds=2**31 - 1),
    "no number of bonds is checked",
    numBonds=2**31 - 1,
)
bad(
    "too-many-bonds",
    "a number of bonds of 2^31 is refused",
    (48,),
    pack(atoms(1), numBonds=2**31),
    "schema bad-value numBonds",
    "the-largest-number-of-bonds",
    "counts are below 2^31",
)

# --- chains, members --------------------------------------------------------------------------------------------

bad(
    "too-few-chain-names",
    "fewer chain names than chains are refused",
    (26,),
    pack(chains(3), chainNameList=binary(5, 2, 4, "B", [65, 0, 0, 0, 66, 0, 0, 0])),
    "schema wrong-length chainNameList",
    "two-chain-names",
    "two names for three chains",
)
bad(
    "too-many-chain-ids",
    "more chain ids than chains are refused",
    (26,),
    pack(chains(1), chainIdList=binary(5, 2, 4, "B", [65, 0, 0, 0, 66, 0, 0, 0])),
    "schema wrong-length chainIdList",
    "two-chain-names",
    "two ids for one chain",
)
FIRST = {"chainIndexList": [0, 1], "matrix": IDENTITY}
for key, assemblies in (
    ("a-chain-of-the-second-transform", [{"transformList": [FIRST, {"chainIndexList": [2], "matrix": IDENTITY}]}]),
    ("a-chain-of-the-second-assembly",
     [{"transformList": [FIRST]}, {"transformList": [{"chainIndexList": [0, 2], "matrix": IDENTITY}]}]),
    ("a-negative-chain-of-the-second-transform",
     [{"transformList": [FIRST, FIRST, {"chainIndexList": [0, -1], "matrix": IDENTITY}]}]),
    ("a-negative-chain", [{"transformList": [{"chainIndexList": [1, -1], "matrix": IDENTITY}]}]),
):  # fmt: skip
    bad(
        key,
        f"{key.replace('-', ' ')} that does not exist is refused",
        (43,),
        pack(chains(2), bioAssemblyList=assemblies),
        "schema index-out-of-range bioAssemblyList",
        "an-assembly",
        "two chains are numbered 0 and 1",
    )
MEMBERS = {"description": "a", "type": "polymer", "chainIndexList": [0], "sequence": "A"}
for name in MEMBERS:
    bad(
        f"an-entity-without-{name.lower()}",
        f"an entity without {name} is refused",
        (37,),
        pack(chains(1), entityList=[{k: v for k, v in MEMBERS.items() if k != name}]),
        "schema missing-field entityList",
        "one-entity",
        f"{name} is missing",
    )
bad(
    "a-negative-chain-of-an-entity",
    "an entity of chain -1 is refused",
    (43,),
    pack(chains(1), entityList=[MEMBERS | {"chainIndexList": [-1]}]),
    "schema index-out-of-range entityList",
    "one-entity",
    "chains are numbered from 0",
)
bad(
    "a-transform-without-chains",
    "a transform without chainIndexList is refused",
    (37,),
    pack(chains(1), bioAssemblyList=[{"transformList": [{"matrix": IDENTITY}]}]),
    "schema missing-field bioAssemblyList",
    "an-assembly",
    "chainIndexList is missing",
)
bad(
    "an-assembly-of-a-number",
    "an assembly whose name is a number is refused",
    (38,),
    pack(chains(1), bioAssemblyList=[{"name": 1, **ASSEMBLED[0]}]),
    "schema wrong-type bioAssemblyList",
    "an-assembly",
    "a name is text",
)
good(
    "spaces-of-insertions",
    "the codes of insertions are handed over, 0 and 32",
    (31,),
    pack(residues(3), insCodeList=binary(6, 3, 0, "i", [32, 1, 0, 1, 65, 1])),
    "the codes that were put in",
    insCodeList=codes([32, 0, 65]),
)
good(
    "spaces-of-alternates",
    "the codes of alternates are handed over, 0 and 32",
    (31,),
    pack(atoms(3), altLocList=binary(6, 3, 0, "i", [32, 1, 0, 1, 65, 1])),
    "the codes that were put in",
    altLocList=codes([32, 0, 65]),
)

# --- what passes in a range, as absent or as text ---------------------------------------------------------------

bad(
    "an-order-of-zero",
    "an order of 0 between groups is refused",
    (29,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondOrderList": binary(2, 3, 0, "b", [1, 0, 2])})),
    "schema bad-value bondOrderList",
    "bonds",
    "orders are -1, 1, 2, 3 and 4: 0 is between two of them",
)
bad(
    "orders-of-zero-in-runs",
    "orders of 0 between groups that are one run are refused",
    (29,),
    pack(residues(62), numBonds=3, **(BONDS | {"bondOrderList": binary(7, 3, 0, "i", [0, 3])})),
    "schema bad-value bondOrderList",
    "bonds",
    "three times 0",
)
bad(
    "a-type-that-is-nil",
    "a type of a group that is nil is refused",
    (51,),
    pack(structure([of_atoms(1), of_atoms(1) | {"chemCompType": None}], [0, 1], [2], [1])),
    "schema wrong-type groupList",
    "one-atom",
    "nil is no text",
)
bad(
    "a-first-key-of-a-negative-number",
    "a first key of the file that is a negative number is refused",
    (1,),
    msgpack.packb({-70000: 1, **atoms(1)}),
    "container not-messagepack file",
    "one-atom",
    "keys of fields are text",
)
bad(
    "a-charge-below-int8-in-a-draft",
    "a charge of -1000 in a draft is refused",
    (53,),
    pack(draft(structure([of_atoms(1) | {"formalChargeList": [-1000]}], [0], [1], [1]))),
    "schema bad-value groupList",
    "draft-one-atom",
    "charges are from -128 to 127",
)
