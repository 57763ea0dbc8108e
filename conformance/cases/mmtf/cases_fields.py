"""Dictionary, hierarchy, and the fields that are not binary."""

from __future__ import annotations

import gzip

from making import V01, V1, V11, floats, good, ints, small
from pieces import IDENTITY, atoms, chains, group, of_atoms, pack, structure
from pieces import field as binary

# --- dictionary, hierarchy, other fields ------------------------------------------------------------------------

GLY = group(
    "GLY",
    ["N", "CA", "C", "O"],
    ["N", "C", "C", "O"],
    "G",
    "PEPTIDE LINKING",
    bondAtomList=[1, 0, 2, 1, 3, 2],
    bondOrderList=[1, 1, 2],
)
ASP = group(
    "ASP",
    ["N", "CA", "C", "O", "CB", "CG", "OD1"],
    ["N", "C", "C", "O", "C", "C", "O"],
    "D",
    "L-PEPTIDE LINKING",
    bondAtomList=[1, 0, 2, 1, 3, 2, 4, 1, 5, 4, 6, 5],
    bondOrderList=[1, 1, 2, 1, 1, 2],
)
SER = group(
    "SER",
    ["N", "CA", "C", "O", "CB", "OG"],
    ["N", "C", "C", "O", "C", "O"],
    "S",
    "L-PEPTIDE LINKING",
    bondAtomList=[1, 0, 2, 1, 3, 2, 4, 1, 5, 4],
    bondOrderList=[1, 1, 2, 1, 1],
)
PEPTIDE = structure([GLY, ASP, SER], [2, 0, 1, 2, 2], [5], [1])
good(
    "dictionary",
    "groups are looked up in groupList by groupTypeList",
    (26, 41),
    pack(PEPTIDE),
    "the published example SER-GLY-ASP-SER-SER: 6 + 4 + 7 + 6 + 6 atoms",
    V1,
    groupTypeList=ints([2, 0, 1, 2, 2]),
    groupList=[GLY, ASP, SER],
    numAtoms=29,
)
MOVED = [1.0, 0.0, 0.0, 42.387, *IDENTITY[4:]]
BACK = [1.0, 0.0, 0.0, -42.387, *IDENTITY[4:]]
ASSEMBLY = [
    {"name": str(k + 1), "transformList": [{"chainIndexList": [0, 4, 6], "matrix": m}]}
    for k, m in enumerate((MOVED, BACK))
]
good(
    "assembly",
    "the two assemblies of 4OPJ are moved along x",
    (38, 43),
    pack(chains(7), bioAssemblyList=ASSEMBLY),
    "the published example, with names",
    V1,
    bioAssemblyList=ASSEMBLY,
)
ENTITY = [
    {"description": "some polymer", "type": "polymer", "chainIndexList": [0, 1, 2, 3], "sequence": "MNTYASDE"},
    {"description": "some ligand", "type": "non-polymer", "chainIndexList": [4], "sequence": ""},
]
good(
    "entity",
    "entities name their chains",
    (38, 43),
    pack(chains(5), entityList=ENTITY),
    "the published example",
    V01,
    entityList=ENTITY,
)
NCS = [
    [0.5, -0.809, -0.309, 128.875, 0.809, 0.309, 0.5, -208.524, -0.309, -0.5, 0.809, 79.649, 0.0, 0.0, 0.0, 1.0],
    [-0.5, 0.809, -0.309, 386.625, 0.809, 0.309, -0.5, -208.524, -0.309, -0.5, -0.809, 79.649, 0.0, 0.0, 0.0, 1.0],
]
good(
    "ncs",
    "NCS operators are lists of sixteen numbers",
    (38,),
    pack(atoms(1), ncsOperatorList=NCS),
    "the published example",
    V11,
    ncsOperatorList=NCS,
)
WORDS = {
    "title": "CRAMBIN",
    "structureId": "1CRN",
    "depositionDate": "2005-10-02",
    "releaseDate": "2013-12-03",
    "spaceGroup": "P 1 21 1",
    "experimentalMethods": ["X-RAY DIFFRACTION"],
}
good(
    "metadata",
    "text and numbers are handed over as they are",
    (38,),
    pack(atoms(1), **WORDS, unitCell=[10.0, 12.0, 30.0, 90.0, 90.0, 120.0], resolution=2.5),
    "the published examples; numbers that float32 holds exactly",
    V01,
    **WORDS,
    unitCell=[10.0, 12.0, 30.0, 90.0, 90.0, 120.0],
    resolution=2.5,
)
TWO = structure([of_atoms(1)], [0] * 13, [1] * 13, [5, 8])
good(
    "models",
    "models may have different numbers of chains",
    (41,),
    pack(TWO),
    "the published example of chainsPerModel",
    V1,
    chainsPerModel=[5, 8],
    groupsPerChain=[1] * 13,
    numModels=2,
)
good(
    "groups-per-chain",
    "chains may have different numbers of groups",
    (41,),
    pack(structure([of_atoms(1)], [0] * 133, [73, 59, 1], [3])),
    "the published example",
    V1,
    groupsPerChain=[73, 59, 1],
    numGroups=133,
)
good(
    "first-model",
    "secondary structure may be given for the first model only",
    (26,),
    pack(structure([of_atoms(1)], [0] * 4, [2, 2], [1, 1]), secStructList=binary(2, 2, 0, "b", [2, 3])),
    "two values for the two groups of the first of two models",
    secStructList=small([2, 3]),
)
good(
    "unknown-field",
    "a field of no specification is kept",
    (39,),
    pack(atoms(1), somethingNew={"deep": [1, "two"]}),
    "the value that was put in",
    somethingNew={"deep": [1, "two"]},
)
good(
    "num-bonds",
    "a numBonds that is not the number of bonds is accepted",
    (44,),
    pack(PEPTIDE, numBonds=0),
    "the file says 0 where its groups have 24",
    numBonds=0,
)
good(
    "no-models",
    "a structure without models decodes",
    (41,),
    pack(structure([], [], [], [])),
    "every count is 0",
    numAtoms=0,
    numModels=0,
    chainsPerModel=[],
)
good(
    "minor-version",
    "another minor version is read",
    (7,),
    pack(atoms(1), mmtfVersion="1.7"),
    "1.7 has the major number 1",
    mmtfVersion="1.7",
    numAtoms=1,
)
good(
    "gzip",
    "a gzipped file is decompressed",
    (5,),
    gzip.compress(pack(atoms(2), xCoordList=binary(9, 2, 10, "i", [15, 2])), mtime=0),
    "1.5 twice, inside gzip",
    xCoordList=floats([1.5, 1.5]),
)
