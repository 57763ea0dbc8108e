"""The part of the HTML report about draws: what each law must detect, and what verification found of that."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from polystate_conformance import paths
from polystate_conformance.scoring.runner import Result

RESULTS = paths.CONFORMANCE / "statistics.json"


NAMES = {"reference": "reference", "numpy_sampler": "NumPy sampler"}


def _grouped(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def figures(file: Path = RESULTS) -> dict[str, Any] | None:
    """The figures of the last verification of the track, None where there are none."""
    return json.loads(file.read_text("utf-8")) if file.exists() else None


def section(results: list[Result], found: dict[str, Any] | None) -> str:
    """Claims of the statistical cases, the smallest p-value of this run, and the figures of the verification."""
    mine = {result["case"]: result for result in results if result["profile"] == "sampling-statistical"}
    if not mine or found is None:
        return ""
    claims = found["wrong_samplers"]["claims"]
    right = found["right_sampler"]
    facts = [
        f"A right program fails a run with a probability of at most {found['suite_rate']:g}: the tests are exact, and"
        " the rate is split over them. What follows was found when the tests themselves were last verified.",
        *(
            f"Of the {escape(NAMES.get(name, name.replace('_', ' ')))}, {_grouped(item['p_values'])} p-values of"
            f" {item['tests']} tests in {_grouped(item['runs'])} runs are uniform (smallest Kolmogorov–Smirnov p,"
            f" adjusted for {item['tests']} tests: {item['adjusted_ks']:.2g});"
            f" {item['below']['0.001']:.3g} of them are below 0.001."
            for name, item in found["uniformity"].items()
        ),
        f"Of {found['wrong_samplers']['faults']} wrong samplers, {sum(row['caught'] for row in claims)} of"
        f" {sum(row['of'] for row in claims)} runs were caught by the case that claims it; of the right one"
        f" {right['alarms']} of {right['runs']}.",
    ]
    rows = []
    for row in found["power"]:
        result = mine.get(row["case"], {})
        values = result.get("p_values")
        smallest = f"{min(values.values()):.2g}" if values else escape(result.get("outcome", "not asked"))
        seen = f"{1 - row['missed'] / row['repeats']:.4f} of {row['repeats']}"
        fault = escape(f"{row['fault']}: {row['size']:g}")
        draws = str(result.get("draws", row["draws"]))
        name, title = f"<code>{escape(row['case'])}</code>", escape(row["title"])
        cells = [name, title, fault, f"{row['power']:g}", seen, draws, smallest]
        rows.append("".join(f"<td{' class=n' if k > 2 else ''}>{cell}</td>" for k, cell in enumerate(cells)))
    head = ["case", "what holds", "smallest fault", "power", "found, simulated", "draws", "smallest p here"]
    heads = "".join(f"<th{' class=n' if k > 2 else ''}>{name}</th>" for k, name in enumerate(head))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return (
        "<h2>Draws against their law</h2>"
        + "".join(f"<p class=soft>{fact}</p>" for fact in facts)
        + f"<details><summary>{len(rows)} laws</summary><table><tr>{heads}</tr>{body}</table></details>"
    )
