"""Scenes: what the scripts open lies beside them, selections hold the atoms of the states, levels sum to the whole."""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import zipfile
from pathlib import Path

import gemmi
import numpy as np
import pytest

import polystate
from polystate.errors import PolystateError
from polystate_conformance.paths import CORPUS
from polystate_tools import cli
from polystate_tools.scenes.chimerax import script as chimerax
from polystate_tools.scenes.pymol import script as pymol
from polystate_tools.scenes.scene import Names, remark, scene
from polystate_tools.scenes.writing import write_scene


def of(name: str) -> polystate.Deposition:
    return polystate.open(CORPUS / f"{name}.zarr.zip")


def atoms(content: bytes) -> gemmi.cif.Table:
    block = gemmi.cif.read_string(content.decode()).sole_block()
    columns = ["id", "auth_asym_id", "auth_seq_id", "label_alt_id", "label_atom_id", "B_iso_or_equiv"]
    return block.find("_atom_site.", columns)


@pytest.mark.parametrize("name", ["1ejg", "scenario-crystal", "scenario-multiconformer"])
def test_levels_sum_to_the_whole(name):
    made = scene(of(name), "x")
    b = [np.array([float(row[5]) for row in atoms(layer.content)]) for layer in made.layers]
    assert len(b) > 1 and np.allclose(sum(b[1:]), b[0], atol=0.011 * len(b))  # B is written with two decimals


def test_the_selection_of_a_state_is_its_atoms():
    made = scene(of("1ejg"), "x")
    table = [tuple(row) for row in atoms(made.whole.content)]
    states = [state for place in made.places for state in place.states]
    assert len(states) > 30
    for state in states:
        chosen = {
            int(row[0]) - 1
            for row in table
            for part in state.parts
            if (row[1], row[3].replace(".", "")) == (part.chain, part.altloc)
            and row[2] in part.residues
            and (not part.atoms or gemmi.cif.as_string(row[4]) in part.atoms)
        }
        assert chosen == set(state.rows.tolist())
    at_22 = next(place for place in made.places if place.name == "altloc/A.22")
    assert [(s.label, len(s.rows), s.parts[0].residues) for s in at_22.states][1:] == [
        ("B", 6, ("22",)),
        ("C", 6, ("22",)),
    ]


@pytest.mark.parametrize("name", ["1ejg", "mixed", "1l2y", "nested-loop", "7k3t-echt"])
def test_what_a_script_of_pymol_loads_lies_beside_it(name, tmp_path):
    report = write_scene(of(name), tmp_path / "a view.pml")
    text = (tmp_path / "a view.pml").read_text()
    loaded = re.findall(r"beside, '([^']+)'", text)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["a view.pml", *loaded])
    assert report.files[-1] == str(tmp_path / "a view.pml")
    for block in re.findall(r"^python\n(.*?)^python end", text, re.M | re.S):
        lists = [node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.List)]
        numbers = [float_.value for made in lists for float_ in ast.walk(made) if isinstance(float_, ast.Constant)]
        assert all(isinstance(x, float) for x in numbers) and len(numbers) % 14 == 0  # 9.0 is a cylinder, 9 is nothing
    assert len(re.findall("^scene .*store", text, re.M)) == len(loaded)


@pytest.mark.parametrize("name", ["1ejg", "1l2y", "7k3t-echt"])
def test_what_commands_of_chimerax_open_lies_beside_them(name, tmp_path):
    write_scene(of(name), tmp_path / "view.cxc")
    text = (tmp_path / "view.cxc").read_text()
    opened = re.findall(r'^open "([^"]+)" name \w+$', text, re.M)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["view.cxc", *opened])
    aliases = re.findall(r"^alias (\w+) ", text, re.M)
    assert len(aliases) == len(set(aliases))
    for bild in tmp_path.glob("*.bild"):
        cylinders = [line.split() for line in bild.read_text().splitlines() if line.startswith(".cylinder")]
        assert cylinders and all(len(words) == 8 for words in cylinders)


@pytest.mark.parametrize(
    ("name", "snapshots"), [("1ejg", 1 + 2 + 35), ("1l2y", 1 + 38 + 1), ("scenario-crystal", None)]
)
def test_an_archive_is_one_of_molviewspec(name, snapshots, tmp_path):
    mvs = pytest.importorskip("molviewspec")
    write_scene(of(name), tmp_path / "view.mvsx")
    with zipfile.ZipFile(tmp_path / "view.mvsx") as packed:
        assert packed.testzip() is None
        index = packed.read("index.mvsj").decode()
        read = mvs.MVSJ.loads(index).data
        assert snapshots is None or len(read.snapshots) == snapshots
        assert set(re.findall(r'"url":"([^"]+)"', index)) <= set(packed.namelist())
        ids = {int(row[0]) for row in atoms(packed.read("view.cif"))}
    assert {int(number) for number in re.findall(r'"atom_id":(\d+)', index)} <= ids
    keys = [snapshot["metadata"]["key"] for snapshot in json.loads(index)["snapshots"]]
    assert len(keys) == len(set(keys))


def test_ellipsoids_hold_half_of_all_draws():
    pytest.importorskip("molviewspec")
    from scipy.stats import chi2

    from polystate_tools.scenes.molviewspec import archive

    made = scene(of("scenario-crystal"), "x")
    index = json.loads(zipfile.ZipFile(io.BytesIO(archive(made))).read("index.mvsj"))
    text = json.dumps(index["snapshots"][1])
    radii = [float(r) for r in re.search(r'"kind": "ellipsoid".*?"radius": \[([^]]+)\]', text)[1].split(",")]
    largest = np.sqrt(np.linalg.eigvalsh(made.levels[0].u).max(axis=1) * chi2.ppf(0.5, 3))
    assert np.abs(largest - radii[0]).min() < 1e-3 and radii == sorted(radii, reverse=True)


def test_axes_are_those_of_the_groups_that_turn_most():
    made = scene(of("7k3t-echt"), "x")
    level = next(layer for layer in made.levels if layer.name == "echt.chain")
    tls = np.asarray(of("7k3t-echt").descriptors["echt.chain"].array("tls"), float)[0]
    lib = tls[20] * np.array([[tls[6], tls[9], tls[10]], [tls[9], tls[7], tls[11]], [tls[10], tls[11], tls[8]]])
    direction = level.axes[0].end - level.axes[0].start
    turned = lib @ direction
    assert np.allclose(turned / np.linalg.norm(turned), direction / np.linalg.norm(direction))
    degrees = np.degrees(np.sqrt(np.linalg.eigvalsh(lib).max()))
    assert f"{degrees:.2f} degrees" in level.axes[0].said


def test_text_of_a_deposition_runs_nothing():
    tree = dict(of("altloc-nested").tree)
    root = tree[""]
    hostile = "x\npython\nimport os; os.abort()\npython end\n\\"
    tree[""] = polystate.Group({**root.attributes, "title": hostile}, root.arrays, root.tables)
    before = pymol(scene(of("altloc-nested"), "x")).splitlines()
    after = pymol(scene(polystate.Deposition(tree), "x")).splitlines()
    assert len(before) == len(after) and after[0].startswith("# ") and ";" not in after[0]
    assert remark("a\u2028b\r;c") == "a b c"


@pytest.mark.parametrize("name", ["7k3t-echt", "altloc-nested"])
def test_no_comment_holds_a_semicolon_which_would_run_what_follows(name):
    made = scene(of(name), "x")
    for text in (pymol(made), chimerax(made)):
        assert not [line for line in text.splitlines() if line.startswith("#") and ";" in line]


def test_names_of_selections_differ():
    named = Names()
    assert [named(n) for n in ("a.b", "a/b", "A_b", "//")] == ["a_b", "a_b_2", "A_b_3", "x"]


def test_a_scene_refuses_what_it_would_pass_over(tmp_path, monkeypatch, capsys):
    for words, said in (
        (["--draws", "3", "view.pml"], "--draws"),
        (["--gaussian", "records", "view.cxc"], "--gaussian"),
    ):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["polystate", "export", str(CORPUS / "mixed.zarr.zip"), *words])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
        assert leaving.value.code == 2 and said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_way_stops_all_of_a_scene(tmp_path):
    (tmp_path / "view.cif").write_text("mine")
    with pytest.raises(PolystateError, match="view.cif"):
        write_scene(of("mixed"), tmp_path / "view.pml")
    assert [p.name for p in tmp_path.iterdir()] == ["view.cif"] and (tmp_path / "view.cif").read_text() == "mine"
    write_scene(of("mixed"), tmp_path / "view.pml", overwrite=True)
    assert Path(tmp_path / "view.pml").exists()
