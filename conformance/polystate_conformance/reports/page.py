"""The report of a run as one self-contained HTML page: profiles, failures with numbers, sentences, faults, badge."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from polystate_conformance.reports import footer as report
from polystate_conformance.reports import others as report_others
from polystate_conformance.reports import statistics as report_statistics
from polystate_conformance.reports.case_parts import Links
from polystate_conformance.reports.html import document, table
from polystate_conformance.scoring.runner import Result
from polystate_conformance.suite.case import Case

BASELINES = {
    "accept_all": "calls everything valid", "reject_all": "refuses everything",
    "all_zero": "accepts, and answers zeros", "mean_only": "accepts, and nothing varies",
}  # fmt: skip
"""What the implementations that know nothing do."""
FAMILIES = {"hand": "Wrong evaluators", "schema": "Schema constraints dropped", "blind": "Error codes never reported"}

_STYLE = """
:root { --ink: #1c2330; --soft: #5a6675; --line: #dde3ea; --paper: #ffffff;
        --good: #1a7f4b; --bad: #b3261e; --none: #8a94a3; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 68rem; color: var(--ink); background: var(--paper);
       font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .5rem; }
p.facts { color: var(--soft); margin: .1rem 0 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; }
.bar { display: flex; height: .7rem; min-width: 8rem; background: var(--line); border-radius: 2px; overflow: hidden; }
.bar i { display: block; }
.passed { background: var(--good); }
.failed { background: var(--bad); }
.unsupported { background: var(--none); }
.no { color: var(--bad); font-weight: 600; }
.yes { color: var(--good); }
.soft { color: var(--soft); }
code, pre { font: 13px/1.4 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
td:first-child code, .id { white-space: nowrap; }
details { margin: .3rem 0; }
a { color: inherit; text-decoration-color: var(--none); text-underline-offset: 2px; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
section.case { border-top: 1px solid var(--line); padding: .2rem 0 .8rem; }
section.case:target h3 { border-left: .3rem solid var(--good); padding-left: .5rem; }
section.case pre { margin: .2rem 0 .6rem; max-height: 24rem; overflow: auto; }
.scroll { overflow-x: auto; }
@media (max-width: 40rem) { .scroll table { min-width: 46rem; } body { padding: 1.2rem 1rem 3rem; } }
summary { cursor: pointer; }
.key span { margin-right: 1.2rem; }
.key i { display: inline-block; width: .7rem; height: .7rem; margin-right: .35rem; border-radius: 2px; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e5e9ef; --soft: #9aa6b5; --line: #2c3542; --paper: #12161c;
          --good: #4cc38a; --bad: #ff7b72; --none: #768396; }
}
"""


def page(
    results: list[Result], footer: dict[str, Any], *, traces: list[dict[str, Any]],
    cases: Sequence[Case] = (), board: Sequence[dict[str, Any]] = (), kills: list[dict[str, Any]] | None = None,
    changes: dict[str, list[str]] | None = None, earlier: dict[str, Any] | None = None,
    beside: Sequence[report_others.Other] = (),
) -> str:  # fmt: skip
    """The page; `traces` one row a sentence, `board` one row a baseline, `kills` one row a fault.

    cases: those whose ids lead to what they ask and expect; changes: since the run whose footer is `earlier`; beside:
    results and footers of other implementations."""
    links = Links(cases, {item["id"]: _words(item["text"]) for item in traces})
    who = footer["implementation"]
    name = f"{who.get('name') or 'unknown'} {who.get('version') or ''}".strip()
    totals = report.totals(footer)
    parts = [
        f"<h1>Polystate conformance: {escape(name)}</h1>",
        f"<p class=facts>{escape(who.get('language') or '')} · {_asked(footer, totals['cases'])}"
        f" in {footer['seconds']:.1f} s · {escape(footer['date'].replace('T', ' ').replace('Z', ' UTC'))}<br>"
        f"<code>{escape(footer['command'])}</code> · suite {escape(footer['suite'])} · seed {footer['seed']}"
        f" · {footer['restarts']} restarts</p>",
        badge(footer),
        _profiles(footer, totals), _validity(footer, list(board)), _failures(results, footer, links),
        _named(results, links),
    ]  # fmt: skip
    if beside:
        parts.append(report_others.beside(results, footer, beside, links))
    if changes is not None and earlier is not None:
        parts.append(report_others.trend(earlier, footer, changes, links))
    parts.append(_sentences(footer, traces, links))
    parts.append(report_statistics.section(results, report_statistics.figures()))
    if kills is not None:
        parts.append(_faults(kills, footer, links))
    parts.append(links.section())
    return document(f"Polystate conformance: {name}", _STYLE, "".join(parts))


def badge(footer: dict[str, Any]) -> str:
    """An SVG badge: passed of claimed cases, and of which cases that is where they are not all."""
    totals, scope = report.totals(footer), report.scope(footer)
    claimed = totals["cases"] - totals["unsupported"]
    text = f"{totals['passed']} of {claimed}" if claimed else "nothing claimed"
    text = escape(f"{scope}: {text}") if scope else text
    if footer.get("chosen") and claimed and totals["unsupported"]:
        text += f", {totals['unsupported']} not claimed"
    colour = "#1a7f4b" if claimed and totals["passed"] == claimed else "#b3261e"
    left, right = 82, 16 + 7 * len(text)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="22" role="img"'
        f' aria-label="polystate: {text}"><rect width="{left}" height="22" fill="#39424f"/>'
        f'<rect x="{left}" width="{right}" height="22" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana, DejaVu Sans, sans-serif" font-size="12" text-anchor="middle">'
        f'<text x="{left / 2}" y="15">polystate</text><text x="{left + right / 2}" y="15">{text}</text></g></svg>'
    )


def _asked(footer: dict[str, Any], cases: int) -> str:
    chosen = footer.get("chosen")
    if not chosen:
        return f"{cases} cases"
    return f"<b>{cases} of the {chosen['of']} cases</b>, chosen by <code>{escape(chosen['options'])}</code>,"


def _profiles(footer: dict[str, Any], totals: dict[str, int]) -> str:
    rows = []
    for profile, counts in footer["profiles"].items():
        widths = "".join(f'<i class={name} style="width:{100 * counts[name] / counts["cases"]:.2f}%"></i>'
                         for name in ("passed", "failed", "unsupported"))  # fmt: skip
        failed = f"<span class=no>{counts['failed']}</span>" if counts["failed"] else "0"
        rows.append([profile, str(counts["cases"]), str(counts["negative"]), str(counts["passed"]), failed,
                     str(counts["unsupported"]), f"<div class=bar>{widths}</div>"])  # fmt: skip
    total = [f"<b>{cell}</b>" for cell in ("all", totals["cases"], totals["negative"], totals["passed"],
                                           totals["failed"], totals["unsupported"])]  # fmt: skip
    names = {"passed": "passed", "failed": "failed", "unsupported": "not claimed"}
    key = "".join(f"<span><i class={name}></i>{text}</span>" for name, text in names.items())
    rows.append([*total, f'<span class="key soft">{key}</span>'])
    head = ["profile", "cases", "of them negative", "passed", "failed", "not claimed", ""]
    text = "A negative case shows a deposition or a request that must be refused. What is not claimed is not asked for."
    return f"<h2>Profiles</h2><p class=soft>{text}</p>" + table(head, rows, {1, 2, 3, 4, 5})


def _validity(footer: dict[str, Any], board: list[dict[str, Any]]) -> str:
    rows = []
    for row in [{"name": footer["implementation"].get("name") or "this one", "footer": footer}, *board]:
        figures, totals = row["footer"]["validity"], report.totals(row["footer"])
        rates = ["–" if figures[key] is None else f"{figures[key]:.3f}" for key in ("tpr", "tnr", "informedness")]
        name, asked = escape(row["name"]), totals["cases"] - totals["unsupported"]
        what = BASELINES.get(row["name"]) if row["footer"] is not footer else None
        rows.append([f"{name} <span class=soft>{what}</span>" if what else name,
                     f"{totals['passed']} of {asked}", *rates])  # fmt: skip
    text = "A valid deposition counts when it is answered, a faulty one when it is refused. Guessing gives 0."
    if board:
        text += " The lower rows know nothing: they say what a score is worth."
    text = f"<p class=soft>{text}</p>"
    agreement = " · ".join(
        f"{part} {counts['agree']} of {counts['of']}" for part, counts in footer["rejections"].items() if counts["of"]
    )
    head = ["implementation", "passed of claimed", "valid answered", "faulty refused", "sum minus 1"]
    said = f"<p>Refusals that name it as the specification does: {agreement}.</p>" if agreement else ""
    return "<h2>Telling valid from faulty</h2>" + text + table(head, rows, {1, 2, 3, 4}) + said


def _failures(results: list[Result], footer: dict[str, Any], links: Links) -> str:
    failed = [result for result in results if result["outcome"] == "failed"]
    if nothing := report.nothing_claimed(footer):
        return f"<h2>Failures</h2><p class=no>{escape(nothing[0].upper() + nothing[1:])}.</p>"
    if not failed:
        return "<h2>Failures</h2><p class=yes>None.</p>"
    rows = []
    for result in failed:
        found = f"<code>{escape(result['why'])}</code>"
        if result.get("stderr"):
            found += f"<details><summary>standard error</summary><pre>{escape(result['stderr'])}</pre></details>"
        broken = ", ".join(map(links.sentence, result["sentences"]))
        rows.append([links.case(result["case"]), escape(result["title"]), found, broken])
    return f"<h2>Failures ({len(failed)})</h2>" + table(["case", "what holds", "found", "sentences it breaks"], rows)


def _named(results: list[Result], links: Links) -> str:
    other = [r for r in results if r["outcome"] == "passed" and not all(r.get("named", {}).values())]
    if not other:
        return ""
    rows = [[links.case(r["case"]), escape(r["title"]), f"<code>{escape(r['found'])}</code>",
             ", ".join(part for part, agrees in r["named"].items() if not agrees)] for r in other]  # fmt: skip
    return f"<h2>Refused, but named otherwise ({len(other)})</h2>" + table(
        ["case", "what holds", "found", "differs in"], rows
    )


def _sentences(footer: dict[str, Any], traces: list[dict[str, Any]], links: Links) -> str:
    """Those that the run breaks or that are stale by themselves, the others folded."""
    rows: list[list[str]] = []
    wrong: list[list[str]] = []
    for item in traces:
        marks = f"<span class=no>stale in {len(item['stale'])}</span>" if item["stale"] else ""
        none = '<span class="no">none</span>' if item["level"] == "must" else "none"
        tests = (
            str(len(item["tests"]))
            if item["tests"]
            else (f"<span class=soft>{escape(item['untestable'])}</span>" if item["untestable"] else none)
        )
        broken = ", ".join(map(links.case, item["broken"]))
        id, violated = f'<code id="s-{item["id"]}">{item["id"]}</code>', str(len(item["violates"]))
        row = [id, item["level"], _marked(item["text"]), tests, violated, " ".join(filter(None, (broken, marks)))]
        (wrong if broken or marks else rows).append(row)
    head = ["sentence", "level", "text", "cases", "refusals", "broken by"]
    opened = f"<h3>Broken or stale: {len(wrong)}</h3>{table(head, wrong, {4})}" if wrong else ""
    body = (
        f"<details><summary>{len(rows)} sentences{' more' if wrong else ''}</summary>{table(head, rows, {4})}</details>"
    )
    bare = [item["id"] for item in traces if item["level"] == "must"
            and not (item["tests"] or item["violates"] or item["untestable"])]  # fmt: skip
    without = f"<p class=no>Without a case: {', '.join(bare)}.</p>" if bare else ""
    return f"<h2>Sentences</h2><p>{report.sentences_said(footer)}.</p>{without}{opened}{body if rows else ''}"


def _marked(text: str) -> str:
    """Text with its `code` marked as such; of links the words."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(_words(text)))


def _words(text: str) -> str:
    """Text without its links, of which the words stay."""
    return re.sub(r"\[([^]]+)]\([^)]+\)", r"\1", text)


def _faults(kills: list[dict[str, Any]], footer: dict[str, Any], links: Links) -> str:
    parts = [
        "<h2>Planted faults</h2><p class=soft>Evaluators with one mistake each; a suite that bites fails every one.</p>"
    ]
    if footer.get("chosen"):
        out = sum(counts["left_out"] for counts in footer["faults"].values())
        parts.append(f"<p><b>Only the faults that the chosen cases can be held to</b>: those that one of them claims"
                     f" to catch, and those that no other case could. {out} others are left out.</p>")  # fmt: skip
    if absent := [name for family, name in FAMILIES.items() if family not in footer["faults"]]:
        parts.append(f"<p>Not asked for: {', '.join(absent).lower()}.</p>")
    for family in dict.fromkeys(kill["family"] for kill in kills):
        mine = [kill for kill in kills if kill["family"] == family]
        caught = sum(bool(kill["killed_by"]) for kill in mine)
        explained = sum(not kill["killed_by"] and bool(kill["explained"]) for kill in mine)
        rows = []
        for kill in sorted(mine, key=lambda kill: (
            bool(kill["killed_by"]) and not kill["claimed_in_vain"], bool(kill["explained"])
        )):  # fmt: skip
            by = links.case(kill["killed_by"][0]) if kill["killed_by"] else ""
            more = f" and {len(kill['killed_by']) - 1} more" if len(kill["killed_by"]) > 1 else ""
            state = by + more or (
                f"<span class=soft>{escape(kill['explained'])}</span>"
                if kill["explained"]
                else "<span class=no>survives</span>"
            )
            if kill["claimed_in_vain"]:
                state += (
                    f" <span class=no>claimed in vain by {', '.join(map(links.case, kill['claimed_in_vain']))}</span>"
                )
            rows.append([f"<code>{escape(kill['id'])}</code>", escape(kill["description"]), state])
        opened = " open" if caught + explained < len(mine) or any(kill["claimed_in_vain"] for kill in mine) else ""
        said = f"{caught} of {len(mine)} caught" + (f", {explained} explained" if explained else "")
        parts.append(f"<details{opened}><summary>{FAMILIES.get(family, family)}: {said}"
                     f"</summary>{table(['fault', 'mistake', 'caught by'], rows)}</details>")  # fmt: skip
    if unbroken := footer.get("unbroken_cases"):
        ids = ", ".join(map(links.case, unbroken))
        parts.append(f"<p class=no>None of these faults breaks {ids}.</p>")
    return "".join(parts)
