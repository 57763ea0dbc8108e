"""A run beside others: what has changed since an earlier one, and where implementations differ."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from polystate_conformance.reports import footer as report
from polystate_conformance.reports.case_parts import Links
from polystate_conformance.reports.html import table
from polystate_conformance.scoring.runner import Result

LISTED = 60  # cases of each change
COMPARED = 200  # cases in which implementations differ
Other = tuple[list[Result], dict[str, Any]]
"""Results and footer of a report."""
SHOWN = {"passed": "<span class=yes>passed</span>", "failed": "<span class=no>failed</span>",
         "unsupported": "<span class=soft>not claimed</span>"}  # fmt: skip


def name(footer: dict[str, Any]) -> str:
    """`polystate-js 0.1.0 (JavaScript)`, as far as it is known."""
    who = footer["implementation"]
    known = " ".join(filter(None, (who.get("name") or "unknown", who.get("version"))))
    return f"{known} ({who['language']})" if who.get("language") else known


def trend(old: dict[str, Any], new: dict[str, Any], changes: dict[str, list[str]], links: Links) -> str:
    """Each profile then and now, and the cases that changed."""
    rows = []
    for profile in dict.fromkeys([*old["profiles"], *new["profiles"]]):
        then, now = (footer["profiles"].get(profile) for footer in (old, new))
        gain = (now or {}).get("passed", 0) - (then or {}).get("passed", 0)
        mark = f"<span class={'yes' if gain > 0 else 'no'}>{gain:+d}</span>" if gain else "0"
        rows.append([escape(profile), _passed(then), _passed(now), mark])
    both = table(["profile", "passed then", "passed now", "change"], rows, {1, 2, 3})
    listed = []
    for title, ids in changes.items():
        more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
        listed.append([title, str(len(ids)), " ".join(map(links.case, ids[:LISTED])) + more])
    when = escape(old["date"].replace("T", " ").replace("Z", " UTC"))
    said = f"{escape(name(old))}, {when}, suite {escape(old['suite'])}, seed {old['seed']}."
    return (
        f"<h2>Since the earlier run</h2><p class=soft>{said}</p>{both}{table(['what', 'cases', 'which'], listed, {1})}"
    )


def _passed(counts: dict[str, int] | None) -> str:
    if counts is None:
        return "–"
    claimed = counts["cases"] - counts["unsupported"]
    return f"{counts['passed']} of {claimed}" if claimed else "not claimed"


def beside(results: list[Result], footer: dict[str, Any], others: Sequence[Other], links: Links) -> str:
    """Profiles of all implementations in columns, and each case that some pass and others do not."""
    runs = [(results, footer), *others]
    names = [escape(name(foot)) for _, foot in runs]
    rows = []
    for profile in dict.fromkeys(p for _, foot in runs for p in foot["profiles"]):
        tables = [foot["profiles"].get(profile) for _, foot in runs]
        rows.append([escape(profile), *map(_passed, tables)])
    rows.append(["<b>all</b>", *(f"<b>{_passed(report.totals(foot))}</b>" for _, foot in runs)])
    head = f"<h2>Side by side</h2>{table(['passed of claimed', *names], rows, range(1, len(runs) + 1))}"
    outcomes = [{r["case"]: r for r in found} for found, _ in runs]
    shared = [case for case in outcomes[0] if any(case in other for other in outcomes[1:])]
    differ = [case for case in shared if len({found[case]["outcome"] for found in outcomes if case in found}) > 1]
    claimed = [case for case in differ if any(_failed(found.get(case)) for found in outcomes)]
    if not claimed:
        return head + f"<p class=yes>None of the {len(shared)} cases that they share is failed by some alone.</p>"
    listed = [
        [links.case(case), escape(outcomes[0][case]["title"]), *(_outcome(found.get(case)) for found in outcomes)]
        for case in claimed[:COMPARED]
    ]
    more = f" (the first {COMPARED})" if len(claimed) > COMPARED else ""
    title = f"<h3>Failed by some: {len(claimed)} of {len(shared)} shared cases{more}</h3>"
    return head + title + table(["case", "what holds", *names], listed)


def _failed(result: Result | None) -> bool:
    return result is not None and result["outcome"] == "failed"


def _outcome(result: Result | None) -> str:
    """What became of a case, with the reason at hand."""
    if result is None:
        return "<span class=soft>not asked</span>"
    why = f"<br><code>{escape(str(result.get('why', ''))[:160])}</code>" if _failed(result) else ""
    return SHOWN.get(result["outcome"], escape(result["outcome"])) + why
