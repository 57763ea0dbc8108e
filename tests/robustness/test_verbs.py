"""What `validate` accepts every verb answers, or refuses by a named rule; and what it refuses, they refuse."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import polystate
from polystate.errors import PolystateError
from tests.robustness import seeds, verbs
from tests.robustness.mutators import of_scalars

COSTLY = {"write", "sample", "query", "report", "export bcif"}
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("verb", verbs.VERBS)
def test_each_verb_answers_or_refuses_by_name(verb):
    texts = seeds.texts()[:: 8 if verb in COSTLY else 1]
    answered = [verbs.answered(polystate.Deposition(polystate.build(text)), verb) for text in texts]
    assert sum(answered) > len(answered) / 2


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_other_values_in_range_are_answered_or_refused_by_name(seed):
    """Text forms with a few other numbers, words and rows, most of them allowed."""
    rng = random.Random(seed)
    text = json.loads(of_scalars(rng, rng.choice(seeds.texts())))
    try:
        tree = polystate.build(text)
    except PolystateError:
        return
    valid = polystate.Deposition(tree).validate().valid
    for verb in verbs.VERBS.keys() - COSTLY:
        if valid:
            verbs.answered(polystate.Deposition(tree), verb)
        else:
            verbs.tried(polystate.Deposition(tree), verb)
