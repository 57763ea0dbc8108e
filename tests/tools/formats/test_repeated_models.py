"""Models that repeat the records of the first one are read at once, and mean what they mean one by one."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polystate.deposition import Deposition
from polystate_tools.formats.pdb import reader, repeated
from polystate_tools.formats.pdb.lines import Lines
from polystate_tools.formats.pdb.reader import records_of_pdb
from polystate_tools.formats.records import records as columns
from polystate_tools.formats.records.pairs import usual_decimals
from tests.tools.formats.pdb_text import imported, residue_lines

SSBOND = "LINK         C   ALA A   1                 N   ALA A   2     1555   1555  1.33"
CONECT = "CONECT    2    7"


def ensemble(models: int = 3, alternates: str = "", **other: str) -> list[str]:
    """Two residues a model, moved; `other`: what stands in the last CB instead, by column from 1."""
    lines = [SSBOND]
    for k in range(models):
        atoms = residue_lines(alternates, 1, shift=0.125 * k) + residue_lines("", 2, shift=-1.5 * k)
        lines.append(f"MODEL     {k + 1:4d}")
        lines += [f"{atom[:6]}{n:5d}{atom[11:60]}{10.0 + k + n:6.2f}{atom[66:]}" for n, atom in enumerate(atoms, 1)]
        lines.append("ENDMDL")
    for column, text in other.items():
        start = int(column[1:]) - 1
        lines[-2] = lines[-2][:start] + text + lines[-2][start + len(text) :]
    return [*lines, CONECT, "END"]


def records_of(lines: list[str]):
    return records_of_pdb("\n".join(lines).encode() + b"\n")


@pytest.mark.parametrize("alternates", ["", "AB"])
def test_the_deposition_is_that_of_models_read_one_by_one(alternates, monkeypatch):
    lines = ensemble(alternates=alternates)
    at_once, report = imported(lines)
    assert records_of(lines).repeats == 3
    for module in (reader, repeated, columns):
        monkeypatch.setattr(module, "runs_of_models", lambda model: 1)
    one_by_one, other = imported(lines)
    assert records_of(lines).repeats == 1
    assert Deposition(at_once).digest() == Deposition(one_by_one).digest() and report.to_json() == other.to_json()
    assert len(at_once["hierarchy/bonds"].arrays["order"]) == 2  # of LINK and of CONECT, in each model


@pytest.mark.parametrize(
    "other", [{"c13": " CG "}, {"c17": "A"}, {"c18": "GLY"}, {"c22": "B"}, {"c23": "   3"}, {"c27": "A"}]
)
def test_one_other_name_is_enough_to_read_them_one_by_one(other):
    assert records_of(ensemble(**other)).repeats == 1


@pytest.mark.parametrize("other", [{"c77": " N"}, {"c79": "1+"}, {"c73": "SEGM"}, {"c1": "HETATM"}])
def test_what_no_residue_depends_on_is_read_of_each_model(other):
    records, same = records_of(ensemble(**other)), records_of(ensemble())
    found = [(getattr(records, name) != getattr(same, name)).tolist() for name in ("element", "charge", "het")] + [
        [bool(note["count"])] for note in records.notes if note["what"] == "segment ids"
    ]
    assert sum(map(sum, found)) == 1


def test_hybrid_numbers_of_residues_are_read_once():
    records = records_of([f"{line[:22]}A000{line[26:]}" if line.startswith("ATOM") else line for line in ensemble()])
    assert records.repeats == 3 and set(records.auth_seq.tolist()) == {10_000}


@pytest.mark.parametrize("field", ["  1.00", "100.00", "1000.0", " 1.000"])
def test_an_unusual_number_is_read_all_the_same(field):
    assert records_of(ensemble(c61=field)).b[-1] == float(field)


def test_numbers_are_those_of_gemmi():
    lines = ensemble(5)
    structure = gemmi.read_pdb_string("\n".join(lines))
    atoms = [place.atom for model in structure for place in model.all()]
    records = records_of(lines)
    assert records.xyz.tolist() == [atom.pos.tolist() for atom in atoms]
    assert records.b.astype(np.float32).tolist() == [atom.b_iso for atom in atoms]
    assert records.model.tolist() == [k for k in range(1, 6) for _ in range(len(atoms) // 5)]


@pytest.mark.parametrize("field", ["*" * 8, "   x.500", " 1 .500 ", "1234.5.6"])
def test_a_number_that_is_none_is_named_by_its_line(field):
    lines = ensemble(c31=field)
    with pytest.raises(reader.WrongColumns, match=f"line {len(lines) - 3}"):
        records_of(lines)


FIELDS = st.one_of(
    st.integers(-(10**6) + 1, 10**7 - 1).map(lambda k: f"{k / 1000:8.3f}"),
    st.integers(-(10**4) + 1, 10**5 - 1).map(lambda k: f"{k / 100:6.2f}"),
)


@given(FIELDS)
def test_a_usual_number_is_that_of_float(field):
    assert usual_decimals(np.frombuffer(field.encode(), np.uint8)[None])[0] == float(field)


@given(FIELDS, st.integers(0, 5), st.sampled_from(" 0-.+e*x!/:,"))
def test_what_is_no_usual_number_is_left_to_float(field, place, character):
    damaged = field[:place] + character + field[place + 1 :]
    found = usual_decimals(np.frombuffer(damaged.encode(), np.uint8)[None])
    assert found is None or found[0] == float(damaged)


@pytest.mark.parametrize(
    "text", [b"", b"EN", b"END", b"ATOM\nEND\n", b"x" * 79 + b"\nEND", b"MODEL\n" * 40 + b"END", b"a\n\n\nb\n"]
)
def test_lines_are_read_to_the_end_of_the_text(text):
    lines, expected = Lines(text), text.split(b"\n")
    assert lines.some(np.arange(len(lines.starts))) == expected
    rows = lines.rows(np.arange(len(expected)))
    assert [row.tobytes() for row in rows] == [line.ljust(80)[:80] for line in expected]
    assert lines.end() == (expected.index(b"END") if b"END" in expected else len(expected))


def test_models_without_an_atom_in_common_are_weighed_by_their_own():
    lines = [
        "MODEL        1",
        *residue_lines("", 1),
        "ENDMDL",
        "MODEL        2",
        *residue_lines("", 2),
        "ENDMDL",
        "END",
    ]
    lines = [f"{line[:54]}  0.50{line[60:]}" if line.startswith("ATOM") else line for line in lines]
    tree, _ = imported(lines)
    group = tree["descriptors/model"]
    assert group.tables["states"]["population"].tolist() == [0.5, 0.5]
    assert group.arrays["present"].sum(axis=1).tolist() == [len(residue_lines("", 1))] * 2
