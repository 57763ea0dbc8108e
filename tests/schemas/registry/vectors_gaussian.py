"""Vectors of the parametric Gaussians."""

from __future__ import annotations

from typing import Any

import gemmi
from mpmath import matrix, mp, mpf, pi, radians

mp.dps = 50

SIX = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
EIGHT = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1))


def cross(a, b):
    """a × b."""
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def ensemble_row(motions, amplitude, origin):
    """A row of 24 numbers from motions (t, λ) of equal weight and zero mean: moments in units of the amplitude."""
    n = len(motions)
    t, lib, s = ([[mpf(0)] * 3 for _ in range(3)] for _ in range(3))
    for shift, turn in motions:
        for i in range(3):
            for j in range(3):
                t[i][j] += mpf(shift[i]) * shift[j] / n
                lib[i][j] += mpf(turn[i]) * turn[j] / n
                s[i][j] += mpf(turn[i]) * shift[j] / n
    trace = (s[0][0] + s[1][1] + s[2][2]) / 3
    for i in range(3):
        s[i][i] -= trace  # changes no U
    row = [t[i][j] for i, j in SIX] + [lib[i][j] for i, j in SIX] + [s[i][j] for i, j in EIGHT]
    return [float(x) for x in row] + [amplitude] + [float(x) for x in origin]


def ensemble_u(motions, amplitude, origin, atom):
    """Mean of d d^T over motions d = t + λ × r: the definition, without T, L and S."""
    r = [mpf(atom[i]) - mpf(origin[i]) for i in range(3)]
    u = [[mpf(0)] * 3 for _ in range(3)]
    for shift, turn in motions:
        d = [mpf(x) + y for x, y in zip(shift, cross([mpf(x) for x in turn], r), strict=True)]
        for i in range(3):
            for j in range(3):
                u[i][j] += mpf(amplitude) * d[i] * d[j] / len(motions)
    return u


MOTIONS = [
    (sign_t * mpf(1) * matrix(t), sign_t * matrix(turn))
    for t, turn in (
        ([0.5, 0.25, -0.125], [0.0625, 0.03125, -0.015625]),
        ([-0.25, 0.5, 0.75], [0.0, 0.0625, 0.03125]),
        ([0.125, -0.375, 0.25], [-0.03125, 0.015625, 0.046875]),
    )
    for sign_t in (1, -1)
]
MOTIONS = [(list(t), list(turn)) for t, turn in MOTIONS]


def schomaker_trueblood(row, atom):
    """The six components written out (Schomaker & Trueblood 1968, with S_ij = <λ_i t_j>), times the amplitude."""
    v = [mpf(x) for x in row]
    t, lib = dict(zip(SIX, v[:6], strict=True)), dict(zip(SIX, v[6:12], strict=True))
    s = dict(zip(EIGHT, v[12:20], strict=True))
    s[2, 2] = -s[0, 0] - s[1, 1]
    x, y, z = (mpf(atom[i]) - v[21 + i] for i in range(3))
    l11, l22, l33, l12, l13, l23 = (lib[k] for k in SIX)
    u11 = t[0, 0] + l22 * z * z + l33 * y * y - 2 * l23 * y * z + 2 * s[1, 0] * z - 2 * s[2, 0] * y
    u22 = t[1, 1] + l11 * z * z + l33 * x * x - 2 * l13 * x * z + 2 * s[2, 1] * x - 2 * s[0, 1] * z
    u33 = t[2, 2] + l11 * y * y + l22 * x * x - 2 * l12 * x * y + 2 * s[0, 2] * y - 2 * s[1, 2] * x
    u12 = t[0, 1] - l33 * x * y + l23 * x * z + l13 * y * z - l12 * z * z
    u12 += (s[1, 1] - s[0, 0]) * z + s[2, 0] * x - s[2, 1] * y
    u13 = t[0, 2] - l22 * x * z + l23 * x * y - l13 * y * y + l12 * y * z
    u13 += (s[0, 0] - s[2, 2]) * y + s[1, 2] * z - s[1, 0] * x
    u23 = t[1, 2] - l11 * y * z - l23 * x * x + l13 * x * y + l12 * x * z
    u23 += (s[2, 2] - s[1, 1]) * x + s[0, 1] * y - s[0, 2] * z
    return [[v[20] * c for c in line] for line in ([u11, u12, u13], [u12, u22, u23], [u13, u23, u33])]


def gemmi_row_and_u(atom):
    """A record in PDB units (Å², degrees), its row here with A = 1, and gemmi's U at an atom."""
    t = [0.1234, 0.2345, 0.3456, 0.0123, -0.0234, 0.0345]
    lib = [2.5, 3.75, 1.25, 0.5, -0.75, 0.25]
    s = [[0.05, -0.15, 0.25], [0.35, 0.1, -0.2], [-0.3, 0.4, -0.15]]
    origin = [10.5, -20.25, 30.125]
    group = gemmi.TlsGroup()
    group.T, group.L = gemmi.SMat33d(*t), gemmi.SMat33d(*lib)
    group.S, group.origin = gemmi.Mat33(s), gemmi.Position(*origin)
    u = gemmi.calculate_u_from_tls(group, gemmi.Position(*atom))
    degree = radians(mpf(1))
    row = t + [float(x * degree**2) for x in lib] + [float(s[i][j] * degree) for i, j in EIGHT] + [1.0, *origin]
    return row, [[u.u11, u.u12, u.u13], [u.u12, u.u22, u.u23], [u.u13, u.u23, u.u33]]


def tls() -> list[dict[str, Any]]:
    """Vectors of tls_v1."""

    def vector(name, title, row, group, xyz, u, origin, abs=1e-13, rel=1e-12):
        inputs = {"tls": row, "group": group, "xyz": xyz}
        return dict(name=name, title=title, inputs=inputs, parameters={}, expected={"u": u}, abs=abs, rel=rel,
                    origin=origin)  # fmt: skip

    zeros = [0.0] * 24
    libration = list(zeros)
    libration[8], libration[20], libration[21:24] = 0.01, 2.0, [1.0, 1.0, 1.0]  # L33
    shift = list(zeros)
    shift[0:6], shift[20], shift[21:24] = [1.0, 2.0, 3.0, 0.25, 0.5, 0.75], 0.5, [7.0, 8.0, 9.0]
    screw = list(zeros)
    screw[14], screw[20] = 0.1, 1.0  # S13 = <λ_x t_z>: nothing but cross terms
    atoms = [[3.0, -4.0, 12.0], [0.5, 0.25, -8.0]]
    origin = [1.5, -2.5, 0.75]
    row = ensemble_row(MOTIONS, 1.25, origin)
    far = [1000.5, -2000.25, 1500.125]
    far_row = ensemble_row(MOTIONS, 0.75, far)
    far_atom = [1003.5, -2004.25, 1512.125]
    odd = [0.5, -0.25, 0.125, 0.3, -0.2, 0.1, -0.004, 0.002, 0.006, 0.001, -0.003, 0.005,
           0.02, -0.03, 0.04, 0.05, -0.06, 0.07, -0.08, 0.09, 1.5, -3.25, 4.5, 0.125]  # fmt: skip
    gemmi_atom = [13.25, -18.5, 28.75]
    gemmi_row, gemmi_u = gemmi_row_and_u(gemmi_atom)
    first_principles = "mpmath, 50 digits: mean of d d^T over six motions d = t + λ × r"
    return [
        vector("libration-about-z", "an atom librating about z through the origin moves along the tangent only",
               [libration], [0, 0], [[6.0, 1.0, 1.0], [1.0, 1.0, 8.0]],
               [[[0.0, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 0.0]], [[0.0] * 3] * 3],
               "closed form: U22 = A L33 x² at (x, 0, 0); nothing on the axis"),
        vector("translation-everywhere", "a translation gives the same U at every atom, times the amplitude",
               [shift], [0, 0, 0], [[7.0, 8.0, 9.0], [0.0, 0.0, 0.0], [-100.0, 50.0, 25.0]],
               [[[0.5, 0.125, 0.25], [0.125, 1.0, 0.375], [0.25, 0.375, 1.5]]] * 3, "closed form: U = A T"),
        vector("screw-coupling", "S13 couples rotation about x to translation along z: U at (0, y, 0) is 2 y S13 in zz",
               [screw], [0], [[0.0, 3.0, 0.0]], [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.6]]],
               "closed form: K S + S^T K^T; with S transposed the number would stand in xx"),
        vector("ensemble-of-motions", "the formula equals the mean square displacement of the motions it was made from",
               [row], [0, 0], atoms, [ensemble_u(MOTIONS, 1.25, origin, atom) for atom in atoms], first_principles),
        vector("far-origin", "an origin far from 0 loses no digits when it is subtracted first",
               [far_row], [0], [far_atom], [ensemble_u(MOTIONS, 0.75, far, far_atom)], first_principles),
        vector("groups-out-of-order", "each atom takes the row that its group names, a row without atoms is skipped",
               [row, shift, far_row], [2, 0, 2, 0], [far_atom, atoms[0], far, origin],
               [ensemble_u(MOTIONS, 0.75, far, far_atom), ensemble_u(MOTIONS, 1.25, origin, atoms[0]),
                ensemble_u(MOTIONS, 0.75, far, far), ensemble_u(MOTIONS, 1.25, origin, origin)],
               first_principles),
        vector("indefinite", "a row that is no covariance is evaluated as it stands",
               [odd], [0, 0], [[2.5, -1.75, 6.5], [-3.25, 4.5, 0.125]],
               [schomaker_trueblood(odd, atom) for atom in ([2.5, -1.75, 6.5], [-3.25, 4.5, 0.125])],
               "mpmath, 50 digits: the six components written out as in Schomaker & Trueblood 1968"),
        vector("no-amplitude", "an amplitude of 0 is no disorder", [zeros], [0], [[1.0, 2.0, 3.0]], [[[0.0] * 3] * 3],
               "closed form"),
        vector("gemmi", "a record in degrees and Å², converted, gives what gemmi computes from the record",
               [gemmi_row], [0], [gemmi_atom], [gemmi_u],
               "gemmi calculate_u_from_tls (T Å², L deg², S Å deg); trace of S is 0", 1e-12, 1e-10),
    ]  # fmt: skip


def adp() -> dict[str, list[dict[str, Any]]]:
    """Vectors of iadp_v1, aadp_v1 and nm_covariance_v1."""

    def isotropic(b):
        return [[mpf(b) / (8 * pi**2) if i == j else mpf(0) for j in range(3)] for i in range(3)]

    def of_modes(basis, variance, atom):
        modes = list(zip(basis, variance, strict=True))
        return [[sum(mpf(s) * v[atom][i] * v[atom][j] for v, s in modes) for j in range(3)] for i in range(3)]

    def vector(name, title, inputs, u, origin, abs=1e-15, rel=1e-14):
        return dict(name=name, title=title, inputs=inputs, parameters={}, expected={"u": u}, abs=abs, rel=rel,
                    origin=origin)  # fmt: skip

    bs = [20.5, 0.0, 99.99, 1e-9, 789.5683520871486]
    full = [[[0.25, -0.5, 0.75], [1.0, 0.0, -1.0]], [[-0.125, 0.5, 0.25], [0.3, 0.6, -0.9]]]
    three = [*full, [[5.0, 5.0, 5.0], [7.0, 0.0, 7.0]]]
    closed, mp50 = "closed form", "mpmath, 50 digits"
    return {
        "parametric_gaussian/iadp_v1": [
            vector("one-square-angstrom", "B = 8π² Å² is a mean square displacement of 1 Å² along each axis",
                   {"b": [78.95683520871486]}, [[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]], closed),
            vector("rows", "each row has its own B; 0 is no disorder", {"b": bs}, [isotropic(b) for b in bs], mp50),
            vector("negative", "a negative B is used as it is", {"b": [-3.25]}, [isotropic(-3.25)], mp50),
        ],
        "parametric_gaussian/aadp_v1": [
            vector("order", "the order is 11, 22, 33, 12, 13, 23", {"u": [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]},
                   [[[1.0, 4.0, 5.0], [4.0, 2.0, 6.0], [5.0, 6.0, 3.0]]], closed, 0.0, 0.0),
            vector("rows", "rows are copied, not changed", {"u": [[0.1, 0.2, 0.3, -0.01, 0.02, -0.03], [0.0] * 6]},
                   [[[0.1, -0.01, 0.02], [-0.01, 0.2, -0.03], [0.02, -0.03, 0.3]], [[0.0] * 3] * 3], closed, 0.0, 0.0),
            vector("indefinite", "a matrix that is no covariance is copied as it is",
                   {"u": [[0.1, -0.2, 0.3, 0.5, 0.0, 0.0]]},
                   [[[0.1, 0.5, 0.0], [0.5, -0.2, 0.0], [0.0, 0.0, 0.3]]], closed, 0.0, 0.0),
        ],
        "parametric_gaussian/nm_covariance_v1": [
            vector("one-mode", "one mode gives a rank-one U along its direction",
                   {"basis": [[[0.0, 0.0, 2.0], [3.0, 4.0, 0.0]]], "variance": [0.5]},
                   [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 2.0]],
                    [[4.5, 6.0, 0.0], [6.0, 8.0, 0.0], [0.0, 0.0, 0.0]]], "closed form: σ² v v^T"),
            vector("modes-add", "independent modes add, one without variance adds nothing",
                   {"basis": three, "variance": [0.75, 1.5, 0.0]},
                   [of_modes(three, [0.75, 1.5, 0.0], atom) for atom in range(2)], mp50),
            vector("opposite-directions", "the sign of a mode does not matter and modes do not cancel",
                   {"basis": [[[1.0, 2.0, -1.0]], [[-1.0, -2.0, 1.0]]], "variance": [1.0, 1.0]},
                   [[[2.0, 4.0, -2.0], [4.0, 8.0, -4.0], [-2.0, -4.0, 2.0]]], closed),
        ],
    }  # fmt: skip


VECTORS = {"parametric_gaussian/tls_v1": tls(), **adp()}
