"""The page of results: what was measured, on what machine, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import measure

HEAD = """# Benchmark results

Written by `make bench` (`python tools/benchmarks/run.py --page`). Programs take turns in one run on the same input;
a time is the median over the rounds with its quartiles, a ratio the median over the rounds of (time of that program)
/ (time of ours). "Asked" is the least ratio that the project sets itself.
"""


def markdown(found: Mapping[str, Any]) -> str:
    """The page, from what `run.py` collected."""
    lines = [HEAD]
    m = found.get("machine", {})
    if m:
        versions = ", ".join(f"{name} {version}" for name, version in m["versions"].items())
        about = f"{m['processor']}, {m['cores']} cores{', AVX-512' if m['avx512'] else ''}, {m['memory_gib']} GiB"
        lines += [
            f"Machine: {about}, {m['system']}, Python {m['python']}, {versions}.\n"
            f"Load when it began: {m['load_at_start']}. A machine that is shared with other work makes single times "
            "noisy, ratios less so.\n"
        ]
    for name, records in found["benchmarks"].items():
        lines.append(f"## {name}\n")
        if name == "growth":
            lines.append("![growth](growth.png)\n")
        for record in records:
            lines += _record(record)
    return "\n".join(lines).rstrip() + "\n"


def _record(record: Mapping[str, Any]) -> list[str]:
    met = "" if "met" not in record else ": met" if record["met"] else ": **not met**"
    lines = [f"### {record['name']}{met}\n"]
    if record.get("programs"):
        lines += ["| program | median | quartiles | ratio | asked |", "| --- | --- | --- | --- | --- |"]
        for program, s in record["programs"].items():
            ratio = record["ratio"].get(program)
            least = record["bounds"].get(program)
            low, high = measure.seconds_text(s["q1_s"]), measure.seconds_text(s["q3_s"])
            cells = [program, measure.seconds_text(s["median_s"]), f"{low} – {high}"]
            cells += ["" if ratio is None else f"{ratio:.3g}", "" if least is None else f"{least:.3g}"]
            lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    if record.get("sizes"):
        lines += ["| size | seconds |", "| --- | --- |"]
        lines += [f"| {n} | {t:.3g} |" for n, t in zip(record["sizes"], record["seconds"], strict=True)]
        lines.append("")
    lines += [f"- {note}" for note in record.get("notes", [])]
    return [*lines, ""]
