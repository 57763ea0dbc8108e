"""What damage begins with: small files of every reader, each accepted as it stands and read in some milliseconds."""

from __future__ import annotations

import json
import tempfile
import textwrap
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import polystate
from polystate.errors import PolystateError
from polystate.store.writing import write_directory
from polystate_conformance import paths
from polystate_schemas.yaml12 import load
from polystate_tools.formats.exporting import export_bytes
from polystate_tools.formats.importing import records_of_file, tree_of_records
from polystate_tools.formats.opening.files import InputFile
from polystate_tools.formats.options import ExportOptions
from tests.tools.formats.examples import apo_bound, mmcif_text
from tests.tools.formats.tls_files import tls_file

CORPUS = (
    "nested-loop",
    "altloc-nested",
    "scenario-dynamics",
    "scenario-classes",
    "scenario-crystal",
    "scenario-bundle",
)
EACH_AREA, LOOKED_AT = 2, 12
"""Depositions of an area of cases, and cases of an area that are looked at."""

RICH_PDB = """\
HEADER    HYDROLASE                               01-JAN-00   1ABC
TITLE     A FILE WITH A LITTLE OF MUCH
COMPND    MOL_ID: 1; MOLECULE: ONE; CHAIN: A, B; MOL_ID: 2; MOLECULE: TWO; CHAIN: C;
SEQRES   1 A    3  ALA CYS MSE
SEQRES   1 B    1  CYS
MODRES 1ABC MSE A    3  MET  SELENOMETHIONINE
HETNAM     ZN  ZINC ION
SSBOND   1 CYS A    2    CYS B    2                          1555   1555  2.03
LINK         SG ACYS A   2                ZN    ZN C   1     1555   1555  2.30
CISPEP   1 ALA A    1    CYS A    2          0         0.10
REMARK 350 BIOMOLECULE: 1
REMARK 350 APPLY THE FOLLOWING TO CHAINS: A, B, C
REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000
REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000
CRYST1   30.000   40.000   50.000  90.00  95.00  90.00 P 1 21 1      2
MTRIX1   1 -1.000000  0.000000  0.000000        1.00000
MTRIX2   1  0.000000 -1.000000  0.000000        2.00000
MTRIX3   1  0.000000  0.000000  1.000000        3.00000
ATOM      1  N   ALA A   1      11.000   2.000   3.000  1.00 20.00      SEGA N
ANISOU    1  N   ALA A   1     2387   2478   2417    -12     -5     -1       N
ATOM      2  CA  ALA A   1      12.400   2.100   3.200  1.00 21.00      SEGA C1+
ATOM      3  N  ACYS A   2      13.100   2.900   4.100  0.60 22.00      SEGA N
ATOM      4  N  BCYS A   2      13.300   3.100   4.300  0.40 24.00      SEGA N
ATOM      5  SG ACYS A   2      14.200   3.400   4.800  0.60 22.50      SEGA S
ATOM      6  SG BSER A   2      14.600   3.600   4.900  0.40 24.50      SEGA S
HETATM    7 SE   MSE A   3      16.000   4.000   5.000  1.00 25.00          SE
TER       8      MSE A   3
ATOM      9  SG  CYS B   2      14.000   5.400   4.800  1.00 22.50           S
TER      10      CYS B   2
HETATM   11 ZN    ZN C   1      15.500   2.000   6.400  0.80 30.00          ZN
HETATM   12  O  AHOH C   2      20.000   9.000   1.000  0.43 40.00           O
HETATM   13  O  BHOH C   2      20.900   9.000   1.000  0.38 40.00           O
CONECT    9   11
END
"""


# -- depositions -----------------------------------------------------------------------------------------


@cache
def texts() -> tuple[dict[str, Any], ...]:
    """Text forms of cases: the smallest of each area that are valid and unlike each other."""
    found: list[dict[str, Any]] = []
    for area in sorted((paths.CONFORMANCE / "cases").iterdir()):
        found += list(_valid(sorted(_texts_of(area), key=lambda text: len(json.dumps(text)))))[:EACH_AREA]
    return tuple(found)


def _texts_of(area: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(area.glob("*/case.yaml"))[:LOOKED_AT]:
        case = load(path)
        if "hierarchy" in (case.get("deposition") or {}) and "reject" not in case["expect"]:
            yield case["deposition"]


def _valid(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    kinds: set[str] = set()
    for text in found:
        kind = " ".join(sorted(f"{d.get('operator')} {d.get('regime')}" for d in text.get("descriptors", {}).values()))
        if kind not in kinds and _is_valid(text):
            kinds.add(kind)
            yield text


def _is_valid(text: str | dict[str, Any]) -> bool:
    try:
        return polystate.Deposition(polystate.build(text)).validate().valid
    except PolystateError:
        return False


@cache
def _trees() -> tuple[Any, ...]:
    corpus = [polystate.open(paths.CONFORMANCE / "corpus" / f"{entry}.zarr.zip").tree for entry in CORPUS]
    return (*map(polystate.build, texts()), *corpus)


@cache
def stores() -> tuple[dict[str, bytes], ...]:
    """The files of small stores."""
    return tuple(map(files_of, _trees()))


@cache
def stores_with_tables() -> tuple[dict[str, bytes], ...]:
    """Those of them that have a table."""
    return tuple(files for files in stores() if any(b"apache.arrow" in content for content in files.values()))


def files_of(tree: Any) -> dict[str, bytes]:
    """The files of a tree as a store, by name."""
    with tempfile.TemporaryDirectory() as folder:
        write_directory(tree, Path(folder))
        return {
            p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(Path(folder).rglob("*")) if p.is_file()
        }


# -- structure files -------------------------------------------------------------------------------------


@cache
def structures(format: str) -> tuple[bytes, ...]:
    """Files of one format: of the corpus, with a little of much, with TLS groups, with a heterogeneity extension."""
    written = {
        "pdb": [RICH_PDB.encode(), tls_file("REFMAC", "ATOM RECORD CONTAINS SUM OF TLS AND RESIDUAL B FACTORS")],
        "mmcif": [mmcif_text(*apo_bound())],
    }
    trees = [_imported("pdb", content) for content in written["pdb"]] + [_imported("mmcif", written["mmcif"][0])]
    made = list(written.get(format, []))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tree in (*_trees()[-len(CORPUS) :], *trees):
            try:
                made.append(export_bytes(polystate.Deposition(tree), format, ExportOptions())[0])
            except PolystateError:
                continue  # what a format has no room for, and artifacts that are elsewhere
    return tuple(made)


def _imported(format: str, content: bytes) -> Any:
    return tree_of_records(records_of_file(InputFile(f"x.{format}", content, "0" * 64, format)))[0]


# -- the others ------------------------------------------------------------------------------------------


@cache
def artifacts(suffix: str) -> tuple[bytes, ...]:
    """Artifacts of the cases that are read whole: none called `no-…`, nor `kinds`, which has groups of any sort."""
    found = sorted((paths.CONFORMANCE / "artifacts").glob(f"*.{suffix}"))
    return tuple(path.read_bytes() for path in found if not path.name.startswith(("no-", "kinds.")))


@cache
def documents() -> tuple[bytes, ...]:
    """Depositions in the text form, as JSON and as people write it."""
    made = [json.dumps(text, indent=1).encode() for text in texts()[::4]]
    for path in sorted((paths.CONFORMANCE / "cases").glob("*/000*/case.yaml"))[::3]:
        text = textwrap.dedent(path.read_text("utf-8").partition("\ndeposition:\n")[2].partition("\nrequest:")[0])
        if _is_valid(text):
            made.append(text.encode())
    return tuple(made)
