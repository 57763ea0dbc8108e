"""A case for people who look at a report: what it asks, what it expects, where the numbers come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import yaml

from polystate_conformance.suite.case import Case

MOST_CASES = 400  # whose particulars a page holds
MOST_TEXT = 6000  # characters of each part


def parts(case: Case) -> dict[str, str]:
    """Request, expected answer, oracle and deposition as YAML, those that it has, each cut off where it is long."""
    found = {
        "Request": {"kind": case.kind, **case.message},
        "Expected": case.expect,
        "Where the numbers come from": case.document.get("oracle"),
        "Deposition": case.deposition,
    }
    return {title: _text(value) for title, value in found.items() if value}


def _text(value: Any) -> str:
    text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110).rstrip()
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n# and {len(text) - MOST_TEXT} more characters"


class Links:
    """Case ids that lead to the particulars of the case on the same page, which hold what was asked for by then."""

    def __init__(self, cases: Iterable[Case], sentences: Mapping[str, str] | None = None) -> None:
        """sentences: words by id; those that the page shows elsewhere, under the anchor `s-ID`."""
        self.cases = {case.id: case for case in cases}
        self.sentences = sentences or {}
        self.mentioned: dict[str, None] = {}

    def case(self, id: str) -> str:
        """The id, as a link where the page has room for the case."""
        shown = f"<code>{escape(id)}</code>"
        if id not in self.cases or (id not in self.mentioned and len(self.mentioned) >= MOST_CASES):
            return shown
        self.mentioned[id] = None
        return f'<a href="#c-{escape(id)}">{shown}</a>'

    def sentence(self, id: str) -> str:
        """The id of a sentence with its words at hand."""
        if id not in self.sentences:
            return f"<span class=id>{escape(id)}</span>"
        return f'<a class=id href="#s-{escape(id)}" title="{escape(self.sentences[id])}">{escape(id)}</a>'

    def section(self) -> str:
        """The particulars of every case that was mentioned."""
        shown = "".join(self._particulars(self.cases[id]) for id in sorted(self.mentioned))
        return f"<h2>The cases named above</h2>{shown}" if shown else ""

    def _particulars(self, case: Case) -> str:
        tested = ", ".join(map(self.sentence, case.sentences))
        blocks = "".join(
            f"<details{'' if title == 'Deposition' else ' open'}><summary>{title}</summary>"
            f"<pre>{escape(text)}</pre></details>"
            for title, text in parts(case).items()
        )
        return (
            f'<section class=case id="c-{escape(case.id)}"><h3><code>{escape(case.id)}</code> {escape(case.title)}</h3>'
            f"<p class=soft>{escape(case.profile)}, {escape(case.kind)}. Sentences: {tested or 'none'}.</p>"
            f"{blocks}</section>"
        )
