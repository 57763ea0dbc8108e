"""Dialects, field by field, and payloads of the draft that do not fit."""

from __future__ import annotations

import struct

from cases_every_length import OF_N
from making import bad, codes, floats, good
from pieces import bare, chains, draft, pack
from pieces import field as binary
from whole import DECODED, DRAFT, ONE, SPLIT, THREE, WHOLE, groups_of

# --- dialects -------------------------------------------------------------------------------------------------------

for name, value in SPLIT.items():
    bad(
        f"lists-beside-{name.lower()}",
        f"{name} alone in a file of 1.0 is refused",
        (9,),
        pack(WHOLE, **{name: value}),
        f"schema mixed-dialect {name}",
        "every-field-of-1-0",
        f"{name} is of the draft",
    )
    bad(
        f"some-lists-beside-{name.lower()}",
        f"{name} beside coordinates in lists is refused, though its own list is missing",
        (9,),
        pack(WHOLE, **{name.replace("Big", "List").replace("Small", "List"): ..., name: value}),
        f"schema mixed-dialect {name}",
        "every-field-of-1-0",
        f"{name} is of the draft",
    )
for name in ("xCoord", "yCoord", "zCoord", "bFactor"):
    for whole, key in ((DRAFT, "beside"), (DRAFT | {f"{name}Big": ..., f"{name}Small": ...}, "in-the-place-of")):
        bad(
            f"{name.lower()}list-{key}-split-fields",
            f"{name}List {key.replace('-', ' ')} split fields of a draft is refused",
            (9,),
            pack(whole, **{f"{name}List": OF_N[f"{name}List"][1](8)}),
            "schema mixed-dialect",
            "every-field-of-the-draft",
            f"{name}List is of 1.0",
        )
for version in ("1.0.0", "0.2.0", "1.1"):
    good(
        f"a-draft-of-version-{version.replace('.', '-')}",
        f"a draft that calls itself {version} is read as one",
        (8, 10),
        pack(DRAFT, mmtfVersion=version, numGroups=..., numChains=..., numModels=...),
        "its coordinates are split",
        mmtfVersion=version,
        zCoordList=DECODED["zCoordList"],
        yCoordList=DECODED["yCoordList"],
        bFactorList=DECODED["bFactorList"],
        groupList=[THREE, ONE],
    )
good(
    "one-zero-of-version-0-1",
    "a file of 1.0 that calls itself 0.1.0 is read as one",
    (8, 11),
    pack(WHOLE, mmtfVersion="0.1.0"),
    "its coordinates are lists",
    mmtfVersion="0.1.0",
    chainIdList=DECODED["chainIdList"],
    sequenceIndexList=DECODED["sequenceIndexList"],
    groupIdList=DECODED["groupIdList"],
)
for key, charged in (("first", (THREE, ONE)), ("last", (ONE, THREE))):
    kept = [
        group if group is THREE else in_ for group, in_ in zip(charged, groups_of("the draft", *charged), strict=True)
    ]
    bad(
        f"a-charge-list-of-the-draft-{'last' if key == 'first' else 'first'}",
        f"atomChargeList of one group beside formalChargeList of the {key} is refused in a file of 1.0",
        (37,),
        pack(
            WHOLE, groupList=kept, groupTypeList=binary(4, 4, 0, "i", [0, 1, 0, 1] if key == "first" else [1, 0, 1, 0])
        ),
        "schema missing-field groupList",
        "every-field-of-1-0",
        "atomChargeList is the draft's alone",
    )

# --- payloads of the draft ------------------------------------------------------------------------------------------

RUNS = ("occupancyList", "atomIdList", "altLocList", "groupIdList", "sequenceIndexList", "insCodeList")
for name in (*RUNS, "groupTypeList", "bondAtomList", "chainIdList", *SPLIT):
    wide = name in RUNS or name.endswith("Big")
    second = ("three bytes more", DRAFT[name] + b"\0\0\1") if wide else ("a byte less", DRAFT[name][:-1])
    for what, data in (("a byte more", DRAFT[name] + b"\0"), second):
        if data == DRAFT[name]:
            continue  # no delta is less than none
        bad(
            f"draft-{name.lower()}-{what.replace(' ', '-')}",
            f"in a draft {what} of {name} is refused",
            (15,),
            pack(DRAFT, **{name: data}),
            f"container payload-size {name}",
            "every-field-of-the-draft",
            "its bytes are no whole elements",
        )
for name in (*RUNS, "xCoordBig", "yCoordBig", "zCoordBig", "bFactorBig"):
    big = name.endswith("Big")
    for what, data in (("an integer more", DRAFT[name] + bytes(4)), ("an integer less", DRAFT[name][:-4])):
        bad(
            f"draft-{name.lower()}-{what.replace(' ', '-')}",
            f"in a draft {what} of {name} is refused",
            (20,),
            pack(DRAFT, **{name: data}),
            f"container payload-size {name}",
            "every-field-of-the-draft",
            "its integers are no pairs",
        )
    integers = list(struct.unpack(f">{len(DRAFT[name]) // 4}i", DRAFT[name]))
    # the sum of the counts stays what it was
    for what, given in (("first", [1, -1, *integers[:-1], integers[-1] + 1]), ("last", [integers[0], integers[1] + 2,
                        *integers[2:], 1, -2])):  # fmt: skip
        bad(
            f"draft-{name.lower()}-{what}-count-negative",
            f"in a draft a {what} count of {name} that is negative is refused",
            (33 if big else 19,),
            pack(DRAFT, **{name: bare("i", given)}),
            f"container negative-run {name}",
            "every-field-of-the-draft",
            "the sum of the counts is right all the same",
        )
    if big:
        most = 2**31 - 1
        for what, given in (
            ("more", [*integers[:-1], integers[-1] + 1]),
            ("other", [integers[0], integers[1] - 1, *integers[2:]] if integers[1] else [*integers[:-1], 5]),
            ("a whole circle more", [1, most, 1, most, 1, 2 + sum(integers[1::2])]),
        ):
            bad(
                f"draft-{name.lower()}-{what.replace(' ', '-')}-small-deltas",
                f"in a draft {what} small deltas in {name} than {name.replace('Big', 'Small')} has are refused",
                (34,),
                pack(DRAFT, **{name: bare("i", given)}),
                f"container length-mismatch {name}",
                "every-field-of-the-draft",
                "the counts sum to another number",
            )
        low = [-(2**31), 0, -1, *integers[1:]]
        bad(
            f"draft-{name.lower()}-below-int32",
            f"in a draft a sum of {name} below -2^31 is refused",
            (18,),
            pack(DRAFT, **{name: bare("i", low)}),
            f"container value-out-of-range {name}",
            "every-field-of-the-draft",
            "-2^31 and one less",
        )
for name, values in (("altLocList", [200, 8]), ("altLocList", [-1, 8]), ("insCodeList", [128, 4]),
                     ("insCodeList", [65, 3, 256, 1]),
                     ("atomIdList", [2**31 - 1, 8]), ("groupIdList", [-(2**31), 1, -1, 3]), ("groupIdList", [2**30, 4]),
                     ("sequenceIndexList", [2**31 - 1, 1, 1, 3]), ("sequenceIndexList", [-(2**30), 4])):  # fmt: skip
    bad(
        f"draft-{name.lower()}-of-{'-'.join(str(v).replace('-', 'minus-') for v in values)}",
        f"in a draft {name} with the runs {values} is refused",
        (18,),
        pack(DRAFT, **{name: bare("i", values)}),
        f"container value-out-of-range {name}",
        "every-field-of-the-draft",
        "a value that its type cannot hold",
    )
for name, data in (("chainIdList", b"A\0B\0B\0\0\0C\0\0\0"), ("chainNameList", b"A\0\0\0B\0\0\0\0C\0D")):
    bad(
        f"draft-{name.lower()}-with-nul-inside",
        f"in a draft a NUL between two letters of {name} is refused",
        (25,),
        pack(DRAFT, **{name: data}),
        f"container value-out-of-range {name}",
        "every-field-of-the-draft",
        "NUL fills the ends alone",
    )
TOP = 2**31 - 1
good(
    "draft-quotients",
    "large numbers of a draft are divided before they are rounded",
    (10, 21),
    pack(
        draft(chains(4)),
        xCoordBig=bare("i", [1025003418, 0, 82315425, 0, 930751851, 0, -TOP, 0]),
        xCoordSmall=b"",
        bFactorBig=bare("i", [16777217, 3]),
        bFactorSmall=bare("h", [2, -32768, 32767]),
        occupancyList=bare("i", [16777217, 1, TOP, 2, -3, 1]),
        chainNameList=b"\0A\0\0\0\0BCDEFG\0\0\0\0",
        altLocList=bare("i", [0, 1, 999, 0, 127, 3]),
    ),
    "sums by 1000, by 100 and by 100 to the nearest float32; no value of a run of 0; NUL at both ends",
    xCoordList=floats([1025003.418, 1107318.843, 2038070.694, -109412.953]),
    bFactorList=floats([167772.17, 167772.19, 167444.51, 167772.18]),
    occupancyList=floats([167772.17, 21474836.47, 21474836.47, -0.03]),
    chainNameList=["A", "BC", "DEFG", ""],
    altLocList=codes([0, 127, 127, 127]),
)
