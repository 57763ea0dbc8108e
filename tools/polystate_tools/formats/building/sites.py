"""Which alternates belong together: the sites of alternate locations and of partial occupancy."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from polystate_tools.formats.building.occupancies import mean_occupancy
from polystate_tools.formats.building.overlap import Part, exclusive
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.report import ImportReport

BLANK = "."
"""Label of the state of records without a letter whose atom has lettered ones too."""
PRESENT, ABSENT = "present", "absent"
LEAST_ABSENCE = 0.02
"""What several alternates must leave of 1 to be absent at times: more than the rounding of their occupancies."""
LINK = {("C", "N"), ("O3'", "P")}
LINK_DISTANCE = 2.2  # Å; a peptide bond is 1.33, O3'-P 1.60


@dataclass
class Site:
    """One variable: the records that choose between its states.

    states: labels in declared order; records: (k,) records; state: (k,) index into states of each.
    atoms: (m,) ascending atom rows; rule: what made it one site; letters_of: positions to letters they have.
    """

    label: str
    rule: str
    states: list[str]
    records: np.ndarray
    state: np.ndarray
    atoms: np.ndarray
    inherits: dict[tuple[int, int], int] = field(default_factory=dict)
    """(atom, state) pairs without a record, because its residue lacks the letter, to the state whose record it has."""
    there: dict[int, set[int]] = field(default_factory=dict)
    """Of a position the states that it or what it is bonded to has."""


class _Union:
    """Disjoint sets."""

    def __init__(self, n: int) -> None:
        self.parent = list(range(n))

    def find(self, a: int) -> int:
        while self.parent[a] != a:
            self.parent[a] = self.parent[self.parent[a]]
            a = self.parent[a]
        return a

    def join(self, a: int, b: int) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parent[max(a, b)] = min(a, b)


def altloc_sites(
    layout: Layout, rows: np.ndarray, whole_molecule: bool, report: ImportReport, overlap: bool | None = None
) -> list[Site]:
    """Sites of the records `rows` (those of atoms that have an altloc), in order of their first atom.

    A site is a set of alternates that are connected: of one position, or bonded across positions while they
    share letters. With whole_molecule those that share a letter are one site wherever they are. overlap: whether
    alternates of several residues in one place are one site too; None: places are not compared.
    """
    if not len(rows):
        return []
    records, atom = layout.records, layout.atom_of_record
    position = layout.position_of_record[rows].tolist()
    atoms, letters = atom[rows].tolist(), records.altloc.take(rows).tolist()
    nodes: dict[tuple[int, str], int] = {}
    node = [nodes.setdefault(key, len(nodes)) for key in zip(position, letters, strict=True)]
    union = _Union(len(nodes))
    first_of_atom: dict[int, int] = {}
    for n, a in zip(node, atoms, strict=True):
        union.join(first_of_atom.setdefault(a, n), n)
    _join_positions(union, nodes, layout, rows, position, node)
    joined = set()
    for a, b in _bonded(layout, rows[~alone(layout, rows)]):
        union.join(first_of_atom[a], first_of_atom[b])
        joined.add(first_of_atom[a])
    if whole_molecule:
        first_of_letter: dict[str, int] = {}
        for (_, letter), n in nodes.items():
            union.join(first_of_letter.setdefault(letter, n), n)
    reach = _reach(union, nodes)
    overlapped: set[int] = set()
    if overlap is not None and not whole_molecule:
        sets = list(_groups(union, node).values())
        for a, b in exclusive(layout, [Part(layout, rows[part]) for part in sets], overlap, report):
            union.join(node[sets[a][0]], node[sets[b][0]])
            overlapped.add(node[sets[a][0]])
    overlapped = {union.find(n) for n in overlapped}
    bonded_roots = {union.find(n) for n in joined}
    groups = _groups(union, node)
    sites = []
    for root, members in groups.items():
        where = rows[members]
        several = len(set(layout.position_of_record[where].tolist())) > 1
        rule = "global" if whole_molecule else "bonded" if several and root in bonded_roots else "residue"
        sites.append(_site(layout, where, "overlap" if root in overlapped else rule, reach))
    sites.sort(key=lambda site: int(site.atoms[0]))
    return named(layout, sites)


def _groups(union: _Union, node: list[int]) -> dict[int, list[int]]:
    """Places of `node` by the root of their set."""
    groups: dict[int, list[int]] = {}
    for k, n in enumerate(node):
        groups.setdefault(union.find(n), []).append(k)
    return groups


def _reach(union: _Union, nodes: dict[tuple[int, str], int]) -> dict[int, set[str]]:
    """The letters of each position and of those that it is bonded to, directly or through others."""
    of_root: dict[int, set[str]] = {}
    for (_, letter), n in nodes.items():
        of_root.setdefault(union.find(n), set()).add(letter)
    made: dict[int, set[str]] = {}
    for (position, _), n in nodes.items():
        made.setdefault(position, set()).update(of_root[union.find(n)])
    return made


def _join_positions(union: _Union, nodes, layout: Layout, rows, position: list[int], node: list[int]) -> None:
    """Letters of one position are one site, unless they fall into complete sets that share no atom.

    Two sets of at least two letters each, in one residue type, vary independently (N in A/B, OG in C/D).
    """
    by_position: dict[int, set[int]] = {}
    residues: dict[int, set[int]] = {}
    residue = layout.residue_of_atom[layout.atom_of_record[rows]].tolist()
    for p, n, r in zip(position, node, residue, strict=True):
        by_position.setdefault(p, set()).add(n)
        residues.setdefault(p, set()).add(r)
    for p, members in by_position.items():
        sets: dict[int, int] = {}
        for n in members:
            sets[union.find(n)] = sets.get(union.find(n), 0) + 1
        if len(sets) > 1 and (len(residues[p]) > 1 or min(sets.values()) < 2):
            ordered = sorted(members)
            for n in ordered[1:]:
                union.join(ordered[0], n)


def alone(layout: Layout, rows: np.ndarray) -> np.ndarray:
    """(k,) bool: which of the records `rows` have no letter and are the only one of their atom in their model."""
    step, first = layout.steps
    key = layout.atom_of_record[rows].astype(np.int64) * len(first) + step[rows]
    _, which, count = np.unique(key, return_inverse=True, return_counts=True)
    return (count[which.ravel()] == 1) & layout.records.altloc.take(rows).equals("")


def _bonded(layout: Layout, rows: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of atoms with alternates of one letter that are bonded: stated bonds, and links along a polymer."""
    records, atom = layout.records, layout.atom_of_record
    of_interest = np.zeros(len(records), bool)
    of_interest[rows] = True
    ends = records.bonds[:, :2]
    same = of_interest[ends].all(axis=1) & (records.altloc.codes[ends[:, 0]] == records.altloc.codes[ends[:, 1]])
    pairs = [(a, b) for a, b in atom[ends[same]].tolist()]
    names = records.name.take(layout.first_record)
    by_place: dict[tuple[int, int], dict[str, list[int]]] = {}
    linking = {name for link in LINK for name in link}
    residue_of = layout.residue_of_atom
    for a in dict.fromkeys(atom[rows].tolist()):
        name = names[a]
        if name in linking:
            residue = int(residue_of[a])
            seq = int(records.label_seq[layout.first_of_residue[residue]])
            if seq < 0:
                seq = int(records.auth_seq[layout.first_of_residue[residue]])
            place = (int(layout.chain_of_residue[residue]), seq)
            by_place.setdefault(place, {}).setdefault(name, []).append(a)
    where = _places_of_letters(layout, rows, {a for here in by_place.values() for some in here.values() for a in some})
    for (chain, seq), here in by_place.items():
        following = by_place.get((chain, seq + 1), {})
        for first, second in LINK:
            for a, b in itertools.product(here.get(first, []), following.get(second, [])):
                reach = (where[a][key] - where[b][key] for key in where[a].keys() & where[b].keys())
                if any(float(apart @ apart) < LINK_DISTANCE**2 for apart in reach):
                    pairs.append((a, b))
    return pairs


def _places_of_letters(layout: Layout, rows: np.ndarray, atoms: set[int]) -> dict[int, dict[tuple, np.ndarray]]:
    """Of some atoms the coordinates of each alternate in each model."""
    records = layout.records
    made: dict[int, dict[tuple, np.ndarray]] = {a: {} for a in atoms}
    for row, a in zip(rows.tolist(), layout.atom_of_record[rows].tolist(), strict=True):
        if a in made:
            made[a][int(records.altloc.codes[row]), int(records.model[row])] = records.xyz[row]
    return made


def label_of(letter: str) -> str:
    """The label of the state of a letter: the letter; one of dots alone, and no letter, has a dot more."""
    return letter if letter.strip(BLANK) else letter + BLANK


def letter_of(label: str) -> str:
    """The letter of the state of a label, see `label_of`."""
    return label if label.strip(BLANK) else label[: -len(BLANK)]


def _site(layout: Layout, rows: np.ndarray, rule: str, reach: dict[int, set[str]]) -> Site:
    """A site of records; states in order of the first atom that has the letter, then of its records.

    reach: of each position the letters in which it is there, by its own records or with what it is bonded to."""
    rows = np.sort(rows)
    atom = layout.atom_of_record[rows]
    letters = layout.records.altloc.take(rows).tolist()
    key: dict[str, tuple[int, int]] = {}
    for a, row, letter in zip(atom.tolist(), rows.tolist(), letters, strict=True):
        key[letter] = min(key.get(letter, (a, row)), (a, row))
    order = sorted(key, key=lambda letter: key[letter])
    index = {letter: k for k, letter in enumerate(order)}
    state = np.array([index[letter] for letter in letters])
    labels = [label_of(letter) for letter in order]
    site = Site("", rule, labels, rows, state, np.unique(atom))
    site.there = {p: {k for k, letter in enumerate(order) if letter in found} for p, found in reach.items()}
    site.inherits = inherited(layout, rows, state, site.there)
    if leaves_room(layout, site):
        site.states.append(absence_of(*labels))
    return site


def leaves_room(layout: Layout, site: Site) -> bool:
    """Whether some of the time none of the alternates of a site of one model is there.

    A lone alternate says so by an occupancy below 1; several do where they are whole molecules, not parts of a polymer,
    and sum to less than 1 by more than their rounding.
    """
    records, states = layout.records, np.unique(site.state).tolist()
    if len(states) == 1:
        return bool((records.occupancy[site.records] < 1).any())
    if (records.label_seq[site.records] >= 0).any():
        return False
    residues = np.unique(layout.residue_of_atom[site.atoms])
    sizes = layout.residue_sizes[layout.steps[0][site.records[0]]]
    whole = sizes[residues].sum() == len(site.atoms)
    total = sum(mean_occupancy(layout, site.records[site.state == k]) for k in states)
    return bool(whole) and total < 1 - LEAST_ABSENCE


def absence_of(*labels: str) -> str:
    """The label of the state in which no alternate of a site is there; an alternate may be named `absent`."""
    return ABSENT if ABSENT not in labels else f"no {ABSENT}"


def inherited(
    layout: Layout, rows: np.ndarray, state: np.ndarray, there: dict[int, set[int]]
) -> dict[tuple[int, int], int]:
    """[EXP-35] (atom, state) of a residue that has several states but lacks that one, to its most occupied state.

    rows, state: (k,) records of a site and their states; there: of a position the states of what it is bonded to. Of
    several residue types at a position none is in a state of another, and one at most in a state of none of them."""
    atom = layout.atom_of_record[rows]
    residue, position = layout.residue_of_atom[atom], layout.position_of_record[rows]
    made: dict[tuple[int, int], int] = {}
    order = np.argsort(position, kind="stable")
    for here in np.split(order, np.flatnonzero(np.diff(position[order])) + 1):
        lacking = there.get(int(position[here[0]]), set()) - set(state[here].tolist()) if len(here) else ()
        types = [here[residue[here] == r] for r in np.unique(residue[here]).tolist()] if lacking else []
        several = [of for of in types if len(set(state[of].tolist())) > 1]
        if several:
            *_, best, r = max((*_most_occupied(layout, rows[of], state[of]), k) for k, of in enumerate(several))
            with_best = np.unique(atom[several[r][state[several[r]] == best]]).tolist()
            made |= {(a, k): best for a in with_best for k in sorted(lacking)}
    return made


def _most_occupied(layout: Layout, rows: np.ndarray, state: np.ndarray) -> tuple[float, int, int]:
    """Of the states of a residue the one of the highest occupancy, the first in the file of several: the occupancy,
    minus its first record, the state."""
    means = ((mean_occupancy(layout, rows[state == k]), -int(rows[state == k].min()), k) for k in set(state.tolist()))
    return max(means)


def partial_sites(layout: Layout, rows: np.ndarray) -> list[Site]:
    """Sites of records without altloc whose occupancy is not 1: a residue's atoms, those at 0 apart."""
    if not len(rows):
        return []
    zero = layout.records.occupancy[rows] == 0
    atom = layout.atom_of_record[rows]
    residue = layout.residue_of_atom[atom]
    groups: dict[tuple[int, bool], list[int]] = {}
    for k, key in enumerate(zip(residue.tolist(), zero.tolist(), strict=True)):
        groups.setdefault(key, []).append(k)
    sites = [
        Site(
            "",
            "zero-occupancy" if key[1] else "partial-occupancy",
            [PRESENT, ABSENT],
            rows[members],
            np.zeros(len(members), np.int64),
            np.unique(atom[members]),
        )
        for key, members in groups.items()
    ]
    sites.sort(key=lambda site: int(site.atoms[0]))
    return named(layout, sites)


def named(layout: Layout, sites: list[Site]) -> list[Site]:
    """Give each site the name of its first residue in author numbering, made unique."""
    used: set[str] = set()
    for site in sites:
        row = int(layout.first_of_residue[layout.residue_of_atom[site.atoms[0]]])
        records = layout.records
        name = f"{records.auth_asym[row] or '_'}.{records.auth_seq[row]}{records.ins[row]}"
        if site.rule == "global" and len(sites) == 1:
            name = "all"
        choices = itertools.chain((name, f"{name}.{records.comp[row]}"), (f"{name}.{k}" for k in itertools.count(2)))
        site.label = next(choice for choice in choices if choice not in used)
        used.add(site.label)
    return sites
