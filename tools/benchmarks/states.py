"""Joint states of many variables: counted, and the first legal ones listed, without listing all."""

from __future__ import annotations

from itertools import islice
from typing import Any

import inputs
import measure

from polystate import Deposition


def main(quick: bool) -> list[dict[str, Any]]:
    """A million states of half a million independent variables, and ten thousand nested in runs of four."""
    found = []
    for nested in (False, True):
        dep = Deposition(inputs.discrete(10**4 if nested else 10**5 if quick else 10**6, nested))
        states = dep.states

        def count(states: Any = states) -> int:
            return states.count()

        def first(states: Any = states) -> list[Any]:
            return list(islice(states.joints(), 3))

        seconds = measure.alternate({"count": count, "first three legal joint states": first}, 3, warm=False)
        total = [a + b for a, b in zip(*seconds.values(), strict=True)]
        seconds["count and first three"] = total
        notes = [f"the count has {count().bit_length()} binary digits"]
        kind = "nested in runs of four" if nested else "independent"
        name = f"{len(states.dag.n_states) * 2} states, {kind}"
        one = measure.record(name, seconds, "count and first three", notes=notes)
        one["met"] = one["programs"]["count and first three"]["median_s"] < 1.0
        found.append(one)
    return found


if __name__ == "__main__":
    for one in main(False):
        print(measure.text(one))
