"""What goes wrong is one line and exit status 2, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from polystate_conformance.paths import CORPUS
from polystate_tools import cli

NESTED = str(CORPUS / "nested-loop.zarr.zip")
SHARED = str(CORPUS / "1ejg.zarr.zip")


def run(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    """Exit status, output and errors of one call of the command, in this process."""
    monkeypatch.setattr(sys, "argv", ["polystate", *words])
    with pytest.raises(SystemExit) as left:
        cli.main()
    printed = capsys.readouterr()
    return int(left.value.code or 0), printed.out, printed.err


@pytest.mark.parametrize(
    "words, said",
    [
        (["describe", ""], "DEP: found an empty name"),
        (["render", NESTED, "-o", "x.npy", "--psd", "foo"], "--psd: found foo, expected refuse or clip"),
        (["export", NESTED, "x.cif", "--psd", "foo"], "--psd: found foo, expected refuse or clip"),
        (["sample", NESTED, "-o", "x.zarr", "--n", "1", "--seed", "1:5"], "--seed: found 1:5"),
        (["sample", SHARED, "-o", "x.zarr", "--n", "1", "--seed", "1"], "--psd clip"),
        (["registry", "verify", "--implementation", "'unb"], "No closing quotation"),
        (["registry", "verify", "--implementation", ""], "expected the command of an adapter"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_line(words, said, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(monkeypatch, capsys, *words)
    assert (status, out, err.count("\n")) == (2, "", 1) and said in err
    assert not list(tmp_path.iterdir())


def test_wrong_usage_shows_the_usage(monkeypatch, capsys):
    status, _, err = run(monkeypatch, capsys, "states", NESTED, "--list", "-1")
    assert status == 2 and "Usage: " in err and "--list" in err


def test_the_version_needs_no_command(monkeypatch, capsys):
    status, out, _ = run(monkeypatch, capsys, "--version")
    assert status == 0 and out.startswith("polystate ") and "format 0.1.0" in out


@pytest.mark.parametrize("error, said", [
    (ZeroDivisionError("a number\nover nothing"), "ZeroDivisionError: a number over nothing; this is a mistake in"),
    (ModuleNotFoundError("No module named 'aiohttp'", name="aiohttp.client"), "pip install 'polystate[remote]'"),
    (ModuleNotFoundError("No module named 's3fs'", name="s3fs.core"), "pip install s3fs"),
    (MemoryError(), "MemoryError"),
])  # fmt: skip
def test_what_nobody_expected_is_one_line_too(error, said, monkeypatch, capsys):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("polystate.open", fail)
    status, out, err = run(monkeypatch, capsys, "digest", NESTED)
    assert (status, out, err.count("\n")) == (2, "", 1) and said in err
    monkeypatch.setenv(cli.TRACEBACK, "1")
    monkeypatch.setattr(sys, "argv", ["polystate", "digest", NESTED])
    with pytest.raises(type(error)):
        cli.main()


@pytest.mark.parametrize("words", [["corpus", "list"], ["describe", NESTED]])
def test_a_reader_who_has_gone_is_no_failed_check(words):
    command = [sys.executable, "-m", "polystate_tools.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert (process.wait(60), said) == (cli.PIPE_CLOSED, b"")


def test_json_holds_what_json_has_no_numbers_for(monkeypatch, capsys):
    pytest.importorskip("duckdb")
    sql = "SELECT DATE '2020-01-02' AS d, 'NaN'::DOUBLE AS n, 1.5::DECIMAL(9, 2) AS x, [1] AS l"
    status, out, _ = run(monkeypatch, capsys, "query", NESTED, sql, "--json")
    assert status == 0
    assert json.loads(out, parse_constant=pytest.fail) == [{"d": "2020-01-02", "n": None, "x": 1.5, "l": [1]}]
