"""Tables for people: on any terminal, with every character that was stored."""

from __future__ import annotations

from polystate_tools.commands.options import echo_table

ROWS = [{"id": f"descriptor-{k}", "scope": "residue", "operator": "parametric_gaussian/tls_v1", "axis": None}
        for k in range(2)]  # fmt: skip
COLUMNS = ["id", "scope", "operator", "axis"]


def test_a_narrow_terminal_shows_one_value_a_line(capsys):
    echo_table(ROWS, COLUMNS, width=30)
    shown = capsys.readouterr().out
    assert "operator  parametric_gaussian/tls_v1\n" in shown and "axis" not in shown
    assert shown.count("descriptor-") == 2 and len(shown.split("\n\n")) == 3


def test_a_wide_one_shows_a_row_a_line(capsys):
    echo_table(ROWS, COLUMNS, width=80)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        COLUMNS, *[[r["id"], r["scope"], r["operator"]] for r in ROWS]
    ]  # fmt: skip


def test_brackets_are_text(capsys):
    echo_table([{"a[b]": "x[red]y"}], ["a[b]"])
    assert capsys.readouterr().out.split() == ["a[b]", "x[red]y"]


def test_nothing_is_printed_of_no_columns(capsys):
    echo_table([], [])
    assert not capsys.readouterr().out.strip()
