"""Random depositions of small molecules, and messages that ask for them as structure files.

`asked(random)` gives both: a few polymers, ligands and waters under odd names and numbers, with a handful of the
descriptors that a structure file has a form for, all of them at once. The same seed gives the same; a `Random` that a
`hypothesis` strategy makes shrinks. Coordinates have three decimals, as a PDB file has; U has four."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

Document = dict[str, Any]
LAST = 2**32 - 1
ALPHABET = "ABCDEFGH"
LETTERS = "ABCab1"
Own = dict[int, tuple[str, int, list[int]]]
"""The variable that moves an atom, by its id: descriptor, site, states in which it is there."""
POLYMERS = {
    "ALA": ("N", "CA", "C", "O", "CB"), "SER": ("N", "CA", "CB", "OG"), "GLY": ("N", "CA", "C"), "MSE": ("N", "CA", "SE"),
    "DA": ("P", "C1'", "O3'"), "U": ("P", "C4'", "O2'"),
}  # fmt: skip
OTHERS = {
    "non-polymer": {"LIG": ("C1", "N2", "O3'"), "ZN": ("ZN",), "0AB": ("C1", "F1", "HO1"), "UNX": ("UNK",)},
    "water": {"HOH": ("O",), "DOD": ("O", "D1")},
    "branched": {"NAG": ("C1", "O5")},
}
ELEMENTS = {"SE": "Se", "ZN": "Zn", "D1": "D", "UNK": "X"}
POPULATIONS = {
    1: ([1.0],), 2: ([0.6, 0.4], [0.5, 0.5], [0.35, 0.65], [1.0, 0.0]),
    3: ([0.5, 0.3, 0.2], [0.2, 0.2, 0.6], [0.25, 0.5, 0.25], [0.0, 0.45, 0.55]),
}  # fmt: skip
TURNS = ([[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, -1, 0], [0, 0, -1]])
POLICIES = ("marginal", "atomic-only", "records", "refuse")


def asked(random: Random) -> tuple[Document, Document]:
    """A deposition and a message of the kind `export`, without paths."""
    what = random.choice(("all", "all", "all", "state", "conformer", "draws"))
    document = deposition(random, apart=what in ("all", "conformer"))
    return document, message(random, document, what)


def deposition(random: Random, apart: bool = False) -> Document:
    """A molecule of one to some twenty atoms with up to seven descriptors.

    apart: of the places of an atom no two are equal, and one variable at most moves it, so that all of them have letters
    that the text names."""
    document = _molecule(random)
    descriptors: Document = {}
    document |= {"descriptors": descriptors, "groupings": {"part.d/v1": _grouping(random, document)}}
    if random.random() < 0.3:
        descriptors["models"] = _bundle(random, document)
    own: Own = {}
    for name in ("altloc", "rot", "a.loop")[: random.choice((0, 1, 1, 2, 3))]:
        descriptors[name] = _alternates(random, document, name, own if apart else None)
    for name, make in GAUSSIANS.items():
        if random.random() < 0.4:
            descriptors[name] = make(random, document, own if apart else None)
    if apart and random.random() < 0.15:
        descriptors["frames"] = _frames(random, document)
    if random.random() < 0.4:
        document["annotations"] = {"alternates": {"items": _notes(random, document)}}
    document["provenance"] = {"by-hand": {"kind": "assertion"}}
    return {name: value for name, value in document.items() if value}


def message(random: Random, document: Document, what: str) -> Document:
    """Kind, profile, seed and request: a format, a policy, and what of the states is written."""
    request: Document = {
        "format": random.choice(("mmcif", "mmcif", "pdb", "pdb", "mmtf")),
        "outputs": ["file", "losses"],
    }
    allowed = [
        policy for policy in POLICIES if policy != "records" or what in ("all", "conformer") and not _levels(document)
    ]
    if random.random() < 0.5:
        request["gaussian"] = random.choice(allowed)
    seed = None
    if what == "state":
        request["state"] = _state(random, document)
    elif what == "conformer":
        labels = [label for states in _variables(document).values() for *_, label in states if label in LETTERS]
        request["conformer"] = random.choice(("occupancy", *labels))
    elif what == "draws":
        request["draws"], seed = random.randint(1, 3), str(random.randrange(2**64))
    return {"kind": "export", "profile": "exchange", "seed": seed, "request": request}


def _levels(document: Document) -> bool:
    """Whether there is disorder beside that of single atoms."""
    return bool({"groups", "soft-modes"} & document.get("descriptors", {}).keys())


# the molecule


def _number(random: Random, most: float = 30.0) -> float:
    return round(random.uniform(-most, most), 3)


def _point(random: Random, most: float = 30.0) -> list[float]:
    return [_number(random, most) for _ in range(3)]


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
            row = {"atom_id": last + step, "residue": len(self.residues["comp"]) - 1, "name": name,
                   "element": ELEMENTS.get(name, name[0]), "charge": charge}  # fmt: skip
            for column, value in row.items():
                self.atoms[column].append(value)


def _molecule(random: Random) -> Document:
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
    hierarchy = {"atoms": rows.atoms, "residues": rows.residues, "chains": rows.chains, "entities": rows.entities}
    if bonds := _bonds(random, rows):
        hierarchy["bonds"] = bonds
    if random.random() < 0.3:
        lengths = {axis: round(random.uniform(20, 90), 3) for axis in "abc"}
        hierarchy["cell"] = {**lengths, "alpha": 90.0, "beta": 100.5, "gamma": 90.0}
        hierarchy["space_group"] = "P 1 21 1"
    document = {
        "format_version": "0.1.0",
        "hierarchy": hierarchy,
        "reference": {"x_ref": [_point(random) for _ in range(n)]},
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
    for column, value in {"type": kind, "description": description, "sequence": sequence}.items():
        rows.entities[column].append(value)
    for column, value in {"entity": len(rows.entities["type"]) - 1, "label_asym": label, "auth_asym": auth}.items():
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


def _grouping(random: Random, document: Document) -> Document:
    """A partition of some residues into two labels, in any order."""
    n = len(document["hierarchy"]["residues"]["comp"])
    child = sorted(random.sample(range(n), random.randint(1, n)))
    parent = [random.randint(0, 1) for _ in child]
    return {"kind": "partition", "child_level": "residue", "labels": ["one", "other"],
            "child": {"dtype": "int32", "data": child}, "parent": {"dtype": "int32", "data": parent}}  # fmt: skip


# states


def _atoms_of(document: Document, scope: Document) -> dict[int, list[int]]:
    """The atom ids of each label of a scope that has any."""
    h, found = document["hierarchy"], {}
    for id, residue in zip(h["atoms"]["atom_id"], h["atoms"]["residue"], strict=True):
        label: int | None = {"residue": residue, "chain": h["residues"]["chain"][residue], "deposition": 0}.get(
            scope.get("level")
        )
        if "grouping" in scope:
            grouping = document["groupings"][scope["grouping"]]
            held = dict(zip(grouping["child"]["data"], grouping["parent"]["data"], strict=True))
            label = held.get(residue)
        if label is not None:
            found.setdefault(label, []).append(id)
    return dict(sorted(found.items()))


def _scope(random: Random) -> Document:
    return random.choice(({"level": "residue"}, {"level": "residue"}, {"level": "chain"}, {"level": "deposition"},
                          {"grouping": "part.d/v1"}))  # fmt: skip


def _table(names: str, rows: list[tuple]) -> Document:
    return dict(zip(names.split(), map(list, zip(*rows, strict=True)), strict=True))


def _draw_key(document: Document) -> int:
    found = (
        [k for d in document["descriptors"].values() for k in d["tables"].get("variables", {}).get("draw_key", ())]
        if document["descriptors"]
        else []
    )
    return min(found, default=LAST) - 1


def _bundle(random: Random, document: Document) -> Document:
    """Models of all atoms or of some, each with its own coordinates; a model may lack atoms."""
    ids = document["hierarchy"]["atoms"]["atom_id"]
    atoms = sorted(random.sample(ids, random.choice((len(ids), len(ids), random.randint(1, len(ids))))))
    n = random.randint(1, 3)
    populations = random.choice(POPULATIONS[n])
    document["axes"] = {"model": {"length": n}}
    rows = [(0, k, str(k + 1), -1, p, "NaN", "unknown") for k, p in enumerate(populations)]
    present = [[int(random.random() < 0.85) for _ in atoms] for _ in range(n)]
    return {
        "regime": "discrete", "mode": "A", "scope": {"level": "deposition"}, "signal_type": "coordinates",
        "algebra": "independent", "state_axis": "model",
        "tables": {"states": _table("site state label condition population deposited source", rows),
                   "variables": {"site": [0], "draw_key": [_draw_key(document)]}},
        "arrays": {"atom_id": atoms, "xyz": [[_point(random) for _ in atoms] for _ in range(n)],
                   "present": {"dtype": "uint8", "data": present}},
    }  # fmt: skip


def _conditions(random: Random, document: Document, number: int) -> list[tuple[int, str, int, int]]:
    """The rows of a condition on one or two variables that are there: OR within one, AND across."""
    above = [(name, site) for name, d in document["descriptors"].items() if d["regime"] == "discrete"
             for site in d["tables"]["variables"]["site"]]  # fmt: skip
    rows = []
    for parent, site in random.sample(above, min(len(above), random.choice((1, 1, 2)))):
        table = document["descriptors"][parent]["tables"]["states"]
        states = sorted({s for k, s in zip(table["site"], table["state"], strict=True) if k == site})
        rows += [(number, parent, site, s) for s in random.sample(states, random.randint(1, len(states)))]
    return rows


def _with_conditions(item: Document, rows: list[tuple[int, str, int, int]]) -> None:
    if rows:
        rows = sorted(rows, key=lambda row: (row[0], row[1].encode(), *row[2:]))
        item.setdefault("tables", {})["conditions"] = _table("condition parent site state", rows)


def _alternates(random: Random, document: Document, name: str, own: Own | None) -> Document:
    """Variables at one to three sites, in mode A or B, perhaps under conditions on those that are there."""
    scope = _scope(random)
    sites = {site: [id for id in ids if id not in (own or ())] for site, ids in _atoms_of(document, scope).items()}
    chosen = sorted(random.sample(list(sites), min(len(sites), random.randint(1, 3))))
    nested = bool(document["descriptors"]) and random.random() < 0.4
    item: Document = {
        "regime": "discrete", "mode": "B", "scope": scope, "signal_type": "categorical_state",
        "algebra": "nested_under" if nested else "independent",
    }  # fmt: skip
    conditions = _conditions(random, document, 0) if nested else []
    whole = nested and random.random() < 0.3
    if whole:
        item["active_when"] = 0
    key, states = _draw_key(document), []
    for site in chosen:
        n = random.choice((1, 2, 2, 2, 3))
        labels = random.sample(LETTERS, n)
        if n > 1 and random.random() < 0.4:
            labels[-1] = "absent"
        numbers = sorted(random.sample(range(5), n))
        under = 0 if nested and not whole and random.random() < 0.7 else -1
        populations = random.choice(POPULATIONS[n])
        for k, (number, label) in enumerate(zip(numbers, labels, strict=True)):
            states.append((site, number, label, under, populations[k], random.choice(("NaN", populations[k])), "fit"))
    item["tables"] = {"states": _table("site state label condition population deposited source", states),
                      "variables": {"site": chosen, "draw_key": [key - k for k in range(len(chosen))]}}  # fmt: skip
    _with_conditions(item, conditions)
    fates = {site: _fates(random, [(n, label) for at, n, label in _states_of(item) if at == site], sites[site], own is not None)
             for site in chosen}  # fmt: skip
    if any(sites[site] for site in chosen) and random.random() < 0.3:
        _all_places(random, document, item, sites, fates)
    else:
        _moves(random, item, fates)
    _shifted(random, item)
    for site, of_atom in fates.items() if own is not None else ():
        for (id, _), fate in of_atom.items():
            if fate != "stays" or id in own:
                own.setdefault(id, (name, site, []))
        for (id, state), fate in of_atom.items():
            if id in own and fate != "absent":
                own[id][2].append(state)
    return item


def _states_of(item: Document) -> list[tuple[int, int, str]]:
    table = item["tables"]["states"]
    return list(dict.fromkeys(zip(table["site"], table["state"], table["label"], strict=True)))


def _fates(random: Random, states: list[tuple[int, str]], ids: list[int], apart: bool) -> dict[tuple[int, int], str]:
    """What becomes of each atom of a site in each of its states; apart: it stays in one of them at most."""
    found = {}
    for id in ids:
        often = apart and len(states) > 2 and any(label == "absent" for _, label in states)
        varies, stays = often or random.random() < 0.8, False
        for state, label in states:
            fate = random.choice(("moves", "moves", "stays", "absent")) if varies else "stays"
            fate = (
                "absent" if label == "absent" else "moves" if apart and varies and stays and fate == "stays" else fate
            )
            found[id, state] = fate
            stays = stays or fate == "stays"
    return found


def _moves(random: Random, item: Document, fates: dict[int, dict[tuple[int, int], str]]) -> None:
    """Mode B: rows of deltas and absent."""
    deltas, absent = [], []
    for site, of_atom in fates.items():
        for (id, state), fate in of_atom.items():
            if fate == "moves":
                deltas.append((site, state, id, *_point(random, 2.0)))
            elif fate == "absent":
                absent.append((site, state, id))
    for name, names, rows in (
        ("deltas", "site state atom_id dx dy dz", deltas),
        ("absent", "site state atom_id", absent),
    ):
        if rows:
            item["tables"][name] = _table(names, sorted(rows))


def _all_places(random: Random, document: Document, item: Document, sites: dict[int, list[int]],
                fates: dict[int, dict[tuple[int, int], str]]) -> None:  # fmt: skip
    """Mode A: a place of each atom in each state; those of other sites stand at x_ref."""
    h, x_ref = document["hierarchy"], document["reference"]["x_ref"]
    place = dict(zip(h["atoms"]["atom_id"], x_ref, strict=True))
    atoms = sorted({id for site in fates for id in sites[site]})
    xyz, present = [], []
    for site, state, _ in _states_of(item):
        fate = [fates[site].get((id, state)) for id in atoms]
        moved = [[round(a + b, 3) for a, b in zip(place[id], _point(random, 2.0), strict=True)] for id in atoms]
        xyz.append([moved[k] if fate[k] == "moves" else place[id] for k, id in enumerate(atoms)])
        present.append([int(fate[k] != "absent") for k in range(len(atoms))])
    item["mode"] = "A"
    item["arrays"] = {"atom_id": atoms, "xyz": xyz, "present": {"dtype": "uint8", "data": present}}


def _shifted(random: Random, item: Document) -> None:
    """Seldom another frame."""
    if random.random() < 0.15:
        offset = {"kind": "rigid", "rotation": random.choice(TURNS), "translation": _point(random, 5.0)}
        item["reference"] = {"hash": "sha256:" + "0" * 64, "frame": "other", "offset": offset}


# disorder


def _operator(name: str, scope: Document, arrays: Document) -> Document:
    return {"regime": "continuous", "mode": "C", "scope": scope, "signal_type": "gaussian_disorder",
            "algebra": "additive_covariance", "operator": {"id": f"parametric_gaussian/{name}_v1", "venue": "registry"},
            "provenance": "by-hand", "arrays": arrays}  # fmt: skip


Rows = list[tuple[int, int]]
Clauses = list[tuple[int, str, int, int]]


def _covered(random: Random, document: Document, own: Own | None) -> tuple[Rows, Clauses]:
    """Some atoms, each with the number of the condition of its row, and the rows of the conditions.

    own: what moves each atom; its ADP then depends on that alone, and it may have a row for each state."""
    ids = document["hierarchy"]["atoms"]["atom_id"]
    ids = sorted(random.sample(ids, random.choice((len(ids), random.randint(1, len(ids))))))
    known = any(d["regime"] == "discrete" for d in document["descriptors"].values())
    if own is None:
        rows = [(id, 0 if known and random.random() < 0.4 else -1) for id in ids]
        return rows, _conditions(random, document, 0) if any(c == 0 for _, c in rows) else []
    rows, clauses, numbers = [], [], {}
    for id in ids:
        if id not in own or random.random() < 0.4:
            rows.append((id, -1))
            continue
        name, site, states = own[id]
        for state in states:
            number = numbers.setdefault((name, site, state), len(numbers))
            rows.append((id, number))
    clauses = [(number, *place) for place, number in numbers.items()]
    return sorted(rows), clauses


def _gated(random: Random, document: Document, item: Document, clauses: Clauses, own: Own | None) -> Document:
    """With its conditions, and seldom one that it acts under."""
    if (
        own is None
        and any(d["regime"] == "discrete" for d in document["descriptors"].values())
        and random.random() < 0.2
    ):
        item["active_when"] = 99
        clauses = clauses + _conditions(random, document, 99)
    _with_conditions(item, clauses)
    return item


def _of_rows(rows: Rows) -> Document:
    return {"atom_id": [id for id, _ in rows], "condition": {"dtype": "int32", "data": [c for _, c in rows]}}


def _b_factors(random: Random, document: Document, own: Own | None) -> Document:
    rows, clauses = _covered(random, document, own)
    b = [round(random.choice((random.uniform(5, 60), 0.0, 150.0)), 2) for _ in rows]
    return _gated(random, document, _operator("iadp", {"level": "atom"}, {**_of_rows(rows), "b": b}), clauses, own)


def _six(random: Random) -> list[float]:
    """A U of four decimals that is positive definite."""
    diagonal = [round(random.uniform(0.1, 0.6), 4) for _ in range(3)]
    return [*diagonal, *(round(random.uniform(-0.04, 0.04), 4) for _ in range(3))]


def _anisotropic(random: Random, document: Document, own: Own | None) -> Document:
    rows, clauses = _covered(random, document, own)
    item = _operator("aadp", {"level": "atom"}, {**_of_rows(rows), "u": [_six(random) for _ in rows]})
    _shifted(random, item)
    return _gated(random, document, item, clauses, own)


def _tls(random: Random, document: Document, own: Own | None) -> Document:
    """A row a label of a scope; residues, chains, a part, or everything."""
    scope = _scope(random)
    h = document["hierarchy"]
    n = {"residue": len(h["residues"]["comp"]), "chain": len(h["chains"]["entity"]), "deposition": 1}.get(
        scope.get("level"), 2
    )
    rows = [[*_six(random), 0.01, 0.02, 0.015, 0.001, 0.0, -0.002, 0.01, 0.0, 0.005, 0.0, -0.02, 0.0, 0.003, 0.0, 0.01,
             *_point(random, 5.0)] for _ in range(n)]  # fmt: skip
    return _gated(random, document, {**_operator("tls", scope, {"tls": rows}), "normalised": False}, [], own)


def _soft_modes(random: Random, document: Document, own: Own | None) -> Document:
    """The covariance of modes, of the level atom or of everything."""
    ids = document["hierarchy"]["atoms"]["atom_id"]
    ids, k = sorted(random.sample(ids, random.randint(1, min(3, len(ids))))), random.randint(1, 2)
    basis = [[_point(random, 1.0) for _ in ids] for _ in range(k)]
    arrays = {"atom_id": ids, "basis": basis, "variance": [random.choice((0.25, 0.5)) for _ in range(k)]}
    scope = {"level": random.choice(("atom", "deposition"))}
    return _gated(random, document, _operator("nm_covariance", scope, arrays), [], own)


GAUSSIANS: dict[str, Callable[[Random, Document, Own | None], Document]] = {
    "b-iso": _b_factors, "u-aniso": _anisotropic, "groups": _tls, "soft-modes": _soft_modes,
}  # fmt: skip


def _frames(random: Random, document: Document) -> Document:
    """A trajectory, which no structure file has a form for."""
    ids = document["hierarchy"]["atoms"]["atom_id"][:2]
    document.setdefault("axes", {})["frame"] = {"length": 2}
    return {"regime": "trajectory", "mode": "A", "scope": {"level": "deposition"},
            "signal_type": "deterministic_displacement", "algebra": "additive_displacement", "sample_axis": "frame",
            "arrays": {"atom_id": ids, "xyz": [[_point(random, 1.0) for _ in ids] for _ in range(2)]}}  # fmt: skip


# what is asked


def _variables(document: Document) -> dict[str, list[tuple[int, int, str]]]:
    return {name: _states_of(d) for name, d in document.get("descriptors", {}).items() if d["regime"] == "discrete"}


def _state(random: Random, document: Document) -> dict[str, str]:
    """States of some variables, legal or not."""
    found = {}
    for name, states in _variables(document).items():
        for site in {site for site, *_ in states}:
            if random.random() < 0.5:
                found[f"{name}/{site}"] = random.choice([label for other, _, label in states if other == site])
    return found


def _notes(random: Random, document: Document) -> list[Document]:
    """Letters of states, conditions of bonds, and somebody's remarks."""
    items: list[Document] = [{"selector": {"target": "deposition"}, "body": {"text": "looked at twice"}}]
    ids = document["hierarchy"]["atoms"]["atom_id"]
    for name, states in _variables(document).items():
        site, state, _ = random.choice(states)
        selector = {"target": "state", "descriptor": name, "site": site, "state": state}
        items.append(
            {"selector": selector, "body": {"letter_of": sorted(random.sample(ids, random.randint(1, len(ids))))}}
        )
    bonds = document["hierarchy"].get("bonds", {"atom_a": [], "atom_b": []})
    for a, b in zip(bonds["atom_a"], bonds["atom_b"], strict=True):
        if _variables(document) and random.random() < 0.6:
            name, states = random.choice(list(_variables(document).items()))
            named = [
                [name, site, [state]]
                for site, state, _ in random.sample(states, random.randint(1, min(2, len(states))))
            ]
            body = {"bonded_in": [[one] for one in named] if random.random() < 0.5 else [named]}
            items.append({"selector": {"target": "atoms", "atoms": [ids[a], ids[b]]}, "body": body})
    return items
