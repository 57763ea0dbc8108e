"""build and convert: nothing invalid is written, and nothing that a copy needs is left behind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import polystate
from polystate.errors import AlreadyExists, SchemaError
from polystate_conformance.paths import CORPUS
from polystate_tools.cli import application

GOOD = {
    "hierarchy": {
        "atoms": {"residue": [0], "name": ["CA"], "element": ["C"]},
        "residues": {"chain": [0], "comp": ["ALA"], "label_seq": [1], "auth_seq": [1]},
        "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
        "entities": {"type": ["polymer"], "description": [""], "sequence": [""]},
    },
    "reference": {"x_ref": [[0, 0, 0]]},
}


def call(*words: object) -> Result:
    return CliRunner().invoke(application(str(words[0])), [str(w) for w in words])


@pytest.fixture
def text(tmp_path: Path) -> Path:
    return tmp_path / "d.yaml"


@pytest.mark.parametrize("content, said", [
    (b"a: [1\nb: 2", r"d\.yaml:2:2: found .*expected the text form"),
    (b"\xff\xfe\x00", "not UTF-8"), (b"\x89PNG\r\n", "not UTF-8"), (b"", "found nothing"), (b"5", "no object but 5"),
    (b"hierarchy: {atoms: 5}", "a mapping"), (b"descriptors: {a: 3}", "a mapping"),
])  # fmt: skip
def test_what_is_no_text_form_is_refused(content, said, text, tmp_path):
    text.write_bytes(content)
    done = call("build", text, tmp_path / "o.zarr")
    assert isinstance(done.exception, SchemaError)
    with pytest.raises(SchemaError, match=said):
        raise done.exception
    assert list(tmp_path.iterdir()) == [text]


def test_a_structure_file_is_for_import(tmp_path):
    (tmp_path / "d.cif").write_text("data_x\nloop_\n_a.b\n")
    assert "polystate import reads .cif" in str(call("build", tmp_path / "d.cif", tmp_path / "o.zarr").exception)


@pytest.mark.parametrize("change, code", [
    ({"hierarchy": GOOD["hierarchy"] | {"cell": {"a": -1}}}, "schema-violation"),
    ({"reference": {"x_ref": [["NaN", 0, 0]]}}, "non-finite"),
])  # fmt: skip
def test_what_is_not_valid_is_written_only_when_asked_for(change, code, text, tmp_path):
    text.write_text(json.dumps(GOOD | change))
    done = call("build", text, tmp_path / "o.zarr")
    assert done.exit_code == 2 and code in done.stderr and "nothing is written" in done.stderr
    assert list(tmp_path.iterdir()) == [text]
    done = call("build", text, tmp_path / "o.zarr", "--invalid")
    assert done.exit_code == 0 and code in done.stderr
    assert {e.code for e in polystate.open(tmp_path / "o.zarr").validate().errors} == {code}


def test_what_is_valid_is_written(text, tmp_path):
    text.write_text(json.dumps(GOOD))
    done = call("build", text, tmp_path / "deep" / "o.zarr.zip")
    assert (done.exit_code, done.stderr) == (0, "") and polystate.open(tmp_path / "deep" / "o.zarr.zip").n_atoms == 1


def test_a_copy_has_beside_it_what_it_refers_to(tmp_path):
    out = tmp_path / "else" / "m.zarr"
    done = call("convert", CORPUS / "mixed.zarr.zip", out)
    assert done.exit_code == 0 and "mixed-ligand.h5md" in done.stderr
    assert polystate.open(out).validate(artifacts=True).valid
    assert polystate.open(out).render(at={"frame": 1}).present.all()
    again = call("convert", CORPUS / "mixed.zarr.zip", out, "-y")
    assert (again.exit_code, again.stderr) == (0, "")


def test_another_file_of_that_name_is_kept(tmp_path):
    (tmp_path / "mixed-ligand.h5md").write_text("mine")
    done = call("convert", CORPUS / "mixed.zarr.zip", tmp_path / "m.zarr")
    assert isinstance(done.exception, AlreadyExists) and "mixed-ligand.h5md" in str(done.exception)
    assert [p.name for p in tmp_path.iterdir()] == ["mixed-ligand.h5md"]


def test_what_cannot_be_copied_is_named(tmp_path):
    shutil.copy(CORPUS / "mixed.zarr.zip", tmp_path / "m.zarr.zip")
    done = call("convert", tmp_path / "m.zarr.zip", tmp_path / "else" / "m.zarr")
    assert done.exit_code == 0 and "warning: file:mixed-ligand.h5md of descriptors/ligand is not copied" in done.stderr
