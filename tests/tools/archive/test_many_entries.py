"""A verb on many entries: one table of what came of them, kept where nothing changed, the same after any stop."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import polystate
from polystate.errors import AlreadyExists, BadRequest
from polystate.store.outputs import locked
from polystate_conformance.paths import CORPUS
from polystate_tools import cli
from polystate_tools.archive.outcomes import failure
from polystate_tools.archive.running import Task, run
from polystate_tools.archive.sources import entries
from polystate_tools.archive.workers import LOST, workers

SUFFIXES = (".cif",)


def copied(source: str, target: Path, options: Any) -> dict[str, Any]:
    """A work: what it does is what the file asks for."""
    text = Path(source).read_text()
    if text.startswith("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if text.startswith("refuse"):
        raise BadRequest(source, "refuse", "copy")
    if text.startswith("crash"):
        raise ZeroDivisionError("a division")
    target.write_text(text + options.get("more", ""))
    if text.startswith("beside"):
        (target.parent / "shared.dat").write_text(text[7:])
    return {"length": len(text)}


def texts(folder: Path, **content: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in content.items():
        (folder / f"{name}.cif").write_text(text)
    return folder


def done(folder: Path, out: Path, options: Any = None, **given: Any) -> tuple[Any, dict[str, dict[str, Any]]]:
    """The summary, and the rows of the table by entry."""
    summary = run(Task("copy", copied, ".out", options or {}), entries(str(folder), SUFFIXES), out, **given)
    return summary, {row["entry"]: row for row in pq.read_table(summary.table).to_pylist()}


def test_what_fails_is_a_row_with_code_and_remedy_and_stops_nobody(here, tmp_path):
    folder = texts(tmp_path / "in", a="copy", b="refuse", c="crash", d="copy too")
    summary, rows = done(folder, tmp_path / "out")
    assert (summary.done, summary.failed) == (2, 2)
    assert {name: row["code"] for name, row in rows.items()} == {"a": "", "b": "bad-request", "c": "crash", "d": ""}
    assert rows["b"]["what"].endswith("b.cif: refuse") and rows["b"]["remedy"] == "copy"
    assert rows["c"]["what"] == "ZeroDivisionError: a division" and "report" in rows["c"]["remedy"]
    assert (rows["d"]["length"], rows["b"]["length"]) == (8, None)
    assert (tmp_path / "out/d.out").read_text() == "copy too" and not (tmp_path / "out/b.out").exists()
    with open(summary.failures, newline="") as file:
        assert [(r["entry"], r["code"]) for r in csv.DictReader(file)] == [("b", "bad-request"), ("c", "crash")]
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_failures_are_listed_in_the_form_asked_for(here, tmp_path, suffix):
    folder, out = texts(tmp_path / "in", a="copy", b="refuse"), tmp_path / f"failed{suffix}"
    done(folder, tmp_path / "out", failures=out)
    with open(out, newline="", encoding="latin-1") as file:
        read = {
            ".csv": lambda: list(csv.DictReader(file)),
            ".json": lambda: json.load(file),
            ".parquet": lambda: pq.read_table(out).to_pylist(),
        }[suffix]()
    assert [(r["entry"], r["code"], r["remedy"]) for r in read] == [("b", "bad-request", "copy")]


def test_what_did_not_change_is_kept_and_what_did_is_made_again(here, tmp_path):
    folder, out = texts(tmp_path / "in", a="1", b="2", c="refuse"), tmp_path / "out"
    first, rows = done(folder, out)
    again, same = done(folder, out)
    assert (first.done, again.done, again.kept, again.failed) == (2, 0, 2, 1)
    assert {n: r["seconds"] for n, r in same.items() if n != "c"} == {n: rows[n]["seconds"] for n in "ab"}
    texts(folder, b="3")
    (out / "a.out").unlink()
    changed, _ = done(folder, out)
    assert (changed.done, changed.again, changed.kept) == (2, 2, 0) and (out / "b.out").read_text() == "3"
    other, _ = done(folder, out, {"more": "!"})
    assert other.again == 2 and (out / "a.out").read_text() == "1!"
    all_of_it, _ = done(folder, out, {"more": "!"}, again=True)
    assert (all_of_it.done, all_of_it.kept) == (2, 0)


def test_the_key_follows_every_option_and_the_bytes_of_files_that_they_name(tmp_path):
    named = tmp_path / "levels.yaml"
    named.write_text("1")
    keys = [Task("copy", copied, "", options).key for options in ({}, {"a": 1}, {"a": named})]
    named.write_text("2")
    keys += [Task("copy", copied, "", {"a": named}).key, Task("move", copied, "", {}).key]
    assert len(set(keys)) == len(keys)


def test_a_torn_journal_and_rows_of_other_sources(here, tmp_path):
    """A line that is half written is as if it were not there; what was done from another folder stays in the table."""
    out = tmp_path / "out"
    done(texts(tmp_path / "one", a="1", b="refuse"), out)
    journal = out / "copy.jsonl"
    journal.write_text(journal.read_text() + '{"entry": "c", "sta')
    summary, rows = done(texts(tmp_path / "two", c="3"), out)
    assert (summary.done, sorted(rows)) == (1, ["a", "c"])
    assert all(json.loads(line) for line in journal.read_text().splitlines())


def test_an_entry_of_a_name_that_is_taken_is_passed_over_and_no_failure(here, tmp_path):
    folder = texts(tmp_path / "in", a="1")
    (folder / "b.cif").write_text("2")
    (folder / "b.cif.gz").write_text("3")
    summary, _ = done(folder, tmp_path / "out")
    rows = pq.read_table(summary.table).to_pylist()
    assert (summary.done, summary.failed, summary.passed_over) == (2, 0, 1)
    assert [r["status"] for r in rows] == ["done", "done", "passed over"] and "b.cif, which was taken" in rows[2][
        "what"
    ]


def test_files_that_an_output_refers_to_take_their_place_and_replace_no_other(here, tmp_path):
    folder = texts(tmp_path / "in", a="beside one", b="beside one", c="beside two")
    summary, rows = done(folder, tmp_path / "out")
    assert (tmp_path / "out/shared.dat").read_text() == "one"
    assert (summary.done, rows["c"]["code"]) == (2, "already-exists")


def test_one_run_at_a_time(here, tmp_path):
    folder = texts(tmp_path / "in", a="1")
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out"), pytest.raises(AlreadyExists, match="one writer"):
        done(folder, tmp_path / "out")


def test_a_worker_that_dies_takes_no_other_entry_with_it(tmp_path):
    """In processes: two entries kill theirs, three times each; all others are done."""
    folder = texts(tmp_path / "in", **{f"a{k}": "copy" for k in range(4)}, b="kill", c="kill", d="refuse")
    summary, rows = done(folder, tmp_path / "out", jobs=2)
    assert (summary.done, summary.failed) == (4, 3)
    assert {n: r["code"] for n, r in rows.items() if r["code"]} == {
        "b": "worker-lost", "c": "worker-lost", "d": "bad-request",
    }  # fmt: skip
    assert rows["b"]["what"] == LOST.what


def test_a_script_that_cannot_be_imported_is_refused(tmp_path):
    """Processes import who starts them: what comes from standard input they cannot."""
    text = "from polystate_tools.archive.workers import workers\nwith workers(1) as who: list(who.results(abs, [1]))\n"
    refused = subprocess.run([sys.executable, "-"], input=text, capture_output=True, text=True, timeout=60)
    assert "processes that end as they start" in refused.stderr


def tables(out: Path) -> dict[str, Any]:
    """What the tables and stores of an import say, but for the time that it took."""
    rows = pq.read_table(out / "import.parquet").drop_columns("seconds").to_pylist()
    digests = {p.name: polystate.open(p).digest(full=True) for p in sorted(out.glob("*.zip"))}
    return {"rows": rows, "digests": digests, "failures": (out / "import-failures.csv").read_text()}


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """Eight structure files, one of them bad, and one twice in two formats."""
    folder = tmp_path_factory.mktemp("files")
    subprocess.run([sys.executable, "-m", "polystate_tools.cli", "examples", folder / "examples"], check=True)
    (folder / "in").mkdir()
    for k in range(6):
        shutil.copy(folder / "examples/1ejg.cif", folder / f"in/e{k}.cif")
    (folder / "in/bad.cif").write_text("no structure")
    (folder / "in/e0.pdb").write_text("passed over")
    return folder / "in"


def importing(source: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "polystate_tools.cli", "--quiet", "import", "--many", str(source), str(out)]
    return subprocess.Popen(
        [*command, *options], stderr=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )


@pytest.fixture(scope="module")
def whole(files, tmp_path_factory) -> dict[str, Any]:
    """The tables of an import that nobody stopped."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert importing(files, out, "--jobs", "1").wait(120) == 1
    return tables(out)


def test_killed_in_the_middle_and_resumed_the_tables_are_the_same(files, whole, tmp_path):
    killed = importing(files, tmp_path / "out", "--jobs", "1")
    journal, end = tmp_path / "out/import.jsonl", time.monotonic() + 60
    while (not journal.exists() or journal.read_text().count("\n") < 3) and time.monotonic() < end:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait(60)
    assert not (tmp_path / "out/import.parquet").exists()
    resumed = importing(files, tmp_path / "out", "--jobs", "1")
    said = resumed.communicate(timeout=120)[0].decode()
    kept = int(said.split(" done before")[0].split()[-1])
    assert resumed.returncode == 1 and kept >= 2
    assert tables(tmp_path / "out") == whole and len(whole["digests"]) == 6


def test_two_processes_of_a_dask_cluster_make_the_same_tables(files, whole, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        made = importing(files, tmp_path / "out", "--scheduler", cluster.scheduler_address)
        assert made.wait(120) == 1
    assert tables(tmp_path / "out") == whole


def test_a_cluster_that_is_not_there_is_refused_by_its_address():
    pytest.importorskip("distributed")
    with pytest.raises(BadRequest, match="nowhere"), workers(scheduler="nowhere"):
        pass


def test_errors_that_no_one_foresaw_have_a_code_too():
    found = [failure(e) for e in (OSError("disk"), MemoryError(), ImportError("No module"), KeyError("x"))]
    assert [f.code for f in found] == ["unreadable-file", "out-of-memory", "missing-package", "crash"]


@pytest.fixture
def command(monkeypatch, capsys):
    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["polystate", "--quiet", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
        said = capsys.readouterr()
        return int(leaving.value.code or 0), said.out, said.err

    return call


def test_validate_report_convert_and_export_take_many(here, command, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("1ejg", "3dg1"):
        shutil.copy(CORPUS / f"{name}.zarr.zip", folder)
    (folder / "bad.zarr.zip").write_text("no zip")
    status, _, err = command("validate", "--many", folder, tmp_path / "v", "--failures", tmp_path / "v.json")
    assert status == 1 and "bad.zarr.zip" in err
    assert [r["code"] for r in json.loads((tmp_path / "v.json").read_text())] == ["not-a-store"]
    (folder / "bad.zarr.zip").unlink()
    for verb, suffix, options in (
        ("convert", ".zarr.zip", ["--mode", "A"]), ("export", ".bcif", ["--format", "bcif"]), ("report", ".html", []),
    ):  # fmt: skip
        if verb == "export":
            pytest.importorskip("biotite")
        status, out, err = command(verb, "--many", folder, tmp_path / verb, *options)
        assert status == 0, err
        assert (tmp_path / verb / f"1ejg{suffix}").stat().st_size and f"{verb}.parquet" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("convert", "x.zarr"), "no output for x.zarr"),
        (("export", "x.zarr"), "no output for x.zarr"),
        (("convert", "--many", "in", "a", "b"), "a and b"),
        (("report", "--many", "in", "out", "-o", "x.html"), "--out: found --many as well"),
        (("import", "--many", "in", "out", "--topology", "x.pdb"), "--topology: found --many as well"),
        (("export", "--many", "in", "out", "--format", "h5md"), "--format: found h5md"),
        (("validate", "--many", "in", "out", "--jobs", "-1"), "--jobs: found -1"),
    ],
)
def test_what_does_not_go_together_is_refused(command, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    shutil.copy(CORPUS / "1ejg.zarr.zip", tmp_path / "in")
    status, _, err = command(*arguments)
    assert status == 2 and said in err and not (tmp_path / "out").exists()
