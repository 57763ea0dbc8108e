"""Entries from a (local) server, and the two commands as people type them."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from typer.testing import CliRunner

from polystate.deposition import Deposition
from polystate.errors import PolystateError
from polystate.store.reading import read
from polystate_tools.archive.outcomes import failure, row
from polystate_tools.archive.sources import Entry
from polystate_tools.cli import application
from polystate_tools.commands.terminal import clean
from polystate_tools.formats import import_file
from polystate_tools.formats.opening.fetch import fetch
from tests.tools.formats.examples import apo_bound, mmcif_text
from tests.tools.formats.pdb_text import residue_lines

ENTRY = gzip.compress(mmcif_text(*apo_bound()), mtime=0)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server that has one entry; `asked` lists what was requested."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            known = {"/all/1abc.cif.gz": ENTRY, "/all/2bad.cif.gz": ENTRY[:-20], "/all/3nil.cif.gz": b""}
            content = known.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_):
            pass

    found = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("POLYSTATE_PDB_BASE", f"http://127.0.0.1:{found.server_port}/all")
    monkeypatch.setenv("POLYSTATE_CACHE", str(tmp_path / "cache"))
    yield asked
    found.shutdown()
    found.server_close()


def test_an_entry_is_downloaded_once_and_its_hash_recorded(server):
    tree, report = import_file("pdb:1ABC")
    import_file("pdb:1abc")
    assert server == ["/all/1abc.cif.gz"]
    assert report.sha256 == hashlib.sha256(ENTRY).hexdigest()
    source = tree["provenance/import"].attributes["inputs"][0]
    assert source["sha256"] == report.sha256 and source["uri"].endswith("/all/1abc.cif.gz")
    import_file("pdb:1abc", refresh=True)
    assert len(server) == 2


@pytest.mark.parametrize("name", ["pdb:9zzz", "pdb:2bad", "pdb:3nil", "pdb:", "pdb:../etc"])
def test_what_cannot_be_fetched_is_not_kept(server, name, tmp_path):
    with pytest.raises(PolystateError) as found:
        fetch(name)
    assert found.value.stage == "container"
    assert not list((tmp_path / "cache").rglob("*.gz"))


def test_the_base_address_may_be_a_pattern_but_only_http(server, tmp_path):
    with pytest.raises(PolystateError):
        fetch("pdb:1abc", base="file:///etc")
    path, address = fetch("pdb:1abc", base=os.environ["POLYSTATE_PDB_BASE"] + "/{id}.cif.gz")
    assert address.endswith("/all/1abc.cif.gz") and path.name == "1abc.cif.gz"


def run(*arguments: str):
    return CliRunner().invoke(application(arguments[0]), list(arguments))


def test_import_and_export_as_typed(tmp_path):
    source = tmp_path / "x.pdb"
    source.write_text("\n".join([*residue_lines("AB"), "END", ""]))
    out = str(tmp_path / "x.zarr")
    done = run("import", str(source), out)
    assert done.exit_code == 0 and "6 records read, 6 kept, 0 refused" in done.output
    assert run("import", str(source), out).exit_code != 0
    report = json.loads(run("import", str(source), out, "-y", "--json").output)
    assert report["kept"] + report["refused"] == report["read"] == 6 and report["sites"] == {"residue": 1}
    for name, options in (
        ("a.cif", []),
        ("b.pdb", []),
        ("c.cif.gz", ["--gaussian", "records"]),
        ("d.cif", ["--state", "altloc/A.1=B"]),
        ("e.pdb", ["--draws", "3", "--seed", "5"]),
        ("f.cif", ["--het-dialect", "d1"]),
        ("g.pdb", ["--altloc", "occupancy"]),
        ("h.cif", ["--reference"]),
    ):
        done = run("export", out, str(tmp_path / name), *options, "--json")
        assert done.exit_code == 0, done.output
        counts = {"d.cif": 5, "e.pdb": 15, "g.pdb": 5, "h.cif": 5}
        assert json.loads(done.output)["records"] == counts.get(name, 6)
        again = import_file(tmp_path / name)[1]
        assert again.kept == counts.get(name, 6)
    assert isinstance(run("export", out, str(tmp_path / "a.cif")).exception, PolystateError)
    assert isinstance(run("export", out, str(tmp_path / "z.xyz")).exception, PolystateError)


def test_one_joint_state_has_no_alternates_and_says_which_it_is(tmp_path):
    source = tmp_path / "x.cif"
    source.write_bytes(mmcif_text(*apo_bound()))
    out = str(tmp_path / "x.zarr")
    assert run("import", str(source), out).exit_code == 0
    dep = Deposition(read(out))
    done = run("export", out, str(tmp_path / "y.pdb"), "--state", "het.0=bound,het.1=lig_b")
    assert done.exit_code == 0
    text = (tmp_path / "y.pdb").read_text()
    assert "het.0=bound" in text and "GAUSSIAN marginal" in text
    state = dep.render(state={"het.0": "bound", "het.1": "lig_b"})
    rows = [line for line in text.splitlines() if line.startswith(("ATOM", "HETATM"))]
    assert len(rows) == state.present.sum() and all(line[16] == " " for line in rows)
    refused = run("export", out, str(tmp_path / "z.pdb"), "--state", "het.0=apo,het.1=lig_b")
    assert refused.exception.code == "illegal-state"


def test_a_password_goes_to_the_server_and_nowhere_else(server, tmp_path, monkeypatch):
    base = os.environ["POLYSTATE_PDB_BASE"].replace("://", "://me:secret@")
    monkeypatch.setenv("POLYSTATE_PDB_BASE", base)
    tree, report = import_file("pdb:1abc")
    assert server == ["/all/1abc.cif.gz"]
    said = f"{report} {[group.attributes for group in tree.values()]} {list(tmp_path.rglob('*'))}"
    assert "127.0.0.1" in said and "secret" not in said
    with pytest.raises(PolystateError) as found:
        fetch("pdb:9xyz")
    assert "127.0.0.1" in str(found.value) and "secret" not in f"{found.value} {found.value.to_json()}"
    outcome = row(Entry("x", f"{base}/x.cif"), "failed", failed=failure(OSError(f"{base}: no answer")))
    assert "127.0.0.1" in str(outcome) and "secret" not in str(outcome)
    assert clean(f"read {base}, and mail to a@b: http://host/@x") == (
        f"read {base.replace('me:secret@', '')}, and mail to a@b: http://host/@x"
    )
