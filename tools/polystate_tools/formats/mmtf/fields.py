"""The fields of MMTF in one table: type, what they have one entry of, and how each dialect encodes them.

Names are those of specification 1.0; the draft's differing names are given beside them."""

from __future__ import annotations

from dataclasses import dataclass

DIALECTS = ("1.0", "draft")


@dataclass(frozen=True)
class Binary:
    """A field stored as bytes: dtype of the decoded array and the codec an encoder uses by default.

    `per` is what it has `width` entries for; `draft` names the draft's header-less encoding, None = not in it."""

    dtype: str  # float32, int32, int8, char (uint8 ASCII codes) or text
    per: str  # atom, group, chain or bond (inter-group)
    codec: int
    parameter: int
    draft: str | None
    required: bool = False
    width: int = 1


BINARY: dict[str, Binary] = {
    "bondAtomList": Binary("int32", "bond", 4, 0, "int32", width=2),
    "bondOrderList": Binary("int8", "bond", 2, 0, "int8"),
    "bondResonanceList": Binary("int8", "bond", 16, 0, None),
    "xCoordList": Binary("float32", "atom", 10, 1000, "split", required=True),
    "yCoordList": Binary("float32", "atom", 10, 1000, "split", required=True),
    "zCoordList": Binary("float32", "atom", 10, 1000, "split", required=True),
    "bFactorList": Binary("float32", "atom", 10, 100, "split"),
    "atomIdList": Binary("int32", "atom", 8, 0, "runs-delta"),
    "altLocList": Binary("char", "atom", 6, 0, "runs-char"),
    "occupancyList": Binary("float32", "atom", 9, 100, "runs-float"),
    "groupIdList": Binary("int32", "group", 8, 0, "runs-delta", required=True),
    "groupTypeList": Binary("int32", "group", 4, 0, "int32", required=True),
    "secStructList": Binary("int8", "group", 2, 0, "int8"),
    "insCodeList": Binary("char", "group", 6, 0, "runs-char"),
    "sequenceIndexList": Binary("int32", "group", 8, 0, "runs-delta"),
    "chainIdList": Binary("text", "chain", 5, 4, "text", required=True),
    "chainNameList": Binary("text", "chain", 5, 4, "text"),
}

SPLIT_FIELDS = {  # draft: a pair of fields instead of one
    name: (name.replace("List", "Big"), name.replace("List", "Small"))
    for name, spec in BINARY.items()
    if spec.draft == "split"
}

TEXT_FIELDS = (
    "mmtfVersion",
    "mmtfProducer",
    "structureId",
    "title",
    "depositionDate",
    "releaseDate",
    "spaceGroup",
)
FLOAT_FIELDS = ("resolution", "rFree", "rWork")
COUNT_FIELDS = ("numBonds", "numAtoms", "numGroups", "numChains", "numModels")
COUNT_LISTS = ("groupsPerChain", "chainsPerModel")
PROPERTY_FIELDS = {
    "bondProperties": "numBonds",
    "atomProperties": "numAtoms",
    "groupProperties": "numGroups",
    "chainProperties": "numChains",
    "modelProperties": "numModels",
    "extraProperties": None,
}

REQUIRED = {
    "1.0": ("mmtfVersion", "mmtfProducer", *COUNT_FIELDS, "groupList", *COUNT_LISTS),
    "draft": ("mmtfVersion", "mmtfProducer", "numBonds", "numAtoms", "groupList", *COUNT_LISTS),
}

# the order of the field table in specification 1.0, in which files and JSON are written
ORDER = (
    "mmtfVersion mmtfProducer unitCell spaceGroup structureId title depositionDate releaseDate ncsOperatorList "
    "bioAssemblyList entityList experimentalMethods resolution rFree rWork numBonds numAtoms numGroups numChains "
    "numModels groupList bondAtomList bondOrderList bondResonanceList xCoordList yCoordList zCoordList bFactorList "
    "atomIdList altLocList occupancyList groupIdList groupTypeList secStructList insCodeList sequenceIndexList "
    "chainIdList chainNameList groupsPerChain chainsPerModel bondProperties atomProperties groupProperties "
    "chainProperties modelProperties extraProperties"
).split()

# what the draft has no field for: encoding to it loses these (releaseDate and rWork it does define)
NOT_IN_DRAFT = (
    "ncsOperatorList",
    "bondResonanceList",
    "numGroups",
    "numChains",
    "numModels",
    *PROPERTY_FIELDS,
)

# group dictionary entries: (1.0 name, draft name, required)
GROUP_KEYS = (
    ("groupName", "groupName", True),
    ("atomNameList", "atomNameList", True),
    ("elementList", "elementList", True),
    ("bondOrderList", "bondOrderList", False),
    ("bondAtomList", "bondAtomList", False),
    ("bondResonanceList", None, False),
    ("formalChargeList", "atomChargeList", True),
    ("singleLetterCode", "singleLetterCode", True),
    ("chemCompType", "chemCompType", True),
)

KNOWN = frozenset(ORDER)
