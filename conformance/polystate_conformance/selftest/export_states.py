"""Random variables of a molecule: models, alternates in mode A and B, nested, under conditions, in other frames."""

from __future__ import annotations

from random import Random

from polystate_conformance.selftest.export_molecules import LAST, Document, point

LETTERS = "ABCab1"
Own = dict[int, tuple[str, int, list[int]]]
"""The variable that moves an atom, by its id: descriptor, site, states in which it is there."""
POPULATIONS = {
    1: ([1.0],), 2: ([0.6, 0.4], [0.5, 0.5], [0.35, 0.65], [1.0, 0.0]),
    3: ([0.5, 0.3, 0.2], [0.2, 0.2, 0.6], [0.25, 0.5, 0.25], [0.0, 0.45, 0.55]),
}  # fmt: skip
TURNS = ([[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, -1, 0], [0, 0, -1]])


def atoms_of(document: Document, scope: Document) -> dict[int, list[int]]:
    """The atom ids of each label of a scope that has any."""
    h = document["hierarchy"]
    found: dict[int, list[int]] = {}
    for id, residue in zip(h["atoms"]["atom_id"], h["atoms"]["residue"], strict=True):
        labels = {"residue": residue, "chain": h["residues"]["chain"][residue], "deposition": 0}
        label = labels.get(scope.get("level", ""))
        if "grouping" in scope:
            grouping = document["groupings"][scope["grouping"]]
            held = dict(zip(grouping["child"]["data"], grouping["parent"]["data"], strict=True))
            label = held.get(residue)
        if label is not None:
            found.setdefault(label, []).append(id)
    return dict(sorted(found.items()))


def scope(random: Random) -> Document:
    return random.choice(({"level": "residue"}, {"level": "residue"}, {"level": "chain"}, {"level": "deposition"},
                          {"grouping": "part.d/v1"}))  # fmt: skip


def table(names: str, rows: list[tuple]) -> Document:
    return dict(zip(names.split(), map(list, zip(*rows, strict=True)), strict=True))


def _draw_key(document: Document) -> int:
    found = (
        [k for d in document["descriptors"].values() for k in d["tables"].get("variables", {}).get("draw_key", ())]
        if document["descriptors"]
        else []
    )
    return min(found, default=LAST) - 1


def bundle(random: Random, document: Document) -> Document:
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
        "tables": {"states": table("site state label condition population deposited source", rows),
                   "variables": {"site": [0], "draw_key": [_draw_key(document)]}},
        "arrays": {"atom_id": atoms, "xyz": [[point(random) for _ in atoms] for _ in range(n)],
                   "present": {"dtype": "uint8", "data": present}},
    }  # fmt: skip


def conditions(random: Random, document: Document, number: int) -> list[tuple[int, str, int, int]]:
    """The rows of a condition on one or two variables that are there: OR within one, AND across."""
    above = [(name, site) for name, d in document["descriptors"].items() if d["regime"] == "discrete"
             for site in d["tables"]["variables"]["site"]]  # fmt: skip
    rows = []
    for parent, site in random.sample(above, min(len(above), random.choice((1, 1, 2)))):
        table = document["descriptors"][parent]["tables"]["states"]
        states = sorted({s for k, s in zip(table["site"], table["state"], strict=True) if k == site})
        rows += [(number, parent, site, s) for s in random.sample(states, random.randint(1, len(states)))]
    return rows


def with_conditions(item: Document, rows: list[tuple[int, str, int, int]]) -> None:
    if rows:
        rows = sorted(rows, key=lambda row: (row[0], row[1].encode(), *row[2:]))
        item.setdefault("tables", {})["conditions"] = table("condition parent site state", rows)


def alternates(random: Random, document: Document, name: str, own: Own, apart: bool) -> Document:
    """Variables at one to three sites, in mode A or B, perhaps under conditions on those that are there.

    own: what moves which atom, to be filled in; apart: no atom in two places at once, nor moved twice."""
    of = scope(random)
    sites = {site: [id for id in ids if not apart or id not in own] for site, ids in atoms_of(document, of).items()}
    chosen = sorted(random.sample(list(sites), min(len(sites), random.randint(1, 3))))
    nested = bool(document["descriptors"]) and random.random() < 0.4
    item: Document = {
        "regime": "discrete", "mode": "B", "scope": of, "signal_type": "categorical_state",
        "algebra": "nested_under" if nested else "independent",
    }  # fmt: skip
    clauses = conditions(random, document, 0) if nested else []
    whole = nested and random.random() < 0.3
    if whole:
        item["active_when"] = 0
    key = _draw_key(document)
    states = [row for site in chosen for row in _states(random, site, nested and not whole)]
    item["tables"] = {"states": table("site state label condition population deposited source", states),
                      "variables": {"site": chosen, "draw_key": [key - k for k in range(len(chosen))]}}  # fmt: skip
    with_conditions(item, clauses)
    fates = {}
    for site in chosen:
        mine = [(number, label) for at, number, label in states_of(item) if at == site]
        fates[site] = _fates(random, mine, sites[site], apart)
    if any(sites[site] for site in chosen) and random.random() < 0.3:
        _all_places(random, document, item, sites, fates)
    else:
        _moves(random, item, fates)
    shifted(random, item)
    for site, of_atom in fates.items():
        moved = {id for (id, _), fate in of_atom.items() if fate != "stays"}
        for id in moved:
            there = [state for (other, state), fate in of_atom.items() if other == id and fate != "absent"]
            own |= {id: (name, site, there)}
    return item


def _states(random: Random, site: int, nested: bool) -> list[tuple]:
    """The rows of one to three states of a site, perhaps all under the condition 0."""
    n = random.choice((1, 2, 2, 2, 3))
    labels = random.sample(LETTERS, n)
    if n > 1 and random.random() < 0.4:
        labels[-1] = "absent"
    numbers, populations = sorted(random.sample(range(5), n)), random.choice(POPULATIONS[n])
    under = 0 if nested and random.random() < 0.7 else -1
    deposited = [random.choice(("NaN", p)) for p in populations]
    return [(site, *row, "fit") for row in zip(numbers, labels, [under] * n, populations, deposited, strict=True)]


def states_of(item: Document) -> list[tuple[int, int, str]]:
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
                deltas.append((site, state, id, *point(random, 2.0)))
            elif fate == "absent":
                absent.append((site, state, id))
    for name, names, rows in (
        ("deltas", "site state atom_id dx dy dz", deltas),
        ("absent", "site state atom_id", absent),
    ):
        if rows:
            item["tables"][name] = table(names, sorted(rows))


def _all_places(random: Random, document: Document, item: Document, sites: dict[int, list[int]],
                fates: dict[int, dict[tuple[int, int], str]]) -> None:  # fmt: skip
    """Mode A: a place of each atom in each state; those of other sites stand at x_ref."""
    h, x_ref = document["hierarchy"], document["reference"]["x_ref"]
    place = dict(zip(h["atoms"]["atom_id"], x_ref, strict=True))
    atoms = sorted({id for site in fates for id in sites[site]})
    xyz, present = [], []
    for site, state, _ in states_of(item):
        fate = [fates[site].get((id, state)) for id in atoms]
        moved = [[round(a + b, 3) for a, b in zip(place[id], point(random, 2.0), strict=True)] for id in atoms]
        xyz.append([moved[k] if fate[k] == "moves" else place[id] for k, id in enumerate(atoms)])
        present.append([int(fate[k] != "absent") for k in range(len(atoms))])
    item["mode"] = "A"
    item["arrays"] = {"atom_id": atoms, "xyz": xyz, "present": {"dtype": "uint8", "data": present}}


def shifted(random: Random, item: Document) -> None:
    """Seldom another frame."""
    if random.random() < 0.15:
        offset = {"kind": "rigid", "rotation": random.choice(TURNS), "translation": point(random, 5.0)}
        item["reference"] = {"hash": "sha256:" + "0" * 64, "frame": "other", "offset": offset}
