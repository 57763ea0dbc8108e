"""Catalogues: what they hold is what each entry says, renewed where it changed, the same however often it stopped."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import polystate
from polystate.errors import BadRequest, NotAStore
from polystate_conformance.paths import CORPUS
from polystate_tools import cli
from polystate_tools.archive import catalogue
from polystate_tools.archive.asking import ask
from polystate_tools.archive.catalogue import build, has_catalogue
from polystate_tools.archive.tables import TABLES, VIEWS
from polystate_tools.bridges.query import query

pytest.importorskip("duckdb")
FIT, ALTERNATES, DECODER, TRAJECTORY = "7k3t-echt", "altloc-nested", "mixed", "1l2y"


@pytest.fixture
def archive(tmp_path) -> Path:
    """A fit, nested alternates, a decoder without a closed form, a bundle in a folder below, and no zip."""
    folder = tmp_path / "archive"
    (folder / "nmr").mkdir(parents=True)
    for name in (FIT, ALTERNATES, DECODER):
        shutil.copy(CORPUS / f"{name}.zarr.zip", folder)
    polystate.write(polystate.open(CORPUS / f"{TRAJECTORY}.zarr.zip").tree, folder / "nmr" / f"{TRAJECTORY}.zarr")
    (folder / "bad.zarr.zip").write_text("no zip")
    return folder


def files(archive: Path) -> dict[str, bytes]:
    """The catalogue, byte by byte."""
    folder = archive / "catalogue"
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def entries(archive: object) -> dict[str, dict[str, Any]]:
    return {row["entry"]: row for row in ask(str(archive), "SELECT * FROM entries").to_pylist()}


def test_every_table_says_of_each_entry_what_the_entry_says(here, archive):
    """The same SQL over one entry and over all: the rows of that entry, value by value."""
    build(str(archive))
    for name in (*TABLES, *VIEWS):
        for entry, path in (
            (FIT, f"{FIT}.zarr.zip"),
            (ALTERNATES, f"{ALTERNATES}.zarr.zip"),
            ("nmr/1l2y", "nmr/1l2y.zarr"),
        ):
            dep = polystate.open(archive / path)
            where = "WHERE scope <> 'atom'" if name == "groups" else ""
            own = query(dep, f"SELECT * FROM {name} {where}").to_pylist()
            columns = ", ".join(f'"{c}"' for c in (own[0] if own else ["entry"]))
            of_all = ask(str(archive), f"SELECT {columns} FROM {name} WHERE entry = '{entry}'").to_pylist()
            assert str(of_all) == str(own), name  # as text, where not-a-number is what it is


def test_questions_over_all_entries(here, archive):
    assert build(str(archive)).failed == 1
    found = entries(archive)
    assert sorted(found) == sorted([FIT, ALTERNATES, "bad", DECODER, "nmr/1l2y"])
    assert found["bad"]["code"] == "not-a-store" and found["bad"]["atoms"] is None
    assert (found[ALTERNATES]["joint_states"], found[FIT]["fitted"], found["nmr/1l2y"]["joint_states"]) == (5, True, 38)
    assert found["nmr/1l2y"]["path"] == "nmr/1l2y.zarr"
    assert found[DECODER]["unanswered"].startswith("moments: descriptors/hinge")
    rmsf = ask(str(archive), "SELECT entry, count(rmsf) AS n FROM residues GROUP BY entry").to_pylist()
    assert {row["entry"]: row["n"] > 0 for row in rmsf} == {
        FIT: True, ALTERNATES: True, DECODER: False, "nmr/1l2y": True,
    }  # fmt: skip
    top = "SELECT entry, name FROM groups WHERE descriptor = 'echt.residue' ORDER BY amplitude DESC LIMIT 3"
    assert {row["entry"] for row in ask(str(archive), top).to_pylist()} == {FIT}
    share = ask(str(archive), "SELECT sum(share) AS all, max(certificate) AS gap FROM fits").to_pylist()[0]
    assert share["all"] == pytest.approx(100) and 0 <= share["gap"] < 1e-3


def test_only_what_changed_is_looked_at_again(here, archive, monkeypatch):
    monkeypatch.setattr(catalogue, "MOST", 1)
    looked: list[str] = []
    look = catalogue._look
    monkeypatch.setattr(catalogue, "_look", lambda part, entry: looked.append(entry) or look(part, entry))
    first = build(str(archive))
    assert (first.entries, first.made, first.kept) == (5, 5, 0) and len(looked) == 5
    before = files(archive)
    looked.clear()
    assert (build(str(archive)).kept, looked) == (4, ["bad"]) and files(archive) == before
    shutil.copy(CORPUS / "3dg1.zarr.zip", archive / "bad.zarr.zip")
    (archive / f"{DECODER}.zarr.zip").unlink()
    looked.clear()
    assert (build(str(archive)).made, looked) == (1, ["bad"])
    assert sorted(entries(archive)) == sorted([FIT, ALTERNATES, "bad", "nmr/1l2y"])
    looked.clear()
    assert build(str(archive), again=True).kept == 0 and len(looked) == 4


def test_however_it_was_stopped_and_grown_the_files_are_the_same(here, archive, tmp_path, monkeypatch):
    """Stopped after each part in turn and called again; and grown from one entry to five."""
    monkeypatch.setattr(catalogue, "MOST", 1)
    (archive / "bad.zarr.zip").unlink()
    whole, grown = tmp_path / "whole", tmp_path / "grown"
    shutil.copytree(archive, whole)
    build(str(whole))
    make = catalogue._make

    def stopped(part):
        make(part)
        raise KeyboardInterrupt

    for _ in range(10):
        with monkeypatch.context() as patched:
            patched.setattr(catalogue, "_make", stopped)
            try:
                build(str(archive))
                break
            except KeyboardInterrupt:
                assert not has_catalogue(str(archive))
    build(str(archive))
    assert files(archive) == files(whole)
    grown.mkdir()
    for path in sorted(archive.glob("*.zip")):
        shutil.copy(path, grown)
        build(str(grown))
    shutil.copytree(archive / "nmr", grown / "nmr")
    for _ in range(2):  # what the catalogue before the last one had is removed by the next
        build(str(grown))
    assert files(grown) == files(whole)


def test_an_entry_that_kills_who_looks_at_it_is_a_row(here, archive, monkeypatch):
    opened = polystate.open

    def deadly(path):
        if "mixed" in str(path):
            raise SystemExit
        return opened(path)

    monkeypatch.setattr(catalogue.polystate, "open", deadly)
    assert build(str(archive)).failed == 2
    assert {n: r["code"] for n, r in entries(archive).items() if r["code"]} == {
        "bad": "not-a-store", "mixed": "worker-lost",
    }  # fmt: skip


def test_an_archive_without_entries_answers_with_no_rows(here, tmp_path):
    build(str(tmp_path))
    for name in (*TABLES, *VIEWS):
        assert ask(str(tmp_path), f"SELECT * FROM {name}").num_rows == 0


def test_on_an_object_store_it_is_the_same(here, archive):
    """fsspec's memory, which writes as object stores do: zips and stores of many files, catalogue beside them."""
    fsspec = pytest.importorskip("fsspec")
    fs = fsspec.filesystem("memory")
    fs.put(str(archive), "/bucket/archive", recursive=True)
    build(str(archive))
    try:
        built = build("memory://bucket/archive")
        assert (built.entries, built.failed) == (5, 1)
        assert build("memory://bucket/archive").kept == 4
        question = "SELECT entry, path, digest, mean_b FROM entries ORDER BY entry"
        assert ask("memory://bucket/archive", question) == ask(str(archive), question)
        assert has_catalogue("memory://bucket/archive") and not has_catalogue("memory://bucket")
        fs.pipe_file("/bucket/archive/bad.zarr.zip", (CORPUS / "1ejg.zarr.zip").read_bytes())
        assert build("memory://bucket/archive").failed == 0
    finally:
        fs.rm("/bucket", recursive=True)


def test_a_catalogue_is_asked_over_http_and_not_built_there(here, archive):
    pytest.importorskip("aiohttp")
    build(str(archive))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(archive))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        assert ask(address, "SELECT count(*) AS n FROM entries").to_pylist() == [{"n": 5}]
        with pytest.raises(BadRequest, match="no leave to write"):
            build(address, again=True)
    finally:
        server.shutdown()
        server.server_close()


def test_what_a_question_may_not_do(here, archive):
    build(str(archive))
    for sql in (
        "SELECT * FROM read_csv('/etc/passwd')", "COPY entries TO 'x.csv'", "SELECT 1; SELECT 2",
        "SELECT * FROM atoms", "INSTALL httpfs",
    ):  # fmt: skip
        with pytest.raises(BadRequest):
            ask(str(archive), sql)
    with pytest.raises(BadRequest, match="no catalogue"):
        ask(str(archive / "nmr"), "SELECT 1")
    with pytest.raises(NotAStore, match="polystate\\[remote\\]"):
        ask("nosuchscheme://x/y", "SELECT 1")


def test_the_command_builds_and_query_asks(here, archive, monkeypatch, capsys, tmp_path):
    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["polystate", "--quiet", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
        said = capsys.readouterr()
        return int(leaving.value.code or 0), said.out, said.err

    status, out, err = command("catalogue", "build", archive)
    assert status == 1 and "5 entries, 5 new or changed, 0 as before, 1 cannot be read" in out and "bad" in err
    (archive / "bad.zarr.zip").unlink()
    status, out, _ = command("catalogue", "build", archive, "--json")
    assert status == 0 and json.loads(out)["kept"] == 4
    status, out, _ = command("query", archive, "SELECT entry FROM entries WHERE fitted", "--json")
    assert (status, json.loads(out)) == (0, [{"entry": FIT}])
    assert (
        command("query", archive / "mixed.zarr.zip", "SELECT count(*) AS n FROM sites", "--json")[1] == '[{"n": 1}]\n'
    )
    assert command("catalogue", "build", tmp_path / "none")[0] == 2
