"""Covariances at 50 digits from the formulas: TLS, isotropic and anisotropic ADPs, modes; offsets and transforms."""

from __future__ import annotations

from typing import Any

from _deposition import (
    Deposition,
    Matrix,
    Vector,
    added,
    applied,
    data,
    floats,
    minus,
    mpf,
    numbers,
    plus,
    product,
    rotated,
    scaled,
    symmetric,
    transposed,
    zeros,
)
from _motions import transforms
from _states import Joint, States, joint_of, with_bundles
from mpmath import mp


def tls(row: Vector, x: Vector) -> Matrix:
    """A (T + K L K^T + K S + (K S)^T) at x, of a row T6 L6 S8 A origin3."""
    t, lib = symmetric(row[0:6]), symmetric(row[6:12])
    s11, s12, s13, s21, s22, s23, s31, s32 = row[12:20]
    s = [[s11, s12, s13], [s21, s22, s23], [s31, s32, -s11 - s22]]
    rx, ry, rz = minus(x, row[21:24])
    k = [[mpf(0), rz, -ry], [-rz, mpf(0), rx], [ry, -rx, mpf(0)]]
    ks = product(k, s)
    return scaled(row[20], added(t, rotated(k, lib), ks, transposed(ks)))


def level(dep: Deposition, id: str, states: States, joint: Joint, at: dict[str, int]) -> list[Matrix]:
    """U of one Gaussian descriptor for all atoms, in the deposition's frame."""
    found = [zeros() for _ in range(dep.n)]
    if not states.active(id, joint):
        return found
    arrays, operator = dep.arrays(id), dep.operator(id)
    turn, shift = dep.offset(id)
    back = transposed(turn)
    axis = dep.descriptors[id].get("sample_axis")

    def stepped(name: str) -> Any:
        values = numbers(arrays[name])
        return values[at[axis]] if axis is not None else values

    if operator == "parametric_gaussian/tls_v1":
        table = stepped("tls")
        for row, label in enumerate(dep.labels(dep.descriptors[id]["scope"])[0]):
            if label >= 0:
                fitted = applied(back, minus(dep.x_ref[row], shift))
                found[row] = rotated(turn, tls(table[label], fitted))
    elif operator == "parametric_gaussian/nm_covariance_v1":
        basis, variance = numbers(arrays["basis"]), numbers(arrays["variance"])
        for place, atom in enumerate(data(arrays["atom_id"])):
            modes = [scaled(variance[m], [[a * b for b in v[place]] for a in v[place]]) for m, v in enumerate(basis)]
            found[dep.row[atom]] = rotated(turn, added(*modes))
    else:
        for atom, condition, value in zip(
            data(arrays["atom_id"]), data(arrays["condition"]), numbers(arrays.get("b") or arrays["u"]), strict=True
        ):
            if states.holds(id, condition, joint):
                one = symmetric([value / (8 * mp.pi**2)] * 3 + [mpf(0)] * 3) if "b" in arrays else symmetric(value)
                found[dep.row[atom]] = added(found[dep.row[atom]], rotated(turn, one))
    return found


def levels(dep: Deposition, request: dict[str, Any], states: States, joint: Joint) -> dict[str, list[Matrix]]:
    """U by descriptor, transforms applied, largest scope first."""
    at = request.get("at", {})
    chosen = [id for id in dep.gaussian() if id in request.get("descriptors", dep.gaussian())]
    found = {id: level(dep, id, states, joint, at) for id in chosen}
    for rows, turn, _ in transforms(dep, states, joint, at):
        for matrices in found.values():
            for row in rows:
                matrices[row] = rotated(turn, matrices[row])
    return found


def total(dep: Deposition, request: dict[str, Any], states: States, joint: Joint) -> list[Matrix]:
    """U_total of all atoms."""
    by_level = levels(dep, request, states, joint)
    return [added(zeros(), *(matrices[row] for matrices in by_level.values())) for row in range(dep.n)]


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """Of the outputs covariance, covariance_by_level and levels those that the case asks for."""
    dep, request = Deposition(case["deposition"]), case["request"]
    states, joint = joint_of(dep, request)
    request = with_bundles(dep, joint, request)
    by_level = levels(dep, request, states, joint)
    rows = [dep.row[id] for id in request.get("atoms", dep.atom_id)]
    u = total(dep, request, states, joint)
    found = {
        "covariance": floats([u[row] for row in rows]),
        "covariance_by_level": floats([[matrices[row] for row in rows] for matrices in by_level.values()]),
        "levels": list(by_level),
    }
    return {name: value for name, value in found.items() if name in request["outputs"]}


__all__ = ["expected", "plus", "tls", "total"]

if __name__ == "__main__":
    from _print import main

    main(expected)
