"""The sixteen codecs: kernels against their NumPy twins, round trips, and the published examples."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polystate_tools.formats.mmtf import codecs, codecs_encode, draft, errors, kernels, kernels_numpy
from polystate_tools.formats.mmtf.limits import Budget

INT32 = st.integers(-(2**31), 2**31 - 1)
BACKENDS = pytest.mark.parametrize("backend", ["numba", "numpy"])


def field(codec: int, length: int, parameter: int, form: str, values: list) -> bytes:
    return struct.pack(">iii", codec, length, parameter) + struct.pack(f">{len(values)}{form}", *values)


# Specification 1.0, "Encodings" and the examples of the fields; corrected where noted.
PUBLISHED = [
    ("run-length", field(7, 15, 0, "i", [1, 10, 2, 1, 1, 4]), [1] * 10 + [2] + [1] * 4),
    ("delta", field(8, 15, 0, "i", [1, 10, 2, 1, 1, 4]), [*range(1, 11), 12, 13, 14, 15, 16]),
    (
        "recursive indexing",
        field(15, 9, 0, "b", [127, 41, 34, 1, 0, -50, -128, 0, 7, 127, 0, 127, 127, 14]),
        [168, 34, 1, 0, -50, -128, 7, 127, 268],
    ),
    ("occupancyList", field(9, 6, 100, "i", [100, 4, 50, 2]), [1.0] * 4 + [0.5] * 2),
    ("atomIdList", field(8, 8, 0, "i", [1, 7, 2, 1]), [1, 2, 3, 4, 5, 6, 7, 9]),
    ("altLocList", field(6, 10, 0, "i", [0, 5, 65, 3, 66, 2]), [0] * 5 + [65] * 3 + [66] * 2),
    # published as 1..10, 1, 2, 3, 4, 5; the arithmetic gives 10 - 10 = 0
    ("groupIdList", field(8, 15, 0, "i", [1, 10, -10, 1, 1, 4]), [*range(1, 11), 0, 1, 2, 3, 4]),
    (
        "bFactorList",
        field(10, 7, 100, "h", [18200, 0, 2, -1, 100, -3, 5]),
        [182.00, 182.00, 182.02, 182.01, 183.01, 182.98, 183.03],
    ),
    # published with the first value 100.000; it is 105.200
    (
        "xCoordList",
        field(10, 7, 1000, "h", [32767, 32767, 32767, 6899, 0, 2, -1, 100, -3, 5]),
        [105.200, 105.200, 105.202, 105.201, 105.301, 105.298, 105.303],
    ),
    ("bondAtomList", field(4, 6, 0, "i", [0, 61, 2, 4, 6, 12]), [0, 61, 2, 4, 6, 12]),
    ("bondOrderList", field(2, 3, 0, "b", [1, 2, 1]), [1, 2, 1]),
    ("bondResonanceList", field(16, 3, 0, "i", [1, 1, 0, 1, 1, 1]), [1, 0, 1]),
    ("secStructList", field(2, 10, 0, "b", [7, 7, 2, 2, 2, 2, 2, 2, 2, 7]), [7, 7, 2, 2, 2, 2, 2, 2, 2, 7]),
    ("chainIdList", field(5, 3, 4, "B", [65, 0, 0, 0, 66, 0, 0, 0, 67, 0, 0, 0]), ["A", "B", "C"]),
    ("chainNameList", field(5, 2, 4, "B", [65, 0, 0, 0, 68, 65, 0, 0]), ["A", "DA"]),
    ("codec 1", field(1, 2, 0, "f", [1.5, -2.25]), [1.5, -2.25]),
    ("codec 3", field(3, 2, 0, "h", [-32768, 7]), [-32768, 7]),
    ("codec 11", field(11, 2, 10, "h", [15, -25]), [1.5, -2.5]),
    ("codec 12", field(12, 2, 10, "h", [32767, 1, -5]), [3276.8, -0.5]),
    ("codec 13", field(13, 2, 10, "b", [-128, -2, 5]), [-13.0, 0.5]),
    ("codec 14", field(14, 2, 0, "h", [32767, 0, -32768, -1]), [32767, -32769]),
]


@BACKENDS
@pytest.mark.parametrize(("name", "data", "expected"), PUBLISHED, ids=[row[0] for row in PUBLISHED])
def test_published_examples(name: str, data: bytes, expected: list, backend: str) -> None:
    values = codecs.decode(data, name, backend=backend)
    assert values.tolist() == np.array(expected, values.dtype).tolist()


@BACKENDS
def test_draft_examples(backend: str) -> None:
    k = codecs.BACKENDS[backend]
    budget = Budget.for_bytes(100)
    big, small = struct.pack(">4i", 1200, 3, 100, 2), struct.pack(">5h", 0, 2, -1, -3, 5)
    xyz = draft.decode_split(big, small, "xCoordList", ("xCoordBig", "xCoordSmall"), budget, k)
    # published with the first value 1.000; it is 1.200
    assert xyz.tolist() == np.float32([1.200, 1.200, 1.202, 1.201, 1.301, 1.298, 1.303]).tolist()
    big = struct.pack(">4i", 200, 3, 100, 2)
    b = draft.decode_split(big, small, "bFactorList", ("bFactorBig", "bFactorSmall"), budget, k)
    assert b.tolist() == np.float32([2.00, 2.00, 2.02, 2.01, 3.01, 2.98, 3.03]).tolist()
    # the draft's text aligns chain ids to the right, its files to the left
    ids = draft.decode(bytes([0, 0, 0, 65, 0, 0, 0, 66, 0, 0, 89, 67]), "chainIdList", budget, k)
    assert ids.tolist() == ["A", "B", "YC"]
    assert draft.decode(b"A\0\0\0YC\0\0", "chainIdList", budget, k).tolist() == ["A", "YC"]
    codes = draft.decode(struct.pack(">6i", 0, 5, 65, 3, 66, 2), "insCodeList", budget, k)
    assert codes.tolist() == [0] * 5 + [65] * 3 + [66] * 2


@pytest.mark.parametrize("offset", range(4))
def test_kernels_read_integers_at_any_address(offset: int) -> None:
    data = np.random.default_rng(7).integers(0, 256, 404, np.uint8)[offset : offset + 400]
    for name, dtype in (("read_int16", np.int16), ("read_int32", np.int32)):
        found = np.empty((2, 400 // np.dtype(dtype).itemsize), dtype)
        getattr(kernels, name)(data, found[0])
        getattr(kernels_numpy, name)(data, found[1])
        assert (found[0] == found[1]).all()


def test_rounding_to_nearest_keeps_what_truncation_loses() -> None:
    value = np.array([1.201], np.float32)  # 1.201 in float32 is 1.20099997...
    assert int(np.float64(value[0]) * 1000) == 1200
    assert codecs.decode(codecs_encode.encode(value, 9, 1000, "x"), "x") == value


@settings(max_examples=60, deadline=None)
@given(st.lists(INT32, max_size=60))
def test_kernels_agree_on_integers(values: list[int]) -> None:
    wide = np.array(values, np.int64)
    for low, high, dtype in ((-128, 127, np.int8), (-(2**15), 2**15 - 1, np.int16)):
        small = wide // 2**14 if dtype is np.int8 else wide  # keeps the number of parts small
        parts = kernels.recursive_index_parts(small, low, high)
        assert parts == kernels_numpy.recursive_index_parts(small, low, high)
        fast, plain = np.empty(parts, dtype), np.empty(parts, dtype)
        kernels.recursive_index_encode(small, low, high, fast)
        kernels_numpy.recursive_index_encode(small, low, high, plain)
        assert (fast == plain).all()
        limits = dtype(low), dtype(high)
        for k in (kernels, kernels_numpy):
            found = np.empty(len(values), np.int32)
            assert k.recursive_index(fast, *limits, found) == len(values)
            assert (found == small).all()
    narrow = wide.astype(np.int32)
    assert (kernels.run_length_encode(narrow) == kernels_numpy.run_length_encode(narrow)).all()
    for divisor in (1, 100, 1000, 2**31 - 1):
        quotients = np.empty((2, narrow.size), np.float32)
        kernels.to_float32(narrow, divisor, quotients[0])
        kernels_numpy.to_float32(narrow, divisor, quotients[1])
        assert (quotients[0] == quotients[1]).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(0, 5)), max_size=20))
def test_kernels_agree_on_runs_and_overflow(pairs: list[tuple[int, int]]) -> None:
    values = np.array([v for v, _ in pairs], np.int32)
    counts = np.array([c for _, c in pairs], np.int32)
    n = int(counts.sum())
    fast, plain = np.empty(n, np.int32), np.empty(n, np.int32)
    assert kernels.run_length_delta(values, counts, fast) == kernels_numpy.run_length_delta(values, counts, plain)
    assert (fast == plain).all()
    kernels.run_length(values, counts, fast)
    assert (fast == np.repeat(values, counts)).all()
    big = np.stack([values, counts], 1).ravel()
    small = np.arange(n, dtype=np.int16)
    sums = np.empty((2, n + len(pairs)), np.int32)
    assert kernels.split_list(big, small, sums[0]) == kernels_numpy.split_list(big, small, sums[1])
    assert (sums[0] == sums[1]).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([-32768, -1, 0, 1, 32767, 12345]), min_size=1, max_size=200), st.integers(1, 2000))
def test_indexed_deltas_agree(parts: list[int], divisor: int) -> None:
    packed = np.array([*parts, 3], np.int16)
    n = int(((packed != -32768) & (packed != 32767)).sum())
    limits = np.int16(-32768), np.int16(32767)
    found = np.empty((2, n), np.float32)
    counts = [
        k.recursive_index_delta_float(packed, *limits, divisor, out)
        for k, out in zip((kernels, kernels_numpy), found, strict=True)
    ]
    assert counts == [n, n]
    assert (found[0] == found[1]).all()


@BACKENDS
def test_sums_beyond_int32_are_refused_and_sums_on_the_way_are_not(backend: str) -> None:
    up = np.full(65540, 32767, np.int16)
    over = np.concatenate([up, [5]]).astype(">i2").tobytes()
    with pytest.raises(errors.ValueOutOfRange):
        codecs.decode(struct.pack(">iii", 10, 1, 1) + over, "x", backend=backend)
    with pytest.raises(errors.ValueOutOfRange):
        codecs.decode(struct.pack(">iii", 14, 1, 0) + over, "x", backend=backend)
    back = np.concatenate([up, np.full(65540, -32768, np.int16), [5]]).astype(">i2").tobytes()
    values = codecs.decode(struct.pack(">iii", 10, 1, 1) + back, "x", backend=backend)
    assert values.tolist() == [5 - 65540]


FLOATS = st.floats(-99999, 99999).map(lambda x: round(x, 3))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([9, 10, 12]), st.lists(FLOATS, max_size=40))
def test_floats_come_back_at_the_divisor(codec: int, values: list[float]) -> None:
    array = np.array(values, np.float32)
    back = codecs.decode(codecs_encode.encode(array, codec, 1000, "x"), "x")
    nearest = np.rint(array.astype(np.float64) * 1000) / 1000
    assert (back == nearest.astype(np.float32)).all()


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([4, 7, 8, 14, 15]), st.lists(st.integers(-(2**20), 2**20), max_size=40))
def test_integers_come_back(codec: int, values: list[int]) -> None:
    array = np.array(values, np.int32)
    assert (codecs.decode(codecs_encode.encode(array, codec, 0, "x"), "x") == array).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\0", max_codepoint=0x2FFF), max_size=4), max_size=10))
def test_text_comes_back(strings: list[str]) -> None:
    array = np.array(strings) if strings else np.empty(0, "<U1")
    assert codecs.decode(codecs_encode.encode(array, 5, 12, "x"), "x").tolist() == strings


REFUSED = [
    (b"\0\0\0\4", errors.BadHeader),
    (field(0, 0, 0, "i", []), errors.UnsupportedCodec),
    (field(17, 1, 0, "i", [1]), errors.UnsupportedCodec),
    (field(4, -1, 0, "i", []), errors.BadHeader),
    (field(4, 2, 0, "i", [1]), errors.PayloadSize),
    (field(4, 1, 0, "b", [1]), errors.PayloadSize),
    (field(5, 1, 0, "B", []), errors.BadParameter),
    (field(5, 1, 4, "B", [65]), errors.PayloadSize),
    (field(5, 1, 3, "B", [65, 0, 66]), errors.ValueOutOfRange),
    (field(5, 1, 2, "B", [0xC3, 0x28]), errors.NotUtf8),
    (field(6, 1, 0, "i", [200, 1]), errors.ValueOutOfRange),
    (field(7, 1, 0, "i", [1, -1]), errors.NegativeRun),
    (field(7, 3, 0, "i", [1]), errors.PayloadSize),
    (field(7, 3, 0, "i", [1, 2]), errors.LengthMismatch),
    (field(7, 3, 0, "i", [1, 2**31 - 1]), errors.LengthMismatch),
    (field(7, 2**31 - 1, 0, "i", [1, 2**31 - 1]), errors.TooLarge),
    (field(8, 2, 0, "i", [2**31 - 1, 2]), errors.ValueOutOfRange),
    (field(9, 1, 0, "i", [1, 1]), errors.BadParameter),
    (field(10, 1, -5, "h", [1]), errors.BadParameter),
    (field(10, 1, 100, "h", [32767]), errors.UnterminatedIndex),
    (field(10, 2, 100, "h", [1]), errors.LengthMismatch),
    (field(10, 1, 100, "h", [1, 2]), errors.LengthMismatch),
    (field(15, 2, 0, "b", [127, 1]), errors.LengthMismatch),
    (field(16, 1, 0, "i", [300, 1]), errors.ValueOutOfRange),
]


@BACKENDS
@pytest.mark.parametrize(("data", "error"), REFUSED)
def test_bad_bytes_are_refused_by_name(data: bytes, error: type, backend: str) -> None:
    with pytest.raises(error) as caught:
        codecs.decode(data, "some", backend=backend)
    assert caught.value.where.startswith("some")


def test_what_cannot_be_encoded_is_refused() -> None:
    for values, codec, parameter, error in (
        ([1.0], 99, 0, errors.UnsupportedCodec),
        ([np.nan], 10, 100, errors.NonFinite),
        ([3e9], 9, 1, errors.ValueOutOfRange),
        ([1.0], 9, 0, errors.BadParameter),
        ([128], 2, 0, errors.ValueOutOfRange),
        (["ABCDE"], 5, 4, errors.ValueOutOfRange),
        (["A"], 5, 0, errors.BadParameter),
    ):
        with pytest.raises(error):
            codecs_encode.encode(np.array(values), codec, parameter, "x")
    with pytest.raises(errors.TooLarge):
        codecs_encode.encode(np.tile(np.array([-2e9, 2e9]), 5000), 13, 1, "x")
