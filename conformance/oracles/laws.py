"""The law of the draws of a deposition: outcomes and their probabilities, means and covariances, at 50 digits.

`expected` gives back the law of the case where it agrees with the one made here within 1e-9, and this one where not.
"""

from __future__ import annotations

import itertools
from typing import Any

import covariance
import mean
from _deposition import Deposition, number
from _states import Joint, States, steps_fix
from draws import factor, sampled

TOLERANCE = 1e-9


def joints(dep: Deposition, states: States, request: dict[str, Any]) -> list[tuple[Joint, float]]:
    """Every joint state that can be drawn, with its probability: given states are kept, others normalised."""
    given = steps_fix(dep, {**request.get("at", {}), **request.get("iterate", {})}, request.get("state", {}))
    found: list[tuple[Joint, float]] = [({}, 1.0)]
    for name in states.order:
        longer = []
        for joint, probability in found:
            possible = states.available(name, joint)
            wanted = given.get(f"{name[0]}/{name[1]}")
            if not possible:
                longer.append(({**joint, name: None}, probability))
                continue
            total = sum(possible.values())
            for state, population in possible.items():
                label = states.variables[name].label[state]
                share = float(label == wanted) if wanted is not None else population / total
                if share > 0 or wanted is None:
                    longer.append(({**joint, name: state}, probability * share))
        found = longer
    return found


def normal(dep: Deposition, states: States, joint: Joint, request: dict[str, Any], dependent: bool) -> dict[str, Any]:
    """Mean (N, 3) and covariance of the draws of all atoms in one joint state, (N, 3, 3) or (3N, 3N)."""
    own = {**request, "at": {**request.get("at", {}), **request.get("iterate", {})}}
    middle = [[float(x) for x in row] for row in mean.mean(dep, states, joint, own)]
    used = own
    if "iterate" in request:
        kept = [id for id in dep.gaussian() if sampled(dep, id, request.get("policies", {}))]
        used = {**own, "descriptors": kept}
    u = [_drawn(matrix) for matrix in covariance.total(dep, used, states, joint)]
    if not dependent:
        return {"mean": middle, "covariance": u}
    full = [[0.0] * (3 * len(u)) for _ in range(3 * len(u))]
    for k, matrix in enumerate(u):
        for i, j in itertools.product(range(3), repeat=2):
            full[3 * k + i][3 * k + j] = matrix[i][j]
    for direction in directions(dep, states, joint, own, middle):
        for i, j in itertools.product(range(len(direction)), repeat=2):
            full[i][j] += direction[i] * direction[j]
    return {"mean": middle, "covariance": full}


def _drawn(u: Any) -> list[list[float]]:
    """C C' of the factor that draws use: that of the nearest semi-definite matrix where U has a negative eigenvalue."""
    c = factor(u)
    return [[float(sum(c[i][k] * c[j][k] for k in range(3))) for j in range(3)] for i in range(3)]


def directions(
    dep: Deposition, states: States, joint: Joint, request: dict[str, Any], middle: list[list[float]]
) -> list[list[float]]:
    """What one standard deviation of each drawn component moves, (components, 3N): bases are linear."""
    found = []
    for id, item in dep.descriptors.items():
        for row in dep.tables(id).get("latents", ()) if "tables" in item else ():

            def one(other: dict[str, Any], row: dict[str, Any] = row) -> Any:
                return number(row["variance"]) ** 0.5 if other["draw_key"] == row["draw_key"] else number(0)

            moved = mean.mean(dep, states, joint, request, one)
            found.append([float(x) - y for a, b in zip(moved, middle, strict=True) for x, y in zip(a, b, strict=True)])
    return found


def warped(dep: Deposition) -> dict[str, Any]:
    """The law of a decoder tanh of one hidden layer, of which each output takes one hidden number or none."""
    (id,) = (id for id in dep.descriptors if dep.tables(id).get("latents"))
    item = dep.descriptors[id]["arrays"]
    variance = [float(row["variance"]) for row in dep.tables(id)["latents"]]
    base = [[float(x) for x in row] for row in dep.document["reference"]["x_ref"]]
    scale, shift = [], []
    load = []  # of each coordinate, the weights of the latents behind it
    for k, (x_ref, (weights, b)) in enumerate(
        zip(itertools.chain(*base), zip(item["w1"], item["b1"], strict=True), strict=True)
    ):
        used = [h for h, w in enumerate(weights) if w != 0]
        assert len(used) <= 1 and item["b0"] == [0.0] * len(item["b0"]), f"row {k} of w1"
        scale.append(float(weights[used[0]]) if used else 0.0)
        shift.append(x_ref + float(b))
        load.append([float(w) for w in item["w0"][used[0]]] if used else [0.0] * len(variance))
    full = [[sum(a * b * v for a, b, v in zip(one, two, variance, strict=True)) for two in load] for one in load]

    def threes(flat: list[float]) -> list[list[float]]:
        return [flat[i : i + 3] for i in range(0, len(flat), 3)]

    return {"mean": threes([0.0] * len(load)), "covariance": full,
            "warp": {"shift": threes(shift), "scale": threes(scale)}}  # fmt: skip


def law(case: dict[str, Any], want: dict[str, Any]) -> dict[str, Any]:
    """The law of one output, with the keys that the case gives."""
    dep, request = Deposition(case["deposition"]), case["request"]
    states = States(dep)
    if "warp" in want:
        return warped(dep)
    possible = joints(dep, states, request)
    first = want["outcomes"][0] if want["law"] == "mixture" else want
    dependent = "covariance" in first and len(first["covariance"]) == 3 * len(first["mean"])
    if want["law"] == "normal":
        assert len(possible) == 1, "one joint state"
        return normal(dep, states, possible[0][0], request, dependent)
    names = request.get("variables") or [request["variable"]]
    merged: dict[tuple[str | None, ...], tuple[float, Joint]] = {}
    for joint, probability in possible:
        wire = states.wire(joint)
        key = tuple(wire.get(name) for name in names)
        merged[key] = (merged.get(key, (0.0, joint))[0] + probability, joint)
    if "probabilities" in want:
        return {"probabilities": {str(key[0]): p for key, (p, _) in merged.items()}}
    outcomes = [{"labels": list(key), "probability": p,
                 **(normal(dep, states, joint, request, dependent) if want["law"] == "mixture" else {})}
                for key, (p, joint) in merged.items()]  # fmt: skip
    return {"outcomes": sorted(outcomes, key=lambda item: _order(item["labels"]))}


def _order(labels: list[str | None]) -> list[str]:
    return [label or "" for label in labels]


def close(one: Any, other: Any) -> bool:
    """Whether two laws agree; numbers within 1e-9."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= TOLERANCE
    return one == other


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """The law of each output that has one."""
    found = {}
    for name, want in case["expect"].items():
        made = {"law": want["law"], **law(case, want), "detect": want["detect"]}
        given = dict(want)
        if "outcomes" in given:
            given["outcomes"] = sorted(given["outcomes"], key=lambda item: _order(item["labels"]))
        found[name] = want if close(made, given) else made
    return found


if __name__ == "__main__":
    from _print import main

    main(expected)
