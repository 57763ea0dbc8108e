"""Which residues of two structures are the same: by chain and number where those agree, else by aligned sequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import gemmi

from polystate.structure.hierarchy import Hierarchy

AGREEING = 0.9  # of the residues that an alignment finds equal: where numbers find fewer, a chain was renumbered
IDENTICAL = 0.9  # of an aligned sequence: chains of other names are the same above it

Pairs = list[tuple[int, int]]


class Chains:
    """The chains of one hierarchy: their residues, names and whether they are polymers."""

    def __init__(self, h: Hierarchy) -> None:
        self.chain = h.column("residues", "chain").tolist()
        self.residues: list[list[int]] = [[] for _ in range(h.size("chain"))]
        for residue, chain in enumerate(self.chain):
            self.residues[chain].append(residue)
        self.label, self.author = h.text("chains", "label_asym").tolist(), h.text("chains", "auth_asym").tolist()
        types = [*h.text("entities", "type").tolist(), ""]
        self.polymer = [types[entity] == "polymer" for entity in h.column("chains", "entity").tolist()]
        self.comp = h.text("residues", "comp").tolist()
        numbers, codes = h.column("residues", "auth_seq").tolist(), h.text("residues", "ins").tolist()
        self.number = list(zip(numbers, codes, strict=True))

    def polymers(self) -> list[int]:
        """Rows of the polymer chains."""
        return [row for row, polymer in enumerate(self.polymer) if polymer]

    def sequence(self, row: int) -> list[str]:
        """The residue types of a chain."""
        return [self.comp[r] for r in self.residues[row]]

    def others(self, author: str) -> list[int]:
        """Residues of no polymer under one author name of a chain."""
        mine = (r for r, c in enumerate(self.chain) if not self.polymer[c])
        return [r for r in mine if self.author[self.chain[r]] == author]


def polymer_pairs(old: Chains, new: Chains) -> Pairs:
    """Polymers that are the same: of the same names, then of one author name, then of one sequence."""
    found: dict[int, int] = {}
    for how in (_same_names, _same_author, _same_sequence):
        for a in old.polymers():
            free = [b for b in new.polymers() if b not in found.values()]
            match = next((b for b in free if a not in found and how(old, a, new, b)), None)
            if match is not None:
                found[a] = match
    return sorted(found.items())


def _same_names(old: Chains, a: int, new: Chains, b: int) -> bool:
    return (old.label[a], old.author[a]) == (new.label[b], new.author[b])


def _same_author(old: Chains, a: int, new: Chains, b: int) -> bool:
    return old.author[a] == new.author[b]


def _same_sequence(old: Chains, a: int, new: Chains, b: int) -> bool:
    one, other = old.sequence(a), new.sequence(b)
    return sum(one[i] == other[j] for i, j in aligned(one, other)) >= IDENTICAL * max(len(one), len(other))


def residue_pairs(old: Chains, new: Chains) -> Pairs:
    """Rows of residues that are the same, ascending in the first; of paired residues the types may differ.

    Those of no polymer have no sequence: they are paired by number and type where the numbers of their chain can be
    trusted, and else are left to where they stand."""
    found: Pairs = []
    authors = {author: author for author in dict.fromkeys(old.author)}
    renumbered = set()
    for a, b in polymer_pairs(old, new):
        mine, other = old.residues[a], new.residues[b]
        anchors = _anchors(old, mine, new, other)
        found += [(mine[i], other[j]) for i, j in _between(anchors, old.sequence(a), new.sequence(b))]
        authors[old.author[a]] = new.author[b]
        if not anchors:
            renumbered.add(old.author[a])
    for author, now in authors.items():
        if author not in renumbered:
            place = {(new.number[r], new.comp[r]): r for r in new.others(now)}
            keys = ((r, (old.number[r], old.comp[r])) for r in old.others(author))
            found += [(r, place[key]) for r, key in keys if key in place]
    return sorted(found)


def _anchors(old: Chains, mine: list[int], new: Chains, other: list[int]) -> Pairs:
    """Places in two chains with one number and type, ascending; none where the chain was renumbered."""
    place = {(new.number[r], new.comp[r]): j for j, r in enumerate(other)}
    keys = ((i, (old.number[r], old.comp[r])) for i, r in enumerate(mine))
    found: Pairs = []
    for i, j in ((i, place[key]) for i, key in keys if key in place):
        if not found or j > found[-1][1]:
            found.append((i, j))
    one, alike = [old.comp[r] for r in mine], [new.comp[r] for r in other]
    equal = sum(one[i] == alike[j] for i, j in aligned(one, alike))
    return found if len(found) >= AGREEING * equal else []


def _between(anchors: Pairs, one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Anchors, and what lies between them aligned."""
    i = j = 0
    for end_i, end_j in [*anchors, (len(one), len(other))]:
        for a, b in aligned(one[i:end_i], other[j:end_j]):
            yield i + a, j + b
        if end_i < len(one) and end_j < len(other):
            yield end_i, end_j
        i, j = end_i + 1, end_j + 1


def aligned(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Places that stand above each other in the global alignment of two sequences of residue types, by gemmi."""
    if not one or not other:
        return
    cigar = gemmi.align_string_sequences(list(one), list(other), []).cigar_str()
    i = j = length = 0
    for letter in cigar:
        if letter.isdigit():
            length = 10 * length + int(letter)
            continue
        if letter == "M":
            yield from ((i + k, j + k) for k in range(length))
        i += length if letter in "MI" else 0
        j += length if letter in "MD" else 0
        length = 0
