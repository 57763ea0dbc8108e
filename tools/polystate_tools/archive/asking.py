"""Questions in SQL to all entries of an archive, by its catalogue.

    ask("entries/", "SELECT entry, chain, number, rmsf FROM residues ORDER BY rmsf DESC LIMIT 10")

Only what a question needs is read, part by part; nothing outside the catalogue can be read or written by one."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from polystate.errors import BadRequest
from polystate_tools.archive.catalogue import FOLDER, listed
from polystate_tools.archive.places import Place, place
from polystate_tools.archive.tables import TABLES, VIEWS, none
from polystate_tools.bridges.query import LIMIT_S, answer


def ask(where: str, sql: str, limit_s: float = LIMIT_S) -> pa.Table:
    """The answer to a query over the tables of a catalogue; see `polystate_tools.archive.tables.TABLES`.

    limit_s: seconds after which the query is refused."""
    at = place(where)
    found = listed(at)
    if not found:
        raise BadRequest(where, "no catalogue", f"a place that has one: polystate catalogue build {where}")
    makers = {name: lambda name=name: _parts(at, found, name) for name in TABLES}
    return answer(sql, makers, VIEWS, limit_s)


def _parts(at: Place, found: dict[str, Any], table: str) -> ds.Dataset:
    """All parts of a table as one, read where a question needs them."""
    schema = none(table).schema
    for name in found["levels"].get(table, []):
        schema = schema.append(pa.field(name, pa.float64()))
    paths = [at.address(f"{FOLDER}/{table}/{key}.parquet") for key in found["parts"]]
    return ds.dataset(paths, schema=schema, format="parquet", filesystem=at.filesystem)
