"""Joint states once more, from the sentences of chapters 5 and 10 alone: short, slow, by listing everything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from tests.spec.philox import words

Variable = tuple[str, int]  # descriptor, site
Joint = dict[Variable, int | None]  # None = inactive


class Reading:
    """The discrete descriptors of a text-form deposition; tables as lists of columns."""

    def __init__(self, descriptors: dict[str, Any]) -> None:
        self.documents = descriptors
        self.rows: dict[Variable, list[tuple[int, int, float]]] = {}  # (state, condition, population)
        self.labels: dict[tuple[str, int, int], str] = {}
        self.draw_keys: dict[Variable, int] = {}
        for name, document in descriptors.items():
            t = document["tables"]
            names = ("site", "state", "label", "condition", "population")
            for site, state, label, c, p in zip(*(t["states"][n] for n in names), strict=True):
                self.rows.setdefault((name, site), []).append((state, c, p))
                self.labels[name, site, state] = label
            for site, key in zip(t["variables"]["site"], t["variables"]["draw_key"], strict=True):
                self.draw_keys[name, site] = key
        self.order = sorted(self.rows, key=lambda v: (self.depth(v), v[0].encode(), v[1]))

    def clauses(self, name: str, condition: int) -> dict[Variable, set[int]]:
        """[DAG-1] to [DAG-3]: parent variable to the states that the condition names."""
        t = self.documents[name]["tables"].get("conditions")
        found: dict[Variable, set[int]] = {}
        if t:
            for c, parent, site, state in zip(*(t[n] for n in ("condition", "parent", "site", "state")), strict=True):
                if c == condition:
                    found.setdefault((parent, site), set()).add(state)
        return found

    def parents(self, v: Variable) -> set[Variable]:
        """The variables at the other end of v's edges (5.2)."""
        used = {c for _, c, _ in self.rows[v]} | {self.documents[v[0]].get("active_when", -1)}
        return {p for c in used for p in self.clauses(v[0], c)}

    def depth(self, v: Variable) -> int:
        return max((self.depth(p) + 1 for p in self.parents(v)), default=0)

    def holds(self, name: str, condition: int, joint: Joint) -> bool:
        """[DAG-3], [DAG-4], [DAG-5] for a row of a descriptor."""
        active = self.documents[name].get("active_when", -1)
        return all(
            joint.get(parent) in states for c in (condition, active) for parent, states in self.clauses(name, c).items()
        )

    def available(self, v: Variable, joint: Joint) -> dict[int, float]:
        """States that a row makes available, with its population, in declared order."""
        return {s: p for s, c, p in sorted(self.rows[v]) if self.holds(v[0], c, joint)}

    def legal(self) -> Iterator[Joint]:
        """[DAG-13], [DAG-14], [DAG-17], by testing every assignment there is."""
        values = [[*sorted({s for s, _, _ in self.rows[v]}), None] for v in self.order]
        for combination in product(*values):
            joint: Joint = dict(zip(self.order, combination, strict=True))
            options = {v: self.available(v, joint) for v in self.order}
            if all(joint[v] in options[v] if options[v] else joint[v] is None for v in self.order):
                yield joint

    def default(self) -> Joint:
        """[DAG-19] and [DAG-20]."""
        joint: Joint = {}
        for v in self.order:
            options = self.available(v, joint)
            joint[v] = max(options, key=lambda s: (options[s], -s)) if options else None
        return joint

    def draw(self, seed: int, index: int) -> Joint | None:
        """[RNG-20] and [RNG-21]; None where [RNG-22] refuses."""
        joint: Joint = {}
        for v in self.order:
            options = self.available(v, joint)
            u, total, sums = (words(seed, index, self.draw_keys[v], 1)[0] + 0.5) / 2**32, 0.0, {}
            for state, population in options.items():
                total += population
                sums[state] = total
            if options and total == 0:
                return None
            joint[v] = next((s for s, c in sums.items() if u < c / total), None)
        return joint

    def overlaps(self) -> bool:
        """[DAG-15]"""
        return any(
            len(held) != len(set(held))
            for joint in self.legal()
            for v in self.order
            for held in [[s for s, c, _ in self.rows[v] if self.holds(v[0], c, joint)]]
        )

    def largest_sum(self) -> float:
        """[DSC-23]"""
        sums = []
        for v in self.order:
            clauses = {c: self.clauses(v[0], c) for _, c, _ in self.rows[v]}
            for c in clauses:
                sums.append(sum(p for _, other, p in self.rows[v] if clauses[other] in ({}, clauses[c])))
        return max(sums)

    def named(self, joint: Joint) -> dict[str, str]:
        """[DAG-16]"""
        return {f"{v[0]}/{v[1]}": self.labels[v[0], v[1], s] for v, s in joint.items() if s is not None}
