"""query: questions in SQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polystate_tools.commands.options import Json, Overwrite, deposition, echo_json, echo_table, save

if TYPE_CHECKING:
    import pyarrow as pa


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command()(query)


def query(
    dep: Annotated[str, deposition("DEP", "A deposition: directory, .zip or URL; or an archive with a catalogue.")],
    sql: Annotated[str, typer.Argument(help="SQL over the tables that SHOW TABLES lists.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write .csv or .parquet instead of printing.")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    formulas: Annotated[
        bool, typer.Option("--formulas", help="Leave cells of a .csv as they are that a spreadsheet would compute.")
    ] = False,
    time_limit: Annotated[
        float, typer.Option("--time-limit", min=0.001, metavar="S", help="Seconds until the query is given up.")
    ] = 60.0,
) -> None:
    """Ask a deposition, or all of an archive, a question in SQL.

    The residues with the largest tenth of residue-level disorder:

    polystate query 6vxx-echt.zarr "SELECT name, b FROM groups WHERE descriptor LIKE '%residue%'
    QUALIFY percent_rank() OVER (ORDER BY b) >= 0.9 ORDER BY b DESC"

    The tables are atoms, residues, moments, chains, groups, descriptors, sites, states, entries, fits; SHOW TABLES
    lists them, DESCRIBE residues the columns of one. B-factors are those of the default state, NULL where it does not
    have the atom or an unknown operator contributes to them. An archive (polystate catalogue build) has all but atoms,
    each with the entry in front."""
    from polystate_tools.bridges.query import without_formulas
    from polystate_tools.commands.outputs import apart, named

    if out is not None:
        suffix = named(out, (".csv", ".parquet"))
        apart(dep, out)
    answer = _answer(dep, sql, time_limit)
    if out is not None:
        if suffix == ".parquet":
            from pyarrow import parquet

            save(out, overwrite, lambda file: parquet.write_table(answer, file))
        else:
            from pyarrow import csv

            marked = 0
            if not formulas:
                answer, marked = without_formulas(answer)
            save(out, overwrite, lambda file: csv.write_csv(answer, file))
            if marked:
                typer.echo(f"{marked} cells begin with = + - or @: written with ' in front (--formulas: as they are)")
        typer.echo(f"{out}  {answer.num_rows} rows")
    elif as_json:
        echo_json(answer.to_pylist())
    else:
        echo_table(answer.to_pylist(), answer.column_names)


def _answer(where: str, sql: str, limit_s: float) -> pa.Table:
    """The answer of a deposition, or of the catalogue of an archive."""
    from polystate_tools.archive.catalogue import has_catalogue

    if has_catalogue(where):
        from polystate_tools.archive.asking import ask

        return ask(where, sql, limit_s)
    import polystate
    from polystate_tools.bridges.query import query as ask_one
    from polystate_tools.commands.outputs import tell_stale, tell_unknown

    opened = polystate.open(where)
    answer = ask_one(opened, sql, limit_s)
    tell_stale(opened)
    tell_unknown(opened)
    return answer
