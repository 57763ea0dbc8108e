"""Alternates as states: which belong together, what they mean, and how they come back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polystate import build
from polystate.deposition import Deposition
from polystate.errors import PolystateError
from polystate_tools.formats.exporting import ExportOptions, export_bytes
from polystate_tools.formats.importing import tree_of_records
from polystate_tools.formats.mmcif.reader import records_of_mmcif
from polystate_tools.formats.pdb.reader import records_of_pdb
from polystate_tools.formats.records.records import Records
from tests.tools.formats.pdb_text import atom_line, imported, residue_lines

ONE_ATOM = {
    "format_version": "0.1.0",
    "hierarchy": {
        "atoms": {"residue": [0], "name": ["N"], "element": ["N"]},
        "residues": {"chain": [0], "comp": ["ALA"], "label_seq": [1], "auth_seq": [1]},
        "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
        "entities": {"type": ["polymer"], "description": ["peptide"], "sequence": ["A"]},
    },
    "reference": {"x_ref": [[0.0, 0.0, 0.0]]},
}


def backbone(seq: int, letters: str, y: float = 0.0) -> list[str]:
    """N, CA, C of a residue at 3.8 Å from the one before, one record a letter."""
    x = 3.8 * seq
    made = []
    for name, at in (("N", x), ("CA", x + 1.4), ("C", x + 2.5)):
        for k, letter in enumerate(letters or " "):
            made.append(
                atom_line(
                    1, name, "ALA", seq, (at, y + k * 0.1, 0), alt=letter, occupancy=round(1 / len(letters or " "), 2)
                )
            )
    return made


def sites(tree) -> dict[str, list[str]]:
    """Labels of the states of each site."""
    table = tree["descriptors/altloc"].tables["states"]
    names = tree["groupings/altloc.sites/v1"].attributes["labels"]
    made: dict[str, list[str]] = {}
    for site, label in zip(table["site"].tolist(), table["label"], strict=True):
        made.setdefault(names[site], []).append(label)
    return made


def test_distant_residues_that_share_letters_are_independent():
    tree, report = imported([*residue_lines("AB", seq=1), *residue_lines("AB", seq=9, shift=40)])
    assert sites(tree) == {"A.1": ["A", "B"], "A.9": ["A", "B"]}
    assert report.sites == {"residue": 2}
    assert Deposition(tree).states.count() == 4


def test_bonded_neighbours_that_share_letters_are_one_site():
    lines = [*backbone(1, ""), *backbone(2, "AB"), *backbone(3, "AB"), *backbone(4, ""), *backbone(5, "AB")]
    tree, report = imported(lines)
    assert sites(tree) == {"A.2": ["A", "B"], "A.5": ["A", "B"]}
    assert report.sites == {"bonded": 1, "residue": 1}


def test_a_link_joins_alternates_across_chains():
    lines = [
        atom_line(1, "SG", "CYS", 1, (0, 0, 0), alt="A", occupancy=0.5),
        atom_line(2, "SG", "CYS", 1, (0, 1, 0), alt="B", occupancy=0.5),
        atom_line(3, "SG", "CYS", 7, (2, 0, 0), chain="B", alt="A", occupancy=0.5),
        atom_line(4, "SG", "CYS", 7, (2, 1, 0), chain="B", alt="B", occupancy=0.5),
    ]
    link = "SSBOND   1 CYS A    1    CYS B    7                          1555   1555  2.00"
    tree, report = imported([link, *lines])
    assert sites(tree) == {"A.1": ["A", "B"]} and report.sites == {"bonded": 1}


def test_a_link_between_other_letters_joins_nothing_and_is_kept():
    lines = [
        atom_line(1, "SG", "CYS", 1, (0, 0, 0), alt="A", occupancy=0.5),
        atom_line(2, "SG", "CYS", 1, (3, 0, 0), alt="B", occupancy=0.5),
        atom_line(3, "SG", "CYS", 7, (3, 2, 0), chain="B", alt="A", occupancy=0.5),
        atom_line(4, "SG", "CYS", 7, (0, 2, 0), chain="B", alt="B", occupancy=0.5),
    ]
    link = "LINK         SG ACYS A   1                 SG BCYS B   7     1555   1555  2.00"
    tree, report = imported([link, *lines])
    assert sites(tree) == {"A.1": ["A", "B"], "B.7": ["A", "B"]} and report.losses == []


def test_residues_are_bonded_letter_by_letter_whatever_the_order_of_the_file():
    lines = [*backbone(1, "AB", 0), *backbone(2, "AB", 0)]
    far = [line[:38] + f"{float(line[38:46]) + 5 * (line[16] == 'B'):8.3f}" + line[46:] for line in lines]
    tree, report = imported([*far[:6], *far[7:9], *far[6:7], *far[9:]])
    assert sites(tree) == {"A.1": ["A", "B"]}


def present(tree, *path: tuple[str, str]) -> list[bool]:
    """Which atoms are there in the state of a letter of the site of a name."""
    return Deposition(tree).render(state={f"altloc/{site}": letter for site, letter in path}).present.tolist()


def test_what_lies_in_one_place_leaves_the_other_letters_of_its_neighbour():
    lines = [
        atom_line(1, "O", "HOH", 1, (0, 0, 0), alt="A", occupancy=0.3),
        atom_line(2, "O", "HOH", 1, (3, 0, 0), alt="B", occupancy=0.3),
        atom_line(3, "O", "HOH", 2, (3, 0.5, 0), alt="C", occupancy=0.4),
    ]
    tree, _ = imported(lines)
    assert sites(tree) == {"A.1": ["A", "B", "C"]}
    assert [present(tree, ("A.1", letter)) for letter in "ABC"] == [[True, False], [True, False], [False, True]]


def test_types_of_one_letter_each_are_absent_in_a_third():
    lines = [
        atom_line(1, "C", "SER", 1, (0, 0, 0), alt="A", occupancy=0.5),
        atom_line(2, "C", "THR", 1, (0, 3, 0), alt="B", occupancy=0.5),
        *(atom_line(k, "N", "GLY", 2, (1.3, 3 * k, 0), alt="ABC"[k], occupancy=0.3) for k in range(3)),
    ]
    tree, _ = imported(lines)
    assert [present(tree, ("A.1", letter)) for letter in "ABC"] == [
        [True, False, True], [False, True, True], [False, False, True],
    ]  # fmt: skip


def test_a_residue_stays_in_its_own_most_occupied_letter():
    lines = [
        atom_line(1, "C", "SER", 1, (0, 0, 0), alt="A", occupancy=0.45),
        atom_line(2, "C", "SER", 1, (0, 3, 0), alt="B", occupancy=0.55),
        *(
            atom_line(k, name, "GLY", 2, (x, 3 * k, 0), alt="ABC"[k], occupancy=(0.5, 0.3, 0.2)[k])
            for name, x in (("N", 1.3), ("CA", 2.7), ("C", 4.0)) for k in range(3)
        ),
    ]  # fmt: skip
    tree, _ = imported(lines)
    shown = Deposition(tree).render(state={"altloc/A.1": "C"})
    assert shown.xyz[0].tolist() == [0.0, 3.0, 0.0]


def test_global_reads_letters_through_the_whole_molecule():
    lines = [*residue_lines("AB", seq=1), *residue_lines("ABC", seq=9, shift=40)]
    tree, report = imported(lines, altloc="global")
    dep = Deposition(tree)
    assert sites(tree) == {"all": ["A", "B", "C"]} and report.sites == {"global": 1}
    assert dep.states.count() == 3
    under_c = dep.render(state={"altloc/all": "C"})
    assert under_c.present.all()  # residue 1 has no C and keeps its most populated conformer
    assert [w.code for w in report.warnings] == ["incomplete-altloc"]


def test_two_complete_sets_of_letters_in_one_residue_vary_independently():
    lines = [atom_line(1, "N", "SER", 1, (0, 0, 0), alt=letter, occupancy=0.5) for letter in "AB"]
    lines += [atom_line(3, "OG", "SER", 1, (2, k, 0), alt=letter, occupancy=0.5) for k, letter in enumerate("CD")]
    tree, _ = imported(lines)
    assert sites(tree) == {"A.1": ["A", "B"], "A.1.SER": ["C", "D"]}


def test_an_atom_of_one_alternate_is_absent_in_the_others():
    lines = [*residue_lines("AB"), atom_line(20, "CG", "ALA", 1, (5, 5, 5), alt="B", occupancy=0.5)]
    dep = Deposition(imported(lines)[0])
    names = dep.hierarchy.text("atoms", "name").tolist()
    for letter, here in (("A", False), ("B", True)):
        snapshot = dep.render(state={"altloc/A.1": letter})
        assert snapshot.present[names.index("CG")] == here
        assert snapshot.present[:4].all()


def test_each_alternate_keeps_its_own_b():
    dep = Deposition(imported(residue_lines("ABC"))[0])
    for letter, b in (("A", 10.0), ("B", 11.0), ("C", 12.0)):
        u = dep.covariance(state={"altloc/A.1": letter})
        assert u[4, 0, 0] * 8 * np.pi**2 == pytest.approx(b)


def test_the_reference_is_the_highest_occupancy_and_ties_go_to_the_file():
    def reference(first: float, second: float) -> float:
        lines = [
            atom_line(1, "CB", "ALA", 1, (1, 0, 0), alt="B", occupancy=first),
            atom_line(2, "CB", "ALA", 1, (2, 0, 0), alt="A", occupancy=second),
        ]
        return float(Deposition(imported(lines)[0]).x_ref[0, 0])

    assert reference(0.5, 0.5) == 1.0  # B stands first
    assert reference(0.4, 0.6) == 2.0


def test_partial_occupancy_is_present_or_absent():
    lines = [*residue_lines(), atom_line(9, "O", "HOH", 100, (9, 9, 9), occupancy=0.4, record="HETATM")]
    tree, report = imported(lines)
    states = tree["descriptors/partial"].tables["states"]
    assert states["label"] == ["present", "absent"] and np.allclose(states["population"], [0.4, 0.6])
    assert np.isnan(states["deposited"][1])
    dep = Deposition(tree)
    assert not dep.render().present[-1]  # the most populated state is absence
    assert dep.render(state={"partial/A.100": "present"}).present[-1]
    assert report.sites == {"partial-occupancy": 1}


def test_equal_alternates_are_told_and_merged_on_request():
    lines = [
        *residue_lines()[:4],
        atom_line(8, "CB", "ALA", 1, (1, 2, 3), alt="A", occupancy=0.6),
        atom_line(9, "CB", "ALA", 1, (1, 2, 3), alt="B", occupancy=0.4),
    ]
    tree, report = imported(lines)
    assert [w.code for w in report.warnings] == ["duplicate-alternates"]
    _, merged = imported(lines, collapse_duplicates=True)
    assert (merged.read, merged.kept, merged.refused) == (6, 5, 1)
    assert [w.code for w in merged.warnings if w.code != "single-altloc"] == ["collapsed-alternates"]


def test_altlocs_in_a_bundle_are_nested_under_its_models():
    lines = [
        "MODEL        1",
        *residue_lines("AB"),
        *residue_lines(seq=2, shift=9),
        "ENDMDL",
        "MODEL        2",
        *residue_lines("ABC", shift=1),
        *residue_lines(seq=2, shift=10),
        "ENDMDL",
        "MODEL        3",
        *residue_lines("", shift=2),
        "ENDMDL",
    ]
    tree, report = imported(lines)
    dep = Deposition(tree)
    assert report.kept == report.read == 11 + 12 + 5 and dep.validate().valid
    assert sites(tree) == {"A.1": ["A@1", "B@1", "A@2", "B@2", "C@2"]}
    assert dep.states.count() == 2 + 3 + 1
    second = dep.render(state={"model": "2", "altloc/A.1": "C@2"})
    assert second.xyz[4].tolist() == [3, 4, 1]
    with pytest.raises(PolystateError):
        dep.render(state={"model": "1", "altloc/A.1": "C@2"})
    text = export_bytes(dep, "mmcif", ExportOptions(gaussian="records"))[0].decode()
    again, other = tree_of_records(records_of_mmcif(text.encode()))
    assert other.kept == report.kept and Deposition(again).digest() == dep.digest()
    assert imported(lines, model=2)[1].kept == 12


def one_conformer(lines: list[str], choice: str) -> Records:
    """The export of one conformer of a file, read again."""
    options = ExportOptions(gaussian="records", altloc=choice)
    return records_of_pdb(export_bytes(Deposition(imported(lines)[0]), "pdb", options)[0])


def test_one_conformer_by_policy():
    lines = residue_lines("AB")
    assert one_conformer(lines, "first").xyz[-1].tolist() == [1, 2, 1]
    lines[-1] = lines[-1].replace("  0.50", "  0.80")
    assert one_conformer(lines, "occupancy").xyz[-1].tolist() == [2, 3, 1]
    assert one_conformer(lines, "A").xyz[-1].tolist() == [1, 2, 1]
    for choice, code in (("none", "cannot-hold"), ("Z", "bad-option")):
        with pytest.raises(PolystateError) as found:
            one_conformer(lines, choice)
        assert found.value.code == code


LETTERS = st.text("ABCabc12", min_size=0, max_size=4).map(lambda text: "".join(dict.fromkeys(text)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(LETTERS, st.integers(1, 3), st.sampled_from([1.0, 0.9, 0.37])), min_size=1, max_size=6),
    st.randoms(),
)
def test_any_mixture_of_alternates_comes_back(residues, random):
    """Random letters, atoms that some letters lack, any order of records: valid, and one digest after export."""
    rows = []
    for seq, (letters, n_atoms, total) in enumerate(residues, 1):
        for atom in range(n_atoms):
            mine = [x for x in letters if atom == 0 or random.random() < 0.7] or [""]
            rows += [(f"C{atom}", seq, letter, round(total / len(mine), 2)) for letter in mine]
    random.shuffle(rows)
    xyz = np.round([[random.uniform(-50, 50) for _ in range(3)] for _ in rows], 3)
    name, seq, altloc, occupancy = zip(*rows, strict=True)
    records = Records.of(
        xyz=xyz,
        name=name,
        comp="LIG",
        auth_seq=np.array(seq),
        altloc=altloc,
        occupancy=np.array(occupancy),
        b=np.round(np.linspace(5, 40, len(rows)), 2),
        element=np.full(len(rows), 6),
    )
    tree, report = tree_of_records(records)
    dep = Deposition(tree)
    assert report.kept == len(rows) and dep.validate().valid
    text = export_bytes(dep, "mmcif", ExportOptions(gaussian="records"))[0].decode()
    again = Deposition(tree_of_records(records_of_mmcif(text.encode()))[0])
    assert again.digest() == dep.digest()


def test_more_joint_states_of_one_atom_than_can_be_listed_are_refused():
    """Thirty independent variables that move one atom have 2³⁰ joint states; they are not listed to be counted."""
    site = {"site": [0, 0], "state": [0, 1], "label": ["A", "B"], "condition": [-1, -1], "population": [0.75, 0.25]}
    states = {**site, "deposited": [np.nan, np.nan], "source": ["fit", "fit"]}
    delta = {"site": [0], "state": [1], "atom_id": [1], "dx": [1.0], "dy": [0.0], "dz": [0.0]}
    kind = {"regime": "discrete", "mode": "B", "signal_type": "categorical_state", "algebra": "independent"}
    variables = {
        f"v{k:02}": {
            **kind, "scope": {"level": "deposition"},
            "tables": {"states": states, "variables": {"site": [0], "draw_key": [k + 1]}, "deltas": delta},
        }
        for k in range(30)
    }  # fmt: skip
    dep = Deposition(build({**ONE_ATOM, "descriptors": variables}))
    with pytest.raises(PolystateError) as found:
        export_bytes(dep, "mmcif", ExportOptions())
    assert found.value.code == "cannot-hold" and found.value.where == "v29/0"
    assert export_bytes(dep, "mmcif", ExportOptions(states=2))[0]
