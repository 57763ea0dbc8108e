"""Which alternates exclude each other: residues with letters as sites, their states and populations (20.1)."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import product

from entry import Atom, Entity, Entry, Place, Record

PLACE, WHOLE, REST, TYPES = 1.0, 1.02, 0.98, 1.1
"""Å within which alternates are in one place; what occupancies of a sum of 1 may reach; below what a rest is left;
above what residue types at one position are there together."""
LINKS = (("C", "N"), ("O3'", "P"))
"""Atoms by which residues of a polymer are bonded to the next, when they are within REACH Å."""
REACH = 2.2
ABSENT = "absent"


@dataclass
class Site:
    """A variable: its states by label, with deposited occupancy and population, and who is where in each.

    records: of each atom and state the record it has there; an atom that is not named in a state is absent."""

    atoms: list[Atom]
    labels: list[str]
    deposited: list[float | None]
    population: list[float]
    records: dict[tuple[Atom, str], Record] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """The state of the highest population, of several the first (MEAN-29)."""
        return self.labels[max(range(len(self.labels)), key=lambda i: (self.population[i], -i))]

    def shown(self, atom: Atom) -> Record | None:
        """The record of an atom that x_ref shows (MEAN-30)."""
        order = sorted(range(len(self.labels)), key=lambda i: (-self.population[i], i))
        having = [self.records[atom, self.labels[i]] for i in order if (atom, self.labels[i]) in self.records]
        return self.records.get((atom, self.reference)) or (having[0] if having else None)


class _Union:
    def __init__(self) -> None:
        self.up: dict[Place, Place] = {}

    def root(self, place: Place) -> Place:
        while self.up.get(place, place) != place:
            place = self.up[place]
        return place

    def join(self, one: Place, other: Place) -> None:
        one, other = self.root(one), self.root(other)
        if one != other:
            self.up[other] = one


def letters(records: list[Record]) -> dict[int, str]:
    """The letter of each record, by identity: its own, a letter that is free where a position has several types, "."
    where an atom has another alternate; an empty text where it has no choice."""
    types, alternates = defaultdict(list), defaultdict(set)
    for record in records:
        if record.label_seq >= 0 and record.comp not in types[record.place]:
            types[record.place].append(record.comp)
        alternates[record.atom].add(record.alt)
    used = {record.alt for record in records}
    free = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in used] + [f"type{i}" for i in range(99)]
    without = {  # residues of which no record has a letter, at positions of several types
        (place, comp) for place, comps in types.items() if len(comps) > 1 and _occupancy(records, place) <= TYPES
        for comp in comps
        if not any(record.alt for record in records if record.place == place and record.comp == comp)
    }  # fmt: skip
    given = {
        key: free[number] for number, key in enumerate(sorted(without, key=lambda key: types[key[0]].index(key[1])))
    }
    made = {}
    for record in records:
        own = given.get((record.place, record.comp), record.alt)
        if not own.strip(".") and (own or len(alternates[record.atom]) > 1):
            own += "."  # none is ".", so that a letter that is a dot has another
        made[id(record)] = own
    return made


def sites(entry: Entry, records: list[Record], grouping: str | None) -> list[Site]:
    """The variables of alternates among the records of one model, whose occupancy is 1."""
    letter = letters(records)
    lettered = defaultdict(list)
    for record in records:
        if letter[id(record)]:
            lettered[record.place].append(record)
    lettered = _sets(lettered, letter)
    bonded, together = _Union(), _Union()
    for one, other in _bonds(entry, lettered, letter):
        bonded.join(one, other)
        together.join(one, other)
    if grouping == "global":
        first: dict[str, Place] = {}
        for place, own in lettered.items():
            for record in own:
                bonded.join(first.setdefault(letter[id(record)], place), place)
                together.join(first[letter[id(record)]], place)
    if grouping is None:
        for one, other in _in_one_place(lettered):
            both = [[p for p in lettered if together.root(p) == together.root(place)] for place in (one, other)]
            own = [[record for place in places for record in lettered[place]] for places in both]
            ours, theirs = ({letter[id(record)] for record in records} for records in own)
            if not ours & theirs and sum(_means(own[0] + own[1], letter).values()) <= WHOLE:
                together.join(one, other)
    members = defaultdict(list)
    for place in lettered:
        members[together.root(place)].append(place)
    return [_site(entry, places, lettered, letter, bonded) for places in members.values()]


def _sets(lettered: dict[Place, list[Record]], letter: dict[int, str]) -> dict[tuple, list[Record]]:
    """The records of each position under the position and 0; those of one residue type whose letters fall into sets of
    two or more that no atom shares under it and the number of the set (EXP-46)."""
    made: dict[tuple, list[Record]] = {}
    for place, records in lettered.items():
        of_atom: dict[Atom, set[str]] = defaultdict(set)
        for record in records:
            of_atom[record.atom].add(letter[id(record)])
        found: list[set[str]] = []
        for own in of_atom.values():
            found = [other for other in found if not other & own] + [own.union(*(o for o in found if o & own))]
        if len({record.comp for record in records}) > 1 or any(len(own) < 2 for own in found):
            found = [set().union(*found)]
        for record in records:
            number = next(k for k, own in enumerate(found) if letter[id(record)] in own)
            made.setdefault((*place, number), []).append(record)
    return made


def _bonds(entry: Entry, lettered: dict[tuple, list[Record]], letter: dict[int, str]):
    """Pairs of what `_sets` gives that a bond between alternates of one letter joins (EXP-4)."""
    of_atom, of_place, at = defaultdict(dict), defaultdict(list), {}
    for key, records in lettered.items():
        of_place[key[:3]].append(key)
        for record in records:
            of_atom[record.atom][letter[id(record)]] = record
            at[record.atom] = key
    for (one, a), (other, b), _ in entry.bonds:
        shared = of_atom[one].keys() & of_atom[other].keys()
        if one[:3] != other[:3] and any(a in ("", name) and b in ("", name) for name in shared):
            yield at[one], at[other]
    places = list(of_place)
    for pair in [pair for a, b in zip(places, places[1:], strict=False) for pair in ((a, b), (b, a))]:
        for one, other in product(*(of_place[place] for place in pair)):
            if one[0] == other[0] and any(
                (r.name, s.name) in LINKS and letter[id(r)] == letter[id(s)] and _distance(r, s) < REACH
                for r in lettered[one] for s in lettered[other]
            ):  # fmt: skip
                yield one, other


def _distance(one: Record, other: Record) -> float:
    return sum((a - b) ** 2 for a, b in zip(one.xyz, other.xyz, strict=True)) ** 0.5


def _occupancy(records: list[Record], place: Place) -> float:
    """The sum of the mean occupancies of the residue types and letters at a position."""
    own = [record for record in records if record.place == place]
    return sum(_means(own, {id(record): f"{record.comp} {record.alt}" for record in own}).values())


def _in_one_place(lettered: dict[Place, list[Record]]):
    """Pairs of residues that lie in one place (EXP-28)."""
    places = list(lettered)
    for i, one in enumerate(places):
        for other in places[i + 1 :]:
            heavy = [[r for r in lettered[place] if not r.hydrogen] for place in (one, other)]
            if one[:3] != other[:3] and any(_distance(r, s) < PLACE for r in heavy[0] for s in heavy[1]):
                yield one, other


def _means(records: list[Record], letter: dict[int, str]) -> dict[str, float]:
    """The mean occupancy of the records of each letter that are no hydrogens, in order of the file (EXP-6)."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[letter[id(record)]].append(record)
    heavy = {name: [r for r in own if not r.hydrogen] or own for name, own in found.items()}
    return {name: math.fsum(r.occ for r in own) / len(own) for name, own in heavy.items()}


def _site(
    entry: Entry, places: list[Place], lettered: dict[Place, list[Record]], letter: dict[int, str], bonded: _Union,
) -> Site:  # fmt: skip
    own = [record for place in places for record in lettered[place]]
    deposited = _means(own, letter)
    total = sum(deposited.values())
    shares = [share / max(1.0, total) for share in deposited.values()]
    labels = list(deposited)
    atoms = {record.atom for record in own}
    whole = all(_whole_molecule(entry.entities.get(record.entity), record, entry, atoms) for record in own)
    made = Site(list(dict.fromkeys(record.atom for record in own)), labels, list(deposited.values()), shares)
    for place in places:
        for label in labels:
            for record in _standing(lettered[place], letter, label, _reach(bonded, place, places, lettered, letter)):
                made.records[record.atom, label] = record
    if (len(labels) == 1 and any(record.occ < 1 for record in own)) or (whole and total < REST):
        made.labels.append(ABSENT if ABSENT not in labels else f"no {ABSENT}")
        made.deposited.append(None)
        made.population.append(max(0.0, 1 - total))
    return made


def _reach(bonded: _Union, place: Place, places: list[Place], lettered, letter: dict[int, str]) -> set[str]:
    """The letters of the residues that a residue is bonded to, itself included."""
    root = bonded.root(place)
    return {letter[id(r)] for other in places if bonded.root(other) == root for r in lettered[other]}


def _standing(records: list[Record], letter: dict[int, str], label: str, reach: set[str]) -> list[Record]:
    """The records of a residue in a state: those of its letter; without any, those of its most occupied one, where
    it has several and what it is bonded to has the letter (EXP-35), of several residue types those of one."""
    found = [record for record in records if letter[id(record)] == label]
    comps: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        comps[record.comp].append(record)
    means = {comp: _means(own, letter) for comp, own in comps.items()}
    several = [(occ, -i, comp, name) for comp, own in means.items() if len(own) > 1
               for i, (name, occ) in enumerate(own.items())]  # fmt: skip
    if found or not several or label not in reach:
        return found
    _, _, comp, kept = max(several)
    return [record for record in comps[comp] if letter[id(record)] == kept]


def _whole_molecule(entity: Entity | None, record: Record, entry: Entry, atoms: set[Atom]) -> bool:
    """Whether a record is of a residue outside of polymers of which every atom is among some."""
    if entity is None or entity.type == "polymer":
        return False
    return all(o.atom in atoms for o in entry.records if o.place == record.place and o.model == record.model)
