"""Levels: what goes into which group, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

import polystate
from polystate.errors import NotPositiveSemidefinite
from polystate_tools.echt import secondary
from polystate_tools.echt.atoms_of import fit_input, load
from polystate_tools.echt.errors import BFactorRange, LevelIncomplete, LevelOverlap, NothingToFit, UnknownLevel
from polystate_tools.echt.fit import prepare
from polystate_tools.echt.levels import Level, build_levels, without_repeats


@pytest.fixture
def data(pdb):
    return fit_input(polystate.Deposition(load(pdb)[0]))


def test_waters_are_left_out_and_a_ligand_joins_its_neighbour(data):
    assert not (
        data.dep.hierarchy.text("residues", "comp")[data.dep.hierarchy.of_atoms("residue")[data.rows]] == "HOH"
    ).any()
    chain = build_levels(data, ["chain"])[0]
    assert chain.names == ["A", "B"]
    assert chain.labels[~data.polymer].tolist() == [0]
    assert "1 ligands join" in chain.notes[0]


def test_default_levels_and_their_rules(data):
    levels = {level.name: level for level in build_levels(data)}
    assert list(levels) == ["chain", "residue", "sidechain"]  # each chain is one helix: that level repeats the chains
    assert "level secondary_structure has no group of its own" in levels["chain"].notes[-1]
    assert len(levels["residue"].names) == 48
    comp = data.dep.hierarchy.text("residues", "comp")[data.dep.hierarchy.of_atoms("residue")[data.rows]]
    split = levels["sidechain"].labels >= 0
    assert set(comp[split]) == {"SER"}  # GLY and ALA are not split; a side chain of one atom is the atomic level's
    helices = build_levels(data, ["secondary_structure"])[0]
    assert helices.names == ["A.1 to A.24 helix", "B.1 to B.24 helix"]


def test_short_runs_join_the_shorter_neighbour_and_breaks_separate():
    states = np.array(list("HHHHHHTTEEEEEE" + "EEEE"))
    segment = np.array([0] * 14 + [1] * 4)
    label, kinds = secondary.elements(states, segment)
    assert kinds == ["helix", "strand", "strand"]
    assert label.tolist() == [0] * 8 + [1] * 6 + [2] * 4
    label, kinds = secondary.elements(np.array(list("HT")), np.zeros(2, int))
    assert len(kinds) == 1


def test_a_chain_break_is_seen():
    n = {
        "N": np.array([[0.0, 0, 0], [3.8, 0, 0], [20.0, 0, 0]]),
        "C": np.array([[2.4, 0, 0], [6.2, 0, 0], [22.4, 0, 0]]),
    }
    assert secondary.segments(np.zeros(3, int), n).tolist() == [0, 0, 1]


def test_repeated_groups_and_empty_levels_are_dropped():
    levels = [
        Level("molecule", np.zeros(4, int), ["all"], []),
        Level("chain", np.zeros(4, int), ["A"], []),
        Level("residue", np.array([0, 0, 1, 2]), ["1", "2", "3"], []),
    ]
    kept = without_repeats(levels)
    assert [level.name for level in kept] == ["molecule", "residue"]
    assert kept[1].labels.tolist() == [0, 0, -1, -1]
    assert any("chain has no group of its own" in note for note in kept[0].notes)


def domain_file(tmp_path, text):
    path = tmp_path / "domains.yaml"
    path.write_text(text)
    return path


def test_domains_from_selections(data, tmp_path):
    path = domain_file(tmp_path, 'levels: {domain: {groups: {one: "A/1-12", two: "A/13-24 or B"}}}')
    level = build_levels(data, ["domain", "residue"], path)[0]
    assert level.names == ["one", "two"]
    assert (level.labels >= 0).all()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('levels: {domain: {groups: {one: "A/1-12", two: "A/12-24 or B"}}}', LevelOverlap),
        ('levels: {domain: {groups: {one: "A/1-12", two: "B"}}}', LevelIncomplete),
        ('levels: {domain: {groups: {one: "A or B", two: "C"}}}', LevelIncomplete),
        ("groups: {}", UnknownLevel),
    ],
)
def test_domain_files_that_overlap_or_leave_out_are_refused(data, tmp_path, text, error):
    with pytest.raises(error):
        build_levels(data, ["domain"], domain_file(tmp_path, text))


def test_a_rest_can_be_declared(data, tmp_path):
    for rest, expected in (("group", 2), ("none", 1)):
        path = domain_file(tmp_path, f'levels: {{domain: {{rest: {rest}, groups: {{one: "A/1-12"}}}}}}')
        assert len(build_levels(data, ["domain"], path)[0].names) == expected


def test_unknown_levels_are_refused(data):
    with pytest.raises(UnknownLevel):
        build_levels(data, ["domain"])


def test_a_table_lists_the_atoms_that_are_fitted(pdb, tmp_path):
    rows = ["chain,residue,atom,molecule,part"]
    rows += [f"A,{r},{a},0,{r // 9}" for r in range(1, 21) for a in ("N", "CA", "C", "O")]
    path = tmp_path / "levels.csv"
    path.write_text("\n".join(rows) + "\n")
    _, _, data, levels, atomic = prepare(pdb, groups=path)
    assert len(data.rows) == 80 and atomic
    assert [level.name for level in levels] == ["molecule", "part"]
    assert len(levels[1].names) == 3
    path.write_text("\n".join([*rows, "Z,1,CA,0,0"]) + "\n")
    with pytest.raises(LevelIncomplete, match="Z/1/CA"):
        prepare(pdb, groups=path)
    path.write_text("\n".join([*rows, "A,1,CA,0,0"]) + "\n")
    with pytest.raises(LevelOverlap):
        prepare(pdb, groups=path)


@pytest.mark.parametrize("b", ["  0.00", " -1.00", "9999.9"])
def test_impossible_b_factors_are_named(pdb, b):
    lines = pdb.read_text().splitlines()
    lines[1] = lines[1][:60] + b + lines[1][66:]
    pdb.write_text("\n".join(lines) + "\n")
    dep = polystate.Deposition(load(pdb)[0])
    with pytest.raises(BFactorRange, match="A/1/CA"):
        fit_input(dep)
    assert len(fit_input(dep, exclude=["A/1/CA"]).rows) > 100


def test_an_atom_without_a_b_factor_is_not_said_to_have_one_of_zero(pdb):
    lines = pdb.read_text().splitlines()
    pdb.write_text("\n".join([lines[0][:60], lines[1][:60] + "  0.00" + lines[1][66:], *lines[2:]]) + "\n")
    with pytest.raises(BFactorRange, match=r"A/1/N \(no B is given\), A/1/CA \(B = 0.00\), expected"):
        fit_input(polystate.Deposition(load(pdb)[0]))


def with_anisou(pdb, wrong: int):
    """Isotropic ANISOU for all atoms of chain A but the one of line `wrong`, whose U no motion has."""
    lines = []
    for k, line in enumerate(pdb.read_text().splitlines()):
        lines.append(line)
        if line.startswith("ATOM") and line[21] == "A":
            u = (2500, 2600, -100, 123, -234, 345) if k == wrong else (2500, 2600, 2400, 0, 0, 0)
            lines.append("ANISOU" + line[6:27] + " " + "".join(f"{v:7d}" for v in u) + line[70:])
    pdb.write_text("\n".join(lines) + "\n")
    return polystate.Deposition(load(pdb)[0])


@pytest.mark.parametrize(("line", "atom"), [(0, "A/1/N"), (2, "A/1/C"), (8, "A/2/C")])
def test_an_atom_whose_u_no_motion_has_is_named(pdb, line, atom):
    """The first atom as well, and the atom itself, not the first of the file."""
    dep = with_anisou(pdb, line)
    with pytest.raises(NotPositiveSemidefinite, match=f"1 atoms, such as {atom},"):
        fit_input(dep)
    assert any("clipped to positive semi-definite: 1 atoms" in note for note in fit_input(dep, psd="clip").notes)
    assert fit_input(dep, exclude=[atom]).anisotropic.sum() > 90


def test_nothing_left_is_refused(data):
    with pytest.raises(NothingToFit):
        fit_input(data.dep, only="C")


def test_one_b_a_residue_is_allowed_and_said(pdb):
    lines = [line[:60] + f"{10 + int(line[22:26]):6.2f}" + line[66:] if line.startswith("ATOM") else line
             for line in pdb.read_text().splitlines()]  # fmt: skip
    pdb.write_text("\n".join(lines) + "\n")
    assert any("group B-factors" in note for note in fit_input(polystate.Deposition(load(pdb)[0])).notes)


def test_the_specification_lists_the_errors_of_a_fit():
    from polystate_conformance.paths import ROOT
    from polystate_tools.echt import errors

    text = (ROOT / "spec" / "17-errors.md").read_text("utf-8").split("## 17.5")[1]
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", text, re.M))
    classes = [c for c in vars(errors).values() if isinstance(c, type) and c.__module__ == errors.__name__]
    assert listed == {c.code for c in classes}
    assert {c.stage for c in classes} == {"semantic"}
