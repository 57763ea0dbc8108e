"""The quick answer and the full one agree on documents that are right, wrong and strange."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polystate_schemas import registry
from polystate_schemas.conform import conforms
from polystate_schemas.violations import violations
from tests.schemas.test_schema import ALTLOC, BUNDLE, MOTION, TLS, TRAJECTORY

DOCUMENTS = [
    *(("descriptor", d) for d in (TLS, ALTLOC, BUNDLE, TRAJECTORY, MOTION)),
    ("deposition", {"format_version": "0.1.0", "title": "x", "entry": {"id": "6vxx", "resolution": 2.8}}),
    ("grouping", {"kind": "partition", "child_level": "residue", "labels": ["a", "b"]}),
    ("axis", {"length": 4, "unit": "ps"}),
    ("provenance", {"kind": "import", "software": [{"name": "p", "version": "1"}], "method": {"name": "m"}}),
    ("operator_entry", registry.entries()["parametric_gaussian/tls_v1"].document),
]
JUNK = [None, True, 0, -1, 1.0, 1.5, "", "x", "x\n", [], ["a", "a"], [1, True], {}, {"id": 1}]


def places(value, path=()):
    """Every place in a document, as a path."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


@pytest.mark.parametrize(("kind", "document"), DOCUMENTS)
def test_what_is_right_is_known_to_be(kind, document):
    assert violations(kind, document) == []
    assert conforms(kind, document)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_change_anywhere_is_judged_alike(data):
    kind, document = data.draw(st.sampled_from(DOCUMENTS))
    document = copy.deepcopy(document)
    path = data.draw(st.sampled_from([p for p in places(document) if p]))
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    change = data.draw(st.sampled_from(["remove", "replace", "add"]))
    if change == "remove":
        del parent[path[-1]]
    elif change == "replace":
        parent[path[-1]] = data.draw(st.sampled_from(JUNK))
    elif isinstance(parent, dict):
        parent["strange"] = data.draw(st.sampled_from(JUNK))
    assert not conforms(kind, document) or violations(kind, document) == []
    assert conforms(kind, document) or violations(kind, document) != [] or isinstance(parent, list)
