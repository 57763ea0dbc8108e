"""How import and export grow with atoms and bonds: files of PDB, mmCIF and MMTF from 5 000 to 500 000 atoms.

The files are made up, with what costs in real ones: chains of residues, alternates that are a site, disulfides, ions
that are linked, waters. Seconds are of the processor, which other work does not lengthen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import growth

from polystate import Deposition
from polystate_tools.formats.exporting import export_bytes
from polystate_tools.formats.importing import records_of_file, tree_of_records
from polystate_tools.formats.opening.files import InputFile
from polystate_tools.formats.options import ExportOptions

SIZES = (5_000, 16_000, 50_000, 160_000, 500_000)
ABOVE, WITHIN = 10_000, 0.2
FORMATS = {"pdb": "PDB", "mmcif": "mmCIF", "mmtf": "MMTF"}
CHAINS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
PLACES = {"N": (0, 0, 0), "CA": (1.4, 0.2, 0), "C": (2.0, 1.5, 0), "O": (1.3, 2.5, 0), "CB": (2.0, -0.8, 1.1)}
RESIDUES, RECORDS = 10, 10 * 6 + 1 + 3  # of a unit: its residues, of which one has two conformers, an ion, waters


def main(quick: bool) -> list[dict[str, Any]]:
    """One record a direction and format: seconds at each size, and the exponent."""
    sizes = SIZES[:3] if quick else SIZES
    seconds: dict[str, list[float]] = {}
    for size in sizes:
        given = pdb(size)
        dep = Deposition(imported(given, "pdb"))
        for format, called in FORMATS.items():
            content = given if format == "pdb" else exported(dep, format)
            for verb, task, of in (("import of", imported, content), ("export as", exported, dep)):
                taken = best(partial(task, of, format), 1 if size > 100_000 else 3)
                seconds.setdefault(f"{verb} {called}: records", []).append(taken)
    return [growth.record(name, list(sizes), found, ABOVE, WITHIN, []) for name, found in seconds.items()]


def best(task: Callable[[], object], rounds: int) -> float:
    """The shortest of some repetitions."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        task()
        taken.append(time.process_time() - start)
    return min(taken)


def imported(content: bytes, format: str) -> Any:
    """The tree of a file in memory."""
    return tree_of_records(records_of_file(InputFile(f"made-up.{format}", content, "0" * 64, format)))[0]


def exported(dep: Deposition, format: str) -> bytes:
    """A file with every alternate."""
    return export_bytes(dep, format, ExportOptions())[0]


def pdb(records: int) -> bytes:
    """A PDB file of about so many records of atoms."""
    units = -(-records // RECORDS)
    per_chain = -(-units // len(CHAINS))
    header: list[str] = []
    lines = [line for unit in range(units) for line in _unit(unit, per_chain, header)]
    return "\n".join([*header, *lines, "END", ""]).encode()


def _unit(unit: int, per_chain: int, header: list[str]) -> Iterator[str]:
    chain, first = CHAINS[unit // per_chain], unit % per_chain * (RESIDUES + 4) + 1
    x, y, z = unit % 30 * 40.0, unit // 30 % 30 * 12.0, unit // 900 * 12.0

    def atom(name: str, comp: str, seq: int, at: tuple[float, float, float], alt: str = " ", q: float = 1.0) -> str:
        kind, symbol = ("HETATM", name) if comp == "ZN" else ("ATOM  ", name[0])
        label = f"{name:<4s}" if len(symbol) > 1 else f" {name:<3s}"
        place = "".join(f"{a + b:8.3f}" for a, b in zip((x, y, z), at, strict=True))
        head = f"{kind}    1 {label}{alt}{comp:>3s} {chain}{seq:4d}"
        return f"{head}    {place}{q:6.2f}{20 + seq % 30:6.2f}          {symbol:>2s}"

    for k in range(RESIDUES):
        comp = "CYS" if k in (2, 3) else "SER"
        shifted = {name: (3.8 * k + a, b, c) for name, (a, b, c) in PLACES.items()}
        yield from (atom(name, comp, first + k, at) for name, at in shifted.items())
        if comp == "CYS":
            yield atom("SG", comp, first + k, (9.5 + 2.03 * (k - 2), -2.0, 2.0))
        elif k == 6:
            yield atom("OG", comp, first + k, (3.8 * k + 3.2, -0.4, 1.9), "A", 0.6)
            yield atom("OG", comp, first + k, (3.8 * k + 1.6, -2.0, 1.6), "B", 0.4)
        else:
            yield atom("OG", comp, first + k, (3.8 * k + 3.2, -0.4, 1.9))
    yield atom("ZN", "ZN", first + RESIDUES, (32.0, 3.9, 0.0))
    yield from (atom("O", "HOH", first + RESIDUES + 1 + k, (8.0 * k, 6.0, 3.0)) for k in range(3))
    bridge = f"SSBOND   1 CYS {chain} {first + 2:4d}    CYS {chain} {first + 3:4d}"
    link = f"LINK         O   SER {chain}{first + 8:4d}                ZN    ZN {chain}{first + RESIDUES:4d}"
    header += [f"{bridge}{'1555   1555  2.03':>42s}", f"{link}     1555   1555  2.00"]
