"""At the prompt: names that are offered, lines that say something, misuse that gets an answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import polystate
from polystate.errors import AtomNotFound, BadRequest, NotAStore, PolystateError, StateNotFound
from polystate_conformance.paths import CORPUS
from polystate_tools.formats.known import STRUCTURES


@pytest.fixture(scope="module")
def crambin() -> polystate.Deposition:
    return polystate.open(CORPUS / "1ejg.zarr.zip")


def test_every_name_of_the_package_is_offered_and_there():
    assert set(dir(polystate)) == {*polystate.__all__, "__version__"}
    assert all(getattr(polystate, name) for name in dir(polystate))


def test_a_deposition_says_what_it_is(crambin):
    assert repr(crambin) == "Deposition 1EJG: 660 atoms, 16 sites, 221184 joint states, levels aadp, iadp"
    mixed = repr(polystate.open(CORPUS / "mixed.zarr.zip"))
    assert "21 atoms" in mixed and "axis frame of 5" in mixed and "levels tls, b" in mixed and "…" in mixed
    assert "<td>221184 joint states</td>" in crambin._repr_html_()


def test_a_deposition_that_is_not_valid_says_so_and_does_not_raise():
    root = polystate.Group({"format_version": "0.1.0", "title": "<b>"})
    broken = polystate.Deposition({"": root})
    assert "not valid" in repr(broken) and "&lt;b&gt;" in broken._repr_html_()


def test_a_rendering_says_what_it_is(crambin):
    assert repr(crambin.render(psd="clip", draw=polystate.Draw(7))).endswith("atoms, 16 states, draw 7:0")
    assert "frame=1" in repr(polystate.open(CORPUS / "mixed.zarr.zip").render(at={"frame": 1}))


def test_atoms_may_be_a_selection(crambin):
    some = crambin.select("A/1-5/CA")
    assert (crambin.covariance(atoms="A/1-5/CA") == crambin.covariance(atoms=some)).all()
    assert (crambin.render(atoms="A/1-5/CA").atom_id == some).all()


def test_a_joint_state_may_be_one_that_was_listed(crambin):
    for joint, named in zip(crambin.states.joints(), crambin.states.legal(), strict=False):
        assert crambin.render(state=joint).state == crambin.render(state=named).state == named
        if joint.sum() > 1:
            break


@pytest.mark.parametrize("asked, error, said", [
    ({"draw": 7}, BadRequest, "polystate.Draw(seed=7, index=0)"),
    ({"draw": (7, 0)}, BadRequest, "polystate.Draw(seed=7, index=0)"),
    ({"state": "A"}, BadRequest, "{variable: label}"),
    ({"state": np.zeros(3, int)}, BadRequest, "states.joints()"),
    ({"state": np.full(16, 99)}, StateNotFound, "index of one of its states"),
    ({"atoms": "Q/1"}, AtomNotFound, "a selection of some"),
])  # fmt: skip
def test_misuse_is_told_what_is_expected(crambin, asked, error, said):
    with pytest.raises(error) as refused:
        crambin.render(**asked)
    assert isinstance(refused.value, PolystateError) and said in str(refused.value)


def test_a_plan_for_a_backend_that_there_is_not(crambin):
    with pytest.raises(BadRequest, match="numba or torch"):
        crambin.plan(backend="foo")


@pytest.mark.parametrize("name", ["x.cif.gz", "X.BCIF", *("x" + suffix for suffix in STRUCTURES)])
def test_a_structure_file_is_imported_first(name):
    with pytest.raises(NotAStore, match="polystate import"):
        polystate.open(name)


def test_type_checkers_see_what_the_lazy_names_are(tmp_path):
    program = tmp_path / "user.py"
    program.write_text(
        'import polystate\ndep = polystate.open("6vxx.zarr")\nreveal_type(dep.covariance())\ndep.rendr()\n'
    )
    command = [sys.executable, "-m", "mypy", "--no-incremental", "--follow-imports=silent", str(program)]
    where = {**os.environ, "MYPYPATH": str(Path(polystate.__file__).parent.parent)}  # editable, it is found by a hook
    found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=where)
    assert 'Revealed type is "numpy.ndarray' in found.stdout, found.stdout + found.stderr
    assert '"Deposition" has no attribute "rendr"; maybe "render"' in found.stdout


def test_what_a_deposition_gives_says_what_it_is(crambin):
    assert repr(crambin.descriptors["altloc"]) == "Descriptor altloc: discrete, mode B, categorical_state"
    assert repr(crambin.moments()).startswith("Moments: 660 atoms, sum of states, ")
    mixed = polystate.open(CORPUS / "mixed.zarr.zip")
    assert repr(mixed.descriptors["tls"]).endswith("parametric_gaussian/tls_v1")
    assert repr(crambin.plan()).startswith("Plan: 660 atoms, parameters aadp (")


def test_a_site_without_its_descriptor_is_told_its_whole_name(crambin):
    with pytest.raises(PolystateError, match=r"state/A.22: found A.22, expected one of altloc/A.22 "):
        crambin.render(state={"A.22": "B"})
