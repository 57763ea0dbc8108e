"""`polystate registry` prints what the registry holds, and finds implementations that are wrong."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from polystate_conformance.paths import CORPUS
from polystate_schemas.registry import REGISTRY, entries
from polystate_tools.commands.registry import app

ADAPTER = """
import json, sys
import numpy as np
from polystate_conformance import protocol
from polystate_schemas.registry import entries
hello = {{"protocol": 1, "name": "small", "version": "1", "language": "Python", "profiles": ["registry"],
         "operators": {{k: {hash} for k, e in entries().items() if k.startswith("parametric_gaussian/i")}},
         "devices": ["cpu"], "rng": "none"}}
def handle(message):
    {body}
protocol.serve(hello, handle)
"""
RIGHT = """
    b = np.array(message["request"]["inputs"]["b"])
    u = b[:, None, None] * np.eye(3) / (8 * np.pi**2)
    return {"ok": {"u": protocol.save_array(message["out_dir"], "u", u)}}
"""


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def adapter(tmp_path):
    def write(body=RIGHT, hash="e.hash"):
        path = tmp_path / "adapter.py"
        path.write_text(ADAPTER.format(body=body.strip(), hash=hash))
        return f"{sys.executable} {path}"

    return write


def test_list_and_show_and_hash_agree():
    rows = json.loads(run("list", "--json").stdout)
    assert [row["id"] for row in rows] == list(entries())
    shown = json.loads(run("show", "parametric_gaussian/tls_v1", "--json").stdout)
    hashed = run("hash", str(REGISTRY / "parametric_gaussian" / "tls_v1.yaml")).stdout.strip()
    assert shown["hash"] == hashed == entries()["parametric_gaussian/tls_v1"].hash
    assert hashed in run("list").stdout and hashed in run("show", "parametric_gaussian/tls_v1").stdout


def test_a_file_of_the_current_folder_has_a_hash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("op.yaml").write_bytes((REGISTRY / "identity" / "noop_v1.yaml").read_bytes())
    assert run("hash", "op.yaml").stdout.strip() == entries()["identity/noop_v1"].hash


def test_a_maintainer_adds_publishes_deprecates_and_exports(tmp_path):
    folder, source = tmp_path / "registry", REGISTRY / "basis" / "nm_v1"
    where = ("--registry", str(folder))
    files = (str(source.with_suffix(".yaml")), str(source.with_suffix(".vectors.yaml")))
    for words, said in (
        (("add", *files, *where), "basis/nm_v1  draft"),
        (("publish", "basis/nm_v1", "--day", "2026-11-29", *where), "basis/nm_v1  published 2026-11-29"),
        (("deprecate", "basis/nm_v1", "--day", "2026-11-30", *where), "basis/nm_v1  deprecated 2026-11-30"),
        (("export", str(tmp_path / "out"), *where), "3 files"),
        (("export", str(tmp_path / "out"), *where), "3 files"),
    ):
        done = run(*words)
        assert done.exit_code == 0 and said in done.stdout, done.output
    entries.cache_clear()
    for words, said in (
        (("publish", "basis/nm_v1", *where), "published already"),
        (("publish", "basis/nm_v1", "--day", "today", *where), "--day"),
        (("export", str(source.parent), *where), "something else"),
    ):
        done = run(*words)
        assert done.exit_code == 2 and said in done.stderr


def test_verify_of_a_deposition_says_what_it_pins():
    done = run("verify", str(CORPUS / "6vxx-echt.zarr.zip"))
    assert done.exit_code == 0 and "#/operator  parametric_gaussian/tls_v1  published" in done.stdout


def test_verify_prints_how_many_operators_are_published():
    assert run("verify").stdout.splitlines()[-1].endswith(f"{len(entries())} of {len(entries())} operators published")


def test_an_unknown_operator_is_named():
    result = run("show", "parametric_gaussian/tls_v9")
    assert result.exit_code == 2 and "tls_v9" in result.stderr and "tls_v1" in result.stderr


@pytest.mark.parametrize(
    "text, said",
    [("a: 1\na: 2\n", "twice"), ("[]", "mapping"), ("id: x/y_v1\n", "content hash"), (None, "algebra")],
)
def test_a_bad_entry_has_no_hash(tmp_path, text, said):
    path = tmp_path / "x.yaml"
    good = (REGISTRY / "identity" / "noop_v1.yaml").read_text("utf-8")
    path.write_text(good.replace("algebra: independent", "algebra: other") if text is None else text, "utf-8")
    result = run("hash", str(path))
    assert result.exit_code == 2 and said in result.stderr and str(path) in result.stderr


def test_verify_passes_for_the_reference():
    result = run("verify", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 0 and report["good"] and report["problems"] == []
    supported = [row for row in report["operators"].values() if row["vectors"] and not row["unsupported"]]
    assert len(supported) >= 12 and all(row["passed"] == row["vectors"] for row in supported)


def test_verify_runs_an_adapter(adapter):
    result = run("verify", "--implementation", adapter(), "--json")
    operators = json.loads(result.stdout)["operators"]
    assert result.exit_code == 0
    assert operators["parametric_gaussian/iadp_v1"]["passed"] == 3
    assert operators["parametric_gaussian/tls_v1"]["unsupported"]


@pytest.mark.parametrize(
    "body, why",
    [
        (RIGHT.replace("8 *", "4 *"), "largest difference"),
        (RIGHT.replace("np.eye(3)", "np.eye(2)"), "expected shape"),
        (RIGHT.replace('"u", u)', '"u", u.astype("f4"))'), "expected dtype"),
        ('return {"ok": {}}', "missing"),
        ('return {"rejected": {"stage": "operator", "code": "unknown-operator", "where": "x"}}', "unknown-operator"),
        ("sys.exit(3)", "crash"),
        ('print("hm", flush=True); return {"ok": {}}', "garbage"),
    ],
)
def test_verify_names_what_a_wrong_adapter_does(adapter, body, why):
    result = run("verify", "parametric_gaussian/iadp_v1", "--implementation", adapter(body), "--json")
    failures = json.loads(result.stdout)["operators"]["parametric_gaussian/iadp_v1"]["failures"]
    assert result.exit_code == 1 and len(failures) == 3
    assert all(why in failure["why"] for failure in failures)


def test_verify_refuses_another_hash_and_nothing_tested(adapter):
    other = run("verify", "parametric_gaussian/iadp_v1", "--implementation", adapter(hash="'sha256:' + 64 * '0'"))
    assert other.exit_code == 1 and "the implementation has sha256:0000" in other.stdout
    assert run("verify", "basis/nm_v1", "--implementation", adapter()).exit_code == 1
    assert run("verify", "--implementation", "no-such-program").exit_code == 2
