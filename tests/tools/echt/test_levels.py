"""Levels: what goes into which group, and what is refused."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest

import polystate
from polystate.errors import BadRequest, NotPositiveSemidefinite, PolystateError
from polystate_tools.echt.errors import (
    BFactorRange,
    LevelIncomplete,
    LevelOverlap,
    NothingToFit,
    ResidualWithoutTls,
    UnknownLevel,
)
from polystate_tools.echt.fit import fit
from polystate_tools.echt.input import fit_input, load
from polystate_tools.echt.levels import secondary
from polystate_tools.echt.levels.levels import Level, build_levels, without_repeats
from polystate_tools.echt.prepare import prepare
from polystate_tools.echt.solver.points import Settings


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


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("levels: {domain: {groups: [A, B]}}", "#/levels/domain/groups: found a list"),
        ("levels: {domain: {groups: A}}", "#/levels/domain/groups: found 'A'"),
        ("levels: {domain: {groups: {one: null}}}", "#/levels/domain/groups/one: found nothing"),
        ("levels: {domain: {groups: {one: A/x-y}}}", "#/levels/domain/groups/one: found 'x-y'"),
        ("levels: {domain: A}", "#/levels/domain: found 'A'"),
        ("levels: {}", "#/levels: found no levels"),
        ("levels: [", "domains.yaml:1:10: "),
        ("levels: {domain: {groups: {one: A, one: B}}}", "'one' stands twice"),
        ("levels: {domain: {rset: none, groups: {one: A or B}}}", "domain/rset: found an unknown key.*groups, rest"),
        ("level: {}", "found no levels, but level"),
        ("{levels: {d: {groups: {one: A or B}}}, x: 1}", "#/x: found an unknown key"),
        ("levels: {domain: {rest: foo, groups: {one: A}}}", "domain/rest: found foo, expected one of error, group, no"),
        ("levels: {atomic: {groups: {one: A or B}}}", "domains.yaml: found atomic, expected another name"),
        ("levels: {my level/x: {groups: {one: A or B}}}", "found 'my level/x', .* such as my_level_x"),
        ("levels: {Domain: {groups: {one: A or B}}}", "found 'Domain', .* such as domain"),
    ],
)
def test_what_is_wrong_with_a_domain_file_is_named(data, tmp_path, text, named):
    with pytest.raises(PolystateError, match=named):
        build_levels(data, None, domain_file(tmp_path, text))


def test_a_domain_file_in_another_encoding_is_refused(data, tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"levels:\n  domain: {groups: {\xe9: A}}")
    with pytest.raises(BadRequest, match=r"latin.yaml:2:\d+: found not UTF-8"):
        build_levels(data, None, path)


def test_a_level_of_the_file_takes_the_place_of_a_standard_one(data, tmp_path):
    path = domain_file(tmp_path, "levels: {residue: {groups: {one: A/1-12}, rest: group}}")
    assert [level.name for level in build_levels(data, None, path)] == ["residue", "secondary_structure", "sidechain"]
    with pytest.raises(BadRequest, match="no level of it in --levels"):
        build_levels(data, ["chain"], path)


def test_each_level_is_asked_for_once_and_by_its_name(data):
    with pytest.raises(LevelOverlap, match="atomic twice"):
        build_levels(data, ["chain", "atomic", "atomic"])
    with pytest.raises(UnknownLevel, match="an empty name"):
        build_levels(data, [""])


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
    given = prepare(pdb, groups=path)
    assert len(given.data.rows) == 80 and given.names == ["molecule", "part", "atomic"]
    assert len(given.levels[1].names) == 3
    path.write_text("\n".join([*rows, "Z,1,CA,0,0"]) + "\n")
    with pytest.raises(LevelIncomplete, match="Z/1/CA"):
        prepare(pdb, groups=path)
    path.write_text("\n".join([*rows, "A,1,CA,0,0"]) + "\n")
    with pytest.raises(LevelOverlap):
        prepare(pdb, groups=path)


ROWS = ["A,1,N,m,1", "A,1,CA,m,1", "A,2,N,m,2", "A,2,CA,m,2"]


@pytest.mark.parametrize(
    ("header", "rows", "named"),
    [
        ("chain,residue,atom,m,m", ROWS, "levels.csv, header: found m twice"),
        ("chain,residue,atom,m,M", ROWS, "levels.csv, header: found m twice"),
        ("chain,residue,atom,m,Residue_Group", ["A,1,N,m"], "levels.csv:2: found 4 cells, expected 5"),
        ("chain,residue,atom,m,res", [*ROWS, "A,3"], "levels.csv:6: found 2 cells"),
        ("chain,residue,atom,m,res", [*ROWS, "A,3,N,m,1,,"], "levels.csv:6: found 7 cells"),
        ("chain,residue,atom,m,atomic", ROWS, "levels.csv, column 5: found atomic, expected another name"),
        ("chain,residue,atom,my level!,res", ROWS, "column 4: found 'my level!', .* such as my_level"),
        ("chain,residue,atom,,res", ROWS, "column 4: found '',"),
        ("chain;residue;atom;m", ROWS, "found chain;residue;atom;m, expected columns"),
        ("", [], "found no header"),
        ("chain,residue,atom,m", [], "a header and no atom"),
        ("chain,residue,atom,m,res", ["A,1,N,,1", "A,1,CA,,1"], "levels.csv, column m: found no fitted atom"),
        ("chain,residue,atom,m,res", [*ROWS, 'A,3,N,"m,1'], "levels.csv:6: found unexpected end of data"),
        ("chain,residue,atom,m,res", [*ROWS, *ROWS[:1]], r"levels.csv\[6\]: found A/1/N a second time"),
    ],
)
def test_what_is_wrong_with_a_table_is_named(pdb, tmp_path, header, rows, named):
    path = tmp_path / "levels.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    with pytest.raises(PolystateError, match=named):
        prepare(pdb, groups=path)


def test_a_table_may_begin_with_a_byte_order_mark_and_must_be_utf8(pdb, tmp_path):
    path = tmp_path / "levels.csv"
    text = "\r\n".join(["chain,residue,atom,m", "A,1,N,é", "", "A,1,CA,é", ""])
    path.write_bytes(text.encode("utf-8-sig"))
    assert [level.names for level in prepare(pdb, groups=path).levels] == [["A.1"]]
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadRequest, match=r"levels.csv:2: found bytes that are not UTF-8"):
        prepare(pdb, groups=path)


def test_levels_of_a_table_can_be_chosen(pdb, tmp_path):
    path = tmp_path / "levels.csv"
    path.write_text("\n".join(["chain,residue,atom,chain,Residue_Group", *ROWS]) + "\n")
    assert prepare(pdb, groups=path).names == ["chain", "residue", "atomic"]
    assert prepare(pdb, groups=path, levels=["residue"]).names == ["residue"]
    assert prepare(pdb, groups=path, levels=["atomic"]).names == ["atomic"]
    with pytest.raises(UnknownLevel, match="--levels: found foo, expected columns of .*: chain, residue"):
        prepare(pdb, groups=path, levels=["foo"])
    with pytest.raises(BadRequest, match="--groups as well"):
        prepare(pdb, groups=path, domains=path)


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


GROUP = """REMARK   3   TLS GROUP : {id}
REMARK   3    SELECTION: chain {chain}
REMARK   3    ORIGIN FOR THE GROUP (A):   0.0000   0.0000   0.0000
REMARK   3    T TENSOR
REMARK   3      T11:   {t} T22:   0.3000
REMARK   3      T33:   0.3000 T12:   0.0000
REMARK   3      T13:   0.0000 T23:   0.0000
REMARK   3    L TENSOR
REMARK   3      L11:   0.0000 L22:   0.0000
REMARK   3      L33:   0.0000 L12:   0.0000
REMARK   3      L13:   0.0000 L23:   0.0000
REMARK   3    S TENSOR
REMARK   3      S11:   0.0000 S12:   0.0000 S13:   0.0000
REMARK   3      S21:   0.0000 S22:   0.0000 S23:   0.0000
REMARK   3      S31:   0.0000 S32:   0.0000 S33:   0.0000
"""
RESIDUAL = "REMARK   3  U VALUES      : RESIDUAL ONLY\nREMARK   3   NUMBER OF TLS GROUPS  :    2\n"


def test_residual_b_factors_without_their_tls_groups_are_refused(pdb):
    atoms = pdb.read_text()
    pdb.write_text(RESIDUAL + atoms)
    with pytest.raises(ResidualWithoutTls, match="small.pdb: found .* and no TLS groups"):
        load(pdb)
    with pytest.raises(ResidualWithoutTls):
        load(pdb, b_factors="residual")
    total = fit_input(polystate.Deposition(load(pdb, b_factors="total")[0]))
    assert total.mean_b == pytest.approx(fit_input(polystate.Deposition(load(plain(pdb, atoms))[0])).mean_b)


def plain(pdb, atoms):
    path = pdb.with_name("plain.pdb")
    path.write_text(atoms)
    return path


def test_residual_b_factors_of_which_one_group_is_unreadable_are_refused(pdb):
    atoms = pdb.read_text()
    groups = [GROUP.format(id=1, chain="A", t="0.3000"), GROUP.format(id=2, chain="B", t="0.3000")]
    pdb.write_text(RESIDUAL + "".join(groups) + atoms)
    assert fit_input(polystate.Deposition(load(pdb)[0])).mean_b > 8 * np.pi**2 * 0.3
    pdb.write_text(RESIDUAL + groups[0] + GROUP.format(id=2, chain="B", t="******") + atoms)
    with pytest.raises(ResidualWithoutTls, match="without usable numbers: TLS group 2"):
        load(pdb)


def test_a_deposition_says_itself_what_its_b_factors_are(pdb, tmp_path):
    polystate.write(load(pdb)[0], tmp_path / "small.zarr")
    with pytest.raises(BadRequest, match="--b-factors: found .* no such option for a deposition"):
        load(tmp_path / "small.zarr", b_factors="total")


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

    text = (ROOT / "spec" / "17-errors.md").read_text("utf-8").split("## 17.5")[1].split("## ")[0]
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", text, re.M))
    classes = [c for c in vars(errors).values() if isinstance(c, type) and c.__module__ == errors.__name__]
    assert listed == {c.code for c in classes}
    assert {c.stage for c in classes} == {"semantic"}


def test_atoms_without_a_possible_b_are_left_out_where_that_is_asked_for(pdb):
    lines = pdb.read_text().splitlines()
    for k, b in ((0, "  0.00"), (7, "9999.0")):
        lines[k] = lines[k][:60] + b + lines[k][66:]
    pdb.write_text("\n".join(lines) + "\n")
    with pytest.raises(BFactorRange, match="--exclude auto leaves such atoms out"):
        prepare(pdb)
    given = prepare(pdb, exclude=["auto"])
    assert any("2 atoms, A/1/N, A/2/CA" in note for note in given.data.notes)
    left = {given.data.dep.hierarchy.node_label("atom", int(r)) for r in given.data.rows}
    assert "A/1/N" not in left and "A/1/CA" in left and given.choices == {"exclude": ["auto"]}


def test_polymers_can_be_asked_for_without_their_ligands(pdb):
    everything, polymer = prepare(pdb), prepare(pdb, only="polymer")
    assert len(everything.data.rows) == len(polymer.data.rows) + 1 and polymer.data.polymer.all()


def test_the_files_and_selections_of_a_fit_stand_in_its_provenance(pdb, tmp_path):
    domains = tmp_path / "parts.yaml"
    domains.write_text("levels: {part: {rest: group, groups: {one: A/1-8}}}\n")
    result = fit(pdb, domains=domains, only="A/*", settings=Settings(max_steps=2, final_tolerance=1e-2))
    block = result.deposition_tree()["provenance/echt"].attributes
    sha = hashlib.sha256(domains.read_bytes()).hexdigest()
    assert block["inputs"][1] == {"name": "parts.yaml", "sha256": sha, "format": "domains"}
    assert block["choices"]["options"] == {"only": "A/*"}
