"""An import is a valid deposition, or an error that takes the blame and leaves nothing behind."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from polystate.errors import PolystateError
from polystate_tools.cli import application
from polystate_tools.formats import import_file
from polystate_tools.formats import importing as build
from tests.tools.formats.cif_text import cif
from tests.tools.formats.pdb_text import residue_lines


@pytest.mark.parametrize("name", ["a.pdb", "a.cif"])
def test_an_import_that_would_be_invalid_takes_the_blame_and_writes_nothing(tmp_path, monkeypatch, name):
    text = cif({}, {}) if name.endswith("cif") else "\n".join([*residue_lines(), "END", ""])
    (tmp_path / name).write_text(text)
    made = build._document
    monkeypatch.setattr(build, "_document", lambda *given: {**made(*given), "entry": {"method": "x"}})
    with pytest.raises(PolystateError) as found:
        import_file(tmp_path / name)
    assert found.value.code == "invalid-import" and found.value.where == name
    assert "fault of the importer" in str(found.value) and "#/entry" in str(found.value.found)
    result = CliRunner().invoke(application("import"), ["import", str(tmp_path / name), str(tmp_path / "out.zarr")])
    assert result.exit_code != 0
    assert [p.name for p in tmp_path.iterdir()] == [name]
