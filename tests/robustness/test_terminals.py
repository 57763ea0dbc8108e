"""What a terminal and a spreadsheet are given: text, whatever a file holds."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

import polystate
from polystate_tools.commands.terminal import Printable, clean, console, raw
from polystate_tools.spreadsheet import as_text, as_written

TEXT = """
title: "<b>alert\\e[31mRED\\e]0;pwned\\a\\u009b2J\\u202etxt"
hierarchy:
  atoms: {residue: [0, 0], name: ["\\e[2J", "=cmd|' /C calc'!A0"], element: [N, C]}
  residues: {chain: [0], comp: ["\\e[31mX"], label_seq: [1], auth_seq: [-1]}
  chains: {entity: [0], label_asym: ["@A"], auth_asym: ["\\e[1mA"]}
  entities: {type: [polymer], description: ["+x"], sequence: [A]}
reference: {x_ref: [[-1.0, 2.0, 3.0], [2.5, 2.0, 3.0]]}
"""


@pytest.fixture
def store(tmp_path):
    return polystate.write(polystate.build(TEXT), tmp_path / "inj.zarr")


def on_a_terminal(*arguments: str) -> bytes:
    """What a command writes to a terminal, standard error included."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "polystate_tools.cli", *arguments]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs) as running:
        os.close(theirs)
        found = b""
        try:
            while piece := os.read(ours, 1 << 16):
                found += piece
        except OSError:  # closed by the other side
            pass
        running.wait(60)
    os.close(ours)
    return found


@pytest.mark.parametrize("verb", ["describe", "validate", "query", "explain", "states", "wrong", "json"])
def test_no_control_character_of_a_file_reaches_a_terminal(store, verb):
    more = {"query": ["SELECT * FROM atoms"], "wrong": ["SELECT '\x1b]0;pwned\x07' FROM nowhere"], "json": ["--json"]}
    name = {"wrong": "query", "json": "describe"}.get(verb, verb)
    found = on_a_terminal(name, str(store), *more.get(verb, [])).decode()
    assert found
    for harmful in ("\x1b[31m", "\x1b]0", "\x1b[2J", "\x07", "\x9b", "\u202e"):
        assert harmful not in found
    if verb == "json":
        assert json.loads(found)


def test_escapes_are_those_of_json():
    text = "a\x1b[0m\x9b\u202e\ud800\tb\nc é 漢"
    assert clean(text) == "a\\u001b[0m\\u009b\\u202e\\ud800\tb\nc é 漢"
    assert json.loads(clean(json.dumps(text, ensure_ascii=False))) == text


def test_a_console_keeps_its_colours_and_cleans_the_text():
    below = io.StringIO()
    made = console(Printable(below), force_terminal=True, color_system="standard", width=60)
    made.print("[bold]title[/bold] \x1b[2J\x1b]0;x\x07")
    assert "\x1b[1mtitle\x1b[0m" in below.getvalue() and "\x1b[2J" not in below.getvalue()
    assert raw(Printable(below)) is below and raw(below) is below


@pytest.mark.parametrize("cell", ["=1+1", "+x", "-5A", "@A", "\tx", "=cmd|' /C calc'!A0"])
def test_formulas_are_marked_as_text(cell):
    assert as_text(cell) == "'" + cell and as_written(as_text(cell)) == cell


@pytest.mark.parametrize("cell", ["-5", "+1.5e-3", "A", "", "'A", "5'-end", "."])
def test_other_cells_stay_as_they_are(cell):
    assert as_text(cell) == cell and as_written(cell) == cell


def test_a_csv_has_no_formulas_and_says_so(store, tmp_path):
    pytest.importorskip("duckdb")
    sql = "SELECT name, number, x FROM atoms ORDER BY atom_id DESC"
    for given, first in (([], "'=cmd"), (["--formulas"], "=cmd")):
        command = [sys.executable, "-m", "polystate_tools.cli", "query", str(store), sql, "-y", "-o"]
        done = subprocess.run([*command, str(tmp_path / "a.csv"), *given], capture_output=True, text=True, check=True)
        assert ("1 cells begin with" in done.stdout) == (not given)
        lines = (tmp_path / "a.csv").read_text().splitlines()
        assert lines[1].strip('"').startswith(first) and lines[1].endswith(",-1,2.5")
