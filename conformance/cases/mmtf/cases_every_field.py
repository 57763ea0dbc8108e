"""Every field of chapter 16, in each dialect: read, missing, nil, and of another type."""

from __future__ import annotations

from typing import Any

from making import bad, good
from pieces import pack
from whole import BINARY, DECODED, DIALECTS, DRAFT, LISTS, ONE, PLAIN, SPLIT, THREE, WHOLE, groups_of

READ = PLAIN | DECODED
for dialect, _, key, whole in DIALECTS:
    good(
        key,
        f"a file of {dialect} that has every field is read",
        (8, 10, 11, 26, 38, 41),
        pack(whole),
        "what was put in, value by value",
        **(READ | {"mmtfVersion": whole["mmtfVersion"]}),
    )

# --- missing ----------------------------------------------------------------------------------------------------

REQUIRED = ("mmtfVersion", "mmtfProducer", "numBonds", "numAtoms", "chainsPerModel", "groupsPerChain", "groupList",
            "groupIdList", "groupTypeList", "chainIdList")  # fmt: skip
LACKING = {
    "1.0": (*REQUIRED, "numGroups", "numChains", "numModels", "xCoordList", "yCoordList", "zCoordList"),
    "the draft": (*REQUIRED, *SPLIT),
}
for dialect, short, twin, whole in DIALECTS:
    for name in LACKING[dialect]:
        bad(
            f"{short}-lacks-{name.lower()}",
            f"a whole file of {dialect} without {name} is refused",
            (37,),
            pack(whole, **{name: ...}),
            f"schema missing-field {name}",
            twin,
            f"{name} is missing" if name not in SPLIT else f"{name} is half of a pair",
        )
    for name in ("groupName", "singleLetterCode", "chemCompType", "atomNameList", "elementList", "formalChargeList"):
        last = {key: value for key, value in ONE.items() if key != name}
        bad(
            f"{short}-group-lacks-{name.lower()}",
            f"a file of {dialect} whose last group is without {name} is refused",
            (37,),
            pack(whole, groupList=groups_of(dialect, THREE, last)),
            "schema missing-field groupList",
            twin,
            f"{name} is missing from the second of two groups",
        )
bad(
    "draft-lacks-y",
    "a draft that has no y, neither big nor small, is refused",
    (37,),
    pack(DRAFT, yCoordBig=..., yCoordSmall=...),
    "schema missing-field",
    "every-field-of-the-draft",
    "yCoordList is required in both dialects",
)
for name, member in (("transformList", {"name": "one"}), ("matrix", {"transformList": [{"chainIndexList": [0]}]})):
    bad(
        f"second-assembly-lacks-{name.lower()}",
        f"a second assembly without {name} is refused",
        (37,),
        pack(WHOLE, bioAssemblyList=[PLAIN["bioAssemblyList"][0], member]),
        "schema missing-field bioAssemblyList",
        "every-field-of-1-0",
        f"{name} is missing",
    )
good(
    "only-required-fields",
    "a file of 1.0 that has the required fields alone is read",
    (37,),
    pack({name: WHOLE[name] for name in (*LACKING["1.0"],)}),
    "what was put in",
    **{name: READ[name] for name in LACKING["1.0"]},
)
good(
    "only-required-fields-of-a-draft",
    "a draft that has the required fields alone is read",
    (35, 37),
    pack({name: DRAFT[name] for name in LACKING["the draft"] if not name.startswith("bFactor")}),
    "what was put in; the counts are those of the lists",
    **{name: READ[name] for name in LACKING["1.0"] if name != "mmtfVersion"},
)
for i, counts in enumerate((("numGroups",), ("numChains", "numModels"))):
    good(
        f"a-draft-with-some-counts-{i + 1}",
        f"a draft without {' and '.join(counts)} has the lengths of its lists",
        (35,),
        pack(DRAFT, **dict.fromkeys(counts, ...)),
        "4 groups, 3 chains and 2 models, though other counts are stated",
        **{name: PLAIN[name] for name in ("numGroups", "numChains", "numModels")},
    )

# --- nil --------------------------------------------------------------------------------------------------------

for dialect, short, twin, whole in DIALECTS:
    given = [name for name in whole if name not in PLAIN or short == "one-zero"]
    for name in given:
        bad(
            f"{short}-nil-of-{name.lower()}",
            f"in a file of {dialect} a {name} of nil is refused",
            (51,),
            pack(whole, **{name: None}),
            f"schema wrong-type {name}",
            twin,
            "nil is no value of a field of this chapter",
        )
    for name in THREE:
        bad(
            f"{short}-group-nil-of-{name.lower()}",
            f"in a file of {dialect} a {name} of nil in the first group is refused",
            (51,),
            pack(whole, groupList=groups_of(dialect, THREE | {name: None}, ONE)),
            "schema wrong-type groupList",
            twin,
            "nil is no value of a key of a group",
        )

# --- another type -----------------------------------------------------------------------------------------------

TEXTS = ("mmtfProducer", "structureId", "title", "depositionDate", "releaseDate", "spaceGroup")
FLOATS = ("resolution", "rFree", "rWork")
COUNTS = ("numBonds", "numAtoms", "numGroups", "numChains", "numModels")
PROPERTIES = tuple(name for name in PLAIN if name.endswith("Properties"))
TRANSFORM = PLAIN["bioAssemblyList"][0]["transformList"][0]
ENTITY = PLAIN["entityList"][0]
OTHERS: dict[str, list[tuple[str, Any]]] = {
    **{name: [("bytes", b"1.0"), ("a number", 1)] for name in ("mmtfVersion", *TEXTS)},
    **{name: [("text", "1.5"), ("a list", [1.5])] for name in FLOATS},
    **{name: [("a float", float(PLAIN[name])), ("text", str(PLAIN[name]))] for name in COUNTS},
    **{name: [("a number", 1), ("text", "abc")] for name in BINARY},
    **{name: [("a list", [1, 2]), ("text", "abc")] for name in PROPERTIES},
    "unitCell": [("a map", {"a": 10.0}), ("texts", ["10", "12", "30", "90", "90", "90"]), ("nils", [None] * 6)],
    "experimentalMethods": [("text", "X-RAY DIFFRACTION"), ("bytes in a list", ["A", b"B"]), ("nil in a list", [None])],
    "ncsOperatorList": [("one matrix", TRANSFORM["matrix"]), ("a map", {}), ("nil in a list", [None]),
                        ("a matrix of true", [[True] * 16])],
    "bioAssemblyList": [("a map", PLAIN["bioAssemblyList"][0]), ("a list in a list", [[]]),
                        ("transforms that are a map", [{"transformList": TRANSFORM}]),
                        ("a transform that is a list", [{"transformList": [[0], TRANSFORM["matrix"]]}]),
                        ("chains that are floats", [{"transformList": [TRANSFORM | {"chainIndexList": [0.0]}]}]),
                        ("chains that are one number", [{"transformList": [TRANSFORM | {"chainIndexList": 0}]}]),
                        ("chains that are nil", [{"transformList": [TRANSFORM | {"chainIndexList": None}]}]),
                        ("a matrix with text", [{"transformList": [TRANSFORM | {"matrix": ["1"] * 16}]}]),
                        ("a name of nil", [{"name": None, "transformList": []}])],
    "entityList": [("a map", ENTITY), ("text in a list", ["polymer"]),
                   ("chains of text", [ENTITY | {"chainIndexList": ["A"]}]),
                   *((f"{name} of a number", [ENTITY | {name: 7}]) for name in ("description", "type", "sequence")),
                   ("a sequence that is a list", [ENTITY | {"sequence": ["G", "S"]}])],
    "groupList": [("text", "GLY"), ("nil in a list", [None]), ("a number", 2)],
    "groupsPerChain": [("a number", 3), ("floats", [2.0, 1.0, 1.0]), ("bytes", bytes([2, 1, 1])),
                       ("texts", ["2", "1", "1"])],
    "chainsPerModel": [("a number", 2), ("floats", [2.0, 1.0]), ("bytes", bytes([2, 1])), ("nil in a list", [2, None])],
}  # fmt: skip
OTHERS["xCoordList"].append(("a list", [0.0] * 8))
OTHERS["chainIdList"].append(("a list of text", ["A", "B", "C"]))
for name, inside in zip(PROPERTIES, ("text", None, 1, "text", None), strict=False):
    OTHERS[name].append((f"a map of {inside or 'nil'}", {"a": inside}))
for name in PROPERTIES:
    OTHERS[name].append(("a map with keys that are numbers", {1: [1]}))


def other(name: str, what: str, value: Any, dialect: str, short: str, twin: str, whole: dict[str, Any]) -> None:
    """A case of a field of another type."""
    bad(
        f"{short}-{name.lower()}-of-{what.replace(' ', '-')}",
        f"in a file of {dialect} a {name} of {what} is refused",
        (38,),
        pack(whole, **{name: value}),
        f"schema wrong-type {name}",
        twin,
        "another type than the field has",
    )


for field, kinds in OTHERS.items():
    for what, value in kinds:
        other(field, what, value, *DIALECTS[0])
for field in ("title", "rWork", "numBonds", "unitCell", "ncsOperatorList", "extraProperties", "groupsPerChain",
              "chainsPerModel", "bondAtomList", "chainNameList", "bondResonanceList", "occupancyList"):  # fmt: skip
    other(field, *OTHERS[field][0], *DIALECTS[1])
for field in SPLIT:
    other(field, "a list", [0] * 8, *DIALECTS[1])
INSIDE: dict[str, list[tuple[str, Any]]] = {
    **{name: [("bytes", b"GLY"), ("a number", 1)] for name in ("groupName", "singleLetterCode", "chemCompType")},
    **{name: [("text", "ZN"), ("bytes in a list", [b"ZN"])] for name in ("atomNameList", "elementList")},
    "formalChargeList": [("a number", 0), ("a float in a list", [0.0]), ("true in a list", [True])],
    "bondAtomList": [("bytes", b""), ("floats in a list", [0.0, 0.0])],
    "bondOrderList": [("bytes", b""), ("text", "")],
    "bondResonanceList": [("bytes", b""), ("a map", {})],
}
for dialect, short, twin, whole in DIALECTS:
    for name, kinds in INSIDE.items():
        for what, value in kinds[:: 1 if short == "one-zero" else 2]:
            bad(
                f"{short}-group-{name.lower()}-of-{what.replace(' ', '-')}",
                f"in a file of {dialect} a {name} of {what} in the last group is refused",
                (38,),
                pack(whole, groupList=groups_of(dialect, THREE, ONE | {name: value})),
                "schema wrong-type groupList",
                twin,
                "another type than the key has",
            )
assert set(LISTS) <= set(OTHERS), "coordinates and B are among the binary fields"
