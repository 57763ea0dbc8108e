"""Draws at 50 digits: Philox in whole numbers, the inverse normal distribution by mpmath, Cholesky by formula."""

from __future__ import annotations

from typing import Any

import covariance
import mean
from _deposition import (
    Deposition,
    Matrix,
    Vector,
    applied,
    floats,
    mp,
    mpf,
    number,
    plus,
    product,
    symmetric,
    transposed,
)
from _states import Joint, States, steps_fix, with_bundles
from mpmath import erfinv, sqrt

MASK = 0xFFFFFFFF
KNOWN = [  # Random123, kat_vectors: philox4x32 10 rounds: counter, key, words
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([MASK] * 4, [MASK] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0],
     [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]),
]  # fmt: skip


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Four 32-bit words (Salmon et al., SC 2011)."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & MASK, (p0 >> 32) ^ c[3] ^ k[1], p0 & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


for _counter, _key, _words in KNOWN:
    assert philox(_counter, _key) == _words, "the generator does not give its published known answers"


def words(seed: int, index: int, draw_key: int, stream: int) -> list[int]:
    return philox([draw_key, index & MASK, index >> 32, stream], [seed & MASK, seed >> 32])


def uniform(word: int) -> Any:
    return (mpf(word) + mpf(1) / 2) / 2**32


def normal(word: int) -> Any:
    """The inverse of the standard normal distribution."""
    return sqrt(2) * erfinv(2 * uniform(word) - 1)


def factor(u: Matrix) -> Matrix:
    """The lower Cholesky factor by the formulas of the specification; negative eigenvalues are first set to 0."""
    values, vectors = mp.eigsy(mp.matrix(u))
    if min(values) < 0:
        kept = [max(value, mpf(0)) for value in values]
        u = [[sum(kept[k] * vectors[i, k] * vectors[j, k] for k in range(3)) for j in range(3)] for i in range(3)]
    limit = mpf(10) ** -12 * (u[0][0] + u[1][1] + u[2][2])
    c = [[mpf(0)] * 3 for _ in range(3)]
    for j in range(3):
        pivot = u[j][j] - sum(c[j][k] ** 2 for k in range(j))
        if pivot > limit:
            c[j][j] = sqrt(pivot)
            for i in range(j + 1, 3):
                c[i][j] = (u[i][j] - sum(c[i][k] * c[j][k] for k in range(j))) / c[j][j]
    return c


def joint_drawn(dep: Deposition, request: dict[str, Any], seed: int, index: int) -> tuple[States, Joint]:
    """The joint state of a draw: given states kept, the others by cumulated populations in declared order."""
    states = States(dep)
    given = steps_fix(dep, request.get("at", {}), request.get("state", {}))
    joint: Joint = {}
    for name in states.order:
        possible = states.available(name, joint)
        wanted = given.get(f"{name[0]}/{name[1]}")
        if not possible:
            joint[name] = None
        elif wanted is not None:
            joint[name] = next(s for s in possible if states.variables[name].label[s] == wanted)
        else:
            u = (words(seed, index, states.variables[name].draw_key, 1)[0] + 0.5) / 2**32
            total, cumulated = 0.0, []
            for population in possible.values():
                total += population
                cumulated.append(total)
            joint[name] = next(s for s, c in zip(possible, cumulated, strict=True) if u < c / cumulated[-1])
    return states, joint


def step_index(dep: Deposition, request: dict[str, Any]) -> int:
    """The draw index of a step of iterated axes: index times the product of lengths, plus the row-major step."""
    index, place = int(request.get("index", "0")), 0
    for name in sorted(request.get("iterate", {})):
        length = dep.document["axes"][name]["length"]
        index, place = index * length, place * length + request["iterate"][name]
    return index + place


def sampled(dep: Deposition, id: str, policies: dict[str, str]) -> bool:
    """Whether the draw of an iterated step uses the U of this descriptor; policies: those of the request."""
    item = dep.descriptors[id]
    own = (
        policies.get(id)
        or item.get("broadcast_policy")
        or ("mean" if dep.operator(id).endswith("aadp_v1") else "sample_per_step")
    )
    return item.get("sample_axis") is not None or own == "sample_per_step"


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """The outputs of one draw that the case asks for, and `draws` and `states_drawn` of this and the following."""
    request = case["request"]
    found = one(case)
    following = range(int(request["index"]), int(request["index"]) + request.get("count", 1))
    each = [one({**case, "request": {**request, "index": str(k), "outputs": ["xyz", "state"]}}) for k in following]
    if "draws" in request["outputs"]:
        found["draws"] = [draw["xyz"] for draw in each]
    if "states_drawn" in request["outputs"]:
        named = request.get("variables")
        found["states_drawn"] = [
            draw["state"].get(request["variable"]) if named is None else [draw["state"].get(name) for name in named]
            for draw in each
        ]
    return found


def one(case: dict[str, Any]) -> dict[str, Any]:
    """Of the outputs xyz, mean, present, covariance and state those that the case asks for."""
    dep, request = Deposition(case["deposition"]), case["request"]
    seed, index = int(request["seed"]), step_index(dep, request)
    own = {**request, "at": {**request.get("at", {}), **request.get("iterate", {})}}
    states, joint = joint_drawn(dep, own, seed, index)
    own = with_bundles(dep, joint, own)

    def drawn(row: dict[str, Any], stream: int = 2) -> Any:
        word = words(seed, index, row["draw_key"], stream)[0]
        return uniform(word) if stream == 3 else sqrt(number(row["variance"])) * normal(word)

    middle = mean.mean(dep, states, joint, own, drawn)
    u = covariance.total(dep, own, states, joint)
    used = u
    if "iterate" in request:
        some = [id for id in dep.gaussian() if sampled(dep, id, request.get("policies", {}))]
        used = covariance.total(dep, {**own, "descriptors": some}, states, joint)
    rows = [dep.row[id] for id in request.get("atoms", dep.atom_id)]
    xyz = []
    for row in rows:
        z: Vector = [normal(word) for word in words(seed, index, dep.draw_key[row], 0)[:3]]
        xyz.append(plus(middle[row], applied(factor(used[row]), z)))
    mask = mean.present(dep, states, joint, own)
    found = {
        "xyz": floats(xyz), "mean": floats([middle[row] for row in rows]), "present": [mask[row] for row in rows],
        "covariance": floats([u[row] for row in rows]), "state": states.wire(joint),
    }  # fmt: skip
    return {name: value for name, value in found.items() if name in request["outputs"]}


__all__ = ["expected", "factor", "normal", "philox", "product", "symmetric", "transposed", "words"]

if __name__ == "__main__":
    from _print import main

    main(expected)
