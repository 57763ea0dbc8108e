"""An archive of a thousand entries on two cores: imported, fitted, catalogued and asked; killed in the middle, too.

The entries are real ones, turned and moved at random and named by a seed, of all kinds in turn. The growth exponent is
that of runs on a quarter, the half and all of them, one after the other and again, so that a slow minute of the machine
falls on all; what a run on a few takes, which is the start, is taken off. It is that of the processor time in user
mode: what the system takes for the files of stores, other work on the disk makes several times as long. The memory is
that of all processes."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import statistics
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gemmi
import inputs
import measure
import numpy as np
import psutil
import pyarrow.parquet as pq
from scipy.stats import linregress

from polystate_tools.archive.asking import ask

SEED, ENTRIES, QUICK, CORES = 20260101, 1000, 200, 2
SOURCES = (
    "altloc/1pfe.cif.gz", "altloc/3JQH.cif", "altloc/4i39.cif", "altloc/5g27.cif", "altloc/1ejg.pdb", "nmr/1AS5.cif",
    "nmr/1LCD.cif", "tls/1o1z.cif", "tls/5cvz_final.pdb", "tls/5zng.cif", "tls/3dg1_final.cif", "altloc/7gsa.cif",
)  # fmt: skip
FITTED, FITS = "5cvz_final", 100  # one that a fit takes as it is, and at most so many of it
EXPONENT = 0.05  # of 1, either way
FEW = 2 * len(SOURCES)  # entries: that long, processes start and modules are loaded
PARTS = (FEW, 252, 504, 1000)  # of a thousand, all kinds as often
IMPORTS, BUILDS = 3, 5  # rounds
QUESTIONS = {
    "the most mobile residues": "SELECT entry, chain, number, comp, rmsf FROM residues ORDER BY rmsf DESC LIMIT 10",
    "mean B by residue type": "SELECT comp, avg(b), count(*) FROM residues GROUP BY comp ORDER BY 2 DESC",
    "entries by sites": "SELECT entry, count(*) FROM sites GROUP BY entry ORDER BY 2 DESC LIMIT 10",
    "share of each level of the fits": "SELECT level, avg(share) FROM fits GROUP BY level",
}


def main(quick: bool) -> list[dict[str, Any]]:
    """Imports of all, the same killed and resumed, fits of some, a catalogue likewise, and questions to it."""
    n = QUICK if quick else ENTRIES
    sizes = (FEW, *(part * n // ENTRIES for part in PARTS[1:]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = make(folder / "in", n)
        archives, two, fits = {size: folder / f"of-{size}" for size in sizes}, folder / "again", folder / "fits"
        one = archives[n]
        for size, archive in [*archives.items(), (n, two)]:
            archive.with_suffix(".txt").write_text("\n".join(str(path) for path, _ in made[:size]))

        def importing(archive: Path) -> list[Any]:
            return ["import", "--many", archive.with_suffix(".txt"), archive, "--b-factors", "total"]

        def building(archive: Path) -> list[Any]:
            return ["catalogue", "build", archive]

        def renewed(archive: Path) -> None:
            shutil.rmtree(archive, ignore_errors=True)

        killed(importing(two), lines(two / "import.jsonl"), n)
        runs = in_turn(archives, sizes, importing, renewed, 1 if quick else IMPORTS)
        records = [growth(f"{n} entries imported", runs, tables(one) == tables(two))]
        fitted = [str(one / f"{path.stem}.zarr.zip") for path, source in made if FITTED in source][:FITS]
        (folder / "fit.txt").write_text("\n".join(fitted))
        asked_for = ["--levels", "chain,residue", "--steps", "3", "--psd", "clip"]
        whole = watched(["fit", "--many", folder / "fit.txt", fits, *asked_for])
        records.append(done("fits of some of them, two levels and three steps", whole, len(fitted)))
        for path in fits.glob("*.zarr.zip"):
            for archive in (*archives.values(), two):
                if (archive / path.name).exists():
                    shutil.copy(path, archive / path.name)
        killed(building(two), parts(two, n), n)
        runs = in_turn(archives, sizes, building, lambda archive: renewed(archive / "catalogue"), BUILDS)
        records.append(
            growth(f"{n} entries catalogued", runs, parquet(one / "catalogue") == parquet(two / "catalogue"))
        )
        records.append(asked(str(one)))
    return records


def make(folder: Path, n: int) -> list[tuple[Path, str]]:
    """Structure files of so many entries in the order of their names, and what each was made of."""
    folder.mkdir()
    rng, names = random.Random(SEED), set[str]()
    while len(names) < n:
        names.add(rng.choice("123456789") + "".join(rng.choices(string.ascii_lowercase, k=4)))
    found = []
    for k, name in enumerate(sorted(names)):
        source = SOURCES[k % len(SOURCES)]
        structure = gemmi.read_structure(str(inputs.DATA / source))
        turn = gemmi.Transform(gemmi.Mat33(_rotation(rng)), gemmi.Vec3(*(rng.uniform(-50, 50) for _ in range(3))))
        for model in structure:
            model.transform_pos_and_adp(turn)
        structure.name = name
        if not structure[0][0][0].label_seq:
            structure.setup_entities()
        found.append((folder / f"{name}.cif", source))
        structure.make_mmcif_document().write_file(str(found[-1][0]))
    return found


def _rotation(rng: random.Random) -> list[list[float]]:
    q = np.array([rng.gauss(0, 1) for _ in range(4)])
    w, x, y, z = q / np.linalg.norm(q)
    return [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]


class Watched(NamedTuple):
    """Seconds by the clock, of the processor in user mode and in the system, and memory of all processes (MiB)."""

    seconds: float
    user: float
    system: float
    memory: float


Count = Callable[[], float]


def lines(path: Path) -> Count:
    """Rows of a journal."""
    return lambda: path.read_bytes().count(b"\n") if path.exists() else 0


def parts(archive: Path, n: int) -> Count:
    """Entries that are in finished parts, of the number that a catalogue of so many has."""
    folder, count = archive / "catalogue/entries", 1
    while count * 64 < n:
        count *= 2
    return lambda: n / count * len(list(folder.glob("*.parquet"))) if folder.exists() else 0


def started(command: Sequence[Any]) -> subprocess.Popen[bytes]:
    """A verb on two cores."""
    verb = [sys.executable, "-m", "polystate_tools.cli", "--quiet", *map(str, command), "--jobs", str(CORES)]
    return subprocess.Popen(verb, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def watched(command: Sequence[Any]) -> Watched:
    """A verb from its start to its end."""
    before, begin, memory, process = (
        resource.getrusage(resource.RUSAGE_CHILDREN),
        time.monotonic(),
        0.0,
        started(command),
    )
    while process.poll() is None:
        memory = max(memory, _memory(process.pid))
        time.sleep(0.2)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = (after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime)
    return Watched(time.monotonic() - begin, *used, memory)


def in_turn(
    archives: Mapping[int, Path], sizes: Sequence[int], command: Callable[[Path], list[Any]],
    renew: Callable[[Path], None], rounds: int,
) -> dict[int, list[Watched]]:  # fmt: skip
    """Runs of a verb on archives of each of the sizes, again and again, each on what `renew` leaves."""
    runs: dict[int, list[Watched]] = {size: [] for size in sizes}
    for _ in range(rounds):
        for size, found in runs.items():
            renew(archives[size])
            found.append(watched(command(archives[size])))
    return runs


def killed(command: Sequence[Any], count: Count, n: int) -> None:
    """A verb that is killed when half is done, and then called again."""
    process = started(command)
    while process.poll() is None and count() < n / 2:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    started(command).wait()


def _memory(process: int) -> float:
    """Memory (MiB) of a process and those that it started."""
    try:
        first = psutil.Process(process)
        return sum(each.memory_info().rss for each in (first, *first.children(recursive=True))) / 2**20
    except psutil.Error:
        return 0.0


def tables(folder: Path) -> dict[str, Any]:
    """What the tables and stores of an import hold, but for the time that a row took."""
    rows = pq.read_table(folder / "import.parquet").drop_columns("seconds").to_pylist()
    return {"rows": rows} | {path.name: path.read_bytes() for path in folder.glob("*.zip")}


def parquet(folder: Path) -> dict[str, bytes]:
    """The files of a catalogue."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.parquet")}


def growth(name: str, runs: Mapping[int, Sequence[Watched]], same: bool) -> dict[str, Any]:
    """The record of a verb on a few, a quarter, the half and all: entries a second, how time grows, and memory."""
    middle = {size: Watched._make(map(statistics.median, zip(*found, strict=True))) for size, found in runs.items()}
    few, *sizes = middle
    seconds = [middle[size].user for size in sizes]
    beyond = np.array([[size - few, middle[size].user - middle[few].user] for size in sizes])
    exponent = float(linregress(*np.log(beyond).T).slope)
    whole = middle[sizes[-1]]
    return {
        "name": name, "sizes": sizes, "seconds": seconds, "exponent": exponent,
        "met": bool(abs(exponent - 1) <= EXPONENT) and same,
        "notes": [
            f"{sizes[-1] / whole.seconds:.1f} entries a second on {CORES} cores, {whole.seconds:.0f} s from start to "
            f"end; {1e3 * (whole.user - middle[few].user) / (sizes[-1] - few):.0f} ms of user time an entry",
            f"the user time, less the {middle[few].user:.1f} s of the first {few}, grows as n^{exponent:.3f}; medians "
            f"of {len(runs[few])} runs in turn",
            "the system takes " + ", ".join(f"{middle[size].system:.1f}" for size in sizes) + " s",
            "memory of all processes: " + ", ".join(f"{middle[size].memory:.0f}" for size in sizes) + " MiB",
            "killed in the middle and resumed: " + ("the same tables" if same else "OTHER TABLES"),
        ],
    }  # fmt: skip


def done(name: str, found: Watched, n: int) -> dict[str, Any]:
    """The record of a verb on some."""
    said = f"{n} in {found.seconds:.0f} s on {CORES} cores: {n / found.seconds:.1f} a second; {found.memory:.0f} MiB"
    return {"name": name, "notes": [said]}


def asked(archive: str) -> dict[str, Any]:
    """Questions to the catalogue."""
    seconds: dict[str, list[float]] = {name: [] for name in QUESTIONS}
    for _ in range(5):
        for name, sql in QUESTIONS.items():
            begin = time.perf_counter()
            assert ask(archive, sql).num_rows
            seconds[name].append(time.perf_counter() - begin)
    return measure.record("questions to the catalogue", seconds, next(iter(QUESTIONS)))
