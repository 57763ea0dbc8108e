"""Random scope DAGs: the reference says what a second reading of the specification says."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import polystate
from tests.spec.second_reading import Reading

SITES = 2


def deposition(descriptors: dict[str, Any]) -> dict[str, Any]:
    """A deposition of two residues with these descriptors."""
    return {
        "hierarchy": {
            "atoms": {"residue": [0, 1], "name": ["CA", "CA"], "element": ["C", "C"]},
            "residues": {"chain": [0, 0], "comp": ["ALA", "ALA"], "label_seq": [1, 2], "auth_seq": [1, 2]},
            "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
            "entities": {"type": ["polymer"], "description": [""], "sequence": ["AA"]},
        },
        "reference": {"x_ref": [[0, 0, 0], [1, 0, 0]]},
        "descriptors": descriptors,
    }


def random_descriptors(rng: random.Random) -> dict[str, Any]:
    """Up to four descriptors whose conditions name earlier ones; overlaps and large sums happen."""
    made: dict[str, Any] = {}
    states_of: dict[tuple[str, int], list[int]] = {}
    for k, name in enumerate(rng.sample(["a", "b.2", "b-1", "c"], rng.randint(1, 4))):
        conditions = sorted(
            {
                (c, *parent, rng.choice(states_of[parent]))
                for c in range(rng.randint(0, 3) if states_of else 0)
                for parent in rng.choices(sorted(states_of), k=rng.randint(1, 3))
            }
        )
        numbers = [-1, *sorted({c[0] for c in conditions})]
        rows = sorted(
            {
                (site, rng.choice([0, 1, 5]), rng.choice(numbers))
                for site in rng.sample(range(SITES), rng.randint(1, SITES))
                for _ in range(rng.randint(1, 4))
            }
        )
        n = [sum(r[0] == row[0] for r in rows) for row in rows]
        share = [round(rng.choice([0.0, 1.0, 1.0, 1.3]) / count, 3) if count > 1 else 1.0 for count in n]
        sites = sorted({row[0] for row in rows})
        made[name] = {
            "regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "signal_type": "categorical_state",
            "algebra": "nested_under",
            "tables": {
                "states": {
                    "site": [r[0] for r in rows], "state": [r[1] for r in rows], "label": [f"s{r[1]}" for r in rows],
                    "condition": [r[2] for r in rows], "population": share,
                    "deposited": ["NaN"] * len(rows), "source": ["fit"] * len(rows),
                },
                "variables": {"site": sites, "draw_key": [100 * k + s for s in sites]},
            },
        }  # fmt: skip
        if conditions:
            columns = zip(*conditions, strict=True)
            made[name]["tables"]["conditions"] = {
                n: list(c) for n, c in zip(("condition", "parent", "site", "state"), columns, strict=True)
            }
            if rng.random() < 0.3:
                made[name]["active_when"] = rng.choice(numbers)
        for site, state, _ in rows:
            states_of.setdefault((name, site), []).append(state)
    return made


@pytest.mark.parametrize("seed", [*range(60), 129, 432])
def test_joint_states(seed: int) -> None:
    descriptors = random_descriptors(random.Random(seed))
    reading, dep = Reading(descriptors), polystate.Deposition(polystate.build(deposition(descriptors)))
    codes = {error.code for error in dep.validate().errors}
    if reading.overlaps():
        assert "overlapping-conditions" in codes
        return
    assert ("population-sum" in codes) == (reading.largest_sum() > 1 + 1e-6)
    assert codes <= {"population-sum"}
    legal = list(reading.legal())
    assert dep.states.count() == len(legal)
    assert [dep.states.numbered(joint) for joint in dep.states.joints()] == [reading.named(joint) for joint in legal]
    assert dep.states.numbered(dep.states.default()) == reading.named(reading.default())
    for index in range(3):
        drawn = reading.draw(seed, index)
        if drawn is not None:
            found = dep.states.draw(polystate.Draw(seed, index))
            assert dep.states.numbered(found) == reading.named(drawn)
        else:
            with pytest.raises(polystate.PolystateError, match="no-population"):
                dep.states.draw(polystate.Draw(seed, index))


def test_random_depositions_are_not_all_alike() -> None:
    readings = [Reading(random_descriptors(random.Random(seed))) for seed in range(60)]
    counts = np.array([0 if reading.overlaps() else sum(1 for _ in reading.legal()) for reading in readings])
    assert (counts == 0).any() and (counts > 0).sum() > 20 and len(set(counts.tolist())) > 8
    assert any(reading.depth(v) > 1 for reading in readings for v in reading.order)
