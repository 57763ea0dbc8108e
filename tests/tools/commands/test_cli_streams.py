"""Standard input and output for -, structure files from render, and what every verb has."""

from __future__ import annotations

import gzip
import subprocess
import sys

import gemmi
import numpy as np
import pytest

import polystate
from polystate.errors import PolystateError
from polystate_conformance.paths import CORPUS

ENTRY = str(CORPUS / "scenario-crystal.zarr.zip")
CRAMBIN = str(CORPUS / "1ejg.zarr.zip")


def called(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "polystate_tools.cli", *words], input=given, capture_output=True)


def test_a_structure_goes_out_and_comes_in_by_the_streams(tmp_path):
    out = called("export", ENTRY, "-", "--format", "mmcif")
    assert out.returncode == 0 and b"records" in out.stderr
    assert gemmi.cif.read_string(out.stdout.decode()).sole_block().find_values("_atom_site.id")
    there = called("import", "-", str(tmp_path / "a.zarr"), given=gzip.compress(out.stdout))
    assert there.returncode == 0, there.stderr
    assert polystate.open(tmp_path / "a.zarr").n_atoms == polystate.open(ENTRY).n_atoms


def test_a_text_form_comes_in_by_standard_input(tmp_path):
    text = (CORPUS / "sources" / "nested-loop.yaml").read_bytes()
    assert called("build", "-", str(tmp_path / "a.zarr"), given=text).returncode == 0
    golden = polystate.open(CORPUS / "nested-loop.zarr.zip")
    assert polystate.open(tmp_path / "a.zarr").digest() == golden.digest()
    wrong = called("build", "-", str(tmp_path / "b.zarr"), given=b"a: [")
    assert wrong.returncode == 2 and b"standard input:1:5:" in wrong.stderr


@pytest.mark.parametrize("words", [["-"], ["-", "--format", "pdb", "--json"], ["-", "--format", "h5md"]])
def test_a_stream_without_a_format_or_with_a_second_reader_is_refused(words):
    refused = called("export", ENTRY, *words)
    assert refused.returncode == 2 and refused.stdout == b"" and b"found" in refused.stderr


def test_render_writes_the_state_as_a_structure_file(tmp_path):
    done = called("render", CRAMBIN, "-o", str(tmp_path / "b.cif"), "--state", "altloc/A.22=B")
    assert done.returncode == 0, done.stderr
    at_22 = gemmi.read_structure(str(tmp_path / "b.cif"))[0]["A"]["22"]
    found = [(residue.name, atom.name) for residue in at_22 for atom in residue]
    assert ("SER", "CA") in found and ("PRO", "CA") not in found  # proline and serine share their N
    assert {atom.altloc for residue in at_22 for atom in residue} == {"\0"}
    snap = polystate.open(CRAMBIN).render({"altloc/A.22": "B"})
    table = gemmi.cif.read(str(tmp_path / "b.cif")).sole_block().find("_atom_site.", [f"Cartn_{x}" for x in "xyz"])
    written = np.array([[float(x) for x in row] for row in table])
    assert np.abs(written - snap.xyz[snap.present]).max() < 0.00051


def test_a_rendering_with_absent_atoms_as_nan_is_no_structure_file(tmp_path):
    refused = called("render", CRAMBIN, "-o", str(tmp_path / "b.pdb"), "--nan")
    assert refused.returncode == 2 and b"--nan" in refused.stderr and not list(tmp_path.iterdir())


def test_several_descriptions_are_named():
    said = called("describe", ENTRY, CRAMBIN).stdout.decode()
    assert said.index(f"{ENTRY}:") < said.index(f"{CRAMBIN}:")


def test_indefinite_covariances_are_of_atoms_with_names():
    dep = polystate.open(CRAMBIN)
    with pytest.raises(PolystateError, match="the U of A/2/OG1, A/10/NH2, ") as refused:
        dep.render(draw=polystate.Draw(7, 0))
    assert "draw key" not in str(refused.value)
