"""Lists of another length, indices and counts that do not agree, field by field, in both dialects."""

from __future__ import annotations

from typing import Any

from making import bad, good, ints, small
from pieces import IDENTITY, bare, pack
from pieces import field as binary
from whole import DIALECTS, DRAFT, ONE, PLAIN, THREE, WHOLE, groups_of

# --- lists of another length --------------------------------------------------------------------------------------

OF_N: dict[str, tuple[int, Any]] = {
    **{name: (8, lambda n: binary(9, n, 10, "i", [1, n])) for name in ("xCoordList", "yCoordList", "zCoordList")},
    "bFactorList": (8, lambda n: binary(10, n, 10, "h", [1] * n)),
    "occupancyList": (8, lambda n: binary(9, n, 10, "i", [1, n])),
    "atomIdList": (8, lambda n: binary(8, n, 0, "i", [1, n])),
    "altLocList": (8, lambda n: binary(6, n, 0, "i", [65, n])),
    "groupIdList": (4, lambda n: binary(8, n, 0, "i", [1, n])),
    "sequenceIndexList": (4, lambda n: binary(4, n, 0, "i", [0] * n)),
    "insCodeList": (4, lambda n: binary(6, n, 0, "i", [65, n])),
    "secStructList": (4, lambda n: binary(2, n, 0, "b", [1] * n)),
    "chainIdList": (3, lambda n: binary(5, n, 1, "B", [65] * n)),
    "chainNameList": (3, lambda n: binary(5, n, 1, "B", [65] * n)),
    "bondOrderList": (2, lambda n: binary(16, n, 0, "i", [1, n])),
    "bondResonanceList": (2, lambda n: binary(2, n, 0, "b", [1] * n)),
}
"""Of each field of the whole file its length, and the field of another length."""
for name, (length, made) in OF_N.items():
    # three values of secStructList are those of the first model
    for n in (length + 1, length + 3, length - 1 if name != "secStructList" else 2, int(name == "secStructList")):
        bad(
            f"{n}-values-of-{name.lower()}",
            f"a {name} of {n} values where {length} are due is refused",
            (26,),
            pack(WHOLE, **{name: made(n)}),
            f"schema wrong-length {name}",
            "every-field-of-1-0",
            f"{length} values are due",
        )
good(
    "structures-of-the-first-model",
    "a secStructList of the groups of the first of two models is read, and no other list may be as short",
    (26,),
    pack(WHOLE, secStructList=binary(2, 3, 0, "b", [7, 0, -1])),
    "the first model has 2 + 1 of 4 groups",
    secStructList=small([7, 0, -1]),
)
for name in ("sequenceIndexList", "insCodeList", "groupIdList"):
    bad(
        f"{name.lower()}-of-the-first-model",
        f"a {name} of the groups of the first model alone is refused",
        (26,),
        pack(WHOLE, secStructList=binary(2, 3, 0, "b", [7, 0, -1]), **{name: OF_N[name][1](3)}),
        f"schema wrong-length {name}",
        "structures-of-the-first-model",
        "four groups; only secStructList may end with the first model",
    )
BARE = {
    "occupancyList": bare("i", [100, 7]),
    "atomIdList": bare("i", [1, 9]),
    "altLocList": bare("i", [65, 7]),
    "groupIdList": bare("i", [1, 5]),
    "sequenceIndexList": bare("i", [1, 3]),
    "insCodeList": bare("i", [65, 5]),
    "secStructList": bytes(5),
    "chainIdList": b"A\0\0\0B\0\0\0",
    "chainNameList": b"A\0\0\0" * 4,
    "bondOrderList": bytes([1]),
    "bondResonanceList": binary(2, 3, 0, "b", [1] * 3),
}
for name, data in BARE.items():
    bad(
        f"a-draft-of-another-length-of-{name.lower()}",
        f"in a draft a {name} of another length is refused",
        (26,),
        pack(DRAFT, **{name: data}),
        f"schema wrong-length {name}",
        "every-field-of-the-draft",
        "one value more or less than the file has things",
    )
for name in ("xCoord", "yCoord", "zCoord", "bFactor"):
    bad(
        f"a-draft-of-another-length-of-{name.lower()}",
        f"in a draft seven values of {name} for eight atoms are refused",
        (26,),
        pack(DRAFT, **{f"{name}Big": bare("i", [1, 6]), f"{name}Small": bare("h", [1] * 6)}),
        "schema wrong-length",
        "every-field-of-the-draft",
        "seven values",
    )

# --- bonds ----------------------------------------------------------------------------------------------------------

for dialect, short, twin, whole in DIALECTS:
    for what, ends in (
        ("minus one", [0, -1, 4, 7]),
        ("their number", [0, 3, 4, 8]),
        ("far beyond", [2**31 - 1, 3, 4, 7]),
    ):
        bad(
            f"{short}-bonds-to-atom-{what.replace(' ', '-')}",
            f"in a file of {dialect} a bond between groups to atom {what} is refused",
            (27,),
            pack(whole, bondAtomList=binary(4, 4, 0, "i", ends) if short == "one-zero" else bare("i", ends)),
            "schema index-out-of-range bondAtomList",
            twin,
            "atoms are numbered 0 to 7",
        )
    for n in (3, 5):
        bad(
            f"{short}-{n}-ends-of-bonds",
            f"in a file of {dialect} {n} ends of bonds between groups are refused",
            (28,),
            pack(
                whole,
                bondOrderList=...,
                bondResonanceList=...,
                bondAtomList=binary(4, n, 0, "i", [1] * n) if short == "one-zero" else bare("i", [1] * n),
            ),
            "schema wrong-length bondAtomList",
            twin,
            "two ends a bond",
        )
    for what, number, code, change in (
        ("a bond to an atom that only the file has", 27, "index-out-of-range", {"bondAtomList": [1, 0, 2, 3]}),
        ("a bond to the last atom of the file", 27, "index-out-of-range", {"bondAtomList": [1, 7, 2, 1]}),
        ("a bond to atom minus three", 27, "index-out-of-range", {"bondAtomList": [1, 0, 2, -3]}),
        ("five ends of bonds", 28, "wrong-length", {"bondAtomList": [1, 0, 2, 1, 0]}),
        ("an order of minus two", 29, "bad-value", {"bondOrderList": [1, -2]}),
        ("an order of six", 29, "bad-value", {"bondOrderList": [6, 1]}),
        ("an order of none", 29, "bad-value", {"bondOrderList": [1, 0]}),
        ("a resonance of three", 29, "bad-value", {"bondResonanceList": [0, 3]}),
        ("one element too many", 42, "wrong-length", {"elementList": ["C"] * 4}),
        ("one element too few", 42, "wrong-length", {"elementList": ["C"] * 2}),
        ("one charge too many", 42, "wrong-length", {"formalChargeList": [0] * 4}),
        ("no charges", 42, "wrong-length", {"formalChargeList": []}),
        ("three orders of two bonds", 42, "wrong-length", {"bondOrderList": [1] * 3}),
        ("three resonances of two bonds", 42, "wrong-length", {"bondResonanceList": [1] * 3}),
        ("a charge of 200", 53, "bad-value", {"formalChargeList": [0, 200, 0]}),
    ):
        bad(
            f"{short}-last-group-has-{what.replace(' ', '-')}",
            f"in a file of {dialect} a last group, of no residue, that has {what} is refused",
            (number,),
            pack(whole, groupList=groups_of(dialect, THREE, ONE, THREE | change)),
            f"schema {code} groupList",
            f"{short}-with-a-group-of-no-residue",
            "the third of three groups, which no residue has",
        )
    good(
        f"{short}-with-a-group-of-no-residue",
        f"a file of {dialect} may have a group that no residue has",
        (40, 42),
        pack(whole, groupList=groups_of(dialect, THREE, ONE, THREE)),
        "the groups that were put in",
        groupList=[THREE, ONE, THREE],
    )
    for name in ("bondOrderList", "bondResonanceList"):
        lone = {key: value for key, value in ONE.items() if not key.startswith("bond")} | {name: [1]}
        bad(
            f"{short}-lone-{name.lower()}",
            f"in a file of {dialect} a {name} of a group without bonds is refused",
            (42,),
            pack(whole, groupList=groups_of(dialect, THREE, lone)),
            "schema wrong-length groupList",
            twin,
            "one value for no bond",
        )
EVERY = THREE | {
    "atomNameList": ["A", "B", "C"],
    "bondAtomList": [0, 1, 1, 2, 2, 0, 0, 1, 2, 2],
    "bondOrderList": [-1, 1, 2, 3, 4],
    "bondResonanceList": [-1, 0, 1, 1, 0],
}
for dialect, short, _, whole in DIALECTS:
    ends, orders = [0, 7, 1, 6, 2, 5, 3, 3, 4, 0], [4, 3, -1, 2, 1]
    good(
        f"{short}-every-order",
        f"in a file of {dialect} orders of -1, 1, 2, 3 and 4 and resonances of -1, 0 and 1 are read",
        (27, 29),
        pack(
            whole,
            groupList=groups_of(dialect, EVERY, ONE),
            bondAtomList=binary(4, 10, 0, "i", ends) if short == "one-zero" else bare("i", ends),
            bondOrderList=binary(2, 5, 0, "b", orders) if short == "one-zero" else bare("b", orders),
            bondResonanceList=binary(2, 5, 0, "b", [-1, 0, 1, 1, -1]),
        ),
        "the values that were put in",
        groupList=[EVERY, ONE],
        bondAtomList=ints(ends),
        bondOrderList=small(orders),
        bondResonanceList=small([-1, 0, 1, 1, -1]),
    )
    for name, value in (("bondOrderList", 0), ("bondOrderList", 127), ("bondOrderList", -128),
                        ("bondResonanceList", -2), ("bondResonanceList", 3)):  # fmt: skip
        headed = short == "one-zero" or name == "bondResonanceList"
        bad(
            f"{short}-{name.lower()}-of-{'minus-' if value < 0 else ''}{abs(value)}",
            f"in a file of {dialect} a {name} with {value} as its last is refused",
            (29,),
            pack(whole, **{name: binary(2, 2, 0, "b", [1, value]) if headed else bare("b", [1, value])}),
            f"schema bad-value {name}",
            f"{short}-every-order",
            "no order, or no resonance",
        )

# --- counts and indices ---------------------------------------------------------------------------------------------

COUNTS = ("numBonds", "numAtoms", "numGroups", "numChains", "numModels")
for name in COUNTS:
    for value in (-1, 2**31, 2**63):
        bad(
            f"{name.lower()}-of-{'minus-one' if value < 0 else f'{value:x}-hex'}",
            f"a {name} of {value} is refused",
            (48,),
            pack(WHOLE, **{name: value}),
            f"schema bad-value {name}",
            "every-field-of-1-0",
            "counts are from 0 to 2^31 - 1",
        )
for name, values in (("groupsPerChain", ([2, 3, -1], [2, 2**31, 1])), ("chainsPerModel", ([4, -1], [2, 2**32 + 1]))):
    for i, value in enumerate(values):
        for dialect, short, twin, whole in DIALECTS:
            bad(
                f"{short}-{name.lower()}-out-of-range-{i + 1}",
                f"in a file of {dialect} a {name} of {value} is refused",
                (48,),
                pack(whole, **{name: value}),
                f"schema bad-value {name}",
                twin,
                "counts are from 0 to 2^31 - 1",
            )
for dialect, short, twin, whole in DIALECTS:
    for name, value in (
        ("numAtoms", 7), ("numAtoms", 9), ("numGroups", 3), ("numGroups", 5), ("numChains", 2), ("numChains", 4),
        ("numModels", 1), ("numModels", 3), ("groupsPerChain", [2, 1, 2]), ("groupsPerChain", [2, 1, 0]),
        ("chainsPerModel", [2, 2]), ("chainsPerModel", [1, 1]),
    ):  # fmt: skip
        bad(
            f"{short}-{name.lower()}-of-{'-'.join(map(str, value if isinstance(value, list) else [value]))}",
            f"in a file of {dialect} a {name} of {value} that does not agree is refused",
            (41,),
            pack(whole, **{name: value}),
            f"schema count-mismatch {name}",
            twin,
            "8 atoms in 4 groups of 3 chains in 2 models",
        )
    types = {"one-zero": lambda values: binary(4, 4, 0, "i", values), "draft": lambda values: bare("i", values)}[short]
    for value in (-1, 2):
        bad(
            f"{short}-last-type-of-{'minus-one' if value < 0 else value}",
            f"in a file of {dialect} a last type of {value} among two groups is refused",
            (40,),
            pack(whole, groupTypeList=types([0, 1, 0, value])),
            "schema index-out-of-range groupTypeList",
            twin,
            "groups are numbered 0 and 1",
        )
    for name, place, value in (
        ("entityList", 0, {"chainIndexList": [0, 3]}), ("entityList", 1, {"chainIndexList": [-1]}),
        ("bioAssemblyList", 1, {"chainIndexList": [2, 3]}), ("bioAssemblyList", 0, {"chainIndexList": [-1, 0]}),
    ):  # fmt: skip
        several = [dict(item) for item in PLAIN[name]]
        if name == "entityList":
            several[place] |= value
        else:
            last = several[place]["transformList"][-1] | value
            several[place]["transformList"] = [*several[place]["transformList"][:-1], last]
        bad(
            f"{short}-{name.lower()}-{place}-of-another-chain",
            f"in a file of {dialect} member {place} of {name} with the chains {value['chainIndexList']} is refused",
            (43,),
            pack(whole, **{name: several}),
            f"schema index-out-of-range {name}",
            twin,
            "chains are numbered 0 to 2",
        )
    for n in (0, 12, 15, 17):
        bad(
            f"{short}-an-operator-of-{n}",
            f"in a file of {dialect} a second NCS operator of {n} numbers is refused",
            (49,),
            pack(whole, ncsOperatorList=[IDENTITY, (IDENTITY * 2)[:n]]),
            "schema wrong-length ncsOperatorList",
            twin,
            "a matrix has sixteen",
        )
        moved = {"chainIndexList": [0], "matrix": (IDENTITY * 2)[:n]}
        bad(
            f"{short}-a-transform-of-{n}",
            f"in a file of {dialect} a last transform of {n} numbers is refused",
            (49,),
            pack(whole, bioAssemblyList=[*PLAIN["bioAssemblyList"], {"transformList": [moved]}]),
            "schema wrong-length bioAssemblyList",
            twin,
            "a matrix has sixteen",
        )
    for n in (0, 3, 7):
        bad(
            f"{short}-a-cell-of-{n}",
            f"in a file of {dialect} a cell of {n} numbers is refused",
            (49,),
            pack(whole, unitCell=(PLAIN["unitCell"] * 2)[:n]),
            "schema wrong-length unitCell",
            twin,
            "a cell has six",
        )
