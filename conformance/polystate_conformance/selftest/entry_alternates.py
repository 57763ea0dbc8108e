"""Records of random entries: alternates, partial occupancies, and models that differ."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from polystate_conformance.selftest.entry_parts import Entry, Residue, Row, Spot

ALPHABETS = (("A", "B"), ("A", "B"), ("A", "B", "C"), ("B", "A"), ("A", "C"), ("a", "A"), ("1", "2"))
SHIFT = {"A": 0.0, "B": 1.1, "C": -1.3, "D": 2.6, "E": 0.0, "F": 1.7, "a": -0.8, "1": 0.0, "2": 1.4}
"""Å along y by which the alternates of a letter lie apart."""
Structure = list[tuple[Residue, list[Spot]]]


@dataclass
class Choice:
    """What one residue does: letters with occupancies for the atoms from `first` on, and the occupancy of others."""

    letters: dict[str, float]
    first: int = 0
    occupancy: float = 1.0


def put_records(rng: random.Random, made: Entry, structure: Structure) -> None:
    """The rows of an entry, model by model."""
    one = list(_one_model(rng, made, structure))
    count = rng.choice((1, 1, 1, 1, 2, 2, 3))
    if count == 1:
        made.rows = one
        return
    made.has("models")
    for model in range(1, count + 1):
        made.rows += _model(rng, made, one, model) if model > 1 else one
    _of_models(rng, made, count)


def _one_model(rng: random.Random, made: Entry, structure: Structure) -> Iterator[Row]:
    before: Choice | None = None
    waters = [residue for residue, _ in structure if residue.comp in ("HOH", "DOD")]
    together = len(waters) > 1 and rng.random() < 0.3
    for residue, spots in structure:
        if together and residue in waters[-2:]:
            yield from _in_one_place(rng, made, residue, spots, residue is waters[-1])
        elif residue.seq is not None and before and before.letters and rng.random() < 0.55:
            before = _like(rng, made, before)
            yield from _rows(rng, made, residue, spots, before)
        elif residue.seq is not None and rng.random() < 0.12:
            before = None
            yield from _two_types(rng, made, residue, spots)
        else:
            before = _choice(rng, made, residue, spots)
            yield from _rows(rng, made, residue, spots, before)


def shares(rng: random.Random, count: int, total: float) -> list[float]:
    """Occupancies of two decimals and a sum."""
    cuts = sorted(rng.sample(range(1, round(total * 20)), count - 1))
    ends = [0, *cuts, round(total * 20)]
    return [round((b - a) / 20, 2) for a, b in zip(ends, ends[1:], strict=False)]


def _choice(rng: random.Random, made: Entry, residue: Residue, spots: list[Spot]) -> Choice:
    polymer, roll = residue.seq is not None, rng.random()
    if roll < 0.42:
        return Choice({})
    if roll < 0.5:
        made.has("partial residues")
        return Choice({}, occupancy=rng.choice((0.25, 0.5, 0.6, 0.85)))
    if roll < 0.57:
        made.has("one letter")
        return Choice({rng.choice("AB"): rng.choice((0.35, 0.6, 1.0))})
    letters = rng.choice(ALPHABETS)
    total = rng.choice((1.0, 1.0, 1.0, 0.8, 1.25) if polymer else (1.0, 1.0, 0.7, 0.85, 1.25))
    made.has(f"alternates that sum to {'1' if total == 1 else 'less' if total < 1 else 'more'}")
    if not polymer:
        made.has("alternates of waters" if residue.comp in ("HOH", "DOD") else "alternates of ligands")
    first = rng.randrange(len(spots)) if rng.random() < 0.4 else 0
    if first:
        made.has("alternates of some atoms")
    return Choice(dict(zip(letters, shares(rng, len(letters), total), strict=True)), first)


def _like(rng: random.Random, made: Entry, before: Choice) -> Choice:
    """The neighbour of a residue with alternates: of the same letters, or with one more or less."""
    made.has("alternates of neighbours")
    letters = dict(before.letters)
    roll = rng.random()
    if roll < 0.2 and len(letters) == 3:
        letters.pop(rng.choice(sorted(letters)))
        made.has("a letter that a neighbour lacks")
    elif roll < 0.4 and len(letters) == 2 and {*letters} <= {"A", "B"}:
        letters["C"] = 0.1
        made.has("a letter that a neighbour lacks")
    return Choice(letters)


def _two_types(rng: random.Random, made: Entry, residue: Residue, spots: list[Spot]) -> Iterator[Row]:
    """Two residue types at one position, with letters or without."""
    made.has("microheterogeneity")
    choices = ("DC", "DG") if residue.comp.startswith("D") else ("THR", "ALA")
    other = replace(residue, comp=next(comp for comp in choices if comp != residue.comp), het=False)
    residue.chain.entity.sequence[residue.seq - 1] = list(  # type: ignore[operator]
        dict.fromkeys([*residue.chain.entity.sequence[residue.seq - 1], residue.comp, other.comp])  # type: ignore[operator]
    )
    lettered = rng.random() < 0.7
    if not lettered:
        made.has("types without letters")
    one, two = shares(rng, 2, 1.0)
    extra = spots[: rng.randint(2, len(spots))]
    for of, own, letter, occupancy in ((residue, spots, "A", one), (other, extra, "B", two)):
        for spot in own:
            yield _row(rng, of, spot, letter if lettered else "", occupancy, SHIFT[letter])


def _in_one_place(rng: random.Random, made: Entry, residue: Residue, spots: list[Spot], second: bool) -> Iterator[Row]:
    """Two waters that exclude each other by where they are."""
    made.has("waters in one place")
    for spot in spots:
        place = (60.0 + spot.xyz[0] % 1 + (0.4 if second else 0.0), 30.0, 21.5 + (0.4 if spot.hydrogen else 0.0))
        moved = replace(spot, xyz=(round(place[0], 3), place[1], place[2]))
        yield _row(rng, residue, moved, "B" if second else "A", 0.4 if second else 0.5, 0.0)


def _rows(rng: random.Random, made: Entry, residue: Residue, spots: list[Spot], choice: Choice) -> Iterator[Row]:
    """The rows of a residue: alternates of an atom one after the other, or one conformer after the other."""
    letters, first = choice.letters, choice.first
    sets = len(spots) - first >= 2 and len(letters) == 2 and {*letters} == {"A", "B"} and rng.random() < 0.15
    blank = first < len(spots) and len(letters) == 2 and not sets and rng.random() < 0.08
    zero = not letters and residue.seq is not None and rng.random() < 0.08
    rows: list[Row] = []
    for k, spot in enumerate(spots):
        if k < first or not letters:
            occupancy = 0.0 if zero and k == len(spots) - 1 else choice.occupancy
            rows.append(_row(rng, residue, spot, "", occupancy, 0.0))
            continue
        own = dict(letters)
        if sets and k == len(spots) - 1:
            own = dict(zip("CD", shares(rng, 2, 1.0), strict=True))
            made.has("letters that no atom shares")
        if blank:
            own = {"" if letter == min(letters) else letter: share for letter, share in own.items()}
            made.has("records without a letter beside others")
        for letter, share in own.items():
            if spot.hydrogen and rng.random() < 0.5:
                share = round(share / 2, 2)
                made.has("occupancies that differ within a state")
            rows.append(_row(rng, residue, spot, letter, share, SHIFT.get(letter, 0.0)))
    if zero:
        made.has("occupancies of 0")
    if letters and len(spots) > first + 1 and rng.random() < 0.25:
        row = rng.choice([row for row in rows if row.alt or blank])
        row.occupancy = round(max(0.05, row.occupancy - 0.05), 2)  # type: ignore[operator]
        made.has("occupancies that differ within a state")
    if letters and rng.random() < 0.3:
        rows.sort(key=lambda row: list(letters).index(row.alt) if row.alt in letters else -1)
        made.has("conformers one after the other")
    yield from rows


def _row(rng: random.Random, residue: Residue, spot: Spot, alt: str, occupancy: float, shift: float) -> Row:
    x, y, z = spot.xyz
    moved = (round(x, 3), round(y + shift, 3), round(z + (rng.uniform(-0.1, 0.1) if alt else 0.0), 3))
    return Row(1, residue, spot, alt, moved, occupancy, round(rng.uniform(8, 60), 2))


def _model(rng: random.Random, made: Entry, one: list[Row], model: int) -> list[Row]:
    """A further model: the first moved a little, perhaps without some atoms or letters, or with one water more."""
    move = round(rng.uniform(0.05, 0.6), 3)
    rows = [replace(row, model=model, xyz=(row.xyz[0], round(row.xyz[1] + move, 3), row.xyz[2])) for row in one]
    if rng.random() < 0.3:
        gone = rng.choice(rows).residue
        rows = [row for row in rows if row.residue is not gone] or rows
        made.has("models of different residues")
    if rng.random() < 0.3:
        lettered = [row.residue for row in rows if row.alt]
        if lettered:
            plain = rng.choice(lettered)
            seen: set[str] = set()
            kept = []
            for row in rows:
                if row.residue is plain:
                    if row.spot.name in seen:
                        continue
                    seen.add(row.spot.name)
                    row = replace(row, alt="", occupancy=1.0)
                kept.append(row)
            rows = kept
            made.has("letters in some models")
    if rng.random() < 0.25:
        atom = rng.choice(rows)
        others = [row for row in rows if row.residue is atom.residue and row.spot.name != atom.spot.name]
        if others:
            rows = [row for row in rows if row.residue is not atom.residue or row.spot.name != atom.spot.name]
            made.has("models of different atoms")
    if rng.random() < 0.3:
        for row in rows:
            row.b = None if row.b is None else round(row.b + 1.5, 2)
        made.has("B of each model")
    return rows


def _of_models(rng: random.Random, made: Entry, count: int) -> None:
    """Occupancies that say how often each model is there, or populations that the caller gives."""
    roll = rng.random()
    if roll < 0.3:
        weights = [round(1 / count, 2)] * count if rng.random() < 0.5 else shares(rng, count, 1.0)
        for row in made.rows:
            row.occupancy = round((row.occupancy or 0.0) * weights[row.model - 1], 2)
        made.has("populations of models")
    elif roll < 0.45:
        made.options["weights"] = [rng.randint(1, 4) for _ in range(count)]
        made.has("populations that the caller gives")
