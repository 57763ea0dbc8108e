"""How things are timed: programs in turn in one run, medians and spreads of many rounds, the machine described."""

from __future__ import annotations

import importlib
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any

Task = Callable[[], Any]


def alternate(
    tasks: Mapping[str, Task],
    rounds: int,
    before: Callable[[], Any] | None = None,
    warm: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Seconds of each task in each round; every task has its turn in every round, so that a slow moment falls on all.

    before: what changes before each repetition, not timed; warm: a turn is one repetition that is not timed (the task
    finds the caches as it left them, not as the one before it did) and one that is; clock: in seconds, such as
    `time.process_time`, which other work does not lengthen, of what threads do the sum."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            for _ in range(warm):
                if before is not None:
                    before()
                task()
            if before is not None:
                before()
            start = clock()
            task()
            seconds[name].append(clock() - start)
    return seconds


def summary(seconds: list[float]) -> dict[str, Any]:
    """Median, quartiles and number of rounds."""
    quartiles = statistics.quantiles(seconds, n=4) if len(seconds) > 1 else [seconds[0]] * 3
    return {"median_s": statistics.median(seconds), "q1_s": quartiles[0], "q3_s": quartiles[2], "n": len(seconds)}


def record(
    name: str, seconds: Mapping[str, list[float]], ours: str, bounds: Mapping[str, float] | None = None, **more: Any
) -> dict[str, Any]:
    """One benchmark: `ratio` is the median over the rounds of (time of a peer) / (time of ours) in the same round.

    bounds: {peer: the least ratio that is asked for}."""
    ratios = {
        peer: statistics.median(b / a for a, b in zip(seconds[ours], values, strict=True))
        for peer, values in seconds.items()
        if peer != ours and len(values) == len(seconds[ours])
    }
    found = {
        "name": name,
        "ours": ours,
        "programs": {program: summary(values) for program, values in seconds.items()},
        "ratio": ratios,
        "bounds": dict(bounds or {}),
        **more,
    }
    if bounds:
        found["met"] = all(ratios[peer] >= least for peer, least in bounds.items() if peer in ratios)
    return found


def peer(name: str) -> Any:
    """A module to measure beside, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def machine() -> dict[str, Any]:
    """The processor, its cores, the memory, and the versions of what took part; no names of hosts."""
    model = platform.processor() or platform.machine()
    flags = ""
    try:
        with open("/proc/cpuinfo") as file:
            lines = dict(line.split(":", 1) for line in file.read().split("\n\n")[0].splitlines() if ":" in line)
        lines = {key.strip(): value.strip() for key, value in lines.items()}
        model, flags = lines.get("model name", model), lines.get("flags", "")
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else 0
    names = ("numpy", "numba", "zarr", "gemmi", "cctbx-base", "ProDy", "mmtf-python", "biotite", "scipy")
    return {
        "processor": model,
        "avx512": "avx512f" in flags,
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "load_at_start": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": sys.version.split()[0],
        "versions": {name: version for name in names if (version := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def text(found: Mapping[str, Any]) -> str:
    """One benchmark as lines for a terminal."""
    lines = [found["name"] + ("" if "met" not in found else "  (met)" if found["met"] else "  (NOT MET)")]
    for program, s in found.get("programs", {}).items():
        ratio = found["ratio"].get(program)
        least = found["bounds"].get(program)
        line = (
            f"  {program:<38}{seconds_text(s['median_s']):>10}  [{seconds_text(s['q1_s'])} – {seconds_text(s['q3_s'])}]"
        )
        line += f"  x{ratio:.3g}" if ratio is not None else ""
        lines.append(line + (f" (asked: {least:g})" if least is not None else ""))
    lines += [f"  {line}" for line in found.get("notes", [])]
    return "\n".join(lines)


def seconds_text(s: float) -> str:
    """A time in a unit that suits it."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if s * factor >= 1 or unit == "µs":
            return f"{s * factor:.3g} {unit}"
    raise AssertionError
