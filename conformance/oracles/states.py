"""Counts, lists and defaults of joint states, by trying every assignment (print: python states.py CASE.yaml)."""

from __future__ import annotations

from typing import Any

from _deposition import Deposition
from _states import States, joint_of


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """Of the outputs count, states, default and state those that the case asks for."""
    dep, request = Deposition(case["deposition"]), case["request"]
    states = States(dep)
    legal = states.legal()
    found: dict[str, Any] = {
        "count": str(len(legal)),
        "states": [states.wire(joint) for joint in legal[: request.get("list", 0)]],
        "default": states.wire(states.choose({})),
    }
    if "state" in request["outputs"]:
        found["state"] = states.wire(joint_of(dep, request)[1])
    return {name: value for name, value in found.items() if name in request["outputs"]}


if __name__ == "__main__":
    from _print import main

    main(expected)
