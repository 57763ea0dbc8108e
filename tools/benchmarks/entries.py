"""An archive of a thousand entries on two cores: imported, fitted, catalogued and asked; killed in the middle, too.

The entries are real ones, turned and moved at random and named by a seed. Time and memory are looked at while the work
goes on: the growth exponent is that of the processor time in user mode by which n entries are done, of which other work
on the machine takes no part but which it makes longer, by what it leaves of caches and memory. So the time is divided
by that of a fixed piece of work that is done beside it. What the system takes, for the files of stores, other work on
the disk makes several times as long, from one minute to the next: it is said apart, by halves. The memory is that of
all processes."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gemmi
import inputs
import measure
import numpy as np
import psutil
import pyarrow.parquet as pq
from scipy.ndimage import median_filter
from scipy.optimize import curve_fit

from polystate_tools.archive.asking import ask

SEED, ENTRIES, QUICK, CORES = 20260101, 1000, 200, 2
SOURCES = (
    "altloc/1pfe.cif.gz", "altloc/3JQH.cif", "altloc/4i39.cif", "altloc/5g27.cif", "altloc/1ejg.pdb", "nmr/1AS5.cif",
    "nmr/1LCD.cif", "tls/1o1z.cif", "tls/5cvz_final.pdb", "tls/5zng.cif", "tls/3dg1_final.cif", "altloc/7gsa.cif",
)  # fmt: skip
FITTED, FITS = "5cvz_final", 100  # one that a fit takes as it is, and at most so many of it
EXPONENT = 0.05  # of 1, either way
BUILDS = 5  # of the catalogue, which takes seconds
PACED = 51  # looks, of ten seconds: of which the median says how fast the machine is
BEGIN = 0.1  # of the entries: before that processes start and modules are loaded
QUESTIONS = {
    "the most mobile residues": "SELECT entry, chain, number, comp, rmsf FROM residues ORDER BY rmsf DESC LIMIT 10",
    "mean B by residue type": "SELECT comp, avg(b), count(*) FROM residues GROUP BY comp ORDER BY 2 DESC",
    "entries by sites": "SELECT entry, count(*) FROM sites GROUP BY entry ORDER BY 2 DESC LIMIT 10",
    "share of each level of the fits": "SELECT level, avg(share) FROM fits GROUP BY level",
}


def main(quick: bool) -> list[dict[str, Any]]:
    """Imports of all, the same killed and resumed, fits of some, a catalogue likewise, and questions to it."""
    n = QUICK if quick else ENTRIES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fitted = make(folder / "in", n)
        one, two, fits = folder / "one", folder / "two", folder / "fits"
        command = ["import", "--many", folder / "in", "--b-factors", "total"]
        whole = watched([*command, one], lines(one / "import.jsonl"))
        killed([*command, two], lines(two / "import.jsonl"), n)
        records = [growth(f"{n} entries imported", whole, tables(one) == tables(two))]
        (folder / "fit.txt").write_text("\n".join(str(one / f"{e}.zarr.zip") for e in fitted[:FITS]))
        command = [
            "fit",
            "--many",
            folder / "fit.txt",
            fits,
            "--levels",
            "chain,residue",
            "--steps",
            "3",
            "--psd",
            "clip",
        ]
        whole = watched(command, lines(fits / "fit.jsonl"))
        records.append(done("fits of some of them, two levels and three steps", whole, len(fitted[:FITS])))
        for path in fits.glob("*.zarr.zip"):
            shutil.copy(path, one / path.name)
            shutil.copy(path, two / path.name)
        records.append(catalogued(one, two, n))
        records.append(asked(str(one)))
    return records


def catalogued(one: Path, two: Path, n: int) -> dict[str, Any]:
    """The catalogue of the one archive, built anew again and again: of short runs that of the median exponent is told;
    and of the other, killed in the middle."""
    killed(["catalogue", "build", two], parts(two, n), n)
    found = []
    for _ in range(BUILDS):
        shutil.rmtree(one / "catalogue", ignore_errors=True)
        whole = watched(["catalogue", "build", one], parts(one, n))
        same = parquet(one / "catalogue") == parquet(two / "catalogue")
        found.append(growth(f"{n} entries catalogued", whole, same))
    found.sort(key=lambda record: record["exponent"])
    middle = found[BUILDS // 2]
    said = ", ".join(f"{record['exponent']:.3f}" for record in found)
    return {**middle, "notes": [*middle["notes"], f"the median of {BUILDS} runs, whose exponents are {said}"]}


def make(folder: Path, n: int) -> list[str]:
    """Structure files of so many entries; the names of those that are fitted."""
    folder.mkdir()
    rng, fitted, used = random.Random(SEED), [], set()
    for k in range(n):
        source = SOURCES[k % len(SOURCES)]
        structure = gemmi.read_structure(str(inputs.DATA / source))
        while (name := rng.choice("123456789") + "".join(rng.choices(string.ascii_lowercase, k=4))) in used:
            pass
        used.add(name)
        turn = gemmi.Transform(gemmi.Mat33(_rotation(rng)), gemmi.Vec3(*(rng.uniform(-50, 50) for _ in range(3))))
        for model in structure:
            model.transform_pos_and_adp(turn)
        structure.name = name
        if not structure[0][0][0].label_seq:
            structure.setup_entities()
        structure.make_mmcif_document().write_file(str(folder / f"{name}.cif"))
        if FITTED in source:
            fitted.append(name)
    return fitted


def _rotation(rng: random.Random) -> list[list[float]]:
    q = np.array([rng.gauss(0, 1) for _ in range(4)])
    w, x, y, z = q / np.linalg.norm(q)
    return [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]


@dataclass
class Watched:
    """seconds: of all; by: at each look the user time (s), the entries done, the memory of all processes (MiB), the
    processor time (s) of the fixed piece of work, and the time of the system (s)."""

    seconds: float = 0.0
    by: list[tuple[float, float, float, float, float]] = field(default_factory=list)

    def paced(self) -> np.ndarray:
        """The user time (s) at each look, had the machine been as fast all the time as it was in the middle."""
        used = np.maximum.accumulate([look[0] for look in self.by])
        pace = median_filter(np.array([look[3] for look in self.by]), PACED, mode="nearest")
        return np.cumsum(np.diff(used, prepend=0.0) * np.median(pace) / pace)


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


def watched(command: Sequence[Any], count: Count) -> Watched:
    """A verb from its start to its end."""
    found, begin, process = Watched(), time.monotonic(), started(command)
    while process.poll() is None:
        user, system, memory = _used(process.pid)
        found.by.append((user, count(), memory, fixed_work(), system))
        time.sleep(0.2)
    found.seconds = time.monotonic() - begin
    return found


def fixed_work() -> float:
    """The processor time (s) of a few milliseconds of what an import does: JSON, sorts and hashes."""
    begin = time.process_time()
    numbers = np.random.default_rng(0).random(40_000)
    order = np.argsort(numbers)
    hashlib.sha256(numbers[order].tobytes()).digest()
    json.loads(json.dumps({str(k): x for k, x in enumerate(numbers[:2000].tolist())}))
    return time.process_time() - begin


def killed(command: Sequence[Any], count: Count, n: int) -> None:
    """A verb that is killed when half is done, and then called again."""
    process = started(command)
    while process.poll() is None and count() < n / 2:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    started(command).wait()


def _used(process: int) -> tuple[float, float, float]:
    """User time and time of the system (s), and memory (MiB), of a process and those that it started."""
    user = system = memory = 0.0
    try:
        first = psutil.Process(process)
        for each in (first, *first.children(recursive=True)):
            times = each.cpu_times()
            user, system = user + times.user, system + times.system
            memory += each.memory_info().rss / 2**20
    except psutil.Error:
        pass
    return user, system, memory


def tables(folder: Path) -> dict[str, Any]:
    """What the tables and stores of an import hold, but for the time that a row took."""
    rows = pq.read_table(folder / "import.parquet").drop_columns("seconds").to_pylist()
    return {"rows": rows} | {path.name: path.read_bytes() for path in folder.glob("*.zip")}


def parquet(folder: Path) -> dict[str, bytes]:
    """The files of a catalogue."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.parquet")}


def growth(name: str, found: Watched, same: bool) -> dict[str, Any]:
    """The record of a verb on all: entries a second, how time grows with their number, and memory."""
    done, paced = np.array([look[1] for look in found.by]), found.paced()
    counts, first = np.unique(done, return_index=True)  # what comes after the last entry is said apart
    counts, times = counts[counts >= BEGIN * done[-1]], paced[first[counts >= BEGIN * done[-1]]]
    (start, scale, exponent), _ = curve_fit(
        lambda part, start, scale, power: start + scale * part**power,
        counts / counts[-1], times, (times[0], times[-1] - times[0], 1.0),
    )  # fmt: skip
    looks = [look for look in found.by if look[1] >= BEGIN * done[-1]]
    half = len(looks) // 2
    memory = [max(look[2] for look in part) for part in (looks[: half + 1], looks[half:])]
    halves = done[-1] * np.array([BEGIN, (1 + BEGIN) / 2, 1.0])
    system = np.diff(np.interp(halves, done, np.maximum.accumulate([look[4] for look in found.by])))
    places = [int(np.searchsorted(counts, part * counts[-1])) for part in (0.25, 0.5, 0.75, 1.0)]
    sizes, seconds = [int(counts[k]) for k in places], [float(times[k]) for k in places]
    return {
        "name": name, "sizes": sizes, "seconds": seconds, "exponent": float(exponent),
        "met": bool(abs(exponent - 1) <= EXPONENT) and same,
        "notes": [
            f"{counts[-1] / found.seconds:.1f} entries a second on {CORES} cores, {found.seconds:.0f} s from start to "
            f"end; {1e3 * scale / counts[-1]:.0f} ms of user time an entry",
            f"the user time above is {start:.1f} s for the start, and grows as n^{exponent:.3f}; "
            f"{paced[-1] - times[-1]:.1f} s come after the last entry",
            f"the system takes {system[0]:.1f} s in the first half, {system[1]:.1f} in the second",
            f"memory of all processes: {memory[0]:.0f} MiB at most in the first half, {memory[1]:.0f} in the second",
            "killed in the middle and resumed: " + ("the same tables" if same else "OTHER TABLES"),
        ],
    }  # fmt: skip


def done(name: str, found: Watched, n: int) -> dict[str, Any]:
    """The record of a verb on some."""
    memory = max(look[2] for look in found.by)
    said = f"{n} in {found.seconds:.0f} s on {CORES} cores: {n / found.seconds:.1f} a second; {memory:.0f} MiB at most"
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
