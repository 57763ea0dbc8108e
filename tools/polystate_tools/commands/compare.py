"""compare: fitted hierarchies side by side."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polystate.errors import BadRequest
from polystate_tools.commands.options import Json, Overwrite, echo_json, echo_table

if TYPE_CHECKING:
    from polystate_tools.echt.compare import Comparison

HELP = """Compare fits of polystate fit: chains of one, or two and more entries, aligned by sequence.

One fit: every two of its chains that are copies of one molecule. Several: each chain of the first with its partner
in each other one. Differences are b minus a; the error of a difference comes from the certificates of the fits.

\b
Examples:
  polystate compare conformance/corpus/6vxx-echt.zarr.zip --chains A,B,C -o protomers.html
  polystate compare room.zarr cryo.zarr --scale --json
  polystate compare --pairs pairs.csv --table residues.parquet -o pairs.html"""


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command(help=HELP)(compare)


def compare(
    fits: Annotated[list[str] | None, typer.Argument(metavar="FIT...", help="Depositions that hold fits.")] = None,
    chains: Annotated[str | None, typer.Option(metavar="A,B,...", help="These chains only (author names).")] = None,
    pairs: Annotated[
        Path | None, typer.Option(metavar="PAIRS.csv", help="Many pairs: columns a and b, paths from the file's place.")
    ] = None,
    scale: Annotated[bool, typer.Option("--scale", help="Bring both to one mean B over aligned residues.")] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="OUT.html", help="Write a page.")] = None,
    table: Annotated[
        Path | None, typer.Option(metavar="OUT.parquet", help="Write a row a pair, level and residue.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """See HELP."""
    from polystate.store.outputs import file_target
    from polystate_tools.commands.outputs import named

    for path, suffixes in ((out, (".html", ".htm")), (table, (".parquet",))):
        if path is not None:
            named(path, suffixes)
            file_target(path, overwrite)
    wanted = [name.strip() for name in chains.split(",")] if chains is not None else None
    if pairs is not None and fits:
        raise BadRequest("--pairs", f"{', '.join(fits)} as well", "the fits in the file, or on the command line")
    found = _of_pairs(pairs, wanted, scale) if pairs is not None else _of_fits(list(fits or []), wanted, scale)
    if table is not None:
        _write_table(found, table, overwrite)
    if out is not None:
        from polystate_tools.report.comparison import write_comparison

        write_comparison(found, out, overwrite)
    _tell(found, as_json)


def _of_fits(fits: list[str], chains: list[str] | None, scale: bool) -> list[Comparison]:
    from polystate_tools.echt.compare import between, within

    if not fits:
        raise BadRequest("compare", "no fit", "polystate compare FIT [FIT...], or --pairs PAIRS.csv")
    entries = _entries(fits)
    read = [_copies(fit, entry, chains) for fit, entry in zip(fits, entries, strict=True)]
    if len(read) == 1:
        return within(read[0], scale)
    return [one for other in read[1:] for one in between(read[0], other, scale)]


def _of_pairs(path: Path, chains: list[str] | None, scale: bool) -> list[Comparison]:
    """The comparisons of a table's rows; a bad row is named."""
    from polystate_tools.echt.compare import between

    found: list[Comparison] = []
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadRequest(str(path), str(error), "a CSV in UTF-8 with the columns a and b") from None
    for number, row in enumerate(rows, 2):
        texts = [(row.get(name) or "").strip() for name in ("a", "b")]
        if not all(texts):
            raise BadRequest(f"{path}:{number}", ", ".join(map(str, row.values())), "columns a and b, two fits a line")
        fits = [text if "://" in text else str(path.parent / text) for text in texts]
        one, other = (_copies(fit, entry, chains) for fit, entry in zip(fits, _entries(fits), strict=True))
        found += between(one, other, scale)
    if not found:
        raise BadRequest(str(path), "no pair", "a header with the columns a and b, and two fits a line")
    return found


def _copies(fit: str, entry: str, chains: list[str] | None) -> list[Any]:
    import polystate
    from polystate_tools.echt.compare import copies
    from polystate_tools.echt.stored import stored

    return copies(stored(polystate.open(fit)), entry, chains)


def _entries(fits: list[str]) -> list[str]:
    """Names of the fits: those of their files, numbered where two are the same."""
    stems = [Path(fit.rstrip("/")).name.split(".")[0].removesuffix("-echt") for fit in fits]
    return [stem if stems.count(stem) == 1 else f"{stem}#{k}" for k, stem in enumerate(stems, 1)]


def _write_table(found: list[Comparison], path: Path, overwrite: bool) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from polystate.store.outputs import replacing

    with replacing(path, overwrite) as partial:
        pq.write_table(pa.Table.from_pylist([row for one in found for row in one.rows()]), partial)


def _tell(found: list[Comparison], as_json: bool) -> None:
    from polystate_tools.echt.compare import summary

    if as_json:
        echo_json({"comparisons": [one.to_json() for one in found], "summary": summary(found)})
        return
    rows = [
        {"a": one.a.name, "b": one.b.name, "level": level.level,
         "correlation": "" if level.correlation is None else f"{level.correlation:.3f}",
         "mean difference (Å²)": f"{round(level.mean_difference, 2) + 0.0:+.2f}", "RMS": f"{level.rms_difference:.2f}",
         "% a": f"{level.share_a:.1f}", "% b": f"{level.share_b:.1f}"}
        for one in found for level in one.levels
    ]  # fmt: skip
    echo_table(rows, list(rows[0]))
    for one in found:
        worst = one.largest(5)
        said = ", ".join(f"{r['a']} {r['difference'][r['level']]:+.1f} ({r['level']})" for r in worst)
        typer.echo(f"{one.a.name}, {one.b.name}: {len(one.at)} residues, {one.identity:.0f} % alike; differ most: "
                   f"{said}; ± {one.error:.2g} Å² by the certificates")  # fmt: skip
