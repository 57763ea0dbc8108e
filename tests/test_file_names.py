"""A test is found by its name: no two files share one, and each is imported by its place from the repository's root."""

from __future__ import annotations

from collections import Counter

from polystate_conformance.paths import ROOT

FILES = sorted((ROOT / "tests").rglob("*.py"))


def test_no_two_files_have_one_name() -> None:
    names = Counter(file.name for file in FILES if file.name not in ("__init__.py", "conftest.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_folder_is_a_package_and_none_changes_the_search_path() -> None:
    assert [f.parent for f in FILES if not (f.parent / "__init__.py").exists()] == []
    hack = "sys." + "path"
    assert [str(f) for f in FILES if hack in f.read_text("utf-8")] == []
