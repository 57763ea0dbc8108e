"""Random entries as a structure file states them, whatever its format: valid, small, and with many features each.

An entry is drawn by `random.Random(seed)`, so that its number names it; `structure_texts` writes it. Coordinates have
three decimals, occupancies and B two, U four, so that every format says the same number. Places and sums keep away from
the bounds of the specification, which have cases of their own."""

from __future__ import annotations

import random

from polystate_conformance.selftest import entry_alternates, entry_headers
from polystate_conformance.selftest.entry_parts import Chain, Entity, Entry, Residue, Spot

Structure = list[tuple[Residue, list[Spot]]]
RESIDUES = {
    "GLY": "N CA C O", "ALA": "N CA C CB", "SER": "N CA C CB OG", "CYS": "N CA C CB SG", "MSE": "N CA C SE",
    "LYS": "N CA C CB NZ", "ASP": "N CA C OD1", "THR": "N CA C OG1 HG1",
}  # fmt: skip
NUCLEOTIDES = {"DA": "P C1' O3'", "DC": "P C1' O3'", "DG": "P O3' N9", "DT": "P O3' C7"}
LIGANDS = {
    "ZN": ("ZINC ION", [("ZN", "ZN", 2)]), "CL": ("CHLORIDE ION", [("CL", "CL", -1)]),
    "LIG": ("a ligand", [("C1", "C", 0), ("C2", "C", 0), ("O1", "O", 0), ("H1", "H", 0)]),
    "GOL": ("GLYCEROL", [("C1", "C", 0), ("O1", "O", 0), ("O2", "O", 0)]),
    "SO4": ("SULFATE ION", [("S", "S", 0), ("O1", "O", 0)]),
}  # fmt: skip
ELEMENTS = {"SE": "SE", "CB": "C", "SG": "S", "NZ": "N", "HG1": "H"}
ALONG = {"N": 0.0, "CA": 1.46, "C": 2.47, "O": 2.9, "CB": 1.6, "OG": 1.8, "SG": 1.9, "SE": 1.7, "NZ": 1.3, "OD1": 1.5,
         "OG1": 1.4, "HG1": 1.2, "P": 0.0, "C1'": 1.4, "O3'": 2.3, "N9": 1.7, "C7": 1.2}  # fmt: skip
"""x of each atom in its residue, in Å; the next residue of a polymer begins 3.8 Å further."""
STEP = 3.8
WATER = ("HOH", "DOD")
PDB = "pdb"


def entry(seed: int, format: str) -> Entry:
    """The entry of a number. format: "mmcif" or "pdb", which says less: short names, no branched entities."""
    rng = random.Random(f"{format} {seed}")
    made = Entry()
    structure: Structure = []
    _polymers(rng, made, structure, format)
    _ligands(rng, made, structure, format)
    _waters(rng, made, structure, format)
    entry_alternates.put_records(rng, made, structure)
    entry_headers.describe(rng, made, format)
    return made


def _polymers(rng: random.Random, made: Entry, structure: Structure, format: str) -> None:
    """One or two polymers of two to five residues, some in two copies; residues that nobody saw, gaps, insertions."""
    names = iter(rng.sample(["A", "B", "C", "H", "L", "a", "1"], 6))
    for number in range(rng.choice((1, 1, 2))):
        nucleic = rng.random() < 0.2
        kinds = sorted(NUCLEOTIDES if nucleic else RESIDUES)
        sequence = [[rng.choice(kinds)] for _ in range(rng.randint(3, 6))]
        description = rng.choice(("a peptide", "Lysozyme C", "3'-phosphatase", "protein of two words", "β-barrel"))
        entity = Entity(str(len(made.entities) + 1), "polymer", description, sequence)
        made.entities.append(entity)
        copies = 2 if rng.random() < 0.3 else 1
        if copies > 1:
            made.has("copies")
        for _ in range(copies):
            auth = next(names)
            if format == "mmcif" and rng.random() < 0.2:
                auth += rng.choice(("x", "long", "-2"))
                made.has("long chain names")
            if format == PDB and rng.random() < 0.1:
                auth += "x"
            label = auth if format == PDB or rng.random() < 0.5 else _label(made)
            if label != auth:
                made.has("labels differ from author names")
            chain = Chain(label, auth, entity)
            made.chains.append(chain)
            _chain(rng, made, structure, chain, number)


def _label(made: Entry) -> str:
    used = {chain.label for chain in made.chains} | {chain.auth for chain in made.chains}
    return next(name for name in ("P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z", "PA", "PB", "PC", "PD", "PE")
                if name not in used)  # fmt: skip


def _chain(rng: random.Random, made: Entry, structure: Structure, chain: Chain, number: int) -> None:
    """The residues of a polymer that were seen."""
    start = rng.choice((1, 1, 27, -2, 998, 9997 if rng.random() < 0.3 else 5))
    if start < 0:
        made.has("negative numbers")
    length = len(chain.entity.sequence)
    unseen = {rng.randrange(length)} if rng.random() < 0.35 else set()
    if unseen and length - 1 not in unseen:
        made.has("unobserved residues")
    z, ins, offset = 12.0 * len(made.chains), "", start - 1
    for seq, (comp,) in enumerate(chain.entity.sequence, 1):
        if ins == "" and seq > 1 and rng.random() < 0.12:
            ins, offset = "A", offset - 1  # 27, 27A, 28
            made.has("insertion codes")
        else:
            ins = ""
            if rng.random() < 0.08:
                offset += rng.randint(2, 9)
                made.has("gaps of numbers")
        if seq - 1 in unseen:
            continue
        residue = Residue(chain, comp, seq, offset + seq, ins, comp == "MSE")
        names = {**RESIDUES, **NUCLEOTIDES}[comp].split()
        kept = names if rng.random() < 0.5 else names[: max(2, len(names) - rng.randint(0, 2))]
        structure.append((residue, [_spot(rng, name, STEP * seq, z) for name in kept]))
    if not any(residue.chain is chain for residue, _ in structure):
        raise AssertionError("a chain without residues")


def _spot(rng: random.Random, name: str, x: float, z: float) -> Spot:
    element = ELEMENTS.get(name, name[0])
    place = (x + ALONG[name], rng.uniform(-0.2, 0.2), z + rng.uniform(-0.2, 0.2))
    return Spot(name, element, tuple(round(value, 3) for value in place))  # type: ignore[arg-type]


def _ligands(rng: random.Random, made: Entry, structure: Structure, format: str) -> None:
    """Up to three ligands, each a chain of its own of its author's chain, and a sugar where the format has them."""
    chosen = [rng.choice(sorted(LIGANDS)) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    if format == "mmcif" and rng.random() < 0.2:
        chosen.append("NAG")
        made.has("branched entities")
    entities: dict[str, Entity] = {}
    for number, comp in enumerate(chosen):
        branched = comp == "NAG"
        name, spots = ("a sugar", [("C1", "C", 0), ("O4", "O", 0)]) if branched else LIGANDS[comp]
        if comp not in entities:
            entities[comp] = Entity(str(len(made.entities) + 1), "branched" if branched else "non-polymer", name)
            made.entities.append(entities[comp])
        host = rng.choice(made.chains)
        auth = host.auth if format == PDB or rng.random() < 0.7 else host.auth + "L"
        chain = Chain(_label(made) if format == "mmcif" else f"{auth} {comp} {number}", auth, entities[comp])
        made.chains.append(chain)
        residue = Residue(chain, comp, None, 301 + number, "", True)
        x = 40 + 9.0 * number
        found = [Spot(atom, element, (round(x + 1.4 * k, 3), round(rng.uniform(-0.5, 0.5), 3), 3.25), charge)
                 for k, (atom, element, charge) in enumerate(spots)]  # fmt: skip
        structure.append((residue, found))
        made.has("ligands")
        if any(spot.charge for spot in found):
            made.has("charges")


def _waters(rng: random.Random, made: Entry, structure: Structure, format: str) -> None:
    count = rng.choice((0, 1, 2, 3, 3))
    if not count:
        return
    comp = "DOD" if rng.random() < 0.1 else "HOH"
    entity = Entity(str(len(made.entities) + 1), "water", "water")
    made.entities.append(entity)
    host = rng.choice([chain for chain in made.chains if chain.entity.kind == "polymer"])
    chain = Chain(_label(made) if format == "mmcif" else f"{host.auth} water", host.auth, entity)
    made.chains.append(chain)
    made.has("waters")
    for number in range(count):
        place = (round(40 + 6.0 * number, 3), round(rng.uniform(7, 8), 3), 21.5)
        spots = [Spot("O", "O", place)]
        if comp == "DOD":
            spots.append(Spot("D1", "D", (place[0] + 0.9, place[1], place[2])))
            made.has("deuterium")
        structure.append((Residue(chain, comp, None, 401 + number, "", True), spots))
