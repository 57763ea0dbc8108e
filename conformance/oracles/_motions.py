"""Rigid bodies at 50 digits: rotations from quaternions, and the order in which transforms act."""

from __future__ import annotations

from typing import Any

from _deposition import Deposition, Matrix, Vector, applied, minus, mpf, numbers, plus, product, transposed
from _states import Joint, States
from mpmath import sqrt


def rotation(quaternion: Vector) -> Matrix:
    """The rotation of a quaternion (w, x, y, z), divided by its norm."""
    norm = sqrt(sum(q * q for q in quaternion))
    w, x, y, z = (q / norm for q in quaternion)
    return [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]


def pairs(dep: Deposition, id: str) -> list[tuple[int, int]]:
    """The distinct (site, state) of a discrete descriptor, in the order of its table."""
    return list(dict.fromkeys((row["site"], row["state"]) for row in dep.tables(id)["states"]))


def bodies(dep: Deposition, id: str, joint: Joint, at: dict[str, int]) -> dict[int, tuple[Matrix, Vector]]:
    """Label to (R, t) with x' = R x + t, in the deposition's frame, for the bodies that move now."""
    item, arrays = dep.descriptors[id], dep.arrays(id)
    values = [numbers(arrays[name]) for name in ("quaternion", "translation", "origin")]
    found = {}
    for label in range(dep.labels(item["scope"])[1]):
        if item["regime"] == "discrete":
            state = joint.get((id, label))
            if state is None:
                continue
            row = pairs(dep, id).index((label, state))
            q, t, o = (value[row][label] for value in values)
        elif item.get("sample_axis"):
            q, t, o = (value[at[item["sample_axis"]]][label] for value in values)
        else:
            q, t, o = (value[label] for value in values)
        r = rotation(q)
        moved = plus(minus(o, applied(r, o)), t)
        turn, shift = dep.offset(id)
        whole = product(product(turn, r), transposed(turn))
        found[label] = whole, plus(applied(turn, moved), minus(shift, applied(whole, shift)))
    return found


def transforms(
    dep: Deposition, states: States, joint: Joint, at: dict[str, int]
) -> list[tuple[list[int], Matrix, Vector]]:
    """(rows, R, t) of every transform, smaller groups first, then by descriptor id."""
    found: list[tuple[tuple[int, bytes], Any]] = []
    for id, item in dep.descriptors.items():
        if item.get("acts_as") != "transform" or not states.active(id, joint):
            continue
        labels, _ = dep.labels(item["scope"])
        for label, (r, t) in bodies(dep, id, joint, at).items():
            rows = [row for row, own in enumerate(labels) if own == label]
            found.append(((len(rows), id.encode()), (rows, r, t)))
    return [motion for _, motion in sorted(found, key=lambda entry: entry[0])]


def moved(r: Matrix, t: Vector, x: Vector) -> Vector:
    return plus(applied(r, x), t)


ZERO = [mpf(0)] * 3
