"""Copies of a structure under the operations of its space group."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from polystate.errors import BadRequest
from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("symmetry/space_group_v1")

_VALUE = r"(?:[xyz]|\d+/0*[1-9]\d*|\d*\.\d+|\d+)"
_PART = re.compile(rf"[+-]?{_VALUE}(?:[+-]{_VALUE})*", re.ASCII)
_TERM = re.compile(r"([+-]?)(?:([xyz])|(\d+/\d+|\d*\.\d+|\d+))")


def orthogonalization(cell: np.ndarray) -> np.ndarray:
    """C (3, 3), fractional to Cartesian, a along x and b in the x-y plane.

    cell: (6,) a, b, c (Å), α, β, γ (degrees)."""
    a, b, c = np.asarray(cell, np.float64)[:3]
    ca, cb, cg = (_cosine(angle) for angle in np.asarray(cell, np.float64)[3:])
    sg = np.sqrt(1 - cg * cg)
    v = np.sqrt(1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg)
    return np.array([[a, b * cg, c * cb], [0, b * sg, c * (ca - cb * cg) / sg], [0, 0, c * v / sg]])


def _cosine(degrees: float) -> float:
    return 0.0 if degrees == 90 else float(np.cos(np.deg2rad(degrees)))  # right angles are exact


def operation(triplet: str) -> tuple[np.ndarray, np.ndarray]:
    """W (3, 3) and w (3,) of an operation in fractional coordinates, such as "-x,y+1/2,-z"."""
    parts = triplet.replace(" ", "").lower().split(",")
    if len(parts) != 3 or not all(_PART.fullmatch(part) for part in parts):
        raise BadRequest("parameters/triplets", triplet, "an operation such as -x,y+1/2,-z")  # ERR-16
    turn, shift = np.zeros((3, 3)), np.zeros(3)
    for row, part in enumerate(parts):
        total = Fraction(0)
        for sign, letter, number in _TERM.findall(part):
            value = -1 if sign == "-" else 1
            if letter and turn[row, "xyz".index(letter)]:
                raise BadRequest("parameters/triplets", triplet, f"{letter} once a part")  # ERR-16
            if letter:
                turn[row, "xyz".index(letter)] = value
            else:
                total += value * Fraction(number)
        shift[row] = float(total)
    return turn, shift


def space_group_v1(cell: np.ndarray, xyz: np.ndarray, triplets: Sequence[str]) -> dict[str, np.ndarray]:
    """x' = C (W C⁻¹ x + w) for each operation; copies are not moved into the cell.

    cell: (6,); xyz: (N, 3) Å; triplets: K texts. Returns xyz: (K, N, 3) Å."""
    c = orthogonalization(cell)
    fractional = np.linalg.solve(c, np.asarray(xyz, np.float64).T).T
    copies = np.empty((len(triplets), len(xyz), 3))
    for k, triplet in enumerate(triplets):
        turn, shift = operation(triplet)
        copies[k] = (fractional @ turn.T + shift) @ c.T
    return {"xyz": copies}
