"""The board of implementations: profiles side by side, each over its versions, and the cases that some of them fail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from polystate_conformance.reports import footer as report
from polystate_conformance.reports.others import name

LISTED = 300  # cases that are failed by some
SAID = 160  # characters of why
Report = tuple[list[dict[str, Any]], dict[str, Any]]
HEAD = """# Board of implementations

What each makes of the cases, from the reports of `polystate score --jsonl REPORT.jsonl -- PROGRAM`. Send yours,
whatever it says, to be here: `make site REPORTS="REPORT.jsonl ..."` puts it beside the others, and older reports of the
same implementation below it.
"""


def board(paths: Iterable[Path], link: Callable[[str], str]) -> str:
    """Markdown; link: of a case id, to the page that has its request, what is expected and where that comes from."""
    versions = _by_implementation(map(report.read, paths))
    if not versions:
        return HEAD + "\nNo report was given when this page was made.\n"
    latest = [found[-1] for found in versions.values()]
    parts = [HEAD, *_profiles(latest), *_failed(latest, link)]
    for title, found in versions.items():
        parts += ["", f"## {title}", "", *_versions(found, link)]
    return "\n".join(parts) + "\n"


def _by_implementation(reports: Iterable[Report]) -> dict[str, list[Report]]:
    """Reports by the name of the program, the oldest first."""
    found: dict[str, list[Report]] = defaultdict(list)
    for read in sorted(reports, key=lambda read: str(read[1]["date"])):
        found[str(read[1]["implementation"].get("name") or "unknown")].append(read)
    return dict(found)


def row(cells: Iterable[str]) -> str:
    """A line of a table; what a program says breaks neither the table nor the page."""
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def text(said: str, most: int = SAID) -> str:
    """Words of a program, as code."""
    cut = " ".join((said if len(said) <= most else said[: most - 1] + "…").replace("`", "'").split())
    return f"`{cut}`" if cut else ""


def _table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    return ["", row(head), row(["---"] * len(head)), *map(row, rows), ""]


def _passed(counts: dict[str, int] | None) -> str:
    if counts is None or counts["cases"] == counts["unsupported"]:
        return "–"
    claimed = counts["cases"] - counts["unsupported"]
    return f"**{counts['passed']}** of {claimed}" if counts["failed"] else f"{counts['passed']} of {claimed}"


def _profiles(latest: list[Report]) -> list[str]:
    """The latest report of each, a column each."""
    profiles = dict.fromkeys(profile for _, foot in latest for profile in foot["profiles"])
    rows = [[profile, *(_passed(foot["profiles"].get(profile)) for _, foot in latest)] for profile in profiles]
    rows.append(["all", *(_passed(report.totals(foot)) for _, foot in latest)])
    rows.append(["cases chosen by", *(_chosen(foot) for _, foot in latest)])
    said = "Passed of those that it claims, in bold where some fail; – where it claims none."
    return [said, *_table(["profile", *(name(foot) for _, foot in latest)], rows)]


def _chosen(foot: dict[str, Any]) -> str:
    return text(str(foot["chosen"]["options"])) if foot.get("chosen") else "all of them"


def _failed(latest: list[Report], link: Callable[[str], str]) -> list[str]:
    """Each case that some fail, with what each found."""
    outcomes = [{result["case"]: result for result in results} for results, _ in latest]
    cases = sorted({case for found in outcomes for case, result in found.items() if result["outcome"] == "failed"})
    if not cases:
        return ["", "## Failed by some", "", "No case is failed by any of them."]
    rows = []
    for case in cases[:LISTED]:
        results = [found.get(case) for found in outcomes]
        title = next(str(result["title"]) for result in results if result)
        rows.append([link(case), title.replace("<", "&lt;"), *map(_outcome, results)])
    more = f", of which the first {LISTED} are listed" if len(cases) > LISTED else ""
    head = ["case", "what holds", *(name(foot) for _, foot in latest)]
    return ["", f"## Failed by some: {len(cases)} cases{more}", *_table(head, rows)]


def _outcome(result: dict[str, Any] | None) -> str:
    if result is None:
        return "not asked"
    if result["outcome"] == "failed":
        return f"**failed** {text(str(result.get('why', '')))}"
    return {"unsupported": "not claimed"}.get(result["outcome"], result["outcome"])


def _versions(found: list[Report], link: Callable[[str], str]) -> list[str]:
    """One implementation over its reports: totals, and what changed from each to the next."""
    rows = []
    for k, (results, foot) in enumerate(found):
        sums = report.totals(foot)
        changes = report.against(found[k - 1][0], results) if k else {}
        changed = "; ".join(
            f"{len(changes[kind])} {kind}: {' '.join(map(link, changes[kind][:12]))}"
            + (" and more" if len(changes[kind]) > 12 else "")
            for kind in ("fixed", "broken")
            if changes.get(kind)
        )
        rows.append([
            str(foot["implementation"].get("version") or "?"), str(foot["date"])[:10], str(foot["suite"]),
            str(sums["passed"]), str(sums["failed"]), str(sums["unsupported"]), changed,
        ])  # fmt: skip
    return _table(["version", "date", "suite", "passed", "failed", "not claimed", "since the report before"], rows)
