"""Vectors of symmetry, ensembles, coarse graining, assignment, external references and the identity."""

from __future__ import annotations

from typing import Any

import gemmi
from mpmath import cos, mp, mpf, pi, sin, sqrt

mp.dps = 50


def vector(name, title, inputs, expected, origin, parameters=None, abs=1e-13, rel=1e-13) -> dict[str, Any]:
    """One test vector."""
    return dict(name=name, title=title, inputs=inputs, parameters=parameters or {}, expected=expected, abs=abs, rel=rel,
                origin=origin)  # fmt: skip


def symmetry() -> list[dict[str, Any]]:
    """Vectors of space_group_v1: each operation as a motion in the Cartesian frame."""
    atoms = [[1.5, 2.25, -3.0], [0.0, 10.0, 4.75]]
    a, b, c, beta = 50.0, 60.5, 70.25, mpf(105) * pi / 180
    screws = [
        [x, y, z]
        for x, y, z in (
            *atoms,
            *[[a / 2 - x, -y, c / 2 + z] for x, y, z in atoms],
            *[[-x, b / 2 + y, c / 2 - z] for x, y, z in atoms],
            *[[a / 2 + x, b / 2 - y, -z] for x, y, z in atoms],
        )
    ]
    orthorhombic = [screws[2 * k : 2 * k + 2] for k in range(4)]
    monoclinic = [
        [[-mpf(x), mpf(y) + mpf(b) / 2, -mpf(z)] for x, y, z in atoms],
        [[mpf(x) + mpf(c) / 2 * cos(beta), -mpf(y), mpf(z) + mpf(c) / 2 * sin(beta)] for x, y, z in atoms],
    ]
    third = 2 * pi / 3
    hexagonal = [
        [[cos(third) * x - sin(third) * y, sin(third) * x + cos(third) * y, mpf(z) + mpf(90) / 3] for x, y, z in atoms],
    ]
    triclinic_cell = [31.5, 42.25, 53.125, 78.5, 84.25, 101.75]
    cell = gemmi.UnitCell(*triclinic_cell)
    shift = cell.orthogonalize(gemmi.Fractional(0.25, 0.5, -0.75))
    triclinic = [[[s - v for s, v in zip(shift.tolist(), atom, strict=True)] for atom in atoms]]
    return [
        vector("p212121", "three screw axes along the cell's axes", {"cell": [a, b, c, 90.0, 90.0, 90.0], "xyz": atoms},
               {"xyz": orthorhombic}, "closed form: half turns and half translations in an orthogonal cell",
               {"triplets": ["x,y,z", "-x+1/2,-y,z+1/2", "-x,y+1/2,-z+1/2", "x+1/2,-y+1/2,-z"]}, 1e-12),
        vector("monoclinic", "with b along y, a half turn about b is (-x, y, -z) whatever the angle",
               {"cell": [a, b, c, 90.0, 105.0, 90.0], "xyz": atoms}, {"xyz": monoclinic},
               "mpmath, 50 digits: half turn about y; mirror and half of the vector c",
               {"triplets": ["-x,y+1/2,-z", "x,-y,z+1/2"]}, 1e-12),
        vector("threefold", "-y,x-y,z is a turn by 120° about z", {"cell": [40.0, 40.0, 90.0, 90.0, 90.0, 120.0],
               "xyz": atoms}, {"xyz": hexagonal}, "mpmath, 50 digits: rotation matrix", {"triplets": ["-y,x-y,z+1/3"]},
               1e-12),
        vector("triclinic", "an inversion and a translation, written with spaces, capitals and decimals",
               {"cell": triclinic_cell, "xyz": atoms}, {"xyz": triclinic},
               "inversion in the Cartesian frame; the translation by gemmi UnitCell.orthogonalize",
               {"triplets": ["0.25 - X, 1/2-Y, -Z - 3/4"]}, 1e-11),
    ]  # fmt: skip


def ensemble() -> list[dict[str, Any]]:
    """Vectors of occupancy_weighted_mean_v1."""
    xyz = [
        [[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]],
        [[4.0, 8.0, -4.0], [1.0, 2.0, 7.0]],
        [[9.0, 9.0, 9.0], [5.0, 6.0, 7.0]],
    ]
    p = [0.2, 0.5, 0.1]
    total = sum(mpf(w) for w in p)
    mean = [[sum(mpf(p[s]) * mpf(xyz[s][i][c]) for s in range(3)) / total for c in range(3)] for i in range(2)]
    present = [[1, 1], [1, 0], [0, 1]]
    share = [sum(mpf(p[s]) * present[s][i] for s in range(3)) for i in range(2)]
    partial = [
        [sum(mpf(p[s]) * present[s][i] * mpf(xyz[s][i][c]) for s in range(3)) / share[i] for c in range(3)]
        for i in range(2)
    ]
    return [
        vector("quarter", "a quarter of one and three quarters of the other",
               {"xyz": [[[0.0, 0.0, 4.0]], [[4.0, 8.0, 0.0]]], "population": [0.25, 0.75]},
               {"xyz": [[3.0, 6.0, 1.0]], "occupancy": [1.0]}, "closed form"),
        vector("sum-below-one", "weights that do not add up to 1 are divided by their sum",
               {"xyz": xyz, "population": p}, {"xyz": mean, "occupancy": [1.0, 1.0]}, "mpmath, 50 digits"),
        vector("absent", "a state without the atom has no part in its mean", {"xyz": xyz, "population": p,
               "present": present}, {"xyz": partial, "occupancy": [w / total for w in share]}, "mpmath, 50 digits"),
        vector("weight-zero", "a state of weight 0 is as good as none", {"xyz": [[[1.0, 1.0, 1.0]], [[9.0, 9.0, 9.0]]],
               "population": [1.0, 0.0]}, {"xyz": [[1.0, 1.0, 1.0]], "occupancy": [1.0]}, "closed form"),
    ]  # fmt: skip


def coarse_grain() -> list[dict[str, Any]]:
    """Vectors of weighted_sum_v1."""
    xyz = [[1.0, 2.0, 3.0], [4.0, 6.0, 8.0], [-2.0, 0.5, 0.25]]

    def beads(name, title, child, parent, weight, labels, expected):
        return vector(name, title, {"xyz": xyz, "child": child, "parent": parent, "weight": weight}, {"xyz": expected},
                      "closed form", {"labels": labels})  # fmt: skip

    return [
        beads("midpoint", "two halves are the midpoint", [0, 1], [0, 0], [0.5, 0.5], 1, [[2.5, 4.0, 5.5]]),
        beads("shared-child", "a child may have two parents", [0, 2, 0, 1], [1, 1, 0, 0], [0.5, 0.5, 0.25, 0.75], 2,
              [[3.25, 5.0, 6.75], [-0.5, 1.25, 1.625]]),
        beads("not-normalised", "weights are not divided by their sum, and may be negative", [0, 1], [0, 0],
              [2.0, -1.0], 1, [[-2.0, -2.0, -2.0]]),
        beads("no-children", "a label without children is at 0, 0, 0", [2], [2], [1.0], 4,
              [[0.0] * 3, [0.0] * 3, [-2.0, 0.5, 0.25], [0.0] * 3]),
        beads("twice", "a pair that occurs twice counts twice", [0, 0], [0, 0], [1.0, 0.5], 1, [[1.5, 3.0, 4.5]]),
    ]  # fmt: skip


def assignment() -> list[dict[str, Any]]:
    """Vectors of nearest_landmark_v1."""

    def nearest(name, title, value, point, landmark, distance, origin="closed form"):
        return vector(
            name, title, {"value": value, "point": point}, {"landmark": landmark, "distance": distance}, origin
        )

    corner = [[0.0, 0.0], [3.0, 4.0], [10.0, 0.0]]
    big = [[1e8, 0.0], [1e8 + 1, 0.0]]
    return [
        nearest("plane", "the nearest of three points", [[0.0, 1.0], [3.0, 3.0], [9.0, 0.5], [3.0, 4.0]], corner,
                [0, 1, 2, 1], [1.0, 1.0, sqrt(mpf("1.25")), 0.0]),
        nearest("tie", "a tie goes to the lowest row", [[1.0, 0.0], [0.0, 0.0]], [[2.0, 0.0], [0.0, 0.0], [0.0, 0.0]],
                [0, 1], [1.0, 0.0]),
        nearest("far-from-zero", "differences are squared, not expanded: 1e8 + 0.75 is nearest to 1e8 + 1",
                [[1e8 + 0.75, 0.0]], big, [1], [0.25]),
        nearest("one-landmark", "with one landmark all are its own", [[5.0], [-12.0]], [[0.0]], [0, 0], [5.0, 12.0]),
    ]  # fmt: skip


def external(name: str) -> list[dict[str, Any]]:
    """Vectors of the external references: the conversion of units."""
    position = [[[0.1, -0.25, 1.5], [2.0, 0.0, -3.125]], [[0.2, -0.5, 3.0], [4.0, 0.0, -6.25]]]

    def unit(word, factor):
        xyz = [[[mpf(factor) * mpf(c) for c in atom] for atom in step] for step in position]
        return vector(word, f"1 {word} is {factor} Å", {"position": position}, {"xyz": xyz}, "mpmath, 50 digits",
                      {"unit": word}, 1e-14, 1e-14)  # fmt: skip

    return [
        unit("angstrom", "1"),
        unit("nanometer", "10"),
        unit("picometer", "0.01"),
        unit("bohr", "0.529177210903"),
    ]


IDENTITY = [
    vector(name, title, {"xyz": xyz}, {"xyz": xyz}, "closed form", abs=0.0, rel=0.0)
    for name, title, xyz in (
        ("atoms", "coordinates stay", [[1.5, -2.5, 3.5], [0.0, 0.0, 0.0]]),
        ("digits", "to the last bit", [[0.1, 1e-300, 123456789.12345679]]),
        ("one-atom", "of one atom too", [[-7.0, 8.0, -9.0]]),
    )
]
VECTORS = {
    "symmetry/space_group_v1": symmetry(),
    "ensemble/occupancy_weighted_mean_v1": ensemble(),
    "coarse_grain/weighted_sum_v1": coarse_grain(),
    "assignment/nearest_landmark_v1": assignment(),
    "external_reference/h5md_v1": external("h5md_v1"),
    "external_reference/zarr_trajectory_v1": external("zarr_trajectory_v1"),
    "identity/noop_v1": IDENTITY,
}
