"""Which alternates belong together: the sites of alternate locations and of partial occupancy."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from polystate_tools.formats.building.occupancies import mean_occupancy
from polystate_tools.formats.building.overlap import exclusive, part_of
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
    inherits: set[tuple[int, int]] = field(default_factory=set)
    """(atom, state) pairs without a record in which the atom stays, because its residue lacks the letter."""


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
    letters_of_atom: dict[int, set[str]] = {}
    for n, a, letter in zip(node, atoms, letters, strict=True):
        union.join(first_of_atom.setdefault(a, n), n)
        letters_of_atom.setdefault(a, set()).add(letter)
    _join_positions(union, nodes, layout, rows, position, node)
    joined = set()
    for a, b in _bonded(layout, rows, letters_of_atom):
        if letters_of_atom[a] & letters_of_atom[b]:
            root_a, root_b = union.find(first_of_atom[a]), union.find(first_of_atom[b])
            if root_a != root_b:
                union.join(root_a, root_b)
            joined |= {first_of_atom[a], first_of_atom[b]}
    if whole_molecule:
        first_of_letter: dict[str, int] = {}
        for (_, letter), n in nodes.items():
            union.join(first_of_letter.setdefault(letter, n), n)
    overlapped: set[int] = set()
    if overlap is not None and not whole_molecule:
        sets = list(_groups(union, node).values())
        for a, b in exclusive(layout, [part_of(layout, rows[part]) for part in sets], overlap, report):
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
        sites.append(_site(layout, where, "overlap" if root in overlapped else rule))
    sites.sort(key=lambda site: int(site.atoms[0]))
    return _named(layout, sites)


def _groups(union: _Union, node: list[int]) -> dict[int, list[int]]:
    """Places of `node` by the root of their set."""
    groups: dict[int, list[int]] = {}
    for k, n in enumerate(node):
        groups.setdefault(union.find(n), []).append(k)
    return groups


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


def _bonded(layout: Layout, rows: np.ndarray, of_interest: dict[int, set[str]]) -> list[tuple[int, int]]:
    """Pairs of atoms with alternates that are bonded: stated bonds, and links along a polymer."""
    atom = layout.atom_of_record
    pairs = [(a, b) for a, b in atom[layout.records.bonds[:, :2]].tolist() if a in of_interest and b in of_interest]
    records = layout.records
    names = records.name.take(layout.first_record)
    by_place: dict[tuple[int, int], dict[str, list[int]]] = {}
    ends = {name for link in LINK for name in link}
    residue_of = layout.residue_of_atom
    for a in of_interest:
        name = names[a]
        if name in ends:
            residue = int(residue_of[a])
            seq = int(records.label_seq[layout.first_of_residue[residue]])
            if seq < 0:
                seq = int(records.auth_seq[layout.first_of_residue[residue]])
            place = (int(layout.chain_of_residue[residue]), seq)
            by_place.setdefault(place, {}).setdefault(name, []).append(a)
    where = {int(a): k for k, a in zip(rows[::-1].tolist(), atom[rows[::-1]].tolist(), strict=True)}
    for (chain, seq), here in by_place.items():
        following = by_place.get((chain, seq + 1), {})
        for first, second in LINK:
            for a in here.get(first, []):
                for b in following.get(second, []):
                    apart = records.xyz[where[a]] - records.xyz[where[b]]
                    if float(apart @ apart) < LINK_DISTANCE**2:
                        pairs.append((a, b))
    return pairs


def label_of(letter: str) -> str:
    """The label of the state of a letter: the letter; one of dots alone, and no letter, has a dot more."""
    return letter if letter.strip(BLANK) else letter + BLANK


def letter_of(label: str) -> str:
    """The letter of the state of a label, see `label_of`."""
    return label if label.strip(BLANK) else label[: -len(BLANK)]


def _site(layout: Layout, rows: np.ndarray, rule: str) -> Site:
    """A site of records; states in order of the first atom that has the letter, then of its records."""
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
    _inherit(layout, site)
    if _leaves_room(layout, site):
        site.states.append(absence_of(*labels))
    return site


def _leaves_room(layout: Layout, site: Site) -> bool:
    """Whether some of the time none of the alternates of a site is there.

    A lone alternate says so by an occupancy below 1; several do where they are whole molecules, not parts of a polymer,
    and sum to less than 1 by more than their rounding.
    """
    records = layout.records
    if len(site.states) == 1:
        return bool((records.occupancy[site.records] < 1).any())
    if (records.label_seq[site.records] >= 0).any():
        return False
    residues = np.unique(layout.residue_of_atom[site.atoms])
    whole = layout.atoms_of_residue[residues].sum() == len(site.atoms)
    total = sum(mean_occupancy(layout, site.records[site.state == k]) for k in range(len(site.states)))
    return bool(whole) and total < 1 - LEAST_ABSENCE


def absence_of(*labels: str) -> str:
    """The label of the state in which no alternate of a site is there; an alternate may be named `absent`."""
    return ABSENT if ABSENT not in labels else f"no {ABSENT}"


def _inherit(layout: Layout, site: Site) -> None:
    """Atoms of a position that has at least two states but lacks one keep their place in that one."""
    position = layout.position_of_record[site.records].tolist()
    has: dict[int, set[int]] = {}
    atoms: dict[int, set[int]] = {}
    for p, state, a in zip(position, site.state.tolist(), layout.atom_of_record[site.records].tolist(), strict=True):
        has.setdefault(p, set()).add(state)
        atoms.setdefault(p, set()).add(a)
    for p, states in has.items():
        if len(states) > 1:
            for state in set(range(len(site.states))) - states:
                site.inherits |= {(a, state) for a in atoms[p]}


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
    return _named(layout, sites)


def _named(layout: Layout, sites: list[Site]) -> list[Site]:
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
