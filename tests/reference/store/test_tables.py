"""Tables of any Arrow file: read, or refused by name; never a crash."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest

from polystate.errors import UnreadableTable
from polystate.store.digest import digest
from polystate.store.tables import OtherColumn, read_table, table_bytes
from polystate.store.tree import Group

TABLE = {"site": pa.array([0, 1], pa.int32()), "label": pa.array(["A", "é"])}


def stored(table: pa.Table) -> np.ndarray:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return np.frombuffer(sink.getvalue(), np.uint8)


def with_offsets(offsets: list[int]) -> np.ndarray:
    content = stored(pa.table(TABLE)).tobytes()
    place = content.index(np.array([0, 1, 3], np.int32).tobytes())
    return np.frombuffer(content[:place] + np.array(offsets, np.int32).tobytes() + content[place + 12 :], np.uint8)


@pytest.mark.parametrize("offsets", [[0, 1, 1 << 30], [0, -5, 3], [0, 1, 5000], [0, 2, 3], [7, 1, 3]])
def test_offsets_outside_the_text_are_refused(offsets):
    with pytest.raises(UnreadableTable):
        read_table(with_offsets(offsets), "t")


def test_two_columns_of_one_name_are_refused():
    twice = pa.Table.from_arrays([TABLE["site"], TABLE["site"]], ["x", "x"])
    with pytest.raises(UnreadableTable):
        read_table(stored(twice), "t")


@pytest.mark.parametrize("name", ["a\tb", "a\nb", "\x00"])
def test_names_of_columns_have_no_control_characters(name):
    with pytest.raises(UnreadableTable):
        read_table(stored(pa.table({name: TABLE["site"]})), "t")


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["A", "B"], pa.large_string()),
        pa.array(["A", "B"]).dictionary_encode(),
        pa.array(["A", "B"]).cast(pa.string_view()),
        pa.array([b"A", b"B"]),
        pa.array([True, False]),
        pa.array([[1], [2]]),
        pa.array([1, 2], pa.timestamp("s")),
        pa.array(np.array([1, 2], np.float16)),
    ],
    ids=lambda column: str(column.type)[:20],
)
def test_columns_of_other_types_are_kept_and_not_digested(column):
    found = read_table(stored(pa.table({**TABLE, "x": column})), "t")
    assert isinstance(found["x"], OtherColumn) and len(found["x"]) == 2
    assert found["label"] == ["A", "é"] and found["site"].tolist() == [0, 1]
    without = {name: values for name, values in found.items() if name != "x"}
    assert digest({"hierarchy": Group({}, {}, {"t": found})}) == digest({"hierarchy": Group({}, {}, {"t": without})})
    again = read_table(table_bytes(found), "t")
    assert again["x"].values.equals(found["x"].values)


def test_any_damage_is_refused_or_read():
    content, random = stored(pa.table(TABLE)).copy(), np.random.default_rng(5)
    for _ in range(400):
        damaged = content.copy()
        damaged[random.integers(8, len(content) - 6, 3)] = random.choice([0, 1, 127, 128, 255], 3)
        try:
            read_table(damaged, "t")
        except UnreadableTable:
            pass
