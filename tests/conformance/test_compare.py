"""The comparator: the only judge of numbers."""

from __future__ import annotations

import numpy as np
import pytest

from polystate_conformance.scoring import compare

ONE = np.array([[1.0, 2.0], [3.0, 4.0]])


def difference(found, expected=ONE, dtype="float64", abs_tol=0.0, rel_tol=0.0, ignore=()):
    return compare.array_difference(expected, np.asarray(found), dtype, abs_tol, rel_tol, ignore)


def test_tolerances_are_relative_to_the_expected_number():
    assert difference([[1.0, 2.0], [3.0, 4.039]], rel_tol=0.01) is None
    assert difference([[1.0, 2.0], [3.0, 4.05]], rel_tol=0.01)["place"] == [1, 1]
    assert difference([[1.1, 2.0], [3.0, 4.0]], abs_tol=0.1 + 1e-12) is None


def test_the_largest_difference_is_reported_with_its_place():
    found = difference([[1.5, 2.0], [3.0, 3.0]])
    assert found["difference"] == 1.0 and found["place"] == [1, 1]
    assert "expected 4.0, found 3.0 (2 of 4" in found["why"]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (ONE.astype(np.float32), "dtype float64, found float32"),
        (ONE[:1], "shape [2, 2], found [1, 2]"),
        (np.full((2, 2), np.nan), "not finite"),
        (np.full((2, 2), np.inf), "not finite"),
        (ONE.astype(int), "dtype float64, found int64"),
    ],
)
def test_wrong_type_shape_or_no_number_is_a_difference(found, why):
    assert why in difference(found, abs_tol=100.0)["why"]


def test_nan_and_infinity_equal_only_themselves():
    special = np.array([np.nan, np.inf, -np.inf])
    assert difference(special, special) is None
    assert difference([np.nan, np.inf, np.inf], special)["place"] == [2]
    assert difference([0.0, np.inf, -np.inf], special, abs_tol=1e300)["place"] == [0]


def test_masks_may_be_bytes_of_zero_and_one_but_not_of_two():
    mask = np.array([True, False])
    assert difference(np.array([1, 0], np.uint8), mask, "bool") is None
    assert difference(np.array([2, 0], np.uint8), mask, "bool") is not None


def test_whole_numbers_are_compared_beyond_what_floats_hold():
    big = np.array([2**63 + 1], np.uint64)
    assert difference(big - np.uint64(1), big, "uint64", abs_tol=10)["difference"] == 1.0


def test_a_covariance_is_its_transpose_to_the_last_bit():
    u = np.array([[[2.0, 0.1, 0.2], [0.1, 3.0, 0.3], [0.2, 0.3, 4.0]]])
    assert compare.asymmetry(u) is None
    u[0, 2, 1] = np.nextafter(0.3, 1.0)
    assert compare.asymmetry(u)["place"] == [0, 1, 2]


def test_rows_can_be_left_out_of_a_comparison():
    assert difference([[1.0, 2.0], [0.0, 0.0]], ignore=[1]) is None


@pytest.mark.parametrize(
    ("found", "agrees"),
    [
        ("descriptors/tls/tls[3]", True),
        ("descriptors/tls/tls", True),
        ("descriptors/tls#/algebra", True),
        ("descriptors/tls", True),
        ("descriptors/tls2/tls", False),
        ("descriptors", False),
    ],
)
def test_a_place_is_the_node_something_in_it_or_its_group(found, agrees):
    assert compare.same_place("descriptors/tls/tls", found) is agrees


def test_a_rejection_that_names_every_code_names_none():
    findings = [{"stage": "semantic", "code": f"c{n}", "where": ""} for n in range(5)]
    want = {"stage": "semantic", "code": "c1"}
    assert compare.named(want, findings[:3]) == {"stage": True, "code": True}
    assert compare.named(want, findings) == {"stage": False, "code": False}


def test_arrays_outside_the_folder_of_the_answer_are_not_read(tmp_path):
    (tmp_path / "out").mkdir()
    np.save(tmp_path / "x.npy", ONE)
    assert compare.inside(tmp_path / "out", "../x.npy") is None


def test_another_error_that_is_true_as_well_is_named_right():
    want = {"stage": "semantic", "code": "dangling-row", "where": "descriptors/a/states/site",
            "or": [{"stage": "semantic", "code": "atom-outside-scope", "where": "descriptors/a/deltas"}]}  # fmt: skip
    other = {"stage": "semantic", "code": "atom-outside-scope", "where": "descriptors/a/deltas[0]"}
    elsewhere = {**other, "where": "descriptors/b/deltas[0]"}
    assert compare.named(want, [other]) == {"stage": True, "code": True, "where": True}
    assert not all(compare.named(want, [elsewhere]).values())
    assert not all(compare.named({**want, "or": []}, [other]).values())
