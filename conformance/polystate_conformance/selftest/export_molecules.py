"""Random small molecules as the text form has them: polymers, ligands and waters under odd names and numbers, with
bonds, crystal and draw keys."""

from __future__ import annotations

from random import Random
from typing import Any

Document = dict[str, Any]
LAST = 2**32 - 1
ALPHABET = "ABCDEFGH"
POLYMERS = {
    "ALA": ("N", "CA", "C", "O", "CB"), "SER": ("N", "CA", "CB", "OG"), "GLY": ("N", "CA", "C"),
    "MSE": ("N", "CA", "SE"), "DA": ("P", "C1'", "O3'"), "U": ("P", "C4'", "O2'"),
}  # fmt: skip
OTHERS: dict[str, dict[str, tuple[str, ...]]] = {
    "non-polymer": {"LIG": ("C1", "N2", "O3'"), "ZN": ("ZN",), "0AB": ("C1", "F1", "HO1"), "UNX": ("UNK",)},
    "water": {"HOH": ("O",), "DOD": ("O", "D1")},
    "branched": {"NAG": ("C1", "O5")},
}
ELEMENTS = {"SE": "Se", "ZN": "Zn", "D1": "D", "UNK": "X"}


def number(random: Random, most: float = 30.0) -> float:
    return round(random.uniform(-most, most), 3)


def point(random: Random, most: float = 30.0) -> list[float]:
    return [number(random, most) for _ in range(3)]


class _Rows:
    """The columns of the hierarchy as they grow."""

    def __init__(self) -> None:
        self.atoms: Document = {"atom_id": [], "residue": [], "name": [], "element": [], "charge": []}
        self.residues: Document = {"chain": [], "comp": [], "label_seq": [], "auth_seq": [], "ins": []}
        self.chains: Document = {"entity": [], "label_asym": [], "auth_asym": []}
        self.entities: Document = {"type": [], "description": [], "sequence": []}
        self.used: set[tuple[str, int, str]] = set()

    def residue(self, random: Random, comp: str, names: tuple[str, ...], label: int, number: int, ins: str) -> None:
        """A residue of the last chain with some of its atoms, at the next number that is free."""
        auth = self.chains["auth_asym"][-1]
        while (auth, number, ins) in self.used:
            number += 1
        self.used.add((auth, number, ins))
        row = {
            "chain": len(self.chains["entity"]) - 1,
            "comp": comp,
            "label_seq": label,
            "auth_seq": number,
            "ins": ins,
        }
        for column, value in row.items():
            self.residues[column].append(value)
        for name in names[: random.randint(1, len(names))]:
            last = self.atoms["atom_id"][-1] if self.atoms["atom_id"] else 0
            step = random.choice((1, 1, 1, 1, 2, 7))
            charge = random.choice((0, 0, 0, 1, 2, -1)) if len(name) > 1 else 0
            atom: Document = {"atom_id": last + step, "residue": len(self.residues["comp"]) - 1, "name": name,
                   "element": ELEMENTS.get(name, name[0]), "charge": charge}  # fmt: skip
            for column, value in atom.items():
                self.atoms[column].append(value)


def molecule(random: Random) -> Document:
    """Hierarchy, with bonds, crystal and draw keys, and x_ref."""
    rows = _Rows()
    auths = random.sample(["A", "B", "a", "1", "Z"], 3)
    kinds = ["polymer"] * random.randint(0, 2) + random.sample(list(OTHERS), random.randint(0, 2))
    for number, kind in enumerate(kinds or ["polymer"]):
        label = random.choice((ALPHABET[number], f"{ALPHABET[number]}{number}", f"xyz{number}"))
        (_polymer if kind == "polymer" else _others)(random, rows, kind, label, random.choice(auths[: number + 1]))
    n = len(rows.atoms["atom_id"])
    if random.random() < 0.2:
        rows.atoms["draw_key"] = random.sample(range(LAST // 2), n)
    hierarchy: Document = {
        "atoms": rows.atoms,
        "residues": rows.residues,
        "chains": rows.chains,
        "entities": rows.entities,
    }
    if bonds := _bonds(random, rows):
        hierarchy["bonds"] = bonds
    if random.random() < 0.3:
        lengths = {axis: round(random.uniform(20, 90), 3) for axis in "abc"}
        hierarchy["cell"] = {**lengths, "alpha": 90.0, "beta": 100.5, "gamma": 90.0}
        hierarchy["space_group"] = "P 1 21 1"
    document = {
        "format_version": "0.1.0",
        "hierarchy": hierarchy,
        "reference": {"x_ref": [point(random) for _ in range(n)]},
    }
    if random.random() < 0.3:
        document["title"] = "a molecule; of one's own"
    return document


def _polymer(random: Random, rows: _Rows, kind: str, label: str, auth: str) -> None:
    """A chain of one to four residues; sometimes one more of the entity before."""
    comps = [random.choice(list(POLYMERS)) for _ in range(random.randint(1, 4))]
    _chain(rows, kind, " ".join(comps), random.choice(("a peptide", "", "PROTEIN (1-20)")), label, auth)
    number = random.choice((1, 5, -3, 998, 9998, 12000))
    for at, comp in enumerate(comps, 1):
        if len(comps) > 1 and random.random() < 0.1:
            continue  # in the sequence only
        ins = random.choice(("", "", "", "A", "b"))
        number += random.choice((1, 1, 1, 4)) if not ins else 0
        rows.residue(random, comp, POLYMERS[comp], at, number, ins)
    if "chain" in rows.residues and rows.residues["chain"][-1:] != [len(rows.chains["entity"]) - 1]:
        rows.residue(random, comps[0], POLYMERS[comps[0]], 1, number, "")


def _others(random: Random, rows: _Rows, kind: str, label: str, auth: str) -> None:
    """Waters, a ligand or a sugar."""
    comp, names = random.choice(list(OTHERS[kind].items()))
    _chain(rows, kind, "", {"water": "water"}.get(kind, random.choice(("LIGAND", comp))), label, auth)
    for k in range(random.randint(1, 2) if kind == "water" else 1):
        rows.residue(random, comp, names, -1, random.choice((1, 301, 2001)) + k, "")


def _chain(rows: _Rows, kind: str, sequence: str, description: str, label: str, auth: str) -> None:
    entity = {"type": kind, "description": description, "sequence": sequence}
    for column, text in entity.items():
        rows.entities[column].append(text)
    chain: Document = {"entity": len(rows.entities["type"]) - 1, "label_asym": label, "auth_asym": auth}
    for column, value in chain.items():
        rows.chains[column].append(value)


def _bonds(random: Random, rows: _Rows) -> Document:
    """Up to three bonds between atoms of different residues."""
    residue = rows.atoms["residue"]
    name, chain = rows.atoms["name"], rows.residues["chain"]
    pairs = [(a, b) for b in range(len(residue)) for a in range(b) if residue[a] != residue[b] and not
             (chain[residue[a]] == chain[residue[b]] and {name[a], name[b]} in ({"C", "N"}, {"O3'", "P"}))]  # fmt: skip
    chosen = sorted(random.sample(pairs, min(len(pairs), random.randint(0, 3))))
    if not chosen:
        return {}
    return {"atom_a": [a for a, _ in chosen], "atom_b": [b for _, b in chosen],
            "order": [random.randint(0, 3) for _ in chosen]}  # fmt: skip


def grouping(random: Random, document: Document) -> Document:
    """A partition of some residues into two labels, in any order."""
    n = len(document["hierarchy"]["residues"]["comp"])
    child = sorted(random.sample(range(n), random.randint(1, n)))
    parent = [random.randint(0, 1) for _ in child]
    return {"kind": "partition", "child_level": "residue", "labels": ["one", "other"],
            "child": {"dtype": "int32", "data": child}, "parent": {"dtype": "int32", "data": parent}}  # fmt: skip
