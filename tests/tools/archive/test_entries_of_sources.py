"""Which entries a folder, a pattern, a layout and a list name, and which of two of one name is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from polystate.errors import BadRequest
from polystate_tools.archive.sources import DEPOSITIONS, Entry, entries, name_of
from polystate_tools.formats.known import STRUCTURES


def made(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def names(source: str, suffixes: tuple[str, ...] = STRUCTURES) -> dict[str, str]:
    return {entry.name: Path(entry.source).name for entry in entries(source, suffixes).entries}


def test_a_folder_has_its_structure_files_by_name(tmp_path):
    made(tmp_path, "b.pdb", "a.cif.gz", "c.ENT", "notes.md", ".hidden.cif", "below/d.cif", "7k3t-prepared-H.pdb")
    assert names(str(tmp_path)) == {
        "7k3t-prepared-H": "7k3t-prepared-H.pdb", "a": "a.cif.gz", "b": "b.pdb", "c": "c.ENT",
    }  # fmt: skip
    assert names(f"{tmp_path}/**/*.cif") == {"d": "d.cif"}
    with pytest.raises(BadRequest, match="no entry"):
        entries(str(tmp_path), DEPOSITIONS)


def test_of_two_of_one_name_the_format_that_says_more_is_taken_and_the_other_named(tmp_path):
    made(tmp_path, "1l2y.pdb", "1l2y.cif", "1l2y.cif.gz", "x.pdb")
    found = entries(str(tmp_path), STRUCTURES)
    assert [Path(e.source).name for e in found.entries] == ["1l2y.cif", "x.pdb"]
    passed = [(Path(e.source).name, Path(taken.source).name) for e, taken in found.passed_over]
    assert passed == [("1l2y.cif.gz", "1l2y.cif"), ("1l2y.pdb", "1l2y.cif")]
    assert names(f"{tmp_path}/*.pdb") == {"1l2y": "1l2y.pdb", "x": "x.pdb"}


def test_a_layout_names_entries_by_what_stands_at_the_id(tmp_path):
    made(
        tmp_path,
        "vx/pdb6vxx.ent.gz",
        "ej/pdb1ejg.ent.gz",
        "ej/other.ent.gz",
        "6vxx/6vxx_final.cif",
        "6vxx/1abc_final.cif",
    )
    assert names(f"{tmp_path}/*/pdb{{id}}.ent.gz") == {"1ejg": "pdb1ejg.ent.gz", "6vxx": "pdb6vxx.ent.gz"}
    assert names(f"{tmp_path}/{{id}}/{{id}}_final.cif") == {"6vxx": "6vxx_final.cif"}


def test_a_list_names_paths_addresses_and_entries_of_the_archive(tmp_path):
    made(tmp_path, "in/a.cif")
    (tmp_path / "list.txt").write_text("# mine\nin/a.cif\npdb:6VXX  # by id\nhttps://example.org/x/b.zarr.zip\n\n")
    assert entries(str(tmp_path / "list.txt"), STRUCTURES).entries == [
        Entry("6vxx", "pdb:6vxx"),
        Entry("a", str(tmp_path / "in/a.cif")),
        Entry("b", "https://example.org/x/b.zarr.zip"),
    ]


def test_stores_are_entries_of_a_folder_and_of_themselves(tmp_path):
    made(tmp_path, "a.zarr/zarr.json", "b.zarr.zip", "c.zip", "d.cif")
    assert names(str(tmp_path), DEPOSITIONS) == {"a": "a.zarr", "b": "b.zarr.zip", "c": "c.zip"}
    assert names(str(tmp_path / "a.zarr"), DEPOSITIONS) == {"a": "a.zarr"}


@pytest.mark.parametrize("source", ["nothing", "no/{id}.cif", "*.cif"])
def test_a_source_without_an_entry_is_refused(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadRequest):
        entries(source, STRUCTURES)


def test_names_have_no_suffix_of_a_format():
    found = [
        name_of(p) for p in ("a/1abc.cif.gz", "1abc.zarr.zip", "s3://b/1abc.zarr/", "6vxx.echt.zarr", "x.y", ".cif")
    ]
    assert found == ["1abc", "1abc", "1abc", "6vxx.echt", "x.y", ".cif"]
