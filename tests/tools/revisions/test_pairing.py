"""Which residues are the same: by number while numbers can be trusted, by sequence where they cannot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polystate
from polystate.structure.hierarchy import Hierarchy
from polystate_tools.revisions.correspondence import superposed
from polystate_tools.revisions.residues import Chains, aligned, residue_pairs

TYPES = ("ALA", "GLY", "SER", "LEU", "VAL", "LYS", "ASP", "TYR", "PHE", "ASN")
Row = tuple[str, str, int, str, bool]  # label, author, number, type, whether of a polymer


def chains(rows: Sequence[Row]) -> Chains:
    """A hierarchy of one atom a residue."""
    names = list(dict.fromkeys((label, author, polymer) for label, author, _, _, polymer in rows))
    n = len(rows)
    document = {
        "atoms": {"residue": list(range(n)), "name": ["CA"] * n, "element": ["C"] * n},
        "residues": {
            "chain": [names.index((r[0], r[1], r[4])) for r in rows], "comp": [r[3] for r in rows],
            "label_seq": [-1] * n, "auth_seq": [r[2] for r in rows],
        },
        "chains": {
            "entity": [0 if polymer else 1 for *_, polymer in names], "label_asym": [label for label, *_ in names],
            "auth_asym": [author for _, author, _ in names],
        },
        "entities": {"type": ["polymer", "non-polymer"], "description": ["", ""], "sequence": ["", ""]},
    }  # fmt: skip
    xyz = [[float(k), 0.0, 0.0] for k in range(n)]
    return Chains(Hierarchy(polystate.build({"hierarchy": document, "reference": {"x_ref": xyz}})))


def polymer(types: Sequence[str], first: int = 1, chain: str = "A") -> list[Row]:
    return [(chain, chain, first + k, comp, True) for k, comp in enumerate(types)]


def sequence(seed: int, n: int = 60) -> list[str]:
    return np.random.default_rng(seed).choice(TYPES, n).tolist()


def same(n: int) -> list[tuple[int, int]]:
    return [(k, k) for k in range(n)]


@pytest.mark.parametrize("first", [1, 2, 8, 501])
def test_a_renumbered_chain_is_paired_by_its_sequence(first: int) -> None:
    types = sequence(0)
    assert residue_pairs(chains(polymer(types)), chains(polymer(types, first))) == same(60)


def test_a_missing_loop_shifts_nothing() -> None:
    types = sequence(1)
    new = [row for row in polymer(types) if not 20 <= row[2] <= 29]
    expected = [(k, k) for k in range(19)] + [(k, k - 10) for k in range(29, 60)]
    assert residue_pairs(chains(polymer(types)), chains(new)) == expected
    renumbered = [(label, author, 100 + k, comp, p) for k, (label, author, _, comp, p) in enumerate(new)]
    found = dict(residue_pairs(chains(polymer(types)), chains(renumbered)))
    assert sum(found.get(a) == b for a, b in expected) >= len(expected) - 2  # the edge of a gap may be ambiguous


def test_an_equal_repeat_beside_a_gap_is_told_apart_by_its_numbers() -> None:
    types = ["ALA"] * 30
    new = [row for row in polymer(types) if not 11 <= row[2] <= 15]
    assert residue_pairs(chains(polymer(types)), chains(new)) == (
        [(k, k) for k in range(10)] + [(k, k - 5) for k in range(15, 30)]
    )


def test_mutated_residues_stay_pairs() -> None:
    types = sequence(2)
    other = list(types)
    other[10], other[40] = "TRP", "TRP"
    for first in (1, 300):
        assert residue_pairs(chains(polymer(types)), chains(polymer(other, first))) == same(60)


def test_a_part_that_was_renumbered_is_aligned_between_what_was_not() -> None:
    types = sequence(3)
    new = [(c, a, n if n <= 30 else n + 1, comp, p) for c, a, n, comp, p in polymer(types)]
    assert residue_pairs(chains(polymer(types)), chains(new)) == same(60)


def test_chains_are_found_under_other_names() -> None:
    a, b = sequence(4), sequence(5)
    old = chains(polymer(a, chain="A") + polymer(b, chain="B"))
    new = chains(polymer(b, chain="X") + polymer(a, chain="Y"))
    assert residue_pairs(old, new) == [(k, 60 + k) for k in range(60)] + [(60 + k, k) for k in range(60)]


def test_numbers_of_ligands_are_trusted_where_those_of_their_chain_are() -> None:
    types = sequence(6)
    hetero = [("L1", "A", 301, "NAG", False), ("L2", "A", 311, "NAG", False), ("W", "A", 401, "HOH", False)]
    old = chains(polymer(types) + hetero)
    new = chains(polymer(types, 11) + [(c, a, n + 10, comp, p) for c, a, n, comp, p in hetero])
    assert residue_pairs(old, new) == same(60)  # not 311 with 311
    assert residue_pairs(old, chains(polymer(types) + hetero)) == same(63)


@given(st.lists(st.sampled_from(TYPES), max_size=30), st.lists(st.sampled_from(TYPES), max_size=30))
def test_an_alignment_ascends_in_both(one: list[str], other: list[str]) -> None:
    found = list(aligned(one, other))
    assert all(a < b and c < d for (a, c), (b, d) in zip(found, found[1:], strict=False))
    assert all(0 <= i < len(one) and 0 <= j < len(other) for i, j in found)


def test_a_superposition_undoes_a_rigid_motion() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 3)) * 10
    rotation, shift = superposed(x, x @ np.diag([-1.0, -1.0, 1.0]).T + [1.0, 2.0, 3.0])
    assert np.allclose(rotation, np.diag([-1.0, -1.0, 1.0])) and np.allclose(shift, [1, 2, 3])
