"""Empty files, keys of maps, padding, floats that are none, and what is kept as it stands."""

from __future__ import annotations

import gzip
import math

from cases_every_codec import AXES
from cases_every_container import TWO, member, raw
from cases_fields import ASP, GLY, PEPTIDE, SER
from making import bad, floats, good, ints
from pieces import IDENTITY, atoms, bare, draft, pack
from pieces import field as binary
from whole import DIALECTS, ONE, PLAIN, THREE, groups_of

bad(
    "no-bytes",
    "a file of no bytes is refused",
    (2,),
    b"",
    "container truncated file",
    "one-atom",
    "the data end before the map",
)
bad(
    "gzip-of-no-bytes",
    "a gzip file of no bytes is refused",
    (2, 5),
    gzip.compress(b"", mtime=0),
    "container truncated file",
    "gzip-with-a-name",
    "the data end before the map",
)
bad(
    "a-byte-of-no-type",
    "the byte C1, which begins no value of MessagePack, is refused",
    (1,),
    raw("some", b"\xc1"),
    "container not-messagepack",
    "every-form-of-messagepack",
    "C1 is never used",
)
for key, value, how in (
    ("nil", b"\x81\xc0\1", "nil"), ("true", b"\x81\xc3\1", "true"),
    ("a-float", b"\x81\xcb" + bytes(8) + b"\1", "a float"),
    ("bytes", b"\x91\x81\xc4\1a\1", "a binary value"), ("a-list", b"\x81\x91\1\1", "a list"),
):  # fmt: skip
    bad(
        f"a-key-inside-that-is-{key}",
        f"a map inside of a file with a key that is {how} is refused",
        (1,),
        raw("some", value),
        "container not-messagepack",
        "numbers-for-keys-inside",
        "neither text nor an integer",
    )
good(
    "numbers-for-keys-inside",
    "a map inside of a file may have integers for keys, and lists of maps, too",
    (1, 39),
    raw("some", b"\x92\x81\x07\xa1a\x81\xa17\xc0"),
    "a map of 7 to a text, and one of the text 7 to nil",
    some=[{"7": "a"}, {"7": None}],
)
for n in (1, 512):
    good(
        f"gzip-padded-by-{n}",
        f"a gzip file with {n} zero{'s' if n > 1 else ''} after its last member is read",
        (47,),
        member(TWO[:50]) + member(TWO[50:]) + bytes(n),
        "1.5 twice",
        xCoordList=floats([1.5, 1.5]),
    )
for version, key in (("01.0", "one"), ("00.2", "two")):
    bad(
        f"version-with-two-digits-{key}",
        f"version {version} is refused",
        (7,),
        pack(atoms(1), mmtfVersion=version),
        "container unsupported-version mmtfVersion",
        "version-one",
        "two digits stand before the first full stop",
    )

# --- groups by key --------------------------------------------------------------------------------------------------

KEYED = draft(PEPTIDE)
DRAFTED = dict(zip(("GLY", "ASP", "SER"), KEYED["groupList"], strict=True))
for key, keys in (
    ("integers", (2, 10, 300)),
    ("integers-and-digits", (2, "10", 300)),
    ("large-integers", (0, 70000, 2**31 - 1)),
):
    first, middle, last = keys
    types = [int(last), int(first), int(middle), int(last), int(last)]
    good(
        f"groups-by-{key}",
        f"keys of a groupList of 1.0 may be {key.replace('-', ' ')}",
        (36,),
        pack(PEPTIDE, groupList={last: SER, middle: ASP, first: GLY}, groupTypeList=binary(4, 5, 0, "i", types)),
        "the groups in ascending order of key",
        groupTypeList=ints([2, 0, 1, 2, 2]),
        groupList=[GLY, ASP, SER],
    )
    good(
        f"groups-of-a-draft-by-{key}",
        f"keys of a groupList of a draft may be {key.replace('-', ' ')}",
        (10, 36),
        pack(KEYED, groupTypeList=bare("i", types),
             groupList={middle: DRAFTED["ASP"], first: DRAFTED["GLY"], last: DRAFTED["SER"]}),
        "the groups in ascending order of key",
        groupTypeList=ints([2, 0, 1, 2, 2]),
        groupList=[GLY, ASP, SER],
    )  # fmt: skip
for key, value in (("minus-one", -1), ("text-of-minus-one", "-1"), ("a-name", "GLY"), ("a-float", "1.0"),
                   ("a-space", " 1"), ("nothing", ""), ("a-plus", "+1"), ("digits-of-arabic", "\u0661")):  # fmt: skip
    bad(
        f"groups-by-{key}",
        f"a groupList with the key {value!r} is refused",
        (36, 38),
        pack(PEPTIDE, groupList={2: GLY, 10: ASP, 300: SER, value: SER},
             groupTypeList=binary(4, 5, 0, "i", [300, 2, 10, 300, 300])),
        "schema wrong-type groupList",
        "groups-by-integers",
        "keys are integers from 0 or texts of their digits",
    )  # fmt: skip

# --- floats that are none -------------------------------------------------------------------------------------------

NONE = {"nan": math.nan, "infinity": math.inf, "minus-infinity": -math.inf}
for i, name in enumerate(AXES):
    for key, value in NONE.items():
        bad(
            f"{key}-among-{name.lower()}",
            f"a {name} of codec 1 with {key.replace('-', ' ')} among other floats is refused",
            (30,),
            pack(atoms(4), **{name: binary(1, 4, 0, "f", [1.0] * (i % 4) + [value] + [2.0] * (3 - i % 4))}),
            f"schema non-finite {name}",
            "floats-in-every-field",
            f"number {i % 4} of 0 to 3",
        )
REACH = 2.0**128 - 2.0**103
"""Halfway between the largest float32 and 2^128, which would be the next."""
for dialect, short, _, whole in DIALECTS:
    for key, value in (*NONE.items(), ("beyond", REACH), ("far-below", -1e300)):
        places = {
            "resolution": value,
            "rFree": value,
            "rWork": value,
            "unitCell": [*PLAIN["unitCell"][:5], value],
            "ncsOperatorList": [IDENTITY, [*IDENTITY[:15], value]],
            "bioAssemblyList": [*PLAIN["bioAssemblyList"], {"transformList": [{
                "chainIndexList": [], "matrix": [*IDENTITY[:8], value, *IDENTITY[9:]]}]}],
        }  # fmt: skip
        for name, given in places.items():
            if short == "draft" and (key in NONE) == (name in ("unitCell", "ncsOperatorList")):
                continue  # half of them in each dialect are enough
            bad(
                f"{short}-{key}-in-{name.lower()}",
                f"in a file of {dialect} {key.replace('-', ' ')} in {name} is refused",
                (30,),
                pack(whole, **{name: given}),
                f"schema non-finite {name}",
                f"{short}-largest-floats",
                "no finite float32",
            )
    largest = [*IDENTITY[:7], -math.nextafter(REACH, 0), *IDENTITY[8:]]
    good(
        f"{short}-largest-floats",
        f"in a file of {dialect} the largest floats of 32 bits, and what rounds to them, are read",
        (30, 50),
        pack(
            whole, ncsOperatorList=[largest], unitCell=[3.4028234663852886e38, 1, 2, 3, 4, 5], rFree=1, rWork=-REACH / 2
        ),
        "the numbers that were put in",
        ncsOperatorList=[largest],
        numAtoms=8,
    )

# --- as they stand --------------------------------------------------------------------------------------------------

KEPT = {
    "aNumber": -(2**40),
    "aFloat": 0.1,
    "aText": "é\0 b",
    "aTruth": False,
    "nothing": None,
    "aList": [None, True, [], {}, ""],
    "xCoord": {"Big": 1},
    "Title": "in capitals",
    "numatoms": 3,
    "groupName": ["at the top"],
}
BYTES = binary(2, 3, 0, "b", [1, 2, 3])
MORE = {"extra": None, "bFactorList": [1.5], "atomChargeLists": []}
for dialect, short, _, whole in DIALECTS:
    first = dict(THREE | MORE) if short == "draft" else THREE | MORE | {"atomChargeList": "of the draft"}
    good(
        f"{short}-unknown-fields",
        f"in a file of {dialect} unknown fields of every type are kept",
        (39,),
        pack(whole, **KEPT, someBytes=BYTES, noBytes=b""),
        "the values that were put in, bytes as they are",
        **KEPT,
        someBytes=(list(BYTES), "uint8"),
    )
    good(
        f"{short}-unknown-keys",
        f"in a file of {dialect} unknown keys of groups, entities, assemblies and transforms are kept",
        (39,),
        pack(
            whole,
            groupList=groups_of(dialect, THREE | MORE, ONE) if short == "draft" else [first, ONE],
            entityList=[PLAIN["entityList"][0] | {"extra": [1]}],
            bioAssemblyList=[{"extra": 1, "transformList": [{"chainIndexList": [], "matrix": IDENTITY, "extra": "x"}]}],
        ),
        "the values that were put in",
        groupList=[first, ONE],
        entityList=[PLAIN["entityList"][0] | {"extra": [1]}],
        bioAssemblyList=[{"extra": 1, "transformList": [{"chainIndexList": [], "matrix": IDENTITY, "extra": "x"}]}],
    )
    names = [name for name in PLAIN if name.endswith("Properties")]
    good(
        f"{short}-bytes-of-applications",
        f"in a file of {dialect} bytes in each map of an application's data are handed over as they are",
        (52,),
        pack(
            whole,
            **{
                name: {"bytes": BYTES, "few": bytes([i]), "none": b"", "list": [BYTES[:12]]}
                for i, name in enumerate(names)
            },
        ),
        "the bytes that were put in, with a header of 16.3 and without",
        **{
            name: {"bytes": list(BYTES), "few": [i], "none": [], "list": [list(BYTES[:12])]}
            for i, name in enumerate(names)
        },
    )
INSIDE = {"a": BYTES, "b": [b"\xff", {"c": b""}], "d": "text"}
LISTED = {"a": list(BYTES), "b": [[255], {"c": []}], "d": "text"}
good(
    "bytes-inside-unknown-maps",
    "bytes inside an unknown map, and of unknown keys of groups and entities, are handed over as they are",
    (39,),
    pack(
        DIALECTS[0][3],
        some=INSIDE,
        groupList=[THREE | {"extra": BYTES}, ONE],
        entityList=[PLAIN["entityList"][0] | {"extra": INSIDE}],
    ),
    "the bytes that were put in",
    some=LISTED,
    groupList=[THREE | {"extra": list(BYTES)}, ONE],
    entityList=[PLAIN["entityList"][0] | {"extra": LISTED}],
)
for key, data, how in (
    ("a-last-key", raw("some", b"\1")[:-6], "at the end of the last value but one"),
    ("every-key", raw("some", b"\1")[:3], "before the first key"),
):
    bad(
        f"cut-before-{key}",
        f"a file that ends {how} is refused",
        (2,),
        data,
        "container truncated file",
        "every-form-of-messagepack",
        "the map has more fields than are there",
    )

# --- a second shape of what one case alone told ---------------------------------------------------------------------

for name, data in (("bFactorSmall", b""), ("zCoordBig", bare("i", [0, 0]))):
    bad(
        f"version-before-{name.lower()}",
        f"a file of version 3.1 with lists and {name} is refused by its version",
        (7,),
        pack(atoms(1), mmtfVersion="3.1", **{name: data}),
        "container unsupported-version mmtfVersion",
        "one-atom",
        "the version comes first",
    )
for name in ("yCoordList", "zCoordList"):
    bad(
        f"two-atoms-without-{name.lower()}",
        f"a file of two atoms without {name} is refused",
        (37,),
        pack(atoms(2), **{name: ...}),
        f"schema missing-field {name}",
        "gzip",
        "coordinates have three axes",
    )
DRAFT = DIALECTS[1][3]
for name in ("chainIndexList", "description", "type", "sequence"):
    second = {key: value for key, value in PLAIN["entityList"][1].items() if key != name}
    bad(
        f"draft-second-entity-lacks-{name.lower()}",
        f"in a draft a second entity without {name} is refused",
        (37,),
        pack(DRAFT, entityList=[PLAIN["entityList"][0], second]),
        "schema missing-field entityList",
        "every-field-of-the-draft",
        f"{name} is missing",
    )
TRANSFORM = {"chainIndexList": [0], "matrix": IDENTITY}
for name, lacking in (
    ("transformList", {"name": "one"}),
    ("matrix", {"transformList": [TRANSFORM, {"chainIndexList": [1]}]}),
    ("chainIndexList", {"transformList": [TRANSFORM, {"matrix": IDENTITY}]}),
):
    bad(
        f"draft-first-assembly-lacks-{name.lower()}",
        f"in a draft a first assembly without {name} is refused",
        (37,),
        pack(DRAFT, bioAssemblyList=[lacking, *PLAIN["bioAssemblyList"]]),
        "schema missing-field bioAssemblyList",
        "every-field-of-the-draft",
        f"{name} is missing",
    )
good(
    "a-draft-of-chains-of-one-id",
    "a draft without its counts whose chains have one id has as many chains as groupsPerChain",
    (35,),
    pack(DRAFT, chainIdList=b"A\0\0\0" * 3, chainNameList=b"B\0\0\0" * 3, numChains=..., numModels=..., numGroups=...),
    "three chains in two models",
    numGroups=4,
    numChains=3,
    numModels=2,
    chainIdList=["A"] * 3,
)
good(
    "a-draft-of-the-largest-number-of-bonds",
    "in a draft a number of bonds of 2^31 - 1 is handed over",
    (44, 48),
    pack(DRAFT, numBonds=2**31 - 1),
    "no number of bonds is checked",
    numBonds=2**31 - 1,
)
TRIPLE = [0, 1, 1, 2, 2, 0]
for dialect, short, twin, whole in DIALECTS:
    for what, ends, name, values in (
        ("an order for each end of a bond", [1, 0], "bondOrderList", [1, 2]),
        ("a resonance for each end of two bonds", [1, 0, 2, 1], "bondResonanceList", [1, 0, 1, 0]),
        ("two orders of three bonds", TRIPLE, "bondOrderList", [1, 2]),
        ("two resonances of three bonds", TRIPLE, "bondResonanceList", [0, 1]),
    ):
        group = {key: value for key, value in THREE.items() if key not in ("bondOrderList", "bondResonanceList")}
        bad(
            f"{short}-a-group-with-{what.replace(' ', '-')}",
            f"in a file of {dialect} a group with {what} is refused",
            (42,),
            pack(whole, groupList=groups_of(dialect, group | {"bondAtomList": ends, name: values}, ONE)),
            "schema wrong-length groupList",
            twin,
            "one value for each bond",
        )
EMPTY = {"groupName": "NIL", "atomNameList": [], "elementList": [], "formalChargeList": []}
for dialect, short, _, whole in DIALECTS:
    nothing = {key: value for key, value in ONE.items() if not key.startswith("bond")} | EMPTY
    types = [0, 1, 2, 0, 1]
    good(
        f"{short}-with-nothing-in-it",
        f"in a file of {dialect} chains of no groups, models of no chains and groups of no atoms are read",
        (26, 41),
        pack(
            whole,
            numGroups=5,
            numChains=5,
            numModels=4,
            groupsPerChain=[0, 3, 0, 1, 1],
            chainsPerModel=[0, 4, 0, 1],
            groupList=groups_of(dialect, THREE, ONE, nothing),
            groupTypeList=binary(4, 5, 0, "i", types) if short == "one-zero" else bare("i", types),
            groupIdList=binary(4, 5, 0, "i", types) if short == "one-zero" else bare("i", [1, 5]),
            chainIdList=binary(5, 5, 1, "B", list(b"ABCDE")) if short == "one-zero" else b"A\0\0\0" * 5,
            **dict.fromkeys(
                ("chainNameList", "sequenceIndexList", "insCodeList", "entityList", "bioAssemblyList"), ...
            ),
            secStructList=binary(2, 0, 0, "b", []) if short == "one-zero" else b"",
        ),
        "what was put in; the first model has no groups, and none has secondary structure",
        numModels=4,
        groupsPerChain=[0, 3, 0, 1, 1],
        chainsPerModel=[0, 4, 0, 1],
        groupTypeList=ints(types),
        groupList=[THREE, ONE, nothing],
    )
NO_MODEL = {
    "numBonds": 0, "numAtoms": 0, "numGroups": 0, "numChains": 0, "numModels": 0,
    "groupsPerChain": [], "chainsPerModel": [],
}  # fmt: skip
for dialect, short, _, whole in DIALECTS:
    kept = {
        name: value for name, value in whole.items() if name in ("mmtfVersion", "mmtfProducer", "groupList")
    } | NO_MODEL
    if short == "one-zero":
        kept |= {f"{axis}CoordList": binary(9, 0, 1000, "i", []) for axis in "xyz"}
        kept |= {"groupIdList": binary(4, 0, 0, "i", []), "groupTypeList": binary(4, 0, 0, "i", [])}
        kept |= {"chainIdList": binary(5, 0, 4, "B", [])}
    else:
        kept |= {f"{axis}Coord{half}": b"" for axis in "xyz" for half in ("Big", "Small")}
        kept |= {"groupIdList": b"", "groupTypeList": b"", "chainIdList": b""}
    good(
        f"{short}-without-models",
        f"a file of {dialect} without models, though with groups in its list, is read",
        (26, 41),
        pack(kept),
        "no chain, no residue and no atom",
        numAtoms=0,
        numModels=0,
        chainsPerModel=[],
    )
    bad(
        f"{short}-without-models-with-a-structure",
        f"in a file of {dialect} without models a secStructList of one value is refused",
        (26,),
        pack(kept, secStructList=binary(2, 1, 0, "b", [7]) if short == "one-zero" else b"\x07"),
        "schema wrong-length secStructList",
        f"{short}-without-models",
        "there is no group, and no first model",
    )
for key, runs, how in (
    ("above", [2**31 - 1, 2, -(2**31) + 1, 1, 0, 5], "the second sum is 2^32 - 2, and the third 2^31 - 1 again"),
    ("below", [-(2**31), 1, -1, 1, 2**31 - 1, 1, 0, 5], "the second sum is -2^31 - 1, and the third -2"),
):
    bad(
        f"sums-that-come-back-from-{key}",
        f"sums of deltas that go {key} int32 and come back are refused",
        (18,),
        pack(atoms(8), atomIdList=binary(8, 8, 0, "i", runs)),
        "container value-out-of-range atomIdList",
        "atom-id",
        how,
    )
