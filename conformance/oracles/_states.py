"""Joint states by brute force: every assignment of every variable is made and judged."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from _deposition import Deposition, data

Name = tuple[str, int]
Joint = dict[Name, int | None]


@dataclass
class Variable:
    """One site of one discrete descriptor."""

    name: Name
    states: list[int] = field(default_factory=list)
    label: dict[int, str] = field(default_factory=dict)
    rows: list[tuple[int, int, float]] = field(default_factory=list)  # state, condition, population
    draw_key: int = 0


class States:
    """The joint states of a deposition."""

    def __init__(self, dep: Deposition):
        self.dep = dep
        self.variables: dict[Name, Variable] = {}
        for id, item in dep.descriptors.items():
            if item["regime"] == "discrete":
                self._enter(id)
        self.order = sorted(self.variables, key=lambda name: (self._depth(name), name[0].encode(), name[1]))

    def _enter(self, id: str) -> None:
        tables = self.dep.tables(id)
        for row in tables["states"]:
            variable = self.variables.setdefault((id, row["site"]), Variable((id, row["site"])))
            variable.label[row["state"]] = row["label"]
            variable.rows.append((row["state"], row["condition"], float(row["population"])))
            variable.states = sorted(variable.label)
        for row in tables["variables"]:
            self.variables[id, row["site"]].draw_key = row["draw_key"]

    def condition(self, id: str, number: int) -> dict[Name, set[int]]:
        """The clauses of a condition of a descriptor: parent variable to the states that satisfy it."""
        clauses: dict[Name, set[int]] = {}
        for row in self.dep.tables(id).get("conditions", []):
            if row["condition"] == number:
                clauses.setdefault((row["parent"], row["site"]), set()).add(row["state"])
        return clauses

    def holds(self, id: str, number: int, joint: Joint) -> bool:
        return number == -1 or all(joint[parent] in states for parent, states in self.condition(id, number).items())

    def active(self, id: str, joint: Joint) -> bool:
        return self.holds(id, self.dep.descriptors[id].get("active_when", -1), joint)

    def available(self, name: Name, joint: Joint) -> dict[int, float]:
        """State to population of the rows that hold, in declared order."""
        if not self.active(name[0], joint):
            return {}
        held = {state: population for state, number, population in self.variables[name].rows
                if self.holds(name[0], number, joint)}  # fmt: skip
        return {state: held[state] for state in self.variables[name].states if state in held}

    def parents(self, name: Name) -> set[Name]:
        used = {number for _, number, _ in self.variables[name].rows} | {
            self.dep.descriptors[name[0]].get("active_when", -1)
        }
        return {parent for number in used if number != -1 for parent in self.condition(name[0], number)}

    def _depth(self, name: Name) -> int:
        return max((1 + self._depth(parent) for parent in self.parents(name)), default=0)

    def legal(self) -> list[Joint]:
        """All legal joint states in lexicographic order, by trying every assignment."""
        choices = [[*self.variables[name].states, None] for name in self.order]
        found = []
        for values in itertools.product(*choices):
            joint: Joint = dict(zip(self.order, values, strict=True))
            right = True
            for name, value in joint.items():
                possible = self.available(name, joint)
                right = right and (value in possible if possible else value is None)
            if right:
                found.append(joint)
        return found

    def choose(self, given: dict[str, str]) -> Joint:
        """Given states, and for the rest the most populated available one, ties by declared order."""
        joint: Joint = {}
        for name in self.order:
            possible = self.available(name, joint)
            wanted = given.get(f"{name[0]}/{name[1]}")
            if wanted is not None:
                joint[name] = next(s for s in possible if self.variables[name].label[s] == wanted)
            else:
                joint[name] = max(possible, key=lambda s: (possible[s], -s)) if possible else None
        return joint

    def wire(self, joint: Joint) -> dict[str, str]:
        """As it is written in JSON: active variables only."""
        return {f"{id}/{site}": self.variables[id, site].label[state]
                for (id, site), state in joint.items() if state is not None}  # fmt: skip


def steps_fix(dep: Deposition, at: dict[str, int], given: dict[str, str]) -> dict[str, str]:
    """The states that axis steps fix (bundles, labels on an axis), added to the given ones."""
    fixed = dict(given)
    for id, item in dep.descriptors.items():
        if item["regime"] != "discrete":
            continue
        states = dep.tables(id)["states"]
        labels = {row["state"]: row["label"] for row in states}
        if item.get("state_axis") in at:
            fixed[f"{id}/{states[0]['site']}"] = labels[at[item["state_axis"]]]
        elif item.get("sample_axis") in at:
            fixed[f"{id}/{states[0]['site']}"] = labels[data(dep.arrays(id)["labels"])[at[item["sample_axis"]]]]
    return fixed


def joint_of(dep: Deposition, request: dict[str, Any]) -> tuple[States, Joint]:
    """The joint state of an undrawn request."""
    states = States(dep)
    return states, states.choose(steps_fix(dep, request.get("at", {}), request.get("state", {})))


def with_bundles(dep: Deposition, joint: Joint, request: dict[str, Any]) -> dict[str, Any]:
    """The request with the step that the state of each bundle is."""
    at = dict(request.get("at", {}))
    for (id, _), state in joint.items():
        axis = dep.descriptors[id].get("state_axis")
        if axis and state is not None:
            at[axis] = state
    return {**request, "at": at}
