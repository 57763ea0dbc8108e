"""YAML 1.2 core scalars are read as such, and what is ambiguous is refused with its place."""

import json
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from polystate_schemas import yaml12
from polystate_schemas.yaml12 import Yaml12Error, load

SCALARS = [
    ("1e-9", 1e-9), ("1E5", 1e5), (".5", 0.5), ("3.", 3.0), ("-0.0", -0.0), ("+12", 12), ("012", 12),
    ("0o17", 15), ("0xFf", 255), ("no", "no"), ("on", "on"), ("yes", "yes"), ("Off", "Off"), ("y", "y"),
    ("true", True), ("FALSE", False), ("~", None), ("null", None), (".inf", math.inf), ("-.INF", -math.inf),
    ("+.inf", math.inf), ("1_000", "1_000"), ("12:30:45", "12:30:45"), ("2001-01-01", "2001-01-01"),
    ("0b11", "0b11"), ("1.2.3", "1.2.3"), ("-", None), ("'1e-9'", "1e-9"), ('"null"', "null"), ("e5", "e5"),
    ("<<", "<<"), ("=", "="), ("nan", "nan"), ("inf", "inf"), ("TRUEe", "TRUEe"), ("+", "+"), (".", "."),
]  # fmt: skip


@pytest.mark.parametrize("text, value", [pair for pair in SCALARS if pair[0] != "-"])
def test_a_plain_scalar_has_its_core_schema_value(text, value):
    found = load(f"a: {text}")["a"]
    assert found == value and type(found) is type(value)


def test_nan_is_read():
    assert math.isnan(load("[.nan]")[0])


REFUSED = [
    ("a: 1\nb: {c: 1, c: 2}\n", 2, 11, "stands twice"),
    ("a: &x 1\nb: *x\n", 1, 4, "anchors"),
    ("a: 1\nb: *x\n", 2, 4, "aliases"),
    ("a: !!str 1\n", 1, 4, "tags"),
    ("a: ! 1\n", 1, 4, "tags"),
    ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
    ("1: a\n", 1, 1, "key is text"),
    ("? [1, 2]\n: a\n", 1, 3, "key is text"),
    ("a: 1e999\n", 1, 4, "64-bit float"),
    ("a: [1, 2\n", 2, 1, "flow sequence"),
    ("a: [1, 2", 1, 9, "flow sequence"),
    ("a: 1\nbé: {", 2, 6, "flow node"),
    ("a: 1\n\tb: 2\n", 2, 1, "token|tab"),
    ('a: "\\ud800"\n', 1, 4, "surrogate"),
    ("%TAG ! tag:x,2000:\n---\na: 1\n", 1, 1, "TAG"),
    ("%YAML 1.1\n---\na: 1\n", 1, 1, "1.1"),
]


@pytest.mark.parametrize("text, line, column, problem", REFUSED)
def test_ambiguous_text_is_refused_with_line_and_column(text, line, column, problem):
    with pytest.raises(Yaml12Error, match=problem) as caught:
        load(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_bytes_that_are_not_utf8_are_refused_with_their_place(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(Yaml12Error, match="UTF-8") as caught:
        load(path)
    assert (caught.value.line, caught.value.column) == (2, 4) and str(path) in str(caught.value)


def test_control_characters_are_refused():
    with pytest.raises(Yaml12Error):
        load("a: \x07\n")


def test_an_empty_text_is_none_and_a_path_is_read(tmp_path):
    assert load("") is None and load("# only a comment\n") is None
    path = tmp_path / "a.yaml"
    path.write_text("%YAML 1.2\n---\na: [1, {b: no}]\n")
    assert load(path) == {"a": [1, {"b": "no"}]}


def test_deep_nesting_ends_in_a_value_or_a_named_error():
    text = "[" * 3000 + "]" * 3000
    try:
        load(text)
    except Yaml12Error:
        pass


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\u2028\u2029\ufffe\uffff"))
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcno123.~", max_size=4), inner, max_size=4),
    max_leaves=20,
)


def test_the_parser_is_the_one_in_c():
    assert (yaml12.CParser is not None) == yaml.__with_libyaml__


def test_a_tab_separates_as_a_space_does():
    assert load("a:\t1\nb: [1,\t2]\n") == {"a": 1, "b": [1, 2]}


@given(json_values)
def test_every_json_text_means_the_same_as_yaml(value):
    assert load(json.dumps(value)) == value
    assert load(json.dumps(value, indent=1)) == value


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "- " * 100_000, "{a: " * 100_000, "? " * 100_000, "[" * 201 + "]" * 201]
)
def test_depth_ends_in_a_named_error_at_once(text):
    with pytest.raises(Yaml12Error) as found:
        load(text)
    assert found.value.line == 1 and found.value.column < 1100


@pytest.mark.parametrize("text", ["0x" + "f" * 20_000, "0o" + "7" * 20_000, "1" + "0" * 309, "9" * 5000])
def test_integers_beyond_the_range_of_a_float_are_refused(text):
    with pytest.raises(Yaml12Error, match="does not fit"):
        load(f"a: {text}")


def test_long_integers_within_the_range_are_read():
    assert load(f"a: 1{'0' * 308}") == {"a": 10**308}
    assert load("[" * 199 + "1" + "]" * 199) is not None
