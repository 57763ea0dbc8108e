"""Joint states of many variables: counted, and the first legal ones listed, without listing all."""

from __future__ import annotations

import time
from itertools import islice
from typing import Any

import inputs
import measure

from polystate import Deposition

LISTED = 10
ASKED_S = 1.0


def main(quick: bool) -> list[dict[str, Any]]:
    """A million states of half a million variables, independent and nested in several ways."""
    return [one(10**5 if quick else 10**6, shape, 2 if quick else 5) for shape in inputs.SHAPES]


def one(n: int, shape: str, rounds: int) -> dict[str, Any]:
    """Seconds from the checked tables to a count and to the first joint states; each round starts afresh."""
    tree = inputs.discrete(n, shape)
    seconds: dict[str, list[float]] = {"count and first ten": [], "reading and checking the tables": []}
    digits = 0
    for _ in range(rounds):
        start = time.perf_counter()
        states = Deposition(tree).states
        ready = time.perf_counter()
        digits = states.count().bit_length()
        first = list(islice(states.joints(), LISTED))
        seconds["count and first ten"].append(time.perf_counter() - ready)
        seconds["reading and checking the tables"].append(ready - start)
        assert len(first) == LISTED
    notes = [f"the count has {digits} binary digits"]
    found = measure.record(f"{n} states, {shape}", seconds, "count and first ten", notes=notes)
    found["met"] = found["programs"]["count and first ten"]["median_s"] < ASKED_S
    return found


if __name__ == "__main__":
    for shape in inputs.SHAPES:
        print(measure.text(one(10**6, shape, 3)))
