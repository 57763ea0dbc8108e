"""Joint states of many variables: counted, the first legal ones listed, and exact moments, without listing all."""

from __future__ import annotations

import time
from itertools import islice
from typing import Any

import inputs
import measure

from polystate import Deposition

LISTED = 10
ASKED_S = 1.0
MOMENTS_S = 2.0


def main(quick: bool) -> list[dict[str, Any]]:
    """A million states of half a million variables, independent and nested in several ways."""
    return [one(10**5 if quick else 10**6, shape, 2 if quick else 5) for shape in inputs.SHAPES]


def one(n: int, shape: str, rounds: int) -> dict[str, Any]:
    """Seconds from the checked tables to a count, the first joint states and moments; each round starts afresh."""
    tree = inputs.discrete(n, shape)
    seconds: dict[str, list[float]] = {"count and first ten": [], "moments": [], "reading and checking the tables": []}
    digits = 0
    for _ in range(rounds):
        start = time.perf_counter()
        dep = Deposition(tree)
        states = dep.states
        ready = time.perf_counter()
        digits = states.count().bit_length()
        first = list(islice(states.joints(), LISTED))
        seconds["count and first ten"].append(time.perf_counter() - ready)
        seconds["reading and checking the tables"].append(ready - start)
        assert len(first) == LISTED
        dep.request()  # checks the payload
        start = time.perf_counter()
        found_moments = dep.moments()
        seconds["moments"].append(time.perf_counter() - start)
        assert len(found_moments.presence) == dep.n_atoms
    notes = [f"the count has {digits} binary digits"]
    found = measure.record(f"{n} states, {shape}", seconds, "count and first ten", notes=notes)
    medians = {name: found["programs"][name]["median_s"] for name in ("count and first ten", "moments")}
    found["met"] = medians["count and first ten"] < ASKED_S and medians["moments"] < MOMENTS_S
    return found


if __name__ == "__main__":
    for shape in inputs.SHAPES:
        print(measure.text(one(10**6, shape, 3)))
