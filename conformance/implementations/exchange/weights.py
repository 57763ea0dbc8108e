"""How often the models of a file are there, by their occupancies or as the caller says (20.1)."""

from __future__ import annotations

from collections import defaultdict

from entry import Atom, Record, Refused


def occupancy(records: list[Record]) -> float:
    """The largest of the atoms of a model, the alternates of an atom summed."""
    of_atom: dict[Atom, float] = defaultdict(float)
    for record in records:
        of_atom[record.atom] += record.occ
    return max(of_atom.values())


def populations(count: int, weights: list[float] | None) -> list[float]:
    """Of models, as the caller says, or all alike where nobody says it (EXP-11)."""
    if weights is None:
        return [1 / count] * count
    if len(weights) != count or not sum(weights) > 0:
        raise Refused("evaluate", "bad-option", "weights")
    return [weight / sum(weights) for weight in weights]


def said_of_models(occupancies: list[float]) -> list[float] | None:
    """How often each model is there, where their occupancies say it (20.1)."""
    count, near = len(occupancies), 0.005 + 1e-9
    if count < 2 or min(occupancies) <= 0 or max(occupancies) >= 1:
        return None
    if all(abs(occ - 1 / count) <= near for occ in occupancies):
        return [1 / count] * count
    if abs(sum(occupancies) - 1) <= near * count:
        return [occ / sum(occupancies) for occ in occupancies]
    return None
